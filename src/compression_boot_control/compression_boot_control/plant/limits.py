"""What no controller can beat: the fastest wave and the fastest vent that the pneumatics allow.

Both let the simulated boots themselves run, with valves that open and shut at once and a pump that
is at full speed from the first moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from compression_boot_control.core.signals import Actuation, BoolArray, FloatArray
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant import kernel
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.memory import Memory
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.state import PlantState

SUBSTEP = 2e-3
"""Length of a substep [s]."""

SUBSTEPS = 4
"""Substeps between two looks at the pressures; what happens between them is interpolated."""

KEPT_BAND = 0.25 * MMHG
"""A chamber that is kept at its target gets air when it is this far below [Pa]."""

LOOK = SUBSTEPS * SUBSTEP
"""Time between two looks [s]."""


def fastest_fill_time(
    parameters: PlantParameters,
    target: ArrayLike,
    groups: Sequence[Sequence[int]],
    start: PlantState | None = None,
    give_up: float = 600.0,
    *,
    keep: bool = False,
) -> FloatArray:
    """Shortest time in which one wave can fill all groups, one group after another.

    The chambers of a group fill together, each until it is at its target; the next group begins
    the instant that all are. A chamber's exhaust stays shut.

    Parameters
    ----------
    parameters : PlantParameters
    target : (..., N) array
        Gauge pressures to reach [Pa].
    groups : sequence of sequences of int
        Positions of the chambers that fill together, in the order of the wave.
    start : PlantState, optional
        Where the wave begins; flat chambers if not given. After a vent, chambers are not flat.
    give_up : float
        Time for a group after which its targets count as out of reach [s].
    keep : bool
        Chambers that are there get what creep, cooling and leaks take from them, so that all are
        at their targets as the wave ends; without, each need only have been there once.

    Returns
    -------
    (...) array
        Time of the whole wave [s]; infinite where a target cannot be reached.
    """
    return np.asarray(
        group_fill_times(parameters, target, groups, start, give_up, keep=keep).sum(axis=-1)
    )


def group_fill_times(
    parameters: PlantParameters,
    target: ArrayLike,
    groups: Sequence[Sequence[int]],
    start: PlantState | None = None,
    give_up: float = 600.0,
    *,
    keep: bool = False,
) -> FloatArray:
    """Time of each group of `fastest_fill_time` [s], (..., groups)."""
    shape, batch = parameters.shape, parameters.batch
    members = np.zeros((len(groups) + 1, shape[-1]), dtype=bool)
    for number, group in enumerate(groups):
        members[number, list(group)] = True
    boots = _ideal(parameters, PlantState.vented(parameters) if start is None else start)
    goal = np.broadcast_to(target, shape)
    shut = np.zeros(shape)
    times = np.full((*batch, len(groups)), np.inf)
    stage = np.zeros(batch, dtype=np.int64)
    before = boots.chamber(at.PRESSURE).copy()
    filling = members[stage] & (before < goal)
    arrived = np.zeros(shape, dtype=bool)
    arrival, elapsed = np.zeros(shape), np.zeros(batch)
    while (stage < len(groups)).any():
        idle = (stage < len(groups)) & ~filling.any(axis=-1)
        if not idle.any():
            opened = (
                _fed_first(boots, filling, arrived & (before < goal - KEPT_BAND))
                if keep
                else filling
            )
            after = _run(boots, opened.astype(np.float64), shut)
            there = filling & (after >= goal)
            arrived |= there
            share = (goal - before) / np.where(there, after - before, 1.0)
            arrival = np.where(there, elapsed[..., None] + share * LOOK, arrival)
            elapsed = elapsed + LOOK
            before = after
            filling &= ~there
            lost = (elapsed >= give_up) & filling.any(axis=-1)
            stage = np.where(lost, len(groups), stage)
            filling &= ~lost[..., None]
            continue
        for member in map(tuple, np.argwhere(idle)):
            times[(*member, stage[member])] = arrival[member].max()
        stage = stage + idle
        arrival = np.where(idle[..., None], 0.0, arrival)
        elapsed = np.where(idle, 0.0, elapsed)
        filling = np.where(idle[..., None], members[stage] & (before < goal), filling)
    return times


def fastest_vent_time(
    parameters: PlantParameters,
    from_pressure: ArrayLike,
    to_pressure: ArrayLike,
    give_up: float = 600.0,
    *,
    together: bool = False,
) -> FloatArray:
    """Shortest time in which each chamber, by itself, can vent through its hose and exhaust.

    Parameters
    ----------
    parameters : PlantParameters
    from_pressure, to_pressure : (..., N) array
        Gauge pressures of chamber and hose at the beginning, and of the chamber at the end [Pa].
    give_up : float
        Time after which the pressure counts as out of reach [s].
    together : bool
        All chambers of a garment vent at once, and give each other room.

    Returns
    -------
    (..., N) array
        Time [s]; infinite where the pressure cannot be reached.
    """
    shape = parameters.shape
    nothing = np.zeros(shape)
    still = replace(parameters, creep_fraction=nothing)
    vented = still if together else replace(still, coupling=nothing)
    boots = _ideal(vented, PlantState.inflated(vented, from_pressure))
    goal = np.broadcast_to(to_pressure, shape)
    before = boots.chamber(at.PRESSURE).copy()
    times = np.where(before <= goal, 0.0, np.inf)
    elapsed = 0.0
    while np.isinf(times).any() and elapsed < give_up:
        after = _run(boots, inlet=nothing, exhaust=np.ones(shape))
        there = np.isinf(times) & (after <= goal)
        share = (before - goal) / np.where(there, before - after, 1.0)
        times = np.where(there, elapsed + share * LOOK, times)
        elapsed += LOOK
        before = after
    return times


def _fed_first(boots: Memory, filling: BoolArray, hungry: BoolArray) -> BoolArray:
    """Inlets to open so that chambers that have lost pressure go before those that still fill."""
    supply = boots.garment(at.SUPPLY_PRESSURE)[..., None]
    fed = hungry & (supply > boots.chamber(at.PRESSURE))
    return np.where(hungry.any(axis=-1, keepdims=True), fed, filling)


def _ideal(parameters: PlantParameters, start: PlantState) -> Memory:
    """Boots whose valves and pump follow their commands at once."""
    boots = Memory(
        replace(
            parameters,
            valve_response=np.zeros(parameters.shape),
            pump_response=np.zeros(parameters.batch),
        )
    )
    boots.state = start
    boots.set_substep(SUBSTEP)
    return boots


def _run(boots: Memory, inlet: FloatArray, exhaust: FloatArray) -> FloatArray:
    """Advance from one look to the next with the pump full on; returns the pressures."""
    actuation = Actuation(inlet, exhaust, np.ones(boots.shape[:-1]))
    noise = np.zeros((*boots.shape[:-1], boots.chambers + 1))
    kernel.advance(boots, actuation, noise, SUBSTEPS)
    return boots.chamber(at.PRESSURE).copy()
