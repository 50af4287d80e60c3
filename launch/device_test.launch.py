"""Tests a device with the ROS 2 launch system; `boots device-test` does the same.

    ros2 launch compression_boots device_test.launch.py backend:=modbus-tcp host:=10.0.0.2

It ends when the test has ended. No system may drive the device meanwhile.
"""

from __future__ import annotations

import sys

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, ExecuteProcess, OpaqueFunction
from launch.substitutions import LaunchConfiguration

from compression_boot_control.hardware.backends import BACKENDS

PROGRAM = 'import sys; from compression_boot_control.cli.main import main; sys.exit(main())'

OPTIONS = {
    'backend': ('sim', 'hardware'),
    'hardware': ('', 'hardware profile: a name in config/hardware, or a file'),
    'host': ('', 'Modbus TCP: host of the device'),
    'port': ('', 'TCP port, or serial device'),
    'garment': ('five_zone', 'garment: a name in config/garments, or a file'),
    'html': ('', 'file for the report as a page'),
    'junit': ('', 'file for the report as JUnit XML'),
}


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(
            name,
            default_value=default,
            description=text,
            choices=list(BACKENDS) if name == 'backend' else None,
        )
        for name, (default, text) in OPTIONS.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=_start)])


def _start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    words = [sys.executable, '-c', PROGRAM, 'device-test']
    for name in OPTIONS:
        value = LaunchConfiguration(name).perform(context)
        if value:
            words += [f'--{name}', value]
    return [ExecuteProcess(cmd=words, output='screen')]
