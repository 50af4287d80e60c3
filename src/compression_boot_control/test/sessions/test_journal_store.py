"""The journal: what it keeps, in the face of kill -9, two processes and damaged files."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import sleep

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event

from compression_boot_control import sessions
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.sessions.eligibility import Unlock
from compression_boot_control.sessions.journal_files import export, read_export
from compression_boot_control.sessions.journal_schema import (
    JournalError,
    journal_path,
    open_engine,
    upgrade,
)
from compression_boot_control.sessions.journal_store import (
    Journal,
    NewSession,
    Rating,
    SessionEnd,
)
from compression_boot_control.sessions.journal_tables import Base
from compression_boot_control.sessions.screening import Answers

NEW = NewSession('beginner', 'five_zone', 'both', 0.8, 20.0)
END = SessionEnd(19.5, 15, SessionError.NONE, '', '', {'left_foot': 40.1}, {'left_foot': 300.0})
NOW = 1_800_000_000.0
MIGRATIONS = Path(sessions.__file__).parent / 'migrations'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'data' / 'journal.sqlite'


def filled(path: Path) -> None:
    with Journal(path) as journal:
        journal.add_screening(Answers(NOW, frozenset({'pregnant'}), {'pregnant': NOW + 9.5}))
        journal.add_today(Answers(NOW, frozenset(), {}))
        journal.add_rating(Rating(6, 3, 21.1, note='=1+1 "ä", \n'), NOW + 1)
        journal.end_session(journal.begin_session(NEW, NOW + 2), END, NOW + 1200)
        journal.begin_session(NEW, NOW + 20_000)
        journal.add_unlock(Unlock(NOW + 3, 80.0))


def add_ratings(journal: Journal, count: int, length: int) -> None:
    for place in range(count):
        journal.add_rating(Rating(5, note='x' * length), NOW + 10.0 + place)


def everything(journal: Journal) -> tuple[object, ...]:
    return journal.person(), journal.ratings()


def test_what_was_kept_comes_back(path: Path) -> None:
    filled(path)
    with Journal(path) as journal:
        person = journal.person()
        assert person.screening == Answers(NOW, frozenset({'pregnant'}), {'pregnant': NOW + 9.5})
        assert person.unlock == Unlock(NOW + 3, 80.0)
        assert person.latest == NOW + 20_000
        done, cut_off = person.sessions
        assert (done.minutes, done.pressure_mmhg, done.error) == (19.5, 40.1, SessionError.NONE)
        # nobody knows how long it would have been, so it counts as what was planned
        assert (cut_off.minutes, cut_off.ended_at) == (20.0, NOW + 20_000)
        assert cut_off.error == SessionError.INTERNAL
        assert journal.ratings()[0].rating.soreness == 6


def test_only_its_owner_can_read_it(path: Path) -> None:
    filled(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with Journal(path) as journal:
        journal.add_today(Answers(NOW, frozenset(), {}))
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_the_migrations_make_the_tables_of_the_program(path: Path) -> None:
    engine = open_engine(path, 1.0)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


OLDER = """
    INSERT INTO answers VALUES (1, 1800000000.0, 'screening', '[]', '{}');
    INSERT INTO sessions (id, started_at, protocol, garment, leg, intensity, planned_minutes,
        error_text, symptom, peak_mmhg, dose_mmhg_min) VALUES ('one', 1800000001.0, 'beginner',
        'five_zone', 'both', 0.8, 20.0, '', '', '{}', '{}');
    INSERT INTO ratings (at, soreness, note) VALUES (1800000002.0, 7, 'heavy');
    INSERT INTO unlocks VALUES (1, 1800000003.0, 70.0);
