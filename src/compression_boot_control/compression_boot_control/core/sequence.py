"""The sequence: walks a plan's table of stages and says what each chamber is to do.

All values are arrays with leading batch axes, garment-level ones of shape (..., 1), so that one
call advances one session or ten thousand. Time is what the caller says has passed.

A session ends by itself when its time is up, and at once on a stop, a failed stage, or pressures
that are lost. Every end leads through ENDING, in which all chambers are vented, to DONE.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from compression_boot_control.core.chambers import every_chamber, without_chamber_axis
from compression_boot_control.core.plan import Plan, StageKind
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray, Mode, Setpoints
from compression_boot_control.core.units import MMHG

VENT = int(Mode.VENT)
INFLATE, DWELL, RELEASE, REST = (int(kind) for kind in StageKind)


class SessionStatus(IntEnum):
    """Life of a session."""

    RUNNING = 0
    PAUSED = 1
    ENDING = 2
    DONE = 3


RUNNING, PAUSED, ENDING, DONE = (int(status) for status in SessionStatus)
NONE = int(SessionError.NONE)
STOPPED = int(SessionError.STOPPED)
PRESSURES_LOST = int(SessionError.PRESSURES_LOST)
NOT_REACHED = int(SessionError.NOT_REACHED)
NOT_VENTED = int(SessionError.NOT_VENTED)
PAUSED_TOO_LONG = int(SessionError.PAUSED_TOO_LONG)

VENTED_PRESSURE = 10.0 * MMHG
"""Below this a chamber counts as released [Pa] [P]."""

DOSE_THRESHOLD = 15.0 * MMHG
"""The dose is the integral of the pressure above this [Pa]."""


class SequenceParameters(NamedTuple):
    """How the sequence judges and ramps.

    Attributes
    ----------
    arrival_band : float
        A chamber has arrived this close below its target [Pa].
    pause_limit : float
        A pause longer than this ends the session [s].
    vent_limit : float
        Time in which a session's end must have vented the garment [s].
    blind_limit : float
        Time after which a session ends whose pressures nobody knows [s].
    lost_limit : float
        Time without usable pressures after which the session ends [s].
    intensity_ramp : float
        Speed at which a change of intensity takes effect [1/s].
    offset_ramp : float
        Speed at which a change of a zone's offset takes effect [Pa/s].
    """

    arrival_band: float = 2.0 * MMHG
    pause_limit: float = 120.0
    vent_limit: float = 15.0
    blind_limit: float = 2.0
    lost_limit: float = 0.25
    intensity_ramp: float = 0.05
    offset_ramp: float = 2.0 * MMHG


class SequenceTable(NamedTuple):
    """A `Plan` without its names; see there."""

    kind: IntArray
    mode: IntArray
    target: FloatArray
    awaited: BoolArray
    duration: FloatArray
    timeout: FloatArray
    loop_start: int
    loop_end: int
    session_time: float
    caps: FloatArray

    @staticmethod
    def of_plan(plan: Plan) -> SequenceTable:
        """Take the arrays out of a plan."""
        return SequenceTable(
            kind=plan.kind,
            mode=plan.mode,
            target=plan.target,
            awaited=plan.awaited,
            duration=plan.duration,
            timeout=plan.timeout,
            loop_start=plan.loop_start,
            loop_end=plan.loop_end,
            session_time=plan.session_time,
            caps=plan.caps,
        )


class SequenceRequest(NamedTuple):
    """What a person wants of the running session.

    Attributes
    ----------
    stop, pause, resume : (..., 1) bool array
        Asked for in this step.
    intensity : (..., 1) array
        Scale on the plan's targets.
    offset : (..., N) array
        Added to the targets of a chamber [Pa].
    skip : (..., N) bool array
        Leave the chamber vented from its next inflation on.
    """

    stop: BoolArray
    pause: BoolArray
    resume: BoolArray
    intensity: FloatArray
    offset: FloatArray
    skip: BoolArray

    @staticmethod
    def nothing(shape: tuple[int, ...]) -> SequenceRequest:
        """Go on as planned, for arrays of `shape` (..., N)."""
        garment = (*shape[:-1], 1)
        never = np.zeros(garment, dtype=np.bool_)
        return SequenceRequest(
            stop=never,
            pause=never,
            resume=never,
            intensity=np.ones(garment),
            offset=np.zeros(shape),
            skip=np.zeros(shape, dtype=np.bool_),
        )


class SequenceState(NamedTuple):
    """Where a session is.

    Attributes
    ----------
    status : (..., 1) array of `SessionStatus`
    error : (..., 1) array of `SessionError`
        Why it ended; NONE while it runs and when it ended as planned.
    stage, cycle : (..., 1) array
        Row of the table; compression cycle from 1.
    cycles_done : (..., 1) array
        Full cycles so far.
    stage_time, session_time, status_time, lost_time : (..., 1) array
        Time in the stage, in the session without pauses, in the status, and without usable
        pressures [s].
    intensity : (..., 1) array
        Scale in force.
    offset : (..., N) array
        Offset in force [Pa].
    skip : (..., N) bool array
        Chambers left out of the current cycle.
    dose, peak : (..., N) array
        Integral of the pressure above 15 mmHg [Pa s], highest pressure [Pa].
    """

    status: IntArray
    error: IntArray
    stage: IntArray
    cycle: IntArray
    cycles_done: IntArray
    stage_time: FloatArray
    session_time: FloatArray
    status_time: FloatArray
    lost_time: FloatArray
    intensity: FloatArray
    offset: FloatArray
    skip: BoolArray
    dose: FloatArray
    peak: FloatArray

    @staticmethod
    def initial(shape: tuple[int, ...]) -> SequenceState:
        """Start of a session, for arrays of `shape` (..., N)."""
        garment = (*shape[:-1], 1)
        count = np.zeros(garment, dtype=np.int64)
        zero = np.zeros(garment)
        return SequenceState(
            status=count,
            error=count,
            stage=count,
            cycle=count + 1,
            cycles_done=count,
            stage_time=zero,
            session_time=zero,
            status_time=zero,
            lost_time=zero,
            intensity=np.ones(garment),
            offset=np.zeros(shape),
            skip=np.zeros(shape, dtype=np.bool_),
            dose=np.zeros(shape),
            peak=np.zeros(shape),
        )


def sequence_step(
    parameters: SequenceParameters,
    table: SequenceTable,
    state: SequenceState,
    request: SequenceRequest,
    pressure: FloatArray,
    dt: float,
) -> tuple[SequenceState, Setpoints]:
    """Advance a session by one sample.

    Parameters
    ----------
    parameters : SequenceParameters
    table : SequenceTable
    state : SequenceState
    request : SequenceRequest
    pressure : (..., N) array
        Chamber pressures [Pa]; NaN where unknown.
    dt : float
        Time since the last step [s]; what is not a positive number counts as 0.

    Returns
    -------
    SequenceState
    Setpoints
    """
    elapsed = dt if 0.0 < dt < np.inf else 0.0
    new_state, mode, target = sequence_law(parameters, table, state, request, pressure, elapsed)
    return new_state, Setpoints(mode, target)


def scaled_targets(
    table: SequenceTable, row: IntArray | int, intensity: FloatArray, offset: FloatArray
) -> FloatArray:
    """Targets of a table row with intensity and offset, within 0 and the caps; (..., N) [Pa]."""
    planned = table.target[row]
    wanted = np.minimum(np.maximum(planned * intensity + offset, 0.0), table.caps)
    return np.where(planned > 0.0, wanted, 0.0)


def sequence_law(
    parameters: SequenceParameters,
    table: SequenceTable,
    state: SequenceState,
    request: SequenceRequest,
    pressure: FloatArray,
    dt: float,
) -> tuple[SequenceState, IntArray, FloatArray]:
    """Compute `sequence_step` on plain arrays; see there.

    Returns
    -------
    tuple
        State, and (..., N) mode and target.
    """
    known = np.isfinite(pressure)
    seen = np.where(known, pressure, 0.0)
    running = state.status == RUNNING
    row = without_chamber_axis(state.stage)
    kind = np.take(table.kind, state.stage)

    # changes of intensity and offset are ramped; a zone is skipped or taken back while vented
    change = request.intensity - state.intensity
    most = parameters.intensity_ramp * dt
    intensity = state.intensity + np.minimum(np.maximum(change, -most), most)
    change = request.offset - state.offset
    most = parameters.offset_ramp * dt
    offset = state.offset + np.minimum(np.maximum(change, -most), most)
    at_ease = (kind == REST) | (kind == RELEASE) | (state.session_time <= 0.0)
    skip = np.where(at_ease, request.skip, state.skip)

    # has the stage done what it is for?
    target = scaled_targets(table, row, intensity, offset)
    awaited = table.awaited[row] & ~skip
    arrived = every_chamber(~awaited | (known & (seen >= target - parameters.arrival_band)))
    released = every_chamber(~table.awaited[row] | (known & (seen < VENTED_PRESSURE)))
    stage_time = np.where(running, state.stage_time + dt, state.stage_time)
    session_time = np.where(running, state.session_time + dt, state.session_time)
    by_time = (kind == DWELL) | (kind == REST)
    complete = by_time | ((kind == INFLATE) & arrived) | ((kind == RELEASE) & released)
    over = running & complete & (stage_time >= np.take(table.duration, state.stage))
    late = running & ~over & ~by_time & (stage_time > np.take(table.timeout, state.stage))
    lost_time = np.where(every_chamber(known), 0.0, state.lost_time + dt)

    # which stage comes next?
    following = state.stage + 1
    end_of_loop = over & (following == table.loop_end)
    time_up = session_time >= table.session_time
    in_loop = state.stage < table.loop_end
    again = end_of_loop & ~time_up
    stage = np.where(over, following, state.stage)
    stage = np.where(again, table.loop_start, stage)
    stage = np.where(running & time_up & in_loop, table.loop_end, stage)
    cycle = state.cycle + again
    cycles_done = state.cycles_done + end_of_loop
    finished = stage >= len(table.kind)
    stage = np.minimum(stage, len(table.kind) - 1)

    # does the session end, stop or stand still?
    error = np.where(late & (kind == INFLATE), NOT_REACHED, state.error)
    error = np.where(late & (kind == RELEASE), NOT_VENTED, error)
    live = (state.status == RUNNING) | (state.status == PAUSED)
    too_long = (state.status == PAUSED) & (state.status_time > parameters.pause_limit)
    error = np.where(too_long, PAUSED_TOO_LONG, error)
    error = np.where(live & (lost_time > parameters.lost_limit), PRESSURES_LOST, error)
    error = np.where(live & request.stop & (error == NONE), STOPPED, error)
    status = np.where(running & request.pause, PAUSED, state.status)
    status = np.where((state.status == PAUSED) & request.resume, RUNNING, status)
    status = np.where(live & ((error != NONE) | (running & finished)), ENDING, status)
    vented = every_chamber(known & (seen < VENTED_PRESSURE))
    patience = np.where(every_chamber(known), parameters.vent_limit, parameters.blind_limit)
    stuck = (state.status == ENDING) & (state.status_time > patience) & ~vented
    # why the session ended in the first place says more than that it could not be confirmed
    error = np.where(stuck & ((error == NONE) | (error == STOPPED)), NOT_VENTED, error)
    status = np.where((state.status == ENDING) & (vented | stuck), DONE, status)
    status_time = np.where(status == state.status, state.status_time + dt, 0.0)

    # an interrupted cycle starts over, the suffix as a whole: mid-wave all zones would fill at once
    resumed = (state.status == PAUSED) & (status == RUNNING)
    restart = np.where(stage >= table.loop_start, table.loop_start, 0)
    restart = np.where(in_loop, restart, table.loop_end)
    stage = np.where(resumed, restart, stage)
    stage_time = np.where((stage == state.stage) & ~resumed & ~over, stage_time, 0.0)

    row = without_chamber_axis(stage)
    mode = np.where((status == RUNNING) & ~skip, table.mode[row], VENT)
    target = np.where(mode == VENT, 0.0, scaled_targets(table, row, intensity, offset))
    counted = state.status != DONE
    excess = np.maximum(seen - DOSE_THRESHOLD, 0.0)
    return (
        SequenceState(
            status=status,
            error=error,
            stage=stage,
            cycle=cycle,
            cycles_done=cycles_done,
            stage_time=stage_time,
            session_time=session_time,
            status_time=status_time,
            lost_time=lost_time,
            intensity=intensity,
            offset=offset,
            skip=skip,
            dose=np.where(counted, state.dose + excess * dt, state.dose),
            peak=np.where(counted, np.maximum(state.peak, seen), state.peak),
        ),
        mode,
        target,
    )
