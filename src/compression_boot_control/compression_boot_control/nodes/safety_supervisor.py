"""Stands between controller and valves: lets a request through, or vents.

It judges raw samples on its own, on a steady clock, and repeats the safe command for ever.
"""

from __future__ import annotations

import math

from compression_boot_msgs.msg import ManifoldState, Setpoints, ValveCommand
from compression_boot_msgs.srv import EmergencyStop, ResetSafety

from compression_boot_control.core.chamber_order import ChamberOrder
from compression_boot_control.core.safety.gate import RefusedCommand
from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.safety.supervision import RawSample, Supervision
from compression_boot_control.core.safety.supervisor import status
from compression_boot_control.core.signals import Actuation
from compression_boot_control.nodes.conversions import command_from, command_message, seconds
from compression_boot_control.nodes.garment_parameter import garment_of
from compression_boot_control.nodes.interfaces import (
    EMERGENCY_STOP,
    MANIFOLD_STATE,
    PERMITTED,
    PRESSURES,
    REQUESTED,
    RESET,
    SAFETY_STATE,
    SETPOINTS,
)
from compression_boot_control.nodes.runtime import ConfigurationError, SafeNode, run
from compression_boot_control.nodes.safety_alarms import SafetyAlarms
from compression_boot_control.nodes.safety_parameters import (
    CYCLE,
    FIRST_LOOKS,
    PARAMETERS,
    RESET_TEXT,
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
            limits = HARD_LIMITS.tightened(**tightened)
        except ValueError as error:
            raise ConfigurationError(str(error)) from error
        self._names = list(garment.chamber_names)
        self._order = ChamberOrder(garment.chamber_names)
        self._supervision = Supervision(
            garment,
            limits,
            self.steady_time,
            simulated_time=bool(self.get_parameter('use_sim_time').value),
        )
        self._report = SafetyReport(self._names, limits)
        self._alarms = SafetyAlarms(self, len(garment), self._publish_state)
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
        self._permit(self._supervision.vent())

    def health(self) -> tuple[bool, str, dict[str, str]]:
        """Report the verdict and what was refused."""
        state = self._supervision.state
        verdict = status(state)
        values = {'verdict': verdict.name, 'last refused request': self._refused}
        values['other senders'] = self._supervision.rival
        return not state.vent.any(), verdict.name.lower(), values

    # -- inputs

    def _on_state(self, message: ManifoldState) -> None:
        now = self.steady_time
        (raw,) = self._order.arranged(message.name, message.pressure)
        second = None
        if len(message.second_pressure):
            (second,) = self._order.arranged(message.name, message.second_pressure)
        sample = RawSample(
            sequence=message.sequence,
            time=seconds(message.header.stamp),
            pressure=raw,
            second=second,
            supply=message.supply_pressure,
            device_fault=message.fault != ManifoldState.FAULT_NONE,
            emergency_input=message.emergency_input,
        )
        if self._supervision.hear_state(now, sample):
            self._permit(self._supervision.permit(now, self._supervision.ordered))
            self._publish_state()

    def _on_setpoints(self, message: Setpoints) -> None:
        mode, target = self._order.arranged(message.name, message.mode, message.target)
        self._supervision.hear_setpoints(self.steady_time, mode, target)

    def _on_request(self, message: ValveCommand) -> None:
        try:
            permitted = self._supervision.hear_request(self.steady_time, command_from(message))
        except RefusedCommand as error:
            self._refused = str(error)
            self.get_logger().warning(f'request refused: {error}', throttle_duration_sec=1.0)
            return
        self._permit(permitted, message.source_sequence, message.setpoints_sequence)

    def _on_emergency_stop(
        self, request: EmergencyStop.Request, response: EmergencyStop.Response
    ) -> EmergencyStop.Response:
        self.get_logger().error(f'emergency stop: {request.reason}')
        self._permit(self._supervision.emergency_stop(self.steady_time, request.reason))
        self._publish_state()
        return response

    def _on_reset(
        self, request: ResetSafety.Request, response: ResetSafety.Response
    ) -> ResetSafety.Response:
        refusal = self._supervision.reset(self.steady_time, confirmed=request.confirm)
        response.error_code = int(refusal)
        response.error_msg = RESET_TEXT[refusal]
        self._publish_state()
        return response

    def _on_cycle(self) -> None:
        self._look_for_rivals()
        if self._supervision.cycle(self.steady_time):
            self._permit(self._supervision.vent())
        self._publish_state_if_due()

    def _look_for_rivals(self) -> None:
        """Find other senders on the safety path; a supervisor that is one too many ends itself."""
        topics = (PERMITTED, REQUESTED, SETPOINTS, PRESSURES, MANIFOLD_STATE)
        crowded = [topic.name for topic in topics if self.count_publishers(topic.name) > 1]
        self._supervision.rival = ', '.join(crowded)
        if PERMITTED.name in crowded and self.steady_time - self._began_at < FIRST_LOOKS:
            self.end(
                f'another supervisor already sends {PERMITTED.name} in {self.get_namespace()}: '
                'stop that system, or start this one with another namespace or ROS_DOMAIN_ID'
            )

    # -- outputs

    def _permit(
        self, actuation: Actuation, source_sequence: int = 0, setpoints_sequence: int = 0
    ) -> None:
        self._sequence += 1
        self._permitted.publish(
            command_message(
                self.get_clock().now().to_msg(),
                self._sequence,
                source_sequence,
                self._names,
                actuation,
                setpoints_sequence,
            )
        )

    def _publish_state_if_due(self) -> None:
        state = self._supervision.state
        changed = (state.active | state.latch).tobytes() + state.vent.tobytes() != self._published
        if changed or self.steady_time - self._published_at >= STATE_PERIOD:
            self._publish_state()

    def _publish_state(self) -> None:
        state, now = self._supervision.state, self.steady_time
        self._published = (state.active | state.latch).tobytes() + state.vent.tobytes()
        self._published_at = now
        stamp = self.get_clock().now().to_msg()
        ages = self._supervision.ages(now)
        self._alarms.follow(state, now)
        message = self._report.message(
            state, self._alarms.state, self._supervision.raw, ages, stamp
        )
        self._safety_state.publish(message)


def main() -> None:
    """Run the node."""
    run(SafetySupervisorNode)
