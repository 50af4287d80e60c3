"""One runner's evening on real nodes: refused, screened, a session that is changed all the time."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

from compression_boot_control.cli import session_calls_ros as calls
from compression_boot_control.cli.client_ros import BootsClient
from compression_boot_control.cli.errors import CommandError
from compression_boot_control.cli.interruption import Interruption
from compression_boot_control.cli.main import main
from compression_boot_control.cli.running_system import RunningSystem
from compression_boot_control.cli.session_goal_ros import SessionGoal
from compression_boot_control.cli.views import SessionRequest, SessionStage, SessionView
from compression_boot_control.core.plan import never_rises
from compression_boot_control.core.sequence import SequenceParameters
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.signals import FloatArray, Mode
from compression_boot_control.core.units import MMHG
from compression_boot_control.nodes.interfaces import SETPOINTS
from compression_boot_control.sessions.journal_schema import DATA_VARIABLE
from compression_boot_control.sessions.journal_store import Journal
from compression_boot_control.system import SystemOptions

pytestmark = pytest.mark.system

PATIENCE = 120.0
DOMAIN = '71'
SPEED = 10.0
CHAINS = ((0, 1, 2, 3, 4), (5, 6, 7, 8, 9))


@pytest.fixture(scope='module')
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A person's own folder and a domain, for this process and the nodes that it starts."""
    before = dict(os.environ)
    os.environ['ROS_DOMAIN_ID'] = DOMAIN
    folder = tmp_path_factory.mktemp('runner')
    os.environ[DATA_VARIABLE] = str(folder)
    yield folder
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope='module')
def system(runner: Path) -> Iterator[RunningSystem]:
    options = SystemOptions(
        namespace=f'evening_{os.getpid()}',
        record=False,
        speed=SPEED,
        sample_period=0.02,
        log_level='warn',
    )
    with (
        Interruption() as interruption,
        RunningSystem(options, interruption, runner / 'nodes.log') as running,
    ):
        running.wait_ready(lambda _: None)
        yield running


class SentSetpoints:
    """Every set-point that the planner sends, judged when it comes."""

    def __init__(self, client: BootsClient) -> None:
        self.count = 0
        self.broken: list[str] = []
        self._last: tuple[float, FloatArray] | None = None
        client._listen(SETPOINTS, self._on_setpoints)

    def _on_setpoints(self, message: Any) -> None:
        self.count += 1
        time = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
        target, mode = np.array(message.target), np.frombuffer(bytes(message.mode), np.uint8)
        if not never_rises(target[None], CHAINS):
            self.broken.append(f'rises: {target / MMHG}')
        if (target[mode == Mode.VENT] != 0.0).any() or target.max() > 65.0 * MMHG:
            self.broken.append(f'out of bounds: {target / MMHG}')
        if self._last is not None:
            # stamps follow the simulated clock, which moves in steps, and a message may be missed
            since = max(time - self._last[0], 0.0) + 0.25
            ramps = SequenceParameters()
            most = (ramps.intensity_ramp * 65.0 * MMHG + ramps.offset_ramp) * since
            kept = (target > 0.0) & (self._last[1] > 0.0)
            moved = np.abs(target - self._last[1])[kept]
            if moved.size and moved.max() > most:
                self.broken.append(f'jumps by {moved.max() / MMHG:.1f} mmHg in {since:.2f} s')
        self._last = time, target


class Evening:
    """A session that is under way, and what one does to it."""

    def __init__(self, client: BootsClient, goal: SessionGoal) -> None:
        self.client = client
        self.goal = goal

    @property
    def session(self) -> SessionView:
        assert self.client.session is not None
        return self.client.session

    def ask(self, call: calls.SessionCall) -> str:
        return call.outcome(self.client.call(call.service, call.request))

    def until(self, condition: Callable[[SessionView], bool]) -> None:
        def holds() -> bool:
            assert self.goal.result is None, self.goal.result
            session = self.client.session
            return session is not None and condition(session)

        assert self.client.wait_until(holds, PATIENCE), self.session.status

    def result(self) -> Any:
        assert self.client.wait_until(lambda: self.goal.result is not None, PATIENCE)
        return self.goal.result


def begun(client: BootsClient, request: SessionRequest) -> Evening:
    assert client.wait_until(lambda: client.ready, PATIENCE)
    return Evening(client, client.start_session(request))


def test_nobody_gets_a_session_without_a_screening(system: RunningSystem) -> None:
    result = begun(system.client, SessionRequest('beginner')).result()
    assert result.error_code == SessionError.NOT_SCREENED
    assert 'boots journal screening' in result.error_text


