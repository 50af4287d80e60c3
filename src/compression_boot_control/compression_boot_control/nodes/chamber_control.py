"""Closes the pressure loop of every chamber; asks for valves and pump."""

from __future__ import annotations

import numpy as np
from builtin_interfaces.msg import Time
from compression_boot_msgs.msg import ChamberPressures
from compression_boot_msgs.msg import Setpoints as SetpointsMessage

from compression_boot_control.core.chamber_order import ChamberOrder
from compression_boot_control.core.control_inputs import PRESSURE_AGE_LIMIT, HeldSetpoints
from compression_boot_control.core.control_parameters import ControlParameters
from compression_boot_control.core.loop_margins import weak_loops
from compression_boot_control.core.sample_interval import SampleInterval
from compression_boot_control.core.signals import Actuation, Pressures
from compression_boot_control.core.units import MMHG
from compression_boot_control.nodes.conversions import command_message, seconds
from compression_boot_control.nodes.garment_parameter import garment_of
from compression_boot_control.nodes.interfaces import PRESSURES, REQUESTED, SETPOINTS
from compression_boot_control.nodes.parameters import GARMENT, Parameter, keyword_default
from compression_boot_control.nodes.runtime import ConfigurationError, SafeNode, run
from compression_boot_control.plant.compiled_control import CompiledControl

UNSET = -1.0
OWN = 'negative: as the garment file says, or the default'
"""What a gain is that nobody sets."""

_TUNING = ControlParameters.from_garment


def _gain(name: str, text: str, low: float, high: float) -> Parameter:
    return Parameter(name, keyword_default(_TUNING, name), text, low, high)


PARAMETERS = (
    GARMENT,
    Parameter('kp', UNSET, f'pressure to rate of pressure [1/s]; {OWN}', UNSET, 50.0),
    Parameter('ki', UNSET, f'integral gain [1/s2]; {OWN}', UNSET, 50.0),
    Parameter('kd', UNSET, f'derivative gain on the measured rate [-]; {OWN}', UNSET, 1.0),
    Parameter('force_gains', False, 'run gains that lack their margins of 6 dB and 45 degrees'),
    _gain('hold_enter', 'error below which both valves shut [Pa]', 1.0, 10.0 * MMHG),
    _gain('hold_leave', 'error above which the valves work again [Pa]', 1.0, 10.0 * MMHG),
    _gain(
        'hold_above',
        'error over the target above which a held chamber is let out [Pa]',
        1.0,
        10.0 * MMHG,
    ),
    _gain('supply_margin', 'rail pressure kept above the neediest chamber [Pa]', 0.0, 100.0 * MMHG),
)


class ChamberControlNode(SafeNode):
    """The control node. It answers every sample of pressures, and vents when one is missing."""

    def __init__(self) -> None:
        super().__init__('chamber_control', PARAMETERS)
        garment = garment_of(self.settings['garment'])
        tuning = {
            name: value
            for name, value in self.settings.items()
            if name not in ('garment', 'force_gains')
            and not (name in ('kp', 'ki', 'kd') and value < 0.0)
        }
        self._names = list(garment.chamber_names)
        self._order = ChamberOrder(garment.chamber_names)
        law = ControlParameters.from_garment(garment, **tuning)
        gains = law.kp, law.ki, law.kd
        weak = weak_loops(garment, gains)
        others = f', and {len(weak) - 1} more' if len(weak) > 1 else ''
        self._weak = f'{weak[0]}{others}' if weak else ''
        if self._weak and not self.settings['force_gains']:
            raise ConfigurationError(
                f'gains that lack their margins of 6 dB and 45 deg: {self._weak}; lower kp and '
                'ki, let boots tune find them, or set force_gains'
            )
        if self._weak:
            self.get_logger().warning(f'forced gains that lack their margins: {self._weak}')
        self._control = CompiledControl(law)
        self._vented = Actuation.vented((len(garment),))
        self._setpoints = HeldSetpoints(len(garment))
        self._pressures_at = -np.inf
        self._interval = SampleInterval()
        self._sequence = 0
        self._requested = self.advertise(REQUESTED)
        self.listen(PRESSURES, self._on_pressures)
        self.listen(SETPOINTS, self._on_setpoints)
        self.every(0.02, self._on_timer)

    def make_safe(self, reason: str) -> None:
        """Start over from rest, and ask for a vent."""
        self._control.rest()
        self._request(self._vented, self.get_clock().now().to_msg(), 0)

    def health(self) -> tuple[bool, str, dict[str, str]]:
        """Report missing inputs and how often valves have switched."""
        state = self._control.state
        switches = state.inlet_switches + state.exhaust_switches
        values = {'valve switches': str(int(switches.sum()))}
        if self._weak:
            values['forced gains lack their margins'] = self._weak
        if self.steady_time - self._pressures_at > PRESSURE_AGE_LIMIT:
            return False, 'no fresh pressures: asks for a vent', values
        if not self._setpoints.fresh(self.steady_time):
            return False, 'no fresh set-points: asks for a vent', values
        return True, 'running', values

    def _on_setpoints(self, message: SetpointsMessage) -> None:
        mode, target = self._order.arranged(message.name, message.mode, message.target)
        self._setpoints.hear(self.steady_time, message.sequence, mode, target)

    def _on_pressures(self, message: ChamberPressures) -> None:
        dt = self._interval.next(seconds(message.header.stamp), message.sequence)
        if dt is None:
            return
        self._pressures_at = now = self.steady_time
        pressure, rate, quality, reason = self._order.arranged(
            message.name, message.pressure, message.rate, message.quality, message.reason
        )
        pressures = Pressures(pressure, rate, quality, reason, np.asarray(message.supply_pressure))
        setpoints = self._setpoints.in_force(now)
        actuation = self._control.step(pressures, setpoints, dt)
        self._request(actuation, message.header.stamp, message.sequence)

    def _on_timer(self) -> None:
        if self.steady_time - self._pressures_at > PRESSURE_AGE_LIMIT:
            self.make_safe('no fresh pressures')

    def _request(self, actuation: Actuation, stamp: Time, source_sequence: int) -> None:
        self._sequence += 1
        self._requested.publish(
            command_message(
                stamp,
                self._sequence,
                source_sequence,
                self._names,
                actuation,
                self._setpoints.sequence,
            )
        )


def main() -> None:
    """Run the node."""
    run(ChamberControlNode)
