"""Says how long a plan will take on a garment, before anything is inflated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan, StageKind
from compression_boot_control.core.signals import FloatArray, IntArray, Mode
from compression_boot_control.core.units import MMHG
from compression_boot_control.sessions.fill_time import fill_time, release_time

UNDER_PRESSURE = 15.0 * MMHG
"""Above this a zone counts as under pressure [Pa]."""


@dataclass(frozen=True)
class Timeline:
    """Stages as they are expected to follow each other in a session.

    Attributes
    ----------
    row : (K,) array
        Rows of the plan's table.
    start : (K + 1,) array
        When each begins, and when the last one ends [s].
    cycles : int
        Full passes of the loop.
    warm_up_time : float
        When the session's clock begins to run [s].
    """

    row: IntArray
    start: FloatArray
    cycles: int
    warm_up_time: float


@dataclass(frozen=True)
class PlanEstimate:
    """Expected times of a plan [s].

    Attributes
    ----------
    wave_time : float
        Inflation in one cycle of the loop, from empty chambers: the slowest case.
    refill_wave_time : float
        The same from chambers that have kept their slack air, as in a later cycle.
    first_cycle_time, cycle_time : float
        One cycle of the loop, from empty and from slack chambers.
    cycles : int
        Full cycles of the loop, as the session's result counts them.
    zone_time : float
        Longest time of a chamber under pressure without a release, from empty chambers.
    session_time : float
        Session by its own clock, with what comes after the loop.
    warm_up_time : float
        Time before that clock runs, from empty chambers.
    timeline : Timeline
    """

    wave_time: float
    refill_wave_time: float
    first_cycle_time: float
    cycle_time: float
    cycles: int
    zone_time: float
    session_time: float
    warm_up_time: float
    timeline: Timeline


def estimate(plan: Plan, garment: Garment) -> PlanEstimate:
    """Expect the times of a plan from the pump's flow and the chambers' volumes."""
    slow = stage_times(plan, garment, empty=True)
    quick = stage_times(plan, garment, empty=False)
    loop = slice(plan.loop_start, plan.loop_end)
    inflating = plan.kind[loop] == StageKind.INFLATE
    timeline = expected_timeline(plan, slow, quick)
    return PlanEstimate(
        wave_time=float(slow[loop][inflating].sum()),
        refill_wave_time=float(quick[loop][inflating].sum()),
        first_cycle_time=float(slow[loop].sum()),
        cycle_time=float(quick[loop].sum()),
        cycles=timeline.cycles,
        zone_time=longest_zone_time(plan, slow),
        session_time=float(timeline.start[-1]) - timeline.warm_up_time,
        warm_up_time=timeline.warm_up_time,
        timeline=timeline,
    )


def expected_timeline(plan: Plan, slow: FloatArray, quick: FloatArray) -> Timeline:
    """Walk through a plan: slow times in the first cycle, quick ones after it.

    Parameters
    ----------
    plan : Plan
    slow, quick : (S,) array
        Time of each stage [s]; a pass of the loop must take some time.
    """
    rests = np.flatnonzero(plan.kind == StageKind.REST)
    first_end = int(rests[0]) if len(rests) else plan.loop_end - 1
    rows: list[int] = []
    starts = [0.0]
    row = cycles = 0
    first = np.where(np.arange(len(slow)) <= first_end, slow, quick)
    warm_up_time = min(float(first[: plan.clock_start].sum()), plan.warm_up_limit)
    time_up = warm_up_time + plan.session_time
    while row < len(plan.kind):
        duration = float((slow if len(rows) == row and row <= first_end else quick)[row])
        end = starts[-1] + duration
        rows.append(row)
        if row < plan.loop_end and end >= time_up:
            cycles += row == plan.loop_end - 1 and end <= time_up
            end, row = max(time_up, starts[-1]), plan.loop_end
        else:
            row += 1
            if row == plan.loop_end:
                cycles, row = cycles + 1, plan.loop_start
        starts.append(end)
    return Timeline(np.array(rows), np.array(starts), cycles, warm_up_time)


def stage_times(plan: Plan, garment: Garment, *, empty: bool) -> FloatArray:
    """Expected time of each stage [s]; (S,).

    Parameters
    ----------
    plan : Plan
    garment : Garment
    empty : bool
        Whether vented chambers are without air, or slack but full of it.
    """
    times = plan.duration.astype(float)
    pressure = np.zeros(len(garment))
    known: dict[bytes, float] = {}  # cycles repeat
    for row, kind in enumerate(plan.kind):
        # of an inflation also what fills ahead of its turn, as it takes its share of the pump
        busy = plan.awaited[row] | ((plan.mode[row] == Mode.TRACK) & (kind == StageKind.INFLATE))
        awaited = np.where(busy, plan.target[row], -1.0)
        key = awaited.tobytes() + pressure.tobytes()
        if key not in known:
            known[key] = 0.0
            if kind == StageKind.INFLATE:
                filling = np.maximum(awaited, 0.0)
                known[key] = fill_time(garment, filling, start=pressure, empty=empty)
            elif kind == StageKind.RELEASE:
                venting = np.where(plan.awaited[row], pressure, 0.0)
                known[key] = float(release_time(garment, venting).max())
        times[row] = max(times[row], known[key])
        pressure = np.where(plan.mode[row] == Mode.VENT, 0.0, plan.target[row])
    return times


def longest_zone_time(plan: Plan, stage_time: FloatArray) -> float:
    """Longest time of any chamber under pressure without a release [s]."""
    return float(zone_times(plan, stage_time).max())


def zone_times(plan: Plan, stage_time: FloatArray) -> FloatArray:
    """Longest time of any chamber under pressure up to the end of each stage [s]; (S,).

    A chamber counts from the start of the stage that inflates it, its own filling left out, to the
    end of the stage that releases it.
    """
    longest = np.zeros(len(stage_time))
    time = np.zeros(plan.target.shape[-1])
    for row, duration in enumerate(stage_time):
        pressed = plan.target[row] > UNDER_PRESSURE
        filling = plan.awaited[row] & (plan.kind[row] == StageKind.INFLATE)
        releasing = ~pressed & (time > 0.0)
        time = np.where((pressed & ~filling) | releasing, time + duration, time)
        longest[row] = time.max()
        time = np.where(pressed, time, 0.0)
    return longest
