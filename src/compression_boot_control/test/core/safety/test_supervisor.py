"""The supervisor: conditions, debounce, latch and reset, scope, and the most cautious verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from compression_boot_control.core.safety import supervisor
from compression_boot_control.core.safety.hazards import (
    DEVICE_FAULT,
    EMERGENCY_STOP,
    HAZARDS,
    OVER_PRESSURE,
    OWN_CYCLE_LATE,
    READING_INVALID,
    READINGS_STALE,
    REQUEST_STALE,
    RIVAL_SENDER,
    SENSORS_APART,
    Hazard,
    Scope,
)
from compression_boot_control.core.safety.limits import HARD_LIMITS, LOWEST_RAW
from compression_boot_control.core.safety.supervisor import (
    ResetRefusal,
    SafetyInputs,
    SafetyState,
    SafetyStatus,
    SafetyTable,
    reset,
    status,
    supervisor_step,
)
from compression_boot_control.core.units import MMHG

DT = 1.0 / 64.0
"""A power of two, so that times add up exactly."""

LEGS = ('left', 'left', 'right', 'right')
LIMITS = HARD_LIMITS.tightened(over_pressure_time=0.25, sensors_apart_time=0.25)
TABLE = SafetyTable.build(LIMITS, LEGS)
DEBOUNCE_STEPS = 16
SHAPE = (4,)


def inputs(
    raw_mmhg: float | list[float] = 40.0,
    *,
    state_age: float = 0.01,
    request_age: float = 0.01,
    cycle_age: float = 0.01,
    emergency: bool = False,
    device_fault: bool = False,
    rival: bool = False,
) -> SafetyInputs:
    """Return what is judged, a sound garment at 40 mmHg unless said otherwise."""
    return SafetyInputs(
        raw=np.array(np.broadcast_to(raw_mmhg, SHAPE), dtype=np.float64) * MMHG,
        state_age=np.array([state_age]),
        request_age=np.array([request_age]),
        cycle_age=np.array([cycle_age]),
        emergency=np.array([emergency]),
        device_fault=np.array([device_fault]),
        rival=np.array([rival]),
        second=np.full(SHAPE, math.nan),
    )


SOUND = inputs()
VENTED = inputs(0.0)


def after(
    *course: SafetyInputs, begin: SafetyState | None = None, table: SafetyTable = TABLE
) -> SafetyState:
    """Return the state after some cycles, of a supervisor that has heard a sound garment."""
    state = begin or supervisor_step(table, SafetyState.initial(SHAPE), SOUND, DT)
    for judged in course:
        state = supervisor_step(table, state, judged, DT)
    return state


def active(state: SafetyState, hazard: Hazard) -> list[bool]:
    """Per chamber, whether a hazard is confirmed."""
    return [bool(value) for value in state.active[:, HAZARDS.index(hazard)]]


# -- start


def test_everything_is_vented_before_anything_is_heard() -> None:
    state = SafetyState.initial(SHAPE)
    assert state.vent.all()
    assert status(state) == SafetyStatus.STARTING


@pytest.mark.parametrize(
    'unheard',
    [{'state_age': math.inf}, {'request_age': math.inf}, {'state_age': math.nan}],
    ids=['no readings', 'no request', 'age unknown'],
)
def test_starting_lasts_until_readings_and_a_request_were_heard(unheard: dict[str, float]) -> None:
    state = after(inputs(**unheard), begin=SafetyState.initial(SHAPE))
    assert state.vent.all()
    assert status(state) == SafetyStatus.STARTING


def test_sound_garment_is_permitted_with_the_first_cycle() -> None:
    state = after(SOUND, begin=SafetyState.initial(SHAPE))
    assert not state.vent.any()
    assert status(state) == SafetyStatus.PERMITTING


def test_link_that_was_heard_and_is_lost_is_no_start() -> None:
    assert status(after(inputs(state_age=math.inf))) == SafetyStatus.VENTING


# -- every condition, at, under and over its limit


class Condition:
    """One hazard with inputs that are just not, and just, a hazard."""

    def __init__(self, hazard: Hazard, sound: SafetyInputs, hazardous: SafetyInputs) -> None:
        self.hazard, self.sound, self.hazardous = hazard, sound, hazardous


def above(value: float) -> float:
    return math.nextafter(value, math.inf)


def below(value: float) -> float:
    return math.nextafter(value, -math.inf)


def raw_of(pascal: float) -> SafetyInputs:
    """Return a garment whose first chamber reads just this [Pa]."""
    raw = np.full(SHAPE, 40.0 * MMHG)
    raw[0] = pascal
    return SOUND._replace(raw=raw)


def apart(pascal: float) -> SafetyInputs:
    """Return a garment whose first chamber has two sensors this far apart [Pa]."""
    second = np.full(SHAPE, math.nan)
    second[0] = pascal
    return VENTED._replace(second=second)


CONDITIONS = {
    'SR-01 emergency stop': Condition(EMERGENCY_STOP, SOUND, inputs(emergency=True)),
    'SR-02 over-pressure': Condition(
        OVER_PRESSURE, raw_of(LIMITS.over_pressure), raw_of(above(LIMITS.over_pressure))
    ),
    'SR-03 reading above its range': Condition(
        READING_INVALID, raw_of(below(LIMITS.highest_raw)), raw_of(LIMITS.highest_raw)
    ),
    'SR-03 reading below its range': Condition(
        READING_INVALID, raw_of(above(LOWEST_RAW)), raw_of(LOWEST_RAW)
    ),
    'SR-03 reading nan': Condition(READING_INVALID, SOUND, raw_of(math.nan)),
    'SR-03 reading inf': Condition(READING_INVALID, SOUND, raw_of(math.inf)),
    'SR-03 reading -inf': Condition(READING_INVALID, SOUND, raw_of(-math.inf)),
    'SR-04 readings old': Condition(
        READINGS_STALE,
        inputs(state_age=LIMITS.state_age),
        inputs(state_age=above(LIMITS.state_age)),
    ),
    'SR-04 readings of no age': Condition(READINGS_STALE, SOUND, inputs(state_age=math.nan)),
    'SR-05 request old': Condition(
        REQUEST_STALE,
        inputs(request_age=LIMITS.request_age),
        inputs(request_age=above(LIMITS.request_age)),
    ),
    'SR-05 request of no age': Condition(REQUEST_STALE, SOUND, inputs(request_age=math.nan)),
    'SR-06 device fault': Condition(DEVICE_FAULT, SOUND, inputs(device_fault=True)),
    'SR-07 own cycle late': Condition(
        OWN_CYCLE_LATE,
        inputs(cycle_age=LIMITS.cycle_time),
        inputs(cycle_age=above(LIMITS.cycle_time)),
    ),
    'SR-07 own cycle of no age': Condition(OWN_CYCLE_LATE, SOUND, inputs(cycle_age=math.nan)),
    'SR-17 second sensor lower': Condition(
        SENSORS_APART, apart(-LIMITS.sensors_apart), apart(below(-LIMITS.sensors_apart))
    ),
    'SR-17 second sensor higher': Condition(
        SENSORS_APART, apart(LIMITS.sensors_apart), apart(above(LIMITS.sensors_apart))
    ),
    'SR-18 another sender': Condition(RIVAL_SENDER, SOUND, inputs(rival=True)),
}
EACH_CONDITION = pytest.mark.parametrize('condition', CONDITIONS.values(), ids=list(CONDITIONS))


@pytest.mark.parametrize('name', CONDITIONS)
def test_condition_is_named_after_its_hazard(name: str) -> None:
    assert name.split()[0] == CONDITIONS[name].hazard.id


@EACH_CONDITION
def test_value_at_its_limit_is_no_hazard(condition: Condition) -> None:
    state = after(*[condition.sound] * DEBOUNCE_STEPS)
    assert not any(active(state, condition.hazard))


@EACH_CONDITION
def test_value_beyond_its_limit_is_confirmed(condition: Condition) -> None:
    state = after(*[condition.hazardous] * DEBOUNCE_STEPS)
    assert active(state, condition.hazard)[0]


@EACH_CONDITION
def test_hazard_vents_as_far_as_the_table_says(condition: Condition) -> None:
    state = after(*[condition.hazardous] * DEBOUNCE_STEPS)
    everything = condition.hazard.scope == Scope.ALL
    assert state.vent[0]
    assert state.vent.all() == everything


@EACH_CONDITION
def test_hazard_latches_only_if_the_table_says_so(condition: Condition) -> None:
    state = after(*[condition.hazardous] * DEBOUNCE_STEPS)
    latched = state.latch[:, HAZARDS.index(condition.hazard)].any()
    assert latched == condition.hazard.latched


@EACH_CONDITION
def test_garment_is_permitted_again_unless_the_hazard_latches(condition: Condition) -> None:
    cycles = DEBOUNCE_STEPS if condition.hazard.debounce else 1
    state = after(*[condition.hazardous] * cycles, SOUND)
    latched = condition.hazard.latched
    assert state.vent.any() == latched
    assert (status(state) != SafetyStatus.PERMITTING) == latched


def test_reading_of_a_chamber_is_blamed_on_that_chamber() -> None:
    state = after(raw_of(math.nan))
    assert active(state, READING_INVALID) == [True, False, False, False]


def test_missing_reading_is_no_over_pressure() -> None:
    state = after(*[raw_of(math.nan)] * (2 * DEBOUNCE_STEPS))
    assert not state.latch.any()


def test_tightened_limit_acts() -> None:
    table = SafetyTable.build(LIMITS.tightened(over_pressure=30.0 * MMHG), LEGS)
    state = after(*[SOUND] * DEBOUNCE_STEPS, table=table)
    assert active(state, OVER_PRESSURE) == [True] * 4


# -- debounce

HIGH = inputs([126.0, 40.0, 40.0, 40.0])


def test_over_pressure_for_less_than_its_time_is_borne() -> None:
    state = after(*[HIGH] * (DEBOUNCE_STEPS - 1))
    assert not state.vent.any()


def test_over_pressure_for_its_time_trips() -> None:
    state = after(*[HIGH] * DEBOUNCE_STEPS)
    assert status(state) == SafetyStatus.TRIPPED


def test_spikes_with_a_pause_between_them_do_not_add_up() -> None:
    spike = [HIGH] * (DEBOUNCE_STEPS - 1)
    state = after(*spike, SOUND, *spike, SOUND, *spike)
    assert not state.vent.any()


def test_spikes_of_different_chambers_do_not_add_up() -> None:
    other = inputs([40.0, 126.0, 40.0, 40.0])
    spike = DEBOUNCE_STEPS - 1
    state = after(*[HIGH] * spike, *[other] * spike)
    assert not state.vent.any()


@pytest.mark.parametrize('dt', [0.0, -1.0, -math.inf])
def test_no_time_confirms_nothing_that_needs_time(dt: float) -> None:
    state = after()
    for _ in range(100):
        state = supervisor_step(TABLE, state, HIGH, dt)
    assert not state.vent.any()


@pytest.mark.parametrize('dt', [0.0, -1.0, -math.inf, math.nan, math.inf])
def test_hazard_without_debounce_needs_no_time(dt: float) -> None:
    state = supervisor_step(TABLE, after(), raw_of(math.nan), dt)
    assert state.vent.all()


def test_interval_that_is_nan_confirms_what_is_present() -> None:
    assert status(supervisor_step(TABLE, after(), HIGH, math.nan)) == SafetyStatus.TRIPPED


def test_interval_that_was_nan_is_forgotten_with_the_condition() -> None:
    state = supervisor_step(TABLE, after(), raw_of(math.nan), math.nan)
    assert not after(SOUND, begin=state).vent.any()


# -- verdict


def test_several_hazards_are_all_reported() -> None:
    state = after(inputs([math.nan, 40.0, 40.0, 40.0], device_fault=True, state_age=1.0))
    found = {HAZARDS[row].id for row in np.flatnonzero(state.active.any(axis=0))}
    assert found == {READING_INVALID.id, DEVICE_FAULT.id, READINGS_STALE.id}


def test_trip_outranks_a_hazard_that_is_present() -> None:
    state = after(inputs(emergency=True), inputs(device_fault=True))
    assert status(state) == SafetyStatus.TRIPPED


def test_hazard_that_goes_does_not_hide_one_that_stays() -> None:
    state = after(inputs(device_fault=True, state_age=1.0), inputs(device_fault=True))
    assert state.vent.all()


# -- scope, with rows that the table need not have


@pytest.fixture
def scoped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make a table in which a reading that is none vents just as far as is asked."""

    def build(scope: Scope) -> SafetyTable:
        rows = tuple(
            replace(hazard, scope=scope) if hazard is READING_INVALID else hazard
            for hazard in HAZARDS
        )
        monkeypatch.setattr(supervisor, 'HAZARDS', rows)
        return SafetyTable.build(LIMITS, LEGS)

    return build


