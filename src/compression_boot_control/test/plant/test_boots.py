"""The boots as their users see them: stepping, commands, batches, reproducibility."""

from __future__ import annotations

import pickle
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Actuation
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.faults import Fault, FaultKind
from compression_boot_control.plant.parameters import PlantParameters, random_garments
from compression_boot_control.plant.state import PlantState

DT = 10e-3
SHAPE = (10,)
SHUT = Actuation(np.zeros(SHAPE), np.zeros(SHAPE), np.array(0.0))


def fill(*chambers: int) -> Actuation:
    inlet = np.zeros(SHAPE)
    inlet[list(chambers)] = 1.0
    return Actuation(inlet, np.zeros(SHAPE), np.array(1.0))


def run(boots: SimulatedBoots, actuation: Actuation, duration: float) -> None:
    for _ in range(round(duration / DT)):
        boots.step(actuation, DT)


def test_first_reading_is_that_of_a_vented_garment(nominal: PlantParameters) -> None:
    readings = SimulatedBoots(nominal).readings()
    assert np.abs(readings.pressure).max() < 1.0 * MMHG
    assert abs(readings.supply_pressure) < 1.0 * MMHG
    assert (readings.inlet == 0).all()
    assert (readings.exhaust == 1).all()
    assert readings.pump == 0


def test_exhausts_are_open_before_any_command(nominal: PlantParameters) -> None:
    assert (SimulatedBoots(nominal).state.exhaust_opening == 1).all()


def test_command_of_nan_vents_as_an_unpowered_manifold_does(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal, state=PlantState.inflated(nominal, 60 * MMHG))
    nothing = Actuation(np.full(SHAPE, np.nan), np.full(SHAPE, np.nan), np.array(np.nan))
    run(boots, nothing, 10.0)
    assert (boots.true_pressure < 1 * MMHG).all()
    assert boots.state.pumped == 0
    assert (boots.readings().inlet == 0).all()
    assert (boots.readings().exhaust == 1).all()
    assert boots.readings().pump == 0


def test_commands_beyond_0_to_1_are_cut(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal)
    readings = boots.step(Actuation(np.full(10, 7.0), np.full(10, -np.inf), np.array(3.0)), DT)
    assert (readings.inlet == 1).all()
    assert (readings.exhaust == 0).all()
    assert readings.pump == 1


def test_only_the_chamber_with_an_open_inlet_fills(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal)
    run(boots, fill(0), 4.0)
    assert boots.true_pressure[0] > 20 * MMHG
    assert np.abs(boots.true_pressure[1:]).max() < 1.0


def test_closed_chambers_hold_but_for_leak_creep_and_cooling(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal, state=PlantState.inflated(nominal, 60 * MMHG))
    run(boots, SHUT, 60.0)
    assert (boots.true_pressure > 50 * MMHG).all()
    assert (boots.true_pressure < 60 * MMHG).all()


def test_valve_stays_shut_within_its_dead_band(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal)
    run(boots, Actuation(np.full(SHAPE, 0.049), np.zeros(SHAPE), np.array(1.0)), 2.0)
    assert (boots.state.inlet_opening == 0).all()


def test_valve_opens_linearly_beyond_its_dead_band(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal)
    run(boots, Actuation(np.full(SHAPE, 0.525), np.zeros(SHAPE), np.array(1.0)), 2.0)
    assert boots.state.inlet_opening == pytest.approx(np.full(10, 0.5), rel=1e-6)


def test_valve_responds_with_its_time_constant(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal)
    boots.step(fill(3), 10e-3)
    assert boots.state.inlet_opening[3] == pytest.approx(1 - np.exp(-1), rel=1e-9)


def test_pump_spins_up_with_its_time_constant(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal)
    boots.step(fill(), 50e-3)
    assert boots.state.pump_speed == pytest.approx(1 - np.exp(-1), rel=1e-9)


def test_time_is_the_sum_of_the_steps(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal)
    for dt in (10e-3, 20e-3, 3e-3):
        boots.step(SHUT, dt)
    assert boots.time == pytest.approx(33e-3)


@pytest.mark.parametrize('dt', [0.0, -0.01, np.nan, np.inf])
def test_step_without_a_time_is_refused(nominal: PlantParameters, dt: float) -> None:
    boots = SimulatedBoots(nominal)
    with pytest.raises(ValueError, match='dt'):
        boots.step(SHUT, dt)


