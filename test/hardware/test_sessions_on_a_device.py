"""The session of a simulation, on an emulated device behind Modbus, and what ends it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from compression_boot_control.cli.client_ros import BootsClient
from compression_boot_control.cli.views import Verdict
from compression_boot_control.core.units import MMHG

pytestmark = pytest.mark.system

PATIENCE = 60.0
NOTICED = 3.0
"""A fault of link or device is said within this time, on a busy machine too [s]."""
NAMESPACE = f'device_{os.getpid()}'
HERE = ('--namespace', NAMESPACE)
SESSION = ('run', 'demonstration', '--minutes', '0.1', '--bench', '--skip-check', '--json')
TRIES = 4


@pytest.fixture(scope='module')
def device(emulate: Any) -> Any:
    return emulate('modbus-tcp')


@pytest.fixture(scope='module')
def watcher(device: Any, brought_up: Any) -> Iterator[BootsClient]:
    with brought_up(device, NAMESPACE) as client:
        yield client


@pytest.fixture
def whole(device: Any, watcher: BootsClient, boots: Any) -> Iterator[None]:
    """A system that is ready, also for the next test."""
    assert watcher.wait_until(lambda: watcher.ready, PATIENCE)
    yield
    device.type('clear')

    def reset_and_ready() -> bool:
        boots('reset', '--confirm', *HERE)
        return watcher.wait_until(lambda: watcher.ready, NOTICED)

    assert watcher.ready or watcher.wait_until(reset_and_ready, PATIENCE)


def under_pressure(watcher: BootsClient) -> Callable[[], bool]:
    def inflated() -> bool:
        session = watcher.session
        return session is not None and max(session.pressure.values(), default=0.0) > 10.0 * MMHG

    return inflated


def run_to_its_end(watcher: BootsClient, boots: Any, here: tuple[str, ...]) -> Any:
    """Run a session; again where a busy computer made the supervisor end it, as it must."""
    for _ in range(TRIES):
        run = boots(*SESSION, *here)
        if run.process.returncode == 0:
            break
        assert watcher.wait_until(lambda: watcher.seen_vented, PATIENCE)
        boots('reset', '--confirm', *here)
    assert run.process.returncode == 0, run.errors
    return run.json()


def test_a_session_runs_over_tcp_as_in_simulation(
    whole: None, watcher: BootsClient, boots: Any
) -> None:
    result = run_to_its_end(watcher, boots, HERE)
    assert result['vented']
    peaks = [chamber['peak_mmhg'] for chamber in result['chambers']]
    assert max(peaks) == pytest.approx(40.0, abs=2.0)


@pytest.mark.parametrize('checking', [True, False], ids=['in_the_check', 'in_the_session'])
def test_a_cut_link_vents_the_device_ends_the_session_and_needs_a_reset(
    whole: None, device: Any, watcher: BootsClient, start: Any, checking: bool
) -> None:
    run = start(*(word for word in SESSION if word != '--skip-check' or not checking), *HERE)
    assert watcher.wait_until(under_pressure(watcher), PATIENCE)
    device.type('cut')
    device.until(('dead man',), NOTICED)
    assert run.ends() == 1
    (line,) = run.error_lines
    assert 'the manifold reports a fault' in line or 'no fresh readings' in line
    device.type('off cut')
    # the link comes back by itself, the permission does not
    assert not watcher.wait_until(lambda: watcher.ready, 2.0)
    assert watcher.session is not None
    assert 'boots reset' in watcher.session.status
    device.until(('dead man',), NOTICED)


@pytest.mark.parametrize('fault', ['late=40', 'garbage', 'half_frame', 'foreign_master'])
def test_a_wrong_answer_takes_the_permission_away_within_seconds(
    whole: None, device: Any, watcher: BootsClient, fault: str
) -> None:
    device.type(fault)

    def refused() -> bool:
        permits = (Verdict.PERMITTING, Verdict.RESTRICTED)
        return watcher.safety is None or watcher.safety.verdict not in permits

    assert watcher.wait_until(lambda: refused() and not watcher.ready, NOTICED)
    assert not watcher.wait_until(lambda: watcher.ready, 0.5)


def test_a_second_master_is_refused_and_the_system_stays_whole(
    whole: None, device: Any, watcher: BootsClient, boots: Any
) -> None:
    elsewhere = boots('device-test', *device.words, '--namespace', 'elsewhere')
    assert elsewhere.process.returncode == 1
    assert 'another master drives this device' in elsewhere.errors
    here = boots('device-test', *device.words, *HERE)
    assert here.process.returncode == 1
    assert 'a manifold node runs in this namespace' in here.errors
    assert watcher.wait_until(lambda: watcher.ready, NOTICED)


def test_a_session_runs_over_a_serial_line(emulate: Any, brought_up: Any, boots: Any) -> None:
    namespace = f'{NAMESPACE}_rtu'
    with brought_up(emulate('modbus-rtu'), namespace) as watcher:
        result = run_to_its_end(watcher, boots, ('--namespace', namespace))
    assert result['vented']