@pytest.mark.parametrize(
    ('scope', 'vented'),
    [
        (Scope.CHAMBER, [False, False, True, False]),
        (Scope.LEG, [False, False, True, True]),
        (Scope.ALL, [True, True, True, True]),
    ],
)
def test_scope_says_how_far_a_hazard_vents(scoped: Any, scope: Scope, vented: list[bool]) -> None:
    state = after(inputs([40.0, 40.0, math.nan, 40.0]), table=scoped(scope))
    assert state.vent.tolist() == vented


def test_garment_with_a_part_vented_is_restricted(scoped: Any) -> None:
    state = after(inputs([40.0, 40.0, math.nan, 40.0]), table=scoped(Scope.LEG))
    assert status(state) == SafetyStatus.RESTRICTED


def test_hazards_on_both_legs_vent_everything(scoped: Any) -> None:
    state = after(inputs([math.nan, 40.0, math.nan, 40.0]), table=scoped(Scope.LEG))
    assert status(state) == SafetyStatus.VENTING


# -- reset


@pytest.fixture
def tripped() -> SafetyState:
    """A supervisor after an emergency stop, on a garment that is vented by now."""
    return after(inputs(emergency=True), VENTED)


def test_trip_stays_for_ever(tripped: SafetyState) -> None:
    state = after(*[SOUND] * 1000, begin=tripped)
    assert state.vent.all()
    assert status(state) == SafetyStatus.TRIPPED


