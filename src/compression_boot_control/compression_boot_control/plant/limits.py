"""What no controller can beat: the fastest wave and the fastest vent that the pneumatics allow.

Both let the simulated boots themselves run, with valves that open and shut at once and a pump that
is at full speed from the first moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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

KEPT_BAND = 1.0 * MMHG
"""When a chamber that is kept at its target is this far below, all that are below get air [Pa]."""

FEEDING_DROPS = (10.0 * MMHG, np.inf)
"""How far the rail must stand above the chambers near their targets for others to be fed too [Pa].

The first suits valves that pass less than the pump gives, the last ones that would drain the rail;
the quicker one counts.
"""

LOOK = SUBSTEPS * SUBSTEP
"""Time between two looks [s]."""


@dataclass(frozen=True)
class WaveRules:
    """What the orders of a wave ask for, whoever carries them out.

    Attributes
    ----------
    keep : bool
        Chambers that are there get what creep, cooling and leaks take from them, so that all are
        at their targets as the wave ends; without, each need only have been there once.
    hand_over : float
        The next group begins when all of a group are this close below their targets [Pa].
    waiting_exhaust : float
        Opening of the exhausts of chambers whose turn has not come [0..1]: vented ones lose what
        the limb, and the bulge of their neighbours, squeeze out of them; sealed ones nothing.
    """

    keep: bool = False
    hand_over: float = 0.0
    waiting_exhaust: float = 0.0


PLAIN_WAVE = WaveRules()
"""Nothing is kept, and chambers that wait are sealed."""


def fastest_fill_time(
    parameters: PlantParameters,
    target: ArrayLike,
    groups: Sequence[Sequence[int]],
    start: PlantState | None = None,
    give_up: float = 600.0,
    rules: WaveRules = PLAIN_WAVE,
) -> FloatArray:
    """Shortest time in which one wave can fill all groups, one group after another.

    The chambers of a group fill together, wide open, each until it is at its target; the next
    group begins the instant that all are there, or as near as the rules say.

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
    rules : WaveRules

    Returns
    -------
    (...) array
        Time of the whole wave [s]; infinite where a target cannot be reached.
    """
    taking_part = sorted({chamber for group in groups for chamber in group})
    arrivals = [
        arrival_times(parameters, target, groups, start, give_up, rules, drop)
        for drop in FEEDING_DROPS
    ]
    waves = np.array([times[..., taking_part].max(axis=-1) for times in arrivals])
    return np.asarray(waves.min(axis=0))


def arrival_times(
    parameters: PlantParameters,
    target: ArrayLike,
    groups: Sequence[Sequence[int]],
    start: PlantState | None = None,
    give_up: float = 600.0,
    rules: WaveRules = PLAIN_WAVE,
    feeding_drop: float = np.inf,
) -> FloatArray:
    """Time into the wave at which each chamber is at its target; see `fastest_fill_time`.

    `feeding_drop` is one of `FEEDING_DROPS`.

    Returns
    -------
    (..., N) array
        Time [s]; infinite where the target is not reached, or not asked for.
    """
    shape, batch = parameters.shape, parameters.batch
    members = np.zeros((len(groups) + 1, shape[-1]), dtype=bool)
    for number, group in enumerate(groups):
        members[number, list(group)] = True
    started = np.logical_or.accumulate(members)
    waits = members.any(axis=0) & ~started
    boots = _ideal(parameters, PlantState.vented(parameters) if start is None else start)
    goal = np.broadcast_to(target, shape)
    before = boots.chamber(at.PRESSURE).copy()
    times = np.full(shape, np.inf)
    topped_up = np.zeros(shape, dtype=bool)
    stage, clock, spent = np.zeros(batch, dtype=np.int64), np.zeros(batch), np.zeros(batch)
    while True:
        # what is there already as its turn comes takes no time
        turned = started[stage] & np.isinf(times) & (before >= goal)
        times = np.where(turned, clock[..., None], times)
        near = (before >= goal - rules.hand_over) | np.isfinite(times)
        passed = (stage < len(groups)) & (near | ~members[stage]).all(axis=-1)
        if passed.any():
            stage, spent = stage + passed, np.where(passed, 0.0, spent)
            continue
        filling = started[stage] & np.isinf(times)
        if not filling.any() and (stage >= len(groups)).all():
            return np.where(np.isfinite(times), times, np.inf)
        # those that were handed over a little below their targets are high up: they go first
        first = filling & ~members[stage]
        if rules.keep:
            low = np.isfinite(times) & (before < goal)
            begins = (low & (before < goal - KEPT_BAND)).any(axis=-1, keepdims=True)
            topped_up = low & (topped_up | begins)
            first = first | topped_up
        opened = _fed_first(boots, filling, first, feeding_drop)
        exhaust = np.where(waits[stage], rules.waiting_exhaust, 0.0)
        after = _run(boots, opened.astype(np.float64), exhaust)
        rise = np.where(filling & (after > before), after - before, 1.0)
        there = filling & (after >= goal)
        times = np.where(there, clock[..., None] + (goal - before) / rise * LOOK, times)
        # what is left of the look in which a group makes room for the next is not counted
        nearing = filling & members[stage] & (before < goal - rules.hand_over)
        left = ~nearing | (after >= goal - rules.hand_over)
        share = np.where(nearing, (goal - rules.hand_over - before) / rise, 0.0).max(axis=-1)
        hands_over = (stage < len(groups)) & nearing.any(axis=-1) & left.all(axis=-1)
        clock = clock + np.where(hands_over, share, 1.0) * LOOK
        spent = spent + LOOK
        before = after
        lost = (spent >= give_up) & filling.any(axis=-1)
        if lost.any():
            stage = np.where(lost, len(groups), stage)
            times = np.where(lost[..., None] & np.isinf(times), np.nan, times)


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


def _fed_first(
    boots: Memory, filling: BoolArray, first: BoolArray, feeding_drop: float
) -> BoolArray:
    """Inlets to open so that the rail serves chambers at their targets, or nearly, before others.

    The others wait while the rail is below what these need; where it is high anyway, since the
    valves pass less than the pump gives, all are open.
    """
    supply = boots.garment(at.SUPPLY_PRESSURE)[..., None]
    pressure = boots.chamber(at.PRESSURE)
    need = np.where(first, pressure, 0.0).max(axis=-1, keepdims=True)
    spared = first.any(axis=-1, keepdims=True) & (supply <= need + feeding_drop)
    return np.asarray((first | (filling & ~spared)) & (supply > pressure))


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
