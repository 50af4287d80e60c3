"""Starts a system with the ROS 2 launch system; `boots up` starts the same nodes without it.

    ros2 launch compression_boots boots.launch.py garment:=six_zone speed:=10

The nodes are those of ``compression_boot_control.system``. When one of them ends, all are shut
down: a system that is not whole must not inflate. It is whole without a view.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument

from compression_boot_control.analysis.provenance import provenance
from compression_boot_control.launch_system import (
    DEFAULTS,
    HARDWARE_ARGUMENTS,
    NAMESPACE_ARGUMENT,
    description,
    launch_node,
    values_of,
)
from compression_boot_control.nodes.settable_parameters import settable_parameters
from compression_boot_control.parameter_file import load_parameters
from compression_boot_control.system import SystemOptions, describe_system
from compression_boot_control.yaml_file import FileError

ARGUMENTS = (
    *HARDWARE_ARGUMENTS,
    NAMESPACE_ARGUMENT,
    DeclareLaunchArgument(
        'record',
        default_value=str(DEFAULTS.record).lower(),
        choices=['true', 'false'],
        description='record a bag from the start, in the folder bags/',
    ),
    DeclareLaunchArgument(
        'views',
        default_value=str(DEFAULTS.views).lower(),
        choices=['true', 'false'],
        description='show the legs as markers, for RViz and Foxglove',
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
        'parameters',
        default_value='',
        description='file with parameters of nodes, as ROS 2 has them',
    ),
    DeclareLaunchArgument(
        'log_level',
        default_value=DEFAULTS.log_level,
        choices=['debug', 'info', 'warn', 'error', 'fatal'],
        description='how much the nodes say',
    ),
)


def generate_launch_description() -> LaunchDescription:
    return description(ARGUMENTS, launch_system)


def launch_system(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Make a launch action of each node of the system that the arguments describe."""
    values = values_of(ARGUMENTS, context)
    own = {
        'record': values['record'] == 'true',
        'views': values['views'] == 'true',
        'speed': number('speed', values['speed']),
        'seed': int(number('seed', values['seed'])),
        'parameters': parameters_in(values['parameters']),
    }
    made_by = provenance(garment=values['garment'], seed=own['seed'])
    options = SystemOptions(**(values | own), provenance=made_by)
    return [launch_node(node, context) for node in describe_system(options)]


def parameters_in(file: str) -> dict[str, dict[str, Any]]:
    """Read parameters of the nodes; RuntimeError with one line if the file is wrong."""
    try:
        return load_parameters(Path(file), settable_parameters()) if file else {}
    except FileError as error:
        raise RuntimeError(error.lines[0]) from None


def number(argument: str, text: str) -> float:
    """Read a number; RuntimeError with one line if it is none."""
    try:
        return float(text)
    except ValueError:
        raise RuntimeError(f'{argument}:={text} is not a number: give one, e.g. 1') from None
