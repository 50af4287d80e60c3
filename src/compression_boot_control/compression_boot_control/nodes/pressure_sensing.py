"""Turns raw samples into chamber pressures: zero, hose drop, filter, quality."""

from __future__ import annotations

import numpy as np
from compression_boot_msgs.msg import ChamberPressures, ManifoldState

from compression_boot_control.core.chamber_order import ChamberOrder
from compression_boot_control.core.sample_interval import SampleInterval
from compression_boot_control.core.sensing import sensing_step, told
from compression_boot_control.core.sensing_parameters import SensingParameters, SensingState
from compression_boot_control.core.signals import Quality
from compression_boot_control.nodes.conversions import (
    bytes_to_wire,
    readings_from,
    seconds,
    to_wire,
)
from compression_boot_control.nodes.garment_parameter import garment_of
from compression_boot_control.nodes.interfaces import MANIFOLD_STATE, PRESSURES
from compression_boot_control.nodes.parameters import GARMENT, Parameter, keyword_default
from compression_boot_control.nodes.runtime import SafeNode, run

_TUNING = SensingParameters.from_garment
PARAMETERS = (
    GARMENT,
    Parameter(
        'filter_time',
        keyword_default(_TUNING, 'filter_time'),
        'time constant of the filter on pressure and rate [s]',
        0.002,
        0.2,
    ),
    Parameter(
        'sensor_lag',
        keyword_default(_TUNING, 'sensor_lag'),
        'time constant of the sensors [s]',
        0.0005,
        0.1,
    ),
    Parameter(
        'zero_after',
        keyword_default(_TUNING, 'zero_after'),
        'time vented and still after which the zero is learned [s]',
        0.5,
        30.0,
    ),
)


class PressureSensingNode(SafeNode):
    """The sensing node; it only publishes when a sample came, so its silence is seen."""

    def __init__(self) -> None:
        super().__init__('pressure_sensing', PARAMETERS)
        garment = garment_of(self.settings['garment'])
        self._names = list(garment.chamber_names)
        self._order = ChamberOrder(garment.chamber_names)
        self._tuning = SensingParameters.from_garment(
            garment,
            filter_time=self.settings['filter_time'],
            sensor_lag=self.settings['sensor_lag'],
            zero_after=self.settings['zero_after'],
        )
        self._state = SensingState.initial((len(garment),))
        self._interval = SampleInterval()
        self._bad: list[str] = []
        self._pressures = self.advertise(PRESSURES)
        self.listen(MANIFOLD_STATE, self._on_state)

    def make_safe(self, reason: str) -> None:
        """Forget the past; the controller vents on silence."""
        self._state = SensingState.initial((len(self._names),))

    def health(self) -> tuple[bool, str, dict[str, str]]:
        """Report chambers whose pressure cannot be used."""
        if not self._interval.heard:
            return False, 'no samples from the manifold yet', {}
        return not self._bad, 'running', {'bad chambers': ', '.join(self._bad)}

    def _on_state(self, message: ManifoldState) -> None:
        dt = self._interval.next(seconds(message.header.stamp), message.sequence)
        if dt is None:
            return
        readings = readings_from(message, self._order)
        self._state, estimate = sensing_step(self._tuning, self._state, readings, dt)
        pressures = told(estimate)
        bad = np.flatnonzero(pressures.quality == Quality.BAD)
        self._bad = [self._names[i] for i in bad]
        answer = ChamberPressures(
            sequence=message.sequence,
            name=self._names,
            pressure=to_wire(pressures.pressure),
            rate=to_wire(pressures.rate),
            quality=bytes_to_wire(pressures.quality),
            reason=bytes_to_wire(pressures.reason),
            supply_pressure=float(pressures.supply_pressure),
            zero=to_wire(self._state.offset),
        )
        answer.header.stamp = message.header.stamp
        self._pressures.publish(answer)


def main() -> None:
    """Run the node."""
    run(PressureSensingNode)
