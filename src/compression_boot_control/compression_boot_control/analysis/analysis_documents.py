"""An analysis for scripts: a JSON document, and rows for Parquet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compression_boot_control.analysis.bag_analysis import BagFacts
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.findings import Finding, alarm_label
from compression_boot_control.analysis.metric_table import BY_NAME, Scope
from compression_boot_control.analysis.session_analysis import SessionAnalysis

if TYPE_CHECKING:
    import pyarrow as pa

DIGITS = 6
"""Decimals of the figures."""

Row = Mapping[str, Any]

COLUMNS = {
    'bag': 'string',
    'session': 'int32',
    'scope': 'string',
    'subject': 'string',
    'metric': 'string',
    'unit': 'string',
    'part': 'int32',
    'value': 'float64',
    'reason': 'string',
}
"""Columns of the Parquet file. ``part`` is 0 for the session's value, else the cycle from 1, for
nodes and paths the stretch of 10 s; ``value`` is null where ``reason`` says why."""


def analysis_document(facts: BagFacts, sessions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The analysis of a bag as values that JSON knows.

    Parameters
    ----------
    facts : BagFacts
    sessions : sequence of mapping
        From `session_document`.
    """
    return {
        'ok': True,
        'bag': str(facts.path),
        'duration_s': round(facts.duration_s, DIGITS),
        'recovered': facts.recovered,
        'messages': dict(facts.counts),
        'provenance': dict(facts.provenance),
        'notes': list(facts.notes),
        'sessions': list(sessions),
    }


def session_document(session: SessionAnalysis) -> dict[str, Any]:
    """The analysis of a session: value or null, and for each null a reason."""
    data = session.data
    by_scope: dict[Scope, dict[str, dict[str, float | None]]] = {}
    for finding in session.findings:
        own = by_scope.setdefault(BY_NAME[finding.metric].scope, {})
        value = None if finding.value is None else round(finding.value, DIGITS)
        own.setdefault(finding.subject, {})[finding.metric] = value
    return {
        'number': data.number,
        'start': datetime.fromtimestamp(data.origin, UTC).isoformat(timespec='milliseconds'),
        'garment': data.pneumatics.garment if data.pneumatics else None,
        'protocols': list(data.protocols),
        'simulated_clock': data.simulated_clock,
        'metrics': by_scope.get(Scope.SESSION, {}).get('', {}),
        'chambers': _without_nobody(by_scope.get(Scope.CHAMBER, {})),
        'paths': by_scope.get(Scope.PATH, {}),
        'nodes': by_scope.get(Scope.NODE, {}),
        'alarms': [
            {
                'id': alarm.hazard_id,
                'text': alarm.text,
                'priority': alarm.priority,
                'chambers': list(alarm.chamber_names),
                'since_s': round(alarm.since, DIGITS),
                'latched': alarm.latched,
                **by_scope.get(Scope.ALARM, {}).get(alarm_label(number, alarm.hazard_id), {}),
            }
            for number, alarm in enumerate(data.alarms or (), 1)
        ],
        'missing': [
            {'metric': metric, 'subject': ', '.join(subjects), 'reason': reason}
            for (metric, reason), subjects in missing(session.findings).items()
        ],
        'notes': list(data.notes),
    }


def missing(findings: Iterable[Finding]) -> dict[tuple[str, str], list[str]]:
    """What could not be computed: subjects by metric and reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        if finding.value is None:
            found.setdefault((finding.metric, finding.reason), []).append(finding.subject)
    return found


def analysis_rows(bag: str, session: SessionAnalysis) -> list[Row]:
    """Rows of a session: one for each metric and subject, and one for each of its parts."""
    rows: list[Row] = []
    for finding in session.findings:
        metric = BY_NAME[finding.metric]
        common = {
            'bag': bag,
            'session': session.data.number,
            'scope': metric.scope.value,
            'subject': finding.subject,
            'metric': metric.name,
            'unit': metric.unit,
        }
        rows.append({**common, 'part': 0, 'value': finding.value, 'reason': finding.reason})
        rows += [
            {**common, 'part': number, 'value': value, 'reason': ''}
            for number, value in finding.parts
        ]
    return rows


def rows_table(rows: Sequence[Row]) -> pa.Table:
    """Rows as a table of `COLUMNS`."""
    import pyarrow as pa

    schema = pa.schema([(name, getattr(pa, kind)()) for name, kind in COLUMNS.items()])
    return pa.Table.from_pylist(list(rows), schema=schema)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as Parquet, whole or not at all.

    Raises
    ------
    BagError
        The file cannot be written.
    """
    import pyarrow.parquet as pq

    table = rows_table(rows)
    draft = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        pq.write_table(table, draft, compression='zstd')
        draft.replace(path)
    except OSError as error:
        raise BagError.from_os('cannot write', path, error) from error
    finally:
        draft.unlink(missing_ok=True)


def _without_nobody(chambers: Mapping[str, Any]) -> dict[str, Any]:
    """Chambers without the empty name that stands for all of them where there are none."""
    return {name: own for name, own in chambers.items() if name}
