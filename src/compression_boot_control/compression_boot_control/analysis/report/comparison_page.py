"""The report on a comparison of bags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from compression_boot_control.analysis.analysis_tables import shown
from compression_boot_control.analysis.compared_bag import ComparedBag
from compression_boot_control.analysis.comparison import Difference, Verdict, count_verdicts
from compression_boot_control.analysis.comparison_documents import cautions
from compression_boot_control.analysis.metric_table import BY_NAME
from compression_boot_control.analysis.report.figures import INK, RULE
from compression_boot_control.analysis.report.page import NOTICE, embedded, page
from compression_boot_control.analysis.report.sampling import packed

BAG_COLOURS = ('#6b7280', '#dc2626', '#2563eb', '#15803d', '#d97706', '#7c3aed')
"""The reference is grey."""

VERDICT_COLOURS = {Verdict.SAME: '#15803d', Verdict.UNCLEAR: '#d97706', Verdict.DIFFERS: '#dc2626'}

READ = {
    'cycles': (
        'The typical cycle of each bag, one panel a chamber: the median over the cycles as a line, '
        'and the range from the 10th to the 90th percentile as a band. Where the bands do not '
        'overlap, nearly every cycle differs.'
    ),
    'forest': (
        'Every figure that has an interval: its difference from the reference, in units of its '
        'tolerance. Between the dotted lines a difference does not matter. Red lies beyond them '
        'with its whole interval: it differs. Green lies between them: it is the same. Of amber '
        'the recordings do not say. The intervals hold for all figures together at 95 %.'
    ),
}


def comparison_report(
    reference: ComparedBag, others: Sequence[tuple[ComparedBag, Sequence[Difference]]]
) -> str:
    """A page that compares bags with the first of them."""
    figures: dict[str, Any] = {'cycles': _cycles([reference, *(bag for bag, _ in others)])}
    body = [
        f'<h1>Beside {escape(reference.path.resolve().name)}</h1>',
        f'<p class="quiet">{NOTICE.replace("boots analyze", "boots compare")}</p>',
        '<section data-session="comparison">',
    ]
    if figures['cycles']:
        body.append(_plot('Typical cycles', 'cycles', READ['cycles']))
    for number, (bag, differences) in enumerate(others):
        figures[f'forest{number}'] = _forest(differences)
        body += _section(reference, bag, differences, f'forest{number}')
    body += [embedded({'comparison': True, 'figures': figures}), '</section>']
    return page(f'Beside {reference.path.name}', body)


def _section(
    reference: ComparedBag, bag: ComparedBag, differences: Sequence[Difference], name: str
) -> Iterable[str]:
    counts = count_verdicts(differences)
    yield f'<h2>{escape(str(bag.path))} beside {escape(str(reference.path))}</h2>'
    good = ' good' if not counts[Verdict.DIFFERS] else ''
    yield (
        f'<p class="note{good}"><b>{counts[Verdict.DIFFERS]} figures differ</b>, '
        f'{counts[Verdict.UNCLEAR]} are unclear, {counts[Verdict.SAME]} are the same, '
        f'{counts[Verdict.MISSING]} could not be compared.</p>'
    )
    for note in cautions(reference, bag):
        yield f'<p class="note">{escape(note)}</p>'
    yield _plot('Differences', name, READ['forest'])
    chosen = (Verdict.DIFFERS, Verdict.UNCLEAR)
    yield '<h3>What differs, and what is unclear</h3>'
    yield _table([d for d in differences if d.verdict in chosen])
    yield '<details><summary>All figures</summary>'
    yield f'{_table(differences)}</details>'


def _plot(title: str, name: str, words: str) -> str:
    return (
        f'<h3>{title}</h3><p class="read">{escape(words)}</p>'
        f'<div class="plot" data-plot="{name}"></div>'
    )


def _table(differences: Sequence[Difference]) -> str:
    if not differences:
        return '<p>None.</p>'
    head = ('figure', 'of', 'reference', 'other', 'difference', 'interval', 'tolerance', 'verdict')
    rows = []
    for own in differences:
        metric = BY_NAME[own.metric]
        interval = (
            '–'
            if own.low is None or own.high is None
            else f'{own.low:+.{metric.digits}f} .. {own.high:+.{metric.digits}f}'
        )
        step = '–' if own.difference is None else f'{own.difference:+.{metric.digits}f}'
        cells = (
            f'{metric.title} [{metric.unit}]' if metric.unit else metric.title,
            own.subject.replace('_', ' '),
            shown(own.reference, metric),
            shown(own.other, metric),
            step,
            interval,
            f'{own.tolerance:.{metric.digits}f}',
            own.reason or own.verdict.value,
        )
        colour = VERDICT_COLOURS.get(own.verdict, '#6b7280')
        text = ''.join(f'<td>{escape(cell)}</td>' for cell in cells[:-1])
        rows.append(f'<tr>{text}<td style="color:{colour}">{escape(cells[-1])}</td></tr>')
    headings = ''.join(f'<th>{name}</th>' for name in head)
    return f'<div class="scroll"><table><tr>{headings}</tr>{"".join(rows)}</table></div>'


def _forest(differences: Sequence[Difference]) -> dict[str, Any] | None:
    """Differences with intervals, in units of the tolerance."""
    rows = [
        own
        for own in differences
        if own.low is not None and own.high is not None and own.tolerance > 0.0
    ]
    if not rows:
        return None
    rows.sort(key=lambda own: -abs(own.difference or 0.0) / own.tolerance)
    rows = rows[:60]
    traces = []
    for kind, colour in VERDICT_COLOURS.items():
        own = [row for row in rows if row.verdict == kind]
        middle = np.array([(row.difference or 0.0) / row.tolerance for row in own])
        traces.append(
            {
                'type': 'scatter',
                'mode': 'markers',
                'name': kind.value,
                'x': middle.tolist(),
                'y': [_label(row) for row in own],
                'marker': {'color': colour, 'size': 7},
                'error_x': {
                    'type': 'data',
                    'symmetric': False,
                    'array': [
                        ((row.high or 0.0) - (row.difference or 0.0)) / row.tolerance for row in own
                    ],
                    'arrayminus': [
                        ((row.difference or 0.0) - (row.low or 0.0)) / row.tolerance for row in own
                    ],
                    'color': colour,
                    'thickness': 1.4,
                    'width': 0,
                },
            }
        )
    lines = [
        {
            'type': 'line',
            'x0': place,
            'x1': place,
            'yref': 'paper',
            'y0': 0,
            'y1': 1,
            'line': {'color': INK, 'width': 1, 'dash': 'dot' if place else 'solid'},
        }
        for place in (-1, 0, 1)
    ]
    wide = 1.3 * max(2.0, *(abs(row.difference or 0.0) / row.tolerance for row in rows))
    return {
        'data': traces,
        'layout': {
            'height': 120 + 18 * len(rows),
            'margin': {'l': 10, 'r': 20, 't': 40, 'b': 45},
            'font': {'family': 'system-ui, sans-serif', 'size': 12, 'color': INK},
            'shapes': lines,
            'legend': {'orientation': 'h', 'y': 1.01, 'yanchor': 'bottom'},
            'xaxis': {
                'title': {'text': 'difference / tolerance'},
                'gridcolor': RULE,
                'range': [-wide, wide],
            },
            'yaxis': {
                'automargin': True,
                'autorange': 'reversed',
                'categoryorder': 'array',
                'categoryarray': [_label(row) for row in rows],
                'gridcolor': RULE,
                'dtick': 1,
            },
            'plot_bgcolor': 'white',
        },
    }


def _label(own: Difference) -> str:
    return f'{BY_NAME[own.metric].title} {own.subject.replace("_", " ")}'.strip()


def _cycles(bags: Sequence[ComparedBag]) -> dict[str, Any] | None:
    """Typical cycles of all bags, one panel a chamber."""
    drawn = [bag for bag in bags if bag.cycle is not None]
    legs = bags[0].legs
    if not drawn or not legs:
        return None
    columns = max(len(leg) for leg in legs)
    width, height = 1.0 / columns, 1.0 / len(legs)
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {
        'height': 110 + 200 * len(legs),
        'margin': {'l': 55, 'r': 10, 't': 60, 'b': 40},
        'font': {'family': 'system-ui, sans-serif', 'size': 12, 'color': INK},
        'plot_bgcolor': 'white',
        'hovermode': 'x unified',
        'legend': {'orientation': 'h', 'y': 1.04, 'yanchor': 'bottom'},
        'annotations': [],
    }
    for row, leg in enumerate(legs):
        for column, name in enumerate(leg):
            number = row * columns + column
            axis = '' if number == 0 else str(number + 1)
            low = 1.0 - (row + 1) * height
            layout[f'xaxis{axis}'] = {
                'domain': [column * width, (column + 0.88) * width],
                'anchor': f'y{axis}',
                'gridcolor': RULE,
                'zeroline': False,
                **({'matches': 'x'} if number else {}),
            }
            layout[f'yaxis{axis}'] = {
                'domain': [low + 0.1 * height, low + 0.88 * height],
                'anchor': f'x{axis}',
                'gridcolor': RULE,
                'zeroline': False,
                **({'title': {'text': 'mmHg'}} if column == 0 else {}),
            }
            layout['annotations'].append(
                {
                    'text': f'<b>{name.replace("_", " ")}</b>',
                    'x': column * width,
                    'y': low + 0.88 * height,
                    'xref': 'paper',
                    'yref': 'paper',
                    'xanchor': 'left',
                    'yanchor': 'bottom',
                    'showarrow': False,
                }
            )
            for place, bag in enumerate(bags):
                if bag.cycle is not None and name in bag.chamber_names:
                    traces += _curve(bag, name, BAG_COLOURS[place % 6], axis, first=number == 0)
    return {'data': traces, 'layout': layout}


def _curve(
    bag: ComparedBag, name: str, colour: str, axis: str, *, first: bool
) -> list[dict[str, Any]]:
    """Band and median of a bag's cycles in one chamber."""
    assert bag.cycle is not None
    i = bag.chamber_names.index(name)
    common = {
        'type': 'scatter',
        'mode': 'lines',
        'x': packed(bag.cycle.time),
        'xaxis': f'x{axis}',
        'yaxis': f'y{axis}',
        'legendgroup': str(bag.path),
    }
    blank = {'showlegend': False, 'hoverinfo': 'skip', 'line': {'width': 0}}
    band = {'fill': 'tonexty', 'fillcolor': f'{colour}33'}
    return [
        {**common, **blank, 'y': packed(bag.cycle.low[i])},
        {**common, **blank, **band, 'y': packed(bag.cycle.high[i])},
        {
            **common,
            'y': packed(bag.cycle.median[i]),
            'name': str(bag.path),
            'showlegend': first,
            'line': {'color': colour, 'width': 1.6},
            'hovertemplate': f'{bag.path.name} %{{y:.1f}} mmHg<extra></extra>',
        },
    ]
