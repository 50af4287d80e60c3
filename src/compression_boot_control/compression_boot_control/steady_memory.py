"""Keeps Python's garbage collector from pausing a process that works in real time."""

from __future__ import annotations

import gc


def spare_what_stays() -> None:
    """Let the collector pass over all that there is now, which stays as long as the process.

    The modules of a node are a hundred thousand objects. To look through them all takes the
    collector 25 to 50 ms, several times the period of a cycle; what a node makes later is little.
    Call it when everything is made.
    """
    gc.collect()
    gc.freeze()
