"""What became of a session, in figures for people and for scripts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Group
from rich.table import Table
from rich.text import Text

from compression_boot_control.analysis import metrics
from compression_boot_control.analysis.bag_reader import Bag, open_bag
from compression_boot_control.analysis.cycles import full_cycles, wave_time
from compression_boot_control.analysis.metrics import ChamberTrace
from compression_boot_control.analysis.session_trace import (
    NEEDED_TYPES,
    AlarmMark,
    recorded_session,
)
from compression_boot_control.core.units import MINUTE, MMHG

PRIORITY_STYLES = {1: 'cyan', 2: 'yellow', 3: 'red'}
"""Colours of the alarms' priorities."""

DIGITS = 3
"""Decimals of the figures: more than any sensor gives."""


@dataclass(frozen=True)
class ChamberSummary:
    """Figures of one chamber; None where the data do not give them.

    Attributes
    ----------
    name : str
    peak_mmhg : float or None
        `metrics.peak` within the session.
    dose_mmhg_min : float or None
        `metrics.dose` within the session.
    overshoot_mmhg : float or None
        `metrics.overshoot`.
    steady_rms_mmhg, steady_bias_mmhg : float or None
        `metrics.steady_rms` and `metrics.steady_bias` on the plateaus.
    unknown_s : float
        Time within the session without a measured pressure.
    """

    name: str
    peak_mmhg: float | None
    dose_mmhg_min: float | None
    overshoot_mmhg: float | None
    steady_rms_mmhg: float | None
    steady_bias_mmhg: float | None
    unknown_s: float


@dataclass(frozen=True)
class SessionSummary:
    """Figures of a session.

    Attributes
    ----------
    duration_s : float
        From the first set-point that is no vent until all chambers are vented after the last one,
        or to the end of the data; see `metrics.session_span`.
    cycles : int
        Full compression cycles, see `cycles.full_cycles`.
    wave_time_s : float or None
        Median over them of the time from a cycle's first set-point until its last zone is within
        2 mmHg of its target.
    vented_at_end : bool or None
        Whether every chamber was below 15 mmHg at the end of the data.
    chambers : tuple of ChamberSummary
    alarms : tuple of AlarmMark
    notes : tuple of str
        One line for each thing that a person should know, such as a recording that was cut.
    """

    duration_s: float
    cycles: int
    wave_time_s: float | None
    vented_at_end: bool | None
    chambers: tuple[ChamberSummary, ...]
    alarms: tuple[AlarmMark, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The summary as values that JSON knows, keys as the attributes are named."""
        return asdict(self)


def summarize(
    trace: ChamberTrace, alarms: Sequence[AlarmMark] = (), notes: Sequence[str] = ()
) -> SessionSummary:
    """Summarize a session from arrays, recorded or simulated."""
    start, end = metrics.session_span(trace)
    session = slice(start, end + 1) if end else slice(None)
    time, pressure = trace.time[session], trace.pressure[session]
    peak, dose = metrics.peak(pressure), metrics.dose(time, pressure)
    overshoot, unknown = metrics.overshoot(trace), metrics.unknown_time(time, pressure)
    cycles = full_cycles(trace)
    chambers = []
    for i, name in enumerate(trace.chamber_names):
        errors = metrics.plateau_errors(trace, i)
        chambers.append(
            ChamberSummary(
                name=name,
                peak_mmhg=_known(peak[i] / MMHG),
                dose_mmhg_min=_known(dose[i] / MMHG / MINUTE),
                overshoot_mmhg=_known(overshoot[i] / MMHG),
                steady_rms_mmhg=_known(metrics.steady_rms(errors) / MMHG),
                steady_bias_mmhg=_known(metrics.steady_bias(errors) / MMHG),
                unknown_s=round(float(unknown[i]), DIGITS),
            )
        )
    return SessionSummary(
        duration_s=round(float(trace.time[end] - trace.time[start]), DIGITS) if end else 0.0,
        cycles=len(cycles),
        wave_time_s=_known(wave_time(cycles)),
        vented_at_end=metrics.vented_at_end(trace),
        chambers=tuple(chambers),
        alarms=tuple(alarms),
        notes=tuple(notes),
    )


def summarize_bag(bag: Bag | str | Path, namespace: str | None = None) -> SessionSummary:
    """Summarize the session in a bag.

    Parameters
    ----------
    bag : Bag or str or Path
        An opened bag, or the path of one.
    namespace : str, optional
        Namespace of the garment; needed only if the bag has several.

    Raises
    ------
    BagError
        The bag cannot be read, or holds no session.
    """
    opened = bag if isinstance(bag, Bag) else open_bag(bag, NEEDED_TYPES)
    session = recorded_session(opened, namespace)
    return summarize(session.trace, session.alarms, (*opened.notes, *session.notes))


def headline(summary: SessionSummary) -> str:
    """The most important figures in one line, e.g. under a picture's title."""
    peaks = [c.peak_mmhg for c in summary.chambers if c.peak_mmhg is not None]
    parts = [
        duration_text(summary.duration_s),
        f'{summary.cycles} full cycle{"" if summary.cycles == 1 else "s"}',
    ]
    if summary.wave_time_s is not None:
        parts.append(f'wave {summary.wave_time_s:.1f} s')
    if peaks:
        parts.append(f'highest pressure {max(peaks):.1f} mmHg')
    vented = {True: 'vented', False: 'NOT VENTED', None: 'unknown whether vented'}
    parts.append(f'{vented[summary.vented_at_end]} at the end')
    return ' · '.join(parts)


def duration_text(seconds: float) -> str:
    """Minutes and seconds for a person."""
    minutes, rest = divmod(round(seconds), 60)
    return f'{minutes} min {rest} s' if minutes else f'{rest} s'


def render_summary(summary: SessionSummary, title: str = 'Session') -> Group:
    """The summary for a terminal: a table of the chambers, and a line for each other thing."""
    table = Table(title=title)
    table.add_column('Chamber')
    for heading in ('Peak', 'Overshoot', 'Steady rms', 'Bias', 'Dose'):
        unit = 'mmHg·min' if heading == 'Dose' else 'mmHg'
        table.add_column(f'{heading}\n[dim]{unit}[/dim]', justify='right')
    for chamber in summary.chambers:
        table.add_row(
            chamber.name.replace('_', ' '),
            _shown(chamber.peak_mmhg, 1),
            _shown(chamber.overshoot_mmhg, 2),
            _shown(chamber.steady_rms_mmhg, 2),
            _shown(chamber.steady_bias_mmhg, 2),
            _shown(chamber.dose_mmhg_min, 1),
        )
    alarms = [
        Text(
            f'{alarm.time:.1f} s  {alarm.hazard_id}  {alarm.text}',
            PRIORITY_STYLES.get(alarm.priority, 'red'),
        )
        for alarm in summary.alarms
    ]
    notes = [Text(note, 'dim') for note in summary.notes]
    return Group(table, Text(headline(summary)), *alarms, *notes)


def _known(value: float) -> float | None:
    """Rounded value; None for NaN."""
    return round(float(value), DIGITS) if math.isfinite(value) else None


def _shown(value: float | None, digits: int) -> str:
    return '–' if value is None else f'{value:.{digits}f}'
