"""The supervisor: from raw readings and a request to what is permitted.

Each step evaluates every hazard's condition for every chamber, runs its debounce timer (which
starts again when the condition falls back), latches what latches, and takes the most cautious
verdict. Arrays are (..., N, H): chambers, then hazards in the order of `HAZARDS`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.safety.expectation import Expectation
from compression_boot_control.core.safety.hazards import HAZARDS, Scope
from compression_boot_control.core.safety.limits import LOWEST_RAW, SafetyLimits
from compression_boot_control.core.safety.watch import Orders, Signs, Watch, signs, watch_step
from compression_boot_control.core.signals import BoolArray, FloatArray


class SafetyStatus(IntEnum):
    """Verdict on a garment; the values of ``SafetyState.msg``."""

    STARTING = 0
    PERMITTING = 1
    RESTRICTED = 2
    VENTING = 3
    TRIPPED = 4


class ResetRefusal(IntEnum):
    """Why a reset is refused; the values of ``ResetSafety.srv``."""

    NONE = 0
    NOT_CONFIRMED = 301
    CAUSE_ACTIVE = 302
    NOT_VENTED = 303
    NOT_TRIPPED = 304


class SafetyTable(NamedTuple):
    """Hazard table and limits as arrays over H hazards, and the legs over N chambers.

    Attributes
    ----------
    debounce : (H,) array
        Time for which each condition must last [s].
    latched : (H,) bool array
        Which hazards stay until a reset.
    on_chamber, on_leg, on_all : (H,) bool array
        Which hazards vent the chamber, the leg, and everything.
    same_leg : (N, N) bool array
        Chambers that share a leg.
    limits : SafetyLimits
    expectation : Expectation or None
        What the garment is expected to do; None: only what needs no expectation is judged.
    """

    debounce: FloatArray
    latched: BoolArray
    on_chamber: BoolArray
    on_leg: BoolArray
    on_all: BoolArray
    same_leg: BoolArray
    limits: SafetyLimits
    expectation: Expectation | None = None

    @staticmethod
    def build(
        limits: SafetyLimits, legs: tuple[str, ...], garment: Garment | None = None
    ) -> SafetyTable:
        """Table for a garment whose chambers are on `legs`."""
        names = np.array(legs)
        return SafetyTable(
            debounce=np.array([hazard.debounce_time(limits) for hazard in HAZARDS]),
            latched=np.array([hazard.latched for hazard in HAZARDS]),
            on_chamber=np.array([hazard.scope == Scope.CHAMBER for hazard in HAZARDS]),
            on_leg=np.array([hazard.scope == Scope.LEG for hazard in HAZARDS]),
            on_all=np.array([hazard.scope == Scope.ALL for hazard in HAZARDS]),
            same_leg=names[:, None] == names[None, :],
            limits=limits,
            expectation=None if garment is None else Expectation.of(garment),
        )


class SafetyInputs(NamedTuple):
    """What the supervisor judges in one step.

    Attributes
    ----------
    raw : (..., N) array
        Raw gauge pressure at the ports [Pa]; NaN where there is none.
    state_age, request_age, cycle_age : (..., 1) array
        Time since a manifold state, a valid request, and the supervisor's last cycle [s], on the
        receiver's steady clock; infinite before the first.
    emergency, device_fault : (..., 1) bool array
    rival : (..., 1) bool array or None
        Somebody else sends on a topic of the safety path.
    second : (..., N) array or None
        Readings of second sensors [Pa]; NaN where there is none.
    orders : Orders or None
        What was asked of the hardware; None: nobody knows, and nothing is judged by it.
    """

    raw: FloatArray
    state_age: FloatArray
    request_age: FloatArray
    cycle_age: FloatArray
    emergency: BoolArray
    device_fault: BoolArray
    rival: BoolArray | None = None
    second: FloatArray | None = None
    orders: Orders | None = None


class SafetyState(NamedTuple):
    """What the supervisor remembers.

    Attributes
    ----------
    timer : (..., N, H) array
        For how long each condition has lasted without a break [s].
    active, latch : (..., N, H) bool array
        Conditions confirmed now, and those latched until a reset.
    vent : (..., N) bool array
        Chambers vented on the supervisor's order.
    started : (..., 1) bool array
        All inputs have been heard at least once.
    watch : Watch
        What is followed from sample to sample.
    """

    timer: FloatArray
    active: BoolArray
    latch: BoolArray
    vent: BoolArray
    started: BoolArray
    watch: Watch

    @staticmethod
    def initial(shape: tuple[int, ...]) -> SafetyState:
        """Nothing heard yet, everything vented, for arrays of `shape` (..., N)."""
        hazards = (*shape, len(HAZARDS))
        return SafetyState(
            timer=np.zeros(hazards),
            active=np.zeros(hazards, dtype=np.bool_),
            latch=np.zeros(hazards, dtype=np.bool_),
            vent=np.ones(shape, dtype=np.bool_),
            started=np.zeros((*shape[:-1], 1), dtype=np.bool_),
            watch=Watch.initial(shape),
        )


def conditions(limits: SafetyLimits, inputs: SafetyInputs, found: Signs | None = None) -> BoolArray:
    """Every hazard's condition before debounce, (..., N, H), in the order of `HAZARDS`.

    Parameters
    ----------
    limits : SafetyLimits
    inputs : SafetyInputs
    found : Signs or None
        What the watch found; None: nothing.
    """
    rival = np.zeros_like(inputs.emergency) if inputs.rival is None else inputs.rival
    second = np.full_like(inputs.raw, np.nan) if inputs.second is None else inputs.second
    if found is None:
        found = Signs.none(inputs.raw)
    return np.stack(condition_rows(limits, inputs, rival, second, found), axis=-1)


def condition_rows(
    limits: SafetyLimits,
    inputs: SafetyInputs,
    rival: BoolArray,
    second: FloatArray,
    found: Signs,
) -> tuple[BoolArray, ...]:
    """Conditions one by one, (..., N) each; see `conditions`.

    Comparisons of ages are written so that NaN makes them true: in doubt there is a hazard.
    """
    everywhere = np.ones_like(inputs.raw, dtype=np.bool_)
    # a missing reading is no over-pressure, which would latch; it has a hazard of its own
    over = inputs.raw > limits.over_pressure
    plausible = (inputs.raw > LOWEST_RAW) & (inputs.raw < limits.highest_raw)
    return (
        inputs.emergency & everywhere,
        over,
        ~plausible,
        ~(inputs.state_age <= limits.state_age) & everywhere,
        ~(inputs.request_age <= limits.request_age) & everywhere,
        inputs.device_fault & everywhere,
        ~(inputs.cycle_age <= limits.cycle_time) & everywhere,
        found.over_set_point,
        found.under_pressure,
        found.not_deflated,
        found.not_inflated,
        found.leak,
        found.kink,
        found.offset,
        found.stuck,
        found.rate,
        np.abs(inputs.raw - second) > limits.sensors_apart,
        rival & everywhere,
        found.supply_high,
        found.supply_unknown,
    )


def supervisor_step(
    table: SafetyTable,
    state: SafetyState,
    inputs: SafetyInputs,
    dt: float,
    sample_dt: float | None = None,
) -> SafetyState:
    """Advance the supervisor by one cycle.

    Parameters
    ----------
    table : SafetyTable
    state : SafetyState
    inputs : SafetyInputs
    dt : float
        Time since the last cycle [s]; negative counts as 0. NaN confirms what is present at once:
        in doubt there is a hazard.
    sample_dt : float or None
        Time since the last sample [s], 0 in a cycle that brings no new one; None: as `dt`.

    Returns
    -------
    SafetyState
        Its `vent` is the verdict per chamber.
    """
    watch, found = state.watch, None
    if inputs.orders is not None and table.expectation is not None:
        elapsed = dt if sample_dt is None else sample_dt
        if elapsed > 0.0:
            watch = watch_step(table.expectation, watch, inputs.raw, inputs.orders, elapsed)
        found = signs(table.limits, table.expectation, watch, inputs.orders)
    present = conditions(table.limits, inputs, found)
    heard = np.isfinite(inputs.state_age) & np.isfinite(inputs.request_age)
    return verdict(table, state._replace(watch=watch), present, heard, dt)


def verdict(
    table: SafetyTable, state: SafetyState, present: BoolArray, heard: BoolArray, dt: float
) -> SafetyState:
    """Debounce, latch, and take the most cautious verdict.

    Parameters
    ----------
    table : SafetyTable
    state : SafetyState
        Of the last cycle, but for its watch.
    present : (..., N, H) bool array
        Conditions.
    heard : (..., 1) bool array
        A state and a request have come at least once.
    dt : float
        Time since the last cycle [s].
    """
    timer = np.where(present, state.timer + max(dt, 0.0), 0.0)
    active = present & ~(timer < table.debounce)
    latch = state.latch | (active & table.latched)
    binding = active | latch
    own = any_hazard(binding & table.on_chamber)
    leg = on_same_leg(table.same_leg, any_hazard(binding & table.on_leg))
    garment = anywhere(binding & table.on_all)
    started = state.started | heard
    return SafetyState(timer, active, latch, own | leg | garment | ~started, started, state.watch)


def any_hazard(found: BoolArray) -> BoolArray:
    """Tell per chamber whether there is any hazard; (..., N, H) to (..., N)."""
    told: BoolArray = np.any(found, axis=-1)
    return told


def on_same_leg(same_leg: BoolArray, found: BoolArray) -> BoolArray:
    """Tell per chamber whether its leg has a chamber with a hazard; (..., N) to (..., N)."""
    told: BoolArray = np.any(found[..., None, :] & same_leg, axis=-1)
    return told


def anywhere(found: BoolArray) -> BoolArray:
    """Tell per garment whether there is any hazard; (..., N, H) to (..., 1)."""
    told: BoolArray = np.any(found, axis=(-2, -1), keepdims=True)[..., 0]
    return told


def status(state: SafetyState) -> SafetyStatus:
    """Verdict on one garment (no batch axes)."""
    if state.latch.any() and state.vent.all():
        return SafetyStatus.TRIPPED
    if not state.started.all():
        return SafetyStatus.STARTING
    if state.vent.all():
        return SafetyStatus.VENTING
    return SafetyStatus.RESTRICTED if state.vent.any() else SafetyStatus.PERMITTING


def reset(
    table: SafetyTable, state: SafetyState, raw: FloatArray, *, confirmed: bool
) -> tuple[SafetyState, ResetRefusal]:
    """Take back a latched trip of one garment, if its cause is gone and it is vented.

    Parameters
    ----------
    table : SafetyTable
    state : SafetyState
    raw : (N,) array
        Latest raw pressures [Pa].
    confirmed : bool
        A person has looked.

    Returns
    -------
    SafetyState
        Unchanged when refused.
    ResetRefusal
    """
    if not state.latch.any():
        return state, ResetRefusal.NOT_TRIPPED
    if not confirmed:
        return state, ResetRefusal.NOT_CONFIRMED
    if (state.active & state.latch).any():
        return state, ResetRefusal.CAUSE_ACTIVE
    # a reading below the sensor's range is no pressure, so it does not say that a chamber is vented
    if not ((raw > LOWEST_RAW) & (raw < table.limits.vented_pressure)).all():
        return state, ResetRefusal.NOT_VENTED
    return state._replace(latch=np.zeros_like(state.latch)), ResetRefusal.NONE
