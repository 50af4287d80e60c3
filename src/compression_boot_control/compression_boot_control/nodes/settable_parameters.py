"""Parameters that a person may give to the nodes of a system, by a file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from compression_boot_control.system import SystemOptions, describe_system


def settable_parameters() -> Mapping[str, Mapping[str, type]]:
    """Type of each parameter by node and name, but for those that the system's options decide."""
    return {
        node.executable: {
            row.name: type(row.default)
            for row in import_module(f'{__package__}.{node.executable}').PARAMETERS
            if row.name not in node.parameters
        }
        for node in describe_system(SystemOptions(views=True))
    }
