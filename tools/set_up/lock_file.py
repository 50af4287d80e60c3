"""Splits requirements.lock by what a machine needs of it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r'^([A-Za-z0-9][A-Za-z0-9._-]*)')


@dataclass(frozen=True)
class Pin:
    """One pinned package: its name and the lines of the lock file that are about it."""

    name: str
    text: str


def read_pins(lock: Path) -> list[Pin]:
    """Read every pin of a lock file, with its marker and hashes."""
    pins: list[Pin] = []
    for line in lock.read_text().splitlines():
        start = _NAME.match(line)
        if start:
            pins.append(Pin(start.group(1).lower(), line))
        elif line.startswith(' ') and pins:
            pins[-1] = Pin(pins[-1].name, f'{pins[-1].text}\n{line}')
    return pins


def needed_pins(pins: Iterable[Pin], *, with_ros_wheels: bool) -> list[Pin]:
    """Leave out what a ROS 2 installation brings itself: its packages and CMake.

    colcon and ninja stay: colcon must run in the virtual environment, so that the executables it
    writes start that environment's Python.
    """
    if with_ros_wheels:
        return list(pins)
    return [pin for pin in pins if not pin.name.startswith('ros-') and pin.name != 'cmake']
