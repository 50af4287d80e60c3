"""A simulated session as the nodes would have lived it, sample by sample.

Half an hour of session takes seconds. `simulated_bag` makes a bag of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from compression_boot_control.core.control_parameters import ControlParameters
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.sensing_parameters import SensingParameters
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceRequest,
    SequenceTable,
    SessionStatus,
)
from compression_boot_control.core.signals import FloatArray, IntArray
from compression_boot_control.hardware.simulated import wearer
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD, one_garment, zeroed
from compression_boot_control.plant.compiled_run import Trace, compiled_run
from compression_boot_control.plant.compiled_tick import TickMemory, TickModel

TAIL = 100
"""Samples after the end of the session."""

BLOCK = 6000
"""Samples whose noise is drawn together."""


@dataclass(frozen=True)
class SimulatedRecording:
    """What the nodes would have said: T samples of N chambers.

    Attributes
    ----------
    status, stage, cycle, cycles_done : (T,) array
        Of the sequence; see `SequenceState`.
    elapsed, warm_up : (T,) array
        Session time, and time before its clock ran [s].
    mode, target : (T, N) array
        Set-points.
    pressure, rate, zero : (T, N) array
        Estimates [Pa], [Pa/s], and the offset that was taken off the reading [Pa].
    raw, inlet, exhaust, dose : (T, N) array
        Reading at the port [Pa]; openings as the device reports them [0..1]; dose so far [Pa s].
    wanted_inlet, wanted_exhaust : (T, N) array
        Openings as they were asked for, one sample ahead of the device [0..1].
    supply, pump, wanted_pump : (T,) array
        Rail [Pa], drive as the device has it and as it was asked for [0..1].
    """

    status: IntArray
    stage: IntArray
    cycle: IntArray
    cycles_done: IntArray
    elapsed: FloatArray
    warm_up: FloatArray
    mode: IntArray
    target: FloatArray
    pressure: FloatArray
    rate: FloatArray
    zero: FloatArray
    raw: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    dose: FloatArray
    wanted_inlet: FloatArray
    wanted_exhaust: FloatArray
    supply: FloatArray
    pump: FloatArray
    wanted_pump: FloatArray


def simulate_recording(garment: Garment, plan: Plan, seed: int) -> SimulatedRecording:
    """Step a session and keep what the nodes would publish at each sample."""
    boots = SimulatedBoots(wearer(garment, seed), seed)
    shape = (1, len(garment))
    model = TickModel(
        SensingParameters.from_garment(garment),
        ControlParameters.from_garment(garment),
        SequenceParameters(),
        SequenceTable.of_plan(plan),
    )
    memory = TickMemory.initial(shape)._replace(sensing=one_garment(zeroed(boots, garment)))
    request = SequenceRequest.nothing(shape)
    run = compiled_run(boots.memory.width)
    trace = Trace.empty(1, shape)
    cells = boots.memory.cells
    rows: list[tuple[ArrayLike, ...]] = []
    left = TAIL
    while left:
        noise = boots.draw_noise(BLOCK, SAMPLE_PERIOD).reshape(BLOCK, 1, 1, -1)
        for tick in noise:
            before = memory.inlet[0].copy(), memory.exhaust[0].copy(), memory.pump[0]
            run(
                model,
                memory,
                request,
                cells,
                boots.memory.neighbours,
                tick,
                boots.memory.substep,
                boots.substeps,
                SAMPLE_PERIOD,
                trace,
            )
            progress = memory.progress
            rows.append(
                (
                    progress.status[0, 0],
                    progress.stage[0, 0],
                    progress.cycle[0, 0],
                    progress.cycles_done[0, 0],
                    progress.session_time[0, 0],
                    progress.warm_up_time[0, 0],
                    memory.mode[0].copy(),
                    memory.target[0].copy(),
                    memory.pressure[0].copy(),
                    memory.rate[0].copy(),
                    memory.sensing.offset[0].copy(),
                    cells[0, 1:, at.READING, 0].copy(),
                    *before[:2],
                    memory.dose[0].copy(),
                    memory.inlet[0].copy(),
                    memory.exhaust[0].copy(),
                    trace.supply_pressure[0, 0],
                    before[2],
                    memory.pump[0],
                )
            )
            left -= progress.status[0, 0] == SessionStatus.DONE
            if not left:
                break
    return SimulatedRecording(*(np.array(column) for column in zip(*rows, strict=True)))
