"""The report of a device test: as a table, JSON, JUnit XML and one HTML page with plots."""

from __future__ import annotations

import base64
import html
import io
import json
import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.device_test.results import (
    Check,
    DeviceTestReport,
    Verdict,
)

COLOURS = {Verdict.PASS: '#2e7d32', Verdict.FAIL: '#c62828', Verdict.NOT_RUN: '#757575'}


def headline(report: DeviceTestReport) -> str:
    """One line: how it ended."""
    counts = ', '.join(f'{report.count(verdict)} {verdict.value}' for verdict in Verdict)
    if report.ended:
        return f'NOT FINISHED: {counts}; {report.ended}'
    return f'{"PASS" if report.passed else "FAIL"}: {counts}'


def figure_text(check: Check) -> str:
    """Figure with its unit; empty without one."""
    if check.figure is None or not math.isfinite(check.figure):
        return ''
    return f'{check.figure:.1f} {check.unit}'.rstrip()


def rows(report: DeviceTestReport) -> list[tuple[str, ...]]:
    """Table: step, subject, verdict, figure, limit, and finding with advice."""
    return [
        (
            check.step,
            check.subject,
            check.verdict.value,
            figure_text(check),
            f'{check.limit} {check.unit}'.rstrip() if check.limit else '',
            ': '.join(part for part in (check.finding, check.advice) if part),
        )
        for check in report.checks
    ]


def to_json(report: DeviceTestReport) -> str:
    """JSON document."""
    document = {
        'ok': report.passed,
        'ended': report.ended,
        'subject': report.subject,
        'findings': [{'defect': name, 'subject': subject} for name, subject in report.findings],
        'checks': [
            {
                'step': check.step,
                'subject': check.subject,
                'verdict': check.verdict.value,
                'figure': check.figure
                if check.figure is not None and math.isfinite(check.figure)
                else None,
                'unit': check.unit,
                'limit': check.limit,
                'finding': check.finding,
                'advice': check.advice,
            }
            for check in report.checks
        ],
    }
    return json.dumps(document, indent=2)


def to_junit(report: DeviceTestReport) -> str:
    """JUnit XML, for continuous integration."""
    suite = ElementTree.Element(
        'testsuite',
        name='device test',
        tests=str(len(report.checks)),
        failures=str(report.count(Verdict.FAIL)),
        skipped=str(report.count(Verdict.NOT_RUN)),
    )
    for check in report.checks:
        case = ElementTree.SubElement(
            suite, 'testcase', classname=check.step.replace(' ', '_'), name=check.subject
        )
        if check.verdict is Verdict.FAIL:
            text = f'{check.finding}: {check.advice} ({figure_text(check)}; {check.limit})'
            ElementTree.SubElement(case, 'failure', type=check.finding, message=text)
        elif check.verdict is Verdict.NOT_RUN:
            ElementTree.SubElement(case, 'skipped', message=check.advice)
    return ElementTree.tostring(suite, encoding='unicode', xml_declaration=True)


def to_html(report: DeviceTestReport) -> str:
    """One page with table and plot, without anything from elsewhere."""
    body = []
    for check, row in zip(report.checks, rows(report), strict=True):
        cells = ''.join(f'<td>{html.escape(cell)}</td>' for cell in row)
        body.append(f'<tr style="color:{COLOURS[check.verdict]}">{cells}</tr>')
    subject = ', '.join(f'{name}: {value}' for name, value in report.subject.items())
    head = ''.join(
        f'<th>{name}</th>' for name in ('step', 'subject', 'verdict', 'figure', 'limit', 'finding')
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Device test</title>'
        '<style>body{font-family:sans-serif;margin:2em}td,th{text-align:left;padding:2px 12px}'
        'img{max-width:100%}</style></head><body>'
        f'<h1>Device test</h1><p>{html.escape(subject)}</p>'
        f'<p><b>{html.escape(headline(report))}</b></p>{_plot(report)}'
        f'<table><tr>{head}</tr>{"".join(body)}</table></body></html>\n'
    )


def write_reports(
    report: DeviceTestReport,
    *,
    page: Path | None = None,
    junit: Path | None = None,
    document: Path | None = None,
) -> None:
    """Write the report to the files that are given.

    Raises
    ------
    OSError
    """
    for path, text_of in ((page, to_html), (junit, to_junit), (document, to_json)):
        if path is not None:
            path.write_text(text_of(report), encoding='utf-8')


def _plot(report: DeviceTestReport) -> str:
    """Pressures over the whole test, as an image inside the page."""
    if not report.curves:
        return ''
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    start = float(report.curves[0].time[0])
    time = np.concatenate([curve.time for curve in report.curves]) - start
    pressure = np.concatenate([curve.pressure for curve in report.curves]) / MMHG
    axes.plot(time, pressure, linewidth=0.8, label=list(report.chamber_names))
    step = ''
    for curve in report.curves:
        if curve.step != step:
            step = curve.step
            axes.axvline(float(curve.time[0]) - start, color='0.8', linewidth=0.8)
            axes.annotate(
                step,
                (float(curve.time[0]) - start, 1.0),
                xycoords=('data', 'axes fraction'),
                rotation=90,
                va='top',
                fontsize=7,
            )
    axes.set(xlabel='time [s]', ylabel='reading at the port [mmHg]')
    axes.legend(fontsize=6, ncols=2, loc='upper right')
    image = io.BytesIO()
    figure.savefig(image, format='png', dpi=110)
    data = base64.b64encode(image.getvalue()).decode('ascii')
    return f'<img alt="pressures over the test" src="data:image/png;base64,{data}">'
