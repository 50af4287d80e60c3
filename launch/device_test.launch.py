"""Tests a device with the ROS 2 launch system; `boots device-test` does the same without it.

    ros2 launch compression_boots device_test.launch.py backend:=modbus-tcp host:=10.0.0.2

It starts the node that serves the action ``run_device_test``, sends it a goal, prints the report,
and ends. Ctrl-C cancels the test, which vents. No system may drive the device meanwhile. With
``test:=false`` the node waits for goals of others.
"""

from __future__ import annotations

import sys

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, ExecuteProcess, Shutdown

from compression_boot_control.cli.options import absolute
from compression_boot_control.launch_system import (
    HARDWARE_ARGUMENTS,
    NAMESPACE_ARGUMENT,
    description,
    launch_node,
    values_of,
)
from compression_boot_control.system import SystemOptions, describe_device_test

PROGRAM = 'import sys; from compression_boot_control.cli.main import main; sys.exit(main())'

REPORTS = (
    DeclareLaunchArgument('html', default_value='', description='file for the report as a page'),
    DeclareLaunchArgument('junit', default_value='', description='file for it as JUnit XML'),
)
TEST = DeclareLaunchArgument(
    'test',
    default_value='true',
    choices=['true', 'false'],
    description='test at once, and end; false: wait for goals',
)
FILES = ('hardware', 'calibration', 'garment')


def generate_launch_description() -> LaunchDescription:
    arguments = (*HARDWARE_ARGUMENTS, NAMESPACE_ARGUMENT, *REPORTS, TEST)
    return description(arguments, launch_device_test)


def launch_device_test(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Make the launch actions of the node and, if it is wanted, of the goal."""
    values = values_of((*HARDWARE_ARGUMENTS, NAMESPACE_ARGUMENT), context)
    values |= {name: absolute(values[name]) for name in FILES}
    node = launch_node(describe_device_test(SystemOptions(**values)), context)
    if values_of([TEST], context)['test'] == 'false':
        return [node]
    words = ['device-test', '--attach', '--namespace', values['namespace']]
    for name, file in values_of(REPORTS, context).items():
        if file:
            words += [f'--{name}', file]
    test = ExecuteProcess(
        cmd=[sys.executable, '-c', PROGRAM, *words],
        output='screen',
        on_exit=Shutdown(reason='the device test has ended'),
    )
    return [node, test]
