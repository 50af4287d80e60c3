"""The sequence: walks a plan's table of stages and says what each chamber is to do.

All values are arrays with leading batch axes, garment-level ones of shape (..., 1), so that one
call advances one session or ten thousand. Time is what the caller says has passed.

A session ends by itself when its time is up, and at once on a stop, a failed stage, or pressures
that are lost. Every end leads through ENDING, in which all chambers are vented, to DONE.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from compression_boot_control.core.chambers import every_chamber, where, without_chamber_axis
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
        Cycles so far that were inflated, held and released, those of the warm-up too.
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


class SessionProgress(NamedTuple):
    """Garment-level part of `SequenceState`, in the same order; see there."""

    status: IntArray
    error: IntArray
    stage: IntArray
    cycle: IntArray
    cycles_done: IntArray
    stage_time: FloatArray
    session_time: FloatArray
    status_time: FloatArray
    lost_time: FloatArray


class StageGoal(NamedTuple):
    """What a stage of the table is for: `StageKind`, duration and timeout [s]; each (..., 1)."""

    kind: IntArray
    duration: FloatArray
    timeout: FloatArray


class ChamberSigns(NamedTuple):
    """What a chamber says of the stage; of a garment, what all its chambers say.

    Attributes
    ----------
    known : bool array
        The pressure is usable.
    arrived : bool array
        At its target, or not awaited.
    released : bool array
        Vented, or not awaited.
    vented : bool array
        Below the vented pressure.
    """

    known: BoolArray
    arrived: BoolArray
    released: BoolArray
    vented: BoolArray


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
    skip = skipped(goal.kind, state.session_time, state.skip, request.skip)
    row = without_chamber_axis(state.stage)
    target = scaled_target(table.target[row], intensity, offset, table.caps)
    signs = chamber_signs(parameters.arrival_band, target, table.awaited[row], skip, pressure)
    progress = session_progress(
        parameters,
        (table.loop_start, table.loop_end, len(table.kind), table.session_time),
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


def progress_of(state: SequenceState) -> SessionProgress:
    """Garment-level part of a state."""
    fields: Iterable[Any] = state[: len(SessionProgress._fields)]
    return SessionProgress(*fields)


def ramped(value: FloatArray, wanted: FloatArray, most: float) -> FloatArray:
    """Bring a value closer to what is wanted, by `most` at the most."""
    nearer: FloatArray = value + np.minimum(np.maximum(wanted - value, -most), most)
    return nearer


def skipped(
    kind: IntArray, session_time: FloatArray, skip: BoolArray, wanted: BoolArray
) -> BoolArray:
    """Chambers that are left out; a chamber is left out or taken back while all are vented."""
    at_ease = (kind == REST) | (kind == RELEASE) | (session_time <= 0.0)
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
    course: tuple[int, int, int, float],
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
    course : tuple
        Start and end of the loop, number of stages, session time [s].
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
    loop_start, loop_end, stages, total_time = course
    stop, pause, resume = request
    running = state.status == RUNNING
    kind = goal.kind

    # has the stage done what it is for?
    stage_time = where(running, state.stage_time + dt, state.stage_time)
    session_time = where(running, state.session_time + dt, state.session_time)
    by_time = (kind == DWELL) | (kind == REST)
    complete = by_time | ((kind == INFLATE) & signs.arrived) | ((kind == RELEASE) & signs.released)
    over = running & complete & (stage_time >= goal.duration)
    late = running & ~over & ~by_time & (stage_time > goal.timeout)
    lost_time = where(signs.known, 0.0, state.lost_time + dt)

    # which stage comes next?
    following = state.stage + 1
    end_of_loop = over & (following == loop_end)
    time_up = session_time >= total_time
    in_loop = state.stage < loop_end
    again = end_of_loop & ~time_up
    stage = where(over, following, state.stage)
    stage = where(again, loop_start, stage)
    stage = where(running & time_up & in_loop, loop_end, stage)
    finished = stage >= stages
    stage = np.minimum(stage, stages - 1)

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
        status_time=where(status == state.status, state.status_time + dt, 0.0),
        lost_time=lost_time,
    )


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
