"""Findings: one metric of one subject, its value or why it has none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from compression_boot_control.analysis.metric_table import METRICS, Scope

BLOCK = 10.0
"""Time over which values of nodes and paths are taken together, for intervals [s]."""


@dataclass(frozen=True)
class Finding:
    """One metric of one subject.

    Attributes
    ----------
    metric : str
        Name in `metric_table.METRICS`.
    subject : str
        Chamber, path, node or alarm; empty for the session.
    value : float or None
    reason : str
        Why there is no value; empty if there is one.
    parts : tuple of (int, float)
        Values of single cycles, by their number from 1, or of stretches of `BLOCK`: what intervals
        are made of. Empty for metrics of the whole.
    """

    metric: str
    subject: str
    value: float | None
    reason: str = ''
    parts: tuple[tuple[int, float], ...] = ()


@dataclass
class Sheet:
    """Collects findings."""

    findings: list[Finding] = field(default_factory=list)

    def put(
        self,
        metric: str,
        subject: str,
        value: float,
        reason: str,
        parts: Iterable[tuple[int, float]] = (),
    ) -> None:
        """Note a value, or the reason where it is not a finite number."""
        known = tuple((number, float(own)) for number, own in parts if math.isfinite(own))
        if math.isfinite(value):
            self.findings.append(Finding(metric, subject, float(value), '', known))
        else:
            self.findings.append(Finding(metric, subject, None, reason))

    def miss(self, scope: Scope, subject: str, reason: str, names: Iterable[str] = ()) -> None:
        """Note that metrics, by default all of a scope, cannot be computed."""
        for metric in names or [m.name for m in METRICS if m.scope == scope]:
            self.findings.append(Finding(metric, subject, None, reason))


def median(values: Sequence[float]) -> float:
    """Median of the finite values; NaN without any."""
    known = [value for value in values if math.isfinite(value)]
    return float(np.median(known)) if known else math.nan


def alarm_label(number: int, hazard_id: str) -> str:
    """Subject of an alarm's metrics, e.g. ``1 SR-08``."""
    return f'{number} {hazard_id}'
