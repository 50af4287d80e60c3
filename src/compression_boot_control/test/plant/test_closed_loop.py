"""The compiled loop is the numpy loop, only quicker."""

from __future__ import annotations

import numpy as np
import pytest

from compression_boot_control.core.chamber_control import control_step
from compression_boot_control.core.control_parameters import ControlParameters, ControlState
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan, Stage, StageKind
from compression_boot_control.core.sensing import sensing_step
from compression_boot_control.core.sensing_parameters import SensingParameters
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceRequest,
    SequenceState,
    SequenceTable,
    SessionStatus,
)
from compression_boot_control.core.sequence_step import (
    sequence_step,
)
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.signals import Actuation, FloatArray, Mode
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD, simulate_session, zeroed
from compression_boot_control.plant.parameters import PlantParameters


def short_plan(garment: Garment) -> Plan:
    """One wave of all zones at once, a dwell, a release; and the same before it as a warm-up."""
    everything = np.ones(len(garment), dtype=np.bool_)
    nothing = ~everything
    target = np.full(len(garment), 30.0 * MMHG)
    track = np.full(len(garment), int(Mode.TRACK))
    vent = np.zeros(len(garment), dtype=np.int64)
    zero = np.zeros(len(garment))
    loop = (
        Stage(StageKind.INFLATE, 'inflate', track, target, everything, 0.0, 60.0),
        Stage(StageKind.DWELL, 'dwell', track, target, nothing, 5.0, 0.0),
        Stage(StageKind.RELEASE, 'release', vent, zero, everything, 0.0, 15.0),
    )
    final = Stage(StageKind.RELEASE, 'final release', vent, zero, everything, 0.0, 15.0)
    caps = np.full(len(garment), 65.0 * MMHG)
    return Plan.of_stages('short', loop, loop, (final,), 20.0, caps, len(loop), 60.0)


def numpy_session(garment: Garment, plan: Plan) -> tuple[FloatArray, FloatArray, SequenceState]:
    """Target and pressure of a session stepped with the functions that the nodes call."""
    boots = SimulatedBoots(PlantParameters.from_garment(garment), 7)
    shape = (len(garment),)
    sensing, control = zeroed(boots, garment), ControlState.initial(shape)
    sequence, request = SequenceState.initial(shape), SequenceRequest.nothing(shape)
    table, actuation = SequenceTable.of_plan(plan), Actuation.vented(shape)
    model = SensingParameters.from_garment(garment), ControlParameters.from_garment(garment)
    targets, pressures_seen = [], []
    while sequence.status[0] != SessionStatus.DONE:
        readings = boots.step(actuation, SAMPLE_PERIOD)
        sensing, pressures = sensing_step(model[0], sensing, readings, SAMPLE_PERIOD)
        sequence, setpoints = sequence_step(
            SequenceParameters(), table, sequence, request, pressures.pressure, SAMPLE_PERIOD
        )
        control, actuation = control_step(model[1], control, pressures, setpoints, SAMPLE_PERIOD)
        targets.append(setpoints.target)
        pressures_seen.append(pressures.pressure)
    return np.array(targets), np.array(pressures_seen), sequence


def test_the_compiled_session_is_the_numpy_session(garment: Garment) -> None:
    plan = short_plan(garment)
    target, pressure, end = numpy_session(garment, plan)
    trace = simulate_session(
        SimulatedBoots(PlantParameters.from_garment(garment), 7), garment, plan
    )
    assert len(trace.time) == len(target)
    np.testing.assert_array_equal(trace.target, target)
    np.testing.assert_allclose(trace.pressure, pressure, rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(trace.dose, end.dose, rtol=1e-9)
    assert trace.cycles == end.cycles_done[0]
    assert trace.warm_up_time == end.warm_up_time[0] > 0.0
    assert trace.error == SessionError.NONE


def test_progress_is_reported_and_ends_at_one(garment: Garment) -> None:
    seen: list[float] = []
    simulate_session(
        SimulatedBoots(PlantParameters.from_garment(garment), 1),
        garment,
        short_plan(garment),
        on_progress=seen.append,
    )
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)


def test_equal_seeds_give_equal_sessions(garment: Garment) -> None:
    plan = short_plan(garment)
    first, second = (
        simulate_session(SimulatedBoots(PlantParameters.from_garment(garment), 3), garment, plan)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.true_pressure, second.true_pressure)
