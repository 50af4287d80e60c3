"""What was decided then and now, and where that is not the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from compression_boot_control.analysis.replay.recorded_loop import Verdict
from compression_boot_control.core.signals import BoolArray, FloatArray

TOLERANCES = {
    'pressure': 1.0,
    'rate': 10.0,
    'quality': 0.0,
    'reason': 0.0,
    'inlet': 1e-3,
    'exhaust': 1e-3,
    'pump': 1e-3,
}
"""Largest difference that is none, in the unit of the field [Pa], [Pa/s], [0..1].

Another processor rounds the last digit otherwise, which stays far below these; a sensor resolves 13
Pa, a valve a hundredth.
"""

VERDICT_TOLERANCE = 0.1
"""A verdict may come this much earlier or later [s]: the supervisor's own timer, and the way of a
message to it, are not in the record."""

SIMULATED_VERDICT_TOLERANCE = 0.2
"""The same where time is simulated: there the recorder's clock moves in steps [s]."""

MERGED_GAP = 1.0
"""Differences of one chamber that are closer to each other are told as one [s]."""

SAFETY_STATE = ('safety_supervisor', 'safety/state')


@dataclass(frozen=True)
class Difference:
    """A stretch of time in which something is decided otherwise.

    Attributes
    ----------
    node, topic, field : str
        Who decides, where it says so, and in what.
    chamber : str
        Empty for what concerns the garment.
    start, end : float
        First and last time, from the beginning of the bag [s].
    count : int
        Messages that differ.
    recorded, now : float or str
        What was decided then and what is decided now, where they are farthest apart.
    """

    node: str
    topic: str
    field: str
    chamber: str
    start: float
    end: float
    count: int
    recorded: float | str
    now: float | str

    def to_json(self) -> dict[str, object]:
        """Plain values; what is no number is null."""
        values = asdict(self)
        for name in ('recorded', 'now'):
            if isinstance(values[name], float) and not np.isfinite(values[name]):
                values[name] = None
        return values


@dataclass(frozen=True)
class Compared:
    """One topic of one node: how many messages were compared, and what differs."""

    node: str
    topic: str
    count: int
    differences: tuple[Difference, ...]

    @property
    def differing(self) -> int:
        """Messages of the differences, those of several chambers counted for each."""
        return sum(difference.count for difference in self.differences)


def compared_messages(
    node: str,
    topic: str,
    names: tuple[str, ...],
    time: FloatArray,
    fields: Sequence[tuple[str, FloatArray, FloatArray]],
) -> Compared:
    """Compare numbers message by message.

    Parameters
    ----------
    node, topic : str
    names : tuple of str
        The chambers.
    time : (K,) array
        When each was received [s].
    fields : sequence of (str, array, array)
        Name, recorded and now; (K, N), or (K,) for what concerns the garment.
    """
    found: list[Difference] = []
    for field, recorded, now in fields:
        columns = [''] if recorded.ndim == 1 else names
        for chamber, own, own_now in zip(columns, _columns(recorded), _columns(now), strict=True):
            for rows in _stretches(different(own, own_now, TOLERANCES[field]), time):
                then, today = own[rows], own_now[rows]
                apart = np.where(np.isfinite(then - today), np.abs(then - today), np.inf)
                worst = int(np.argmax(apart))
                found.append(
                    Difference(
                        node,
                        topic,
                        field,
                        chamber,
                        float(time[rows[0]]),
                        float(time[rows[-1]]),
                        len(rows),
                        float(then[worst]),
                        float(today[worst]),
                    )
                )
    return Compared(node, topic, len(time), tuple(sorted(found, key=lambda d: d.start)))


def different(recorded: FloatArray, now: FloatArray, tolerance: float) -> BoolArray:
    """Where two values differ by more than a tolerance; NaN is like NaN alone."""
    missing, missing_now = np.isnan(recorded), np.isnan(now)
    apart = np.abs(np.where(missing, 0.0, recorded) - np.where(missing_now, 0.0, now))
    found: BoolArray = (missing != missing_now) | ((apart > tolerance) & ~missing)
    return found


def _columns(values: FloatArray) -> FloatArray:
    """Columns of (K, N) values, one after the other; (K,) values are one column."""
    return values[None] if values.ndim == 1 else values.T


def _stretches(differs: BoolArray, time: FloatArray) -> Iterator[NDArray[np.intp]]:
    """Rows of the differences, those that are close to each other together."""
    rows = np.flatnonzero(differs)
    if len(rows):
        yield from np.split(rows, np.flatnonzero(np.diff(time[rows]) > MERGED_GAP) + 1)


def compared_verdicts(
    names: tuple[str, ...],
    recorded: Sequence[Verdict],
    now: Sequence[Verdict],
    window: tuple[float, float],
    tolerance: float,
    state_name: Callable[[int], str],
) -> Compared:
    """Compare verdicts over a window of time [s].

    Parameters
    ----------
    names : tuple of str
        The chambers.
    recorded, now : sequence of Verdict
        One for each change.
    window : (float, float)
    tolerance : float
        Longest time for which they may differ [s].
    state_name : callable
        Name of a state.
    """
    node, topic = SAFETY_STATE
    found: list[Difference] = []

    questions: list[tuple[str, str, Callable[[Verdict], str]]] = [
        ('state', '', lambda verdict: state_name(verdict.state))
    ]
    questions += [('vented_name', name, partial(_venting, name)) for name in names]
    hazards = set().union(*(verdict.alarms for verdict in (*recorded, *now)))
    questions += [('alarms', '', partial(_alarm, hazard)) for hazard in sorted(hazards)]
    for field, chamber, says in questions:
        for start, end, then, today in _apart(recorded, now, window, says):
            if end - start > tolerance:
                found.append(Difference(node, topic, field, chamber, start, end, 1, then, today))
    changes = sum(window[0] < verdict.time <= window[1] for verdict in recorded)
    in_force = 1 + changes  # the one that the window begins with, too
    return Compared(node, topic, in_force, tuple(sorted(found, key=lambda d: d.start)))


def _venting(name: str, verdict: Verdict) -> str:
    return 'vented' if name in verdict.vented else 'permitted'


def _alarm(hazard: str, verdict: Verdict) -> str:
    return hazard if hazard in verdict.alarms else f'no {hazard}'


def _apart(
    recorded: Sequence[Verdict],
    now: Sequence[Verdict],
    window: tuple[float, float],
    says: Callable[[Verdict], str],
) -> Iterator[tuple[float, float, str, str]]:
    """Stretches of a window in which two sequences of verdicts say something else."""
    start, end = window
    times = {start} | {v.time for v in (*recorded, *now) if start < v.time < end}
    edges = [*sorted(times), end]
    told = [_in_force(sequence, edges[:-1], says) for sequence in (recorded, now)]
    begun: tuple[float, str, str] | None = None
    for time, then, today in zip(edges[:-1], *told, strict=True):
        if begun is not None and (then, today) != begun[1:]:
            yield begun[0], time, begun[1], begun[2]
            begun = None
        if then != today and begun is None:
            begun = time, then, today
    if begun is not None:
        yield begun[0], end, begun[1], begun[2]


def _in_force(
    verdicts: Sequence[Verdict], times: Sequence[float], says: Callable[[Verdict], str]
) -> list[str]:
    """What the last verdict at each of some rising times says; the first one before it."""
    told, place = [], 0
    for time in times:
        while place + 1 < len(verdicts) and verdicts[place + 1].time <= time:
            place += 1
        told.append(says(verdicts[place]))
    return told
