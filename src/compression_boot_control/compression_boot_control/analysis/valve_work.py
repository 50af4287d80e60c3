"""How much valves and pump work."""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.signals import FloatArray, IntArray

OPEN = 1e-3
"""An opening above this is an open valve [-]."""

LONGEST_GAP = 0.5
"""Over a longer gap between samples nothing is known of a valve or the pump [s]."""


def openings(opening: FloatArray) -> IntArray:
    """Samples at which a valve opens: shut at the sample before, open at this one.

    Parameters
    ----------
    opening : (T,) array
        [0..1]; NaN where unknown, which is neither.
    """
    opened = opening > OPEN
    shut = opening <= OPEN
    return np.flatnonzero(shut[:-1] & opened[1:]) + 1


def travel(opening: FloatArray) -> float:
    """Way of a valve in full strokes, the sum of ``|u[k] - u[k-1]|`` over known samples."""
    known = opening[np.isfinite(opening)]
    return float(np.abs(np.diff(known)).sum())


def duty(time: FloatArray, drive: FloatArray) -> float:
    """Mean drive over time, ``integral of u dt / T`` [0..1]; each value holds until the next.

    NaN without two samples. Gaps longer than `LONGEST_GAP` are left out of both.
    """
    step = np.diff(time)
    counted = (step <= LONGEST_GAP) & np.isfinite(drive[:-1])
    total = float(step[counted].sum())
    if total <= 0.0:
        return float('nan')
    return float((drive[:-1] * step)[counted].sum() / total)
