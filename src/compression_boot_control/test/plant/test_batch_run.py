"""Each garment of a compiled batch does what the numpy laws make it do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from compression_boot_control.core.chamber_control import control_step
from compression_boot_control.core.control_parameters import ControlParameters, ControlState
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan, Stage, StageKind
from compression_boot_control.core.sensing import PRESSURE_STEP, sensing_step
from compression_boot_control.core.sensing_parameters import SensingParameters
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceRequest,
    SequenceState,
    SequenceTable,
)
from compression_boot_control.core.sequence_step import sequence_step
from compression_boot_control.core.signals import Actuation, FloatArray, Mode, Readings
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant.batch_run import beliefs, run_batch
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD, zeroed
from compression_boot_control.plant.compiled_law import owned
from compression_boot_control.plant.compiled_tick import TickMemory, TickModel
from compression_boot_control.plant.memory import BLOCK
from compression_boot_control.plant.parameters import PlantParameters, random_garments
from compression_boot_control.plant.supervised_batch import compiled_tick

GARMENTS, SEED, LENGTH = BLOCK + 3, 4, 3.0
"""A full block and a part of one; seed of the noise; length of the run [s]."""

pytestmark = pytest.mark.timeout(600)  # the first run compiles


@dataclass(frozen=True)
class NumpyRun:
    """What the numpy laws made of T samples of a batch; (T, B, N) arrays, (T, B) for the pump."""

    readings: tuple[Readings, ...]
    pressure: FloatArray
    target: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    pump: FloatArray


@pytest.fixture(scope='module')
def parameters(garment: Garment) -> PlantParameters:
    return random_garments(garment, np.random.default_rng(3), (GARMENTS,))


@pytest.fixture(scope='module')
def believed(garment: Garment, parameters: PlantParameters) -> Garment:
    return beliefs(garment, parameters)


@pytest.fixture(scope='module')
def plan(garment: Garment) -> Plan:
    """A wave of three zones, which are released before the end of the run."""
    everything = np.ones(len(garment), dtype=np.bool_)
    target = np.linspace(0.0, 12.0, len(garment)) * MMHG
    track = np.where(target > 0.0, int(Mode.TRACK), int(Mode.VENT))
    vent, zero = np.zeros(len(garment), dtype=np.int64), np.zeros(len(garment))
    loop = (
        Stage(StageKind.INFLATE, 'inflate', track, target, target > 0.0, 0.0, 60.0),
        Stage(StageKind.RELEASE, 'release', vent, zero, everything, 0.0, 15.0),
        Stage(StageKind.REST, 'rest', vent, zero, ~everything, 5.0, 0.0),
    )
    final = Stage(StageKind.RELEASE, 'final release', vent, zero, everything, 0.0, 15.0)
    return Plan.of_stages('short', (), loop, (final,), 45.0, np.full(len(garment), 65.0 * MMHG))


@pytest.fixture(scope='module')
def expected(parameters: PlantParameters, believed: Garment, plan: Plan) -> NumpyRun:
    boots, shape = SimulatedBoots(parameters, SEED), parameters.shape
    sensing, control = zeroed(boots, believed), ControlState.initial(shape)
    sequence, request = SequenceState.initial(shape), SequenceRequest.nothing(shape)
    model = SensingParameters.from_garment(believed), ControlParameters.from_garment(believed)
    table, actuation = SequenceTable.of_plan(plan), Actuation.vented(shape)
    seen = []
    for _ in range(round(LENGTH / SAMPLE_PERIOD)):
        readings = boots.step(actuation, SAMPLE_PERIOD)
        sensing, pressures = sensing_step(model[0], sensing, readings, SAMPLE_PERIOD)
        sequence, setpoints = sequence_step(
            SequenceParameters(), table, sequence, request, pressures.pressure, SAMPLE_PERIOD
        )
        control, actuation = control_step(model[1], control, pressures, setpoints, SAMPLE_PERIOD)
        seen.append((readings, pressures.pressure, setpoints.target, *actuation_of(actuation)))
    readings_of_all, *columns = zip(*seen, strict=True)
    return NumpyRun(readings_of_all, *(np.array(column) for column in columns))


def actuation_of(actuation: Actuation) -> tuple[FloatArray, FloatArray, FloatArray]:
    return actuation.inlet, actuation.exhaust, actuation.pump


def test_all_chambers_of_the_run_are_filled_and_released(expected: NumpyRun) -> None:
    """Else it would show little."""
    assert (expected.inlet.max(axis=(0, 1))[1:] > 0.0).all()
    assert (expected.target[-1] == 0.0).any()


def test_each_garment_of_a_batch_is_that_of_the_numpy_laws(
    parameters: PlantParameters, believed: Garment, plan: Plan, expected: NumpyRun
) -> None:
    found = run_batch(parameters, believed, plan, 1, seed=SEED, longest=LENGTH)
    np.testing.assert_array_equal(found.trace.target, expected.target)
    # rounding differs, and the closed loop makes more of it from sample to sample
    np.testing.assert_allclose(
        found.trace.pressure, expected.pressure, rtol=0.0, atol=PRESSURE_STEP
    )


def test_the_tick_alone_gives_the_commands_of_the_numpy_laws(
    parameters: PlantParameters, believed: Garment, plan: Plan, expected: NumpyRun
) -> None:
    shape = parameters.shape
    model = TickModel(
        SensingParameters.from_garment(believed),
        ControlParameters.from_garment(believed),
        SequenceParameters(),
        SequenceTable.of_plan(plan),
    )
    sensing = zeroed(SimulatedBoots(parameters, SEED), believed)
    memory = TickMemory.initial((shape[0], shape[1]))._replace(sensing=owned(sensing))
    request, tick = owned(SequenceRequest.nothing(shape)), compiled_tick()
    for t, readings in enumerate(expected.readings):
        tick(
            model,
            memory,
            request,
            readings.pressure,
            readings.inlet,
            readings.exhaust,
            readings.supply_pressure,
            SAMPLE_PERIOD,
        )
        np.testing.assert_allclose(memory.inlet, expected.inlet[t], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(memory.exhaust, expected.exhaust[t], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(memory.pump, expected.pump[t], rtol=1e-7, atol=1e-9)
