"""Owns the hardware: publishes raw samples, applies permitted commands, holds a dead-man.

Two ways through time. In real time a timer on the steady clock takes a sample every period. With
simulated boots and a speed other than 1 the node moves in lockstep instead: it publishes a
sample, waits for the command that answers it, lets one sample period pass in the boots, and
publishes the next, so that no sample is lost however fast that goes. ``/clock`` follows along.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from compression_boot_msgs.msg import Layout, ManifoldState, ValveCommand
from compression_boot_msgs.srv import ResetSafety
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.qos import QoSProfile
from rclpy.time import Time as RosTime
from rosgraph_msgs.msg import Clock

from compression_boot_control.core.dead_man import PERMIT_AGE_LIMIT, DeadMan
from compression_boot_control.core.safety.gate import CommandGate, RefusedCommand
from compression_boot_control.hardware.garment_layout import layout_fields
from compression_boot_control.hardware.manifold import (
    ManifoldError,
    ManifoldFault,
    ManifoldSample,
)
from compression_boot_control.hardware.simulated import SimulatedManifold
from compression_boot_control.nodes.conversions import command_from, to_wire
from compression_boot_control.nodes.hardware_parameters import HARDWARE, make_manifold
from compression_boot_control.nodes.interfaces import (
    LAYOUT,
    MANIFOLD_RESET,
    MANIFOLD_STATE,
    PERMITTED,
)
from compression_boot_control.nodes.parameters import GARMENT, Parameter
from compression_boot_control.nodes.runtime import (
    SafeLifecycleNode,
    logged_transition,
    run,
)

CLOCK_EVERY = 5
"""Samples from one /clock message to the next in lockstep."""

SILENCE_LIMIT = 0.1
"""A device that is silent for longer is a fault [s]; a shorter silence is only a lost sample.

