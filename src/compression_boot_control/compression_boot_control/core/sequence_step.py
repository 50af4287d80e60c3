"""The law of the sequence: walks a plan's table of stages and says what each chamber is to do.

Time is what the caller says has passed. A session ends by itself when its time is up, and at once
on a stop, a failed stage, or pressures that are lost. Every end leads through ENDING, in which all
chambers are vented, to DONE.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from compression_boot_control.core.chambers import every_chamber, where, without_chamber_axis
from compression_boot_control.core.plan import StageKind
from compression_boot_control.core.sequence import (
    DOSE_THRESHOLD,
    VENTED_PRESSURE,
    ChamberSigns,
    SequenceParameters,
    SequenceRequest,
    SequenceState,
    SequenceTable,
    SessionCourse,
    SessionProgress,
    SessionStatus,
    StageGoal,
)
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray, Mode, Setpoints

VENT = int(Mode.VENT)
INFLATE, DWELL, RELEASE, REST = (int(kind) for kind in StageKind)
RUNNING, PAUSED, ENDING, DONE = (int(status) for status in SessionStatus)
NONE = int(SessionError.NONE)
STOPPED = int(SessionError.STOPPED)
PRESSURES_LOST = int(SessionError.PRESSURES_LOST)
NOT_REACHED = int(SessionError.NOT_REACHED)
NOT_VENTED = int(SessionError.NOT_VENTED)
PAUSED_TOO_LONG = int(SessionError.PAUSED_TOO_LONG)


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
    dt = dt if 0.0 < dt < np.inf else 0.0
    goal = StageGoal(
        np.take(table.kind, state.stage),
        np.take(table.duration, state.stage),
        np.take(table.timeout, state.stage),
    )
    intensity = ramped(state.intensity, request.intensity, parameters.intensity_ramp * dt)
    offset = ramped(state.offset, request.offset, parameters.offset_ramp * dt)
    skip = skipped(goal.kind, at_start(state.stage, state.stage_time), state.skip, request.skip)
    row = without_chamber_axis(state.stage)
    target = scaled_target(table.target[row], intensity, offset, table.caps)
    signs = chamber_signs(parameters.arrival_band, target, table.awaited[row], skip, pressure)
    progress = session_progress(
        parameters,
        course_of(table),
        goal,
        progress_of(state),
        (request.stop, request.pause, request.resume),
        ChamberSigns(*(every_chamber(sign) for sign in signs)),
        dt,
    )
    row = without_chamber_axis(progress.stage)
    mode, target = chamber_order(
        progress.status,
        skip,
        table.mode[row],
        scaled_target(table.target[row], intensity, offset, table.caps),
    )
    dose, peak = exposure(state.status, state.dose, state.peak, pressure, dt)
    return SequenceState(*progress, intensity, offset, skip, dose, peak), Setpoints(mode, target)


def course_of(table: SequenceTable) -> SessionCourse:
    """Numbers of a table by which a session moves through it."""
    return SessionCourse(
        clock_start=table.clock_start,
        loop_start=table.loop_start,
        loop_end=table.loop_end,
        stages=len(table.kind),
        session_time=table.session_time,
        warm_up_limit=table.warm_up_limit,
    )


def progress_of(state: SequenceState) -> SessionProgress:
    """Garment-level part of a state."""
    fields: Iterable[Any] = state[: len(SessionProgress._fields)]
    return SessionProgress(*fields)


def ramped(value: FloatArray, wanted: FloatArray, most: float) -> FloatArray:
    """Bring a value closer to what is wanted, by `most` at the most."""
    nearer: FloatArray = value + np.minimum(np.maximum(wanted - value, -most), most)
    return nearer


def at_start(stage: IntArray, stage_time: FloatArray) -> BoolArray:
    """Tell whether a session stands before its first step, or again there after a pause."""
    begins: BoolArray = (stage == 0) & (stage_time <= 0.0)
    return begins


def skipped(kind: IntArray, begins: BoolArray, skip: BoolArray, wanted: BoolArray) -> BoolArray:
    """Chambers that are left out; a chamber is left out or taken back while all are vented."""
    at_ease = (kind == REST) | (kind == RELEASE) | begins
    left_out: BoolArray = where(at_ease, wanted, skip)
    return left_out


def scaled_target(
    planned: FloatArray, intensity: FloatArray, offset: FloatArray, caps: FloatArray
) -> FloatArray:
    """Target with intensity and offset, within 0 and its cap; 0 where none is planned [Pa]."""
    wanted = np.minimum(np.maximum(planned * intensity + offset, 0.0), caps)
    target: FloatArray = where(planned > 0.0, wanted, 0.0)
    return target


def chamber_signs(
    arrival_band: float,
    target: FloatArray,
    awaited: BoolArray,
    skip: BoolArray,
    pressure: FloatArray,
) -> ChamberSigns:
    """What each chamber's pressure says of the stage."""
    known = np.isfinite(pressure)
    vented = known & (pressure < VENTED_PRESSURE)
    # a comparison with NaN is false, so what is not known has neither arrived nor vented
    arrived = ~awaited | skip | (pressure >= target - arrival_band)
    return ChamberSigns(known, arrived, ~awaited | vented, vented)


