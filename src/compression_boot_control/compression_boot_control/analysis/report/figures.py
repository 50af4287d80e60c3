"""Figures of a session as plotly specifications: plain values, drawn by plotly.js in the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from compression_boot_control.analysis.metrics import DOSE_THRESHOLD, ChamberTrace, under_pressure
from compression_boot_control.analysis.report.sampling import (
    envelope,
    highest,
    mean_of_stretches,
    packed,
    steps,
)
from compression_boot_control.analysis.session_analysis import SessionAnalysis
from compression_boot_control.analysis.session_data import AlarmTimes, SessionData
from compression_boot_control.analysis.wave_order import chains
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MINUTE, MMHG

Figure = dict[str, Any]

COLOURS = ('#440154', '#414487', '#2a788e', '#22a884', '#7ad151', '#bddf26', '#d9a400', '#a44f00')
"""Zones from foot to thigh: steps of viridis, which colour-blind people can order as well."""

ALARM_COLOURS = {1: '#0891b2', 2: '#d97706', 3: '#dc2626'}

INK, QUIET, RULE = '#1b1f24', '#6b7280', '#d9dde3'

SHORT = 180.0
"""Sessions up to this are drawn in seconds, longer ones in minutes [s]."""

LABEL_HEIGHTS = 3
"""Heights at which labels of alarms stand in turn."""

HISTOGRAM = 80
"""Bars of a histogram."""


def zone_colours(data: SessionData) -> dict[str, str]:
    """Colour of each zone."""
    return {
        zone: COLOURS[min(place, len(COLOURS) - 1)]
        for place, zone in enumerate(data.sleeves.zone_order)
    }


def time_scale(trace: ChamberTrace) -> tuple[float, str]:
    """Seconds to the unit of the time axis, and its name."""
    long = len(trace.time) > 1 and trace.time[-1] - trace.time[0] > SHORT
    return (MINUTE, 'min') if long else (1.0, 's')


def pressure_figure(session: SessionAnalysis) -> Figure:
    """Both legs over the session: pressures, set-points, alarms."""
    data, trace = session.data, _trace(session)
    scale, unit = time_scale(trace)
    colours = zone_colours(data)
    legs = list(dict.fromkeys(data.sleeves.legs[name] for name in trace.chamber_names))
    pressed = under_pressure(trace)
    traces: list[Figure] = []
    shown: set[str] = set()
    for i, name in enumerate(trace.chamber_names):
        zone, axis = data.sleeves.zones[name], _axis(legs.index(data.sleeves.legs[name]))
        time, pressure = envelope(trace.time, trace.pressure[:, i])
        line = {'color': colours[zone], 'width': 1.4}
        traces.append(
            {
                'type': 'scatter',
                'mode': 'lines',
                'name': zone,
                'legendgroup': zone,
                'showlegend': zone not in shown,
                'x': packed(time / scale),
                'y': packed(pressure / MMHG),
                'yaxis': f'y{axis}',
                'line': line,
                'hovertemplate': f'{_words(name)} %{{y:.1f}} mmHg<extra></extra>',
            }
        )
        target = np.where(pressed[:, i], trace.target[:, i], np.nan)
        time, target = steps(trace.time, target)
        traces.append(
            {
                'type': 'scatter',
                'mode': 'lines',
                'name': 'set-points',
                'legendgroup': 'set-points',
                'showlegend': 'set-points' not in shown,
                'legendrank': 2000,
                'visible': 'legendonly',
                'x': packed(time / scale),
                'y': packed(target / MMHG),
                'yaxis': f'y{axis}',
                'line': {'color': INK, 'width': 0.8, 'dash': 'dot', 'shape': 'hv'},
                'hoverinfo': 'skip',
            }
        )
        shown |= {zone, 'set-points'}
    layout = _layout(f'time [{unit}]', height=300 + 210 * (len(legs) - 1))
    gap = 0.1
    height = (1.0 - gap * (len(legs) - 1)) / len(legs)
    for place, leg in enumerate(legs):
        top = 1.0 - place * (height + gap)
        layout[f'yaxis{_axis(place)}'] = {
            **_y_axis('mmHg'),
            'domain': [max(top - height, 0.0), top],
            'rangemode': 'tozero',
        }
        layout['annotations'].append(_heading(f'{leg} leg'.strip(), top))
    layout['xaxis']['anchor'] = f'y{_axis(len(legs) - 1)}'
    layout['shapes'] += [
        {
            'type': 'line',
            'xref': 'paper',
            'x0': 0,
            'x1': 1,
            'yref': f'y{_axis(place)}',
            'y0': DOSE_THRESHOLD / MMHG,
            'y1': DOSE_THRESHOLD / MMHG,
            'line': {'color': QUIET, 'width': 0.8, 'dash': 'dot'},
        }
        for place in range(len(legs))
    ]
    _mark_alarms(layout, data.alarms or (), scale)
    return {'data': traces, 'layout': layout}


def heat_figure(session: SessionAnalysis) -> Figure:
    """Pressure of every chamber over the session as colours."""
    data, trace = session.data, _trace(session)
    scale, unit = time_scale(trace)
    order = [i for leg in chains(trace.chamber_names, data.sleeves) for i in leg]
    time, peaks = highest(trace.time, trace.pressure[:, order] / MMHG)
    top = float(np.nanmax(peaks)) if np.isfinite(peaks).any() else 1.0
    layout = _layout(f'time [{unit}]', height=110 + 26 * len(order))
    layout['yaxis'] = {'automargin': True, 'ticks': ''}
    _mark_alarms(layout, data.alarms or (), scale)
    names = [_words(trace.chamber_names[i]) for i in order]
    return {
        'data': [
            {
                'type': 'heatmap',
                'x': packed(time / scale),
                'y': names,
                'z': packed(peaks.T),
                'zmin': 0.0,
                'zmax': max(top, 1.0),
                'colorscale': 'Viridis',
                'colorbar': {'title': {'text': 'mmHg'}, 'thickness': 12},
                'hovertemplate': '%{y}: %{z:.1f} mmHg<extra></extra>',
            }
        ],
        'layout': layout,
    }


def supply_figure(session: SessionAnalysis) -> Figure | None:
    """Rail and pump over the session."""
    supply = session.data.supply
    if supply is None or not len(supply.time):
        return None
    scale, unit = time_scale(_trace(session))
    time, rail = envelope(supply.time, supply.pressure)
    when, drive = mean_of_stretches(supply.time, supply.pump)
    layout = _layout(f'time [{unit}]', height=260)
    layout['yaxis'] = {**_y_axis('mmHg'), 'rangemode': 'tozero'}
    layout['yaxis2'] = {
        **_y_axis('pump drive [%]'),
        'overlaying': 'y',
        'side': 'right',
        'range': [0, 105],
        'dtick': 25,
        'showgrid': False,
    }
    layout['margin']['r'] = 60
    return {
        'data': [
            {
                **_line('pump drive', when / scale, 100.0 * drive, '#94a3b8', 'y2', '%{y:.0f} %'),
                'fill': 'tozeroy',
                'fillcolor': 'rgba(148,163,184,0.25)',
            },
            _line('supply', time / scale, rail / MMHG, '#2a788e', 'y', '%{y:.1f} mmHg'),
        ],
        'layout': layout,
    }


def latency_figure(session: SessionAnalysis) -> Figure | None:
    """How often each latency occurred."""
    if not session.latencies:
        return None
    worst = max(float(np.percentile(own, 99.9)) for own in session.latencies.values()) * 1e3
    edges = np.linspace(0.0, max(worst, 0.1), HISTOGRAM + 1)
    traces = []
    for colour, (path, latency) in zip(COLOURS[::2], session.latencies.items(), strict=False):
        counts, _ = np.histogram(np.minimum(latency * 1e3, edges[-1]), edges)
        share = 100.0 * counts / max(counts.sum(), 1)
        traces.append(
            {
                'type': 'bar',
                'name': path,
                'x': packed((edges[1:] + edges[:-1]) / 2.0),
                'y': packed(share),
                'marker': {'color': colour},
                'opacity': 0.7,
                'hovertemplate': f'{path}: %{{y:.1f}} % at %{{x:.2f}} ms<extra></extra>',
            }
        )
    layout = _layout('latency [ms]', height=260)
    layout |= {'barmode': 'overlay', 'bargap': 0.0, 'hovermode': 'closest'}
    layout['yaxis'] = _y_axis('% of samples')
    return {'data': traces, 'layout': layout}


def _trace(session: SessionAnalysis) -> ChamberTrace:
    trace = session.data.trace
    assert trace is not None
    return trace


def _words(name: str) -> str:
    return name.replace('_', ' ')


def _axis(place: int) -> str:
    """Suffix of an axis' name: the first has none."""
    return '' if place == 0 else str(place + 1)


