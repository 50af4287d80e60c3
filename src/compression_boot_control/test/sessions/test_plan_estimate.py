"""Expected times: against hand calculation, the flow laws, and the simulated boots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import StageKind
from compression_boot_control.core.pneumatics import ATMOSPHERE, orifice_flow
from compression_boot_control.core.units import LITRE, LITRE_PER_MINUTE, MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.sessions.fill_time import fill_time, release_time, valve_upstream
from compression_boot_control.sessions.plan_estimate import (
    estimate,
    longest_zone_time,
    stage_times,
)
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol


def wide_open(garment: Garment, flow: float) -> Garment:
    """Only the pump limits the flow, and no pressure slows it down."""
    return replace(
        garment,
        inlet_conductance=garment.inlet_conductance * 1e4,
        hose_bore=garment.hose_bore * 10,
        pump=replace(garment.pump, free_flow=flow, shut_off_pressure=1e9),
    )


@pytest.mark.parametrize('flow_l_per_min', [6.0, 12.0, 25.0])
def test_one_litre_fills_in_the_time_that_the_pump_needs(
    five_zone: Garment, flow_l_per_min: float
) -> None:
    garment = wide_open(five_zone, flow_l_per_min * LITRE_PER_MINUTE)
    garment = replace(garment, rest_volume=np.full(10, LITRE), compliance=np.full(10, 2e-6 / MMHG))
    target = np.zeros(10)
    target[0] = 60 * MMHG
    # 1.12 l at 60 mmHg hold 1.21 l of air at atmospheric pressure
    volume = 1.12 * (ATMOSPHERE + 60 * MMHG) / ATMOSPHERE
    assert fill_time(garment, target) == pytest.approx(volume / flow_l_per_min * 60, rel=0.02)


def test_slack_air_shortens_the_fill(five_zone: Garment) -> None:
    target = np.where(np.arange(10) == 2, 60 * MMHG, 0.0)
    empty, slack = fill_time(five_zone, target), fill_time(five_zone, target, empty=False)
    assert slack < 0.25 * empty
    assert fill_time(five_zone, target, start=target) == pytest.approx(0.0, abs=1e-6)


def test_more_chambers_a_higher_target_and_a_smaller_pump_take_longer(five_zone: Garment) -> None:
    one = np.where(np.arange(10) == 0, 40 * MMHG, 0.0)
    two = np.where(np.arange(10) % 5 == 0, 40 * MMHG, 0.0)
    assert fill_time(five_zone, one) < fill_time(five_zone, two)
    assert fill_time(five_zone, one) < fill_time(five_zone, one * 1.5)
    small = load_garment('five_zone_small_pump')
    assert fill_time(five_zone, two) < fill_time(small, two)


def test_a_pressure_that_the_pump_cannot_reach_takes_for_ever(five_zone: Garment) -> None:
    weak = replace(five_zone, pump=replace(five_zone.pump, shut_off_pressure=30 * MMHG))
    target = np.where(np.arange(10) == 0, 60 * MMHG, 0.0)
    assert 1e5 < fill_time(weak, target) < np.inf


@pytest.mark.parametrize('downstream_mmhg', [0.0, 60.0])
@pytest.mark.parametrize('upstream_mmhg', [70.0, 145.0, 400.0, 3000.0])
def test_the_pressure_before_a_valve_is_the_flow_law_solved(
    upstream_mmhg: float, downstream_mmhg: float
) -> None:
    flow = orifice_flow(  # type: ignore[no-untyped-call,unused-ignore]
        upstream_mmhg * MMHG, downstream_mmhg * MMHG, 0.3e-8
    )
    found = valve_upstream(np.array(flow), np.array(downstream_mmhg * MMHG), np.array(0.3e-8))
    assert float(found) == pytest.approx(upstream_mmhg * MMHG, rel=1e-6)


def test_venting_takes_longer_from_a_higher_pressure_and_none_from_below_the_limit(
    five_zone: Garment,
) -> None:
    times = release_time(five_zone, np.array([5.0, 20.0, 60.0, 110.0, 0.0] * 2) * MMHG)
    assert times[0] == times[4] == 0.0
    assert 0.0 < times[1] < times[2] < times[3] < 10.0


def test_the_time_under_pressure_leaves_out_the_own_filling(trial: str, five_zone: Garment) -> None:
    plan = compile_protocol(load_protocol(trial), five_zone)
    times = stage_times(plan, five_zone, empty=True)
    assert longest_zone_time(plan, times) == pytest.approx(times[1:7].sum())


def test_cycles_and_session_time_follow_from_the_timeline(trial: str, five_zone: Garment) -> None:
    plan = compile_protocol(load_protocol(trial), five_zone)
    expected = estimate(plan, five_zone)
    later = (plan.session_time - expected.first_cycle_time) // expected.cycle_time
    assert expected.cycles == 1 + later
    assert expected.session_time >= plan.session_time
    assert (np.diff(expected.timeline.start) >= 0.0).all()
    assert len(expected.timeline.start) == len(expected.timeline.row) + 1
    assert plan.kind[expected.timeline.row[-1]] == StageKind.RELEASE


def test_a_session_that_ends_in_its_first_cycle_has_none(five_zone: Garment) -> None:
    plan = compile_protocol(load_protocol('intermediate'), five_zone, minutes=0.5)
    expected = estimate(plan, five_zone)
    assert expected.cycles == 0
    assert plan.stage_names[expected.timeline.row[-1]] == 'final release'


def test_a_small_pump_takes_over_a_minute_for_a_wave_on_both_legs() -> None:
    garment = load_garment('five_zone_small_pump')
    expected = estimate(compile_protocol(load_protocol('beginner'), garment), garment)
    assert 60.0 < expected.wave_time < 80.0


def test_the_demonstration_shows_a_whole_cycle_in_its_minute(five_zone: Garment) -> None:
    for garment in (five_zone, load_garment('six_zone'), load_garment('four_zone')):
        plan = compile_protocol(load_protocol('demonstration'), garment)
        assert estimate(plan, garment).first_cycle_time < 56.0


def test_the_simulated_boots_take_the_expected_times(five_zone: Garment) -> None:
    pytest.importorskip('numba')
    from compression_boot_control.plant.boots import SimulatedBoots
    from compression_boot_control.plant.closed_loop import simulate_session
    from compression_boot_control.plant.parameters import PlantParameters

    plan = compile_protocol(load_protocol('demonstration'), five_zone)
    boots = SimulatedBoots(PlantParameters.from_garment(five_zone))
    trace = simulate_session(boots, five_zone, plan)
    changes = np.flatnonzero(np.diff(trace.stage)) + 1
    taken = np.diff(trace.time[[0, *changes]])[:7]
    np.testing.assert_allclose(
        taken, stage_times(plan, five_zone, empty=True)[:7], rtol=0.15, atol=0.5
    )


@settings(max_examples=8, deadline=None)
@given(
    name=st.sampled_from(['beginner', 'descent', 'gentle_first_time', 'marathon', 'pre_run']),
    minutes=st.floats(0.5, 4.0),
    intensity=st.floats(0.7, 1.0),
    waits=st.floats(30.0, 300.0),
)
def test_a_simulated_session_warms_up_and_goes_on_as_expected(
    name: str, minutes: float, intensity: float, waits: float
) -> None:
    pytest.importorskip('numba')
    from compression_boot_control.plant.boots import SimulatedBoots
    from compression_boot_control.plant.closed_loop import simulate_session
    from compression_boot_control.plant.parameters import PlantParameters

    garment = load_garment('five_zone')
    plan = compile_protocol(
        load_protocol(name), garment, intensity=intensity, minutes=minutes, pressure_cap=1e5
    )
    plan = replace(plan, warm_up_limit=waits)
    expected = estimate(plan, garment)
    run = simulate_session(SimulatedBoots(PlantParameters.from_garment(garment)), garment, plan)
    whole = expected.warm_up_time + expected.session_time
    assert run.warm_up_time == pytest.approx(expected.warm_up_time, rel=0.15)
    assert run.time[-1] == pytest.approx(whole, rel=0.1, abs=10.0)
    in_loop = (run.stage >= plan.loop_start) & (run.stage < plan.loop_end)
    released = np.diff((in_loop & (plan.kind[run.stage] == StageKind.REST)).astype(int)) > 0
    assert abs(np.count_nonzero(released) - expected.cycles) <= 1
