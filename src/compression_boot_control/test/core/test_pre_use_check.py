"""SR-30: each judgement of the pre-use check, at, under and over its limit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan, Stage, StageKind
from compression_boot_control.core.pre_use_check import (
    CLOSED_LIMIT,
    LEAK_LIMIT,
    PRESSED_LIMIT,
    SUPPLY_LIMIT,
    VENT_LIMIT,
    VENTED,
    ZERO_LIMIT,
    CheckPlan,
    CheckStage,
    CheckStep,
    PreUseCheck,
    StageSamples,
    Verdict,
    judge_fill,
    judge_leak,
    judge_supply,
    judge_vent,
    judge_zero,
    judged,
)
from compression_boot_control.core.signals import Mode
from compression_boot_control.core.units import MMHG

TARGET = 30.0 * MMHG
DT = 0.01
ZERO, FILL_ONE, FILL_OTHER, LEAK, VENT_OTHER, VENT_ONE = range(6)
PASSED, FAILED, NOT_JUDGED = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_JUDGED


@pytest.fixture(scope='module')
def check(garment: Garment) -> CheckPlan:
    """Check of the two chambers of a foot and its ankle."""
    purposes = (
        CheckStage(CheckStep.ZERO, (), ()),
        CheckStage(CheckStep.FILL, (0,), ()),
        CheckStage(CheckStep.FILL, (1,), (0,)),
        CheckStage(CheckStep.LEAK, (), (0, 1)),
        CheckStage(CheckStep.VENT, (1,), (0,)),
        CheckStage(CheckStep.VENT, (0,), ()),
    )
    stages = [
        Stage(
            kind=StageKind.REST,
            name=purpose.step.value,
            mode=np.full(2, int(Mode.VENT)),
            target=np.zeros(2),
            awaited=np.isin(np.arange(2), purpose.moving),
            duration=1.0,
            timeout=10.0,
        )
        for purpose in purposes
    ]
    return CheckPlan(
        plan=Plan.of_stages('trial', [], stages[:1], stages[1:], 1.0, np.full(2, TARGET)),
        stages=purposes,
        names=('left_foot', 'left_ankle'),
        target=np.full(2, TARGET),
        touching=np.array([[False, True], [True, False]]),
        rest_volume=garment.rest_volume[:2],
        compliance=garment.compliance[:2],
    )


def course(
    *points: tuple[float, float], seconds: float = 5.0, supply: float = 60.0
) -> StageSamples:
    """Samples of a stage; each chamber goes straight from one pressure to another [mmHg]."""
    time = np.arange(0.0, seconds, DT)
    share = (time / time[-1])[:, None]
    start, end = np.array(points).T * MMHG
    return StageSamples(time, start + share * (end - start), np.full(len(time), supply * MMHG))


def verdicts(items: list, step: str | None = None) -> dict[str, Verdict]:
    return {item.subject: item.verdict for item in items if step in (None, item.step)}


def test_figure_at_its_limit_passes_and_one_that_is_no_number_fails() -> None:
    assert judged('vent', 'a', 10.0, 10.0, 's', 'wrong').verdict == PASSED
    assert judged('vent', 'a', 10.001, 10.0, 's', 'wrong').verdict == FAILED
    assert judged('vent', 'a', math.nan, 10.0, 's', 'wrong').text == 'wrong'


@pytest.mark.parametrize(('reading', 'verdict'), [(4.9, PASSED), (-4.9, PASSED), (5.1, FAILED)])
def test_SR_30_zero(check: CheckPlan, reading: float, verdict: Verdict) -> None:
    assert ZERO_LIMIT == 5.0 * MMHG
    items = judge_zero(check, course((reading, reading), (0.0, 0.0)), np.array([True, True]))
    assert verdicts(items) == {'left_foot': verdict, 'left_ankle': PASSED}


def test_SR_30_sensor_that_does_not_find_its_zero(check: CheckPlan) -> None:
    items = judge_zero(check, course((0.0, 0.0), (0.0, 0.0)), np.array([True, False]))
    assert verdicts(items) == {'left_foot': PASSED, 'left_ankle': FAILED}
    assert 'does not find its zero' in items[1].text


def test_SR_30_fill_that_arrives_passes_with_its_time(check: CheckPlan) -> None:
    items = judge_fill(check, FILL_ONE, course((0.0, 30.0), (0.0, 0.0), seconds=3.0), late=False)
    assert verdicts(items) == {'left_foot': PASSED}
    assert items[0].measured == pytest.approx(3.0, abs=2 * DT)


def test_SR_30_fill_that_does_not_arrive(check: CheckPlan) -> None:
    items = judge_fill(check, FILL_ONE, course((0.0, 12.0), (0.0, 0.0)), late=True)
    assert verdicts(items) == {'left_foot': FAILED}
    assert 'does not fill: check its hose' in items[0].text


def test_SR_30_fill_that_fails_for_want_of_air_names_the_pump(check: CheckPlan) -> None:
    samples = course((0.0, 12.0), (0.0, 0.0), supply=20.0)
    assert 'the pump builds no pressure' in judge_fill(check, FILL_ONE, samples, late=True)[0].text


@pytest.mark.parametrize(('rise', 'verdict'), [(-0.1, None), (0.1, FAILED)])
def test_SR_30_vented_chamber_that_rises_while_another_fills(
    check: CheckPlan, rise: float, verdict: Verdict | None
) -> None:
    stranger = CLOSED_LIMIT / MMHG + rise
    items = judge_fill(check, FILL_ONE, course((0.0, 30.0), (0.0, stranger)), late=False)
    assert verdicts(items).get('left_ankle') == verdict


@pytest.mark.parametrize(('rise', 'verdict'), [(-0.1, None), (0.1, FAILED)])
def test_SR_30_shut_chamber_may_be_pressed_by_its_neighbour(
    check: CheckPlan, rise: float, verdict: Verdict | None
) -> None:
    pressed = 30.0 + PRESSED_LIMIT / MMHG + rise
    items = judge_fill(check, FILL_OTHER, course((30.0, pressed), (0.0, 30.0)), late=False)
    assert verdicts(items).get('left_foot') == verdict


@pytest.mark.parametrize(
    ('supply', 'verdict'),
    [(149.0, PASSED), (164.9, PASSED), (165.1, FAILED), (math.nan, NOT_JUDGED)],
)
def test_SR_30_supply(check: CheckPlan, supply: float, verdict: Verdict) -> None:
    assert SUPPLY_LIMIT == 165.0 * MMHG
    assert (
        judge_supply(
            check, np.array([0.0, supply * MMHG]) if supply == supply else np.array([supply])
        ).verdict
        == verdict
    )


@pytest.mark.parametrize(('share', 'verdict'), [(0.9, PASSED), (1.1, FAILED)])
def test_SR_30_leak(check: CheckPlan, share: float, verdict: Verdict) -> None:
    end = 28.0 * MMHG
    volume = check.rest_volume[0] + check.compliance[0] * end
    capacity = float(check.compliance[0] + volume / (101_325.0 + end))
    lost = share * LEAK_LIMIT / capacity * 5.0 / MMHG
    items = judge_leak(check, LEAK, course((28.0 + lost, 28.0), (30.0, 29.9)))
    assert verdicts(items) == {'left_foot': verdict, 'left_ankle': PASSED}


def test_SR_30_chamber_that_is_empty_already_leaks_too(check: CheckPlan) -> None:
    items = judge_leak(check, LEAK, course((2.0, 2.0), (30.0, 30.0)))
    assert verdicts(items) == {'left_foot': FAILED, 'left_ankle': PASSED}
    assert 'exhaust valve' in items[0].text


def test_SR_30_chamber_that_has_lost_most_of_its_air_leaks_too(check: CheckPlan) -> None:
    items = judge_leak(check, LEAK, course((25.0, 14.0), (30.0, 30.0), seconds=30.0))
    assert verdicts(items) == {'left_foot': FAILED, 'left_ankle': PASSED}


def test_SR_30_vent_time(check: CheckPlan) -> None:
    before = np.array([30.0, 30.0]) * MMHG
    items = judge_vent(check, VENT_OTHER, course((30.0, 29.0), (30.0, 0.0)), before)
    assert verdicts(items) == {'left_ankle': PASSED}
    assert items[0].measured == pytest.approx(2.5, abs=0.02)
    assert items[0].limit == VENT_LIMIT


def test_SR_30_chamber_that_does_not_vent(check: CheckPlan) -> None:
    before = np.array([30.0, 30.0]) * MMHG
    stays = VENTED / MMHG
    items = judge_vent(check, VENT_OTHER, course((30.0, 30.0), (30.0, stays)), before)
    assert verdicts(items) == {'left_ankle': FAILED}
    assert 'open its zip' in items[0].text


@pytest.mark.parametrize(('fall', 'verdict'), [(-0.5, None), (0.5, FAILED)])
def test_SR_30_chamber_that_empties_when_another_vents(
    check: CheckPlan, fall: float, verdict: Verdict | None
) -> None:
    before = np.array([30.0, 30.0]) * MMHG
    left = 30.0 - PRESSED_LIMIT / MMHG - fall
    items = judge_vent(check, VENT_OTHER, course((left, left), (30.0, 0.0)), before)
    assert verdicts(items, 'valves').get('left_foot') == verdict


# -- the judge, sample by sample

COURSES = {
    ZERO: course((0.0, 0.0), (0.0, 0.0), seconds=1.0),
    FILL_ONE: course((0.0, 30.0), (0.0, 0.0), seconds=1.0),
    FILL_OTHER: course((30.0, 31.0), (0.0, 30.0), seconds=1.0),
    LEAK: course((31.0, 30.9), (30.0, 29.9), seconds=4.0),
    VENT_OTHER: course((29.9, 29.9), (29.9, 0.0), seconds=1.0),
    VENT_ONE: course((29.9, 0.0), (0.0, 0.0), seconds=1.0),
}


def feed(judge: PreUseCheck, stage: int, samples: StageSamples) -> None:
    zeroed = np.array([True, True])
    for pressure, supply in zip(samples.pressure, samples.supply, strict=True):
        judge.sample(stage, pressure, float(supply), zeroed, DT)


def test_SR_30_whole_check_is_judged_stage_by_stage(check: CheckPlan) -> None:
    judge = PreUseCheck(check)
    counts = []
    for stage, samples in COURSES.items():
        feed(judge, stage, samples)
        counts.append(judge.count)
    judge.close()
    assert counts == [0, 2, 3, 4, 7, 8]
    assert {item.step for item in judge.items} == {
        'zero',
        'valves',
        'supply',
        'leak',
        'vent',
        'hoses',
    }
    assert judge.failure == ''
    assert judge.duration == pytest.approx(9.0, abs=0.1)


def test_SR_30_first_finding_is_the_one_that_is_told(check: CheckPlan) -> None:
    judge = PreUseCheck(check)
    feed(judge, ZERO, course((9.0, 9.0), (0.0, 0.0)))
    feed(judge, FILL_ONE, course((9.0, 12.0), (0.0, 0.0)))
    judge.close(late=True)
    assert judge.failure.startswith('left_foot reads a pressure while vented')


def test_check_that_begins_again_after_a_pause_is_judged_again(check: CheckPlan) -> None:
    judge = PreUseCheck(check)
    for stage in (ZERO, FILL_ONE, FILL_OTHER):
        feed(judge, stage, COURSES[stage])
    feed(judge, FILL_ONE, COURSES[FILL_ONE])
    assert [item.step for item in judge.items] == ['zero', 'zero']
    feed(judge, FILL_OTHER, COURSES[FILL_OTHER])
    assert judge.count == 3


def test_samples_with_unknown_pressures_are_left_out(check: CheckPlan) -> None:
    judge = PreUseCheck(check)
    feed(judge, ZERO, COURSES[ZERO])
    judge.sample(ZERO, np.array([math.nan, 0.0]), 0.0, np.array([True, True]), DT)
    judge.close()
    assert judge.failure == ''


def test_neighbours_that_do_not_answer_leave_the_hoses_unjudged(check: CheckPlan) -> None:
    judge = PreUseCheck(check)
    unmoved = course((30.9, 30.9), (29.9, 0.0), seconds=1.0)
    for stage, samples in (COURSES | {VENT_OTHER: unmoved}).items():
        feed(judge, stage, samples)
    judge.close()
    hoses = judge.items[-1]
    assert (hoses.step, hoses.verdict) == ('hoses', NOT_JUDGED)
