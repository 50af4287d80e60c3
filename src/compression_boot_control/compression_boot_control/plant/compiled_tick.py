"""One tick of sensing, sequence and control as compiled code, for whole sessions at a time.

It compiles the laws of core/ themselves and holds none of its own; the nodes run the very same
functions as numpy. All arrays have one batch axis: (B, N), and (B, 1) for garments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numba.extending import overload, register_jitable

from compression_boot_control.core import (
    chamber_control,
    chambers,
    pid,
    pneumatics,
    sensing,
    sequence,
    session_errors,
    signals,
)

Tick = Callable[..., Any]

_MODULES = (chamber_control, chambers, pid, pneumatics, sensing, sequence, session_errors, signals)
_FUNCTIONS = (
    pneumatics.orifice_flow,
    pneumatics.hose_drop,
    pneumatics.chamber_capacity,
    chambers.without_chamber_axis,
    pid.pid_step,
    chamber_control.opening_for,
    chamber_control.beyond_dead_band,
    chamber_control.rail_guard,
    chamber_control.pump_drive,
    sequence.scaled_targets,
    sensing.sensing_law,
    chamber_control.control_law,
    sequence.sequence_law,
)


# numba knows no `keepdims`, so the reductions have a version in loops for it


@overload(chambers.any_chamber)
def _any_chamber(condition):  # type: ignore[no-untyped-def]
    def reduce(condition):  # type: ignore[no-untyped-def]
        result = np.zeros((condition.shape[0], 1), np.bool_)
        for garment in range(condition.shape[0]):
            for chamber in range(condition.shape[1]):
                result[garment, 0] |= condition[garment, chamber]
        return result

    return reduce


@overload(chambers.every_chamber)
def _every_chamber(condition):  # type: ignore[no-untyped-def]
    def reduce(condition):  # type: ignore[no-untyped-def]
        result = np.ones((condition.shape[0], 1), np.bool_)
        for garment in range(condition.shape[0]):
            for chamber in range(condition.shape[1]):
                result[garment, 0] &= condition[garment, chamber]
        return result

    return reduce


@overload(chambers.highest)
def _highest(values):  # type: ignore[no-untyped-def]
    def reduce(values):  # type: ignore[no-untyped-def]
        result = values[:, :1].copy()
        for garment in range(values.shape[0]):
            for chamber in range(values.shape[1]):
                result[garment, 0] = max(result[garment, 0], values[garment, chamber])
        return result

    return reduce


for _function in _FUNCTIONS:
    register_jitable(_function)


def fingerprint() -> str:
    """Digest of the sources that the tick is compiled from; numba's cache watches this file only."""
    digest = hashlib.sha256()
    for module in _MODULES:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


@lru_cache
def compiled_tick() -> Tick:
    """Compile the tick, or load it from numba's cache.

    The first call of a new version takes some 20 s, later ones well under a second.

    Returns
    -------
    callable
        ``tick(sensing_parameters, sequence_parameters, control_parameters, table, sensing_state,
        sequence_state, control_state, request, raw, inlet, exhaust, supply, dt)`` gives the three
        states, then pressure, mode, target, each (B, N), and pump (B, 1).
    """
    version = fingerprint()
    sense, walk, control = sensing.sensing_law, sequence.sequence_law, chamber_control.control_law

    def tick(  # type: ignore[no-untyped-def]
        sensing_parameters,
        sequence_parameters,
        control_parameters,
        table,
        sensing_state,
        sequence_state,
        control_state,
        request,
        raw,
        inlet,
        exhaust,
        supply,
        dt,
    ):
        version  # noqa: B018  as a part of this closure it is one of the key of numba's cache
        sensing_state, pressure, rate, _quality, _reason = sense(
            sensing_parameters, sensing_state, raw, inlet, exhaust, supply, dt
        )
        sequence_state, mode, target = walk(
            sequence_parameters, table, sequence_state, request, pressure, dt
        )
        control_state, pump = control(
            control_parameters, control_state, pressure, rate, supply, mode, target, dt
        )
        return sensing_state, sequence_state, control_state, pressure, mode, target, pump

    compiled: Tick = njit(cache=True)(tick)
    return compiled
