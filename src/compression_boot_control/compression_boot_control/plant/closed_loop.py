"""A whole session without ROS: simulated boots, sensing, sequence, control, stepped in one loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compression_boot_control.core.control_parameters import ControlParameters
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.sensing import sensing_step
from compression_boot_control.core.sensing_parameters import SensingParameters, SensingState
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceRequest,
    SequenceTable,
    SessionProgress,
    SessionStatus,
)
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.signals import Actuation, FloatArray, IntArray
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.compiled_run import Trace, compiled_run
from compression_boot_control.plant.compiled_tick import TickMemory, TickModel

SAMPLE_PERIOD = 0.01
"""Time from one sample to the next [s]."""

ZEROING_TIME = 3.0
"""Time vented before a session begins, in which sensing finds its zero [s]."""

CHUNK = 2000
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
    warm_up_time : float
        Time before the session's clock ran [s].
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
    warm_up_time: float


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
    model = TickModel(
        SensingParameters.from_garment(garment),
        control or ControlParameters.from_garment(garment),
        SequenceParameters(),
        SequenceTable.of_plan(plan),
    )
    memory = TickMemory.initial(shape)._replace(sensing=one_garment(zeroed(boots, garment)))
    request = SequenceRequest.nothing(shape)
    run = compiled_run(boots.memory.width)
    traces: list[Trace] = []
    while memory.progress.status[0, 0] != SessionStatus.DONE:
        noise = boots.draw_noise(CHUNK, SAMPLE_PERIOD)
        trace = Trace.empty(CHUNK, shape)
        ticks = run(
            model,
            memory,
            request,
            boots.memory.cells,
            boots.memory.neighbours,
            noise.reshape(CHUNK, 1, -1),
            boots.memory.substep,
            boots.substeps,
            SAMPLE_PERIOD,
            trace,
        )
        traces.append(first_garment(trace, ticks))
        if on_progress is not None:
            on_progress(part_done(memory.progress, plan))
    whole = joined(traces)
    return SessionTrace(
        time=SAMPLE_PERIOD * np.arange(len(whole.stage), dtype=np.float64),
        cycle=whole.cycle,
        stage=whole.stage,
        mode=whole.mode,
        target=whole.target,
        pressure=whole.pressure,
        true_pressure=whole.true_pressure,
        supply_pressure=whole.supply_pressure,
        inlet_switches=memory.control.inlet_switches[0],
        exhaust_switches=memory.control.exhaust_switches[0],
        error=SessionError(int(memory.progress.error[0, 0])),
        cycles=int(memory.progress.cycles_done[0, 0]),
        dose=memory.dose[0],
        warm_up_time=float(memory.progress.warm_up_time[0, 0]),
    )


def part_done(progress: SessionProgress, plan: Plan) -> float:
    """Part of a plan's time that is over, warm-up and session [0..1]."""
    warm_up = float(progress.warm_up_time[0, 0])
    passed = warm_up + float(progress.session_time[0, 0])
    return min(passed / (warm_up + plan.session_time), 1.0)


def one_garment(state: SensingState) -> SensingState:
    """Give a state of (N,) arrays a batch axis of length one, in arrays of its own."""
    columns: Iterable[Any] = (value[None].copy() for value in state)
    return SensingState(*columns)


def first_garment(trace: Trace, ticks: int) -> Trace:
    """Cut a trace to the first ticks of its first garment."""
    columns: Iterable[Any] = (column[:ticks, 0] for column in trace)
    return Trace(*columns)


def joined(traces: Sequence[Trace]) -> Trace:
    """Put traces end to end."""
    columns: Iterable[Any] = (np.concatenate(parts) for parts in zip(*traces, strict=True))
    return Trace(*columns)


def zeroed(boots: SimulatedBoots, garment: Garment) -> SensingState:
    """Let sensing find its zero on vented boots, as the nodes do before a session."""
    parameters = SensingParameters.from_garment(garment)
    state = SensingState.initial((len(garment),))
    vented = Actuation.vented((len(garment),))
    for _ in range(round(ZEROING_TIME / SAMPLE_PERIOD)):
        state, _ = sensing_step(parameters, state, boots.step(vented, SAMPLE_PERIOD), SAMPLE_PERIOD)
    return state
