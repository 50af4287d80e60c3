"""Starts a system with the ROS 2 launch system; `boots up` starts the same nodes without it.

    ros2 launch compression_boots boots.launch.py garment:=six_zone speed:=10

The nodes are those of ``compression_boot_control.system``. When one of them ends, all are shut
down: a system that is not whole must not inflate.
"""

from __future__ import annotations

import os

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

from compression_boot_control.analysis.provenance import provenance
from compression_boot_control.hardware.backends import BACKENDS
from compression_boot_control.system import (
    STARTER_PID,
    NodeDescription,
    SystemOptions,
    describe_system,
    loopback_environment,
)

DEFAULTS = SystemOptions()

ARGUMENTS = (
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
    DeclareLaunchArgument(
        'namespace',
        default_value=DEFAULTS.namespace,
        description='of all nodes, topics, services and actions',
    ),
    DeclareLaunchArgument(
        'record',
        default_value=str(DEFAULTS.record).lower(),
        choices=['true', 'false'],
        description='record a bag from the start, in the folder bags/',
    ),
    DeclareLaunchArgument(
        'speed',
        default_value=str(DEFAULTS.speed),
        description='simulated boots: time runs at most this much faster than real',
    ),
    DeclareLaunchArgument(
        'seed',
        default_value=str(DEFAULTS.seed),
        description='simulated boots: another leg and workshop; 0 is the garment file as written',
    ),
    DeclareLaunchArgument(
        'log_level',
        default_value=DEFAULTS.log_level,
        choices=['debug', 'info', 'warn', 'error', 'fatal'],
        description='how much the nodes say',
    ),
)


def generate_launch_description() -> LaunchDescription:
    # no node may be heard on a network because it was started without env.sh
    loopback = [
        SetEnvironmentVariable(name, value)
        for name, value in loopback_environment(os.environ).items()
    ]
    return LaunchDescription([*ARGUMENTS, *loopback, OpaqueFunction(function=launch_system)])


def launch_system(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Make a launch action of each node of the system that the arguments describe."""
    names = [argument.name for argument in ARGUMENTS]
    values = {name: LaunchConfiguration(name).perform(context) for name in names}
    seed = int(number('seed', values['seed']))
    options = SystemOptions(
        backend=values['backend'],
        hardware=values['hardware'],
        host=values['host'],
        port=values['port'],
        calibration=values['calibration'],
        garment=values['garment'],
        namespace=values['namespace'],
        record=values['record'] == 'true',
        speed=number('speed', values['speed']),
        seed=seed,
        log_level=values['log_level'],
        provenance=provenance(garment=values['garment'], seed=seed),
    )
    # started through a debugger, a node is not this process's own child
    watched = 'launch-prefix' not in context.launch_configurations
    return [launch_node(node, watched=watched) for node in describe_system(options)]


def launch_node(node: NodeDescription, *, watched: bool) -> Node:
    """Make the launch action of one node; a watched one ends with this process, even if killed."""
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
        on_exit=[OpaqueFunction(function=when_ended, args=[node.executable])],
    )


def when_ended(context: LaunchContext, executable: str) -> list[LaunchDescriptionEntity]:
    """Shut all down when a node has ended by itself."""
    if context.is_shutdown:
        return []
    reason = f'{executable} has ended: shutting the system down'
    return [LogInfo(msg=reason), Shutdown(reason=reason)]


def number(argument: str, text: str) -> float:
    """Read a number; RuntimeError with one line if it is none."""
    try:
        return float(text)
    except ValueError:
        raise RuntimeError(f'{argument}:={text} is not a number: give one, e.g. 1') from None
