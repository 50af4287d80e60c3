"""Analyses a folder of bags: one task a bag, and a summary of them all."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from compression_boot_control.analysis.analysis_documents import (
    Row,
    analysis_rows,
    rows_table,
)
from compression_boot_control.analysis.bag_analysis import AnalysisOptions, analyse_bag
from compression_boot_control.analysis.metric_table import METRICS
from compression_boot_control.analysis.provenance import package_version
from compression_boot_control.analysis.session_analysis import SessionAnalysis

OVER_CHAMBERS: Mapping[str, Callable[[Sequence[float]], float]] = {
    'peak_mmhg': max,
    'overshoot_mmhg': max,
    'steady_rms_mmhg': max,
    'fill_time_s': max,
    'vent_time_s': max,
    'dose_mmhg_min': lambda values: float(np.mean(values)),
    'leak_ml_per_min': max,
    'missed': sum,
    'latency_p99_ms': max,
}
"""How the values of a session's chambers, nodes or paths become one in the summary."""

SUMMARY = (
    'duration_s',
    'cycles',
    'wave_time_s',
    'order_violations',
    'rising_pressure_s',
    'alarms',
    'vented_at_end',
    'protocol_match_percent',
    *OVER_CHAMBERS,
)
"""Metrics of the summary."""

PATH = 'permit'
"""Of the paths through the graph, the one that the summary has."""


def folder_identity(options: AnalysisOptions) -> dict[str, str]:
    """What results must have in common to be kept in one folder."""
    table = repr([(metric.name, metric.equation, metric.window) for metric in METRICS])
    return {
        'command': 'analyze',
        'version': package_version(),
        'metrics': hashlib.sha256(table.encode()).hexdigest()[:12],
        'namespace': options.namespace or '',
        'garment': options.garment,
        'protocol': options.protocol,
    }


def folder_tasks(
    folder: Path, bags: Iterable[Path], options: AnalysisOptions
) -> dict[str, tuple[Any, ...]]:
    """Arguments of `bag_table` by key; a bag that has changed has another key."""
    tasks = {}
    for bag in bags:
        name = str(bag.relative_to(folder))
        files = sorted(bag.rglob('*')) if bag.is_dir() else [bag]
        stats = [(file.name, file.stat()) for file in files if file.is_file()]
        print_of_it = repr([(own, stat.st_size, stat.st_mtime_ns) for own, stat in stats])
        digest = hashlib.sha256(f'{name}{print_of_it}'.encode()).hexdigest()[:10]
        slug = re.sub(r'[^A-Za-z0-9_.-]+', '-', name)[-80:]
        tasks[f'{slug}-{digest}'] = (
            str(bag.resolve()),
            name,
            options.namespace,
            options.garment,
            options.protocol,
        )
    return tasks


def bag_table(path: str, name: str, namespace: str | None, garment: str, protocol: str) -> pa.Table:
    """Rows of one bag; the work of a task.

    Raises
    ------
    BagError
        The bag cannot be read.
    """
    rows: list[Row] = []

    def take(session: SessionAnalysis) -> None:
        rows.extend(analysis_rows(name, session))

    facts = analyse_bag(path, AnalysisOptions(namespace, garment, protocol), take)
    table = rows_table(rows)
    facts_of_it = {'bag_seconds': repr(facts.duration_s), 'notes': '\n'.join(facts.notes)}
    return table.replace_schema_metadata(facts_of_it)


@dataclass(frozen=True)
class SummaryRow:
    """One session of a folder.

    Attributes
    ----------
    bag : str
    session : int
    values : mapping of str to float or None
        By metric of `SUMMARY`.
    """

    bag: str
    session: int
    values: Mapping[str, float | None]


def summary_rows(table: pa.Table) -> list[SummaryRow]:
    """One row for each session in a table of many."""
    import pyarrow.compute as pc

    wanted = pc.and_(
        pc.equal(table['part'], 0), pc.is_in(table['metric'], value_set=pa.array(SUMMARY))
    )
    found: dict[tuple[str, int], dict[str, list[float]]] = {}
    chosen = table.filter(wanted).select(['bag', 'session', 'metric', 'subject', 'value'])
    for bag, session, metric, subject, value in zip(
        *(chosen[name].to_pylist() for name in chosen.column_names), strict=True
    ):
        own = found.setdefault((bag, session), {})
        if value is None or (metric == 'latency_p99_ms' and subject != PATH):
            continue
        own.setdefault(metric, []).append(value)
    return [
        SummaryRow(
            bag,
            session,
            {
                metric: OVER_CHAMBERS.get(metric, max)(values) if values else None
                for metric in SUMMARY
                for values in [own.get(metric, [])]
            },
        )
        for (bag, session), own in found.items()
    ]


def summary_document(rows: Sequence[SummaryRow]) -> dict[str, Any]:
    """Median and range of each metric over all sessions."""
    found = {}
    for metric in SUMMARY:
        values = [v for row in rows if (v := row.values[metric]) is not None and math.isfinite(v)]
        found[metric] = {
            'sessions': len(values),
            'median': float(np.median(values)) if values else None,
            'lowest': min(values, default=None),
            'highest': max(values, default=None),
        }
    return found
