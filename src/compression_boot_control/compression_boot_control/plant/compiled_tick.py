"""One tick of sensing, sequence and control as compiled code, for whole sessions at a time.

It calls the functions of core/ for one chamber's numbers, and walks over chambers and garments.
"""

# mypy reads what stands here as arrays, but numba compiles it for numbers:
# mypy: disable-error-code="no-untyped-call, no-untyped-def, arg-type, assignment, operator"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from compression_boot_control.core.control_parameters import ControlParameters, ControlState, Demand
from compression_boot_control.core.sensing import in_use, sensing_law
from compression_boot_control.core.sensing_parameters import SensingParameters, SensingState
from compression_boot_control.core.sequence import (
    ChamberSigns,
    SequenceParameters,
    SequenceState,
    SequenceTable,
    SessionProgress,
    StageGoal,
)
from compression_boot_control.core.sequence_step import (
    at_start,
    chamber_order,
    chamber_signs,
    course_of,
    exposure,
    progress_of,
    ramped,
    scaled_target,
    session_progress,
    skipped,
)
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray
from compression_boot_control.plant.compiled_control import garment_control
from compression_boot_control.plant.compiled_law import owned, pick, put


class TickMemory(NamedTuple):
    """All that lasts from tick to tick, and what a tick says; B garments of N chambers.

    Attributes
    ----------
    sensing, control, demand : SensingState, ControlState, Demand
        Of arrays (B, N).
    progress : SessionProgress
        Of arrays (B, 1).
    intensity : (B, 1) array
    offset, skip, dose, peak : (B, N) array
        See `SequenceState`.
    pressure, rate, mode, target : (B, N) array
        What was estimated and ordered.
    inlet, exhaust, pump : (B, N), (B, N), (B,) array
        The command.
    """

    sensing: SensingState
    control: ControlState
    demand: Demand
    progress: SessionProgress
    intensity: FloatArray
    offset: FloatArray
    skip: BoolArray
    dose: FloatArray
    peak: FloatArray
    pressure: FloatArray
    rate: FloatArray
    mode: IntArray
    target: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    pump: FloatArray

    @staticmethod
    def initial(shape: tuple[int, int]) -> TickMemory:
        """Sessions that begin on vented garments."""

        def zeros() -> FloatArray:
            return np.zeros(shape)

        def no() -> BoolArray:
            return np.zeros(shape, dtype=np.bool_)

        return TickMemory(
            sensing=owned(SensingState.initial(shape)),
            control=owned(ControlState.initial(shape)),
            demand=owned(Demand.nothing(shape)),
            progress=owned(progress_of(SequenceState.initial(shape))),
            intensity=np.ones((shape[0], 1)),
            offset=zeros(),
            skip=no(),
            dose=zeros(),
            peak=zeros(),
            pressure=zeros(),
            rate=zeros(),
            mode=np.zeros(shape, dtype=np.int64),
            target=zeros(),
            inlet=zeros(),
            exhaust=np.ones(shape),
            pump=np.zeros(shape[0]),
        )


class TickModel(NamedTuple):
    """What does not change while sessions run.

    Attributes
    ----------
    sensing, control : SensingParameters, ControlParameters
        Of arrays (N,) or (B, N).
    sequence : SequenceParameters
    table : SequenceTable
    """

    sensing: SensingParameters
    control: ControlParameters
    sequence: SequenceParameters
    table: SequenceTable


def tick(model, memory, request, raw, inlet, exhaust, supply, dt, first=0):
    """Advance a batch by one sample: sensing, then sequence, then control.

    Parameters
    ----------
    model : TickModel
    memory : TickMemory
        Advanced in place.
    request : SequenceRequest
        Of arrays (B, 1) and (B, N).
    raw, inlet, exhaust : (B, N) array
        Readings.
    supply : (B,) array
        Pressure of the rail [Pa].
    dt : float
        Time since the last sample [s].
    first : int
        Garment that the readings begin with; they may be those of a part of the batch.
    """
    table, rules = model.table, model.sequence
    course = course_of(table)
    for place in range(raw.shape[0]):
        g = first + place
        before = pick(memory.progress, g, 0)
        row = before.stage
        goal = StageGoal(table.kind[row], table.duration[row], table.timeout[row])
        intensity = ramped(
            memory.intensity[g, 0], request.intensity[g, 0], rules.intensity_ramp * dt
        )
        memory.intensity[g, 0] = intensity
        known = arrived = released = vented = at_ease = True
        for i in range(raw.shape[1]):
            at_ease &= not in_use(inlet[place, i], exhaust[place, i])
        for i in range(raw.shape[1]):
            state, pressure, rate, _quality, _reason = sensing_law(
                pick(model.sensing, g, i),
                pick(memory.sensing, g, i),
                raw[place, i],
                inlet[place, i],
                exhaust[place, i],
                supply[place],
                at_ease,
                dt,
            )
            put(memory.sensing, g, i, state)
            memory.pressure[g, i], memory.rate[g, i] = pressure, rate
            offset = ramped(memory.offset[g, i], request.offset[g, i], rules.offset_ramp * dt)
            begins = at_start(before.stage, before.stage_time)
            skip = skipped(goal.kind, begins, memory.skip[g, i], request.skip[g, i])
            memory.offset[g, i], memory.skip[g, i] = offset, skip
            target = scaled_target(table.target[row, i], intensity, offset, table.caps[i])
            signs = chamber_signs(rules.arrival_band, target, table.awaited[row, i], skip, pressure)
            known &= signs.known
            arrived &= signs.arrived
            released &= signs.released
            vented &= signs.vented
            memory.dose[g, i], memory.peak[g, i] = exposure(
                before.status, memory.dose[g, i], memory.peak[g, i], pressure, dt
            )
        now = session_progress(
            rules,
            course,
            goal,
            before,
            (request.stop[g, 0], request.pause[g, 0], request.resume[g, 0]),
            ChamberSigns(known, arrived, released, vented),
            dt,
        )
        put(memory.progress, g, 0, now)
        for i in range(raw.shape[1]):
            target = scaled_target(
                table.target[now.stage, i], intensity, memory.offset[g, i], table.caps[i]
            )
            memory.mode[g, i], memory.target[g, i] = chamber_order(
                now.status, memory.skip[g, i], table.mode[now.stage, i], target
            )
        memory.pump[g] = garment_control(
            model.control,
            memory.control,
            memory.demand,
            g,
            memory.pressure[g],
            memory.rate[g],
            supply[place],
            memory.mode[g],
            memory.target[g],
            dt,
        )
        for i in range(raw.shape[1]):
            memory.inlet[g, i] = memory.control.inlet[g, i]
            memory.exhaust[g, i] = memory.control.exhaust[g, i]


# nothing is allocated, so no references need counting, which would take a fifth of the time
tick = njit(error_model='numpy', _nrt=False)(tick)
