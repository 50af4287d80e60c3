"""`boots up`: comes up, and goes down whole, however it ends."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from compression_boot_control.analysis.session_summary import summarize_bag
from compression_boot_control.cli.client_ros import BootsClient
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.system import EXECUTABLES

pytestmark = pytest.mark.system

PATIENCE = 60.0
ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = f'up_{os.getpid()}'
HERE = ('--namespace', NAMESPACE)
UP = ('up', '--no-record', '--speed', '20', '--log-level', 'error', *HERE)


def under_pressure(client: BootsClient) -> bool:
    session = client.session
    return session is not None and any(p > 10.0 * MMHG for p in session.pressure.values())


@pytest.mark.parametrize('name', EXECUTABLES)
def test_lost_node_is_named_and_everything_goes_down(start: Any, name: str) -> None:
    up = start(*UP)
    up.says('ready:')
    up.node(name).kill()
    assert up.ends() == 1
    assert len(up.error_lines) == 1
    assert up.error_lines[0].startswith(f'error: {name} was killed by SIGKILL; the ')
    assert 'vent' in up.error_lines[0]
    assert 'Traceback' not in up.errors
    assert up.left_over() == []


def test_lost_view_is_told_and_the_session_goes_on(start: Any) -> None:
    up = start(*UP, '--views')
    up.says('ready:')
    run = start('run', 'demonstration', '--minutes', '0.3', '--json', *HERE)
    with BootsClient(NAMESPACE) as client:
        assert client.wait_until(lambda: under_pressure(client), PATIENCE)
    up.node('leg_markers').kill()
    up.says('warning: leg_markers was killed by SIGKILL')
    assert run.ends() == 0
    assert up.errors.count('leg_markers') == 1
    up.signal(signal.SIGINT)
    assert up.ends() == 0
    assert up.error_lines == []
    assert up.left_over() == []


def test_lost_controller_in_a_session_leaves_the_boots_vented(start: Any) -> None:
    up = start('up', '--bag', 'bag', '--speed', '20', *HERE)
    up.says('ready:')
    run = start('run', 'beginner', *HERE)
    with BootsClient(NAMESPACE) as client:
        assert client.wait_until(lambda: under_pressure(client), PATIENCE)
    up.node('chamber_control').kill()
    assert up.ends() == 1
    assert run.ends() == 1
    assert up.left_over() == []
    assert len(up.error_lines) == len(run.error_lines) == 1


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_session_ends_vented_when_its_system_is_ended(
    start: Any, tmp_path: Path, number: signal.Signals
) -> None:
    up = start('up', '--bag', 'bag', '--speed', '20', *HERE)
    up.says('ready:')
    run = start('run', 'beginner', '--json', *HERE)
    with BootsClient(NAMESPACE) as client:
        assert client.wait_until(lambda: under_pressure(client), PATIENCE)
    up.signal(number)
    assert up.ends() == 0
    assert run.ends() == 1
    assert run.json()['vented']
    assert run.error_lines == ['error: stopped on request: both legs were vented']
    assert up.error_lines == []
    assert up.left_over() == []
    assert summarize_bag(tmp_path / 'bag').vented_at_end


def test_nothing_is_left_after_an_interrupted_start(start: Any) -> None:
    up = start(*UP)
    up.node('manifold')
    up.signal(signal.SIGINT)
    assert up.ends() == 0
    assert up.left_over() == []


def test_killed_starter_takes_its_nodes_with_it(start: Any) -> None:
    up = start(*UP)
    up.says('ready:')
    up.signal(signal.SIGKILL)
    up.ends()
    assert up.left_over() == []


def test_stopped_node_does_not_hold_up_the_end(start: Any) -> None:
    up = start(*UP)
    up.says('ready:')
    up.node('session_recorder').suspend()
    up.signal(signal.SIGTERM)
    assert up.ends() == 0
    assert up.left_over() == []


def test_recorder_that_cannot_write_ends_the_system(start: Any, tmp_path: Path) -> None:
    (tmp_path / 'bag').write_text('in the way')
    up = start('up', '--bag', 'bag', *HERE)
    assert up.ends() == 1
    assert any(line.startswith('error: session_recorder ended with') for line in up.error_lines)
    assert up.left_over() == []


def test_unknown_garment_starts_nothing(boots: Any) -> None:
    up = boots('up', '--garment', 'nosuch')
    assert up.process.returncode == 2
    assert len(up.error_lines) == 1
    assert 'nosuch' in up.error_lines[0]


def test_goal_before_the_system_is_ready_waits_for_it(start: Any) -> None:
    up = start(*UP)
    up.node('manifold')
    run = start('run', 'demonstration', '--minutes', '0.1', *HERE)
    assert run.ends() == 0
    up.signal(signal.SIGTERM)
    assert up.ends() == 0


def test_leg_that_the_garment_lacks(start: Any, boots: Any, tmp_path: Path) -> None:
    source = Path(os.environ.get('COMPRESSION_BOOTS_CONFIG', ROOT / 'config')) / 'garments'
    text = (source / 'four_zone.yaml').read_text()
    (tmp_path / 'one_leg.yaml').write_text(
        text.replace('[left, right]', '[left]').replace('name: four_zone', 'name: one_leg')
    )
    worn = load_garment(str(tmp_path / 'one_leg.yaml'))
    assert set(worn.legs) == {'left'}
    up = start('up', '--garment', 'one_leg.yaml', *UP[1:])
    up.says('ready: one_leg')
    refused = boots('run', 'demonstration', '--leg', 'right', *HERE)
    assert refused.process.returncode == 1
    assert len(refused.error_lines) == 1
    assert 'no chamber on the right leg' in refused.error_lines[0]
    run = boots('run', 'demonstration', '--minutes', '0.1', '--json', *HERE)
    assert [chamber['name'] for chamber in run.json()['chambers']] == list(worn.chamber_names)
    up.signal(signal.SIGINT)
    assert up.ends() == 0


def test_parameters_of_a_file_reach_their_node_and_wrong_ones_start_nothing(
    boots: Any, tmp_path: Path
) -> None:
    file = tmp_path / 'parameters.yaml'
    file.write_text('chamber_control: {garment: six_zone}\n')
    refused = boots('up', '--no-record', '--parameters', str(file))
    assert refused.process.returncode == 2
    assert len(refused.error_lines) == 1
    assert "chamber_control has no parameter 'garment'" in refused.error_lines[0]
    file.write_text('chamber_control: {kp: 45.0, ki: 20.0}\n')
    weak = boots('up', '--no-record', '--parameters', str(file))
    assert weak.process.returncode == 1
    assert 'gains that lack their margins' in weak.error_lines[0]
    assert weak.left_over() == []
