"""Tests a device with the ROS 2 launch system; `boots device-test` does the same without it.

    ros2 launch compression_boots device_test.launch.py backend:=modbus-tcp host:=10.0.0.2

It starts the node that serves the action ``run_device_test``, sends it a goal, prints the report,
and ends. Ctrl-C cancels the test, which vents. No system may drive the device meanwhile. With
``test:=false`` the node waits for goals of others.
"""

from __future__ import annotations

import os
import sys

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    OpaqueFunction,
    SetEnvironmentVariable,
    Shutdown,
)
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from compression_boot_control.cli.options import absolute
from compression_boot_control.hardware.backends import BACKENDS
from compression_boot_control.system import (
    STARTER_PID,
    NodeDescription,
    SystemOptions,
    describe_device_test,
    loopback_environment,
)

PROGRAM = 'import sys; from compression_boot_control.cli.main import main; sys.exit(main())'

DEFAULTS = SystemOptions()

HARDWARE = {
    'backend': (DEFAULTS.backend, 'hardware'),
    'hardware': (DEFAULTS.hardware, 'hardware profile: a name in config/hardware, or a file'),
    'host': (DEFAULTS.host, 'Modbus TCP: host of the device'),
    'port': (DEFAULTS.port, 'TCP port, or serial device'),
    'calibration': (DEFAULTS.calibration, "file with the calibrations of the device's sensors"),
    'garment': (DEFAULTS.garment, 'garment: a name in config/garments, or a file'),
    'namespace': (DEFAULTS.namespace, 'of the node and its action'),
}
REPORTS = {
    'html': ('', 'file for the report as a page'),
    'junit': ('', 'file for the report as JUnit XML'),
}
FILES = ('hardware', 'calibration', 'garment')


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(
            name,
            default_value=default,
            description=text,
            choices=list(BACKENDS) if name == 'backend' else None,
        )
        for name, (default, text) in (HARDWARE | REPORTS).items()
    ]
    waiting = DeclareLaunchArgument(
        'test',
        default_value='true',
        choices=['true', 'false'],
        description='test at once, and end; false: wait for goals',
    )
    # no node may be heard on a network because it was started without env.sh
    loopback = [
        SetEnvironmentVariable(name, value)
        for name, value in loopback_environment(os.environ).items()
    ]
    return LaunchDescription([*arguments, waiting, *loopback, OpaqueFunction(function=_start)])


def _start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    def value(name: str) -> str:
        return str(LaunchConfiguration(name).perform(context))

    values = {name: value(name) for name in HARDWARE}
    values |= {name: absolute(values[name]) for name in FILES}
    entities: list[LaunchDescriptionEntity] = [_node(describe_device_test(SystemOptions(**values)))]
    if value('test') == 'true':
        words = ['device-test', '--attach', '--namespace', values['namespace']]
        for name in REPORTS:
            if value(name):
                words += [f'--{name}', value(name)]
        test = ExecuteProcess(
            cmd=[sys.executable, '-c', PROGRAM, *words],
            output='screen',
            on_exit=Shutdown(reason='the device test has ended'),
        )
        entities.append(test)
    return entities


def _node(node: NodeDescription) -> Node:
    return Node(
        package='compression_boot_control',
        executable=node.executable,
        namespace=node.namespace,
        parameters=[
            {
                # a text is a text, also where it could be read as YAML
                name: ParameterValue(value, value_type=str) if isinstance(value, str) else value
                for name, value in node.parameters.items()
            }
        ],
        ros_arguments=['--log-level', node.log_level],
        additional_env={STARTER_PID: str(os.getpid())},
        output='screen',
        on_exit=Shutdown(reason='the node of the device test has ended'),
    )
