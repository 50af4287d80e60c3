"""Writes docs/analysis.md from the table of metrics.

    python tools/docs/analysis.py [--check]

With --check nothing is written: it fails when the page is old.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from compression_boot_control.analysis import comparison, leak, session_split
from compression_boot_control.analysis.analysis_documents import COLUMNS
from compression_boot_control.analysis.metric_table import METRICS, NODES, PATHS, Metric, Scope

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs' / 'analysis.md'
PACKAGE = 'compression_boot_control.analysis'

INTRODUCTION = """# Analysis

This page is made by `tools/docs/analysis.py` from the table in `analysis/metric_table.py`. Do not
edit it.

    boots analyze BAG                                   tables
    boots analyze BAG --html report.html                one page with interactive figures, offline
    boots analyze BAG --json                            for scripts
    boots analyze BAG --parquet figures.parquet         every figure, those of single cycles too
    boots analyze DIR --output results                  a folder of bags, on all cores or a cluster
    boots compare REFERENCE BAG [BAG...]                what differs, with intervals; for CI

[A tutorial](analysis_tutorial.md) does this step by step in Python.

![Part of a report](figures/analysis_report.png)

The picture is made by `python tools/docs/analysis_picture.py`.

## What is read

Bags of the recorder and of `ros2 bag record`: MCAP and SQLite, plain, in compressed chunks, and
compressed by file or by message with zstd; folders and single files; cut and damaged bags as far as
they are whole. Bags that carry no message definitions (before ROS 2 Iron) need a shell in which the
messages are sourced. A bag is read from its start to its end in pieces, one session at a time, so
that memory does not grow with the bag.

A session is the stretch in which `session/state` says running, paused or ending. Without that topic
it lasts while set-points ask for pressure, vents of up to {rest:.0f} s included. A session longer
than {longest:.0f} min is cut into parts. A bag with neither topic counts as one stretch.

Every figure has a value or a reason. What is missing, does not fit its definition, or was not
measured is told and left out: no value is guessed, and none is 0 for want of data. Messages whose
stamp does not increase, after a clock that jumped back, are left out and counted.

In a bag of simulated time (`boots demo`, `boots up --speed`) the clock stands still between
messages. Latency and jitter cannot be told from it, and are not.

## Metrics

p is the estimated pressure in the chamber, r its target, u an opening or a drive, n a sequence
number, t a time by the messages' stamps. A chamber *is to be under pressure* while its set-point is
no vent. A *plateau* lasts from 1 s after |p - r| first was 1 mmHg or less until the target changes.
*Tolerance* is the difference that matters to nobody, in `boots compare` [P].
"""

LIMITS = """## What the limits by the pump leave out

The limit of a fill counts the air of the chambers that begin together, by the volumes in the
layout, and the pump's straight curve from free flow to shut-off. What the rail has in store when
they begin is taken off; its volume comes from the garment file. Valves, hoses, slack that is not
yet full, and heat make a real fill slower, so the first cycle of a session takes far longer than
its limit. Volumes are what the garment file believes: on another leg they differ by up to 20 %.

## The apparent leak

A chamber is judged while both valves are shut, {calm:.0f} s after it first came to its target and
{settled:g} s after the valves closed, in stretches of {shortest:.0f} s or longer. The limb still
creeps then, and air cools: on simulated boots without any leak some ml/min remain. A drift from
session to session says more than the value.
"""

COMPARISON = """## How bags are compared

{method}

`boots compare` fails (exit code 1) if a figure differs; figures that are unclear or missing do not
fail it. Wrong use, and a bag that cannot be read, give exit code 2. `--tolerance 0.5` halves all
tolerances, `--session 2` takes the second session of each bag. Reaction times of alarms are not
compared, their number is. Neighbouring stretches of 10 s are not independent where a machine is
busy by turns; the tolerances of latency and jitter are wide for that.

## Files

JSON has `sessions`, each with `metrics`, `chambers`, `paths`, `nodes`, `alarms`, and `missing` with
the reasons. A figure that could not be computed is `null`.

Parquet has one row for each figure, and one for each cycle of it:

{columns}

`part` is 0 for the figure of the session, else the cycle from 1; of nodes and paths, the stretch of
10 s. `value` is null where `reason` says why.

A folder of bags leaves `figures.parquet` with the rows of all bags, `summary.json`, and
`report.html`. `parts/` holds the rows of each bag: a run that was killed goes on with what is
missing. A bag that has changed is analysed anew. `failed/` has a line for each bag that could not
be read; it is tried again by the next run.

## Cost

`python tools/bench_analysis.py` measures time, memory and size on a session of 30 minutes; figures
are in [performance.md](performance.md).
"""

HEADINGS = {
    Scope.SESSION: 'Of the session',
    Scope.CHAMBER: 'Of each chamber',
    Scope.PATH: 'Of each path through the graph of nodes',
    Scope.NODE: 'Of each node',
    Scope.ALARM: 'Of each alarm',
}


def metric_lines(metric: Metric) -> list[str]:
    """Entry of a metric."""
    module, _, name = metric.function.rpartition('.')
    getattr(import_module(f'{PACKAGE}.{module}'), name)  # a name that is not there fails here
    unit = f' [{metric.unit}]' if metric.unit else ''
    parts = [f'{metric.tolerance:g}{" " + metric.unit if metric.unit else ""}']
    if metric.relative:
        parts.append(f'{100 * metric.relative:g} % of the reference')
    tolerance = '' if metric.scope == Scope.ALARM else f' Tolerance: {" or ".join(parts)}.'
    return [
        f'**`{metric.name}`** {metric.title}{unit}: `{metric.equation}`',
        '',
        f'{metric.meaning} Window: {metric.window}. By `{metric.function}`.{tolerance}',
        '',
    ]


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Markdown table."""
    names = list(head)
    lines = [f'| {" | ".join(names)} |', '|' + '---|' * len(names)]
    return [*lines, *(f'| {" | ".join(row)} |' for row in rows), '']


def page() -> str:
    """Text of the page."""
    lines = [
        INTRODUCTION.format(rest=session_split.LONGEST_REST, longest=session_split.LONGEST / 60.0)
    ]
    for scope, heading in HEADINGS.items():
        lines += [f'### {heading}', '']
        if scope == Scope.PATH:
            lines += table(('path', 'from and to'), PATHS.items())
        if scope == Scope.NODE:
            rows = ((node, f'`{topic}`', clock) for node, (topic, clock) in NODES.items())
            lines += table(('node', 'topic', 'clock'), rows)
        for metric in METRICS:
            if metric.scope == scope:
                lines += metric_lines(metric)
    lines.append(LIMITS.format(calm=leak.CALM, settled=leak.SETTLED, shortest=leak.SHORTEST))
    method = (comparison.__doc__ or '').partition('\n\n')[2].strip()
    columns = '\n'.join(table(('column', 'type'), COLUMNS.items())).rstrip()
    lines.append(COMPARISON.format(method=method, columns=columns))
    return '\n'.join(lines)


def main() -> int:
    """Write the page, or check it."""
    if '--check' not in sys.argv[1:]:
        PAGE.write_text(page(), encoding='utf-8')
        print(f'wrote {PAGE.relative_to(ROOT)}')
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding='utf-8') != page():
        print('docs/analysis.md is old: run python tools/docs/analysis.py', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
