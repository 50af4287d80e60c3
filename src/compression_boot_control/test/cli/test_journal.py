"""The `boots journal` commands, as a runner uses them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compression_boot_control.cli.main import main
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.sessions.journal_schema import DATA_VARIABLE
from compression_boot_control.sessions.journal_store import Journal, NewSession, Rating, SessionEnd

NEW = NewSession('beginner', 'five_zone', 'both', 0.8, 20.0)
END = SessionEnd(20.0, 15, SessionError.NONE, '', '', {'left_foot': 40.0}, {'left_foot': 300.0})


@dataclass(frozen=True)
class Result:
    exit_code: int
    output: str
    errors: list[str]

    @property
    def json(self) -> Any:
        return json.loads(self.output)


Boots = Callable[..., Result]


@pytest.fixture
def boots(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Boots:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / 'data'))
    monkeypatch.setenv('COLUMNS', '160')

    def run(*words: str) -> Result:
        exit_code = main(['journal', *words])
        printed = capsys.readouterr()
        return Result(exit_code, printed.out, printed.err.splitlines())

    return run


def test_who_has_answered_all_questions_may_begin(boots: Boots) -> None:
    assert boots('screening', '--no-to-all').exit_code == 0
    assert not boots('list', '--json').json['may_begin']
    today = boots('today', '--no-to-all')
    assert today.output.strip() == 'a session may begin; a first session goes up to 40 mmHg'
    assert boots('list', '--json').json['may_begin']


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        (('--answer', 'clot'), 'QUESTION=yes'),
        (('--no-to-all', '--answer', 'clot=maybe'), "'maybe' is no answer; allowed: yes or no"),
        (('--no-to-all', '--answer', 'clots=no'), 'did you mean clot?'),
        (('--answer', 'clot=no'), 'answer every question'),
        (('--no-to-all', '--cleared', 'pregnant=soon'), 'allowed: YYYY-MM-DD'),
        (('--no-to-all', '--cleared', 'pregnant=2001-01-01'), 'must end after today'),
        (('--no-to-all', '--cleared', 'clot=2099-01-01'), 'nothing that a doctor could clear'),
        ((), 'nobody is there to ask'),
    ],
)
def test_nonsense_is_no_screening(boots: Boots, words: tuple[str, ...], expected: str) -> None:
    result = boots('screening', *words)
    assert result.exit_code == 2
    (line,) = result.errors
    assert expected in line
    assert not boots('list', '--json').json['may_begin']


def test_a_yes_forbids_a_session_and_a_clearance_allows_it_while_it_lasts(
    boots: Boots, monkeypatch: pytest.MonkeyPatch
) -> None:
    pregnant = ('screening', '--no-to-all', '--answer', 'pregnant=yes')
    result = boots(*pregnant)
    assert result.exit_code == 1
    assert "a doctor's clearance is needed" in result.errors[0]
    end = time.strftime('%Y-%m-%d', time.gmtime(time.time() + 30 * 86_400.0))
    assert boots(*pregnant, '--cleared', f'pregnant={end}').exit_code == 0
    assert boots('today', '--no-to-all', '--json').json['may_begin']
    now = time.time() + 40 * 86_400.0
    monkeypatch.setattr(time, 'time', lambda: now)
    (reason,) = boots('today', '--no-to-all', '--json').json['reasons']
    assert "a doctor's clearance has run out" in reason


def test_what_is_felt_today_forbids_a_session_today(boots: Boots) -> None:
    boots('screening', '--no-to-all')
    result = boots('today', '--no-to-all', '--answer', 'swelling_now=yes')
    assert result.exit_code == 1
    assert 'see a doctor at once' in result.errors[0]


def test_a_clock_that_was_set_back_by_a_day_is_noticed(
    boots: Boots, monkeypatch: pytest.MonkeyPatch
) -> None:
    boots('screening', '--no-to-all')
    now = time.time() - 86_400.0
    monkeypatch.setattr(time, 'time', lambda: now)
    (reason,) = boots('today', '--no-to-all', '--json').json['reasons']
    assert 'the clock is 24 h 0 min before the newest entry' in reason


def test_sessions_are_listed_with_those_under_way_and_cut_off(boots: Boots) -> None:
    now = time.time()
    with Journal() as journal:
        journal.end_session(journal.begin_session(NEW, now - 90_000.0), END, now - 88_800.0)
        journal.begin_session(NEW, now - 50_000.0)
        going = journal.begin_session(NEW, now - 300.0)
        journal.keep_progress(going, END, now - 5.0)
    output = boots('list').output
    assert output.index('as planned') < output.index('cut off') < output.index('under way')


def test_a_recommendation_takes_the_usual_week_from_the_journal(boots: Boots) -> None:
    missing = boots('recommend')
    assert missing.exit_code == 2
    assert 'boots journal add --run-km' in missing.errors[0]
    with Journal() as journal:
        journal.end_session(journal.begin_session(NEW, time.time() - 90_000.0), END, time.time())
        for week in range(4):
            journal.add_rating(Rating(run_km=30.0), time.time() - week * 6 * 86_400.0)
    result = boots('recommend', '--run', 'long', '--run-km', '25').output
    assert '30 km a week are less than 40 km' in result
    assert 'boots run beginner --intensity 80' in result


def test_an_export_comes_back_by_command(
    boots: Boots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert boots('add', '--soreness', '6', '--freshness', '4').output.strip() == 'added'
    for name in ('all.json', 'folder'):
        assert boots('export', str(tmp_path / name)).exit_code == 0
        assert boots('import', str(tmp_path / name)).output.strip() == '0 entries added'
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / 'other'))
    assert boots('import', str(tmp_path / 'all.json')).output.strip() == '1 entries added'


def test_an_unlock_needs_a_word_and_ten_sessions(boots: Boots) -> None:
    assert boots('unlock', '80').exit_code == 2
    refused = boots('unlock', '80', '--yes')
    assert refused.exit_code == 1
    assert '0 of 10 sessions done' in refused.errors[0]


def test_nothing_to_add_and_a_rating_out_of_range_are_wrong_use(boots: Boots) -> None:
    assert boots('add').exit_code == 2
    assert boots('add', '--soreness', '11').exit_code == 2
    assert boots('add', '--sleep-h', 'nan').exit_code == 2


def test_a_damaged_journal_is_one_line(boots: Boots, tmp_path: Path) -> None:
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data' / 'journal.sqlite').write_bytes(b'garbage' * 999)
    for words in (('list',), ('add', '--soreness', '3'), ('recommend', '--weekly-km', '20')):
        result = boots(*words)
        assert result.exit_code == 1
        (line,) = result.errors
        assert 'is damaged' in line