def test_a_session_is_paused_changed_extended_and_ended_by_a_symptom(
    system: RunningSystem, runner: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['journal', 'screening', '--no-to-all']) == 0
    assert main(['journal', 'today', '--no-to-all']) == 0
    capsys.readouterr()
    first = begun(system.client, SessionRequest('intermediate')).result()
    assert first.error_code == SessionError.OVER_LIMIT
    assert 'a first session goes up to 40 mmHg' in first.error_text

    sent = SentSetpoints(system.client)
    evening = begun(system.client, SessionRequest('beginner', intensity=0.9, minutes=8.0))
    evening.until(lambda one: one.fitting and one.elapsed == 0.0 and one.remaining == 480.0)
    evening.until(lambda one: one.stage == SessionStage.RUNNING and one.status == 'dwell')
    assert evening.session.intensity == pytest.approx(0.9)

    evening.ask(calls.pause())
    evening.until(lambda one: one.stage == SessionStage.PAUSED)
    assert system.client.wait_until(lambda: system.client.seen_vented, PATIENCE)
    paused_at = evening.session.elapsed
    with pytest.raises(CommandError, match='paused already'):
        evening.ask(calls.pause())
    system.client.wait_until(lambda: False, 1.0)
    assert evening.session.elapsed == paused_at
    evening.ask(calls.resume())

    evening.until(lambda one: one.status == 'dwell')
    evening.ask(calls.intensity(0.7))
    evening.ask(calls.zone_skip('calf', 'left'))
    with pytest.raises(CommandError, match='would have more pressure than'):
        evening.ask(calls.zone_offset('thigh', 'both', 10.0))
    with pytest.raises(CommandError, match='no zone'):
        evening.ask(calls.zone_skip('hip', 'both'))
    evening.ask(calls.zone_offset('foot', 'both', 5.0))
    evening.until(lambda one: one.skipped == ('left_calf',) and one.status == 'dwell')
    assert evening.session.intensity == pytest.approx(0.7)
    assert evening.session.target['left_calf'] == 0.0
    assert evening.session.target['right_foot'] == pytest.approx(
        (0.7 * 40.0 + 5.0) * MMHG, rel=0.01
    )

    before = evening.session.remaining
    evening.ask(calls.extension(2.0))
    evening.until(lambda one: one.remaining > before + 60.0)
    with pytest.raises(CommandError, match='allowed: up to 45 min'):
        evening.ask(calls.extension(40.0))

    assert evening.ask(calls.symptom('discomfort')) == 'pressures lowered to 63%'
    evening.until(lambda one: one.elapsed > 200.0)
    evening.ask(calls.symptom('tingling', 'left foot'))
    result = evening.result()
    assert result.error_code == SessionError.STOPPED
    assert result.vented
    assert result.warm_up > 0.0
    assert result.cycles >= 1
    assert not result.bench
    assert sent.count > 100
    assert sent.broken == []

    with Journal() as journal:
        (row,) = journal.tables()['sessions']
    assert row['symptom'] == 'discomfort, tingling'
    assert row['minutes'] == pytest.approx((result.warm_up + result.elapsed) / 60.0, abs=0.01)
    assert row['cycles'] == result.cycles
    assert row['ended_at'] > row['started_at']
    assert row['dose_mmhg_min']['right_foot'] > row['dose_mmhg_min']['left_calf'] > 0.0
    assert row['peak_mmhg']['right_foot'] == pytest.approx(36.0, abs=4.0)


def test_two_sessions_are_not_one_after_the_other(system: RunningSystem) -> None:
    assert main(['journal', 'today', '--no-to-all']) == 0
    result = begun(system.client, SessionRequest('beginner')).result()
    assert result.error_code == SessionError.TOO_MUCH
    assert '4 hours apart' in result.error_text


def test_a_planner_that_is_killed_leaves_a_record_that_is_whole(
    system: RunningSystem, runner: Path
) -> None:
    """SR-21: and the boots vent."""
    for file in runner.glob('journal.sqlite*'):
        file.unlink()
    assert main(['journal', 'screening', '--no-to-all']) == 0
    assert main(['journal', 'today', '--no-to-all']) == 0
    evening = begun(system.client, SessionRequest('gentle_first_time'))

    def row() -> Any:
        with Journal() as journal:
            return journal.tables()['sessions'][0]

    evening.until(lambda one: one.stage == SessionStage.RUNNING)
    # the check before the session takes its time, and so does a record of progress; who asks for
    # it all the time keeps the planner from writing it
    for _ in range(int(PATIENCE)):
        if (row()['minutes'] or 0.0) > 0.5:
            break
        system.client.wait_until(lambda: False, 1.0)
    os.kill(system.pids['sequence_planner'], signal.SIGKILL)
    assert system.client.wait_until(lambda: system.client.seen_vented, PATIENCE)
    left = row()
    assert left['ended_at'] is None
    assert left['minutes'] > 0.5
    assert left['seen_at'] > left['started_at']
    assert left['peak_mmhg']['left_foot'] > 15.0
    with Journal() as journal:
        (session,) = journal.person().sessions
    assert session.error == SessionError.INTERNAL
    assert session.counted
