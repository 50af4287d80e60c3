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

FULL_CYCLE = 0.9
"""A cycle is full if it compressed for this part of the typical cycle's time [-]."""


@dataclass(frozen=True)
class Cycle:
    """One compression cycle.

    Attributes
    ----------
    start, stop : int
        Sample of its first set-point, and the first sample after it in which no chamber is to be
        under pressure; the number of samples if the data end before.
    compressed_time : float
        Time in which any chamber was to be under pressure [s].
    reached : bool
        Whether all its chambers came to no less than `ARRIVAL_BAND` below a target that is kept for
        `SHORTEST_TARGET` or longer.
    wave_time : float
        From the first set-point until the last chamber came there [s]; NaN if one did not, or if
        its pressure was not measured when it did.
    """

    start: int
    stop: int
    compressed_time: float
    reached: bool
    wave_time: float


def find_cycles(trace: ChamberTrace) -> tuple[Cycle, ...]:
    """All cycles of a session, whole and broken off.

    A cycle starts when a chamber is to be under pressure after all were to be vented. If the ones
    that follow are different chambers, such as the other leg's, they belong to the same cycle.
    """
    pressed = under_pressure(trace)
    arrivals = [_arrivals(trace, i) for i in range(len(trace.chamber_names))]
    spans: list[list[tuple[int, int]]] = []
    seen: set[int] = set()
    for start, stop in _spans(np.asarray(pressed.any(axis=1))):
        chambers = set(np.flatnonzero(pressed[start:stop].any(axis=0)).tolist())
        if spans and not chambers & seen:
            spans[-1].append((start, stop))
            seen |= chambers
        else:
            spans.append([(start, stop)])
            seen = chambers
    return tuple(_cycle(trace, own, arrivals, pressed) for own in spans)


def full_cycles(trace: ChamberTrace) -> tuple[Cycle, ...]:
    """Cycles whose wave reached all their zones, and that were held and released.

    Held means for `FULL_CYCLE` of the median compressed time of such cycles: one that is broken off
    by a stop or by the end of the session does not count.
    """
    done = [cycle for cycle in find_cycles(trace) if cycle.reached and cycle.stop < len(trace.time)]
    if not done:
        return ()
    typical = np.median([cycle.compressed_time for cycle in done])
    return tuple(cycle for cycle in done if cycle.compressed_time >= FULL_CYCLE * typical)


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
    spans: list[tuple[int, int]],
    arrivals: list[list[tuple[int, float]]],
    pressed: BoolArray,
) -> Cycle:
    start, stop = spans[0][0], spans[-1][1]
    last = len(trace.time) - 1
    moments = [
        next((time for begin, time in arrivals[i] if start <= begin < stop), None)
        for i in np.flatnonzero(pressed[start:stop].any(axis=0)).tolist()
    ]
    known = [moment for moment in moments if moment is not None]
    reached = len(known) == len(moments)
    return Cycle(
        start=start,
        stop=stop,
        compressed_time=sum(
            float(trace.time[min(end, last)] - trace.time[begin]) for begin, end in spans
        ),
        reached=reached,
        wave_time=float(np.max(known) - trace.time[start]) if reached else float('nan'),
    )
