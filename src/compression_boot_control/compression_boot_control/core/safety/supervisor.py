"""The supervisor: from raw readings and a request to what is permitted.

Each step evaluates every hazard's condition for every chamber, runs its debounce timer (which
starts again when the condition falls back), latches what latches, and takes the most cautious
verdict. Arrays are (..., N, H): chambers, then hazards in the order of `HAZARDS`.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from compression_boot_control.core.safety.hazards import HAZARDS, Scope
from compression_boot_control.core.safety.limits import LOWEST_RAW, SafetyLimits
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
    on_leg, on_all : (H,) bool array
        Which hazards vent the leg, and everything.
    same_leg : (N, N) bool array
        Chambers that share a leg.
    limits : SafetyLimits
    """

    debounce: FloatArray
    latched: BoolArray
    on_leg: BoolArray
    on_all: BoolArray
    same_leg: BoolArray
    limits: SafetyLimits

    @staticmethod
    def build(limits: SafetyLimits, legs: tuple[str, ...]) -> SafetyTable:
        """Table for a garment whose chambers are on `legs`."""
        names = np.array(legs)
        return SafetyTable(
            debounce=np.array([hazard.debounce_time(limits) for hazard in HAZARDS]),
            latched=np.array([hazard.latched for hazard in HAZARDS]),
            on_leg=np.array([hazard.scope == Scope.LEG for hazard in HAZARDS]),
            on_all=np.array([hazard.scope == Scope.ALL for hazard in HAZARDS]),
            same_leg=names[:, None] == names[None, :],
            limits=limits,
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
    """

    raw: FloatArray
    state_age: FloatArray
    request_age: FloatArray
    cycle_age: FloatArray
    emergency: BoolArray
    device_fault: BoolArray


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
    """

    timer: FloatArray
    active: BoolArray
    latch: BoolArray
    vent: BoolArray
    started: BoolArray

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
        )


def conditions(limits: SafetyLimits, inputs: SafetyInputs) -> BoolArray:
    """Every hazard's condition before debounce, (..., N, H), in the order of `HAZARDS`.

    Comparisons of ages are written so that NaN makes them true: in doubt there is a hazard.
    """
    everywhere = np.ones_like(inputs.raw, dtype=np.bool_)
    # a missing reading is no over-pressure, which would latch; it has a hazard of its own
    over = inputs.raw > limits.over_pressure
    plausible = (inputs.raw > LOWEST_RAW) & (inputs.raw < limits.highest_raw)
    rows = (
        inputs.emergency & everywhere,
        over,
        ~plausible,
        ~(inputs.state_age <= limits.state_age) & everywhere,
        ~(inputs.request_age <= limits.request_age) & everywhere,
        inputs.device_fault & everywhere,
        ~(inputs.cycle_age <= limits.cycle_time) & everywhere,
    )
    return np.stack(rows, axis=-1)


def supervisor_step(
    table: SafetyTable, state: SafetyState, inputs: SafetyInputs, dt: float
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

    Returns
    -------
    SafetyState
        Its `vent` is the verdict per chamber.
    """
    present = conditions(table.limits, inputs)
    timer = np.where(present, state.timer + max(dt, 0.0), 0.0)
    active = present & ~(timer < table.debounce)
    latch = state.latch | (active & table.latched)
    binding = active | latch
    own = np.any(binding, axis=-1)
    from_leg = np.any(binding & table.on_leg, axis=-1)
    leg = np.any(from_leg[..., None, :] & table.same_leg, axis=-1)
    garment = np.any(binding & table.on_all, axis=(-2, -1), keepdims=True)[..., 0]
    heard = np.isfinite(inputs.state_age) & np.isfinite(inputs.request_age)
    started = state.started | heard
    return SafetyState(
        timer=timer,
        active=active,
        latch=latch,
        vent=own | leg | garment | ~started,
        started=started,
    )


def status(state: SafetyState) -> SafetyStatus:
    """Verdict on one garment (no batch axes)."""
    if state.latch.any():
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
