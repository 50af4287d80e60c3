"""Plays a bag to live nodes with the launch system; `boots replay BAG --live` does it without it.

    ros2 launch compression_boots replay.launch.py bag:=bags/session rate:=2

The raw readings and set-points of the bag go to the nodes that sense, control and supervise, with
``/clock`` at the chosen rate. What they permit goes nowhere: no manifold is started, and the player
ends the system if one runs in the namespace.
"""

from __future__ import annotations

import os

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument

from compression_boot_control.analysis.bag_reader import open_bag
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.replay.recorded_loop import LAYOUT, recorded_garment
from compression_boot_control.cli.options import absolute
from compression_boot_control.launch_system import (
    NAMESPACE_ARGUMENT,
    description,
    launch_node,
    values_of,
)
from compression_boot_control.system import SystemOptions, describe_replay

ARGUMENTS = (
    DeclareLaunchArgument('bag', description='folder of the bag, or a file of it'),
    DeclareLaunchArgument('rate', default_value='1.0', description='so much faster than it was'),
    DeclareLaunchArgument(
        'garment', default_value='', description='garment; empty: the one that the bag names'
    ),
    NAMESPACE_ARGUMENT,
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
    return description(ARGUMENTS, launch_replay)


def launch_replay(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Make a launch action of each node of the replay that the arguments describe."""
    values = values_of(ARGUMENTS, context)
    try:
        rate = float(values['rate'])
        recorded = recorded_garment(open_bag(values['bag'], [LAYOUT]))
    except (BagError, ValueError) as error:
        raise RuntimeError(str(error)) from None
    options = SystemOptions(
        garment=absolute(values['garment'] or recorded),
        namespace=values['namespace'],
        record=bool(values['record']),
        bag=os.path.abspath(values['record']) if values['record'] else '',  # noqa: PTH100
        views=values['views'] == 'true',
    )
    bag = os.path.abspath(values['bag'])  # noqa: PTH100
    return [launch_node(node, context) for node in describe_replay(options, bag, rate)]
