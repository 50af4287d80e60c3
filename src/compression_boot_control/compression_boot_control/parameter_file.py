"""Reads parameters of the nodes from a file, in the form that ROS 2 has for them.

::

    chamber_control:
      ros__parameters:
        kp: 8.0

A node may be named with its namespace, and the line ``ros__parameters`` may be left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from compression_boot_control.file_validation import near_name
from compression_boot_control.yaml_file import Document, FileError, Location, read_yaml

SECTION = 'ros__parameters'

KINDS: Mapping[type, str] = {
    bool: 'is neither true nor false',
    int: 'is no whole number',
    float: 'is no number',
    str: 'is no text; put it in quotes',
}
"""What is wrong with a value of another type, by the type of the parameter."""


def load_parameters(
    path: Path, known: Mapping[str, Mapping[str, type]]
) -> dict[str, dict[str, Any]]:
    """Values by node and name.

    Parameters
    ----------
    path : Path
    known : mapping of str to mapping
        Type of each parameter that may be given, by node and name.

    Raises
    ------
    FileError
        It cannot be read, names what is not known, or a value is of another type or not finite.
    """
    document = read_yaml(path)
    found: dict[str, dict[str, Any]] = {}
    for key, values in document.data.items():
        node = str(key).rpartition('/')[2]
        place: Location = (key,)
        if node not in known:
            raise _wrong(document, place, f'no node {node!r}', known, node)
        if isinstance(values, dict) and SECTION in values:
            place, values = (key, SECTION), values[SECTION]
        if not isinstance(values, dict):
            raise _wrong(document, place, 'is no mapping of names to values')
        for name, value in values.items():
            where = (*place, name)
            if name not in known[node]:
                raise _wrong(
                    document, where, f'{node} has no parameter {name!r}', known[node], name
                )
            kind = known[node][name]
            if kind is float and type(value) is int:
                value = float(value)
            if type(value) is not kind:
                raise _wrong(document, where, f'{value!r} {KINDS[kind]}')
            if isinstance(value, float) and not math.isfinite(value):
                raise _wrong(document, where, f'{value!r} is not finite')
            found.setdefault(node, {})[name] = value
    return found


def _wrong(
    document: Document, location: Location, text: str, allowed: Iterable[str] = (), name: str = ''
) -> FileError:
    names = sorted(allowed)
    listed = f'; allowed: {", ".join(names)}' if names else ''
    near = near_name(name, names) if names else ''
    field = '.'.join(str(part) for part in location)
    return FileError(f'{document.place(location)}:{field}: {text}{near}{listed}')
