"""The words of the sequence: a plan's table, what people ask for, and where a session is.

All values are arrays with leading batch axes, garment-level ones of shape (..., 1), so that one
call of `sequence_step` advances one session or ten thousand.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from compression_boot_control.core.plan import Plan
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray
from compression_boot_control.core.units import MMHG


class SessionStatus(IntEnum):
    """Life of a session."""

    RUNNING = 0
    PAUSED = 1
    ENDING = 2
    DONE = 3


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
    clock_start: int
    warm_up_limit: float

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
            clock_start=plan.clock_start,
            warm_up_limit=plan.warm_up_limit,
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
    stage_time, status_time, lost_time : (..., 1) array
        Time in the stage, in the status, and without usable pressures [s].
    session_time : (..., 1) array
        Time of the session's clock, which a pause and the warm-up do not move [s].
    warm_up_time : (..., 1) array
        Time for which that clock waited for the warm-up, pauses left out [s].
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
    warm_up_time: FloatArray
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
            warm_up_time=zero,
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
    warm_up_time: FloatArray
    status_time: FloatArray
    lost_time: FloatArray


class SessionCourse(NamedTuple):
    """How a session moves through a table; the fields are those of `Plan`, and `stages` rows."""

    clock_start: int
    loop_start: int
    loop_end: int
    stages: int
    session_time: float
    warm_up_limit: float


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
