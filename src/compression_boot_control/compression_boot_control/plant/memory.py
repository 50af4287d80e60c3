"""One block of memory that holds a batch of boots, in the order in which the kernel reads it.

Garments come in blocks of `width`, which a processor can work on at once: the axes are blocks of
garments, chambers and one more for the garment itself, rows of ``layout.py``, garments of a block.
With one array instead of fifty, calling the kernel costs next to nothing, and the compiler knows
that no two numbers overlap.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import ArrayLike

from compression_boot_control.core.pneumatics import (
    GAS_CONSTANT,
    REFERENCE_DENSITY,
    REFERENCE_TEMPERATURE,
    hose_coefficients,
)
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.faults import BURST_CONDUCTANCE, FaultState
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.state import PlantState, port_volume

_STATE_ROWS = {
    'pressure': at.PRESSURE,
    'port_pressure': at.PORT_PRESSURE,
    'chamber_mass': at.CHAMBER_MASS,
    'port_mass': at.PORT_MASS,
    'temperature_rise': at.TEMPERATURE_RISE,
    'creep': at.CREEP,
    'inlet_opening': at.INLET_OPENING,
    'exhaust_opening': at.EXHAUST_OPENING,
    'sensed': at.SENSED,
    'sensor_drift': at.DRIFT,
    'exhausted': at.EXHAUSTED,
    'leaked': at.LEAKED,
}
_GARMENT_STATE_ROWS = {
    'supply_pressure': at.SUPPLY_PRESSURE,
    'supply_mass': at.SUPPLY_MASS,
    'supply_sensed': at.SUPPLY_SENSED,
    'pump_speed': at.PUMP_SPEED,
    'pumped': at.PUMPED,
    'relieved': at.RELIEVED,
}


class Memory:
    """State, coefficients and faults of a batch of boots.

    Parameters
    ----------
    shape : tuple of int
        Shape (..., N) of arrays per chamber.
    width : int
        Garments to a block. The last block is filled up with copies of the last garment.

    Attributes
    ----------
    cells : (blocks, N + 1, rows, width) array
    """

    def __init__(self, shape: tuple[int, ...], width: int = 1) -> None:
        self.shape = shape
        self.width = width
        self.count = int(np.prod(shape[:-1]))
        self.chambers = shape[-1]
        blocks = -(-self.count // width)
        self.cells = np.zeros((blocks, self.chambers + 1, at.ROWS, width))

    def chamber(self, row: int) -> FloatArray:
        """Values of a row per chamber, (..., N)."""
        part = self.cells[:, : self.chambers, row, :].swapaxes(1, 2)
        return part.reshape(-1, self.chambers)[: self.count].reshape(self.shape)

    def garment(self, row: int) -> FloatArray:
        """Values of a row per garment, (...)."""
        part = self.cells[:, self.chambers, row, :]
        return part.reshape(-1)[: self.count].reshape(self.shape[:-1])

    def set_chamber(self, row: int, values: ArrayLike) -> None:
        """Write a row per chamber; `values` broadcast to (..., N)."""
        flat = np.broadcast_to(values, self.shape).reshape(self.count, self.chambers)
        self.cells[:, : self.chambers, row, :] = self._blocks(flat).swapaxes(1, 2)

    def set_garment(self, row: int, values: ArrayLike) -> None:
        """Write a row per garment; `values` broadcast to (...)."""
        flat = np.broadcast_to(values, self.shape[:-1]).reshape(self.count, 1)
        self.cells[:, self.chambers, row, :] = self._blocks(flat)[..., 0]

    def _blocks(self, flat: FloatArray) -> FloatArray:
        """Bring (garments, M) into (blocks, width, M)."""
        blocks = len(self.cells)
        missing = blocks * self.width - self.count
        if missing:
            flat = np.concatenate([flat, np.repeat(flat[-1:], missing, axis=0)])
        return flat.reshape(blocks, self.width, flat.shape[-1])

    @property
    def state(self) -> PlantState:
        """A copy of the state."""
        chambers = {name: self.chamber(row).copy() for name, row in _STATE_ROWS.items()}
        garments = {name: self.garment(row).copy() for name, row in _GARMENT_STATE_ROWS.items()}
        return PlantState(**chambers, **garments)

    @state.setter
    def state(self, state: PlantState) -> None:
        for field in fields(state):
            values = getattr(state, field.name)
            if field.name in _STATE_ROWS:
                self.set_chamber(_STATE_ROWS[field.name], values)
            else:
                self.set_garment(_GARMENT_STATE_ROWS[field.name], values)

    def set_substep(self, parameters: PlantParameters, substep: float) -> None:
        """Write what depends on the length of the substep [s]."""
        energy = GAS_CONSTANT * REFERENCE_TEMPERATURE
        self.set_garment(at.SUBSTEP, substep)
        self.set_garment(at.SUPPLY_STEP_SLOPE, substep * energy / parameters.supply_volume)
        self.set_chamber(at.PORT_STEP_SLOPE, substep * energy / port_volume(parameters))
        self.set_chamber(at.CREEP_DECAY, np.exp(-substep / parameters.creep_time))
        self.set_chamber(at.THERMAL_DECAY, np.exp(-substep / parameters.thermal_time))
        self.set_garment(at.SENSOR_DECAY, decay(substep, parameters.sensor_lag))
        self.set_chamber(at.VALVE_DECAY, decay(substep, parameters.valve_response))
        self.set_chamber(at.VALVE_MEAN, mean_decay(substep, parameters.valve_response))
        self.set_garment(at.PUMP_DECAY, decay(substep, parameters.pump_response))
        self.set_garment(at.PUMP_MEAN, mean_decay(substep, parameters.pump_response))

    def set_parameters(self, parameters: PlantParameters, faults: FaultState) -> None:
        """Write what depends on the parameters and the faults."""
        linear, quadratic = hose_coefficients(parameters.hose_length, parameters.hose_bore)
        area = np.pi / 4.0 * parameters.hose_bore**2
        leak = REFERENCE_DENSITY * (parameters.leak + faults.leak) / (60.0 * MMHG)
        compliance = parameters.compliance
        for row, values in (
            (at.REST_VOLUME, parameters.rest_volume),
            (at.COMPLIANCE, compliance),
            (at.SLACK_PRESSURE, parameters.slack_pressure),
            (at.SQUEEZE, parameters.coupling * compliance),
            (at.CREEP_VOLUME, parameters.creep_fraction * compliance),
            (at.THERMAL_RISE, parameters.thermal_rise / REFERENCE_DENSITY),
            (at.INLET_CONDUCTANCE, parameters.inlet_conductance),
            (at.EXHAUST_CONDUCTANCE, parameters.exhaust_conductance),
            (at.DEAD_BAND, parameters.valve_dead_band),
            (at.HOSE_LINEAR, linear),
            (at.HOSE_QUADRATIC, quadratic),
            (at.HOSE_FACTOR, faults.hose_factor),
            (at.BURST_CONDUCTANCE, BURST_CONDUCTANCE * area * faults.burst),
            (at.LEAK_CONDUCTANCE, leak),
            (at.INLET_GAIN, np.isnan(faults.inlet_stuck)),
            (at.INLET_BIAS, np.nan_to_num(faults.inlet_stuck)),
            (at.EXHAUST_GAIN, np.isnan(faults.exhaust_stuck)),
            (at.EXHAUST_BIAS, np.nan_to_num(faults.exhaust_stuck)),
            (at.PORT, faults.port),
            (at.SENSOR_ERROR, parameters.sensor_offset + faults.sensor_offset),
            (at.SENSOR_DRIFT, faults.sensor_drift),
            (at.SENSOR_NOISE, np.hypot(parameters.sensor_noise[..., None], faults.sensor_noise)),
            (at.SENSOR_STUCK, faults.sensor_stuck),
            (at.SENSOR_DEAD, faults.sensor_dead),
            (at.SENSOR_MISSING, faults.sensor_missing),
        ):
            self.set_chamber(row, values)
        for row, values in (
            (at.PUMP_FREE_FLOW, parameters.pump_free_flow * faults.pump_factor),
            (at.PUMP_SHUT_OFF, parameters.pump_shut_off),
            (at.RELIEF_PRESSURE, parameters.relief_pressure),
            (at.RELIEF_BAND, parameters.relief_band),
            (at.RELIEF_CONDUCTANCE, parameters.relief_conductance * faults.relief_factor),
            (at.SENSOR_STEP, parameters.sensor_step),
            (at.SENSOR_MINIMUM, parameters.sensor_minimum),
            (at.SENSOR_MAXIMUM, parameters.sensor_maximum),
            (at.SUPPLY_ERROR, parameters.supply_sensor_offset),
            (at.SUPPLY_NOISE, parameters.sensor_noise),
            (at.SUPPLY_MISSING, faults.supply_missing),
        ):
            self.set_garment(row, values)


def decay(time: float, time_constant: FloatArray) -> FloatArray:
    """Share of a distance that a first-order response leaves after a time; 0 without a lag."""
    with np.errstate(divide='ignore'):
        return np.asarray(np.exp(-time / time_constant))


def mean_decay(time: float, time_constant: FloatArray) -> FloatArray:
    """Mean of `decay` from 0 to a time."""
    return np.asarray(-np.expm1(-time / np.maximum(time_constant, 1e-9)) * time_constant / time)
