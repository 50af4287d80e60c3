"""How fast chambers fill and vent, and how fast the pump alone could have filled them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compression_boot_control.analysis.cycles import ARRIVAL_BAND, LONGEST_BLIND, SHORTEST_TARGET
from compression_boot_control.analysis.metrics import DOSE_THRESHOLD, ChamberTrace, held_targets
from compression_boot_control.core.pneumatics import (
    ATMOSPHERE,
    GAS_CONSTANT,
    REFERENCE_DENSITY,
    REFERENCE_TEMPERATURE,
)
from compression_boot_control.core.signals import BoolArray, FloatArray, Mode
from compression_boot_control.core.units import MMHG

LEAST_RISE = 5.0 * MMHG
"""A new target is a fill if the chamber stands at least this far below it [Pa]."""

LOW_LEVEL, HIGH_LEVEL = 0.1, 0.9
"""Parts of the step between which the rise is timed."""

TOGETHER = 0.05
"""Fills that begin within this time share the pump from their beginning [s]."""

STEPS = 64
"""Pressures on the way at which the pump's flow is computed."""


@dataclass(frozen=True)
class Fill:
    """One fill of one chamber.

    Attributes
    ----------
    chamber : int
        Position in the trace.
    start, stop : int
        First sample with the target, and first sample after it.
    begin : float
        Time of the set-point [s].
    from_pressure, target : float
        [Pa]
    fill_time : float
        From the set-point until the pressure is `ARRIVAL_BAND` below the target [s]; NaN if it
        never was, or if nobody measured when.
    rise_time : float
        From 10 % to 90 % of the step [s]; NaN as above.
    """

    chamber: int
    start: int
    stop: int
    begin: float
    from_pressure: float
    target: float
    fill_time: float
    rise_time: float


def find_fills(trace: ChamberTrace) -> tuple[Fill, ...]:
    """All fills, in the order of their beginning.

    A fill begins with a constant target, kept for `SHORTEST_TARGET` or longer, that is `LEAST_RISE`
    or more above the pressure of that moment.
    """
    found = []
    for chamber in range(len(trace.chamber_names)):
        for start, stop in held_targets(trace, chamber):
            time = trace.time[start:stop]
            end = trace.time[min(stop, len(trace.time) - 1)]
            pressure = trace.pressure[start:stop, chamber]
            target = float(trace.target[start, chamber])
            begun = pressure[np.isfinite(pressure)][:1]
            if not len(begun) or target - begun[0] < LEAST_RISE or end - time[0] < SHORTEST_TARGET:
                continue
            first = float(begun[0])
            step = target - first
            low = crossing(time, pressure, first + LOW_LEVEL * step)
            high = crossing(time, pressure, first + HIGH_LEVEL * step)
            arrival = crossing(time, pressure, target - ARRIVAL_BAND)
            found.append(
                Fill(
                    chamber,
                    start,
                    stop,
                    float(time[0]),
                    first,
                    target,
                    arrival - float(time[0]),
                    high - low,
                )
            )
    return tuple(sorted(found, key=lambda fill: (fill.begin, fill.chamber)))


def crossing(time: FloatArray, pressure: FloatArray, level: float) -> float:
    """First time at which a pressure is at a level or above, between samples in a straight line.

    NaN if it never is, or if more than `LONGEST_BLIND` before that moment is unknown.
    """
    known = np.flatnonzero(np.isfinite(pressure))
    values, times = pressure[known], time[known]
    above = np.flatnonzero(values >= level)
    if not len(above):
        return float('nan')
    place = int(above[0])
    if place == 0:
        return float(times[0]) if known[0] == 0 else float('nan')
    before, after = float(times[place - 1]), float(times[place])
    if after - before > LONGEST_BLIND:
        return float('nan')
    share = (level - values[place - 1]) / (values[place] - values[place - 1])
    return before + float(share) * (after - before)