def session_progress(
    parameters: SequenceParameters,
    course: SessionCourse,
    goal: StageGoal,
    state: SessionProgress,
    request: tuple[BoolArray, BoolArray, BoolArray],
    signs: ChamberSigns,
    dt: float,
) -> SessionProgress:
    """Advance the garment-level part of a session.

    Parameters
    ----------
    parameters : SequenceParameters
    course : SessionCourse
    goal : StageGoal
        Of the present stage.
    state : SessionProgress
    request : tuple of bool array
        Stop, pause, resume.
    signs : ChamberSigns
        What all chambers say.
    dt : float
        Time since the last step [s].
    """
    loop_start, loop_end = course.loop_start, course.loop_end
    stop, pause, resume = request
    running = state.status == RUNNING
    kind = goal.kind

    # has the stage done what it is for?
    stage_time = where(running, state.stage_time + dt, state.stage_time)
    waiting = running & warming_up(course, state, dt)
    warm_up_time = where(waiting, state.warm_up_time + dt, state.warm_up_time)
    session_time = where(running & ~waiting, state.session_time + dt, state.session_time)
    by_time = (kind == DWELL) | (kind == REST)
    complete = by_time | ((kind == INFLATE) & signs.arrived) | ((kind == RELEASE) & signs.released)
    over = running & complete & (stage_time >= goal.duration)
    late = running & ~over & ~by_time & (stage_time > goal.timeout)
    lost_time = where(signs.known, 0.0, state.lost_time + dt)

    # which stage comes next?
    following = state.stage + 1
    end_of_loop = over & (following == loop_end)
    time_up = session_time >= course.session_time
    in_loop = state.stage < loop_end
    again = end_of_loop & ~time_up
    stage = where(over, following, state.stage)
    stage = where(again, loop_start, stage)
    stage = where(running & time_up & in_loop, loop_end, stage)
    finished = stage >= course.stages
    stage = np.minimum(stage, course.stages - 1)

    # does the session end, stop or stand still?
    error = where(late & (kind == INFLATE), NOT_REACHED, state.error)
    error = where(late & (kind == RELEASE), NOT_VENTED, error)
    paused = state.status == PAUSED
    live = running | paused
    error = where(paused & (state.status_time > parameters.pause_limit), PAUSED_TOO_LONG, error)
    error = where(live & (lost_time > parameters.lost_limit), PRESSURES_LOST, error)
    error = where(live & stop & (error == NONE), STOPPED, error)
    status = where(running & pause, PAUSED, state.status)
    status = where(paused & resume, RUNNING, status)
    status = where(live & ((error != NONE) | (running & finished)), ENDING, status)
    ending = state.status == ENDING
    patience = where(signs.known, parameters.vent_limit, parameters.blind_limit)
    stuck = ending & (state.status_time > patience) & ~signs.vented
    # why the session ended in the first place says more than that it could not be confirmed
    error = where(stuck & ((error == NONE) | (error == STOPPED)), NOT_VENTED, error)
    status = where(ending & (signs.vented | stuck), DONE, status)

    # an interrupted cycle starts over, the suffix as a whole: mid-wave all zones would fill at once
    resumed = paused & (status == RUNNING)
    restart = where(stage >= loop_start, loop_start, 0)
    restart = where(in_loop, restart, loop_end)
    stage = where(resumed, restart, stage)
    return SessionProgress(
        status=status,
        error=error,
        stage=stage,
        cycle=state.cycle + (over & (kind == REST) & (stage < loop_end)),
        cycles_done=state.cycles_done + (over & (kind == RELEASE) & in_loop),
        stage_time=where((stage == state.stage) & ~resumed & ~over, stage_time, 0.0),
        session_time=session_time,
        warm_up_time=warm_up_time,
        status_time=where(status == state.status, state.status_time + dt, 0.0),
        lost_time=lost_time,
    )


def warming_up(course: SessionCourse, state: SessionProgress, dt: float) -> BoolArray:
    """Whether the session's clock waits for the warm-up; once it runs, it waits for it no more."""
    waits: BoolArray = (
        (state.stage < course.clock_start)
        & (state.session_time <= 0.0)
        & (state.warm_up_time + dt <= course.warm_up_limit)
    )
    return waits


def chamber_order(
    status: IntArray, skip: BoolArray, mode: IntArray, target: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Mode and target of a chamber: those of the stage, or vented."""
    ordered = where((status == RUNNING) & ~skip, mode, VENT)
    return ordered, where(ordered == VENT, 0.0, target)


def exposure(
    status: IntArray, dose: FloatArray, peak: FloatArray, pressure: FloatArray, dt: float
) -> tuple[FloatArray, FloatArray]:
    """Dose [Pa s] and peak [Pa] so far; they stand when the session is done."""
    seen = where(np.isfinite(pressure) & (status != DONE), pressure, 0.0)
    return dose + np.maximum(seen - DOSE_THRESHOLD, 0.0) * dt, np.maximum(peak, seen)
