"""The part of a report that is about one session: cards, figures, tables, what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

import numpy as np

from compression_boot_control.analysis.analysis_documents import missing
from compression_boot_control.analysis.analysis_tables import shown, with_unit
from compression_boot_control.analysis.findings import alarm_label
from compression_boot_control.analysis.metric_table import (
    BY_NAME,
    METRICS,
    NODES,
    PATHS,
    Metric,
    Scope,
)
from compression_boot_control.analysis.report.figures import figure_documents, zone_colours
from compression_boot_control.analysis.report.page import embedded
from compression_boot_control.analysis.report.sampling import cycle_curves, packed
from compression_boot_control.analysis.report.words import READ, headline, notices
from compression_boot_control.analysis.session_analysis import SessionAnalysis
from compression_boot_control.analysis.wave_order import chains
from compression_boot_control.core.units import MMHG

FIRST_TREND = 'fill_time_s'
"""Metric by cycle that is shown first."""

NOTICES = 12
"""Lines that deserve a look, at most; the tables have them all."""


def session_section(session: SessionAnalysis) -> str:
    """Section of a session."""
    data = session.data
    start = datetime.fromtimestamp(data.origin, UTC)
    what = ', '.join(data.protocols) or 'no protocol named'
    garment = f' on {data.pneumatics.garment}' if data.pneumatics else ''
    parts = [
        f'<section data-session="{data.number}">',
        f'<h2>Session {data.number}: {escape(what + garment)}</h2>',
        f'<p class="lead">{escape(headline(session))}</p>',
        f'<p class="quiet">began {start:%Y-%m-%d %H:%M:%S} UTC</p>',
        *_look(session),
        *(f'<p class="note">{escape(note)}</p>' for note in data.notes),
        _cards(session),
    ]
    if data.trace is not None and len(data.trace.time) > 1:
        parts += _plots(session)
        parts.append(embedded(_document(session)))
    else:
        parts.append(embedded({'figures': {}, 'curves': None, 'trends': [], 'legs': []}))
    parts += _tables(session)
    parts += _gaps(session)
    parts.append('</section>')
    return '\n'.join(parts)


def _look(session: SessionAnalysis) -> Iterable[str]:
    found = notices(session)
    if not found:
        yield '<p class="note good">Nothing in the figures is out of the ordinary.</p>'
        return
    more = f'; and {len(found) - NOTICES} more, see the tables' if len(found) > NOTICES else ''
    text = '; '.join(escape(line) for line in found[:NOTICES])
    yield f'<p class="note"><b>Deserves a look:</b> {text}{more}.</p>'


def _cards(session: SessionAnalysis) -> str:
    cards = []
    for metric in METRICS:
        if metric.scope == Scope.SESSION:
            value = session.value(metric.name)
            text = with_unit(value, metric)
            if metric.name == 'vented_at_end' and value is not None:
                text = 'yes' if value else 'NO'
            cards.append(
                f'<div class="card" title="{escape(_explained(metric))}"><b>{escape(text)}</b>'
                f'<span>{escape(metric.title)}</span></div>'
            )
    return f'<div class="cards">{"".join(cards)}</div>'


def _explained(metric: Metric) -> str:
    return f'{metric.meaning} {metric.equation}. Window: {metric.window}.'


def _plots(session: SessionAnalysis) -> Iterable[str]:
    yield _plot('Both legs', 'pressure')
    yield _plot('Heat map', 'heat')
    if session.cycles:
        chooser = '<select class="cycle" aria-label="cycle"></select>'
        yield _plot(f'Wave of {chooser}', 'wave')
        yield _plot('One cycle on all cycles', 'overlay')
        chooser = '<select class="trend" aria-label="figure"></select>'
        yield _plot(f'By cycle: {chooser}', 'trend')
    if session.data.supply is not None:
        yield _plot('Pump and supply', 'supply')
    if session.latencies:
        yield _plot('Latency', 'latency')


def _plot(title: str, name: str) -> str:
    return (
        f'<h3>{title}</h3><p class="read">{escape(READ[name])}</p>'
        f'<div class="plot" data-plot="{name}"></div>'
    )


def _document(session: SessionAnalysis) -> dict[str, Any]:
    """Values for the page's program."""
    data, trace = session.data, session.data.trace
    assert trace is not None
    colours = zone_colours(data)
    names = trace.chamber_names
    legs = [
        [
            {
                'index': i,
                'name': names[i].replace('_', ' '),
                'leg': data.sleeves.legs[names[i]],
                'zone': data.sleeves.zones[names[i]],
                'colour': colours[data.sleeves.zones[names[i]]],
            }
            for i in leg
        ]
        for leg in chains(names, data.sleeves)
    ]
    curves = None
    if session.cycles:
        grid, pressure = cycle_curves(trace, session.cycles)
        waves = [np.nan_to_num(cycle.wave_time) for cycle in session.cycles]
        middle = int(np.argsort(waves)[len(waves) // 2])
        curves = {
            'cycles': list(range(1, len(session.cycles) + 1)),
            'chambers': list(names),
            'grid': packed(grid),
            'pressure': packed((pressure / MMHG).ravel()),
            'chosen': middle,
        }
    by_name = {name.replace('_', ' '): colours[data.sleeves.zones[name]] for name in names}
    trends = _trends(session, by_name)
    titles = [trend['metric'] for trend in trends]
    return {
        'figures': figure_documents(session),
        'legs': legs,
        'curves': curves,
        'trends': trends,
        'trend': titles.index(FIRST_TREND) if FIRST_TREND in titles else 0,
    }


def _trends(session: SessionAnalysis, colours: dict[str, str]) -> list[dict[str, Any]]:
    """Metrics by cycle, or by stretch of 10 s."""
    found: dict[str, dict[str, Any]] = {}
    for finding in session.findings:
        if len(finding.parts) < 2:
            continue
        metric = BY_NAME[finding.metric]
        by_cycle = metric.scope in (Scope.CHAMBER, Scope.SESSION)
        own = found.setdefault(
            metric.name,
            {
                'metric': metric.name,
                'title': metric.title,
                'unit': metric.unit,
                'every': 'cycle' if by_cycle else 'stretch of 10 s',
                'lines': [],
            },
        )
        name = finding.subject.replace('_', ' ') or metric.title
        own['lines'].append(
            {
                'name': name,
                'x': [number for number, _ in finding.parts],
                'y': [round(value, 5) for _, value in finding.parts],
                'colour': colours.get(name),
                'dash': 'dash' if name.startswith('right') else 'solid',
            }
        )
    return list(found.values())


def _tables(session: SessionAnalysis) -> Iterable[str]:
    data = session.data
    if data.alarms:
        yield '<h3>Alarms</h3>'
        yield _alarms(session)
    if data.chamber_names:
        yield '<h3>Chambers</h3>'
        yield '<p class="read">Rest on a heading to see what it means.</p>'
        yield _table(session, Scope.CHAMBER, data.chamber_names)
    yield '<h3>Latency through the graph</h3>'
    words = '; '.join(f'{name}: {text}' for name, text in PATHS.items())
    yield f'<p class="read">{escape(words)}.</p>'
    yield _table(session, Scope.PATH, tuple(PATHS))
    yield '<h3>Nodes</h3>'
    yield _table(session, Scope.NODE, tuple(NODES))


def _table(session: SessionAnalysis, scope: Scope, subjects: Sequence[str]) -> str:
    columns = [metric for metric in METRICS if metric.scope == scope]
    head = ''.join(
        f'<th title="{escape(_explained(metric))}">{escape(metric.title)}<br>'
        f'{escape(metric.unit)}</th>'
        for metric in columns
    )
    rows = [
        f'<tr><td>{escape(subject.replace("_", " "))}</td>'
        + ''.join(
            f'<td>{shown(session.value(metric.name, subject), metric)}</td>' for metric in columns
        )
        + '</tr>'
        for subject in subjects
    ]
    return f'<div class="scroll"><table><tr><th></th>{head}</tr>{"".join(rows)}</table></div>'


def _alarms(session: SessionAnalysis) -> str:
    columns = [metric for metric in METRICS if metric.scope == Scope.ALARM]
    head = ''.join(
        f'<th title="{escape(_explained(metric))}">{escape(metric.title)}<br>'
        f'{escape(metric.unit)}</th>'
        for metric in columns
    )
    rows = []
    for number, alarm in enumerate(session.data.alarms or (), 1):
        subject = alarm_label(number, alarm.hazard_id)
        where = ', '.join(alarm.chamber_names).replace('_', ' ') or 'the garment'
        cells = ''.join(
            f'<td>{shown(session.value(metric.name, subject), metric)}</td>' for metric in columns
        )
        rows.append(
            f'<tr><td>{alarm.since:.1f} s</td><td class="text priority{alarm.priority}">'
            f'<b>{escape(alarm.hazard_id)}</b> {escape(alarm.text)} ({escape(where)}). '
            f'{escape(alarm.advice)}</td>{cells}</tr>'
        )
    return (
        f'<div class="scroll"><table><tr><th>at</th><th class="text">what, and what to do</th>'
        f'{head}</tr>{"".join(rows)}</table></div>'
    )


def _gaps(session: SessionAnalysis) -> Iterable[str]:
    reasons: dict[str, dict[str, None]] = {}
    for (metric, reason), subjects in missing(session.findings).items():
        where = ', '.join(s.replace('_', ' ') for s in subjects if s)
        text = BY_NAME[metric].title + (f' ({where})' if where else '')
        reasons.setdefault(reason, {})[text] = None
    if reasons:
        yield '<h3>Not computed, and why</h3><dl>'
        for reason, titles in reasons.items():
            yield f'<dt>{escape(reason)}</dt><dd class="read">{escape("; ".join(titles))}</dd>'
        yield '</dl>'
