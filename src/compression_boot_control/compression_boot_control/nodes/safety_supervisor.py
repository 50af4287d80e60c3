"""Stands between controller and valves: lets a request through, or vents.

It judges raw samples on its own, on a steady clock, and repeats the safe command for ever.
"""

from __future__ import annotations

import math

import numpy as np
from builtin_interfaces.msg import Time
from compression_boot_msgs.msg import Alarm, ManifoldState, ValveCommand
from compression_boot_msgs.msg import SafetyState as SafetyStateMessage
from compression_boot_msgs.srv import EmergencyStop, ResetSafety

from compression_boot_control.core.safety.gate import CommandGate, RefusedCommand
from compression_boot_control.core.safety.hazards import HAZARDS, Hazard, Scope
from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.safety.supervisor import (
    ResetRefusal,
    SafetyInputs,
    SafetyState,
    SafetyStatus,
    SafetyTable,
    reset,
    status,
    supervisor_step,
)
from compression_boot_control.core.signals import Actuation
from compression_boot_control.nodes.conversions import (
    ChamberOrder,
    command_from,
    command_message,
    seconds,
)
from compression_boot_control.nodes.garment_parameter import garment_of
from compression_boot_control.nodes.interfaces import (
    EMERGENCY_STOP,
    MANIFOLD_STATE,
    PERMITTED,
    REQUESTED,
    RESET,
    SAFETY_STATE,
)
from compression_boot_control.nodes.parameters import GARMENT, Parameter
from compression_boot_control.nodes.runtime import ConfigurationError, SafeNode, run

CYCLE = 0.02
"""Period of the supervisor's own timer [s]."""

STATE_PERIOD = 0.1
"""Longest time from one safety/state to the next [s]."""

LONGEST_STEP = 1.0
"""A jump of simulated time counts as no more than this [s]."""


def _limit(name: str, text: str, low: float) -> Parameter:
    hard = float(getattr(HARD_LIMITS, name))
    return Parameter(name, hard, f'{text}; may only be tightened', low, hard)


PARAMETERS = (
    GARMENT,
    _limit('over_pressure', 'absolute limit on the raw pressure [Pa]', 1000.0),
    _limit('over_pressure_time', 'time above it before the trip [s]', 0.01),
    _limit('state_age', 'longest age of a manifold state [s]', 0.02),
    _limit('request_age', 'longest age of a valid request [s]', 0.02),
)

RESET_TEXT = {
    ResetRefusal.NONE: '',
    ResetRefusal.NOT_CONFIRMED: 'look at the garment and the person, then reset with confirm true',
    ResetRefusal.CAUSE_ACTIVE: 'the cause is still there; see the alarms in safety/state',
    ResetRefusal.NOT_VENTED: 'a chamber is above 15 mmHg or unknown; wait, or open the zips',
    ResetRefusal.NOT_TRIPPED: 'nothing is tripped, so there is nothing to reset',
}


