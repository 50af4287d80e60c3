"""The compiled plan: stages stacked into a table, and the gradient that it must keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core.plan import Plan, Stage, StageKind, never_rises
from compression_boot_control.core.signals import Mode

LEG = ((0, 1, 2),)
CAPS = np.array([8000.0, 8000.0, 8000.0])


def stage(name: str, duration: float = 1.0) -> Stage:
    """Return a dwell of three chambers, of which the first is under pressure."""
    return Stage(
        kind=StageKind.DWELL,
        name=name,
        mode=np.array([Mode.HOLD, Mode.VENT, Mode.VENT]),
        target=np.array([4000.0, 0.0, 0.0]),
        awaited=np.array([True, False, False]),
        duration=duration,
        timeout=2.0 * duration,
    )


@pytest.fixture(scope='module')
def plan() -> Plan:
    return Plan.of_stages(
        'wave',
        prefix=[stage('warm up', 1.0)],
        loop=[stage('inflate', 2.0), stage('dwell', 3.0)],
        suffix=[stage('release', 4.0)],
        session_time=60.0,
        caps=CAPS,
    )


def test_stages_come_in_the_order_prefix_loop_suffix(plan: Plan) -> None:
    assert plan.stage_names == ('warm up', 'inflate', 'dwell', 'release')


def test_loop_is_marked_by_its_first_stage_and_the_one_after_it(plan: Plan) -> None:
    assert (plan.loop_start, plan.loop_end) == (1, 3)


def test_columns_per_stage_follow_the_stages(plan: Plan) -> None:
    assert plan.kind.tolist() == [StageKind.DWELL] * 4
    assert plan.duration.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert plan.timeout.tolist() == [2.0, 4.0, 6.0, 8.0]


def test_columns_per_chamber_are_stages_by_chambers(plan: Plan) -> None:
    assert plan.mode.shape == plan.target.shape == plan.awaited.shape == (4, 3)
    assert plan.target[2].tolist() == [4000.0, 0.0, 0.0]


def test_prefix_may_be_empty() -> None:
    plan = Plan.of_stages('wave', [], [stage('dwell')], [stage('release')], 60.0, CAPS)
    assert (plan.loop_start, plan.loop_end) == (0, 1)


@pytest.mark.parametrize(
    ('loop', 'suffix'),
    [
        pytest.param([], [stage('release')], id='no loop'),
        pytest.param([stage('dwell')], [], id='no suffix'),
    ],
)
def test_loop_and_suffix_must_not_be_empty(loop: list[Stage], suffix: list[Stage]) -> None:
    with pytest.raises(ValueError, match='at least one stage in its loop and in its suffix'):
        Plan.of_stages('wave', [], loop, suffix, 60.0, CAPS)


@pytest.mark.parametrize(
    ('targets', 'verdict'),
    [
        pytest.param([60.0, 50.0, 40.0], True, id='falls'),
        pytest.param([50.0, 50.0, 50.0], True, id='level'),
        pytest.param([60.0, 40.0, 50.0], False, id='rises'),
        pytest.param([0.0, 50.0, 40.0], True, id='the foot is vented'),
        pytest.param([60.0, 0.0, 50.0], True, id='falls across a vented chamber'),
        pytest.param([40.0, 0.0, 50.0], False, id='rises across a vented chamber'),
        pytest.param([0.0, 0.0, 0.0], True, id='all vented'),
        pytest.param([50.0, 50.0 + 1e-9, 40.0], True, id='rises by rounding'),
    ],
)
def test_gradient_of_a_leg(targets: list[float], verdict: bool) -> None:
    assert never_rises(np.array([targets]), LEG) is verdict


def test_one_stage_that_rises_is_enough() -> None:
    assert not never_rises(np.array([[60.0, 50.0, 40.0], [60.0, 40.0, 50.0]]), LEG)


def test_legs_are_judged_apart() -> None:
    target = np.array([[40.0, 30.0, 60.0, 50.0]])
    assert never_rises(target, ((0, 1), (2, 3)))


def test_chain_gives_the_direction_not_the_order_of_the_chambers() -> None:
    target = np.array([[40.0, 50.0, 60.0]])
    assert never_rises(target, ((2, 1, 0),))


@settings(derandomize=True, deadline=None)
@given(st.lists(st.floats(0.0, 15_000.0), min_size=2, max_size=6))
def test_targets_sorted_downwards_never_rise(targets: list[float]) -> None:
    chain = tuple(range(len(targets)))
    assert never_rises(np.array([sorted(targets, reverse=True)]), (chain,))
