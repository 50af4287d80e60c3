"""The report of a campaign: one page with the figures, a picture, and every promise that broke."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compression_boot_control.analysis.campaign import CampaignResult
from compression_boot_control.analysis.campaign_claims import CLAIMS

RED, BLUE, GREY = '#b3261e', '#2f6db3', '#7a7a7a'

STYLE = """
body {font: 16px/1.45 system-ui, sans-serif; max-width: 62em; margin: 2em auto; padding: 0 1em}
table {border-collapse: collapse} th, td {padding: .25em .7em; border-bottom: 1px solid #ccc}
td.number {text-align: right} .bad {color: #b3261e; font-weight: bold} img {max-width: 100%}
"""


def write_report(
    folder: Path, result: CampaignResult, tables: Mapping[str, pa.Table]
) -> tuple[Path, Path]:
    """Write ``report.html``, ``campaign.png``, ``summary.json`` and ``sessions.parquet``.

    Returns
    -------
    tuple of Path
        The page and the picture.

    Raises
    ------
    OSError
    """
    (folder / 'summary.json').write_text(json.dumps(result.as_dict(), indent=2) + '\n')
    if tables:
        pq.write_table(pa.concat_tables(tables.values()), folder / 'sessions.parquet')
    picture = folder / 'campaign.png'
    campaign_figure(result, tables).savefig(picture, dpi=90)
    page = folder / 'report.html'
    page.write_text(_page(result, picture.read_bytes()), encoding='utf-8')
    return page, picture


def campaign_figure(result: CampaignResult, tables: Mapping[str, pa.Table]) -> Figure:
    """Draw the time to detection by kind of fault, and the highest pressures."""
    figure = Figure(figsize=(11.0, 5.2), layout='constrained')
    axes = figure.subplots(1, 2, width_ratios=(3, 2) if result.campaign.faults else (1, 2))
    _draw_times(axes[0], result)
    _draw_pressures(axes[1], tables)
    kind = 'with faults' if result.campaign.faults else 'without faults'
    figure.suptitle(f'{result.counted:,} simulated sessions {kind}, seed {result.campaign.seed}')
    return figure


def _draw_times(axes: Axes, result: CampaignResult) -> None:
    kinds = sorted(result.by_fault, key=lambda kind: kind.value, reverse=True)
    rng = np.random.default_rng(0)
    for row, kind in enumerate(kinds):
        count = result.by_fault[kind]
        times = np.maximum(np.array(count.times), 0.01)
        spread = row + rng.uniform(-0.25, 0.25, len(times))
        axes.plot(times, spread, '.', color=BLUE, markersize=2, alpha=0.5)
        if len(times):
            axes.plot(np.median(times), row, '|', color='black', markersize=14)
        missed = f'  {count.detected} of {count.sessions}'
        colour = RED if count.undetected else 'black'
        axes.text(400.0, row, missed, va='center', fontsize=8, color=colour)
    axes.set_yticks(range(len(kinds)), [kind.value.replace('_', ' ') for kind in kinds])
    axes.set(xscale='log', xlim=(0.008, 400.0), xlabel='time from fault to hazard [s]')
    axes.set_title('told of, alone (median: |; detected of struck)', fontsize=10)
    axes.grid(axis='x', alpha=0.3)
    if not kinds:
        axes.set_xlim(0.01, 1.0)
        axes.text(0.1, 0.5, 'no faults', ha='center', transform=axes.get_yaxis_transform())


def _draw_pressures(axes: Axes, tables: Mapping[str, pa.Table]) -> None:
    highest = _column(tables, 'highest_mmhg')
    beyond = _column(tables, 'beyond_valves').astype(bool)
    edges = np.arange(0.0, 165.0, 2.5)
    axes.hist(
        [highest[~beyond], highest[beyond]],
        bins=edges.tolist(),
        histtype='step',
        linewidth=1.5,
        color=[BLUE, RED],
        label=['valves could vent', 'air kept in beyond the valves'],
    )
    axes.axvline(125.0, color=GREY, linestyle='--')
    axes.text(126.0, 0.7, '125 mmHg', transform=axes.get_xaxis_transform(), fontsize=8)
    if len(highest):
        axes.set_yscale('log')
    axes.set(xlabel='highest pressure in a chamber [mmHg]', ylabel='sessions')
    axes.set_title('highest pressure of each session', fontsize=10)
    axes.legend(fontsize=8, loc='upper right')


def _column(tables: Mapping[str, pa.Table], name: str) -> np.ndarray:
    if not tables:
        return np.zeros(0)
    return np.concatenate([table[name].to_numpy() for table in tables.values()])


def figures(result: CampaignResult) -> list[tuple[str, str, bool]]:
    """Every figure with its name, and whether it breaks a promise."""
    beyond = result.beyond_highest
    relief = (
        f' (up to {beyond["highest_mmhg"]:.0f} mmHg in a chamber, {beyond["supply_mmhg"]:.0f} mmHg '
        f'in the supply, whose relief valve let out up to {beyond["relieved_g"]:.1f} g)'
        if beyond
        else ''
    )
    hours = result.session_seconds / 3600.0
    return [
        ('sessions', f'{result.counted:,}', result.counted < result.campaign.sessions),
        ('simulated', f'{hours:,.0f} h', False),
        ('violations', str(result.violations), result.violations > 0),
        ('faults undetected, of those declared detectable', str(result.undetected),
         result.undetected > 0),
        ('false trips', str(result.false_trips), result.false_trips > 0),
        ('air kept in beyond the valves', f'{result.beyond_valves}{relief}', False),
        ('undetected, listed as not detectable for certain', str(result.undetected_exempt), False),
        ('highest pressure', f'{result.highest_mmhg:.0f} mmHg', False),
        ('devices adapted to the design rules', f'{result.adapted:,}', False),
        ('parts that failed', str(len(result.failed_parts)), bool(result.failed_parts)),
        ('processor time for a simulated hour', f'{result.cpu_seconds_per_hour:.1f} s', False),
    ]  # fmt: skip


def _page(result: CampaignResult, picture: bytes) -> str:
    verdict = 'Every promise was kept.' if result.ok else 'Promises were broken.'
    image = base64.b64encode(picture).decode()
    rows = ''.join(
        f'<tr><td>{escape(name)}</td><td class="{"bad" if bad else ""}">{escape(value)}</td></tr>'
        for name, value, bad in figures(result)
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Campaign</title>'
        f'<style>{STYLE}</style></head><body><h1>Campaign, seed {result.campaign.seed}</h1>'
        f'<p class="{"" if result.ok else "bad"}">{verdict}</p><table>{rows}</table>'
        f'<p><img alt="detection times and pressures" src="data:image/png;base64,{image}"></p>'
        f'{_kinds_table(result)}{_failures_table(result)}</body></html>\n'
    )


def _kinds_table(result: CampaignResult) -> str:
    if not result.by_fault:
        return ''
    lines = [
        '<h2>Faults that came alone</h2><table><tr><th>fault</th><th>struck</th><th>detected</th>'
        '<th>undetected</th><th>median</th><th>longest</th><th>claim</th></tr>'
    ]
    for kind in sorted(result.by_fault, key=lambda kind: kind.value):
        values = result.by_fault[kind].as_dict(kind)
        exempt = CLAIMS[kind].exempt
        claim = escape(values['claim'] + (f'; not certain: {exempt}' if exempt else ''))
        lines.append(
            f'<tr><td>{kind.value.replace("_", " ")}</td><td class="number">{values["sessions"]}'
            f'</td><td class="number">{values["detected"]}</td><td class="number">'
            f'{values["undetected"] + values["undetected_exempt"]}</td><td class="number">'
            f'{_seconds(values["median_s"])}</td><td class="number">'
            f'{_seconds(values["longest_s"])}</td><td>{claim}</td></tr>'
        )
    return ''.join([*lines, '</table>'])


def _seconds(value: float | None) -> str:
    return '–' if value is None else f'{value:.1f} s'


def _failures_table(result: CampaignResult) -> str:
    told: list[dict[str, Any]] = result.failures[:200]
    if not told and not result.failed_parts:
        return ''
    lines = ['<h2>Broken promises</h2><ul>']
    lines += [
        f'<li>part {failure["part"]}, place {failure["place"]}: '
        f'{escape(", ".join(failure["problems"]))}; {escape(json.dumps(failure))}</li>'
        for failure in told
    ]
    lines += [
        f'<li>part {escape(key)} failed: {escape(reason)}</li>'
        for key, reason in result.failed_parts.items()
    ]
    return ''.join([*lines, '</ul>'])