def test_confirmed_reset_of_a_vented_garment_is_granted(tripped: SafetyState) -> None:
    state, refusal = reset(TABLE, tripped, VENTED.raw, confirmed=True)
    assert refusal == ResetRefusal.NONE
    assert not state.latch.any()


def test_garment_is_permitted_with_the_cycle_after_the_reset(tripped: SafetyState) -> None:
    state, _ = reset(TABLE, tripped, VENTED.raw, confirmed=True)
    assert state.vent.all()
    assert status(after(VENTED, begin=state)) == SafetyStatus.PERMITTING


def test_reset_needs_a_person_who_has_looked(tripped: SafetyState) -> None:
    state, refusal = reset(TABLE, tripped, VENTED.raw, confirmed=False)
    assert refusal == ResetRefusal.NOT_CONFIRMED
    assert state is tripped


def test_reset_is_refused_while_the_cause_is_there() -> None:
    state = after(inputs(0.0, emergency=True))
    assert reset(TABLE, state, VENTED.raw, confirmed=True) == (state, ResetRefusal.CAUSE_ACTIVE)


@pytest.mark.parametrize(
    'reading',
    [
        pytest.param(LIMITS.vented_pressure, id='at the limit'),
        pytest.param(60.0 * MMHG, id='inflated'),
        pytest.param(math.nan, id='missing'),
        pytest.param(math.inf, id='inf'),
        pytest.param(-math.inf, id='-inf'),
        pytest.param(-37.5 * MMHG, id='sensor without a signal'),
        pytest.param(LOWEST_RAW, id='at the bottom of the range'),
    ],
)
def test_reset_is_refused_unless_every_chamber_is_known_to_be_vented(
    tripped: SafetyState, reading: float
) -> None:
    raw = np.zeros(SHAPE)
    raw[3] = reading
    assert reset(TABLE, tripped, raw, confirmed=True) == (tripped, ResetRefusal.NOT_VENTED)


