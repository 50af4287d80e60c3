"""Estimates what chambers lose while both their valves are shut."""

from __future__ import annotations

import numpy as np

from compression_boot_control.analysis.metrics import ChamberTrace, held_targets
from compression_boot_control.core.pneumatics import REFERENCE_DENSITY, chamber_capacity
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MMHG

SHUT = 1e-3
"""An opening up to this is a shut valve [-]."""

CALM = 10.0
"""Time after the first arrival at a target in which cooling and creep are strongest [s] [P]."""

SETTLED = 0.5
"""Time after a valve's closing in which the hose settles [s] [P]."""

SHORTEST = 4.0
"""Shortest stretch that is judged [s] [P]."""

NEAR = 2.0 * MMHG
"""A chamber is at its target within this [Pa]."""


def shut_stretches(
    trace: ChamberTrace, chamber: int, inlet: FloatArray, exhaust: FloatArray
) -> list[tuple[int, int]]:
    """Stretches ``[start, stop)`` of samples on a plateau with both valves shut.

    They begin `CALM` after the pressure first came to its target and `SETTLED` after the valves
    closed, and are `SHORTEST` or longer.

    Parameters
    ----------
    trace : ChamberTrace
    chamber : int
    inlet, exhaust : (T,) array
        Openings at the trace's samples [0..1].
    """
    found = []
    shut = (inlet <= SHUT) & (exhaust <= SHUT)
    for start, stop in held_targets(trace, chamber):
        time = trace.time[start:stop]
        error = trace.pressure[start:stop, chamber] - trace.target[start, chamber]
        near = np.flatnonzero(np.abs(error) <= NEAR)
        if not len(near):
            continue
        calm = shut[start:stop] & (time >= time[near[0]] + CALM) & np.isfinite(error)
        edges = np.diff(np.concatenate(([False], calm, [False])).astype(np.int8))
        firsts, lasts = np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist()
        pairs = zip(firsts, lasts, strict=True)
        for first, last in pairs:
            begin = first + int(np.searchsorted(time[first:last], time[first] + SETTLED))
            if begin < last and time[last - 1] - time[begin] >= SHORTEST:
                found.append((start + begin, start + last))
    return found


def leak_flow(
    time: FloatArray, pressure: FloatArray, rest_volume: float, compliance: float
) -> float:
    """Air that a shut chamber loses, ``-(dm/dp) dp/dt / rho`` [m3/s], at reference conditions.

    dp/dt is the slope of the least-squares line, dm/dp that of `chamber_capacity` at the mean. The
    limb's creep and the air's cooling look like a leak and are in it.

    Parameters
    ----------
    time, pressure : (T,) array
        [s], [Pa]
    rest_volume, compliance : float
        [m3], [m3/Pa]
    """
    centred = time - time.mean()
    slope = float((centred * (pressure - pressure.mean())).sum() / (centred**2).sum())
    capacity = float(chamber_capacity(rest_volume, compliance, pressure.mean()))
    return -slope * capacity / REFERENCE_DENSITY
