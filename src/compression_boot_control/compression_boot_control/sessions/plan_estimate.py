"""Says how long a plan will take on a garment, before anything is inflated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan, StageKind
from compression_boot_control.core.signals import FloatArray, Mode
from compression_boot_control.core.units import MMHG
from compression_boot_control.sessions.fill_time import fill_time, release_time

UNDER_PRESSURE = 15.0 * MMHG
"""Above this a zone counts as under pressure [Pa]."""


@dataclass(frozen=True)
class PlanEstimate:
    """Expected times of a plan [s].

    Attributes
    ----------
    stage_time : (S,) array
        Of each stage, chambers empty before they are inflated: the slowest case.
    refill_stage_time : (S,) array
        The same with chambers that have kept their slack air: the quickest case.
    wave_time : float
        Inflation in one cycle of the loop, from empty chambers.
    refill_wave_time : float
        The same from slack chambers, as in a later cycle.
    first_cycle_time, cycle_time : float
        One cycle of the loop, from empty and from slack chambers.
    cycles : int
        Full cycles in the session, those before and after the loop included.
    zone_time : float
        Longest time of a chamber under pressure without a release, from empty chambers.
    session_time : float
        Whole session, with what comes after the loop.
    """

    stage_time: FloatArray
    refill_stage_time: FloatArray
    wave_time: float
    refill_wave_time: float
    first_cycle_time: float
    cycle_time: float
    cycles: int
    zone_time: float
    session_time: float


def estimate(plan: Plan, garment: Garment) -> PlanEstimate:
    """Expect the times of a plan from the pump's flow and the chambers' volumes."""
    slow = stage_times(plan, garment, empty=True)
    quick = stage_times(plan, garment, empty=False)
    loop = slice(plan.loop_start, plan.loop_end)
    inflating = plan.kind[loop] == StageKind.INFLATE
    cycle_time = float(quick[loop].sum())
    prefix_time = _prefix_time(plan, slow, quick)
    first_cycle = float((slow if plan.loop_start == 0 else quick)[loop].sum())
    left = max(plan.session_time - prefix_time - first_cycle, -1.0)
    in_loop = 0 if left < 0.0 else 1 + int(left // cycle_time)
    return PlanEstimate(
        stage_time=slow,
        refill_stage_time=quick,
        wave_time=float(slow[loop][inflating].sum()),
        refill_wave_time=float(quick[loop][inflating].sum()),
        first_cycle_time=float(slow[loop].sum()),
        cycle_time=cycle_time,
        cycles=in_loop + _cycles(plan, 0, plan.loop_start) + _cycles(plan, plan.loop_end, None),
        zone_time=longest_zone_time(plan, slow),
        session_time=plan.session_time + float(quick[plan.loop_end :].sum()),
    )


def _prefix_time(plan: Plan, slow: FloatArray, quick: FloatArray) -> float:
    """Time before the loop: its first cycle fills empty chambers."""
    releases = np.flatnonzero(plan.kind[: plan.loop_start] == StageKind.RELEASE)
    if not len(releases):
        return 0.0
    first = int(releases[0]) + 1
    return float(slow[:first].sum() + quick[first : plan.loop_start].sum())


def _cycles(plan: Plan, start: int, end: int | None) -> int:
    # every cycle has one rest, whatever its pattern and however many legs take turns
    return int(np.sum(plan.kind[start:end] == StageKind.REST))


def stage_times(plan: Plan, garment: Garment, *, empty: bool) -> FloatArray:
    """Expected time of each stage [s]; (S,)."""
    times = plan.duration.astype(float)
    pressure = np.zeros(len(garment))
    for row, kind in enumerate(plan.kind):
        if kind == StageKind.INFLATE:
            filling = np.where(plan.awaited[row], plan.target[row], 0.0)
            times[row] = max(times[row], fill_time(garment, filling, start=pressure, empty=empty))
        elif kind == StageKind.RELEASE:
            venting = np.where(plan.awaited[row], pressure, 0.0)
            times[row] = max(times[row], float(release_time(garment, venting).max()))
        pressure = np.where(plan.mode[row] == Mode.VENT, 0.0, plan.target[row])
    return times


def longest_zone_time(plan: Plan, stage_time: FloatArray) -> float:
    """Longest time of any chamber under pressure without a release [s].

    A chamber counts from the start of the stage that inflates it, its own filling left out, to the
    end of the stage that releases it.
    """
    longest = 0.0
    time = np.zeros(plan.target.shape[-1])
    for row, duration in enumerate(stage_time):
        pressed = plan.target[row] > UNDER_PRESSURE
        filling = plan.awaited[row] & (plan.kind[row] == StageKind.INFLATE)
        releasing = ~pressed & (time > 0.0)
        time = np.where((pressed & ~filling) | releasing, time + duration, time)
        longest = max(longest, float(time.max()))
        time = np.where(pressed, time, 0.0)
    return longest
