"""An analysis for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from compression_boot_control.analysis.analysis_documents import missing
from compression_boot_control.analysis.bag_analysis import BagFacts
from compression_boot_control.analysis.findings import alarm_label
from compression_boot_control.analysis.metric_table import (
    BY_NAME,
    METRICS,
    PATHS,
    Metric,
    Scope,
)
from compression_boot_control.analysis.session_analysis import SessionAnalysis
from compression_boot_control.analysis.session_summary import PRIORITY_STYLES, duration_text

CHAMBER_TABLES = (
    (
        'pressure',
        (
            'peak_mmhg',
            'overshoot_mmhg',
            'tracking_rms_mmhg',
            'steady_rms_mmhg',
            'steady_bias_mmhg',
            'dose_mmhg_min',
        ),
    ),
    (
        'speed',
        (
            'fill_time_s',
            'fill_limit_s',
            'rise_time_s',
            'rise_limit_s',
            'vent_time_s',
            'plateau_time_s',
        ),
    ),
    (
        'work',
        ('leak_ml_per_min', 'inlet_openings', 'exhaust_openings', 'valve_travel'),
    ),
)
"""Tables of chambers; what is not in them is in JSON, Parquet and the report."""


def render_facts(facts: BagFacts, sessions: int) -> Group:
    """What a bag is, in a few lines."""
    head = Text(
        f'{facts.path}: {duration_text(facts.duration_s)}, {sum(facts.counts.values())} messages, '
        f'{sessions} session{"" if sessions == 1 else "s"}'
    )
    return Group(head, *(Text(note, 'yellow') for note in facts.notes))


def render_session(session: SessionAnalysis) -> list[RenderableType]:
    """Tables of a session."""
    data = session.data
    title = f'Session {data.number}'
    if data.protocols:
        title += f': {", ".join(data.protocols)}'
    parts: list[RenderableType] = [Text(), _session_table(session, title)]
    if data.chamber_names:
        parts += [
            _subject_table(session, heading, names, data.chamber_names, 'chamber')
            for heading, names in CHAMBER_TABLES
        ]
    paths = [metric.name for metric in METRICS if metric.scope == Scope.PATH]
    if any(session.value(paths[0], path) is not None for path in PATHS):
        parts.append(_subject_table(session, 'latency', paths, tuple(PATHS), 'path'))
    nodes = [metric.name for metric in METRICS if metric.scope == Scope.NODE]
    subjects = tuple(
        dict.fromkeys(f.subject for f in session.findings if BY_NAME[f.metric].scope == Scope.NODE)
    )
    parts.append(_subject_table(session, 'nodes', nodes, subjects, 'node'))
    if data.alarms:
        parts.append(_alarm_table(session))
    parts += _missing_lines(session)
    parts += [Text(note, 'yellow') for note in data.notes]
    return parts


def shown(value: float | None, metric: Metric) -> str:
    """A value with the decimals that its metric is shown with; a dash without one."""
    if value is None:
        return '–'
    text = f'{value:.{metric.digits}f}'
    return text[1:] if text.startswith('-') and float(text) == 0.0 else text


def with_unit(value: float | None, metric: Metric) -> str:
    """A value with its unit; a dash alone without one."""
    return '–' if value is None else f'{shown(value, metric)} {metric.unit}'.strip()


def _session_table(session: SessionAnalysis, title: str) -> Table:
    table = Table(title=escape(title), show_header=False)
    for _ in range(2):
        table.add_column()
        table.add_column(justify='right')
    cells = [
        (metric.title, with_unit(session.value(metric.name), metric))
        for metric in METRICS
        if metric.scope == Scope.SESSION
    ]
    half = (len(cells) + 1) // 2
    for row in range(half):
        right = cells[row + half] if row + half < len(cells) else ('', '')
        table.add_row(*cells[row], *right)
    return table


def _subject_table(
    session: SessionAnalysis,
    heading: str,
    names: Sequence[str],
    subjects: Sequence[str],
    kind: str,
) -> Table:
    table = Table(title=heading)
    table.add_column(kind, no_wrap=True)
    for name in names:
        metric = BY_NAME[name]
        unit = f'\n[dim]{metric.unit}[/dim]' if metric.unit else ''
        table.add_column(f'{metric.title}{unit}', justify='right')
    for subject in subjects:
        cells = [shown(session.value(name, subject), BY_NAME[name]) for name in names]
        table.add_row(escape(subject.replace('_', ' ')), *cells)
    return table


def _alarm_table(session: SessionAnalysis) -> Table:
    table = Table(title='alarms, and the reaction from the moment that each was confirmed')
    table.add_column('at\n[dim]s[/dim]', justify='right')
    table.add_column('alarm')
    names = [metric for metric in METRICS if metric.scope == Scope.ALARM]
    for metric in names:
        table.add_column(f'{metric.title}\n[dim]{metric.unit}[/dim]', justify='right')
    for number, alarm in enumerate(session.data.alarms or (), 1):
        where = f' ({", ".join(alarm.chamber_names)})' if alarm.chamber_names else ''
        text = Text(
            f'{alarm.hazard_id} {alarm.text}{where}', PRIORITY_STYLES.get(alarm.priority, 'red')
        )
        subject = alarm_label(number, alarm.hazard_id)
        cells = [shown(session.value(metric.name, subject), metric) for metric in names]
        table.add_row(f'{alarm.since:.1f}', text, *cells)
    return table


def _missing_lines(session: SessionAnalysis) -> list[RenderableType]:
    """One line for each reason why something is missing."""
    reasons: dict[str, dict[str, None]] = {}
    for metric, reason in missing(session.findings):
        reasons.setdefault(reason, {})[BY_NAME[metric].title] = None
    return [
        Text(f'not computed: {", ".join(titles)}: {reason}', 'dim')
        for reason, titles in reasons.items()
    ]