def _line(name: str, x: FloatArray, y: FloatArray, colour: str, axis: str, hover: str) -> Figure:
    return {
        'type': 'scatter',
        'mode': 'lines',
        'name': name,
        'x': packed(x),
        'y': packed(y),
        'yaxis': axis,
        'line': {'color': colour, 'width': 1.2},
        'hovertemplate': f'{name} {hover}<extra></extra>',
    }


def _y_axis(title: str) -> Figure:
    return {'title': {'text': title}, 'gridcolor': RULE, 'zeroline': False}


def _heading(text: str, top: float) -> Figure:
    return {
        'text': f'<b>{text}</b>',
        'xref': 'paper',
        'yref': 'paper',
        'x': 0.0,
        'y': top,
        'xanchor': 'left',
        'yanchor': 'bottom',
        'showarrow': False,
        'font': {'size': 13, 'color': INK},
    }


def _layout(x_title: str, height: int) -> Figure:
    return {
        'height': height,
        'margin': {'l': 60, 'r': 20, 't': 44, 'b': 45},
        'font': {'family': 'system-ui, sans-serif', 'size': 12, 'color': INK},
        'paper_bgcolor': 'white',
        'plot_bgcolor': 'white',
        'hovermode': 'x unified',
        'legend': {
            'orientation': 'h',
            'x': 0.4,
            'xanchor': 'center',
            'y': 1.02,
            'yanchor': 'bottom',
        },
        'xaxis': {'title': {'text': x_title}, 'gridcolor': RULE, 'zeroline': False},
        'shapes': [],
        'annotations': [],
    }


