"""What the services of a session do to it, without a node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs the messages of ROS 2: source env.sh')

from compression_boot_msgs.action import RunSession
from compression_boot_msgs.srv import ReportSymptom, StopSession

from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.signals import FloatArray, Mode
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.nodes.interfaces import REPORT_SYMPTOM, STOP, Service
from compression_boot_control.nodes.running_session import RunningSession
from compression_boot_control.nodes.session_services import SYMPTOMS, SessionServices

DISCOMFORT = ReportSymptom.Request.SYMPTOM_DISCOMFORT
AT_ONCE = [*(code for code in SYMPTOMS if code != DISCOMFORT), 99]
DT = 0.5


class Log:
    def warning(self, _text: str) -> None:
        """Nobody reads it."""


class Node:
    """Keeps the services that are offered."""

    def __init__(self) -> None:
        self.offered: dict[str, Callable[[Any, Any], Any]] = {}

    def get_logger(self) -> Log:
        return Log()

    def serve(self, service: Service, callback: Callable[[Any, Any], Any]) -> None:
        self.offered[service.name] = callback


class Desk:
    """A session that dwells, and its services."""

    def __init__(self) -> None:
        goal = RunSession.Goal(protocol='beginner', bench=True)
        self.session = RunningSession(goal, load_garment('five_zone'))
        self.vents = 0
        self._node = Node()
        self._pressure: FloatArray = np.zeros(10)
        SessionServices(self._node, lambda: self.session, self._vent)  # type: ignore[arg-type]
        while self.session.stage_name != 'dwell':
            self.step()

    def _vent(self) -> None:
        self.vents += 1

    def step(self) -> tuple[Any, FloatArray]:
        sent = self.session.step(self._pressure, DT)
        self._pressure = np.where(sent.mode == Mode.VENT, 0.0, sent.target)
        return sent.mode, sent.target

    def ask(self, service: Service, request: Any, response: Any) -> Any:
        return self._node.offered[service.name](request, response)

    def report(self, symptom: int) -> Any:
        request = ReportSymptom.Request(symptom=symptom)
        return self.ask(REPORT_SYMPTOM, request, ReportSymptom.Response())


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize('symptom', AT_ONCE)
def test_row_stop_at_once(desk: Desk, symptom: int) -> None:
    answer = desk.report(symptom)
    assert answer.error_code == 0
    assert answer.action == 'the session is being ended and both legs vented'
    # the very next thing that is sent vents every chamber
    mode, _ = desk.step()
    assert (mode == Mode.VENT).all()
    while not desk.session.done:
        desk.step()
    record = desk.session.end_record()
    assert record.error == SessionError.STOPPED
    assert record.symptom == SYMPTOMS.get(symptom, 'a symptom')
    assert 'see a doctor if it does not pass' in record.error_text


def test_row_stop_at_once_a_discomfort_lowers_all_pressures(desk: Desk) -> None:
    _, before = desk.step()
    assert desk.report(DISCOMFORT).action == 'pressures lowered to 90%'
    for _ in range(8):
        _, target = desk.step()
    assert target == pytest.approx(0.9 * before)
    assert desk.session.symptom == 'discomfort'


def test_a_stop_asks_for_a_vent_at_once(desk: Desk) -> None:
    desk.ask(STOP, StopSession.Request(), StopSession.Response())
    assert desk.vents == 1
    mode, _ = desk.step()
    assert (mode == Mode.VENT).all()


def test_the_state_says_bench_what_is_left_and_the_scale_on_the_protocol(desk: Desk) -> None:
    message = desk.session.state_message()
    assert message.bench
    assert message.intensity == 1.0
    assert message.elapsed + message.remaining == pytest.approx(20.0 * 60.0)
