"""The limits agree with closed forms, and no run of the boots beats them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.pneumatics import (
    ATMOSPHERE,
    GAS_CONSTANT,
    REFERENCE_DENSITY,
    REFERENCE_TEMPERATURE,
    orifice_flow,
)
from compression_boot_control.core.signals import Actuation
from compression_boot_control.core.units import (
    CONDUCTANCE,
    LITRE,
    LITRE_PER_MINUTE,
    MILLILITRE_PER_MMHG,
    MMHG,
)
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.limits import (
    WaveRules,
    arrival_times,
    fastest_fill_time,
    fastest_vent_time,
)
from compression_boot_control.plant.parameters import PlantParameters, random_garments
from compression_boot_control.plant.state import PlantState

MakeChamber = Callable[..., PlantParameters]

ONE_BY_ONE = [(i,) for i in range(10)]
LEGS_TOGETHER = [(i, i + 5) for i in range(5)]


def gas_content(pressure):
    """Mass in a taut litre with 2 ml/mmHg [kg]."""
    volume = 1.0 * LITRE + 2.0 * MILLILITRE_PER_MMHG * pressure
    return (ATMOSPHERE + pressure) * volume / (GAS_CONSTANT * REFERENCE_TEMPERATURE)


@pytest.mark.parametrize('flow', [6.0, 25.0])
def test_unrestricted_fill_takes_the_time_of_the_pumps_flow(
    one_chamber: MakeChamber, flow: float
) -> None:
    parameters = one_chamber(pump_free_flow=flow * LITRE_PER_MINUTE)
    expected = gas_content(60 * MMHG) / (REFERENCE_DENSITY * flow * LITRE_PER_MINUTE)
    time = fastest_fill_time(parameters, 60 * MMHG, [(0,)])
    assert time == pytest.approx(expected, rel=0.01)


def test_second_fill_of_a_limp_chamber_needs_no_slack(one_chamber: MakeChamber) -> None:
    parameters = one_chamber()
    added = gas_content(60 * MMHG) - gas_content(0.0)
    expected = added / (REFERENCE_DENSITY * 12 * LITRE_PER_MINUTE)
    start = PlantState.inflated(parameters, 0.0)
    time = fastest_fill_time(parameters, 60 * MMHG, [(0,)], start=start)
    assert time == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize('conductance', [0.08, 0.4])
def test_unrestricted_vent_takes_the_time_of_the_orifice_integral(
    one_chamber: MakeChamber, conductance: float
) -> None:
    pressure = np.linspace(15 * MMHG, 110 * MMHG, 2000)
    slope = np.gradient(gas_content(pressure), pressure)
    flow = orifice_flow(pressure, 0.0, conductance * CONDUCTANCE)
    time = fastest_vent_time(
        one_chamber(exhaust_conductance=conductance * CONDUCTANCE), 110 * MMHG, 15 * MMHG
    )
    assert time[0] == pytest.approx(np.trapezoid(slope / flow, pressure), rel=0.01)


def test_times_are_finer_than_the_look_at_the_pressures(one_chamber: MakeChamber) -> None:
    parameters = one_chamber()
    step = 0.05 * MMHG  # about 1 ms apart
    fills = [float(fastest_fill_time(parameters, 9 * MMHG + i * step, [(0,)])) for i in range(12)]
    vents = [
        float(fastest_vent_time(parameters, 60 * MMHG, 9 * MMHG - i * step)[0]) for i in range(12)
    ]
    assert (np.diff(fills) > 0.5e-3).all()
    assert (np.diff(vents) > 0).all()


def test_neighbours_do_not_press_on_the_vent_of_a_chamber(nominal: PlantParameters) -> None:
    apart = replace(nominal, coupling=np.zeros(10))
    times = fastest_vent_time(nominal, 60 * MMHG, 15 * MMHG)
    assert (times == fastest_vent_time(apart, 60 * MMHG, 15 * MMHG)).all()


def test_zones_arrive_one_after_another_and_the_last_ends_the_wave(
    nominal: PlantParameters,
) -> None:
    times = arrival_times(nominal, 60 * MMHG, ONE_BY_ONE)
    assert times.shape == (10,)
    assert (np.diff(times) > 0.0).all()
    assert fastest_fill_time(nominal, 60 * MMHG, ONE_BY_ONE) == times[-1]


def test_larger_zones_take_longer(nominal: PlantParameters) -> None:
    times = np.diff(arrival_times(nominal, 60 * MMHG, ONE_BY_ONE), prepend=0.0)
    assert (np.diff(times[:5]) > 0).all()


def test_an_earlier_hand_over_and_sealed_zones_make_a_wave_quicker(
    nominal: PlantParameters,
) -> None:
    start = PlantState.inflated(nominal, 0.0)

    def time(**rules: float) -> float:
        wave = WaveRules(keep=True, **rules)
        return float(fastest_fill_time(nominal, 60 * MMHG, LEGS_TOGETHER, start, rules=wave))

    as_ordered = time(hand_over=2 * MMHG, waiting_exhaust=1.0)
    assert as_ordered < time(hand_over=0.0, waiting_exhaust=1.0)
    assert time(hand_over=2 * MMHG) < as_ordered


def test_keeping_what_is_there_takes_air_and_so_time(nominal: PlantParameters) -> None:
    once = fastest_fill_time(nominal, 60 * MMHG, LEGS_TOGETHER)
    kept = fastest_fill_time(nominal, 60 * MMHG, LEGS_TOGETHER, rules=WaveRules(keep=True))
    assert kept > once


def test_legs_together_share_the_pump(nominal: PlantParameters) -> None:
    together = fastest_fill_time(nominal, 60 * MMHG, LEGS_TOGETHER)
    apart = fastest_fill_time(nominal, 60 * MMHG, ONE_BY_ONE)
    assert 0.5 * apart < together < apart


@pytest.mark.parametrize('batch', [(4,), (2, 5)])
def test_limits_of_a_batch_are_those_of_its_members(garment: Garment, batch) -> None:
    parameters = random_garments(garment, np.random.default_rng(2), batch)
    target = np.linspace(60, 40, 10) * MMHG
    fill = fastest_fill_time(parameters, target, LEGS_TOGETHER)
    vent = fastest_vent_time(parameters, target, 15 * MMHG)
    assert fill.shape == batch
    assert vent.shape == (*batch, 10)
    for member in np.ndindex(batch):
        alone = parameters.member(member)
        alone_fill = fastest_fill_time(alone, target, LEGS_TOGETHER)
        assert fill[member] == pytest.approx(alone_fill, rel=1e-6)
        assert vent[member] == pytest.approx(fastest_vent_time(alone, target, 15 * MMHG), rel=1e-6)


def test_target_above_the_relief_valve_is_out_of_reach(nominal: PlantParameters) -> None:
    assert np.isinf(fastest_fill_time(nominal, 170 * MMHG, [(0,)], give_up=10.0))


def test_target_that_is_reached_already_takes_no_time(nominal: PlantParameters) -> None:
    start = PlantState.inflated(nominal, 50 * MMHG)
    assert fastest_fill_time(nominal, 40 * MMHG, ONE_BY_ONE, start=start) == 0
    assert (fastest_vent_time(nominal, 10 * MMHG, 15 * MMHG) == 0).all()


def test_boots_with_real_valves_are_a_little_slower(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal)
    first = Actuation(np.eye(10)[0], np.zeros(10), np.array(1.0))
    while boots.true_pressure[0] < 60 * MMHG:
        boots.step(first, 2e-3)
    limit = float(fastest_fill_time(nominal, 60 * MMHG, [(0,)]))
    assert limit < boots.time < 1.05 * limit + 0.1
