"""The keys of a running session: each asks for one thing, and nothing ever waits."""

from __future__ import annotations

import os
import pty
import sys
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='the keys call services of ROS 2')

from compression_boot_msgs.srv import (
    AdjustZone,
    ExtendSession,
    PauseSession,
    ReportSymptom,
    ResumeSession,
    SetIntensity,
)

from compression_boot_control.cli import session_keys
from compression_boot_control.cli.keyboard import Keyboard
from compression_boot_control.cli.session_keys import HINT, SessionKeys
from compression_boot_control.cli.views import SessionStage, SessionView, SleeveView
from compression_boot_control.core.units import MMHG

RUNNING = SessionView(SessionStage.RUNNING, '', 'beginner', '', 1, 0.5, 1.0, 1.0, 0.8, {}, {}, {})
SLEEVES = SleeveView('five_zone', 'sim', {}, {}, ('foot', 'ankle', 'calf'))


@dataclass
class Answer:
    message: Any = None

    def done(self) -> bool:
        return self.message is not None

    def result(self) -> Any:
        return self.message


@dataclass
class Client:
    session: SessionView | None = RUNNING
    sleeves: SleeveView | None = SLEEVES
    asked: list[Any] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def ask(self, _service: object, request: Any) -> Answer:
        self.asked.append(request)
        self.answers.append(Answer())
        return self.answers[-1]


@dataclass
class Typed:
    there: bool = True
    text: str = ''

    def pressed(self) -> str:
        text, self.text = self.text, ''
        return text


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


@dataclass
class Desk:
    client: Client
    typed: Typed
    clock: Clock
    stops: list[str]
    keys: SessionKeys

    def press(self, text: str) -> None:
        self.typed.text = text
        self.keys.turn()

    def answer(self, message: Any) -> None:
        self.client.answers[-1].message = message
        self.keys.turn()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    clock, client, typed, stops = Clock(), Client(), Typed(), list[str]()
    monkeypatch.setattr(session_keys, 'time', clock)
    keys = SessionKeys(client, typed, lambda: stops.append('stop'))  # type: ignore[arg-type]
    return Desk(client, typed, clock, stops, keys)


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('p', PauseSession.Request()),
        ('+', SetIntensity.Request(intensity=0.85)),
        ('-', SetIntensity.Request(intensity=0.75)),
        ('e', ExtendSession.Request(minutes=5.0)),
        ('d', ReportSymptom.Request(symptom=ReportSymptom.Request.SYMPTOM_DISCOMFORT)),
        ('n', ReportSymptom.Request(symptom=ReportSymptom.Request.SYMPTOM_NUMBNESS)),
        ('t', ReportSymptom.Request(symptom=ReportSymptom.Request.SYMPTOM_TINGLING)),
        ('h', ReportSymptom.Request(symptom=ReportSymptom.Request.SYMPTOM_PAIN)),
        ('3s', AdjustZone.Request(zone='calf', leg='both', skip=True)),
        ('3a', AdjustZone.Request(zone='calf', leg='both')),
        ('1b', AdjustZone.Request(zone='foot', leg='both', offset=5.0 * MMHG)),
        ('1l', AdjustZone.Request(zone='foot', leg='both', offset=-5.0 * MMHG)),
    ],
)
def test_a_key_asks_for_one_thing(desk: Desk, text: str, expected: Any) -> None:
    desk.press(text)
    assert desk.client.asked == [expected]


def test_the_key_for_pause_resumes_a_paused_session(desk: Desk) -> None:
    desk.client.session = replace(RUNNING, stage=SessionStage.PAUSED)
    desk.press('p')
    assert desk.client.asked == [ResumeSession.Request()]


def test_pressures_go_on_from_what_was_asked_for_and_stay_in_range(desk: Desk) -> None:
    desk.press('+' * 20)
    assert [round(one.intensity, 2) for one in desk.client.asked[:3]] == [0.85, 0.9, 0.95]
    assert desk.client.asked[-1].intensity == 1.2


def test_a_refused_boost_is_not_counted(desk: Desk) -> None:
    desk.press('1b')
    desk.answer(AdjustZone.Response(error_code=204, error_msg='choose less'))
    assert desk.keys.line == 'choose less'
    desk.press('1b')
    desk.answer(AdjustZone.Response())
    desk.press('1b')
    assert [one.offset / MMHG for one in desk.client.asked] == pytest.approx([5.0, 5.0, 10.0])


@pytest.mark.parametrize('text', ['z', '9', '3z', '\x1b[A', 'é', '\n', '0', '²'])
def test_any_other_key_asks_for_nothing(desk: Desk, text: str) -> None:
    desk.press(text)
    assert desk.client.asked == []
    assert desk.stops == []


def test_q_stops(desk: Desk) -> None:
    desk.press('q')
    assert desk.stops == ['stop']


@pytest.mark.parametrize('session', [None, replace(RUNNING, stage=SessionStage.IDLE)])
def test_without_a_session_keys_ask_for_nothing(desk: Desk, session: SessionView | None) -> None:
    desk.client.session = session
    desk.press('p+q')
    assert desk.client.asked == []


def test_the_line_names_the_keys_a_zone_and_what_was_done(desk: Desk) -> None:
    assert desk.keys.line == HINT
    desk.press('3')
    assert desk.keys.line.startswith('calf: s leave out')
    desk.press('s')
    desk.answer(AdjustZone.Response())
    assert desk.keys.line == 'calf is left out from its next inflation on'
    desk.clock.now += 10.0
    assert desk.keys.line == HINT


def test_a_planner_that_does_not_answer_is_said_not_to(desk: Desk) -> None:
    desk.press('p')
    desk.clock.now += 4.0
    desk.keys.turn()
    assert 'does not answer' in desk.keys.line


def test_without_a_terminal_there_are_no_keys(desk: Desk) -> None:
    desk.typed.there = False
    assert desk.keys.line == ''


def test_a_terminal_gives_single_keys_and_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    import termios

    far, near = pty.openpty()
    with os.fdopen(near, 'r') as terminal:
        monkeypatch.setattr(sys, 'stdin', terminal)
        monkeypatch.setattr(os, 'tcgetpgrp', lambda _: os.getpgrp())
        before = termios.tcgetattr(terminal)
        with Keyboard() as keyboard:
            assert keyboard.there
            assert keyboard.pressed() == ''
            os.write(far, b'p+')
            assert keyboard.pressed() == 'p+'
        assert not keyboard.there
        assert termios.tcgetattr(terminal) == before
    os.close(far)


def test_what_is_no_terminal_has_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull) as nothing:  # noqa: PTH123
        monkeypatch.setattr(sys, 'stdin', nothing)
        with Keyboard() as keyboard:
            assert not keyboard.there
            assert keyboard.pressed() == ''
