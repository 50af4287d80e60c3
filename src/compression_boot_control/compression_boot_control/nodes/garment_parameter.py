"""Loads the garment that a node's parameter names, and compares it with the layout on the wire."""

from __future__ import annotations

from compression_boot_msgs.msg import Layout

from compression_boot_control.core.garment import Garment
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.nodes.runtime import ConfigurationError
from compression_boot_control.yaml_file import FileError


def garment_of(name_or_path: str) -> Garment:
    """Load a garment.

    Raises
    ------
    ConfigurationError
        If there is none, or its file is not right.
    """
    try:
        return load_garment(name_or_path)
    except FileError as error:
        raise ConfigurationError(str(error)) from error


def mismatch(garment: Garment, layout: Layout) -> str:
    """One line on how a layout differs from the node's own garment; empty if it does not."""
    if tuple(layout.name) == garment.chamber_names:
        return ''
    return (
        f'the manifold has garment {layout.garment} with {len(layout.name)} chambers, this node '
        f'was started for {garment.name} with {len(garment)}: start all nodes with one garment'
    )
