"""Plays a bag to live nodes with the launch system; `boots replay BAG --live` does it without it.

    ros2 launch compression_boots replay.launch.py bag:=bags/session rate:=2

The raw readings and set-points of the bag go to the nodes that sense, control and supervise, with
``/clock`` at the chosen rate. What they permit goes nowhere: no manifold is started, and the player
ends the system if one runs in the namespace.
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

from compression_boot_control.analysis.bag_reader import open_bag
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.replay.recorded_loop import LAYOUT, recorded_garment
from compression_boot_control.cli.options import absolute
from compression_boot_control.system import (
    STARTER_PID,
    NodeDescription,
    SystemOptions,
    describe_replay,
    loopback_environment,
)

DEFAULTS = SystemOptions()

ARGUMENTS = (
    DeclareLaunchArgument('bag', description='folder of the bag, or a file of it'),
    DeclareLaunchArgument('rate', default_value='1.0', description='so much faster than it was'),
    DeclareLaunchArgument(
        'garment', default_value='', description='garment; empty: the one that the bag names'
    ),
    DeclareLaunchArgument(
        'namespace', default_value=DEFAULTS.namespace, description='of all nodes and topics'
    ),
    DeclareLaunchArgument(
        'record', default_value='', description='folder for a bag of what the nodes answer'
    ),
    DeclareLaunchArgument(
        'views',
        default_value='false',
        choices=['true', 'false'],
        description='show the legs as markers',
    ),
)


def generate_launch_description() -> LaunchDescription:
    # no node may be heard on a network because it was started without env.sh
    loopback = [
        SetEnvironmentVariable(name, value)
        for name, value in loopback_environment(os.environ).items()
    ]
    return LaunchDescription([*ARGUMENTS, *loopback, OpaqueFunction(function=launch_replay)])


def launch_replay(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Make a launch action of each node of the replay that the arguments describe."""
    names = [argument.name for argument in ARGUMENTS]
    values = {name: LaunchConfiguration(name).perform(context) for name in names}
    try:
        rate = float(values['rate'])
        garment = values['garment'] or recorded_garment(open_bag(values['bag'], [LAYOUT]))
    except (BagError, ValueError) as error:
        raise RuntimeError(str(error)) from None
    options = SystemOptions(
        garment=absolute(garment),
        namespace=values['namespace'],
        record=bool(values['record']),
        bag=os.path.abspath(values['record']) if values['record'] else '',  # noqa: PTH100
        views=values['views'] == 'true',
    )
    bag = os.path.abspath(values['bag'])  # noqa: PTH100
    return [launch_node(node) for node in describe_replay(options, bag, rate)]


def launch_node(node: NodeDescription) -> Node:
    """Make the launch action of one node; it ends with this process, even if that is killed."""
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
        additional_env={STARTER_PID: str(os.getpid())},
        output='screen',
        on_exit=[OpaqueFunction(function=when_ended, args=[node.executable])],
    )


def when_ended(context: LaunchContext, executable: str) -> list[LaunchDescriptionEntity]:
    """Shut all down when the bag is played, or when a node has ended by itself."""
    if context.is_shutdown:
        return []
    reason = f'{executable} has ended: shutting the replay down'
    return [LogInfo(msg=reason), Shutdown(reason=reason)]
