"""Whether the wave ran from the foot to the thigh, and pressure never rose on the way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from compression_boot_control.analysis.cycles import Cycle
from compression_boot_control.analysis.fills import TOGETHER, Fill
from compression_boot_control.analysis.metrics import (
    SETTLING_TIME,
    STEADY_BAND,
    ChamberTrace,
    held_targets,
    under_pressure,
)
from compression_boot_control.analysis.session_trace import Sleeves
from compression_boot_control.core.signals import BoolArray
from compression_boot_control.core.units import MMHG

TARGET_TOLERANCE = 0.1 * MMHG
"""Targets closer than this are the same [Pa]."""

PRESSURE_TOLERANCE = 2.0 * MMHG
"""A pressure that is higher than its distal neighbour's by less is in order [Pa] [P]."""

LONGEST_STEP = 0.5
"""Longer steps between samples do not count as time in a state [s]."""

LATENESS = 0.1
"""A proximal zone may be this much ahead of a distal one [s] [P]."""


def chains(names: Sequence[str], sleeves: Sleeves) -> list[tuple[int, ...]]:
    """Positions of each leg's chambers, from distal to proximal."""
    rank = {zone: place for place, zone in enumerate(sleeves.zone_order)}
    legs = dict.fromkeys(sleeves.legs[name] for name in names)
    return [
        tuple(
            sorted(
                (i for i, name in enumerate(names) if sleeves.legs[name] == leg),
                key=lambda i: rank.get(sleeves.zones[names[i]], len(rank)),
            )
        )
        for leg in legs
    ]


def order_violations(
    cycles: Sequence[Cycle], fills: Sequence[Fill], legs: Sequence[tuple[int, ...]]
) -> list[tuple[int, int, int]]:
    """Cycle (from 1), distal and proximal chamber of each break of the wave's order.

    Of two chambers of a leg that fill in one cycle, the proximal one must not begin before the
    distal one; where it begins later, it must not arrive before it either.
    """
    found = []
    for number, cycle in enumerate(cycles, 1):
        first: dict[int, Fill] = {}
        for fill in fills:
            if cycle.start <= fill.start < cycle.stop:
                first.setdefault(fill.chamber, fill)
        for leg in legs:
            filled = [chamber for chamber in leg if chamber in first]
            for lower, upper in pairwise(filled):
                distal, proximal = first[lower], first[upper]
                early = proximal.begin < distal.begin - LATENESS
                later = proximal.begin > distal.begin + TOGETHER
                arrived = proximal.begin + proximal.fill_time
                before = arrived < distal.begin + distal.fill_time - LATENESS
                if early or (later and before):
                    found.append((number, lower, upper))
    return found


def rising_target_time(trace: ChamberTrace, legs: Sequence[tuple[int, ...]]) -> float:
    """Time in which a set-point rose towards the thigh between chambers under pressure [s].

    ``sum of dt where r_proximal > r_distal + 0.1 mmHg``, over neighbours among those of a leg that
    are to be under pressure.
    """
    pressed = under_pressure(trace)
    broken = np.zeros(len(trace.time), dtype=bool)
    for leg in legs:
        lowest = np.full(len(trace.time), np.inf)
        for chamber in leg:
            own = np.where(pressed[:, chamber], trace.target[:, chamber], -np.inf)
            broken |= own > lowest + TARGET_TOLERANCE
            lowest = np.where(pressed[:, chamber], np.minimum(lowest, own), lowest)
    return _duration(trace, broken)


def rising_pressure_time(trace: ChamberTrace, legs: Sequence[tuple[int, ...]]) -> float:
    """Time in which the pressure rose towards the thigh between chambers on a plateau [s].

    ``sum of dt where p_proximal > p_distal + 2 mmHg``, over all pairs of a leg that both are on
    their plateau.
    """
    settled = on_plateau(trace)
    broken = np.zeros(len(trace.time), dtype=bool)
    for leg in legs:
        lowest = np.full(len(trace.time), np.inf)
        for chamber in leg:
            on, pressure = settled[:, chamber], trace.pressure[:, chamber]
            broken |= on & (pressure > lowest + PRESSURE_TOLERANCE)
            lowest = np.where(on, np.fmin(lowest, pressure), lowest)
    return _duration(trace, broken)


def on_plateau(trace: ChamberTrace) -> BoolArray:
    """Whether each chamber is on its plateau at each sample, see `metrics.plateau_errors`."""
    settled = np.zeros(trace.pressure.shape, dtype=bool)
    for chamber in range(len(trace.chamber_names)):
        for start, stop in held_targets(trace, chamber):
            error = trace.pressure[start:stop, chamber] - trace.target[start, chamber]
            near = np.flatnonzero(np.abs(error) <= STEADY_BAND)
            if len(near):
                time = trace.time[start:stop]
                settled[start:stop, chamber] = time >= time[near[0]] + SETTLING_TIME
    return settled


def _duration(trace: ChamberTrace, state: BoolArray) -> float:
    """Time spent in a state; each sample holds until the next."""
    step = np.diff(trace.time)
    return float(step[state[:-1] & (step <= LONGEST_STEP)].sum())
