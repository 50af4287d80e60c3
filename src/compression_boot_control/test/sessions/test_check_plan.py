"""SR-30: the plan of the pre-use check is gentle and whole, and finds what is wrong with the boots.

The boots are simulated, and stepped with sensing, sequence and control in compiled code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from compression_boot_control.core.garment import LEGS, Garment
from compression_boot_control.core.plan import Plan, StageKind, never_rises
from compression_boot_control.core.pre_use_check import (
    CheckItem,
    CheckPlan,
    CheckStep,
    PreUseCheck,
    Verdict,
)
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.signals import Mode
from compression_boot_control.core.units import MILLILITRE, MINUTE, MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.hardware.simulated import wearer
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD, simulate_session
from compression_boot_control.plant.faults import Fault, FaultKind
from compression_boot_control.sessions.check_plan import CHECK_PRESSURE, check_plan
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol

CALF = 'left_calf'


def session(garment: Garment, leg: str = 'both', protocol: str = 'beginner') -> Plan:
    return compile_protocol(load_protocol(protocol), garment, leg=leg)


@dataclass(frozen=True)
class Outcome:
    """What a check of simulated boots came to."""

    items: tuple[CheckItem, ...]
    failure: str
    duration: float
    highest: float

    @property
    def failed(self) -> set[tuple[str, str]]:
        return {(item.step, item.subject) for item in self.items if item.verdict == Verdict.FAILED}


def checked(garment: Garment, *faults: Fault, seed: int = 0, leg: str = 'both') -> Outcome:
    """Run the check on simulated boots."""
    check = check_plan(garment, session(garment, leg))
    boots = SimulatedBoots(wearer(garment, seed), seed)
    boots.set_fault(*faults)
    trace = simulate_session(boots, garment, check.plan)
    judge = PreUseCheck(check)
    zeroed = np.ones(len(garment), dtype=np.bool_)
    for stage, pressure, supply in zip(
        trace.stage, trace.pressure, trace.supply_pressure, strict=True
    ):
        judge.sample(int(stage), pressure, float(supply), zeroed, SAMPLE_PERIOD)
    judge.close(late=trace.error != SessionError.NONE)
    return Outcome(judge.items, judge.failure, judge.duration, float(trace.true_pressure.max()))


@pytest.fixture(scope='module')
def plan(five_zone: Garment) -> CheckPlan:
    return check_plan(five_zone, session(five_zone))


# -- the plan


def test_SR_30_pressure_is_bounded_and_never_rises_towards_the_thigh(
    five_zone: Garment, plan: CheckPlan
) -> None:
    assert plan.plan.target.max() <= CHECK_PRESSURE
    assert never_rises(plan.plan.target, [five_zone.on_leg(leg) for leg in LEGS])


def test_SR_30_no_chamber_gets_more_than_the_session_has_for_it(five_zone: Garment) -> None:
    gentle = session(five_zone, protocol='gentle_first_time')
    check = check_plan(five_zone, gentle)
    assert (check.plan.target.max(axis=0) <= gentle.target.max(axis=0)).all()


def test_SR_30_every_chamber_of_the_session_is_filled_shut_and_vented_alone(
    five_zone: Garment, plan: CheckPlan
) -> None:
    everyone = list(range(len(five_zone)))
    awaited = {
        kind: sorted(
            int(i) for row in plan.plan.awaited[plan.plan.kind == kind] for i in np.flatnonzero(row)
        )
        for kind in (StageKind.INFLATE, StageKind.RELEASE)
    }
    assert awaited == {StageKind.INFLATE: everyone, StageKind.RELEASE: everyone}
    vents = [stage.moving for stage in plan.stages if stage.step == CheckStep.VENT]
    assert sorted(vents) == [(i,) for i in everyone]
    leak = [stage.shut for stage in plan.stages if stage.step == CheckStep.LEAK]
    assert [sorted(shut) for shut in leak] == [everyone]


def test_chambers_that_the_session_leaves_out_stay_vented(five_zone: Garment) -> None:
    check = check_plan(five_zone, session(five_zone, leg='left'))
    assert (check.plan.mode[:, list(five_zone.on_leg('right'))] == Mode.VENT).all()
    assert check.plan.awaited[:, list(five_zone.on_leg('left'))].any(axis=0).all()


# -- sound boots


@pytest.mark.parametrize('seed', range(6))
def test_SR_30_sound_boots_pass(five_zone: Garment, seed: int) -> None:
    outcome = checked(five_zone, seed=seed)
    assert outcome.failure == ''
    assert {item.verdict for item in outcome.items} == {Verdict.PASSED}
    assert outcome.duration < 75.0


@pytest.mark.parametrize('name', ['four_zone', 'six_zone', 'five_zone_small_pump'])
def test_SR_30_other_garments_pass(name: str) -> None:
    assert checked(load_garment(name)).failure == ''


@pytest.mark.parametrize('leg', LEGS)
def test_SR_30_one_leg_alone_passes(five_zone: Garment, leg: str) -> None:
    outcome = checked(five_zone, leg=leg)
    assert outcome.failure == ''
    assert {item.subject for item in outcome.items if item.step == 'vent'} == {
        five_zone.chamber_names[i] for i in five_zone.on_leg(leg)
    }


def test_SR_30_pressure_in_the_chambers_stays_near_the_planned(five_zone: Garment) -> None:
    assert checked(five_zone, seed=3).highest < CHECK_PRESSURE + 15.0 * MMHG


# -- what it finds


@pytest.mark.parametrize(
    ('one', 'other'),
    [
        ('left_calf', 'left_knee'),
        ('left_foot', 'left_ankle'),
        ('right_knee', 'right_thigh'),
        ('left_calf', 'right_calf'),
        ('left_foot', 'right_ankle'),
    ],
)
def test_SR_30_swapped_hoses_are_found_and_named(five_zone: Garment, one: str, other: str) -> None:
    place, elsewhere = five_zone.index(one), five_zone.index(other)
    outcome = checked(five_zone, Fault(FaultKind.HOSES_SWAPPED, place, elsewhere))
    assert {step for step, _ in outcome.failed} == {'hoses'}
    assert f'{one} and {other}' in outcome.failure
    assert 'plug each into its own port' in outcome.failure


@pytest.mark.parametrize(
    ('kind', 'step', 'text'),
    [
        (FaultKind.INLET_STUCK_OPEN, 'valves', 'does not shut'),
        (FaultKind.INLET_STUCK_SHUT, 'valves', 'does not fill'),
        (FaultKind.EXHAUST_STUCK_SHUT, 'vent', 'does not vent'),
        (FaultKind.HOSE_BURST, 'valves', 'does not fill'),
        (FaultKind.SENSOR_OFFSET, 'zero', 'while vented'),
    ],
)
def test_SR_30_defect_of_a_chamber_is_found_and_named(
    five_zone: Garment, kind: FaultKind, step: str, text: str
) -> None:
    outcome = checked(five_zone, Fault(kind, five_zone.index(CALF)))
    assert (step, CALF) in outcome.failed
    assert CALF in outcome.failure
    assert text in outcome.failure


def test_SR_30_exhaust_that_does_not_shut_is_found(five_zone: Garment) -> None:
    fault = Fault(FaultKind.EXHAUST_STUCK_OPEN, five_zone.index(CALF))
    assert CALF in checked(five_zone, fault).failure


def test_SR_30_large_leak_is_found_and_named(five_zone: Garment) -> None:
    fault = Fault(FaultKind.LEAK, five_zone.index(CALF), 1000.0 * MILLILITRE / MINUTE)
    outcome = checked(five_zone, fault)
    assert outcome.failed == {('leak', CALF)}
    assert 'does not keep its air' in outcome.failure


def test_SR_30_pump_that_gives_nothing_is_found(five_zone: Garment) -> None:
    assert 'the pump builds no pressure' in checked(five_zone, Fault(FaultKind.PUMP_DEAD)).failure


def test_SR_30_relief_valve_that_does_not_open_is_found(five_zone: Garment) -> None:
    outcome = checked(five_zone, Fault(FaultKind.RELIEF_STUCK_SHUT))
    assert outcome.failed == {('supply', 'supply')}


def test_supply_without_a_sensor_is_not_judged_and_no_failure(five_zone: Garment) -> None:
    outcome = checked(five_zone, Fault(FaultKind.SUPPLY_SENSOR_NAN))
    assert outcome.failure == ''
    assert [item.step for item in outcome.items if item.verdict == Verdict.NOT_JUDGED] == ['supply']