def _mark_alarms(layout: Figure, alarms: Sequence[AlarmTimes], scale: float) -> None:
    """Mark the alarms; labels take turns in three heights, as many may come at once."""
    for number, alarm in enumerate(alarms):
        colour = ALARM_COLOURS.get(alarm.priority, ALARM_COLOURS[3])
        place = alarm.since / scale
        layout['shapes'].append(
            {
                'type': 'line',
                'x0': place,
                'x1': place,
                'yref': 'paper',
                'y0': 0,
                'y1': 1,
                'line': {'color': colour, 'width': 1.5},
            }
        )
        layout['annotations'].append(
            {
                'text': alarm.hazard_id,
                'x': place,
                'yref': 'paper',
                'y': 1.0,
                'yshift': -14 * (number % LABEL_HEIGHTS),
                'xanchor': 'left',
                'yanchor': 'top',
                'showarrow': False,
                'bgcolor': 'rgba(255,255,255,0.8)',
                'font': {'size': 11, 'color': colour},
                'hovertext': alarm.text,
            }
        )


def figure_documents(session: SessionAnalysis) -> Mapping[str, Figure | None]:
    """All figures that do not depend on a choice in the page, by the name of their place."""
    return {
        'pressure': pressure_figure(session),
        'heat': heat_figure(session),
        'supply': supply_figure(session),
        'latency': latency_figure(session),
    }
