"""A whole session without ROS: simulated boots, sensing, sequence, control, stepped in one loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from compression_boot_control.core.chamber_control import ControlParameters, ControlState
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.sensing import SensingParameters, SensingState, sensing_law
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceRequest,
    SequenceState,
    SequenceTable,
    SessionStatus,
)
from compression_boot_control.core.signals import Actuation, FloatArray, IntArray
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.compiled_tick import compiled_tick

SAMPLE_PERIOD = 0.01
"""Time from one sample to the next [s]."""

ZEROING_TIME = 3.0
"""Time vented before a session begins, in which sensing finds its zero [s]."""

PROGRESS_EVERY = 2000
"""Samples from one report of progress to the next."""


@dataclass(frozen=True)
class SessionTrace:
    """What a simulated session did: T samples of N chambers.

    Attributes
    ----------
    time : (T,) array
        Session time at each sample [s].
    cycle, stage : (T,) array
        Compression cycle from 1, row of the plan.
    mode, target : (T, N) array
        Set-points, `Mode` and [Pa].
    pressure : (T, N) array
        Estimated chamber pressure, as the nodes publish it [Pa].
    true_pressure : (T, N) array
        Pressure in the simulated chambers [Pa].
    supply_pressure : (T,) array
        Gauge pressure of the rail [Pa].
    inlet_switches, exhaust_switches : (N,) array
        How often each valve opened.
    final : SequenceState
        State of the sequence at the end.
    """

    time: FloatArray
    cycle: IntArray
    stage: IntArray
    mode: IntArray
    target: FloatArray
    pressure: FloatArray
    true_pressure: FloatArray
    supply_pressure: FloatArray
    inlet_switches: IntArray
    exhaust_switches: IntArray
    final: SequenceState


def simulate_session(
    boots: SimulatedBoots,
    garment: Garment,
    plan: Plan,
    *,
    control: ControlParameters | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> SessionTrace:
    """Run a plan on simulated boots until the sequence is done.

    Parameters
    ----------
    boots : SimulatedBoots
        One garment, no batch axes.
    garment : Garment
        What sensing and control believe.
    plan : Plan
    control : ControlParameters or None
        None: the defaults for the garment.
    on_progress : callable or None
        Called now and then with the part of the session that is done [0..1].
    """
    shape = (1, len(garment))
    tick = compiled_tick()
    parameters = (
        batched(SensingParameters.from_garment(garment)),
        SequenceParameters(),
        batched(control or ControlParameters.from_garment(garment)),
        SequenceTable.of_plan(plan),
    )
    request = SequenceRequest.nothing(shape)
    sensing = zeroed(boots, parameters[0])
    sequence, controller = SequenceState.initial(shape), ControlState.initial(shape)
    actuation = Actuation.vented(shape[1:])
    columns: tuple[list[Any], ...] = ([], [], [], [], [], [], [])
    while sequence.status[0, 0] != SessionStatus.DONE:
        readings = boots.step(actuation, SAMPLE_PERIOD)
        sensing, sequence, controller, pressure, mode, target, pump = tick(
            *parameters,
            sensing,
            sequence,
            controller,
            request,
            readings.pressure[None],
            readings.inlet[None],
            readings.exhaust[None],
            readings.supply_pressure[None, None],
            SAMPLE_PERIOD,
        )
        actuation = Actuation(controller.inlet[0], controller.exhaust[0], pump[0, 0])
        sample = (
            sequence.cycle[0, 0],
            sequence.stage[0, 0],
            mode[0],
            target[0],
            pressure[0],
            boots.true_pressure,
            readings.supply_pressure,
        )
        for column, value in zip(columns, sample, strict=True):
            column.append(value)
        if on_progress is not None and len(columns[0]) % PROGRESS_EVERY == 0:
            on_progress(min(float(sequence.session_time[0, 0]) / plan.session_time, 1.0))
    return SessionTrace(
        SAMPLE_PERIOD * np.arange(len(columns[0])),
        *(np.array(column) for column in columns),
        inlet_switches=controller.inlet_switches[0],
        exhaust_switches=controller.exhaust_switches[0],
        final=sequence,
    )


def zeroed(boots: SimulatedBoots, parameters: SensingParameters) -> SensingState:
    """Let sensing find its zero on vented boots, as the nodes do before a session."""
    vented = Actuation.vented(boots.true_pressure.shape)
    state = SensingState.initial((1, boots.true_pressure.shape[-1]))
    for _ in range(round(ZEROING_TIME / SAMPLE_PERIOD)):
        readings = boots.step(vented, SAMPLE_PERIOD)
        state = sensing_law(
            parameters,
            state,
            readings.pressure[None],
            readings.inlet[None],
            readings.exhaust[None],
            readings.supply_pressure[None, None],
            SAMPLE_PERIOD,
        )[0]
    return state


Parameters = TypeVar('Parameters', SensingParameters, ControlParameters)


def batched(parameters: Parameters) -> Parameters:
    """Give per-chamber parameters a batch axis of length one."""
    fields = {
        name: value[None]
        for name, value in parameters._asdict().items()
        if isinstance(value, np.ndarray)
    }
    return parameters._replace(**fields)
