"""`boots run`, `stop`, `status` and `reset` on a system that is up."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compression_boot_control.cli.client_ros import BootsClient
from compression_boot_control.core.units import MMHG

pytestmark = pytest.mark.system

PATIENCE = 60.0
NAMESPACE = f'run_{os.getpid()}'
HERE = ('--namespace', NAMESPACE)
PROTOCOL = """
format: 1
name: short
extends: demonstration
session_min: 0.1
"""


@pytest.fixture(scope='module')
def system(tmp_path_factory: pytest.TempPathFactory, command: Any) -> Iterator[Any]:
    up = command(tmp_path_factory.mktemp('system'), 'up', '--no-record', '--speed', '20', *HERE)
    up.says('ready:')
    yield up
    up.signal(signal.SIGINT)
    assert up.ends() == 0
    assert up.left_over() == []


@pytest.fixture(scope='module')
def watcher(system: Any) -> Iterator[BootsClient]:
    with BootsClient(NAMESPACE) as client:
        yield client


@pytest.fixture
def on_system(watcher: BootsClient, start: Any, boots: Any) -> Iterator[Callable[..., Any]]:
    """Runs a command on the system, which must be idle before and afterwards."""
    assert watcher.wait_until(lambda: watcher.ready, PATIENCE)
    yield lambda *words, wait=True: (boots if wait else start)(*words, *HERE)
    assert watcher.wait_until(lambda: watcher.ready, PATIENCE)
    assert watcher.wait_until(lambda: watcher.seen_vented, PATIENCE)


def inflated(watcher: BootsClient, zone: str) -> None:
    """Wait until a zone of the left leg is under pressure."""
    name = f'left_{zone}'

    def under_pressure() -> bool:
        session = watcher.session
        return session is not None and session.pressure.get(name, 0.0) > 10.0 * MMHG

    assert watcher.wait_until(under_pressure, PATIENCE)


def test_session_runs_to_its_end(on_system: Any) -> None:
    run = on_system('run', 'demonstration', '--minutes', '0.1', '--bench', '--json')
    result = run.json()
    assert run.process.returncode == 0
    assert result['ok']
    assert result['vented']
    assert result['elapsed_s'] == pytest.approx(6.0, abs=3.0)
    assert max(chamber['peak_mmhg'] for chamber in result['chambers']) == pytest.approx(
        40.0, abs=2.0
    )
    assert {chamber['name'] for chamber in result['chambers']} >= {'left_foot', 'right_thigh'}


def test_file_is_sent_as_text(on_system: Any, tmp_path: Path) -> None:
    (tmp_path / 'short.yaml').write_text(PROTOCOL)
    run = on_system('run', 'short.yaml', '--leg', 'left')
    assert run.process.returncode == 0
    assert 'vented' in run.output


def test_second_session_is_refused_and_the_first_goes_on(
    on_system: Any, boots: Any, watcher: BootsClient
) -> None:
    first = on_system('run', 'beginner', '--json', wait=False)
    inflated(watcher, 'foot')
    assert boots('status', '--json', *HERE).json()['session']['protocol'] == 'beginner'
    second = on_system('run', 'beginner')
    assert second.process.returncode == 1
    assert second.error_lines == ['error: a session is running: stop it first, or wait for its end']
    stop = on_system('stop', '--json')
    assert stop.json() == {'ok': True, 'vented': True, 'latched': False}
    assert first.ends() == 1
    assert first.error_lines == ['error: stopped on request: both legs were vented']
    assert first.json()['vented']


@pytest.mark.parametrize(
    ('number', 'zone'), [(signal.SIGINT, None), (signal.SIGTERM, 'foot'), (signal.SIGHUP, 'thigh')]
)
def test_interrupted_session_ends_vented(
    on_system: Any, watcher: BootsClient, number: Any, zone: str | None
) -> None:
    run = on_system('run', 'beginner', '--json', wait=False)
    if zone is None:
        watcher.wait_until(lambda: not watcher.ready, PATIENCE)
    else:
        inflated(watcher, zone)
    run.signal(number)
    assert run.ends() == 1
    assert run.json()['vented']
    assert run.error_lines == ['error: cancelled: both legs were vented']


def test_interrupted_while_it_looks_for_a_system(start: Any) -> None:
    run = start('run', 'beginner', '--namespace', 'nowhere')
    run.says('looking for a system')
    run.signal(signal.SIGINT)
    assert run.ends() == 1
    assert run.error_lines == ['error: interrupted before the session began']
    assert 'Traceback' not in run.errors


def test_second_interruption_is_an_emergency_stop(
    on_system: Any, boots: Any, watcher: BootsClient
) -> None:
    run = on_system('run', 'beginner', wait=False)
    inflated(watcher, 'calf')
    run.signal(signal.SIGINT)
    run.signal(signal.SIGTERM)
    assert run.ends() == 1
    assert run.error_lines[0].startswith('error: interrupted twice: emergency stop; the boots are')
    refused = on_system('run', 'beginner')
    assert refused.process.returncode == 1
    assert 'has tripped' in refused.error_lines[0]
    assert 'boots reset' in refused.error_lines[0]
    assert boots('status', *HERE).process.returncode == 1
    assert on_system('reset').process.returncode == 2
    assert on_system('reset', '--confirm').process.returncode == 0


def test_emergency_stop_ends_a_session(on_system: Any, watcher: BootsClient) -> None:
    run = on_system('run', 'beginner', wait=False)
    inflated(watcher, 'ankle')
    stop = on_system('stop', '--emergency', '--json')
    assert stop.json() == {'ok': True, 'vented': True, 'latched': True}
    assert run.ends() == 1
    assert 'emergency stop' in run.error_lines[0]
    assert on_system('reset', '--confirm').process.returncode == 0


def test_nothing_to_reset_and_nothing_to_stop(on_system: Any) -> None:
    reset = on_system('reset', '--confirm')
    assert reset.process.returncode == 1
    assert reset.error_lines == ['error: nothing is tripped, so there is nothing to reset']
    assert on_system('stop').process.returncode == 0


def test_status_of_an_idle_system(on_system: Any) -> None:
    found = on_system('status', '--json').json()
    assert found['ok']
    assert found['missing_nodes'] == []
    assert found['safety'] == {
        'state': 'permitting',
        'reason': '',
        'vented': True,
        'alarms': [],
    }
    assert len(found['chambers']) == 10
    picture = on_system('status')
    assert picture.process.returncode == 0
    assert 'thigh' in picture.output


def test_second_system_is_refused(on_system: Any) -> None:
    second = on_system('up', '--no-record')
    assert second.process.returncode == 1
    assert len(second.error_lines) == 1
    assert 'another system runs' in second.error_lines[0]
    assert '--namespace' in second.error_lines[0]
    assert second.left_over() == []


@pytest.mark.parametrize(
    'words', [('run', 'beginner'), ('stop',), ('status',), ('reset', '--confirm')]
)
def test_no_system_is_said_within_seconds(boots: Any, words: tuple[str, ...]) -> None:
    started = time.monotonic()
    found = boots(*words, '--namespace', 'nowhere')
    assert time.monotonic() - started < 10.0
    assert found.process.returncode == 1
    assert len(found.error_lines) == 1
    assert 'boots up' in found.error_lines[0]
