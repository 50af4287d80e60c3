"""What the supervisor does with each thing that it hears; the node only carries messages.

Every time is the receiver's steady clock in seconds, given by the caller: nothing here has a clock
of its own, so that a recording can be judged again as it was judged when it was live.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.safety.gate import Command, CommandGate, restricted
from compression_boot_control.core.safety.limits import SafetyLimits
from compression_boot_control.core.safety.supervisor import (
    ResetRefusal,
    SafetyInputs,
    SafetyState,
    SafetyTable,
    reset,
    supervisor_step,
)
from compression_boot_control.core.safety.watch import Orders
from compression_boot_control.core.signals import Actuation, FloatArray, Mode

SETPOINT_AGE_LIMIT = 0.5
"""Set-points older than this ask for nothing: what is under pressure then is so for no reason [s].
"""

LONGEST_STEP = 1.0
"""A jump of simulated time counts as no more than this [s]."""

_INFLATING = np.array([Mode.TRACK, Mode.HOLD, Mode.SHUT], dtype=np.float64)
"""Modes that ask for pressure."""

HARDWARE_INPUT = 'hardware input'

SupervisorStep = Callable[
    [SafetyTable, SafetyState, SafetyInputs, float, float | None], SafetyState
]
"""`supervisor_step`, or another version of the same."""


class RawSample(NamedTuple):
    """A manifold state as the supervisor takes it.

    Attributes
    ----------
    sequence : int
        The sender's count.
    time : float
        Its stamp [s].
    pressure : (N,) array
        Raw pressure of each chamber [Pa].
    second : (N,) array or None
        Readings of second sensors [Pa]; None where there are none.
    supply : float
        Pressure of the supply [Pa].
    device_fault, emergency_input : bool
    """

    sequence: int
    time: float
    pressure: FloatArray
    second: FloatArray | None
    supply: float
    device_fault: bool
    emergency_input: bool


class Supervision:
    """Judges what it hears, and restricts what is asked for.

    Parameters
    ----------
    garment : Garment
    limits : SafetyLimits
    now : float
        Steady time of the beginning [s].
    simulated_time : bool
        The boots are simulated and their time is that of their samples.
    step : callable
        `supervisor_step`, or another version of the same.

    Attributes
    ----------
    state : SafetyState
        Its `vent` is the verdict per chamber.
    raw : (N,) array
        Latest readings [Pa].
    ordered : Actuation
        What was permitted last.
    rival : str
        Topics of the safety path on which somebody else sends too; empty if nobody does.
    """

    def __init__(
        self,
        garment: Garment,
        limits: SafetyLimits,
        now: float,
        *,
        simulated_time: bool,
        step: SupervisorStep = supervisor_step,
    ) -> None:
        self._limits = limits
        self._shape = (len(garment),)
        self._table = SafetyTable.build(limits, garment.legs, garment)
        self._step = step
        self._simulated_time = simulated_time
        self._vented = Actuation.vented(self._shape)
        self._gate = CommandGate(garment.chamber_names)
        self._device_fault = False
        self._emergency = ''
        self._state_at = -math.inf
        self._request_at = -math.inf
        self._cycle_at = now
        self._process_time: float | None = None
        self._sample_time = 0.0
        self._target = np.zeros(self._shape)
        self._targets_at = -math.inf
        self._supply = math.nan
        self._second = np.full(self._shape, np.nan)
        self._state_sequence = 0
        self._sampled_at: float | None = None
        self._new_sample = False
        self.state = SafetyState.initial(self._shape)
        self.raw = np.full(self._shape, np.nan)
        self.ordered = self._vented
        self.rival = ''

    def ages(self, now: float) -> dict[str, float]:
        """Times since a state, a request and a cycle, by the name of their limit [s]."""
        return {
            'state_age': now - self._state_at,
            'request_age': now - self._request_at,
            'cycle_time': now - self._cycle_at,
        }

    # -- what it hears

    def hear_state(self, now: float, sample: RawSample) -> bool:
        """Judge a raw sample; True if a chamber must be vented now that was not before."""
        silent = now - self._state_at > self._limits.state_age
        older = sample.sequence < self._state_sequence
        # after a silence, one that counts lower is a manifold that was started again
        if sample.sequence == self._state_sequence or (older and not silent):
            return False
        self._state_sequence = sample.sequence
        self.raw = sample.pressure
        if sample.second is not None:
            self._second = sample.second
        self._supply = sample.supply
        self._device_fault = sample.device_fault
        if sample.emergency_input and not self._emergency:
            self._emergency = HARDWARE_INPUT
        self._state_at = now
        self._sample_time = sample.time
        self._new_sample = True
        before = self.state.vent.copy()
        self._judge(now)
        if not sample.emergency_input and self._emergency == HARDWARE_INPUT:
            self._emergency = ''
        return bool((self.state.vent & ~before).any())

    def hear_setpoints(self, now: float, mode: FloatArray, target: FloatArray) -> None:
        """Take `Mode` and target [Pa] of each chamber; NaN asks for nothing."""
        asked = (mode[:, None] == _INFLATING).any(axis=-1) & (target > 0.0)
        self._target = np.where(asked, target, 0.0)
        self._targets_at = now

    def hear_request(self, now: float, command: Command) -> Actuation:
        """Permit what the verdict lets through of a request.

        Raises
        ------
        RefusedCommand
            It is malformed, old, repeated or for another garment.
        """
        if now - self._request_at > self._limits.request_age:
            self._gate = self._gate.renewed()
        self._gate, wanted = self._gate.admit(command)
        self._request_at = now
        return self.permit(now, wanted)

    def emergency_stop(self, now: float, reason: str) -> Actuation:
        """Vent and latch; the button itself is not held down."""
        self._emergency = reason or 'no reason given'
        self._judge(now)
        self._emergency = ''
        return self.vent()

    def reset(self, now: float, *, confirmed: bool) -> ResetRefusal:
        """Take back a latched trip, if its cause is gone and the garment is vented."""
        self._judge(now)
        self.state, refusal = reset(self._table, self.state, self.raw, confirmed=confirmed)
        self._judge(now)
        return refusal

    def cycle(self, now: float) -> bool:
        """Judge on the supervisor's own timer; True if everything must be vented."""
        self._judge(now)
        self._cycle_at = now
        return bool(self.state.vent.all())

    # -- what it permits

    def permit(self, now: float, wanted: Actuation) -> Actuation:
        """Take from a command what the verdict, and the age of the readings, do not let through."""
        fresh = now - self._state_at <= self._limits.state_age
        self.ordered = restricted(wanted, self.state.vent | (not fresh))
        return self.ordered

    def vent(self) -> Actuation:
        """The safe command."""
        self.ordered = self._vented
        return self.ordered

    # -- verdict

    def _judge(self, now: float) -> None:
        inputs = SafetyInputs(
            raw=self.raw,
            state_age=np.array([now - self._state_at]),
            request_age=np.array([now - self._request_at]),
            cycle_age=np.array([now - self._cycle_at]),
            emergency=np.array([bool(self._emergency)]),
            device_fault=np.array([self._device_fault]),
            rival=np.array([bool(self.rival)]),
            second=self._second,
            orders=self._orders(now),
        )
        elapsed = self._elapsed(now)
        self.state = self._step(self._table, self.state, inputs, elapsed, self._sample_interval())

    def _orders(self, now: float) -> Orders:
        """What was asked of the hardware; set-points that are old ask for nothing."""
        fresh = now - self._targets_at <= SETPOINT_AGE_LIMIT
        return Orders(
            target=self._target if fresh else np.zeros(self._shape),
            inlet=self.ordered.inlet,
            exhaust=self.ordered.exhaust,
            pump=np.atleast_1d(self.ordered.pump),
            supply=np.array([self._supply]),
        )

    def _sample_interval(self) -> float:
        """Time between the last two samples, if this verdict is on a new one; else 0 [s]."""
        if not self._new_sample:
            return 0.0
        self._new_sample = False
        time = self._process_time
        last, self._sampled_at = self._sampled_at, time
        return 0.0 if last is None or time is None else min(max(time - last, 0.0), LONGEST_STEP)

    def _elapsed(self, now: float) -> float:
        """Time that the boots have lived since the last verdict [s].

        The steady clock says it, except where the boots are simulated and time runs faster: there
        it is the time of the samples.
        """
        process_time = self._sample_time if self._simulated_time else now
        last, self._process_time = self._process_time, process_time
        return 0.0 if last is None else min(max(process_time - last, 0.0), LONGEST_STEP)