def vent_times(trace: ChamberTrace, chamber: int) -> list[tuple[int, float]]:
    """First sample of each vent of a chamber from above 15 mmHg, and its time [s].

    From the set-point that vents until the pressure is below `DOSE_THRESHOLD`; NaN if it is not
    before the chamber is to be under pressure again, or if nobody measured when.
    """
    venting: BoolArray = trace.mode[:, chamber] == Mode.VENT
    edges = np.diff(venting.astype(np.int8), prepend=1)
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    found = []
    for start in starts.tolist():
        after = stops[stops > start]
        stop = int(after[0]) if len(after) else len(trace.time)
        pressure = trace.pressure[start:stop, chamber]
        if not pressure[0] > DOSE_THRESHOLD:
            continue
        time = trace.time[start:stop]
        below = crossing(time, -pressure, -DOSE_THRESHOLD)
        found.append((start, below - float(time[0])))
    return found


def air_mass(rest_volume: FloatArray, compliance: FloatArray, pressure: FloatArray) -> FloatArray:
    """Air in chambers whose slack is full, ``(p_atm + p)(V_u + C_w p) / (R T)`` [kg].

    Parameters
    ----------
    rest_volume, compliance : array
        [m3], [m3/Pa]
    pressure : array
        Gauge pressure [Pa]; below 0 counts as 0.
    """
    above = np.maximum(pressure, 0.0)
    volume = rest_volume + compliance * above
    return (ATMOSPHERE + above) * volume / (GAS_CONSTANT * REFERENCE_TEMPERATURE)


def pump_limit(
    rest_volume: FloatArray,
    compliance: FloatArray,
    from_pressure: FloatArray,
    to_pressure: FloatArray,
    free_flow: float,
    shut_off_pressure: float,
    stored: float = 0.0,
) -> float:
    """Shortest time in which a pump can bring the air for chambers that fill together [s].

    ``t = integral of dm / (rho Q0 (1 - p / p_shut))``, with m the air of all the chambers and p the
    lowest of their pressures on the way, less the time for the air that the rail has in store.
    Valves, hoses and slack that is not yet full would make it longer.

    Parameters
    ----------
    rest_volume, compliance, from_pressure, to_pressure : (K,) array
        Of the chambers.
    free_flow, shut_off_pressure : float
        Of the pump [m3/s], [Pa].
    stored : float
        Air of the rail above the chambers' lowest goal [kg].

    Returns
    -------
    float
        Infinite if the pump does not reach the pressure.
    """
    share = np.linspace(0.0, 1.0, STEPS + 1)[:, None]
    pressure = from_pressure + share * (to_pressure - from_pressure)
    mass = air_mass(rest_volume, compliance, pressure).sum(axis=1)
    growth = np.diff(mass)
    lowest = np.maximum(pressure.min(axis=1), 0.0)
    middle = (lowest[1:] + lowest[:-1]) / 2.0
    if (middle >= shut_off_pressure).any():
        return float('inf')
    flow = free_flow * REFERENCE_DENSITY * (1.0 - middle / shut_off_pressure)
    time = float((growth / flow).sum())
    return max(time - stored / float(flow.max()), 0.0)


@dataclass(frozen=True)
class FillGroup:
    """Fills that begin together, and how long they take at least.

    Attributes
    ----------
    begin : float
        [s]
    fills : tuple of Fill
    limit : float
        From `pump_limit` [s].
    """

    begin: float
    fills: tuple[Fill, ...]
    limit: float


def grouped(fills: Sequence[Fill]) -> list[tuple[Fill, ...]]:
    """Fills that begin within `TOGETHER` of the first of them, group by group."""
    groups: list[list[Fill]] = []
    for fill in fills:
        if groups and fill.begin - groups[-1][0].begin <= TOGETHER:
            groups[-1].append(fill)
        else:
            groups.append([fill])
    return [tuple(group) for group in groups]


def stored_air(rail_volume: float, supply_pressure: float, pressure: float) -> float:
    """Air that a rail gives on its way down to a pressure, ``V (p_rail - p) / (R T)`` [kg]."""
    above = max(supply_pressure - pressure, 0.0)
    return rail_volume * above / (GAS_CONSTANT * REFERENCE_TEMPERATURE)
