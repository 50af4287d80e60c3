"""Opens the database of a journal, privately, and brings its tables up to date."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError

DATA_VARIABLE = 'COMPRESSION_BOOTS_DATA'
"""Environment variable that names the folder to use instead."""

FILE = 'journal.sqlite'
VERSION = '0002'
"""Newest version of the tables."""


class Durability(StrEnum):
    """What of the last entries outlives a power cut; kill -9 loses none in any case."""

    FULL = 'FULL'
    """All: each entry waits for the disk."""

    NORMAL = 'NORMAL'
    """The last ones may be lost: no entry waits for the disk."""


class JournalError(Exception):
    """The journal cannot be used; one line with cause and cure."""


def data_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Folder of the journal; it need not exist."""
    if chosen := environment.get(DATA_VARIABLE):
        return Path(chosen).expanduser()
    base = environment.get('XDG_DATA_HOME') or str(Path.home() / '.local' / 'share')
    return Path(base) / 'compression_boots'


def journal_path(environment: Mapping[str, str] = os.environ) -> Path:
    """File of the journal; it need not exist."""
    return data_directory(environment) / FILE


def open_engine(path: Path, patience: float, durability: Durability = Durability.FULL) -> Engine:
    """Make or open the database, readable by its owner only, with its tables up to date.

    Parameters
    ----------
    path : Path
    patience : float
        Longest wait for another process that writes [s].
    durability : Durability

    Raises
    ------
    JournalError
        It cannot be opened, is damaged, or is newer than this program.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its -wal and -shm files the mode of the database
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise JournalError(
            f'{path} cannot be opened: {error.strerror}; set {DATA_VARIABLE} to another folder'
        ) from error
    engine = create_engine(f'sqlite:///{path}', connect_args={'timeout': patience})
    event.listen(engine, 'connect', lambda connection, _: _prepare(connection, durability))
    event.listen(engine, 'begin', _begin)
    try:
        if _version(engine) != VERSION:
            with _alone(path):
                upgrade(engine, path)
    except DatabaseError as error:
        engine.dispose()
        raise unusable(path, error) from error
    except JournalError:
        engine.dispose()
        raise
    return engine


def unusable(path: Path, error: DatabaseError) -> JournalError:
    """Say what is wrong with a database, and what helps."""
    cause = str(error.orig or error).splitlines()[0]
    # extended codes have the primary one in their lowest byte
    code = getattr(error.orig, 'sqlite_errorcode', sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path, cause)
    says, cure = {
        sqlite3.SQLITE_BUSY: ('is in use by another program', 'try again'),
        sqlite3.SQLITE_LOCKED: ('is in use by another program', 'try again'),
        sqlite3.SQLITE_FULL: ('cannot be written, the disk is full', 'make room'),
        sqlite3.SQLITE_READONLY: ('cannot be written', 'make it and its folder writable'),
        sqlite3.SQLITE_CANTOPEN: ('cannot be opened', 'make it and its folder writable'),
        sqlite3.SQLITE_IOERR: (f'cannot be read or written ({cause})', 'look at its disk'),
    }.get(code, (f'cannot be used ({cause})', f'set {DATA_VARIABLE} to another folder'))
    return JournalError(f'{path} {says}: {cure}')


def damaged(path: Path, cause: object) -> JournalError:
    """Say that what a journal holds cannot be; it is left as it is."""
    return JournalError(
        f'{path} is damaged ({cause}): move it away, then boots journal import an export of it'
    )


def _prepare(connection: Any, durability: Durability) -> None:
    """Survive kill -9 and power cuts, and let others read while one writes."""
    # the driver would begin transactions late, and not before DDL
    connection.isolation_level = None
    connection.execute('PRAGMA journal_mode=WAL')
    connection.execute(f'PRAGMA synchronous={durability}')
    connection.execute('PRAGMA foreign_keys=ON')


def _begin(connection: Any) -> None:
    # a reader that becomes a writer halfway could be refused
    connection.exec_driver_sql('BEGIN IMMEDIATE')


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table('alembic_version'):
            return None
        version: str | None = connection.execute(
            text('SELECT version_num FROM alembic_version')
        ).scalar()
        return version


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep two processes from bringing one journal up to date at the same time."""
    handle = os.open(path.with_suffix('.lock'), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def upgrade(engine: Engine, path: Path, version: str = 'head') -> None:
    """Bring the tables to a version; all of it is done, or nothing.

    Raises
    ------
    JournalError
        They are of a version that this program does not know.
    """
    # alembic takes a third of a second to import, and is needed once
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option('script_location', str(Path(__file__).parent / 'migrations'))
    try:
        with engine.begin() as connection:
            config.attributes['connection'] = connection
            command.upgrade(config, version)
    except CommandError as error:
        raise JournalError(f'{path} is of a newer program: update this one') from error