def test_reset_without_a_trip_is_refused() -> None:
    state = after(SOUND)
    assert reset(TABLE, state, VENTED.raw, confirmed=True) == (state, ResetRefusal.NOT_TRIPPED)


def test_reset_does_not_lift_what_does_not_latch(tripped: SafetyState) -> None:
    state, _ = reset(TABLE, tripped, VENTED.raw, confirmed=True)
    fault = inputs(0.0, device_fault=True)
    assert status(after(fault, begin=state)) == SafetyStatus.VENTING


# -- arrays


def test_batch_equals_single_garments() -> None:
    rng = np.random.default_rng(5)
    batch = SafetyState.initial((3, 4))
    singles = [SafetyState.initial(SHAPE) for _ in range(3)]
    for _ in range(60):
        judged = SafetyInputs(
            raw=rng.choice([0.0, 40.0, 126.0, 126.0, np.nan], (3, 4), p=[0.1, 0.3, 0.3, 0.29, 0.01])
            * MMHG,
            state_age=rng.uniform(0.0, 0.21, (3, 1)),
            request_age=rng.uniform(0.0, 0.21, (3, 1)),
            cycle_age=rng.uniform(0.0, 0.21, (3, 1)),
            emergency=np.array([[False], [False], [True]]),
            device_fault=rng.random((3, 1)) < 0.1,
            rival=rng.random((3, 1)) < 0.1,
            second=rng.choice([0.0, 40.0, np.nan], (3, 4)) * MMHG,
        )
        batch = supervisor_step(TABLE, batch, judged, DT)
        for i, single in enumerate(singles):
            own = SafetyInputs(*(values[i] for values in judged if values is not None))
            singles[i] = supervisor_step(TABLE, single, own, DT)
            for name in ('timer', 'active', 'latch', 'vent', 'started'):
                np.testing.assert_array_equal(
                    getattr(batch, name)[i], getattr(singles[i], name), err_msg=name
                )