"""
"""A journal as the first version could hold it."""


@pytest.mark.parametrize(
    'version', [one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
)
def test_a_journal_of_any_older_version_is_brought_up_to_date(path: Path, version: str) -> None:
    path.parent.mkdir()
    upgrade(create_engine(f'sqlite:///{path}'), path, version)
    with closing(sqlite3.connect(path)) as older:
        older.executescript(OLDER)
    with Journal(path) as journal:
        person, tables = journal.person(), journal.tables()
        assert person.screening == Answers(NOW, frozenset(), {})
        assert person.unlock == Unlock(NOW + 3, 70.0)
        (session,) = person.sessions
        assert (session.minutes, session.ended_at) == (20.0, NOW + 1 + 1200.0)
        assert journal.ratings()[0].rating.note == 'heavy'
        assert [len(rows) for rows in tables.values()] == [1, 1, 1, 1]
        engine = open_engine(path, 1.0)
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_folder_can_be_chosen(tmp_path: Path) -> None:
    assert journal_path({'COMPRESSION_BOOTS_DATA': '/x'}) == Path('/x/journal.sqlite')
    assert journal_path({'XDG_DATA_HOME': '/y'}) == Path('/y/compression_boots/journal.sqlite')


def test_what_was_exported_at_any_moment_is_not_added_again(path: Path, tmp_path: Path) -> None:
    with Journal(path) as journal:
        for place in range(50):
            at = 1_795_567_309.123456789 + place * 0.012345678901
            journal.add_rating(Rating(6, run_km=21.0975), at)
            journal.add_today(Answers(at, frozenset(), {}))
        for target in (tmp_path / 'export.json', tmp_path / 'export'):
            export(journal.tables(), target)
            assert journal.add_tables(read_export(target)) == 0


@pytest.mark.parametrize('suffix', ['.json', ''])
def test_an_export_is_read_back_as_it_was(path: Path, tmp_path: Path, suffix: str) -> None:
    filled(path)
    target = tmp_path / f'export{suffix}'
    with Journal(path) as journal:
        before = journal.tables()
        for file in export(before, target):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert journal.add_tables(read_export(target)) == 0
    with Journal(tmp_path / 'other' / 'journal.sqlite') as other:
        assert other.add_tables(read_export(target)) == 6
        assert other.tables() == before


@pytest.mark.parametrize(
    ('name', 'text', 'expected'),
    [
        ('a.json', '', 'is not JSON'),
        ('a.json', '[' * 100_000, 'is not JSON'),
        ('a.json', '{}', 'is no export'),
        ('a.json', '{"format": 1, "rating": []}', 'did you mean ratings'),
        ('a.json', '{"format": 1, "ratings": [{"at": "yesterday", "note": ""}]}', 'ratings 1'),
        ('a.json', '{"format": 1, "ratings": [{"at": "2026-01-01T00:00:00"}]}', 'time zone'),
        ('a.json', '{"format": 1, "ratings": [7]}', 'is no row'),
        ('ratings.csv', 'at,soreness\n2026-01-01T00:00:00+00:00,11\n', 'soreness 11 is out of'),
        ('ratings.csv', 'at,mood\n2026-01-01T00:00:00+00:00,11\n', "'mood' is no column"),
        ('ratings.csv', 'at,soreness\n2026-01-01T00:00:00+00:00,many\n', 'ratings 1'),
        ('mood.csv', 'at\n', 'says its table'),
    ],
)
def test_a_wrong_export_is_refused_in_one_line(
    tmp_path: Path, name: str, text: str, expected: str
) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(JournalError, match=expected) as caught:
        read_export(file)
    assert len(str(caught.value).splitlines()) == 1


def test_an_export_that_cannot_be_written_leaves_the_older_one(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(path)
    target = tmp_path / 'export.json'
    target.write_text('older')

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, 'fsync', full)
    with Journal(path) as journal, pytest.raises(JournalError, match='No space left'):
        export(journal.tables(), target)
    assert target.read_text() == 'older'
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ['export.json']


def test_row_tracking_soreness_and_freshness_beside_the_use_of_the_boots(path: Path) -> None:
    with Journal(path) as journal:
        for day in range(28):
            journal.add_rating(Rating(soreness=1 + day % 10, freshness=10), NOW + day * 86_400.0)
        journal.end_session(journal.begin_session(NEW, NOW), END, NOW + 1200.0)
        tables = journal.tables()
    assert [row['soreness'] for row in tables['ratings'][:10]] == list(range(1, 11))
    assert tables['sessions'][0]['dose_mmhg_min'] == {'left_foot': 300.0}


def test_a_session_that_goes_on_is_kept_as_far_as_it_is(path: Path) -> None:
    so_far = replace(END, minutes=7.5, cycles=4, symptom='discomfort')
    with Journal(path) as journal:
        began = journal.begin_session(NEW, NOW)
        journal.keep_progress(began, so_far, NOW + 460.0)
    with Journal(path) as journal:
        (row,) = journal.tables()['sessions']
        assert (row['minutes'], row['cycles'], row['symptom']) == (7.5, 4, 'discomfort')
        assert (row['seen_at'], row['ended_at']) == (NOW + 460.0, None)
        (session,) = journal.person().sessions
        # cut off then, but nobody knows for sure: it counts in full
        assert (session.minutes, session.ended_at) == (20.0, NOW + 460.0)
        assert journal.person().latest == NOW + 460.0
        journal.end_session(began, END, NOW + 1200.0)
        assert journal.person().sessions[0].minutes == 19.5


def test_a_session_that_was_made_longer_counts_as_long_as_it_was(path: Path) -> None:
    with Journal(path) as journal:
        began = journal.begin_session(NEW, NOW)
        journal.keep_progress(began, replace(END, minutes=32.0), NOW + 1920.0)
        assert journal.person().sessions[0].minutes == 32.0


def test_a_full_disk_is_said_and_nothing_is_lost(path: Path) -> None:
    filled(path)
    with Journal(path) as journal:
        before = journal.tables()
        event.listen(
            journal._engine, 'begin', lambda one: one.exec_driver_sql('PRAGMA max_page_count=1')
        )
        with pytest.raises(JournalError, match='the disk is full: make room'):
            add_ratings(journal, 100, 2000)
    with Journal(path) as journal:
        after = journal.tables()
    assert after | {'ratings': []} == before | {'ratings': []}
    assert after['ratings'][:1] == before['ratings']


def test_a_journal_that_must_not_be_written_says_so(path: Path) -> None:
    filled(path)
    with Journal(path) as journal:
        event.listen(
            journal._engine, 'begin', lambda one: one.exec_driver_sql('PRAGMA query_only=ON')
        )
        with pytest.raises(JournalError, match='make it and its folder writable'):
            journal.add_rating(Rating(5), NOW)


def test_a_journal_in_use_says_so_and_is_not_waited_for_long(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute('BEGIN IMMEDIATE')
        with pytest.raises(JournalError, match='in use by another program: try again'):
            Journal(path, 0.05)


@pytest.mark.parametrize('place', [0.0, 0.3, 0.6, 0.9])
def test_a_journal_with_a_torn_page_is_said_to_be_damaged_and_left_as_it_is(
    path: Path, place: float
) -> None:
    filled(path)
    with Journal(path) as journal:
        add_ratings(journal, 40, 1000)
    content = bytearray(path.read_bytes())
    at = int(len(content) * place) // 4096 * 4096
    content[at : at + 4096] = b'\xa5' * 4096
    path.write_bytes(content)
    with pytest.raises(JournalError) as caught, Journal(path) as journal:
        journal.tables()
    assert 'is damaged' in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert path.read_bytes() == bytes(content)


@pytest.mark.parametrize(
    'change',
    [
        "UPDATE answers SET yes = 'garbage'",
        'UPDATE sessions SET error_code = 9999 WHERE ended_at IS NOT NULL',
        "UPDATE sessions SET peak_mmhg = '[1'",
        "UPDATE sessions SET started_at = 'yesterday'",
        'UPDATE ratings SET soreness = 77',
    ],
)
def test_a_value_that_cannot_be_is_said_to_be_damage(path: Path, change: str) -> None:
    filled(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(change)
    with pytest.raises(JournalError, match='is damaged') as caught, Journal(path) as journal:
        everything(journal)
    assert len(str(caught.value).splitlines()) == 1


def test_a_damaged_journal_is_said_to_be(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'this is no database' * 100)
    with pytest.raises(JournalError, match='is damaged'):
        Journal(path)


def test_a_journal_of_a_newer_program_is_not_touched(path: Path) -> None:
    filled(path)
    engine = open_engine(path, 1.0)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(JournalError, match='newer program'):
        Journal(path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    with pytest.raises(JournalError, match='COMPRESSION_BOOTS_DATA'):
        Journal(tmp_path / 'file' / 'journal.sqlite')


WRITER = """
import sys
from pathlib import Path
from compression_boot_control.sessions.journal_store import Journal, Rating
for count in range(int(sys.argv[2])):
    with Journal(Path(sys.argv[1]), 30.0) as journal:
        journal.add_rating(Rating(5), float(count))
    print(count, flush=True)
