"""boots campaign: what it refuses, in one line, and that an interruption loses nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compression_boot_control.analysis import campaign as campaigns
from compression_boot_control.analysis import campaign_run, task_farm
from compression_boot_control.analysis.task_farm import Outcome, Progress
from compression_boot_control.cli.main import main

# the first sessions of all compile what they run on
pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Make sessions short, and tasks done in this process; gives the arguments of each."""
    monkeypatch.setattr(campaign_run, 'LONGEST', 1.0)
    monkeypatch.setattr(campaign_run, 'TAIL', 0.5)
    monkeypatch.setattr(campaigns, 'PART', 2)
    done: list[tuple[Any, ...]] = []

    def here(work, tasks, results, crew, on_progress, **_: Any) -> Outcome:  # type: ignore[no-untyped-def]
        there = results.done()
        for key, arguments in tasks.items():
            if key not in there:
                results.write(key, work(*arguments))
                done.append(arguments)
                on_progress(Progress(len(results.done()), 0, len(tasks)))
        return Outcome(len(tasks), len(there), 1, 0.0)

    monkeypatch.setattr(task_farm, 'run_tasks', here)
    return done


def run(*words: str) -> int:
    return main(['campaign', *words])


def test_campaign_leaves_its_results_in_its_folder(
    short: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run('--sessions', '3', '--seed', '7', '--folder', str(tmp_path), '--json') == 0
    summary = json.loads(capsys.readouterr().out)
    counts = [summary[key] for key in ('counted', 'violations', 'undetected', 'false_trips')]
    assert counts == [3, 0, 0, 0]
    names = {path.name for path in tmp_path.iterdir()}
    assert names >= {'run.json', 'sessions.parquet', 'summary.json', 'campaign.png', 'report.html'}


def test_interrupted_campaign_goes_on_and_has_the_same_results(
    short: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ('--sessions', '6', '--faults', '--seed', '7', '--folder')
    with monkeypatch.context() as patch:
        patch.setattr(campaigns, 'judged', interrupted_at(2, campaigns.judged))
        assert run(*words, str(tmp_path / 'cut')) == 1
    assert '2 of 3 parts are kept' in capsys.readouterr().err
    assert len(short) == 2
    run(*words, str(tmp_path / 'cut'))
    assert len(short) == 3
    run(*words, str(tmp_path / 'whole'))
    parts = [pq.read_table(tmp_path / name / 'sessions.parquet') for name in ('cut', 'whole')]
    assert parts[0].equals(parts[1])


def interrupted_at(part: int, judged: Any) -> Any:
    def give_up(outcome: Any, number: int) -> pa.Table:
        if number == part:
            raise KeyboardInterrupt
        return judged(outcome, number)

    return give_up


def test_folder_of_another_campaign_is_refused(
    short: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run('--sessions', '2', '--folder', str(tmp_path)) == 0
    capsys.readouterr()
    assert run('--sessions', '2', '--seed', '9', '--folder', str(tmp_path)) == 1
    error = capsys.readouterr().err
    assert 'holds another run (seed 1 there, 9 here)' in error
    assert error.count('\n') == 1


@pytest.mark.parametrize('sessions', ['0', '-5', '1000001', 'many'])
def test_number_of_sessions_that_cannot_be_is_wrong_use(
    sessions: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run('--sessions', sessions) == 2
    assert capsys.readouterr().err.count('\n') == 1


def test_folder_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'file').write_text('')
    assert run('--sessions', '2', '--folder', str(tmp_path / 'file' / 'below')) == 1
    error = capsys.readouterr().err
    assert str(tmp_path / 'file' / 'below') in error
    assert error.count('\n') == 1


def test_scheduler_that_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(task_farm, 'ANSWER_TIME', 0.5)
    words = ('--sessions', '2', '--scheduler', 'tcp://127.0.0.1:1', '--folder', str(tmp_path))
    assert run(*words) == 1
    assert 'no Dask scheduler answers at tcp://127.0.0.1:1' in capsys.readouterr().err
