"""The shortest time in which a plan's wave could run up the legs on given boots."""

from __future__ import annotations

import numpy as np

from compression_boot_control.analysis.cycles import ARRIVAL_BAND
from compression_boot_control.core.plan import Plan, StageKind
from compression_boot_control.core.signals import Actuation
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.limits import fastest_fill_time
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.state import PlantState

REST = 15.0
"""Time vented after which chambers are as limp as at the start of a later cycle [s]."""


def wave_groups(plan: Plan) -> tuple[list[tuple[int, ...]], np.ndarray, float]:
    """Groups of chambers that the first wave of the loop fills one after another.

    Returns
    -------
    list of tuple of int
        Positions of the chambers of each group.
    (N,) array
        Gauge pressure at which each counts as reached [Pa].
    float
        Time that the plan itself asks for between them, such as one leg's dwell [s].
    """
    groups: list[tuple[int, ...]] = []
    goal = np.zeros(plan.target.shape[-1])
    seen = np.zeros(goal.shape, dtype=bool)
    waiting = asked = 0.0
    for row in range(plan.loop_start, plan.loop_end):
        fresh = plan.awaited[row] & ~seen
        if plan.kind[row] == StageKind.INFLATE and fresh.any():
            groups.append(tuple(int(chamber) for chamber in np.flatnonzero(fresh)))
            goal = np.where(fresh, np.maximum(plan.target[row] - ARRIVAL_BAND, 0.0), goal)
            seen |= fresh
            asked = waiting
        elif seen.any() and not (plan.awaited[row] & ~seen).any():
            waiting += float(plan.duration[row])
        if plan.kind[row] == StageKind.REST and seen.any():
            break
    return groups, goal, asked


def wave_time_limit(plan: Plan, parameters: PlantParameters, start: PlantState | None) -> float:
    """Shortest possible `cycles.wave_time` of a plan's loop [s].

    Parameters
    ----------
    plan : Plan
    parameters : PlantParameters
        The boots that are worn.
    start : PlantState, optional
        Where the wave begins; flat chambers if not given, as in the first cycle.
    """
    groups, goal, asked = wave_groups(plan)
    return asked + float(fastest_fill_time(parameters, goal, groups, start))


def limp_state(boots: SimulatedBoots) -> PlantState:
    """State of boots that a session has left, after a rest: vented, with slack air in them."""
    boots.step(Actuation.vented(boots.true_pressure.shape), REST)
    return boots.state