def test_one_long_step_equals_many_short_ones(nominal: PlantParameters) -> None:
    one, many = SimulatedBoots(nominal), SimulatedBoots(nominal)
    one.step(fill(0, 7), 1.0)
    run(many, fill(0, 7), 1.0)
    assert one.true_pressure == pytest.approx(many.true_pressure, rel=1e-9, abs=1e-6)


def test_equal_seeds_give_equal_readings(nominal: PlantParameters) -> None:
    one, other = (SimulatedBoots(nominal, seed=5) for _ in range(2))
    for _ in range(20):
        a, b = one.step(fill(2), DT), other.step(fill(2), DT)
        assert (a.pressure == b.pressure).all()
        assert a.supply_pressure == b.supply_pressure


def test_other_seed_gives_other_noise_on_the_same_pressures(nominal: PlantParameters) -> None:
    one, other = SimulatedBoots(nominal, seed=5), SimulatedBoots(nominal, seed=6)
    run(one, fill(2), 0.5)
    run(other, fill(2), 0.5)
    assert (one.true_pressure == other.true_pressure).all()
    assert (one.readings().pressure != other.readings().pressure).any()


@pytest.mark.parametrize('batch', [(3,), (19,), (2, 5)])
def test_garment_of_a_batch_does_what_it_does_alone(garment: Garment, batch) -> None:
    rng = np.random.default_rng(0)
    parameters = random_garments(garment, rng, batch)
    together = SimulatedBoots(parameters)
    commands = [
        Actuation(rng.random((*batch, 10)), rng.random((*batch, 10)) ** 4, rng.random(batch))
        for _ in range(30)
    ]
    for command in commands:
        together.step(command, DT)
    for member in np.ndindex(batch):
        alone = SimulatedBoots(parameters.member(member))
        for command in commands:
            alone.step(
                Actuation(
                    command.inlet[member], command.exhaust[member], np.asarray(command.pump[member])
                ),
                DT,
            )
        for field in fields(PlantState):
            if field.name != 'reading':  # a batch draws its noise in another order
                np.testing.assert_allclose(
                    getattr(together.state, field.name)[member],
                    getattr(alone.state, field.name),
                    rtol=1e-9,
                    atol=1e-9,
                    err_msg=field.name,
                )


def test_batch_takes_one_command_for_all(garment: Garment) -> None:
    boots = SimulatedBoots(PlantParameters.from_garment(garment, (9,)))
    readings = boots.step(fill(3), 1.0)
    assert readings.inlet.shape == (9, 10)
    assert (boots.state.chamber_mass[:, 3] > 0.1e-3).all()


def test_boots_go_on_as_before_after_a_journey_through_pickle(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal, seed=2)
    boots.set_fault(Fault(FaultKind.SENSOR_NOISY, 1))
    run(boots, fill(0), 0.2)
    copy = pickle.loads(pickle.dumps(boots))
    assert (boots.step(fill(0), DT).pressure == copy.step(fill(0), DT).pressure).all()


def test_state_is_a_copy(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal)
    boots.state.chamber_mass[:] = 1.0
    boots.true_pressure[:] = 1.0
    assert (boots.state.chamber_mass == 0).all()
    assert (boots.true_pressure == 0).all()


def test_earlier_readings_do_not_change(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal)
    early = boots.step(fill(0), DT)
    copy = early.pressure.copy()
    run(boots, fill(0), 1.0)
    assert (early.pressure == copy).all()


anything = st.floats(allow_nan=True, allow_infinity=True, width=64)


@settings(max_examples=60, deadline=None)
@given(
    inlet=arrays(np.float64, 10, elements=anything),
    exhaust=arrays(np.float64, 10, elements=anything),
    pump=anything,
    dt=st.floats(1e-4, 2.0),
    start=st.floats(0.0, 300.0),
)
def test_no_command_makes_a_pressure_nan(
    nominal: PlantParameters, inlet, exhaust, pump, dt, start
) -> None:
    boots = SimulatedBoots(nominal, state=PlantState.inflated(nominal, start * MMHG))
    boots.step(Actuation(inlet, exhaust, np.array(pump)), dt)
    boots.step(fill(1, 2), dt)
    assert np.isfinite(boots.true_pressure).all()
    assert np.isfinite(boots.state.port_pressure).all()
    assert (boots.true_pressure >= 0).all()
    assert (boots.true_pressure < 320 * MMHG).all()
