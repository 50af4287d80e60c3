"""SR-30, SR-31, SR-32: what guards the person in a session, on boots that are made up.

The chambers of these boots do at once what they are told to.
"""

from __future__ import annotations

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.presence import GRACE_TIME, PROMPT_EVERY, Presence
from compression_boot_control.core.sequence import SessionStatus
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.signals import FloatArray, Mode, Setpoints
from compression_boot_control.core.units import MMHG
from compression_boot_control.sessions.check_run import CheckOutcome
from compression_boot_control.sessions.guarded_session import GuardedSession
from compression_boot_control.sessions.live_session import SessionOrder, SessionRefused

DT = 0.1
NEIGHBOUR = 1.0 * MMHG
"""What a chamber loses when its neighbour vents [Pa]."""


class Boots:
    """Chambers that follow at once, and press on each other a little."""

    def __init__(self, garment: Garment) -> None:
        self._touching = garment.neighbours()
        self.pressure: FloatArray = np.zeros(len(garment))
        self._shut = np.zeros(len(garment))
        self.leaking: int | None = None

    def follow(self, setpoints: Setpoints) -> FloatArray:
        full = setpoints.mode != Mode.VENT
        pressed = setpoints.target - NEIGHBOUR * (self._touching @ ~full)
        wanted = np.where(full, pressed, 0.0)
        self.pressure = self.pressure + np.clip(wanted - self.pressure, -10 * MMHG, 10 * MMHG)
        if self.leaking is not None and setpoints.mode[self.leaking] == Mode.SHUT:
            self.pressure[self.leaking] = 0.0
        return self.pressure


class Course:
    """A session with its boots, stepped until something is so."""

    def __init__(self, garment: Garment, order: SessionOrder, presence: Presence | None) -> None:
        self.session = GuardedSession(order, garment, presence=presence)
        self.boots = Boots(garment)
        self.setpoints: Setpoints | None = None

    def step(self) -> None:
        self.setpoints = self.session.step(self.boots.pressure, DT)
        self.boots.follow(self.setpoints)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / DT)):
            self.step()

    def until_checked(self) -> None:
        for _ in range(3000):
            if not self.session.checking or self.session.done:
                return
            self.step()
        raise AssertionError('the check does not end')

    def to_the_end(self) -> SessionError:
        for _ in range(40000):
            if self.session.done:
                return self.session.ending()[0]
            self.step()
        raise AssertionError('the session does not end')

    @property
    def vented(self) -> bool:
        return self.setpoints is not None and bool((self.setpoints.mode == Mode.VENT).all())


def course(
    garment: Garment,
    *,
    bench: bool = False,
    skip_check: bool = False,
    presence: Presence | None = None,
    minutes: float = 20.0,
) -> Course:
    order = SessionOrder('beginner', bench=bench, skip_check=skip_check, minutes=minutes)
    return Course(garment, order, presence)


# -- the check


def test_SR_30_session_begins_with_the_check_which_is_no_session_time(five_zone: Garment) -> None:
    trial = course(five_zone)
    trial.run(10.0)
    assert trial.session.checking
    assert trial.session.status == SessionStatus.RUNNING
    assert trial.session.elapsed == 0.0
    assert trial.session.stage_name.startswith('pre-use check: ')
    trial.until_checked()
    assert trial.session.check is not None
    assert trial.session.check.outcome == CheckOutcome.PASSED
    assert trial.session.elapsed == 0.0
    assert trial.session.under_way == 0.0
    trial.run(1.0)
    assert trial.session.under_way == pytest.approx(1.0)


def test_SR_30_what_the_check_does_to_the_legs_counts(five_zone: Garment) -> None:
    trial = course(five_zone)
    trial.until_checked()
    assert trial.session.state.peak.max() == pytest.approx(30.0 * MMHG, rel=0.1)
    assert (trial.session.state.dose > 0.0).all()


def test_SR_30_finding_is_looked_at_twice_and_ends_the_session_vented(five_zone: Garment) -> None:
    trial = course(five_zone)
    trial.boots.leaking = five_zone.index('left_calf')
    trial.until_checked()
    error, text = trial.session.ending()
    assert error == SessionError.CHECK_FAILED
    assert text.startswith('left_calf ')
    assert 'once more' in trial.session.stage_name
    assert trial.vented
    assert trial.session.end_record().error == SessionError.CHECK_FAILED


def test_SR_30_moment_without_a_permit_is_no_finding(five_zone: Garment) -> None:
    trial = course(five_zone)
    while 'leaks' not in trial.session.stage_name:
        trial.step()
    trial.run(2.0)
    trial.boots.pressure = np.zeros(len(five_zone))
    trial.until_checked()
    assert trial.session.check is not None
    assert trial.session.check.outcome == CheckOutcome.PASSED


