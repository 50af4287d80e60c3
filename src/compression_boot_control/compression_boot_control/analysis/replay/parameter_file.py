"""Reads parameters of the nodes from a file, in the form that ROS 2 has for them.

::

    chamber_control:
      ros__parameters:
        kp: 8.0

A node may be named with its namespace, and the line ``ros__parameters`` may be left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from compression_boot_control.analysis.replay.loop_parameters import PARAMETER_NAMES
from compression_boot_control.file_validation import near_name
from compression_boot_control.yaml_file import Document, FileError, Location, read_yaml

SECTION = 'ros__parameters'


def load_parameters(path: Path) -> Mapping[str, Mapping[str, float]]:
    """Values by node and name.

    Raises
    ------
    FileError
        It cannot be read, or names what the loop has not, or a value is no number.
    """
    document = read_yaml(path)
    found: dict[str, dict[str, float]] = {}
    for key, values in document.data.items():
        node = str(key).rpartition('/')[2]
        place: Location = (key,)
        if node not in PARAMETER_NAMES:
            raise _wrong(document, place, f'no node {node!r}', PARAMETER_NAMES, node)
        if isinstance(values, dict) and SECTION in values:
            place, values = (key, SECTION), values[SECTION]
        if not isinstance(values, dict):
            raise _wrong(document, place, 'is no mapping of names to numbers', (), '')
        known = PARAMETER_NAMES[node]
        for name, value in values.items():
            where = (*place, name)
            if name not in known:
                raise _wrong(document, where, f'{node} has no parameter {name!r}', known, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise _wrong(document, where, f'{value!r} is no number', (), '')
            if not math.isfinite(value):
                raise _wrong(document, where, f'{value!r} is not finite', (), '')
            found.setdefault(node, {})[name] = float(value)
    return found


def _wrong(
    document: Document,
    location: Location,
    text: str,
    allowed: Mapping[str, object] | frozenset[str] | tuple[str, ...],
    name: str,
) -> FileError:
    names = f'; allowed: {", ".join(sorted(allowed))}' if allowed else ''
    near = near_name(name, allowed) if allowed else ''
    field = '.'.join(str(part) for part in location)
    return FileError(f'{document.place(location)}:{field}: {text}{near}{names}')