def test_step_writes_into_none_of_its_inputs() -> None:
    state = after()
    judged = inputs([126.0, math.nan, 40.0, 40.0])
    for array in (*state, *judged):
        if isinstance(array, np.ndarray):
            array.setflags(write=False)
    assert supervisor_step(TABLE, state, judged, DT).vent.all()
    assert not state.vent.any()


# -- properties

anything = st.one_of(st.floats(-1.0, 1.0), st.floats(allow_nan=True, allow_infinity=True))


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    raw=st.lists(
        st.one_of(st.floats(-20.0 * MMHG, 320.0 * MMHG), anything), min_size=4, max_size=4
    ),
    ages=st.lists(st.one_of(st.floats(0.0, 0.2), anything), min_size=3, max_size=3),
    dt=anything,
)
def test_nan_anywhere_vents_everything(raw: list[float], ages: list[float], dt: float) -> None:
    judged = SafetyInputs(
        np.array(raw), *(np.array([age]) for age in ages), np.array([False]), np.array([False])
    )
    state = supervisor_step(TABLE, after(), judged, dt)
    assert state.vent.all() or np.isfinite([*raw, *ages]).all()


class Supervisor(RuleBasedStateMachine):
    """A garment, the people around it, and what may never happen between them."""

    @initialize()
    def begin(self) -> None:
        self.state = after()
        self.judged = SOUND
        self.was_tripped = False

    @rule(
        raw=st.lists(
            st.sampled_from([0.0, 14.0, 40.0, 124.0, 126.0, 126.0, 126.0, 400.0, math.nan]),
            min_size=4,
            max_size=4,
        ),
        cycles=st.integers(1, 20),
    )
    def pressures(self, raw: list[float], cycles: int) -> None:
        self.judge(inputs(raw), cycles)

    @rule(emergency=st.booleans(), device_fault=st.booleans(), vented=st.booleans())
    def button_or_fault(self, emergency: bool, device_fault: bool, vented: bool) -> None:
        raw = 0.0 if vented else 40.0
        self.judge(inputs(raw, emergency=emergency, device_fault=device_fault), 1)

    @rule(
        state_age=st.sampled_from([0.0, 0.1, 0.3, math.nan]),
        request_age=st.sampled_from([0.0, 0.1, 0.3, math.inf]),
    )
    def silence(self, state_age: float, request_age: float) -> None:
        self.judge(inputs(0.0, state_age=state_age, request_age=request_age), 1)

    @rule(cycles=st.integers(1, 3))
    def vented(self, cycles: int) -> None:
        self.judge(VENTED, cycles)

    @rule(confirmed=st.booleans())
    def reset(self, confirmed: bool) -> None:
        before = self.state
        cause = bool((before.active & before.latch).any())
        raw = self.judged.raw
        vented = bool(((raw > LOWEST_RAW) & (raw < LIMITS.vented_pressure)).all())
        self.state, refusal = reset(TABLE, before, raw, confirmed=confirmed)
        granted = refusal == ResetRefusal.NONE
        assert granted == (self.was_tripped and confirmed and not cause and vented)
        assert granted or self.state is before
        self.was_tripped = self.was_tripped and not granted

    def judge(self, judged: SafetyInputs, cycles: int) -> None:
        for _ in range(cycles):
            self.state = supervisor_step(TABLE, self.state, judged, DT)
        self.judged = judged
        self.was_tripped = self.was_tripped or status(self.state) == SafetyStatus.TRIPPED

    @invariant()
    def tripped_leaves_only_by_a_reset(self) -> None:
        assert (status(self.state) == SafetyStatus.TRIPPED) is self.was_tripped

    @precondition(lambda self: self.was_tripped)
    @invariant()
    def tripped_is_vented(self) -> None:
        assert self.state.vent.all()

    @invariant()
    def what_is_confirmed_is_vented(self) -> None:
        assert self.state.vent[self.state.active.any(axis=-1)].all()


def test_latch_and_reset_keep_their_rules_in_every_course_of_events() -> None:
    run_state_machine_as_test(
        Supervisor,
        settings=settings(derandomize=True, deadline=None, max_examples=60, stateful_step_count=30),
    )
