"""Closed loops of many simulated garments at once, each with beliefs and gains of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from compression_boot_control.core.control_parameters import ControlParameters
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan, StageKind
from compression_boot_control.core.sensing_parameters import SensingParameters, SensingState
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceRequest,
    SequenceTable,
    SessionStatus,
)
from compression_boot_control.core.signals import IntArray
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD, zeroed
from compression_boot_control.plant.compiled_law import owned
from compression_boot_control.plant.compiled_run import Trace, compiled_run
from compression_boot_control.plant.compiled_tick import TickMemory, TickModel
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.state import PlantState

LOOK = 100
"""Samples from one look at the states to the next."""

LONGEST_RUN = 900.0
"""Time after which a run is given up [s]."""

Parameters = TypeVar('Parameters', SensingParameters, ControlParameters)


@dataclass(frozen=True)
class BatchRun:
    """What a batch of B garments of N chambers did in T samples.

    Attributes
    ----------
    trace : Trace
    rested : PlantState
        Each garment at the end of its first rest, as it went into its second cycle.
    switches : (B, N) array
        How often the inlet and the exhaust of a chamber opened.
    """

    trace: Trace
    rested: PlantState
    switches: IntArray


def beliefs(garment: Garment, parameters: PlantParameters) -> Garment:
    """Garment whose arrays are (B, N): what a file would say of each of these devices."""
    return replace(
        garment,
        rest_volume=parameters.rest_volume,
        compliance=parameters.compliance,
        inlet_conductance=parameters.inlet_conductance,
        exhaust_conductance=parameters.exhaust_conductance,
        valve_response=parameters.valve_response,
        valve_dead_band=parameters.valve_dead_band,
        hose_length=parameters.hose_length,
        hose_bore=parameters.hose_bore,
        leak=parameters.leak,
    )


def run_batch(
    parameters: PlantParameters,
    believed: Garment,
    plan: Plan,
    cycles: int,
    *,
    control: ControlParameters | None = None,
    seed: int = 0,
    longest: float = LONGEST_RUN,
) -> BatchRun:
    """Run cycles of a plan on a batch of simulated boots.

    Parameters
    ----------
    parameters : PlantParameters
        Of B garments.
    believed : Garment
        What sensing and control believe; arrays (N,) or (B, N).
    plan : Plan
        Its loop is left after the cycles, whatever the session time says.
    cycles : int
    control : ControlParameters or None
        Of arrays (N,) or (B, N); None: the defaults for what is believed.
    seed : int
        Seed of the sensors' noise.
    longest : float
        Time after which the run is given up [s].
    """
    shape = parameters.shape
    batch = (shape[0], shape[1])
    boots = SimulatedBoots(parameters, seed)
    memory = TickMemory.initial(batch)._replace(sensing=_started(boots, believed, batch))
    model = TickModel(
        _each(SensingParameters.from_garment(believed), batch),
        _each(control or ControlParameters.from_garment(believed), batch),
        SequenceParameters(),
        SequenceTable.of_plan(plan),
    )
    request = owned(SequenceRequest.nothing(batch))
    run = compiled_run(boots.memory.width)
    rest = int(np.flatnonzero(plan.kind == StageKind.REST)[0])
    rested = boots.state
    trace, ticks = Trace.empty(0, batch), 0
    for _ in range(round(longest / SAMPLE_PERIOD / LOOK)):
        noise = boots.draw_noise(LOOK, SAMPLE_PERIOD).reshape(LOOK, shape[0], -1)
        lengthen(trace, ticks + LOOK)
        ticks += run(
            model,
            memory,
            request,
            boots.memory.cells,
            boots.memory.neighbours,
            noise,
            boots.memory.substep,
            boots.substeps,
            SAMPLE_PERIOD,
            Trace(*_rows(trace, slice(ticks, None))),
        )
        resting = memory.progress.stage[:, 0] == rest
        if resting.any():
            copy_rows(rested, boots.state, resting)
        request.stop[:] = memory.progress.cycles_done >= cycles
        if (memory.progress.status == SessionStatus.DONE).all():
            break
    switches = memory.control.inlet_switches + memory.control.exhaust_switches
    lengthen(trace, ticks)
    return BatchRun(trace, rested, switches)


def _each(parameters: Parameters, shape: tuple[int, int]) -> Parameters:
    """Give all arrays of parameters the shape (B, N), for one compiled version."""
    values: Iterable[Any] = (
        value if np.ndim(value) == 0 else np.array(np.broadcast_to(value, shape), order='C')
        for value in parameters
    )
    return type(parameters)(*values)


def _started(boots: SimulatedBoots, believed: Garment, shape: tuple[int, int]) -> SensingState:
    state = zeroed(boots, believed)
    values: Iterable[Any] = (np.array(np.broadcast_to(value, shape)) for value in state)
    return SensingState(*values)


def lengthen(trace: Trace, ticks: int) -> None:
    """Give a trace room for so many ticks, where it lies: a batch's would take long to copy."""
    for column in trace:
        # nobody holds a view of it any more, which numpy cannot tell from the names of this loop
        column.resize((ticks, *column.shape[1:]), refcheck=False)


def _rows(trace: Trace, rows: slice) -> Iterable[Any]:
    return (column[rows] for column in trace)


def copy_rows(target: PlantState, source: PlantState, rows: Any) -> None:
    """Write some garments of one state into another."""
    for field in fields(PlantState):
        getattr(target, field.name)[rows] = getattr(source, field.name)[rows]