The controller asks for a vent after 150 ms without a sample, whatever this node says.
"""

PARAMETERS = (
    GARMENT,
    *HARDWARE,
    Parameter(
        'speed', 1.0, 'simulated boots: time runs this much faster than real, at most', 0.1, 1000.0
    ),
    Parameter(
        'permit_age_limit',
        PERMIT_AGE_LIMIT,
        'dead-man: longest time that a permitted command holds [s]; may only be tightened',
        0.05,
        PERMIT_AGE_LIMIT,
    ),
    Parameter('autostart', True, 'configure and activate by itself at start'),
)


_SUCCESS = TransitionCallbackReturn.SUCCESS


class ManifoldNode(SafeLifecycleNode):
    """The manifold node; see the module."""

    def __init__(self) -> None:
        super().__init__('manifold', PARAMETERS)
        self._manifold = make_manifold(self.settings)
        self._garment = self._manifold.garment
        self._names = list(self._garment.chamber_names)
        self._period = self._manifold.sample_period
        self._speed = self.settings['speed']
        self._lockstep = self._speed != 1.0 and isinstance(self._manifold, SimulatedManifold)
        self._active = False
        self._sequence = 0
        self._fault = ManifoldFault.NOT_READY
        self._permitted_sequence = 0
        self._refused = ''
        self._waiting = False
        self._reset_due = True
        self._open_error = ''
        self._heard_at = 0.0
        self._gate = CommandGate(self._garment.chamber_names)
        self._dead_man = DeadMan(self.settings['permit_age_limit'])
        self._answered = False
        self._stepped_at = 0.0
        self._epoch = self.get_clock().now()
        self._layout = self.advertise(LAYOUT)
        self._state = self.advertise(MANIFOLD_STATE)
        self._simulated_clock = self.create_publisher(Clock, '/clock', QoSProfile(depth=1))
        self.listen(PERMITTED, self._on_permitted)
        self.serve(MANIFOLD_RESET, self._on_reset)
        self.every(self._tick_period(), self._on_tick)
        if self.settings['autostart']:
            if self.trigger_configure() == _SUCCESS:
                self.trigger_activate()
            else:
                self.end(self._open_error or 'the manifold cannot be configured')

    # -- lifecycle

    @logged_transition
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Connect to the hardware and publish the layout."""
        self._open_error = ''
        try:
            self._manifold.open()
        except ManifoldError as error:
            self._open_error = f'hardware not opened: {error}'
            if not self.settings['autostart']:
                # a node that starts by itself ends by itself, with this as its last line
                self.get_logger().error(self._open_error)
            return TransitionCallbackReturn.FAILURE
        for warning in self._manifold.warnings:
            self.get_logger().warning(warning)
        self._layout.publish(self._layout_message())
        return TransitionCallbackReturn.SUCCESS

    @logged_transition
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start sampling."""
        self._reset_due = True
        self._active = True
        self._fault = ManifoldFault.NONE
        return TransitionCallbackReturn.SUCCESS

    @logged_transition
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Vent and stop sampling."""
        self.make_safe('deactivated')
        self._active = False
        self._fault = ManifoldFault.NOT_READY
        return TransitionCallbackReturn.SUCCESS

    @logged_transition
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Disconnect."""
        self._manifold.close()
        return TransitionCallbackReturn.SUCCESS

    @logged_transition
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Vent and disconnect."""
        self._active = False
        self._manifold.close()
        return TransitionCallbackReturn.SUCCESS

    def make_safe(self, reason: str) -> None:
        """Vent the hardware itself."""
        self._dead_man = DeadMan(self.settings['permit_age_limit'])
        try:
            if not self._open_error:
                self._manifold.vent()
        except ManifoldError as error:
            self._fault = ManifoldFault.COMMUNICATION
            self.get_logger().error(f'vent not confirmed by the hardware: {error}')

    def health(self) -> tuple[bool, str, dict[str, str]]:
        """Report the backend, the dead-man and what was refused."""
        expired = self._dead_man.expired(self.steady_time)
        text = 'no permitted commands: vented' if expired else 'running'
        if not self._active:
            text = 'not active: vented'
        values = {
            'backend': self.settings['backend'],
            'garment': self._garment.name,
            'samples': str(self._sequence),
            'fault': self._fault.name,
            'last refused command': self._refused,
            'device': self._device(),
            'calibration': self._manifold.calibration(),
            'warnings': '; '.join(self._manifold.warnings),
        }
        return self._fault == ManifoldFault.NONE, text, values

    def _device(self) -> str:
        """Who the device says it is; empty if it says nothing."""
        identity = self._manifold.identity()
        if identity.serial_number is None:
            return ''
        return f'serial number {identity.serial_number}, firmware {identity.firmware_version}'

    # -- commands in

    def _on_permitted(self, message: ValveCommand) -> None:
        if not self._active:
            return
        if self.count_publishers(PERMITTED.name) > 1:
            # nobody can tell which of them is the supervisor, so none is obeyed
            self._refused = 'more than one sends permits: stop the other one'
            self.make_safe(self._refused)
            return
        now = self.steady_time
        if self._dead_man.expired(now):
            self._gate = self._gate.renewed()
        try:
            self._gate, actuation = self._gate.admit(command_from(message))
        except RefusedCommand as error:
            self._refused = str(error)
            return
        self._dead_man = self._dead_man.permitted(now)
        self._permitted_sequence = message.sequence
        self._write(lambda: self._manifold.write(actuation))
        self._answered = message.source_sequence in (0, self._sequence)
        if self._lockstep:
            self._step_if_due()

    def _write(self, write: Any) -> None:
        try:
            write()
        except ManifoldError as error:
            self._silent(error)

    def _silent(self, error: ManifoldError) -> bool:
        """Tell whether the device has been silent for so long that it is a fault."""
        if self.steady_time - self._heard_at <= SILENCE_LIMIT:
            return False
        self._fault = ManifoldFault.COMMUNICATION
        self.get_logger().error(str(error), throttle_duration_sec=1.0)
        return True

    def _on_reset(
        self, request: ResetSafety.Request, response: ResetSafety.Response
    ) -> ResetSafety.Response:
        """Let a device that has vented by itself obey again."""
        if not request.confirm:
            response.error_code = ResetSafety.Response.ERROR_NOT_CONFIRMED
            response.error_msg = 'look at the boots and at the person, then confirm'
        elif not self._waiting:
            response.error_code = ResetSafety.Response.ERROR_NOT_TRIPPED
            response.error_msg = 'the device is not waiting for a reset'
        else:
            try:
                self._manifold.reset()
            except ManifoldError as error:
                response.error_code = ResetSafety.Response.ERROR_CAUSE_ACTIVE
                response.error_msg = str(error)
        return response

    # -- samples out

    def _tick_period(self) -> float:
        if not self._lockstep:
            return self._period
        return min(max(self._period / self._speed, 1e-3), self._period)

    def _on_tick(self) -> None:
        if not self._active:
            return
        if self._reset_due:
            # here and not at activation: from now on the device is fed in every period
            self._write(self._manifold.reset)
            self._reset_due = False
        if self._dead_man.expired(self.steady_time):
            self._write(self._manifold.vent)
        if self._lockstep:
            self._step_if_due()
        else:
            self._step()

    def _step_if_due(self) -> None:
        """Step when the sample is answered, or when nobody answers at all, at real-time pace."""
        now = self.steady_time
        waited = now - self._stepped_at
        nobody = self._dead_man.expired(now) and waited >= self._period
        if nobody or (self._answered and waited >= 0.95 * self._period / self._speed):
            self._answered = False
            self._stepped_at = now
            self._step()

    def _step(self) -> None:
        self._sequence += 1
        try:
            sample = self._manifold.read()
            self._fault = sample.fault
            self._waiting = sample.watchdog_expired and sample.fault == ManifoldFault.DEVICE
            if sample.fault != ManifoldFault.NONE:
                text = self._manifold.fault_text
                self.get_logger().error(text, throttle_duration_sec=1.0)
        except ManifoldError as error:
            if self._silent(error):
                self._state.publish(self._fault_message())
            return
        self._heard_at = self.steady_time
        stamp = self._stamp()
        if self._lockstep and self._sequence % CLOCK_EVERY == 0:
            self._simulated_clock.publish(Clock(clock=stamp))
        self._state.publish(self._state_message(sample, stamp))

    def _stamp(self) -> Time:
        """Time of the sample: simulated time in lockstep, counted from the node's start."""
        if not self._lockstep:
            return self.get_clock().now().to_msg()
        elapsed = round(self._sequence * self._period * 1e9)
        return RosTime(nanoseconds=self._epoch.nanoseconds + elapsed).to_msg()

    def _state_message(self, sample: ManifoldSample, stamp: Time) -> ManifoldState:
        readings = sample.readings
        message = ManifoldState(
            sequence=self._sequence,
            name=self._names,
            pressure=to_wire(readings.pressure),
            inlet=to_wire(readings.inlet),
            exhaust=to_wire(readings.exhaust),
            supply_pressure=float(readings.supply_pressure),
            pump=float(readings.pump),
            permitted_sequence=self._permitted_sequence,
            watchdog_expired=sample.watchdog_expired,
            emergency_input=sample.emergency_input,
            fault=int(sample.fault),
        )
        message.header.stamp = stamp
        return message

    def _fault_message(self) -> ManifoldState:
        """Say that there is no sample: every value NaN, never the last one."""
        missing = to_wire(np.full(len(self._names), np.nan))
        message = ManifoldState(
            sequence=self._sequence,
            name=self._names,
            pressure=missing,
            inlet=missing,
            exhaust=missing,
            supply_pressure=float('nan'),
            pump=float('nan'),
            permitted_sequence=self._permitted_sequence,
            fault=int(self._fault),
        )
        message.header.stamp = self._stamp()
        return message

    def _layout_message(self) -> Layout:
        fields = layout_fields(self._garment, self.settings['backend'], self._period)
        arrays = {name: to_wire(fields[name]) for name in ('rest_volume', 'compliance')}
        message = Layout(**(fields | arrays))
        message.header.stamp = self._stamp()
        return message


def main() -> None:
    """Run the node."""
    run(ManifoldNode)
