"""The `boots protocols` commands."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from compression_boot_control.cli.main import main
from compression_boot_control.cli.protocol_plot import one_cycle, plot_protocol, predict
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol


@dataclass(frozen=True)
class Result:
    exit_code: int
    stdout: str
    stderr: str


Boots = Callable[..., Result]


@pytest.fixture
def boots(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Boots:
    monkeypatch.setenv('COLUMNS', '200')

    def run(*arguments: str) -> Result:
        exit_code = main(['protocols', *arguments])
        printed = capsys.readouterr()
        return Result(exit_code, printed.out, printed.err)

    return run


def test_list_names_every_protocol(boots: Boots) -> None:
    result = boots('list')
    assert result.exit_code == 0
    for name in ('beginner', 'intermediate', 'advanced', 'pre_run', 'demonstration'):
        assert name in result.stdout
    listed = json.loads(boots('list', '--json').stdout)
    assert {'name', 'title', 'session_min', 'path', 'problems'} <= set(listed[0])


def test_list_shows_a_broken_own_protocol_as_such(
    boots: Boots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('XDG_CONFIG_HOME', str(tmp_path))
    directory = tmp_path / 'compression_boots/protocols'
    directory.mkdir(parents=True)
    (directory / 'broken.yaml').write_text('a: [bold]')
    result = boots('list')
    assert result.exit_code == 0
    assert 'broken' in result.stdout


def test_show_says_for_whom_and_what_is_known(boots: Boots) -> None:
    result = boots('show', 'beginner')
    assert result.exit_code == 0
    for text in ('Runners with less than 25 miles', 'soreness', 'not established', '37.5'):
        assert text in result.stdout
    assert 'not a medical device' in result.stdout


def test_show_as_json_has_pressures_and_the_estimate(boots: Boots) -> None:
    result = boots('show', 'beginner', '--json', '--intensity', '80')
    document = json.loads(result.stdout)
    assert document['pressures_mmhg']['main']['foot'] == 32
    assert document['estimate']['cycles'] > 5
    assert document['garment'] == 'five_zone'


def test_show_tells_the_warm_up_from_the_time_of_the_session(boots: Boots) -> None:
    estimate = json.loads(boots('show', 'beginner', '--json').stdout)['estimate']
    assert estimate['warm_up_min'] > 1.0
    assert estimate['session_min'] == pytest.approx(20.0, abs=0.2)
    shown = ' '.join(boots('show', 'beginner').stdout.split())
    assert f'in 20 min after a warm-up of about {estimate["warm_up_min"]:.1f} min' in shown


def test_show_of_a_protocol_without_a_warm_up_tells_of_none(boots: Boots) -> None:
    assert 'after a warm-up' not in ' '.join(boots('show', 'demonstration').stdout.split())


def test_check_accepts_a_right_file_and_gives_advice(boots: Boots, tmp_path: Path) -> None:
    path = tmp_path / 'x.yaml'
    path.write_text('format: 1\nname: x\nextends: beginner\nphases: [{name: main, dwell_s: 5}]\n')
    result = boots('check', str(path))
    assert result.exit_code == 0
    assert 'advice: phase main: a dwell of 5 s is short' in result.stdout
    document = json.loads(boots('check', str(path), '--json').stdout)
    assert document['ok'] is True
    assert len(document['advice']) == 1


def test_check_names_each_error_on_its_line(boots: Boots, tmp_path: Path) -> None:
    path = tmp_path / 'x.yaml'
    path.write_text('format: 1\nname: x\nextends: beginner\nphases: [{name: main, dwell_s: 0}]\n')
    result = boots('check', str(path))
    assert result.exit_code == 1
    assert result.stderr == (
        f'error: {path}:4:phases[main].dwell_s: 0 is out of range; allowed: 1 to 150 s\n'
    )
    document = json.loads(boots('check', str(path), '--json').stdout)
    assert document['ok'] is False
    assert len(document['errors']) == 1


@pytest.mark.parametrize(
    'arguments',
    [
        ['show', 'beginer'],
        ['check', 'none.yaml'],
        ['show'],
        ['x'],
        ['show', 'beginner', '--garment', 'none'],
    ],
)
def test_wrong_use_has_exit_code_2(boots: Boots, arguments: list[str]) -> None:
    assert boots(*arguments).exit_code == 2


def test_a_protocol_that_the_garment_cannot_run_fails(boots: Boots) -> None:
    result = boots('show', 'beginner', '--intensity', '500')
    assert result.exit_code == 1
    assert 'intensity 5 is out of range' in result.stderr
    assert 'Traceback' not in result.stderr


def test_plot_writes_a_picture(boots: Boots, tmp_path: Path) -> None:
    path = tmp_path / 'a.png'
    result = boots('plot', 'advanced', '--output', str(path))
    assert result.exit_code == 0
    assert path.read_bytes().startswith(b'\x89PNG')
    result = boots('plot', 'advanced', '--output', str(tmp_path / 'none/a.png'))
    assert result.exit_code == 1
    assert 'choose another --output' in result.stderr


@pytest.mark.parametrize(('leg', 'lanes'), [('left', 5), ('both', 5)])
def test_set_points_and_predicted_pressures_are_drawn_for_each_zone(leg: str, lanes: int) -> None:
    garment = load_garment('five_zone')
    plan = compile_protocol(load_protocol('demonstration'), garment, leg=leg)
    predicted = predict(plan, garment)
    figure = plot_protocol('Demonstration', plan, garment, predicted)
    over_cycle, *over_session = figure.axes
    assert len(over_session) == lanes
    assert len(over_cycle.lines) == 2 * lanes
    set_point, pressure = (np.asarray(line.get_ydata()) for line in over_cycle.lines[:2])
    assert set_point.max() == pytest.approx(plan.target[:, 0].max() / MMHG)
    assert pressure.max() == pytest.approx(set_point.max(), abs=2.0)


def test_the_cycle_that_is_drawn_is_a_whole_one() -> None:
    garment = load_garment('five_zone')
    plan = compile_protocol(load_protocol('beginner'), garment, minutes=8.0)
    predicted = predict(plan, garment)
    first, last = one_cycle(plan, predicted)
    assert predicted.stage[first] == plan.loop_start
    assert predicted.stage[last - 1] == plan.loop_end - 1
    assert predicted.stage[last] == plan.loop_start
    assert predicted.cycle[first] == predicted.cycle[last - 1]


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    code = (
        'import sys; import compression_boot_control.cli.protocols; '
        "print([m for m in ('numpy', 'pydantic', 'matplotlib', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'
