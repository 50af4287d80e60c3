"""The nodes of a description as actions of the ROS 2 launch system; what the launch files share.

Imported by launch files alone: the launch system is part of a ROS 2 installation, and not on PyPI.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    LogInfo,
    OpaqueFunction,
    SetEnvironmentVariable,
    Shutdown,
)
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from compression_boot_control.hardware.backends import BACKENDS
from compression_boot_control.system import (
    STARTER_PID,
    NodeDescription,
    SystemOptions,
    loopback_environment,
)

DEFAULTS = SystemOptions()

NAMESPACE_ARGUMENT = DeclareLaunchArgument(
    'namespace',
    default_value=DEFAULTS.namespace,
    description='of all nodes, topics, services and actions',
)

HARDWARE_ARGUMENTS = (
    DeclareLaunchArgument(
        'backend', default_value=DEFAULTS.backend, choices=list(BACKENDS), description='hardware'
    ),
    DeclareLaunchArgument(
        'hardware',
        default_value=DEFAULTS.hardware,
        description='hardware profile: a name in config/hardware, or a file; empty: the usual one',
    ),
    DeclareLaunchArgument(
        'host', default_value=DEFAULTS.host, description='Modbus TCP: host of the device'
    ),
    DeclareLaunchArgument(
        'port', default_value=DEFAULTS.port, description='TCP port, or serial device'
    ),
    DeclareLaunchArgument(
        'calibration',
        default_value=DEFAULTS.calibration,
        description="file with the calibrations of the device's sensors",
    ),
    DeclareLaunchArgument(
        'garment',
        default_value=DEFAULTS.garment,
        description='garment: a name in config/garments, or a file',
    ),
)
"""Arguments of a launch file that opens the hardware; each is a field of `SystemOptions`."""


def description(
    arguments: Sequence[DeclareLaunchArgument],
    start: Callable[[LaunchContext], list[LaunchDescriptionEntity]],
) -> LaunchDescription:
    """Describe a launch whose nodes stay on this machine, unless the environment opens them.

    Parameters
    ----------
    arguments : sequence of DeclareLaunchArgument
    start : callable
        Makes the actions, once the arguments have their values.
    """
    loopback = [
        SetEnvironmentVariable(name, value)
        for name, value in loopback_environment(os.environ).items()
    ]
    return LaunchDescription([*arguments, *loopback, OpaqueFunction(function=start)])


def values_of(arguments: Sequence[DeclareLaunchArgument], context: LaunchContext) -> dict[str, str]:
    """Return what each argument was given, as text."""
    names = [argument.name for argument in arguments]
    return {name: str(LaunchConfiguration(name).perform(context)) for name in names}


def launch_node(node: NodeDescription, context: LaunchContext) -> Node:
    """Make the launch action of one node; its end is the end of all, unless it only shows.

    It ends with this process, even if that is killed, unless a launch prefix such as a debugger
    stands between: then it is not this process's own child.
    """
    watched = 'launch-prefix' not in context.launch_configurations
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
        remappings=list(node.remappings),
        ros_arguments=['--log-level', node.log_level],
        additional_env={STARTER_PID: str(os.getpid())} if watched else {},
        output='screen',
        on_exit=[OpaqueFunction(function=_after, args=[node])],
    )


def _after(context: LaunchContext, node: NodeDescription) -> list[LaunchDescriptionEntity]:
    if node.is_onlooker:
        return [LogInfo(msg=f'{node.executable} has ended: the others go on without it')]
    return shut_down_after(context, node.executable)


def shut_down_after(context: LaunchContext, name: str) -> list[LaunchDescriptionEntity]:
    """Shut all down when a process has ended by itself."""
    if context.is_shutdown:
        return []
    reason = f'{name} has ended: shutting down'
    return [LogInfo(msg=reason), Shutdown(reason=reason)]