class SafetySupervisorNode(SafeNode):
    """The supervisor node; see the module."""

    def __init__(self) -> None:
        super().__init__('safety_supervisor', PARAMETERS)
        garment = garment_of(self.settings['garment'])
        tightened = {name: value for name, value in self.settings.items() if name != 'garment'}
        try:
            self._limits = HARD_LIMITS.tightened(**tightened)
        except ValueError as error:
            raise ConfigurationError(str(error)) from error
        self._names = list(garment.chamber_names)
        self._shape = (len(garment),)
        self._order = ChamberOrder(garment.chamber_names)
        self._table = SafetyTable.build(self._limits, garment.legs)
        self._state = SafetyState.initial(self._shape)
        self._vented = Actuation.vented(self._shape)
        self._gate = CommandGate(garment.chamber_names)
        self._simulated_time = bool(self.get_parameter('use_sim_time').value)
        self._raw = np.full(self._shape, np.nan)
        self._device_fault = False
        self._emergency = ''
        self._state_at = -math.inf
        self._request_at = -math.inf
        self._cycle_at = self.steady_time
        self._process_time: float | None = None
        self._sample_time = 0.0
        self._since: dict[int, Time] = {}
        self._sequence = 0
        self._refused = ''
        self._published_at = -math.inf
        self._published = b''
        self._permitted = self.advertise(PERMITTED)
        self._safety_state = self.advertise(SAFETY_STATE)
        self.listen(MANIFOLD_STATE, self._on_state)
        self.listen(REQUESTED, self._on_request)
        self.serve(EMERGENCY_STOP, self._on_emergency_stop)
        self.serve(RESET, self._on_reset)
        self.every(CYCLE, self._on_cycle)

    def make_safe(self, reason: str) -> None:
        """Send the safe command."""
        self._permit(self._vented, 0)

    def health(self) -> tuple[bool, str, dict[str, str]]:
        """Report the verdict and what was refused."""
        verdict = status(self._state)
        values = {'verdict': verdict.name, 'last refused request': self._refused}
        return not self._state.vent.any(), verdict.name.lower(), values

    # -- inputs

    def _on_state(self, message: ManifoldState) -> None:
        (self._raw,) = self._order.arranged(message.name, message.pressure)
        self._device_fault = message.fault != ManifoldState.FAULT_NONE
        self._state_at = self.steady_time
        self._sample_time = seconds(message.header.stamp)
        before = self._state.vent
        self._judge()
        if (self._state.vent & ~before).any():
            self._permit(self._vented, 0)
            self._publish_state()

    def _on_request(self, message: ValveCommand) -> None:
        now = self.steady_time
        if now - self._request_at > self._limits.request_age:
            # a controller that was restarted counts from 1 again
            self._gate = CommandGate(self._gate.chamber_names)
        try:
            self._gate, wanted = self._gate.admit(command_from(message))
        except RefusedCommand as error:
            self._refused = str(error)
            self.get_logger().warning(f'request refused: {error}', throttle_duration_sec=1.0)
            return
        self._request_at = now
        fresh = now - self._state_at <= self._limits.state_age
        vent = self._state.vent | (not fresh)
        allowed = Actuation(
            inlet=np.where(vent, 0.0, wanted.inlet),
            exhaust=np.where(vent, 1.0, wanted.exhaust),
            pump=np.where(vent.all(), 0.0, wanted.pump),
        )
        self._permit(allowed, message.source_sequence)

    def _on_emergency_stop(
        self, request: EmergencyStop.Request, response: EmergencyStop.Response
    ) -> EmergencyStop.Response:
        self._emergency = request.reason or 'no reason given'
        self.get_logger().error(f'emergency stop: {self._emergency}')
        self._judge()
        self._permit(self._vented, 0)
        self._publish_state()
        # the latch keeps the stop; the button itself is not held down
        self._emergency = ''
        return response

    def _on_reset(
        self, request: ResetSafety.Request, response: ResetSafety.Response
    ) -> ResetSafety.Response:
        self._judge()
        self._state, refusal = reset(self._table, self._state, self._raw, confirmed=request.confirm)
        response.error_code = int(refusal)
        response.error_msg = RESET_TEXT[refusal]
        self._judge()
        self._publish_state()
        return response

    def _on_cycle(self) -> None:
        self._judge()
        self._cycle_at = self.steady_time
        if self._state.vent.all():
            self._permit(self._vented, 0)
        self._publish_state_if_due()

    # -- verdict

    def _judge(self) -> None:
        now = self.steady_time
        inputs = SafetyInputs(
            raw=self._raw,
            state_age=np.array([now - self._state_at]),
            request_age=np.array([now - self._request_at]),
            cycle_age=np.array([now - self._cycle_at]),
            emergency=np.array([bool(self._emergency)]),
            device_fault=np.array([self._device_fault]),
        )
        self._state = supervisor_step(self._table, self._state, inputs, self._elapsed(now))

    def _elapsed(self, now: float) -> float:
        """Time that the boots have lived since the last verdict [s].

        The steady clock says it, except where the boots are simulated and time runs faster: there
        it is the time of the samples.
        """
        process_time = self._sample_time if self._simulated_time else now
        last, self._process_time = self._process_time, process_time
        return 0.0 if last is None else min(max(process_time - last, 0.0), LONGEST_STEP)

    # -- outputs

    def _permit(self, actuation: Actuation, source_sequence: int) -> None:
        self._sequence += 1
        stamp = self.get_clock().now().to_msg()
        self._permitted.publish(
            command_message(stamp, self._sequence, source_sequence, self._names, actuation)
        )

    def _publish_state_if_due(self) -> None:
        binding = self._state.active | self._state.latch
        changed = binding.tobytes() + self._state.vent.tobytes() != self._published
        if changed or self.steady_time - self._published_at >= STATE_PERIOD:
            self._publish_state()

    def _publish_state(self) -> None:
        state = self._state
        binding = state.active | state.latch
        self._published = binding.tobytes() + state.vent.tobytes()
        self._published_at = self.steady_time
        stamp = self.get_clock().now().to_msg()
        verdict = status(state)
        # while it starts, what has not been heard yet is no alarm
        alarms = [
            self._alarm(row, hazard, stamp)
            for row, hazard in enumerate(HAZARDS)
            if binding[:, row].any() and verdict != SafetyStatus.STARTING
        ]
        self._since = {row: self._since.get(row, stamp) for row in np.flatnonzero(binding.any(0))}
        alarms.sort(key=lambda alarm: -alarm.priority)
        message = SafetyStateMessage(
            state=int(verdict),
            reason=self._reason(verdict, alarms),
            vented=bool((self._raw < self._limits.vented_pressure).all()),
            vented_name=[self._names[i] for i in np.flatnonzero(state.vent)],
            alarms=alarms,
        )
        message.header.stamp = stamp
        self._safety_state.publish(message)

    def _reason(self, verdict: SafetyStatus, alarms: list[Alarm]) -> str:
        if verdict == SafetyStatus.STARTING:
            return 'waiting for readings and requests'
        return alarms[0].text if alarms else ''

    def _alarm(self, row: int, hazard: Hazard, stamp: Time) -> Alarm:
        concerned = self._state.active[:, row] | self._state.latch[:, row]
        local = hazard.scope != Scope.ALL or not concerned.all()
        limit = math.nan if hazard.limit is None else float(getattr(self._limits, hazard.limit))
        return Alarm(
            id=hazard.id,
            text=hazard.text,
            priority=int(hazard.priority),
            name=[self._names[i] for i in np.flatnonzero(concerned)] if local else [],
            active=bool(self._state.active[:, row].any()),
            latched=bool(self._state.latch[:, row].any()),
            since=self._since.get(row, stamp),
            expected=limit,
            measured=self._measured(hazard, concerned),
            advice=hazard.advice,
        )

    def _measured(self, hazard: Hazard, concerned: np.ndarray) -> float:
        now = self.steady_time
        ages = {
            'state_age': now - self._state_at,
            'request_age': now - self._request_at,
            'cycle_time': now - self._cycle_at,
        }
        if hazard.limit in ages:
            return float(ages[hazard.limit])
        if hazard.limit is None:
            return math.nan
        return float(np.max(self._raw[concerned]))


def main() -> None:
    """Run the node."""
    run(SafetySupervisorNode)