"""


def writer(path: Path, count: int) -> subprocess.Popen[str]:
    words = [sys.executable, '-c', WRITER, str(path), str(count)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=dict(os.environ))


def test_two_processes_write_at_once(path: Path) -> None:
    writers = [writer(path, 8) for _ in range(2)]
    for process in writers:
        process.communicate(timeout=100)
        assert process.returncode == 0
    with Journal(path) as journal:
        assert len(journal.ratings()) == 16


def test_what_was_acknowledged_survives_kill_9_again_and_again(path: Path) -> None:
    acknowledged = 0
    for delay in (0.0, 0.003, 0.01):
        process = writer(path, 100_000)
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 5:
                break
        # somewhere in the midst of a write
        sleep(delay)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
        process.wait()
        process.stdout.close()
        acknowledged += int(rest[-1] if rest else line) + 1
        with Journal(path) as journal:
            kept = len(journal.ratings())
        assert kept >= acknowledged
        acknowledged = kept
        with closing(sqlite3.connect(path)) as database:
            assert database.execute('PRAGMA integrity_check').fetchall() == [('ok',)]


@pytest.mark.parametrize('values', [{'soreness': 0}, {'effort': 11}, {'sleep_h': float('nan')}])
def test_a_rating_is_in_range(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match='out of range'):
        Rating(**values)  # type: ignore[arg-type]
