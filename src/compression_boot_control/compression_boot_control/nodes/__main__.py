"""Runs one node: ``python -m compression_boot_control.nodes manifold --ros-args ...``."""

from __future__ import annotations

import sys
from importlib import import_module

from compression_boot_control.system import DEVICE_TEST, EXECUTABLES, PLAYER, TUNER, VIEWS


def main() -> None:
    """Run the node that the first argument names."""
    name = sys.argv[1] if len(sys.argv) > 1 else ''
    known = (*EXECUTABLES, DEVICE_TEST, TUNER, VIEWS, PLAYER)
    if name not in known:
        print(f'error: no node {name!r}: choose one of {", ".join(known)}', file=sys.stderr)
        sys.exit(2)
    del sys.argv[1]
    import_module(f'compression_boot_control.nodes.{name}').main()


main()
