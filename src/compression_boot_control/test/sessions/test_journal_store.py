"""The journal: what it keeps, in the face of kill -9, two processes and damaged files."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.sessions.eligibility import Unlock
from compression_boot_control.sessions.journal_files import export, read_export
from compression_boot_control.sessions.journal_schema import (
    JournalError,
    journal_path,
    open_engine,
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


def test_what_was_kept_comes_back(path: Path) -> None:
    filled(path)
    with Journal(path) as journal:
        person = journal.person()
        assert person.screening == Answers(NOW, frozenset({'pregnant'}), {'pregnant': NOW + 9.5})
        assert person.unlock == Unlock(NOW + 3, 80.0)
        assert person.latest == NOW + 20_000
        done, cut_off = person.sessions
        assert (done.minutes, done.pressure_mmhg, done.error) == (19.5, 40.1, SessionError.NONE)
        # nobody knows how long it was, so it counts as what was planned
        assert (cut_off.minutes, cut_off.ended_at) == (20.0, NOW + 21_200)
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


def test_the_folder_can_be_chosen(tmp_path: Path) -> None:
    assert journal_path({'COMPRESSION_BOOTS_DATA': '/x'}) == Path('/x/journal.sqlite')
    assert journal_path({'XDG_DATA_HOME': '/y'}) == Path('/y/compression_boots/journal.sqlite')


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


def test_what_was_acknowledged_survives_kill_9(path: Path) -> None:
    process = writer(path, 100_000)
    assert process.stdout is not None
    last = 0
    for line in process.stdout:
        last = int(line)
        if last >= 5:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with Journal(path) as journal:
        assert len(journal.ratings()) >= last + 1


@pytest.mark.parametrize('values', [{'soreness': 0}, {'effort': 11}, {'sleep_h': float('nan')}])
def test_a_rating_is_in_range(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match='out of range'):
        Rating(**values)  # type: ignore[arg-type]
