"""One tick of sensing, sequence and control as compiled code, for whole sessions at a time.

It calls the functions of core/ for one chamber's numbers, and walks over chambers and garments.
What is known of chambers lies side by side for the garments of a block, see `tick_block`, and the
inner loops run over these.
"""

# mypy reads what stands here as arrays, but numba compiles it for numbers:
# mypy: disable-error-code="no-untyped-call, no-untyped-def, arg-type, assignment, operator"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from compression_boot_control.core.control_parameters import ControlParameters, ControlState
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
from compression_boot_control.plant.compiled_control import ControlInputs, garments_control
from compression_boot_control.plant.compiled_law import owned, pick, put
from compression_boot_control.plant.tick_block import (
    ChamberCourse,
    ChamberSample,
    block_parts,
    jitable,
)


class TickMemory(NamedTuple):
    """All that lasts from tick to tick, and what a tick says; B garments of N chambers.

    Attributes
    ----------
    sensing, control : SensingState, ControlState
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


class Sessions(NamedTuple):
    """What a tick needs of each garment as a whole; arrays (B, 1).

    Attributes
    ----------
    progress : SessionProgress
    intensity : array
        In force.
    stop, pause, resume, wanted_intensity : array
        Of the request.
    """

    progress: SessionProgress
    intensity: FloatArray
    stop: BoolArray
    pause: BoolArray
    resume: BoolArray
    wanted_intensity: FloatArray


class BlockReadings(NamedTuple):
    """A sample of the M garments of a block: (M, N) arrays, and (M,) for the supply [Pa]."""

    raw: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    supply: FloatArray


class BlockCommands(NamedTuple):
    """Room for the commands to the M garments of a block: (M, N) arrays, and (M,) for the pump."""

    inlet: FloatArray
    exhaust: FloatArray
    pump: FloatArray


@jitable
def sessions_of(memory, request):
    """Put together what concerns each garment as a whole."""
    return Sessions(
        memory.progress,
        memory.intensity,
        request.stop,
        request.pause,
        request.resume,
        request.intensity,
    )


def advance_block(
    kinds, cells, width, table, rules, sessions, readings, commands, pumps, dt, first
):
    """Advance a block of garments by one sample: sensing, then sequence, then control.

    Parameters
    ----------
    kinds : BlockKinds
    cells : array
        What the block holds; advanced in place.
    width : int
        Number of lanes, a constant where this is compiled.
    table : SequenceTable
    rules : SequenceParameters
    sessions : Sessions
        Advanced in place.
    readings : BlockReadings
    commands : BlockCommands
    pumps : (width,) array
        Room for the pumps' drive.
    dt : float
        Time since the last sample [s].
    first : int
        Garment of the sessions that the block begins with.
    """
    course = course_of(table)
    fixed, kept, room = block_parts(kinds, cells, width)
    garments, chambers = readings.raw.shape
    # a loop of unknown length is vectorised, a short known one would be unrolled instead
    lanes = len(pumps) if width > 1 else 1
    for lane in range(garments):
        g = first + lane
        now = pick(sessions.progress, g, 0)
        row = now.stage
        intensity = ramped(
            sessions.intensity[g, 0], sessions.wanted_intensity[g, 0], rules.intensity_ramp * dt
        )
        sessions.intensity[g, 0] = intensity
        at_ease = True
        for i in range(chambers):
            at_ease &= not in_use(readings.inlet[lane, i], readings.exhaust[lane, i])
        for i in range(chambers):
            sample = ChamberSample(
                readings.raw[lane, i],
                readings.inlet[lane, i],
                readings.exhaust[lane, i],
                at_ease,
                table.kind[row],
                now.status,
                at_start(row, now.stage_time),
                intensity,
                table.target[row, i],
                table.awaited[row, i],
                table.caps[i],
            )
            put(room.sample, lane, i, sample)
            put(room.supplies, lane, i, readings.supply[lane])
    for i in range(chambers):
        for lane in range(lanes):
            sample = pick(room.sample, lane, i)
            state, pressure, rate, _quality, _reason = sensing_law(
                pick(fixed.sensing, lane, i),
                pick(kept.sensing, lane, i),
                sample.raw,
                sample.inlet,
                sample.exhaust,
                pick(room.supplies, lane, i),
                sample.at_ease,
                dt,
            )
            put(kept.sensing, lane, i, state)
            put(kept.inputs, lane, i, ControlInputs(pressure, rate, 0, 0.0))
            wish, was = pick(fixed.wish, lane, i), pick(kept.course, lane, i)
            offset = ramped(was.offset, wish.offset, rules.offset_ramp * dt)
            skip = skipped(sample.kind, sample.begins, was.skip, wish.skip)
            target = scaled_target(sample.planned, sample.intensity, offset, sample.cap)
            signs = chamber_signs(rules.arrival_band, target, sample.awaited, skip, pressure)
            put(room.signs, lane, i, signs)
            dose, peak = exposure(sample.status, was.dose, was.peak, pressure, dt)
            put(kept.course, lane, i, ChamberCourse(offset, skip, dose, peak))
    for lane in range(garments):
        g = first + lane
        before = pick(sessions.progress, g, 0)
        row = before.stage
        goal = StageGoal(table.kind[row], table.duration[row], table.timeout[row])
        known = arrived = released = vented = True
        for i in range(chambers):
            signs = pick(room.signs, lane, i)
            known &= signs.known
            arrived &= signs.arrived
            released &= signs.released
            vented &= signs.vented
        now = session_progress(
            rules,
            course,
            goal,
            before,
            (sessions.stop[g, 0], sessions.pause[g, 0], sessions.resume[g, 0]),
            ChamberSigns(known, arrived, released, vented),
            dt,
        )
        put(sessions.progress, g, 0, now)
        for i in range(chambers):
            seen, was = pick(kept.inputs, lane, i), pick(kept.course, lane, i)
            target = scaled_target(
                table.target[now.stage, i], sessions.intensity[g, 0], was.offset, table.caps[i]
            )
            mode, target = chamber_order(now.status, was.skip, table.mode[now.stage, i], target)
            inputs = ControlInputs(seen.pressure, seen.rate, mode, target)
            put(kept.inputs, lane, i, inputs)
    garments_control(
        fixed.control,
        kept.control,
        room.demand,
        kept.inputs,
        room.supplies,
        room.needs,
        pumps,
        chambers,
        dt,
    )
    for lane in range(garments):
        commands.pump[lane] = pumps[lane]
        for i in range(chambers):
            control = pick(kept.control, lane, i)
            commands.inlet[lane, i] = control.inlet
            commands.exhaust[lane, i] = control.exhaust


# nothing is allocated, so no references need counting, which would take a fifth of the time
advance_block = njit(error_model='numpy', _nrt=False)(advance_block)
