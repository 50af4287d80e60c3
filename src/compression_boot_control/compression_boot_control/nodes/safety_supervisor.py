"""Stands between controller and valves: lets a request through, or vents.

It judges raw samples on its own, on a steady clock, and repeats the safe command for ever.
"""

from __future__ import annotations

import math

import numpy as np
from compression_boot_msgs.msg import ManifoldState, Setpoints, ValveCommand
from compression_boot_msgs.srv import EmergencyStop, ResetSafety

from compression_boot_control.core.safety.gate import CommandGate, RefusedCommand, restricted
from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.safety.supervisor import (
    SafetyInputs,
    SafetyState,
    SafetyTable,
    reset,
    status,
    supervisor_step,
)
from compression_boot_control.core.safety.watch import Orders
from compression_boot_control.core.signals import Actuation, Mode
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
    SETPOINTS,
)
from compression_boot_control.nodes.runtime import ConfigurationError, SafeNode, run
from compression_boot_control.nodes.safety_parameters import (
    CYCLE,
    FIRST_LOOKS,
    LONGEST_STEP,
    PARAMETERS,
    RESET_TEXT,
    RIVALS_EVERY,
    SETPOINT_AGE_LIMIT,
    STATE_PERIOD,
)
from compression_boot_control.nodes.safety_report import SafetyReport


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
        self._table = SafetyTable.build(self._limits, garment.legs, garment)
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
        self._report = SafetyReport(self._names, self._limits)
        self._target = np.zeros(self._shape)
        self._targets_at = -math.inf
        self._supply = math.nan
        self._second = np.full(self._shape, np.nan)
        self._ordered = self._vented
        self._state_sequence = 0
        self._sampled_at: float | None = None
        self._new_sample = False
        self._rival = ''
        self._cycles = 0
        self._began_at = self.steady_time
        self._sequence = 0
        self._refused = ''
        self._published_at = -math.inf
        self._published = b''
        self._permitted = self.advertise(PERMITTED)
        self._safety_state = self.advertise(SAFETY_STATE)
        self.listen(MANIFOLD_STATE, self._on_state)
        self.listen(REQUESTED, self._on_request)
        self.listen(SETPOINTS, self._on_setpoints)
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
        values['other senders'] = self._rival
        return not self._state.vent.any(), verdict.name.lower(), values

    # -- inputs

    def _on_state(self, message: ManifoldState) -> None:
        now = self.steady_time
        if message.sequence <= self._state_sequence and now - self._state_at <= (
            self._limits.state_age
        ):
            return  # old or repeated; a manifold that was restarted counts from 1, after a silence
        self._state_sequence = message.sequence
        (self._raw,) = self._order.arranged(message.name, message.pressure)
        if len(message.second_pressure):
            (self._second,) = self._order.arranged(message.name, message.second_pressure)
        self._supply = message.supply_pressure
        self._device_fault = message.fault != ManifoldState.FAULT_NONE
        if message.emergency_input and not self._emergency:
            self._emergency = 'hardware input'
        self._state_at = now
        self._sample_time = seconds(message.header.stamp)
        self._new_sample = True
        before = self._state.vent
        self._judge()
        if not message.emergency_input and self._emergency == 'hardware input':
            self._emergency = ''
        if (self._state.vent & ~before).any():
            self._permit(self._allowed(self._ordered), 0)
            self._publish_state()

    def _on_setpoints(self, message: Setpoints) -> None:
        mode, target = self._order.arranged(message.name, message.mode, message.target)
        asked = np.isin(mode, [Mode.TRACK, Mode.HOLD]) & (target > 0.0)
        self._target = np.where(asked, target, 0.0)
        self._targets_at = self.steady_time

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
        self._permit(self._allowed(wanted), message.source_sequence)

    def _allowed(self, wanted: Actuation) -> Actuation:
        """Take from a command what the verdict, and the age of the readings, do not let through."""
        fresh = self.steady_time - self._state_at <= self._limits.state_age
        return restricted(wanted, self._state.vent | (not fresh))

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
        self._cycles += 1
        if self._cycles % RIVALS_EVERY == 0:
            self._look_for_rivals()
        self._judge()
        self._cycle_at = self.steady_time
        if self._state.vent.all():
            self._permit(self._vented, 0)
        self._publish_state_if_due()

    def _look_for_rivals(self) -> None:
        """Find other senders on the safety path; a supervisor that is one too many ends itself."""
        topics = (PERMITTED, REQUESTED, MANIFOLD_STATE)
        crowded = [topic.name for topic in topics if self.count_publishers(topic.name) > 1]
        self._rival = ', '.join(crowded)
        if PERMITTED.name in crowded and self.steady_time - self._began_at < FIRST_LOOKS:
            self.end(
                f'another supervisor already sends {PERMITTED.name} in {self.get_namespace()}: '
                'stop that system, or start this one with another namespace or ROS_DOMAIN_ID'
            )

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
            rival=np.array([bool(self._rival)]),
            second=self._second,
            orders=self._orders(now),
        )
        elapsed = self._elapsed(now)
        self._state = supervisor_step(
            self._table, self._state, inputs, elapsed, self._sample_interval()
        )

    def _orders(self, now: float) -> Orders:
        """What was asked of the hardware; set-points that are old ask for nothing."""
        fresh = now - self._targets_at <= SETPOINT_AGE_LIMIT
        return Orders(
            target=self._target if fresh else np.zeros(self._shape),
            inlet=self._ordered.inlet,
            exhaust=self._ordered.exhaust,
            pump=np.atleast_1d(self._ordered.pump),
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

    # -- outputs

    def _permit(self, actuation: Actuation, source_sequence: int) -> None:
        self._ordered = actuation
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
        now = self.steady_time
        ages = {
            'state_age': now - self._state_at,
            'request_age': now - self._request_at,
            'cycle_time': now - self._cycle_at,
        }
        stamp = self.get_clock().now().to_msg()
        self._safety_state.publish(self._report.message(state, self._raw, ages, stamp))


def main() -> None:
    """Run the node."""
    run(SafetySupervisorNode)
