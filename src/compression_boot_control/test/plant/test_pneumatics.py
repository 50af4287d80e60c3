"""Times, pressures and drops of the simulated boots against closed forms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from compression_boot_control.core.pneumatics import (
    ATMOSPHERE,
    GAS_CONSTANT,
    REFERENCE_DENSITY,
    REFERENCE_TEMPERATURE,
    hose_coefficients,
    hose_drop,
    orifice_flow,
)
from compression_boot_control.core.signals import Actuation
from compression_boot_control.core.units import (
    CONDUCTANCE,
    LITRE,
    LITRE_PER_MINUTE,
    MILLILITRE_PER_MMHG,
    MILLIMETRE,
    MMHG,
)
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.state import PlantState

MakeChamber = Callable[..., PlantParameters]

DT = 10e-3
FILL = Actuation(np.ones(1), np.zeros(1), np.array(1.0))
VENT = Actuation(np.zeros(1), np.ones(1), np.array(0.0))
HOLD = Actuation(np.zeros(1), np.zeros(1), np.array(0.0))


def gas_content(pressure, rest_volume=1.0 * LITRE, compliance=2.0 * MILLILITRE_PER_MMHG):
    """Mass in a taut chamber, m = (p_atm + p) (V_u + C p) / (R T) [kg]."""
    volume = rest_volume + compliance * pressure
    return (ATMOSPHERE + pressure) * volume / (GAS_CONSTANT * REFERENCE_TEMPERATURE)


def pressures(boots: SimulatedBoots, actuation: Actuation, duration: float) -> np.ndarray:
    """Chamber pressure at the beginning and after every step, (T + 1,)."""
    trace = [boots.true_pressure[0]]
    for _ in range(round(duration / DT)):
        boots.step(actuation, DT)
        trace.append(boots.true_pressure[0])
    return np.array(trace)


def time_of(trace: np.ndarray, pressure: float) -> float:
    """When a monotonic trace passes a pressure [s]."""
    time = DT * np.arange(len(trace))
    order = 1 if trace[-1] > trace[0] else -1
    return float(np.interp(order * pressure, order * trace, time))


@pytest.mark.parametrize(('flow', 'seconds'), [(6.0, 12), (12.0, 6), (25.0, 3)])
def test_one_litre_fills_to_60_mmhg_in_the_closed_form_time(
    one_chamber: MakeChamber, flow: float, seconds: int
) -> None:
    boots = SimulatedBoots(one_chamber(pump_free_flow=flow * LITRE_PER_MINUTE))
    expected = gas_content(60 * MMHG) / (REFERENCE_DENSITY * flow * LITRE_PER_MINUTE)
    trace = pressures(boots, FILL, 1.2 * expected)
    assert round(expected) == seconds
    assert time_of(trace, 60 * MMHG) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize('compliance', [1.2, 2.0, 3.0])
def test_three_quarters_of_a_fill_and_more_are_slack(
    one_chamber: MakeChamber, compliance: float
) -> None:
    boots = SimulatedBoots(one_chamber(compliance=compliance * MILLILITRE_PER_MMHG))
    trace = pressures(boots, FILL, 8.0)
    slack = time_of(trace, 0.5 * MMHG) / time_of(trace, 60 * MMHG)
    assert 0.77 <= slack <= 0.87


def test_taut_litre_rises_by_55_mmhg_a_second_at_12_litres_a_minute(
    one_chamber: MakeChamber,
) -> None:
    # dm/dp = (V_u + C (p_atm + 2 p)) / (R T) at p about 0, solved for C
    flow = REFERENCE_DENSITY * 12 * LITRE_PER_MINUTE
    wanted = 55 * MMHG
    energy = GAS_CONSTANT * REFERENCE_TEMPERATURE
    compliance = (flow * energy / wanted - 1.0 * LITRE) / ATMOSPHERE
    assert compliance == pytest.approx(2.26 * MILLILITRE_PER_MMHG, rel=0.01)

    boots = SimulatedBoots(one_chamber(compliance=compliance))
    trace = pressures(boots, FILL, 6.0)
    start = int(np.argmax(trace > 1 * MMHG))
    assert (trace[start + 3] - trace[start]) / (3 * DT) == pytest.approx(wanted, rel=0.03)


@pytest.mark.parametrize('conductance', [0.08, 0.3])
def test_vent_takes_the_time_of_the_orifice_integral(
    one_chamber: MakeChamber, conductance: float
) -> None:
    parameters = one_chamber(exhaust_conductance=conductance * CONDUCTANCE)
    pressure = np.linspace(15 * MMHG, 110 * MMHG, 2000)
    slope = np.gradient(gas_content(pressure), pressure)
    expected = np.trapezoid(
        slope / orifice_flow(pressure, 0.0, conductance * CONDUCTANCE), pressure
    )
    boots = SimulatedBoots(parameters, state=PlantState.inflated(parameters, 110 * MMHG))
    trace = pressures(boots, VENT, 1.2 * float(expected))
    assert time_of(trace, 15 * MMHG) == pytest.approx(float(expected), rel=0.03)


def test_opening_valve_lets_through_the_mean_of_its_opening(one_chamber: MakeChamber) -> None:
    parameters = one_chamber(exhaust_conductance=0.1 * CONDUCTANCE, valve_response=0.5)
    boots = SimulatedBoots(parameters, state=PlantState.inflated(parameters, 60 * MMHG))
    boots.step(VENT, 2e-3)
    mean = 0.5 * 2e-3 / 0.5  # of a line from 0 to dt / tau
    expected = 2e-3 * orifice_flow(60 * MMHG, 0.0, 0.1 * CONDUCTANCE * mean)
    assert boots.state.exhausted[0] == pytest.approx(expected, rel=0.01)


def test_conductance_of_0_08_per_litre_vents_within_10_s(one_chamber: MakeChamber) -> None:
    parameters = one_chamber(exhaust_conductance=0.08 * CONDUCTANCE)
    boots = SimulatedBoots(parameters, state=PlantState.inflated(parameters, 110 * MMHG))
    assert 7.0 < time_of(pressures(boots, VENT, 12.0), 15 * MMHG) < 10.0


@pytest.mark.parametrize(('bore', 'excess'), [(4.0, 19.0), (6.0, 3.0)])
def test_sensor_at_the_manifold_reads_high_while_filling(
    one_chamber: MakeChamber, bore: float, excess: float
) -> None:
    boots = SimulatedBoots(one_chamber(hose_length=1.5, hose_bore=bore * MILLIMETRE))
    pressures(boots, FILL, 2.0)
    reading = boots.readings().pressure[0] - boots.true_pressure[0]
    expected = hose_drop(12 * LITRE_PER_MINUTE, *hose_coefficients(1.5, bore * MILLIMETRE))
    assert reading == pytest.approx(expected, rel=0.01)
    assert reading / MMHG == pytest.approx(excess, rel=0.1)


def test_reading_is_right_once_the_flow_has_stopped(one_chamber: MakeChamber) -> None:
    parameters = one_chamber(hose_length=1.5, hose_bore=4 * MILLIMETRE)
    boots = SimulatedBoots(parameters)
    pressures(boots, FILL, 7.0)
    pressures(boots, HOLD, 0.2)
    assert boots.readings().pressure[0] == pytest.approx(boots.true_pressure[0], abs=0.1 * MMHG)


def test_cooling_by_3_kelvin_takes_60_mmhg_to_56_6(one_chamber: MakeChamber) -> None:
    parameters = one_chamber()
    # the gas of 60 mmHg at 3 K over the room
    content = gas_content(60 * MMHG) * REFERENCE_TEMPERATURE / (REFERENCE_TEMPERATURE + 3)
    state = PlantState.inflated(parameters, 60 * MMHG)
    warm = type(state)(
        **(vars(state) | {'chamber_mass': np.array([content]), 'temperature_rise': np.array([3.0])})
    )
    boots = SimulatedBoots(parameters, state=warm)
    trace = pressures(boots, HOLD, 20.0)
    assert trace[1] == pytest.approx(60 * MMHG, rel=2e-3)
    assert gas_content(trace[-1]) == pytest.approx(content, rel=1e-3)
    assert trace[-1] / MMHG == pytest.approx(56.6, abs=0.1)


def test_gas_warms_by_3_kelvin_at_12_litres_a_minute(one_chamber: MakeChamber) -> None:
    warming = 3.0 / (12.0 * LITRE_PER_MINUTE)
    boots = SimulatedBoots(one_chamber(thermal_rise=warming, rest_volume=10 * LITRE))
    pressures(boots, FILL, 2.0)
    assert boots.state.temperature_rise[0] == pytest.approx(3 * (1 - np.exp(-1)), rel=0.01)
    pressures(boots, FILL, 14.0)
    assert boots.state.temperature_rise[0] == pytest.approx(3.0, rel=0.01)


def test_limb_creeps_by_a_tenth_of_the_compliance(one_chamber: MakeChamber) -> None:
    parameters = one_chamber(creep_fraction=0.1)
    boots = SimulatedBoots(parameters, state=PlantState.inflated(parameters, 60 * MMHG))
    trace = pressures(boots, HOLD, 120.0)
    yielded = 0.1 * 2.0 * MILLILITRE_PER_MMHG * trace[-1]
    assert boots.state.creep[0] == pytest.approx(yielded, rel=0.01)
    assert gas_content(trace[-1], rest_volume=1.0 * LITRE + yielded) == pytest.approx(
        gas_content(60 * MMHG), rel=1e-3
    )


def test_leak_is_what_the_garment_file_says_at_60_mmhg(one_chamber: MakeChamber) -> None:
    leak = 20e-6 / 60
    parameters = one_chamber(leak=leak)
    boots = SimulatedBoots(parameters, state=PlantState.inflated(parameters, 60 * MMHG))
    boots.step(HOLD, 1.0)
    assert boots.state.leaked[0] == pytest.approx(REFERENCE_DENSITY * leak, rel=1e-2)


def test_slack_pressure_empties_a_vented_chamber(one_chamber: MakeChamber) -> None:
    limp, stiff = (
        SimulatedBoots(parameters, state=PlantState.inflated(parameters, 2 * MMHG))
        for parameters in (one_chamber(), one_chamber(slack_pressure=2 * MMHG))
    )
    for boots in (limp, stiff):
        pressures(boots, VENT, 30.0)
    assert limp.state.chamber_mass[0] == pytest.approx(gas_content(0.0), rel=0.01)
    assert stiff.state.chamber_mass[0] < 0.2 * gas_content(0.0)


def test_neighbour_presses_a_chamber_up(nominal: PlantParameters) -> None:
    shut = Actuation(np.zeros(10), np.zeros(10), np.array(0.0))
    pressure = np.zeros(10)
    pressure[[1, 2]] = 40 * MMHG
    boots = SimulatedBoots(nominal, state=PlantState.inflated(nominal, pressure))
    before = boots.true_pressure[1]
    calf = Actuation(np.eye(10)[2], np.zeros(10), np.array(1.0))
    while boots.true_pressure[2] < 60 * MMHG:
        boots.step(calf, DT)
    boots.step(shut, DT)
    # a rise of 20 mmHg takes coupling * C * 20 mmHg of volume; the pressure follows by dV / (dV/dp)
    volume = nominal.rest_volume[1] + nominal.compliance[1] * before
    stiffness = nominal.compliance[1] + volume / (ATMOSPHERE + before)
    expected = nominal.coupling[1] * nominal.compliance[1] * 20 * MMHG / stiffness
    assert boots.true_pressure[1] - before == pytest.approx(expected, rel=0.2)
    assert boots.true_pressure[6] == pytest.approx(0.0, abs=1e-6)  # the other leg feels nothing


def test_relief_valve_holds_the_supply(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal)
    for _ in range(200):
        boots.step(Actuation(np.zeros(10), np.zeros(10), np.array(1.0)), DT)
    supply = boots.state.supply_pressure
    assert 145 * MMHG < supply < 155 * MMHG
    flow = 25 * LITRE_PER_MINUTE * (1 - supply / (400 * MMHG))
    relieved = boots.state.relieved
    boots.step(Actuation(np.zeros(10), np.zeros(10), np.array(1.0)), 1.0)
    assert boots.state.relieved - relieved == pytest.approx(REFERENCE_DENSITY * flow, rel=1e-3)