def test_SR_30_check_is_left_out_with_nobody_in_the_boots_only(five_zone: Garment) -> None:
    assert course(five_zone, bench=True, skip_check=True).session.check is None
    with pytest.raises(SessionRefused, match='nobody in the boots') as refused:
        course(five_zone, skip_check=True)
    assert refused.value.error == SessionError.CHECK_NEEDED


def test_SR_30_chamber_that_the_supervisor_vents_ends_the_check(five_zone: Garment) -> None:
    trial = course(five_zone)
    trial.run(10.0)
    assert trial.session.follow_supervisor(['left_calf']) == ()
    assert trial.to_the_end() == SessionError.SAFETY


def test_lost_pressures_end_the_check(five_zone: Garment) -> None:
    trial = course(five_zone)
    trial.run(10.0)
    trial.boots.pressure = np.full(len(five_zone), np.nan)
    trial.session.step(trial.boots.pressure, 0.3)
    for _ in range(60):
        trial.session.step(trial.boots.pressure, DT)
    assert trial.session.ending()[0] == SessionError.PRESSURES_LOST
    assert trial.session.check is not None
    assert trial.session.check.outcome == CheckOutcome.ENDED


def test_check_that_was_paused_begins_again(five_zone: Garment) -> None:
    trial = course(five_zone)
    trial.run(10.0)
    assert trial.session.pause()
    trial.run(2.0)
    assert trial.vented
    assert trial.session.status == SessionStatus.PAUSED
    assert 'unless resumed' in trial.session.status_text()
    assert trial.session.resume()
    trial.until_checked()
    assert not trial.session.checking


# -- stop and symptoms, in every state


STATES = ['check', 'running', 'paused in the check', 'paused', 'asked']


def brought_to(state: str, garment: Garment) -> Course:
    trial = course(garment, presence=Presence(every=60.0, grace=30.0))
    trial.run(10.0)
    if 'check' not in state:
        trial.until_checked()
        trial.run(70.0 if state == 'asked' else 20.0)
    if 'paused' in state:
        assert trial.session.pause()
        trial.step()
        assert trial.session.status == SessionStatus.PAUSED
    return trial


@pytest.mark.parametrize('state', STATES)
def test_SR_32_stop_or_symptom_vents_with_the_next_sample_in_every_state(
    five_zone: Garment, state: str
) -> None:
    trial = brought_to(state, five_zone)
    trial.session.fail(SessionError.STOPPED, 'numbness reported')
    trial.step()
    assert trial.vented
    assert trial.to_the_end() == SessionError.STOPPED
    assert trial.session.ending()[1] == 'numbness reported'


def test_SR_32_stop_in_the_last_moment_of_the_check_is_not_lost(five_zone: Garment) -> None:
    trial = course(five_zone)
    check = trial.session.check
    assert check is not None
    while trial.session.checking:
        before = len(check.items)
        trial.step()
        if len(check.items) > before and check.items[-1].step == 'hoses':
            break
    trial.session.fail(SessionError.STOPPED, 'stopped')
    assert trial.to_the_end() == SessionError.STOPPED
    assert trial.session.elapsed < 1.0


# -- presence


def test_SR_31_person_is_asked_after_15_minutes_of_session_time(five_zone: Garment) -> None:
    trial = course(five_zone, presence=Presence())
    trial.until_checked()
    trial.run(PROMPT_EVERY - 5.0)
    assert trial.session.presence is not None
    assert not trial.session.presence.asked
    trial.run(10.0)
    assert trial.session.presence.asked
    assert 'boots confirm' in trial.session.status_text()


def test_SR_31_no_answer_ends_the_session_vented_with_its_own_code(five_zone: Garment) -> None:
    trial = course(five_zone, presence=Presence())
    trial.until_checked()
    trial.run(PROMPT_EVERY + GRACE_TIME + 1.0)
    assert trial.vented
    assert trial.to_the_end() == SessionError.NO_ANSWER
    assert 'see to the person' in trial.session.ending()[1]


def test_SR_31_answer_lets_the_session_go_on_to_its_end(five_zone: Garment) -> None:
    trial = course(five_zone, presence=Presence())
    trial.until_checked()
    trial.run(PROMPT_EVERY + 30.0)
    assert trial.session.confirm_presence() == PROMPT_EVERY
    assert trial.to_the_end() == SessionError.NONE


def test_SR_31_with_nobody_in_the_boots_nobody_is_asked(five_zone: Garment) -> None:
    trial = course(five_zone, bench=True, presence=Presence())
    assert trial.session.presence is None
    assert trial.session.confirm_presence() == 0.0
    assert trial.to_the_end() == SessionError.NONE
