"""The report on a folder of bags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from compression_boot_control.analysis.analysis_tables import shown
from compression_boot_control.analysis.bag_folder import SUMMARY, SummaryRow
from compression_boot_control.analysis.metric_table import BY_NAME
from compression_boot_control.analysis.report.figures import INK, RULE
from compression_boot_control.analysis.report.page import NOTICE, embedded, page

SHOWN = 500
"""Sessions in the table at most; the Parquet file has all."""

COLUMNS = 3
"""Panels beside each other."""

DRAWN = (
    'wave_time_s',
    'peak_mmhg',
    'overshoot_mmhg',
    'steady_rms_mmhg',
    'dose_mmhg_min',
    'vent_time_s',
    'leak_ml_per_min',
    'protocol_match_percent',
    'latency_p99_ms',
)

READ = (
    'One point a session, in the order of the table. What lies far from the others deserves a '
    'look: rest on a point to see which bag it is.'
)


def folder_report(
    name: str, rows: Sequence[SummaryRow], failed: Mapping[str, str], cost: str
) -> str:
    """A page on all sessions of a folder.

    Parameters
    ----------
    name : str
    rows : sequence of SummaryRow
    failed : mapping of str to str
        Reason by bag.
    cost : str
        One line.
    """
    body = [
        f'<h1>Recordings in {escape(name)}</h1>',
        f'<p class="lead">{len({row.bag for row in rows})} bags, {len(rows)} sessions, '
        f'{len(failed)} that could not be read</p>',
        f'<p class="quiet">{NOTICE}</p>',
        f'<p class="read">{escape(cost)}</p>',
    ]
    if failed:
        lines = ''.join(
            f'<dt>{escape(bag)}</dt><dd class="read">{escape(reason)}</dd>'
            for bag, reason in failed.items()
        )
        body.append(f'<h2>Could not be read</h2><dl>{lines}</dl>')
    body += [
        '<section data-session="folder">',
        '<h2>Sessions beside each other</h2>',
        f'<p class="read">{READ}</p>',
        '<div class="plot" data-plot="strips"></div>',
        embedded({'comparison': True, 'figures': {'strips': _strips(rows)}}),
        '</section>',
        '<h2>Sessions</h2>',
        _table(rows[:SHOWN]),
    ]
    if len(rows) > SHOWN:
        body.append(f'<p>{len(rows) - SHOWN} more are in the Parquet file.</p>')
    return page(f'Recordings in {name}', body)


def _strips(rows: Sequence[SummaryRow]) -> dict[str, Any]:
    lines = -(-len(DRAWN) // COLUMNS)
    width, height = 1.0 / COLUMNS, 1.0 / lines
    traces = []
    layout: dict[str, Any] = {
        'height': 230 * lines,
        'margin': {'l': 50, 'r': 10, 't': 40, 'b': 40},
        'font': {'family': 'system-ui, sans-serif', 'size': 12, 'color': INK},
        'plot_bgcolor': 'white',
        'showlegend': False,
        'annotations': [],
    }
    for number, name in enumerate(DRAWN):
        metric = BY_NAME[name]
        axis = '' if number == 0 else str(number + 1)
        row, column = divmod(number, COLUMNS)
        low = 1.0 - (row + 1) * height
        unit = f' [{metric.unit}]' if metric.unit else ''
        points = [
            (place, value, f'{own.bag}, session {own.session}')
            for place, own in enumerate(rows, 1)
            if (value := own.values[name]) is not None
        ]
        traces.append(
            {
                'type': 'scatter',
                'mode': 'markers',
                'x': [point[0] for point in points],
                'y': [point[1] for point in points],
                'text': [point[2] for point in points],
                'xaxis': f'x{axis}',
                'yaxis': f'y{axis}',
                'marker': {'color': '#2a788e', 'size': 6, 'opacity': 0.8},
                'hovertemplate': '%{text}: %{y:.3~g}<extra></extra>',
            }
        )
        layout[f'xaxis{axis}'] = {
            'domain': [column * width, (column + 0.85) * width],
            'anchor': f'y{axis}',
            'gridcolor': RULE,
            'zeroline': False,
        }
        layout[f'yaxis{axis}'] = {
            'domain': [low + 0.12 * height, low + 0.84 * height],
            'anchor': f'x{axis}',
            'gridcolor': RULE,
            'zeroline': False,
        }
        layout['annotations'].append(
            {
                'text': f'<b>{metric.title}</b>{unit}',
                'x': column * width,
                'y': low + 0.85 * height,
                'xref': 'paper',
                'yref': 'paper',
                'xanchor': 'left',
                'yanchor': 'bottom',
                'showarrow': False,
            }
        )
    return {'data': traces, 'layout': layout}


def _table(rows: Sequence[SummaryRow]) -> str:
    head = ''.join(
        f'<th title="{escape(BY_NAME[name].meaning)}">{escape(BY_NAME[name].title)}<br>'
        f'{escape(BY_NAME[name].unit)}</th>'
        for name in SUMMARY
    )
    lines = [
        f'<tr><td>{escape(row.bag)}</td><td>{row.session}</td>'
        + ''.join(f'<td>{shown(row.values[name], BY_NAME[name])}</td>' for name in SUMMARY)
        + '</tr>'
        for row in rows
    ]
    return (
        '<div class="scroll"><table><tr><th>bag</th><th>session</th>'
        f'{head}</tr>{"".join(lines)}</table></div>'
    )
