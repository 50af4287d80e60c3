"""Figures of merit of a session, from plain arrays.

Simulation and bags use the same functions. All take T samples of N chambers, pressures in Pa; a
pressure that is unknown is NaN. A figure that the data do not give is NaN, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray, Mode, Quality
from compression_boot_control.core.units import MMHG

DOSE_THRESHOLD = 15.0 * MMHG
"""Pressure above which the dose counts, and below which a chamber counts as vented [Pa]."""

STEADY_BAND = 1.0 * MMHG
"""A plateau starts after the pressure came this close to its target [Pa]."""

SETTLING_TIME = 1.0
"""A plateau starts this long after that [s]."""

LONGEST_GAP = 1.0
"""Over a longer gap between known samples an integral is unknown [s]."""


@dataclass(frozen=True)
class ChamberTrace:
    """A session as arrays.

    Attributes
    ----------
    chamber_names : tuple of str
        N names.
    time : (T,) array
        Strictly increasing [s].
    pressure : (T, N) array
        Gauge pressure of the chambers [Pa]; NaN where unknown.
    mode : (T, N) array of `Mode`
        Set-point in force at each sample.
    target : (T, N) array
        Its target [Pa]; of no meaning in VENT.

    Raises
    ------
    ValueError
        The shapes do not fit, or the time does not increase.
    """

    chamber_names: tuple[str, ...]
    time: FloatArray
    pressure: FloatArray
    mode: IntArray
    target: FloatArray

    def __post_init__(self) -> None:
        shape = (len(self.time), len(self.chamber_names))
        if not self.pressure.shape == self.mode.shape == self.target.shape == shape:
            raise ValueError(f'pressure, mode and target must have the shape {shape}')
        if not (np.diff(self.time) > 0.0).all():
            raise ValueError('time must increase from sample to sample')


def in_force(
    time: FloatArray, set_time: FloatArray, values: NDArray[np.generic], before: float
) -> NDArray[np.generic]:
    """The latest of `values` at each time: what was set last holds.

    Parameters
    ----------
    time : (T,) array
        Times asked for [s].
    set_time : (M,) array
        Times at which the values were set, not decreasing [s].
    values : (M, N) or (M,) array
    before : float
        Value before the first was set.

    Returns
    -------
    (T, N) or (T,) array
    """
    latest = np.searchsorted(set_time, time, side='right') - 1
    held = values[np.maximum(latest, 0)].copy()
    held[latest < 0] = before
    return held


def peak(pressure: FloatArray) -> FloatArray:
    """Highest measured pressure of each chamber [Pa]; NaN where none was measured; (N,)."""
    known = np.isfinite(pressure)
    highest = np.where(known, pressure, -np.inf).max(axis=0, initial=-np.inf)
    return np.where(known.any(axis=0), highest, np.nan)


def dose(time: FloatArray, pressure: FloatArray) -> FloatArray:
    """Dose of each chamber [Pa s]; (N,).

    The dose is the integral of ``max(p - 15 mmHg, 0)`` over the given time, by the trapezoidal
    rule. It is NaN where the pressure is unknown for more than `LONGEST_GAP`.

    Parameters
    ----------
    time : (T,) array
        [s]
    pressure : (T, N) array
        [Pa]
    """
    total = np.full(pressure.shape[1], np.nan)
    if not len(time):
        return total
    for i, column in enumerate(pressure.T):
        known = np.isfinite(column)
        if known.any() and known_gaps(time, known).max() <= LONGEST_GAP:
            excess = np.maximum(column[known] - DOSE_THRESHOLD, 0.0)
            total[i] = np.trapezoid(excess, time[known])
    return total


def unknown_time(time: FloatArray, pressure: FloatArray) -> FloatArray:
    """Sum of all gaps between known samples longer than `LONGEST_GAP` [s]; (N,)."""
    total = np.zeros(pressure.shape[1])
    for i, column in enumerate(pressure.T):
        gaps = known_gaps(time, np.isfinite(column))
        total[i] = gaps[gaps > LONGEST_GAP].sum()
    return total


def known_gaps(time: FloatArray, known: BoolArray) -> FloatArray:
    """Times from one known sample to the next, from the start and to the end included [s]."""
    return np.diff(np.concatenate((time[:1], time[known], time[-1:])))


def held_targets(trace: ChamberTrace, chamber: int) -> Iterator[tuple[int, int]]:
    """Spans ``[start, stop)`` of samples in which a chamber has one and the same target.

    TRACK and HOLD count alike; spans in VENT are left out.
    """
    pressed = (trace.mode[:, chamber] != Mode.VENT) & np.isfinite(trace.target[:, chamber])
    target = np.where(pressed, trace.target[:, chamber], -1.0)
    starts = np.flatnonzero(np.concatenate(([True], target[1:] != target[:-1])))
    stops = np.concatenate((starts[1:], [len(target)]))
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        if stop > start and pressed[start]:
            yield start, stop


def under_pressure(trace: ChamberTrace) -> BoolArray:
    """Whether each chamber is to be under pressure at each sample; (T, N)."""
    return np.asarray((trace.mode != Mode.VENT) & np.isfinite(trace.target))


def overshoot(trace: ChamberTrace) -> FloatArray:
    """Overshoot of each chamber [Pa]; (N,).

    The highest value of ``p - target``, at least 0, while a constant target is held, from the
    moment it is set until it changes. Where the pressure is above a new target from the start, as
    after a reduction, it counts from the moment when it has come down to within `STEADY_BAND`. NaN
    for a chamber without a target or a known pressure.
    """
    worst = np.full(len(trace.chamber_names), np.nan)
    for i in range(len(worst)):
        for start, stop in held_targets(trace, i):
            error = trace.pressure[start:stop, i] - trace.target[start, i]
            below = np.flatnonzero(error <= STEADY_BAND)
            if len(below):
                highest = max(float(np.nanmax(error[below[0] :])), 0.0)
                worst[i] = np.fmax(worst[i], highest)
    return worst


def tracking_error(trace: ChamberTrace) -> FloatArray:
    """Root of the mean square of ``p - target`` of each chamber while it is to be under pressure.

    Fills included [Pa]; (N,). NaN for a chamber without a target or a known pressure.
    """
    error = np.where(under_pressure(trace), trace.pressure - trace.target, np.nan)
    known = np.isfinite(error)
    count = known.sum(axis=0)
    square = np.where(known, error, 0.0) ** 2
    return np.asarray(np.sqrt(square.sum(axis=0) / np.where(count > 0, count, np.nan)))


def bad_share(quality: FloatArray) -> FloatArray:
    """Part of the samples of each chamber with `Quality.BAD`; (N,). NaN without any sample."""
    known = np.isfinite(quality)
    count = known.sum(axis=0)
    return np.asarray((quality == Quality.BAD).sum(axis=0) / np.where(count > 0, count, np.nan))


def plateau_errors(trace: ChamberTrace, chamber: int) -> FloatArray:
    """``p - target`` at all known samples on a chamber's plateaus [Pa].

    A plateau lasts from `SETTLING_TIME` after the pressure first came within `STEADY_BAND` of a
    constant target until the target changes.
    """
    errors = []
    for start, stop in held_targets(trace, chamber):
        error = trace.pressure[start:stop, chamber] - trace.target[start, chamber]
        near = np.flatnonzero(np.abs(error) <= STEADY_BAND)
        if len(near):
            time = trace.time[start:stop]
            errors.append(error[time >= time[near[0]] + SETTLING_TIME])
    joined = np.concatenate(errors) if errors else np.empty(0)
    return joined[np.isfinite(joined)]


def steady_rms(errors: FloatArray) -> float:
    """Root of the mean square of `plateau_errors` [Pa]; NaN without any."""
    return float(np.sqrt(np.mean(errors**2))) if len(errors) else float('nan')


def steady_bias(errors: FloatArray) -> float:
    """Mean of `plateau_errors` [Pa]; NaN without any."""
    return float(np.mean(errors)) if len(errors) else float('nan')


def part(trace: ChamberTrace, start: int, stop: int) -> ChamberTrace:
    """Samples ``[start, stop)`` of a trace, without a copy."""
    rows = slice(start, stop)
    return ChamberTrace(
        trace.chamber_names,
        trace.time[rows],
        trace.pressure[rows],
        trace.mode[rows],
        trace.target[rows],
    )


def session_span(trace: ChamberTrace) -> tuple[int, int]:
    """First and last sample of the session; both 0 if nothing was to be under pressure.

    It starts with the first set-point that is no vent, and ends when all chambers are measured
    below `DOSE_THRESHOLD` after the last one, or with the data.
    """
    active = np.flatnonzero(under_pressure(trace).any(axis=1))
    if not len(active):
        return 0, 0
    below = np.asarray(trace.pressure[active[-1] + 1 :] < DOSE_THRESHOLD)
    after = np.flatnonzero(below.all(axis=1))
    end = active[-1] + 1 + after[0] if len(after) else len(trace.time) - 1
    return int(active[0]), int(end)


def vented_at_end(trace: ChamberTrace) -> bool | None:
    """Whether every chamber was below `DOSE_THRESHOLD` at its last sample; None if unknown.

    It is unknown if a chamber's pressure was not measured in the last `LONGEST_GAP`.
    """
    if not trace.pressure.size:
        return None
    last = trace.time >= trace.time[-1] - LONGEST_GAP
    for column in trace.pressure[last].T:
        known = column[np.isfinite(column)]
        if not len(known):
            return None
        if known[-1] >= DOSE_THRESHOLD:
            return False
    return True
