"""What the supervisor finds by following a garment: SR-08 to SR-16, SR-19 and SR-20.

The courses hold pressures and commands at made-up values; the last part lets the simulated boots
run through a sound wave.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from compression_boot_control.core.chamber_control import control_step
from compression_boot_control.core.control_parameters import ControlParameters, ControlState
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.safety.hazards import (
    HAZARDS,
    KINK,
    LEAK,
    NOT_DEFLATED,
    NOT_INFLATED,
    OVER_SET_POINT,
    SENSOR_OFFSET,
    SENSOR_RATE,
    SENSOR_STUCK,
    SUPPLY_HIGH,
    SUPPLY_UNKNOWN,
    TOO_LONG,
    Hazard,
)
from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.safety.supervisor import (
    SafetyInputs,
    SafetyState,
    SafetyStatus,
    SafetyTable,
    status,
    supervisor_step,
)
from compression_boot_control.core.safety.watch import Orders
from compression_boot_control.core.sensing import sensing_step
from compression_boot_control.core.sensing_parameters import SensingParameters, SensingState
from compression_boot_control.core.signals import Actuation, Mode, Readings, Setpoints
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant import step as reference
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.parameters import PlantParameters

DT = 1.0 / 64.0
"""A power of two, so that times add up exactly."""

LIMITS = HARD_LIMITS.tightened(pressure_time=20.0, deflate_time=2.0, zero_time=1.0, leak_time=2.0)
FOOT, OTHER_LEG = 0, slice(5, 10)
VENTED = {'inlet': 0.0, 'exhaust': 1.0}
SHUT = {'inlet': 0.0, 'exhaust': 0.0}
FILLING = {'inlet': 1.0, 'exhaust': 0.0}


class Course:
    """A supervised garment of which only the left foot does anything; the others stay vented."""

    def __init__(self, garment: Garment) -> None:
        self.table = SafetyTable.build(LIMITS, garment.legs, garment)
        self.state = SafetyState.initial((10,))
        self.flicker = 0.0

    def let(
        self,
        raw: float,
        seconds: float = DT,
        *,
        target: float = 0.0,
        inlet: float,
        exhaust: float,
        supply: float = 50.0,
        pump: float = 1.0,
        noise: float = 0.0,
    ) -> Course:
        """Keep a reading, a set-point and the valves for some time [mmHg]; noise alternates."""
        for _ in range(round(seconds / DT)):
            self.flicker = noise - self.flicker

            def only(value: float, others: float) -> np.ndarray:
                values = np.full(10, others)
                values[FOOT] = value
                return values

            now, no = np.array([0.0]), np.array([False])
            orders = Orders(
                target=only(target, 0.0) * MMHG,
                inlet=only(inlet, 0.0),
                exhaust=only(exhaust, 1.0),
                pump=np.array([pump]),
                supply=np.array([supply * MMHG]),
            )
            inputs = SafetyInputs(
                only(raw + self.flicker, 0.0) * MMHG, now, now, now, no, no, orders=orders
            )
            self.state = supervisor_step(self.table, self.state, inputs, DT)
        return self

    def time_to(self, hazard: Hazard, limit: float = 120.0, **held: Any) -> float:
        """How long a course is held until it is a hazard [s]."""
        samples = 0
        while not self.found(hazard):
            assert samples * DT < limit, f'{hazard.id} not found in {limit} s'
            self.let(**held)
            samples += 1
        return samples * DT

    def found(self, hazard: Hazard) -> bool:
        """Whether a hazard of the left foot is confirmed."""
        return bool(self.state.active[FOOT, HAZARDS.index(hazard)])

    @property
    def nothing_found(self) -> bool:
        return not (self.state.active.any() or self.state.latch.any() or self.state.vent.any())

    @property
    def vented(self) -> list[str]:
        """What the supervisor vents: the foot, its leg, the other leg."""
        vent = self.state.vent
        names = {'foot': vent[FOOT], 'leg': vent[:5].all(), 'other leg': vent[OTHER_LEG].all()}
        return [name for name, is_vented in names.items() if is_vented]


@pytest.fixture
def course(garment: Garment) -> Course:
    """A vented garment that the supervisor permits."""
    return Course(garment).let(0.0, 0.5, noise=0.2, **VENTED)


@pytest.fixture
def full(course: Course) -> Course:
    """The left foot filled to 40 mmHg in 2 s, and held there."""
    for raw in np.linspace(0.0, 60.0, 128):
        course.let(raw, target=40.0, noise=0.2, **FILLING)
    course.let(40.0, 0.5, target=40.0, noise=0.2, **SHUT)
    assert course.nothing_found
    return course


# -- SR-08: above the set-point


def test_pressure_15_mmhg_above_the_set_point_is_borne(full: Course) -> None:
    full.let(55.0, 3.0, target=40.0, **SHUT)
    assert full.nothing_found


def test_more_than_15_mmhg_above_the_set_point_for_1_s_vents_the_zone(full: Course) -> None:
    assert full.time_to(OVER_SET_POINT, raw=55.1, target=40.0, **SHUT) == 1.0
    assert full.vented == ['foot']


def test_zone_above_its_set_point_stays_vented(full: Course) -> None:
    full.let(55.1, 1.0, target=40.0, **SHUT).let(0.0, 5.0, **VENTED)
    assert status(full.state) == SafetyStatus.RESTRICTED
    assert full.vented == ['foot']


def test_short_excesses_do_not_add_up(full: Course) -> None:
    for _ in range(5):
        full.let(60.0, 0.5, target=40.0, **SHUT).let(40.0, 0.25, target=40.0, **SHUT)
    assert full.nothing_found


def test_set_point_that_was_lowered_may_be_followed_at_11_mmhg_a_second(full: Course) -> None:
    for raw in np.arange(40.0, 5.0, -11.0 * DT):
        full.let(raw, target=0.0, inlet=0.0, exhaust=0.5)
    assert full.nothing_found


def test_set_point_that_was_lowered_must_be_followed(full: Course) -> None:
    time = full.time_to(OVER_SET_POINT, raw=40.0, noise=0.2, target=0.0, inlet=0.0, exhaust=0.5)
    assert time == pytest.approx(15.0 / 11.0 + 1.0, abs=0.1)


def test_chamber_that_is_being_vented_has_no_set_point(full: Course) -> None:
    full.let(40.0, 1.5, noise=0.2, **VENTED)
    assert not full.found(OVER_SET_POINT)


def test_set_point_that_is_no_number_does_not_end_the_watch(full: Course) -> None:
    full.let(40.0, 0.25, target=math.nan, noise=0.2, **SHUT)
    full.let(60.0, 5.0, target=40.0, noise=0.2, **SHUT)
    assert full.found(OVER_SET_POINT)


# -- SR-09: too long


def test_zone_at_15_mmhg_may_stay(course: Course) -> None:
    course.let(15.0, 25.0, target=15.0, **SHUT)
    assert course.nothing_found


def test_zone_above_15_mmhg_for_its_time_vents_the_leg(course: Course) -> None:
    assert course.time_to(TOO_LONG, raw=15.1, target=15.0, **SHUT) == LIMITS.pressure_time
    assert course.vented == ['foot', 'leg']


def test_release_begins_the_time_anew(course: Course) -> None:
    for _ in range(3):
        course.let(20.0, 15.0, target=15.0, **SHUT).let(10.0, 0.25, noise=0.2, **VENTED)
    assert course.nothing_found


# -- SR-10: does not deflate


def test_chamber_that_is_not_below_15_mmhg_in_time_dumps_everything(full: Course) -> None:
    time = full.time_to(NOT_DEFLATED, raw=15.0, noise=0.2, **VENTED)
    assert time == LIMITS.deflate_time
    assert full.vented == ['foot', 'leg', 'other leg']
    assert status(full.state) == SafetyStatus.TRIPPED


def test_chamber_below_15_mmhg_is_deflated(full: Course) -> None:
    full.let(20.0, 1.9, noise=0.2, **VENTED).let(14.5, 5.0, noise=0.2, **VENTED)
    assert not full.found(NOT_DEFLATED)


# -- SR-11: does not inflate


def test_chamber_that_takes_air_without_pressure_is_stopped(course: Course) -> None:
    # 725 ml bring the foot to 60 mmHg; the pump gives 365 ml/s against 50 mmHg
    time = course.time_to(NOT_INFLATED, raw=18.0, noise=0.2, target=60.0, **FILLING)
    assert time == pytest.approx(1.5 * 0.725 / 0.365 + 1.0, abs=0.1)
    assert course.vented == ['foot']


# at a fifth of its drive the pump gives 73 ml/s, and the port reads 2.4 mmHg too high
GENTLY = {**FILLING, 'pump': 0.2, 'target': 60.0, 'noise': 0.2}


def test_chamber_below_half_its_set_point_does_not_inflate(course: Course) -> None:
    course.let(31.0, 20.0, **GENTLY)
    assert course.found(NOT_INFLATED)


def test_chamber_above_half_its_set_point_inflates(course: Course) -> None:
    course.let(34.0, 19.0, **GENTLY)
    assert not course.found(NOT_INFLATED)


def test_chamber_above_half_its_set_point_may_not_take_air_for_ever(course: Course) -> None:
    course.let(34.0, 30.0, **GENTLY)
    assert course.found(NOT_INFLATED)


def test_chamber_close_to_its_set_point_has_inflated_whatever_air_it_had(course: Course) -> None:
    course.let(60.0, 60.0, **GENTLY)
    assert not course.found(NOT_INFLATED)


def test_air_that_an_exhaust_let_out_does_not_count(full: Course) -> None:
    for _ in range(10):
        full.let(40.0, 0.5, noise=0.2, target=40.0, **FILLING)
        full.let(20.0, 0.25, noise=0.2, target=20.0, inlet=0.0, exhaust=0.5)
    full.let(42.0, 0.5, noise=0.2, target=100.0, **FILLING)
    assert not full.found(NOT_INFLATED)


def test_chamber_that_gets_no_air_need_not_inflate(course: Course) -> None:
    course.let(0.0, 30.0, noise=0.2, target=60.0, **SHUT)
    assert not course.found(NOT_INFLATED)


def supervised(course: Course, seconds: float, hazard: Hazard, **of_two: Any) -> float | None:
    """Let foot and ankle of the left leg do something together; when the foot is a hazard [s].

    Values are pairs, foot and ankle, but for pump and supply.
    """
    now, no = np.array([0.0]), np.array([False])

    def both(name: str, others: float) -> np.ndarray:
        values = np.full(10, others)
        values[:2] = of_two[name]
        return values

    for sample in range(round(seconds / DT)):
        course.flicker = 0.2 - course.flicker
        orders = Orders(
            target=both('target', 0.0) * MMHG,
            inlet=both('inlet', 0.0),
            exhaust=both('exhaust', 1.0),
            pump=np.array([1.0]),
            supply=np.array([of_two['supply'] * MMHG]),
        )
        raw = both('raw', 0.0) + course.flicker
        inputs = SafetyInputs(raw * MMHG, now, now, now, no, no, orders=orders)
        course.state = supervisor_step(course.table, course.state, inputs, DT)
        if course.found(hazard):
            return sample * DT
    return None


FILL_TOGETHER = {'target': (40.0, 40.0), 'inlet': (1.0, 1.0), 'exhaust': (0.0, 0.0)}


def test_slack_neighbour_may_have_taken_the_air(course: Course) -> None:
    # foot and ankle take 1.5 l by 40 mmHg; at 0 mmHg the larger one may have had all of it
    alone = supervised(course, 30.0, NOT_INFLATED, raw=(1.0, 1.0), supply=5.0, **FILL_TOGETHER)
    assert alone is not None
    assert alone > 1.5 * (0.68 + 0.9) / (25.0 / 60.0)


def test_neighbour_that_is_full_has_taken_no_more(course: Course, garment: Garment) -> None:
    together = supervised(course, 30.0, NOT_INFLATED, raw=(1.0, 1.0), supply=5.0, **FILL_TOGETHER)
    again = Course(garment).let(0.0, 0.5, noise=0.2, **VENTED)
    closed = FILL_TOGETHER | {'inlet': (1.0, 0.0)}
    beside_a_full_one = supervised(again, 30.0, NOT_INFLATED, raw=(1.0, 40.0), supply=5.0, **closed)
    assert together is not None
    assert beside_a_full_one is not None
    assert beside_a_full_one < together


def test_chamber_starves_whose_controller_opens_nothing_for_want_of_supply(course: Course) -> None:
    time = course.time_to(NOT_INFLATED, raw=1.0, noise=0.2, target=60.0, supply=2.0, **SHUT)
    # 725 ml, one and a half times, at 25 l/min
    assert time == pytest.approx(1.5 * 0.725 / (25.0 / 60.0) + 1.0, abs=0.1)


def test_vent_begins_the_count_of_air_anew(course: Course) -> None:
    for _ in range(4):
        course.let(10.0, 3.0, noise=0.2, target=60.0, **FILLING).let(0.0, 0.5, noise=0.2, **VENTED)
    assert not course.found(NOT_INFLATED)


# -- SR-12: leak


TOPPED_UP = {'inlet': 0.07, 'exhaust': 0.0, 'supply': 140.0, 'target': 40.0, 'noise': 0.2}


def test_chamber_that_is_topped_up_again_and_again_leaks(full: Course) -> None:
    full.time_to(LEAK, limit=19.0, raw=40.0, **TOPPED_UP)
    assert full.vented == ['foot']


def test_chamber_that_is_known_to_leak_may_be_topped_up(garment: Garment) -> None:
    course = Course(replace(garment, leak=20.0 * garment.leak))
    course.let(40.0, 19.0, **TOPPED_UP)
    assert not course.found(LEAK)


def test_chamber_that_holds_by_itself_does_not_leak(full: Course) -> None:
    full.let(40.0, 3.0, noise=0.2, target=40.0, **SHUT)
    assert not full.found(LEAK)


# -- SR-13: kink


def test_port_at_its_set_point_without_air_is_kinked(course: Course) -> None:
    time = course.time_to(KINK, raw=40.0, noise=0.2, target=40.0, **SHUT)
    assert time == LIMITS.kink_time
    assert course.vented == ['foot']


def test_port_that_swings_behind_its_valves_is_kinked(course: Course) -> None:
    # the port alone fills and empties in an instant, whatever the controller tries
    for _ in range(20):
        course.let(80.0, 2.0 * DT, target=40.0, supply=140.0, **FILLING)
        course.let(80.0, DT, target=40.0, supply=140.0, **VENTED)
        course.let(2.0, 3.0 * DT, target=40.0, supply=140.0, **VENTED)
    assert course.state.latch[FOOT, HAZARDS.index(KINK)]


def test_port_that_swings_although_its_chamber_fills_is_kinked(full: Course) -> None:
    # a wide hose that is kinked still fills its chamber, but the port is up and down at once
    for _ in range(4):
        full.let(70.0, 3.0 * DT, target=40.0, supply=75.0, **FILLING)
        full.let(70.0, DT, target=40.0, supply=75.0, **VENTED)
        full.let(25.0, 30.0 * DT, target=40.0, supply=75.0, **VENTED)
    assert full.state.latch[FOOT, HAZARDS.index(KINK)]


def test_leg_that_moves_while_the_valves_are_shut_is_no_kink(full: Course) -> None:
    for _ in range(10):
        full.let(75.0, 0.2, target=40.0, noise=0.2, **SHUT)
        full.let(25.0, 0.2, target=40.0, noise=0.2, **SHUT)
    assert not full.found(KINK)


def test_leg_that_moves_during_a_fill_is_no_kink(full: Course) -> None:
    # from 30 to 70 mmHg and back within a second, with hardly any air coming in
    there = np.linspace(30.0, 70.0, 32)
    for raw in np.tile(np.concatenate([there, there[::-1]]), 5):
        full.let(raw, target=45.0, supply=raw + 2.0, inlet=0.1, exhaust=0.0)
    assert not full.found(KINK)


def test_port_that_reads_the_drop_of_its_hose_is_not_kinked(course: Course) -> None:
    # at 12 l/min the hose of 4 mm takes 19 mmHg, more than half of the set-point
    course.let(21.0, 0.4, noise=0.2, target=40.0, inlet=0.3, exhaust=0.0, supply=145.0)
    assert not course.found(KINK)


def test_chamber_that_took_its_air_is_not_kinked(full: Course) -> None:
    full.let(40.0, 3.0, noise=0.2, target=40.0, **SHUT)
    assert not full.found(KINK)


@pytest.mark.parametrize('seconds', [DT, 0.25])
def test_vent_that_is_cut_short_is_no_kink(full: Course, seconds: float) -> None:
    full.let(36.0, seconds, noise=0.2, **VENTED)
    full.let(40.0, 3.0, noise=0.2, target=40.0, **SHUT)
    assert full.nothing_found


def test_reading_that_was_missing_for_a_moment_is_no_kink(full: Course) -> None:
    full.let(math.nan, **VENTED)
    full.let(40.0, 3.0, noise=0.2, target=40.0, **SHUT)
    assert not full.found(KINK)


def test_set_point_that_was_lowered_is_no_kink(full: Course) -> None:
    full.let(20.0, 3.0, noise=0.2, target=20.0, **SHUT)
    assert not full.found(KINK)


# -- SR-14: offset


@pytest.mark.parametrize('raw', [5.1, -5.1, 14.0])
def test_vented_sensor_off_its_zero_stops_the_zone(course: Course, raw: float) -> None:
    time = course.time_to(SENSOR_OFFSET, raw=raw, **VENTED)
    assert time == pytest.approx(2.0 * LIMITS.zero_time - 0.5, abs=2.0 * DT)
    assert course.vented == ['foot']


@pytest.mark.parametrize('raw', [4.9, -4.9])
def test_offset_of_5_mmhg_is_borne(course: Course, raw: float) -> None:
    course.let(raw, 5.0, **VENTED)
    assert course.nothing_found


@pytest.mark.parametrize('zero', [4.8, -4.8])
def test_rest_of_the_air_is_no_offset_of_a_sensor_whose_zero_is_known(
    garment: Garment, zero: float
) -> None:
    course = Course(garment).let(zero, 8.0, noise=0.2, **VENTED)
    course.let(zero + math.copysign(0.9, zero), 5.0, **VENTED)
    assert course.nothing_found
    course.let(zero + math.copysign(1.3, zero), 2.0, **VENTED)
    assert course.found(SENSOR_OFFSET)


def test_offset_that_flickers_at_the_edge_of_vented_is_told_of(course: Course) -> None:
    course.let(14.9, 3.0, noise=0.2, **VENTED)
    assert course.state.latch[FOOT, HAZARDS.index(SENSOR_OFFSET)]


def test_inflated_chamber_has_no_offset(full: Course) -> None:
    full.let(40.0, 3.0, noise=0.2, target=40.0, **SHUT)
    assert not full.found(SENSOR_OFFSET)


# -- SR-15: stuck


def test_reading_that_stands_still_during_a_fill_vents_the_leg(course: Course) -> None:
    time = course.time_to(SENSOR_STUCK, raw=20.0, target=60.0, **FILLING)
    assert time == pytest.approx(LIMITS.stuck_time, abs=2.0 * DT)
    assert course.vented == ['foot', 'leg']


def test_pauses_of_an_inlet_that_chops_do_not_break_a_stand_still(course: Course) -> None:
    for _ in range(17):
        course.let(20.0, 4.0 * DT, target=60.0, **FILLING).let(20.0, 4.0 * DT, target=60.0, **SHUT)
    assert course.state.latch[FOOT, HAZARDS.index(SENSOR_STUCK)]


def test_long_pause_of_an_inlet_breaks_a_stand_still(course: Course) -> None:
    for _ in range(20):
        course.let(20.0, 8.0 * DT, target=60.0, **FILLING).let(20.0, 0.6, target=60.0, **SHUT)
    assert not course.state.latch[FOOT, HAZARDS.index(SENSOR_STUCK)]


def test_reading_that_stands_still_during_a_vent_vents_the_leg(full: Course) -> None:
    full.time_to(SENSOR_STUCK, limit=1.5, raw=40.0, **VENTED)
    assert full.vented == ['foot', 'leg']


def test_reading_with_noise_is_not_stuck(course: Course) -> None:
    course.let(20.0, 3.0, target=60.0, noise=0.1, **FILLING)
    assert not course.found(SENSOR_STUCK)


@pytest.mark.parametrize(('raw', 'valves'), [(40.0, SHUT), (0.0, VENTED)])
def test_reading_may_stand_still_while_nothing_works(
    full: Course, raw: float, valves: dict[str, float]
) -> None:
    full.let(raw, 3.0, target=raw, **valves)
    assert not full.found(SENSOR_STUCK)


# -- SR-16: rate


def test_spike_while_the_valves_rest_vents_the_leg(full: Course) -> None:
    full.let(40.0, 0.5, target=40.0, **SHUT)
    full.let(47.0, target=40.0, **SHUT).let(40.0, target=40.0, **SHUT)
    assert full.found(SENSOR_RATE)
    assert full.vented == ['foot', 'leg']


def test_reading_may_jump_after_a_valve_has_moved(full: Course) -> None:
    full.let(40.0, DT, target=40.0, **FILLING)
    full.let(60.0, DT, target=40.0, **FILLING).let(40.0, target=40.0, **SHUT)
    assert not full.found(SENSOR_RATE)


def jump(course: Course, **valves: float) -> Course:
    """Let the pump stop, and the reading fall by 10 mmHg in each of two samples."""
    course.let(60.0, 0.5, target=60.0, pump=1.0, noise=0.2, **valves)
    return course.let(50.0, target=60.0, pump=0.0, **valves).let(40.0, target=60.0, **valves)


def test_port_may_jump_with_the_flow_that_the_pump_gives(full: Course) -> None:
    assert not jump(full, **FILLING).found(SENSOR_RATE)


def test_shut_port_may_not_jump_whatever_the_pump_does(full: Course) -> None:
    assert jump(full, **SHUT).found(SENSOR_RATE)


def test_reading_may_move_by_400_mmhg_a_second(full: Course) -> None:
    full.let(40.0, 0.5, target=40.0, **SHUT)
    full.let(46.0, target=40.0, **SHUT).let(40.0, target=40.0, **SHUT)
    assert not full.found(SENSOR_RATE)


def test_cycle_between_two_samples_follows_nothing(full: Course) -> None:
    # or the rate of the last sample would be gone before it has lasted for its time
    now, no = np.array([0.0]), np.array([False])
    orders = Orders(np.zeros(10), np.zeros(10), np.ones(10), np.zeros(1), np.zeros(1))
    inputs = SafetyInputs(np.full(10, 1.0), now, now, now, no, no, orders=orders)
    after = supervisor_step(full.table, full.state, inputs, DT, 0.0)
    assert after.watch is full.state.watch


# -- SR-19 and SR-20: supply


def test_supply_above_175_mmhg_for_1_s_vents_everything(course: Course) -> None:
    time = course.time_to(SUPPLY_HIGH, raw=0.0, noise=0.2, supply=175.1, **VENTED)
    assert time == 1.0
    assert status(course.state) == SafetyStatus.TRIPPED


def test_supply_at_175_mmhg_is_borne(course: Course) -> None:
    course.let(0.0, 3.0, noise=0.2, supply=175.0, **VENTED)
    assert course.nothing_found


def test_supply_that_is_no_longer_measured_is_told_of_and_vents_nothing(course: Course) -> None:
    course.let(0.0, noise=0.2, supply=math.nan, **VENTED)
    assert course.found(SUPPLY_UNKNOWN)
    assert course.vented == []
    assert status(course.state) == SafetyStatus.PERMITTING


def test_supply_that_was_never_measured_is_not_told_of(garment: Garment) -> None:
    course = Course(garment).let(0.0, 1.0, noise=0.2, supply=math.nan, **VENTED)
    assert course.nothing_found


# -- samples


def test_cycle_without_a_new_sample_counts_for_nothing(full: Course) -> None:
    now, no = np.array([0.0]), np.array([False])
    orders = Orders(np.zeros(10), np.ones(10), np.zeros(10), np.ones(1), np.zeros(1))
    inputs = SafetyInputs(np.zeros(10), now, now, now, no, no, orders=orders)
    after = supervisor_step(full.table, full.state, inputs, DT, sample_dt=0.0)
    assert after.watch is full.state.watch


@pytest.mark.parametrize('known', [True, False], ids=['a garment', 'orders'])
def test_nothing_is_followed_without_a_garment_or_orders(garment: Garment, known: bool) -> None:
    table = SafetyTable.build(LIMITS, garment.legs, None if known else garment)
    now, no = np.array([0.0]), np.array([False])
    orders = Orders(np.zeros(10), np.ones(10), np.zeros(10), np.ones(1), np.zeros(1))
    inputs = SafetyInputs(np.zeros(10), now, now, now, no, no, orders=orders if known else None)
    before = SafetyState.initial((10,))
    assert supervisor_step(table, before, inputs, DT).watch is before.watch


def test_batch_equals_single_garments(garment: Garment) -> None:
    table = SafetyTable.build(
        LIMITS.tightened(excess_time=0.125, kink_time=0.125), garment.legs, garment
    )
    rng = np.random.default_rng(7)
    batch = SafetyState.initial((3, 10))
    singles = [SafetyState.initial((10,)) for _ in range(3)]
    now, no = np.zeros((3, 1)), np.zeros((3, 1), dtype=np.bool_)
    target = rng.choice([0.0, 40.0], (3, 10)) * MMHG
    for step in range(100):
        orders = Orders(
            target=target,
            inlet=np.where(target > 0.0, rng.choice([0.0, 0.3], (3, 10)), 0.0),
            exhaust=np.where(target > 0.0, 0.0, 1.0),
            pump=np.ones((3, 1)),
            supply=rng.uniform(40.0, 140.0, (3, 1)) * MMHG,
        )
        raw = np.minimum(target, step * MMHG) + rng.normal(0.0, 8.0, (3, 10)) * MMHG
        inputs = SafetyInputs(raw, now, now, now, no, no, orders=orders)
        batch = supervisor_step(table, batch, inputs, DT)
        for i, single in enumerate(singles):
            own = SafetyInputs(
                raw[i],
                now[i],
                now[i],
                now[i],
                no[i],
                no[i],
                orders=Orders(*(values[i] for values in orders)),
            )
            singles[i] = supervisor_step(table, single, own, DT)
            np.testing.assert_array_equal(batch.active[i], singles[i].active)
            np.testing.assert_array_equal(batch.vent[i], singles[i].vent)
    assert len(np.unique(np.nonzero(batch.latch)[-1])) > 1


# -- a sound garment


def test_sound_wave_raises_nothing(garment: Garment) -> None:
    boots = SimulatedBoots(
        PlantParameters.from_garment(garment), integrator=reference.advance, maximum_substep=5e-3
    )
    table = SafetyTable.build(HARD_LIMITS, garment.legs, garment)
    sensing_parameters = SensingParameters.from_garment(garment)
    control_parameters = ControlParameters.from_garment(garment)
    sensing, control = SensingState.initial((10,)), ControlState.initial((10,))
    safety, permitted = SafetyState.initial((10,)), Actuation.vented((10,))
    now, no = np.array([0.0]), np.array([False])
    mode, target = np.zeros(10, dtype=np.int64), np.zeros(10)
    for sample in range(1600):
        rising, over = sample == 300, sample == 1300
        if rising:
            mode[:3], target[:3] = Mode.TRACK, np.array([50.0, 45.0, 40.0]) * MMHG
        if over:
            mode[:], target[:] = Mode.VENT, 0.0
        readings: Readings = boots.step(permitted, 0.01)
        orders = Orders(
            target=target.copy(),
            inlet=permitted.inlet,
            exhaust=permitted.exhaust,
            pump=np.atleast_1d(permitted.pump),
            supply=np.atleast_1d(readings.supply_pressure),
        )
        inputs = SafetyInputs(readings.pressure, now, now, now, no, no, orders=orders)
        safety = supervisor_step(table, safety, inputs, 0.01)
        assert not safety.active.any(), f'{HAZARDS[int(np.argmax(safety.active.any(0)))].id}'
        sensing, pressures = sensing_step(sensing_parameters, sensing, readings, 0.01)
        control, permitted = control_step(
            control_parameters, control, pressures, Setpoints(mode, target), 0.01
        )
