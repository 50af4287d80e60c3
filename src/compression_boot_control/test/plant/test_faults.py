"""Each fault has the effect that it names, where it is set, and only as long as it is set."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from compression_boot_control.core.pneumatics import REFERENCE_DENSITY
from compression_boot_control.core.signals import Actuation
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.faults import (
    DEAD_READING,
    DEFAULT_MAGNITUDE,
    Fault,
    FaultKind,
    FaultState,
)
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.state import PlantState

DT = 10e-3
SHUT = Actuation(np.zeros(10), np.zeros(10), np.array(0.0))
VENT = Actuation.vented((10,))
PUMP_ON = Actuation(np.zeros(10), np.zeros(10), np.array(1.0))
CHAMBER = 3
OTHERS = [i for i in range(10) if i != CHAMBER]


def fill(*chambers: int) -> Actuation:
    return Actuation(np.eye(10)[list(chambers)].sum(axis=0), np.zeros(10), np.array(1.0))


def run(boots: SimulatedBoots, actuation: Actuation, duration: float) -> np.ndarray:
    """Run, and return the readings, (T, N)."""
    return np.array([boots.step(actuation, DT).pressure for _ in range(round(duration / DT))])


@pytest.fixture
def vented(quiet: PlantParameters) -> SimulatedBoots:
    return SimulatedBoots(quiet)


@pytest.fixture
def inflated(quiet: PlantParameters) -> SimulatedBoots:
    return SimulatedBoots(quiet, state=PlantState.inflated(quiet, 50 * MMHG))


def test_inlet_stuck_open_fills_without_a_command(vented: SimulatedBoots) -> None:
    vented.set_fault(Fault(FaultKind.INLET_STUCK_OPEN, CHAMBER))
    run(vented, PUMP_ON, 3.0)
    mass = vented.state.chamber_mass
    assert mass[CHAMBER] > 0.3e-3
    assert np.abs(mass[OTHERS]).max() < 1e-9
    assert vented.readings().inlet[CHAMBER] == 0  # the driver does not know


def test_inlet_stuck_half_open_stands_half_open(vented: SimulatedBoots) -> None:
    vented.set_fault(Fault(FaultKind.INLET_STUCK_OPEN, CHAMBER, magnitude=0.5))
    run(vented, fill(CHAMBER), 0.5)
    assert vented.state.inlet_opening[CHAMBER] == pytest.approx(0.5)


def test_inlet_stuck_shut_does_not_fill(vented: SimulatedBoots) -> None:
    vented.set_fault(Fault(FaultKind.INLET_STUCK_SHUT, CHAMBER))
    run(vented, fill(CHAMBER, 4), 3.0)
    assert vented.state.chamber_mass[CHAMBER] == pytest.approx(0.0, abs=1e-12)
    assert vented.state.chamber_mass[4] > 0.3e-3


def test_exhaust_stuck_open_vents_without_a_command(inflated: SimulatedBoots) -> None:
    inflated.set_fault(Fault(FaultKind.EXHAUST_STUCK_OPEN, CHAMBER))
    run(inflated, SHUT, 5.0)
    assert inflated.true_pressure[CHAMBER] < 5 * MMHG
    assert inflated.true_pressure[OTHERS].min() > 40 * MMHG


def test_exhaust_stuck_shut_does_not_vent(inflated: SimulatedBoots) -> None:
    inflated.set_fault(Fault(FaultKind.EXHAUST_STUCK_SHUT, CHAMBER))
    run(inflated, VENT, 5.0)
    assert inflated.true_pressure[CHAMBER] > 40 * MMHG
    assert inflated.true_pressure[OTHERS].max() < 5 * MMHG


def test_kinked_hose_hardly_fills_and_reads_high(vented: SimulatedBoots) -> None:
    vented.set_fault(Fault(FaultKind.HOSE_KINK, CHAMBER, magnitude=0.01))
    readings = run(vented, fill(CHAMBER), 2.0)
    assert readings[-1, CHAMBER] > 100 * MMHG
    assert vented.state.chamber_mass[CHAMBER] < 0.05e-3


def test_burst_hose_empties_the_chamber_and_reads_nothing(inflated: SimulatedBoots) -> None:
    inflated.set_fault(Fault(FaultKind.HOSE_BURST, CHAMBER))
    readings = run(inflated, SHUT, 4.0)
    assert readings[20:, CHAMBER].max() < 6 * MMHG  # what flows out still needs some
    assert inflated.true_pressure[CHAMBER] < 2 * MMHG
    assert inflated.true_pressure[OTHERS].min() > 40 * MMHG


def test_burst_hose_cannot_be_filled(vented: SimulatedBoots) -> None:
    vented.set_fault(Fault(FaultKind.HOSE_BURST, CHAMBER))
    run(vented, fill(CHAMBER), 20.0)
    assert vented.true_pressure[CHAMBER] < 5 * MMHG


def test_leak_loses_what_its_magnitude_says(inflated: SimulatedBoots, quiet) -> None:
    inflated.set_fault(Fault(FaultKind.LEAK, CHAMBER))
    run(inflated, SHUT, 0.1)
    leak = quiet.leak[CHAMBER] + DEFAULT_MAGNITUDE[FaultKind.LEAK]
    expected = REFERENCE_DENSITY * leak * 50 / 60 * 0.1
    assert inflated.state.leaked[CHAMBER] == pytest.approx(expected, rel=0.01)
    assert (inflated.state.leaked[OTHERS] < 0.1 * expected).all()


def test_weak_pump_delivers_its_share(quiet: PlantParameters) -> None:
    flows = []
    for faults in ((), (Fault(FaultKind.PUMP_WEAK, magnitude=0.3),)):
        boots = SimulatedBoots(quiet)
        boots.set_fault(*faults)
        run(boots, fill(*range(10)), 1.0)
        before = boots.state.pumped
        run(boots, fill(*range(10)), 1.0)
        flows.append(boots.state.pumped - before)
    assert flows[1] / flows[0] == pytest.approx(0.3, rel=0.02)


def test_dead_pump_delivers_nothing(vented: SimulatedBoots) -> None:
    vented.set_fault(Fault(FaultKind.PUMP_DEAD))
    run(vented, fill(0), 2.0)
    assert vented.state.pumped == 0


def test_relief_stuck_shut_lets_the_supply_reach_the_pumps_shut_off(
    vented: SimulatedBoots,
) -> None:
    vented.set_fault(Fault(FaultKind.RELIEF_STUCK_SHUT))
    run(vented, PUMP_ON, 5.0)
    assert vented.state.supply_pressure == pytest.approx(400 * MMHG, rel=0.01)
    assert vented.state.relieved == 0


def test_sensor_offset_adds_to_the_reading(inflated: SimulatedBoots) -> None:
    inflated.set_fault(Fault(FaultKind.SENSOR_OFFSET, CHAMBER, magnitude=-7 * MMHG))
    reading = run(inflated, SHUT, 0.1)[-1]
    error = reading - inflated.state.port_pressure
    assert error[CHAMBER] == pytest.approx(-7 * MMHG, abs=0.1 * MMHG)
    assert np.abs(error[OTHERS]).max() < 0.1 * MMHG


def test_sensor_drifts_from_the_moment_of_the_fault(vented: SimulatedBoots) -> None:
    run(vented, VENT, 1.0)
    vented.set_fault(Fault(FaultKind.SENSOR_DRIFT, CHAMBER, magnitude=2 * MMHG))
    readings = run(vented, VENT, 1.0)
    assert readings[49, CHAMBER] == pytest.approx(1 * MMHG, rel=1e-3)
    assert readings[-1, CHAMBER] == pytest.approx(2 * MMHG, rel=1e-3)
    assert np.abs(readings[:, OTHERS]).max() < 1e-3


def test_stuck_sensor_repeats_its_last_reading(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal)
    last = run(boots, fill(CHAMBER), 1.0)[-1]
    boots.set_fault(Fault(FaultKind.SENSOR_STUCK, CHAMBER))
    readings = run(boots, VENT, 1.0)
    assert (readings[:, CHAMBER] == last[CHAMBER]).all()
    assert (readings[:, OTHERS].std(axis=0) > 0).all()


def test_noisy_sensor_has_the_noise_that_is_named(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal, state=PlantState.inflated(nominal, 50 * MMHG))
    boots.set_fault(Fault(FaultKind.SENSOR_NOISY, CHAMBER, magnitude=5 * MMHG))
    spread = run(boots, SHUT, 10.0)[500:].std(axis=0)
    assert spread[CHAMBER] == pytest.approx(5 * MMHG, rel=0.15)
    assert (spread[OTHERS] < 0.3 * MMHG).all()


def test_sensor_without_a_value_reads_nan(vented: SimulatedBoots) -> None:
    vented.set_fault(Fault(FaultKind.SENSOR_NAN, CHAMBER))
    reading = run(vented, VENT, 0.1)[-1]
    assert np.isnan(reading[CHAMBER])
    assert np.isfinite(reading[OTHERS]).all()


def test_sensor_with_a_broken_wire_reads_out_of_its_range(
    vented: SimulatedBoots, quiet: PlantParameters
) -> None:
    vented.set_fault(Fault(FaultKind.SENSOR_DEAD, CHAMBER))
    reading = run(vented, VENT, 0.1)[-1]
    assert reading[CHAMBER] == DEAD_READING
    assert quiet.sensor_minimum > DEAD_READING


def test_supply_sensor_without_a_value_reads_nan(vented: SimulatedBoots) -> None:
    vented.set_fault(Fault(FaultKind.SUPPLY_SENSOR_NAN))
    readings = vented.step(PUMP_ON, DT)
    assert np.isnan(readings.supply_pressure)
    assert np.isfinite(readings.pressure).all()


def test_swapped_hoses_fill_and_read_the_other_chamber(vented: SimulatedBoots) -> None:
    vented.set_fault(Fault(FaultKind.HOSES_SWAPPED, 0, magnitude=4))
    readings = run(vented, fill(0), 12.0)
    assert vented.true_pressure[4] > 10 * MMHG
    assert vented.true_pressure[0] < 1 * MMHG
    assert readings[-1, 0] > 10 * MMHG
    assert readings[-1, 4] < 1 * MMHG


def test_valves_stay_where_they_are_as_hoses_are_swapped(vented: SimulatedBoots) -> None:
    run(vented, fill(0), 0.1)
    vented.set_fault(Fault(FaultKind.HOSES_SWAPPED, 0, magnitude=4))
    assert vented.state.inlet_opening[0] == pytest.approx(1.0, rel=1e-3)
    assert vented.state.inlet_opening[4] == 0


def test_valves_keep_their_response_as_hoses_are_swapped(quiet: PlantParameters) -> None:
    response = np.linspace(5e-3, 14e-3, 10)
    boots = SimulatedBoots(replace(quiet, valve_response=response))
    boots.step(SHUT, DT)
    boots.set_fault(Fault(FaultKind.HOSES_SWAPPED, 0, magnitude=9))
    boots.step(fill(*range(10)), DT)
    assert boots.state.inlet_opening == pytest.approx(1 - np.exp(-DT / response), rel=1e-9)


def test_faults_leave_the_state_that_they_are_added_to_alone() -> None:
    sound = FaultState.none((3,))
    broken = sound.with_faults(Fault(FaultKind.LEAK, 1), Fault(FaultKind.HOSES_SWAPPED, 0, 2.0))
    assert (sound.leak == 0).all()
    assert (sound.port == [0, 1, 2]).all()
    assert (broken.port == [2, 1, 0]).all()


@pytest.mark.parametrize('kind', FaultKind)
def test_cleared_fault_leaves_sound_boots(quiet: PlantParameters, kind: FaultKind) -> None:
    boots, sound = SimulatedBoots(quiet), SimulatedBoots(quiet)
    magnitude = 4.0 if kind is FaultKind.HOSES_SWAPPED else None
    boots.set_fault(Fault(kind, CHAMBER, magnitude))
    boots.clear_faults()
    assert boots.faults == ()
    assert (run(boots, fill(CHAMBER, 4), 0.5) == run(sound, fill(CHAMBER, 4), 0.5)).all()
    for field in fields(PlantState):
        one, other = getattr(boots.state, field.name), getattr(sound.state, field.name)
        assert (one == other).all(), field.name


def test_one_fault_is_cleared_and_another_stays(vented: SimulatedBoots) -> None:
    offset = Fault(FaultKind.SENSOR_OFFSET, CHAMBER)
    missing = Fault(FaultKind.SENSOR_NAN, 5)
    vented.set_fault(offset, missing)
    vented.clear_faults(offset)
    reading = run(vented, VENT, 0.1)[-1]
    assert vented.faults == (missing,)
    assert abs(reading[CHAMBER]) < 1e-3
    assert np.isnan(reading[5])


@pytest.mark.parametrize('batch', [3, 12])
def test_fault_strikes_one_garment_of_a_batch(quiet: PlantParameters, batch: int) -> None:
    wide = {
        field.name: np.broadcast_to(value, (batch, *value.shape)).copy()
        for field in fields(quiet)
        if field.name != 'neighbours'
        for value in [getattr(quiet, field.name)]
    }
    boots = SimulatedBoots(replace(quiet, **wide))
    boots.set_fault(
        Fault(FaultKind.SENSOR_NAN, CHAMBER, batch=1), Fault(FaultKind.PUMP_DEAD, batch=2)
    )
    boots.step(Actuation(np.ones((batch, 10)), np.zeros((batch, 10)), np.ones(batch)), DT)
    missing = np.isnan(boots.readings().pressure)
    assert missing.sum() == 1
    assert missing[1, CHAMBER]
    assert (np.flatnonzero(boots.state.pumped == 0) == [2]).all()


def test_fault_without_a_chamber_strikes_all_of_them(vented: SimulatedBoots) -> None:
    vented.set_fault(Fault(FaultKind.SENSOR_NAN))
    assert np.isnan(run(vented, VENT, DT)).all()


@pytest.mark.parametrize(
    'fault',
    [
        Fault(FaultKind.LEAK, chamber=10),
        Fault(FaultKind.LEAK, chamber=-1),
        Fault(FaultKind.HOSE_KINK, 0, magnitude=1.5),
        Fault(FaultKind.SENSOR_OFFSET, 0, magnitude=np.nan),
        Fault(FaultKind.HOSES_SWAPPED, 0),
        Fault(FaultKind.HOSES_SWAPPED, 0, magnitude=10.0),
        Fault(FaultKind.HOSES_SWAPPED, magnitude=1.0),
    ],
    ids=str,
)
def test_impossible_fault_is_refused_and_changes_nothing(
    vented: SimulatedBoots, fault: Fault
) -> None:
    with pytest.raises(ValueError, match=fault.kind.value):
        vented.set_fault(fault)
    assert vented.faults == ()
