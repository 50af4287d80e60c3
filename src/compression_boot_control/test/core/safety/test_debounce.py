"""Debounce, latch and reach of every hazard of the table, whatever makes it true: SR-01 to SR-20.

Conditions are set here as they please; what makes them true has tests of its own.
"""

from __future__ import annotations

import math
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core.safety import supervisor
from compression_boot_control.core.safety.hazards import HAZARDS, Hazard, Scope
from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.safety.supervisor import (
    SafetyInputs,
    SafetyState,
    SafetyTable,
    supervisor_step,
)

DT = 1.0 / 64.0
STEPS = 16
LEGS = ('left', 'left', 'right', 'right')
OWN = SafetyTable.build(HARD_LIMITS, LEGS)
TABLE = OWN._replace(debounce=np.where(OWN.debounce > 0.0, STEPS * DT, 0.0))
"""The table with all debounce times at sixteen steps, so that times add up exactly."""

BY_ID = pytest.mark.parametrize('hazard', HAZARDS, ids=lambda hazard: hazard.id)
SOUND = SafetyInputs(
    raw=np.zeros(4),
    state_age=np.zeros(1),
    request_age=np.zeros(1),
    cycle_age=np.zeros(1),
    emergency=np.zeros(1, dtype=np.bool_),
    device_fault=np.zeros(1, dtype=np.bool_),
)


def stepped(state: SafetyState, hazard: Hazard, chambers: list[bool]) -> SafetyState:
    """One cycle in which this hazard's condition, and no other, holds for some chambers."""
    present = np.zeros((4, len(HAZARDS)), dtype=np.bool_)
    present[:, HAZARDS.index(hazard)] = chambers
    with mock.patch.object(supervisor, 'conditions', return_value=present):
        return supervisor_step(TABLE, state, SOUND, DT)


def started() -> SafetyState:
    return stepped(SafetyState.initial((4,)), HAZARDS[0], [False] * 4)


def needed(hazard: Hazard) -> int:
    """Cycles for which the condition must hold."""
    return STEPS if hazard.debounce else 1


@pytest.mark.parametrize(
    ('number', 'seconds'),
    [
        *((n, 0.0) for n in (1, 3, 4, 5, 6, 7, 11, 15, 18, 20)),
        (2, 0.3),
        (8, 1.0),
        (9, 180.0),
        (10, 10.0),
        (12, 7.0),
        (13, 0.5),
        (14, 5.8),
        (16, 0.02),
        (17, 1.0),
        (19, 1.0),
    ],
)
def test_condition_must_last_as_long_as_the_requirement_says(number: int, seconds: float) -> None:
    assert HAZARDS[number - 1].id == f'SR-{number:02}'
    assert HAZARDS[number - 1].debounce_time(HARD_LIMITS) == seconds


def test_what_comes_back_by_itself_is_what_the_requirements_say() -> None:
    unlatched = {hazard.id for hazard in HAZARDS if not hazard.latched}
    assert unlatched == {'SR-03', 'SR-04', 'SR-05', 'SR-06', 'SR-07', 'SR-18', 'SR-20'}


@BY_ID
@settings(derandomize=True, deadline=None, max_examples=20)
@given(runs=st.lists(st.integers(1, STEPS + 4), min_size=1, max_size=6))
def test_timer_starts_again_when_the_condition_falls_back(hazard: Hazard, runs: list[int]) -> None:
    state = started()
    row = HAZARDS.index(hazard)
    for run in runs:
        for cycle in range(1, run + 1):
            state = stepped(state, hazard, [True, False, False, False])
            assert bool(state.active[0, row]) == (cycle >= needed(hazard))
            assert not state.active[1:].any()
        state = stepped(state, hazard, [False] * 4)
        assert not state.active.any()


@BY_ID
def test_hazard_vents_as_far_as_its_scope_and_as_long_as_its_latch(hazard: Hazard) -> None:
    state = started()
    for _ in range(needed(hazard)):
        state = stepped(state, hazard, [False, False, True, False])
    reach = {
        Scope.CHAMBER: [False, False, True, False],
        Scope.LEG: [False, False, True, True],
        Scope.ALL: [True] * 4,
        Scope.NOTHING: [False] * 4,
    }[hazard.scope]
    assert state.vent.tolist() == reach
    for _ in range(100):
        state = stepped(state, hazard, [False] * 4)
    assert state.vent.tolist() == (reach if hazard.latched else [False] * 4)


@BY_ID
def test_hazard_that_is_confirmed_stays_confirmed_while_its_condition_lasts(
    hazard: Hazard,
) -> None:
    state = started()
    for _ in range(needed(hazard)):
        state = stepped(state, hazard, [True] * 4)
    for _ in range(1000):
        state = stepped(state, hazard, [True] * 4)
        assert state.active[:, HAZARDS.index(hazard)].all()


@settings(derandomize=True, deadline=None, max_examples=50)
@given(dt=st.one_of(st.floats(max_value=0.0), st.just(-math.inf)))
def test_time_that_runs_backwards_confirms_nothing_that_needs_time(dt: float) -> None:
    present = np.ones((4, len(HAZARDS)), dtype=np.bool_)
    state = started()
    with mock.patch.object(supervisor, 'conditions', return_value=present):
        for _ in range(3):
            state = supervisor_step(TABLE, state, SOUND, dt)
    debounced = TABLE.debounce > 0.0
    assert not state.active[:, debounced].any()
    assert state.active[:, ~debounced].all()
