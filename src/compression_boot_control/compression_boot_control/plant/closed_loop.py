"""A whole session without ROS: simulated boots, sensing, sequence, control, stepped in one loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from compression_boot_control.core.chamber_control import ControlParameters
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.sensing import SensingParameters, SensingState, sensing_step
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceRequest,
    SequenceTable,
    SessionStatus,
)
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.signals import Actuation, FloatArray, IntArray
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.compiled_tick import (
    TickMemory,
    TickModel,
    cells,
    compiled_tick,
)

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
    error : SessionError
        NONE if the session ended as planned.
    cycles : int
        Full cycles done.
    dose : (N,) array
        Integral of the pressure above 15 mmHg [Pa s].
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
    error: SessionError
    cycles: int
    dose: FloatArray


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
    model = TickModel.of(
        SensingParameters.from_garment(garment),
        control or ControlParameters.from_garment(garment),
        SequenceParameters(),
        SequenceTable.of_plan(plan),
        shape,
    )
    memory = TickMemory.initial(shape)._replace(sensing=cells(zeroed(boots, garment), shape))
    request = SequenceRequest.nothing(shape)
    tick = compiled_tick()
    actuation = Actuation(memory.inlet[0], memory.exhaust[0], memory.pump[0])
    columns: tuple[list[Any], ...] = ([], [], [], [], [], [], [])
    while memory.progress[0].status != SessionStatus.DONE:
        readings = boots.step(actuation, SAMPLE_PERIOD)
        tick(
            model,
            memory,
            request,
            readings.pressure[None],
            readings.inlet[None],
            readings.exhaust[None],
            np.atleast_1d(readings.supply_pressure),
            SAMPLE_PERIOD,
        )
        actuation = Actuation(memory.inlet[0], memory.exhaust[0], memory.pump[0])
        progress = memory.progress[0]
        sample = (
            progress.cycle,
            progress.stage,
            memory.mode[0].copy(),
            memory.target[0].copy(),
            memory.pressure[0].copy(),
            boots.true_pressure,
            readings.supply_pressure,
        )
        for column, value in zip(columns, sample, strict=True):
            column.append(value)
        if on_progress is not None and len(columns[0]) % PROGRESS_EVERY == 0:
            on_progress(min(progress.session_time / plan.session_time, 1.0))
    return SessionTrace(
        SAMPLE_PERIOD * np.arange(len(columns[0])),
        *(np.array(column) for column in columns),
        inlet_switches=np.array([state.inlet_switches for state in memory.control]),
        exhaust_switches=np.array([state.exhaust_switches for state in memory.control]),
        error=SessionError(memory.progress[0].error),
        cycles=memory.progress[0].cycles_done,
        dose=memory.dose[0],
    )


def zeroed(boots: SimulatedBoots, garment: Garment) -> SensingState:
    """Let sensing find its zero on vented boots, as the nodes do before a session."""
    parameters = SensingParameters.from_garment(garment)
    state = SensingState.initial((len(garment),))
    vented = Actuation.vented((len(garment),))
    for _ in range(round(ZEROING_TIME / SAMPLE_PERIOD)):
        state, _ = sensing_step(parameters, state, boots.step(vented, SAMPLE_PERIOD), SAMPLE_PERIOD)
    return state
