"""Compares sessions figure by figure: what differs by more than noise, and by more than matters.

Metrics that have a value for each cycle are compared by these. If both sessions ran the same
protocol, cycles are paired by their number, which takes out that the first cycle fills slack
chambers; else, and for stretches of 10 s of nodes and paths, the means of the two are compared
(Welch). Intervals are Student's t, and hold for all rows of a comparison together at 95 %: the
level of each is divided by their number (Bonferroni).

A row *differs* if its interval lies wholly beyond the tolerance, is the *same* if it lies wholly
within, and is *unclear* else. Metrics with one value for a session, such as counts, have no
interval: they differ if their difference is beyond the tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import stdtrit

from compression_boot_control.analysis.findings import Finding
from compression_boot_control.analysis.metric_table import BY_NAME, METRICS, Scope
from compression_boot_control.core.signals import FloatArray

LEVEL = 0.95
"""Of all intervals of a comparison together."""

LEAST = 3
"""Cycles, or stretches, from which on an interval is given."""


class Verdict(StrEnum):
    """What a comparison of one figure says."""

    SAME = 'same'
    DIFFERS = 'differs'
    UNCLEAR = 'unclear'
    MISSING = 'missing'


class Method(StrEnum):
    """How a figure was compared."""

    PAIRED = 'paired by cycle'
    MEANS = 'means'
    VALUE = 'one value each'
    NONE = ''


@dataclass(frozen=True)
class Difference:
    """One figure of two sessions.

    Attributes
    ----------
    metric, subject : str
    reference, other : float or None
        What is compared: means over the cycles, or the values of the sessions.
    difference, low, high : float or None
        Other less reference, and its interval; no interval for single values.
    tolerance : float
        Differences up to it do not matter.
    count : int
        Pairs of cycles, or values of the smaller of two samples.
    method : Method
    verdict : Verdict
    reason : str
        Why it could not be compared.
    """

    metric: str
    subject: str
    reference: float | None
    other: float | None
    difference: float | None
    low: float | None
    high: float | None
    tolerance: float
    count: int
    method: Method
    verdict: Verdict
    reason: str = ''


def compare(
    reference: Sequence[Finding],
    other: Sequence[Finding],
    *,
    paired: bool,
    scale: float = 1.0,
) -> tuple[Difference, ...]:
    """Compare the findings of two sessions.

    Parameters
    ----------
    reference, other : sequence of Finding
    paired : bool
        Cycles of the same number belong together: both sessions ran the same protocol.
    scale : float
        On all tolerances of the table of metrics.

    Returns
    -------
    tuple of Difference
        In the order of the table; alarms are compared by their number alone.
    """
    mine = {(f.metric, f.subject): f for f in reference}
    theirs = {(f.metric, f.subject): f for f in other}
    keys = [key for key in dict.fromkeys((*mine, *theirs)) if _compared(key[0])]
    order = {metric.name: place for place, metric in enumerate(METRICS)}
    keys.sort(key=lambda key: order[key[0]])
    samples = {key: _samples(mine.get(key), theirs.get(key), paired=paired) for key in keys}
    tests = sum(sample is not None for sample in samples.values())
    level = 1.0 - (1.0 - LEVEL) / max(tests, 1)
    return tuple(
        _difference(key, mine.get(key), theirs.get(key), samples[key], level, scale) for key in keys
    )


def _compared(metric: str) -> bool:
    return BY_NAME[metric].scope != Scope.ALARM


@dataclass(frozen=True)
class _Samples:
    """Values of the parts of two sessions."""

    reference: FloatArray
    other: FloatArray
    method: Method


def _samples(mine: Finding | None, theirs: Finding | None, *, paired: bool) -> _Samples | None:
    """Parts to compare; None if there are too few."""
    if mine is None or theirs is None:
        return None
    first, second = _by_number(mine.parts), _by_number(theirs.parts)
    by_cycle = BY_NAME[mine.metric].scope in (Scope.CHAMBER, Scope.SESSION)
    if paired and by_cycle:
        both = sorted(first.keys() & second.keys())
        own = [first[k] for k in both], [second[k] for k in both]
        method = Method.PAIRED
    else:
        own = list(first.values()), list(second.values())
        method = Method.MEANS
    if min(map(len, own)) < LEAST:
        return None
    return _Samples(np.array(own[0]), np.array(own[1]), method)


def _by_number(parts: Iterable[tuple[int, float]]) -> dict[int, float]:
    """Mean of the values of each cycle."""
    found: dict[int, list[float]] = {}
    for number, value in parts:
        found.setdefault(number, []).append(value)
    return {number: float(np.mean(values)) for number, values in found.items()}


def mean_interval(
    reference: FloatArray, other: FloatArray, level: float, *, paired: bool
) -> tuple[float, float, float]:
    """Difference of two means, other less reference, and its interval by Student's t.

    Paired: ``mean(d) ± t s_d / sqrt(n)`` with ``d = other - reference``. Else Welch's:
    ``± t sqrt(s_1^2 / n_1 + s_2^2 / n_2)`` with his degrees of freedom.

    Parameters
    ----------
    reference, other : (n,) array
        At least two values each.
    level : float
        Of the interval (0..1).
    paired : bool
    """
    if paired:
        step = other - reference
        variance = float(step.var(ddof=1)) / len(step)
        freedom = len(step) - 1.0
        middle = float(step.mean())
    else:
        first = float(reference.var(ddof=1)) / len(reference)
        second = float(other.var(ddof=1)) / len(other)
        variance = first + second
        parts = first**2 / (len(reference) - 1) + second**2 / (len(other) - 1)
        freedom = variance**2 / parts if parts > 0.0 else len(reference) + len(other) - 2.0
        middle = float(other.mean() - reference.mean())
    half = float(stdtrit(freedom, 0.5 + level / 2.0)) * math.sqrt(variance)
    return middle, middle - half, middle + half


def verdict(low: float, high: float, tolerance: float) -> Verdict:
    """What an interval says beside a tolerance."""
    if low > tolerance or high < -tolerance:
        return Verdict.DIFFERS
    if -tolerance <= low and high <= tolerance:
        return Verdict.SAME
    return Verdict.UNCLEAR


def _difference(
    key: tuple[str, str],
    mine: Finding | None,
    theirs: Finding | None,
    samples: _Samples | None,
    level: float,
    scale: float,
) -> Difference:
    metric = BY_NAME[key[0]]
    first = None if mine is None else mine.value
    second = None if theirs is None else theirs.value
    if first is None or second is None:
        return Difference(
            *key,
            first,
            second,
            None,
            None,
            None,
            0.0,
            0,
            Method.NONE,
            Verdict.SAME if first is second is None and mine and theirs else Verdict.MISSING,
            _why_missing(mine, theirs),
        )
    if samples is None:
        tolerance = scale * max(metric.tolerance, metric.relative * abs(first))
        step = second - first
        outcome = Verdict.DIFFERS if abs(step) > tolerance else Verdict.SAME
        return Difference(
            *key, first, second, step, None, None, tolerance, 1, Method.VALUE, outcome
        )
    first, second = float(samples.reference.mean()), float(samples.other.mean())
    tolerance = scale * max(metric.tolerance, metric.relative * abs(first))
    middle, low, high = mean_interval(
        samples.reference, samples.other, level, paired=samples.method == Method.PAIRED
    )
    count = min(len(samples.reference), len(samples.other))
    outcome = verdict(low, high, tolerance)
    return Difference(
        *key, first, second, middle, low, high, tolerance, count, samples.method, outcome
    )


def _why_missing(mine: Finding | None, theirs: Finding | None) -> str:
    if mine is None:
        return 'only in the other bag'
    if theirs is None:
        return 'only in the reference'
    if mine.value is None and theirs.value is None:
        return f'in neither: {mine.reason}'
    if mine.value is None:
        return f'not in the reference: {mine.reason}'
    return f'not in the other bag: {theirs.reason}'


def count_verdicts(differences: Sequence[Difference]) -> Mapping[Verdict, int]:
    """How many rows have each verdict."""
    return {kind: sum(difference.verdict == kind for difference in differences) for kind in Verdict}
