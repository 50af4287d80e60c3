"""Finds the compression cycles of a session in its set-points and pressures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from compression_boot_control.analysis.metrics import ChamberTrace, held_targets, under_pressure
from compression_boot_control.core.signals import BoolArray
from compression_boot_control.core.units import MMHG

ARRIVAL_BAND = 2.0 * MMHG
"""A wave has reached a chamber that is this close below its target [Pa]."""

SHORTEST_TARGET = 1.0
"""A target that is kept for less is part of a ramp, which no wave arrives at [s]."""

LONGEST_BLIND = 0.5
"""With a longer gap before it, the time of an arrival is unknown [s]."""

FULL_HOLD = 0.9
"""A cycle is full if it was held for this part of what is usual for its targets [-]."""

HOLD_JITTER = 0.5
"""Difference between two holds that means nothing [s]."""


@dataclass(frozen=True)
class Cycle:
    """One compression cycle.

    Attributes
    ----------
    start, stop : int
        Sample of its first set-point, and the first sample after it in which no chamber is to be
        under pressure; the number of samples if the data end before.
    targets_mmhg : tuple of int
        Highest target of each chamber, 0 for one that takes no part [mmHg].
    reached : bool
        Whether all its chambers came to no less than `ARRIVAL_BAND` below a target that is kept for
        `SHORTEST_TARGET` or longer.
    wave_time : float
        From the first set-point until the last chamber came there [s]; NaN if one did not, or if
        its pressure was not measured when it did.
    held_time : float
        From then until `stop`, or all the cycle's time if the wave's time is unknown [s].
    """

    start: int
    stop: int
    targets_mmhg: tuple[int, ...]
    reached: bool
    wave_time: float
    held_time: float


def find_cycles(trace: ChamberTrace) -> tuple[Cycle, ...]:
    """All cycles of a session, whole and broken off.

    A cycle starts when a chamber is to be under pressure after all were to be vented. If the ones
    that follow are different chambers, such as the other leg's, they belong to the same cycle.
    """
    pressed = under_pressure(trace)
    arrivals = [_arrivals(trace, i) for i in range(len(trace.chamber_names))]
    spans: list[tuple[int, int]] = []
    seen: set[int] = set()
    for start, stop in _spans(np.asarray(pressed.any(axis=1))):
        chambers = set(np.flatnonzero(pressed[start:stop].any(axis=0)).tolist())
        if spans and not chambers & seen:
            spans[-1] = (spans[-1][0], stop)
            seen |= chambers
        else:
            spans.append((start, stop))
            seen = chambers
    return tuple(_cycle(trace, start, stop, arrivals, pressed) for start, stop in spans)


def full_cycles(trace: ChamberTrace) -> tuple[Cycle, ...]:
    """Cycles whose wave reached all their zones, and that were held and released.

    Held means for `FULL_HOLD` of the median of the session's cycles with the same targets: one that
    a stop, a pause or the end of the session breaks off does not count.
    """
    done = [cycle for cycle in find_cycles(trace) if cycle.reached and cycle.stop < len(trace.time)]
    holds: dict[tuple[int, ...], list[float]] = {}
    for cycle in done:
        holds.setdefault(cycle.targets_mmhg, []).append(cycle.held_time)
    needed = {
        targets: FULL_HOLD * float(np.median(times)) - HOLD_JITTER
        for targets, times in holds.items()
    }
    return tuple(cycle for cycle in done if cycle.held_time >= needed[cycle.targets_mmhg])


def wave_time(cycles: tuple[Cycle, ...]) -> float:
    """Median of the known wave times of cycles [s]; NaN without any."""
    known = [cycle.wave_time for cycle in cycles if np.isfinite(cycle.wave_time)]
    return float(np.median(known)) if known else float('nan')


def _spans(active: BoolArray) -> list[tuple[int, int]]:
    """Spans ``[start, stop)`` in which `active` is true."""
    edges = np.diff(np.concatenate(([False], active, [False])).astype(np.int8))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


def _arrivals(trace: ChamberTrace, chamber: int) -> list[tuple[int, float]]:
    """Start of each target that a chamber reached, and the time of it [s], NaN if unknown."""
    reached = []
    for start, stop in held_targets(trace, chamber):
        end = trace.time[min(stop, len(trace.time) - 1)]
        time = trace.time[start:stop]
        error = trace.pressure[start:stop, chamber] - trace.target[start, chamber]
        near = np.flatnonzero(error >= -ARRIVAL_BAND)
        if len(near) and end - time[0] >= SHORTEST_TARGET:
            arrival = float(time[near[0]])
            before = time[: near[0]][np.isfinite(error[: near[0]])]
            blind = arrival - (before[-1] if len(before) else time[0])
            reached.append((start, arrival if blind <= LONGEST_BLIND else float('nan')))
    return reached


def _cycle(
    trace: ChamberTrace,
    start: int,
    stop: int,
    arrivals: list[list[tuple[int, float]]],
    pressed: BoolArray,
) -> Cycle:
    begin, end = trace.time[start], trace.time[min(stop, len(trace.time) - 1)]
    target = np.where(pressed[start:stop], trace.target[start:stop], 0.0).max(axis=0)
    moments = [
        next((time for first, time in arrivals[i] if start <= first < stop), None)
        for i in np.flatnonzero(target > 0.0).tolist()
    ]
    known = [moment for moment in moments if moment is not None]
    reached = len(known) == len(moments) > 0
    last = float(np.max(known)) if reached else float('nan')
    return Cycle(
        start=start,
        stop=stop,
        targets_mmhg=tuple(np.rint(target / MMHG).astype(int).tolist()),
        reached=reached,
        wave_time=float(last - begin),
        held_time=float(end - (last if np.isfinite(last) else begin)),
    )
