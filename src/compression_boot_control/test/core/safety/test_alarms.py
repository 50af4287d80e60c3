"""SR-29: the life of an alarm, step by step and as a machine that hypothesis drives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from compression_boot_control.core.safety.alarms import (
    LONGEST_SILENCE,
    RISE_AFTER,
    AlarmRefusal,
    AlarmRefused,
    AlarmState,
    AlarmTable,
    acknowledge,
    alarms_step,
    silence,
)
from compression_boot_control.core.safety.hazards import HAZARDS, Priority
from compression_boot_control.core.signals import BoolArray

TABLE = AlarmTable.build()
CHAMBERS = 2
ROW = {hazard.id: row for row, hazard in enumerate(HAZARDS)}
LEAK, OVER_SET_POINT, OVER_PRESSURE, SUPPLY = 'SR-12', 'SR-08', 'SR-02', 'SR-20'


def hazards(**chambers: tuple[int, ...]) -> BoolArray:
    """Chambers concerned by hazard, as ``SR_12=(0, 1)``."""
    concerned = np.zeros((CHAMBERS, len(HAZARDS)), dtype=np.bool_)
    for name, members in chambers.items():
        concerned[list(members), ROW[name.replace('_', '-')]] = True
    return concerned


NOTHING = hazards()
LEAKING = hazards(SR_12=(0,))


def after(
    seconds: float, concerned: BoolArray = LEAKING, state: AlarmState | None = None
) -> AlarmState:
    """State after a hazard has been there for a time, in one cycle more than it takes to begin."""
    state = AlarmState.initial((CHAMBERS,)) if state is None else state
    state = alarms_step(TABLE, state, concerned, 0.02)
    return alarms_step(TABLE, state, concerned, seconds)


def priority(state: AlarmState, hazard_id: str = LEAK) -> int:
    return int(state.priority[ROW[hazard_id]])


def announced(state: AlarmState, hazard_id: str = LEAK) -> bool:
    return bool(state.announced[ROW[hazard_id]])


def test_SR_29_hazard_that_is_confirmed_is_announced_at_its_priority() -> None:
    state = after(0.0)
    assert announced(state)
    assert priority(state) == Priority.LOW
    assert state.present.sum() == 1


def test_SR_29_alarm_ends_with_its_hazard() -> None:
    state = alarms_step(TABLE, after(1.0), NOTHING, 0.02)
    assert not state.present.any()
    assert not state.announced.any()
    assert not state.priority.any()


@pytest.mark.parametrize(
    ('hazard_id', 'concerned', 'first', 'then'),
    [
        (LEAK, LEAKING, Priority.LOW, Priority.MEDIUM),
        (OVER_SET_POINT, hazards(SR_08=(1,)), Priority.MEDIUM, Priority.HIGH),
    ],
    ids=['low', 'medium'],
)
def test_SR_29_unattended_alarm_rises_at_its_time_and_not_before(
    hazard_id: str, concerned: BoolArray, first: Priority, then: Priority
) -> None:
    just_before = after(RISE_AFTER[first] - 0.01, concerned)
    assert priority(just_before, hazard_id) == first
    assert priority(alarms_step(TABLE, just_before, concerned, 0.02), hazard_id) == then


def test_SR_29_low_alarm_that_nobody_attends_is_high_in_the_end() -> None:
    state = after(RISE_AFTER[Priority.LOW])
    state = alarms_step(TABLE, state, LEAKING, RISE_AFTER[Priority.MEDIUM])
    assert priority(state) == Priority.HIGH
    assert priority(alarms_step(TABLE, state, LEAKING, 1e6)) == Priority.HIGH


def test_SR_29_alarm_that_only_tells_never_gets_high() -> None:
    concerned = hazards(SR_20=(0, 1))
    state = after(0.0, concerned)
    for _ in range(5):
        state = alarms_step(TABLE, state, concerned, 1e5)
    assert priority(state, SUPPLY) == Priority.MEDIUM


def test_SR_29_acknowledged_alarm_stays_is_not_announced_and_does_not_rise() -> None:
    state = acknowledge(after(1.0), LEAK)
    state = alarms_step(TABLE, state, LEAKING, 1e6)
    assert state.present[ROW[LEAK]]
    assert not announced(state)
    assert priority(state) == Priority.LOW


def test_SR_29_acknowledged_alarm_keeps_the_priority_that_it_has_risen_to() -> None:
    state = acknowledge(after(RISE_AFTER[Priority.LOW]), LEAK)
    assert priority(alarms_step(TABLE, state, LEAKING, 1.0)) == Priority.MEDIUM


def test_SR_29_silenced_alarm_speaks_again_after_its_time() -> None:
    state = silence(after(1.0), LEAK, 30.0)
    assert not announced(state)
    state = alarms_step(TABLE, state, LEAKING, 29.9)
    assert not announced(state)
    assert announced(alarms_step(TABLE, state, LEAKING, 0.2))


def test_SR_29_silenced_alarm_does_not_rise_and_waits_its_whole_time_afterwards() -> None:
    state = silence(after(RISE_AFTER[Priority.LOW] - 1.0), LEAK, 30.0)
    state = alarms_step(TABLE, state, LEAKING, 30.0)
    state = alarms_step(TABLE, state, LEAKING, RISE_AFTER[Priority.LOW] - 31.0)
    assert priority(state) == Priority.LOW


def test_SR_29_another_chamber_makes_an_answered_alarm_speak_again() -> None:
    both = hazards(SR_12=(0, 1))
    acknowledged = alarms_step(TABLE, acknowledge(after(1.0), LEAK), both, 0.02)
    silenced = alarms_step(TABLE, silence(after(1.0), LEAK, 60.0), both, 0.02)
    assert announced(acknowledged)
    assert announced(silenced)


def test_SR_29_hazard_that_comes_back_is_a_new_alarm() -> None:
    gone = alarms_step(TABLE, acknowledge(after(RISE_AFTER[Priority.LOW]), LEAK), NOTHING, 0.02)
    state = after(0.0, LEAKING, gone)
    assert announced(state)
    assert priority(state) == Priority.LOW


def test_SR_29_answer_to_one_alarm_is_none_to_another() -> None:
    both = hazards(SR_12=(0,), SR_02=(0,))
    state = silence(acknowledge(after(1.0, both), LEAK), LEAK, 10.0)
    assert announced(state, OVER_PRESSURE)


@pytest.mark.parametrize('answer', [acknowledge, lambda state, name: silence(state, name, 10.0)])
@pytest.mark.parametrize(
    ('hazard_id', 'refusal'),
    [
        ('SR-99', AlarmRefusal.UNKNOWN_ALARM),
        ('', AlarmRefusal.UNKNOWN_ALARM),
        ('sr-12', AlarmRefusal.UNKNOWN_ALARM),
        (OVER_PRESSURE, AlarmRefusal.NOT_ALARMED),
    ],
)
def test_SR_29_answer_to_no_alarm_is_refused_in_one_line(
    answer: object, hazard_id: str, refusal: AlarmRefusal
) -> None:
    with pytest.raises(AlarmRefused) as caught:
        answer(after(1.0), hazard_id)  # type: ignore[operator]
    assert caught.value.refusal == refusal
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('seconds', [0.0, -1.0, math.nan, math.inf, LONGEST_SILENCE + 0.1], ids=str)
def test_SR_29_silence_for_no_time_or_too_long_is_refused_in_one_line(seconds: float) -> None:
    with pytest.raises(AlarmRefused, match='up to 120 s') as caught:
        silence(after(1.0), LEAK, seconds)
    assert caught.value.refusal == AlarmRefusal.OUT_OF_RANGE


@pytest.mark.parametrize('dt', [math.nan, math.inf, -5.0], ids=str)
def test_time_that_is_no_time_changes_nothing(dt: float) -> None:
    state = silence(after(1.0), LEAK, 30.0)
    same = alarms_step(TABLE, state, LEAKING, dt)
    for before, now in zip(state, same, strict=True):
        np.testing.assert_array_equal(before, now)


def test_many_garments_at_once_live_as_each_alone() -> None:
    courses = np.stack([LEAKING, NOTHING, hazards(SR_08=(1,))])
    state = AlarmState.initial((3, CHAMBERS))
    alone = [AlarmState.initial((CHAMBERS,)) for _ in courses]
    for dt in (0.02, 50.0, 20.0, 300.0):
        state = alarms_step(TABLE, state, courses, dt)
        alone = [alarms_step(TABLE, a, c, dt) for a, c in zip(alone, courses, strict=True)]
    np.testing.assert_array_equal(state.priority, np.stack([a.priority for a in alone]))
    np.testing.assert_array_equal(state.announced, np.stack([a.announced for a in alone]))


class AlarmMachine(RuleBasedStateMachine):
    """Hazards that come and go, people who answer, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.state = AlarmState.initial((CHAMBERS,))
        self.concerned = NOTHING
        self.quiet_for = 0.0

    @rule(name=st.sampled_from([LEAK, OVER_SET_POINT, OVER_PRESSURE]), chamber=st.integers(0, 1))
    def toggle(self, name: str, chamber: int) -> None:
        self.concerned = self.concerned.copy()
        self.concerned[chamber, ROW[name]] ^= True
        self.state = alarms_step(TABLE, self.state, self.concerned, 0.02)

    @rule(dt=st.sampled_from([0.02, 1.0, 30.0, 61.0, 400.0]))
    def wait(self, dt: float) -> None:
        before = self.state
        self.state = alarms_step(TABLE, before, self.concerned, dt)
        fell = before.present & (self.state.priority < before.priority)
        assert not fell.any()

    @rule(name=st.sampled_from([hazard.id for hazard in HAZARDS]))
    def acknowledge(self, name: str) -> None:
        taken = bool(self.state.present[ROW[name]])
        try:
            self.state = acknowledge(self.state, name)
        except AlarmRefused:
            assert not taken
        else:
            assert taken

    @rule(
        name=st.sampled_from([LEAK, OVER_SET_POINT]),
        seconds=st.sampled_from([0.0, 1.0, 60.0, 120.0, 121.0, math.nan]),
    )
    def silence(self, name: str, seconds: float) -> None:
        taken = bool(self.state.present[ROW[name]]) and 0.0 < seconds <= LONGEST_SILENCE
        try:
            self.state = silence(self.state, name, seconds)
        except AlarmRefused:
            assert not taken
        else:
            assert taken

    @invariant()
    def what_is_alarmed_is_what_is_concerned(self) -> None:
        np.testing.assert_array_equal(self.state.present, self.concerned.any(axis=0))

    @invariant()
    def nothing_is_silent_for_longer_than_allowed(self) -> None:
        assert (self.state.silence <= LONGEST_SILENCE).all()

    @invariant()
    def priority_stays_between_the_first_and_the_highest(self) -> None:
        alarmed = self.state.present
        assert (self.state.priority[alarmed] >= TABLE.initial[alarmed]).all()
        assert (self.state.priority[alarmed] <= TABLE.highest[alarmed]).all()
        assert not self.state.priority[~alarmed].any()

    @invariant()
    def what_is_announced_is_there_and_unanswered(self) -> None:
        assert not (self.state.announced & ~self.state.present).any()
        assert not (self.state.announced & self.state.acknowledged).any()


TestAlarmMachine = AlarmMachine.TestCase
