"""Writes a journal to JSON or CSV files, and reads them back."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Float, Integer

from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.file_validation import near_name, shown
from compression_boot_control.sessions.journal_schema import JournalError
from compression_boot_control.sessions.journal_store import (
    SCREENING_KIND,
    TODAY_KIND,
    Rating,
)
from compression_boot_control.sessions.journal_tables import TABLES
from compression_boot_control.sessions.limits import SESSION_TIME
from compression_boot_control.sessions.screening import QUESTIONS

FORMAT = 1
SIZE_LIMIT = 50_000_000
"""Longest file that is read [bytes]."""

Tables = Mapping[str, Sequence[Mapping[str, Any]]]

COLUMNS = {table.__tablename__: list(table.__table__.columns) for table in TABLES}
TIMES = ('at', 'started_at', 'ended_at', 'seen_at')


def to_json(tables: Tables) -> str:
    """All tables as one JSON document; times as ISO 8601, UTC."""
    return json.dumps(
        {
            'format': FORMAT,
            **{name: [_shown(row) for row in rows] for name, rows in tables.items()},
        },
        indent=2,
        ensure_ascii=False,
    )


def to_csv(rows: Sequence[Mapping[str, Any]], table: str) -> str:
    """One table as CSV, with a line of headings."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [column.name for column in COLUMNS[table]])
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                key: json.dumps(value) if isinstance(value, dict | list) else _harmless(value)
                for key, value in _shown(row).items()
            }
        )
    return text.getvalue()


def export(tables: Tables, path: Path) -> tuple[Path, ...]:
    """Write a .json file, or a folder with one CSV file for each table; what was written."""
    if path.suffix == '.json':
        _write(path, to_json(tables))
        return (path,)
    if path.suffix:
        raise JournalError(f'{path}: unknown kind of file; allowed: NAME.json, or a folder for CSV')
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(f'{path}: {error.strerror}; choose another folder') from error
    written = []
    for name, rows in tables.items():
        written.append(path / f'{name}.csv')
        _write(written[-1], to_csv(rows, name))
    return tuple(written)


def read_export(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Read what `export` wrote: a .json file, a .csv file, or a folder of them.

    Raises
    ------
    JournalError
        It cannot be read, or something in it is wrong.
    """
    if path.is_dir():
        files = [path / f'{name}.csv' for name in COLUMNS if (path / f'{name}.csv').is_file()]
        if not files:
            raise JournalError(f'{path} has none of {", ".join(COLUMNS)} as .csv')
        return {one.stem: _read_csv(one) for one in files}
    if path.suffix == '.csv':
        if path.stem not in COLUMNS:
            raise JournalError(
                f'{path}: the name of the file says its table; allowed: {", ".join(COLUMNS)}'
            )
        return {path.stem: _read_csv(path)}
    return _read_json(path)


def _read_json(path: Path) -> dict[str, list[dict[str, Any]]]:
    try:
        document = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise JournalError(f'{path} is not JSON: {" ".join(str(error).split())}') from error
    if not isinstance(document, dict) or document.get('format') != FORMAT:
        raise JournalError(f'{path} is no export of a journal, format {FORMAT}')
    found = {}
    for name, rows in document.items():
        if name == 'format':
            continue
        if name not in COLUMNS or not isinstance(rows, list):
            raise JournalError(f'{path}: {shown(name)} is no table{near_name(name, COLUMNS)}')
        found[name] = [_row(path, name, number, row) for number, row in enumerate(rows, 1)]
    return found


def _read_csv(path: Path) -> list[dict[str, Any]]:
    try:
        rows = list(csv.DictReader(io.StringIO(_read(path)), strict=True))
    except csv.Error as error:
        raise JournalError(f'{path} is not CSV: {error}') from error
    return [_row(path, path.stem, number, row) for number, row in enumerate(rows, 1)]


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise JournalError(f'{path} is longer than {SIZE_LIMIT} bytes: this is no journal')
        return path.read_text(encoding='utf-8-sig')
    except OSError as error:
        raise JournalError(f'{path}: {error.strerror}; check the name') from error
    except UnicodeDecodeError as error:
        raise JournalError(f'{path} is not text in UTF-8') from error


def _write(path: Path, text: str) -> None:
    part = path.with_name(f'.{path.name}.part')
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, 'w', encoding='utf-8', newline='') as file:
            file.write(text)
            file.flush()
            os.fsync(handle)
        # an older export is there until the new one is whole
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise JournalError(f'{path}: {error.strerror}; choose another name') from error


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: datetime.fromtimestamp(value, UTC).isoformat()
        if key in TIMES and value is not None
        else value
        for key, value in row.items()
    }


def _harmless(value: Any) -> Any:
    """Keep a spreadsheet from running a note as a formula."""
    if isinstance(value, str) and value[:1] in ('=', '+', '-', '@', '\t'):
        return f"'{value}"
    return value


def _row(path: Path, table: str, number: int, row: Any) -> dict[str, Any]:
    where = f'{path}, {table} {number}'
    if not isinstance(row, dict):
        raise JournalError(f'{where}: is no row')
    columns = {column.name: column for column in COLUMNS[table]}
    for name in row:
        if name not in columns:
            raise JournalError(
                f'{where}: {shown(name)} is no column{near_name(str(name), columns)}'
            )
    try:
        values = {name: _value(column, row.get(name)) for name, column in columns.items()}
        _check(table, values)
    except (ValueError, TypeError, OverflowError) as error:
        raise JournalError(f'{where}: {error}') from error
    return values


def _check(table: str, values: Mapping[str, Any]) -> None:
    """Refuse values that a journal of one's own could not have."""
    if table == 'ratings':
        Rating(**{name: values[name] for name in Rating.__dataclass_fields__})
    elif table == 'sessions':
        SessionError(values['error_code'] or 0)
        if not values['id'] or not 0.0 <= values['planned_minutes'] <= SESSION_TIME.high:
            raise ValueError(f'planned_minutes or id is wrong; allowed: {SESSION_TIME}')
    elif table == 'answers':
        unknown = {*values['yes'], *values['cleared_until']} - {one.key for one in QUESTIONS}
        if unknown or values['kind'] not in (SCREENING_KIND, TODAY_KIND):
            raise ValueError('answers to questions that are not known')


def _value(column: Any, value: Any) -> Any:
    if value in (None, ''):
        if column.nullable or column.name == 'id':
            return None
        if isinstance(column.type, JSON | Float | Integer) or column.name in ('protocol', 'kind'):
            raise ValueError(f'{column.name} is missing')
        return ''
    if column.name in TIMES:
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            raise ValueError(f'{column.name}: {shown(value)} has no time zone; add +00:00')
        return moment.timestamp()
    if isinstance(column.type, JSON):
        parsed = json.loads(value) if isinstance(value, str) else value
        wanted = list if column.name == 'yes' else dict
        if not isinstance(parsed, wanted):
            raise ValueError(f'{column.name}: {shown(value)} is not a {wanted.__name__}')
        return parsed
    if isinstance(column.type, Integer):
        return int(value)
    if isinstance(column.type, Float):
        number = float(value)
        if not math.isfinite(number):
            raise ValueError(f'{column.name}: {shown(value)} is not a number')
        return number
    text = str(value)
    return text[1:] if text[:1] == "'" and text[1:2] in ('=', '+', '-', '@', '\t') else text
