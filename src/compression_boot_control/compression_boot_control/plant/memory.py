"""One block of memory that holds a batch of boots, in the order in which the kernel reads it.

Garments come in blocks of `width`, which a processor can work on at once: the axes are blocks of
garments, records (the garment's own, then one per chamber), rows of ``layout.py``, and garments of
a block.
With one array instead of fifty, calling the kernel costs next to nothing, and the compiler knows
that no two numbers overlap.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from compression_boot_control.core.pneumatics import (
    GAS_CONSTANT,
    REFERENCE_DENSITY,
    REFERENCE_TEMPERATURE,
    hose_coefficients,
)
from compression_boot_control.core.signals import FloatArray, IntArray
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.equations import chamber_gas, gas_energy
from compression_boot_control.plant.faults import BURST_CONDUCTANCE, FaultState
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.state import PlantState, port_volume

_CHAMBER_STATE = {
    'pressure': at.PRESSURE,
    'port_pressure': at.PORT_PRESSURE,
    'chamber_mass': at.CHAMBER_MASS,
    'port_mass': at.PORT_MASS,
    'temperature_rise': at.TEMPERATURE_RISE,
    'creep': at.CREEP,
    'exhausted': at.EXHAUSTED,
    'leaked': at.LEAKED,
}
_PORT_STATE = {
    'inlet_opening': at.INLET_OPENING,
    'exhaust_opening': at.EXHAUST_OPENING,
    'sensed': at.SENSED,
    'sensor_drift': at.DRIFT,
    'reading': at.READING,
}
_GARMENT_STATE = {
    'supply_pressure': at.SUPPLY_PRESSURE,
    'supply_mass': at.SUPPLY_MASS,
    'supply_sensed': at.SUPPLY_SENSED,
    'pump_speed': at.PUMP_SPEED,
    'pumped': at.PUMPED,
    'relieved': at.RELIEVED,
}

BLOCK = 8
"""Garments to a block of a batch: as many numbers as the widest processors work on at once."""


class Memory:
    """State, coefficients and faults of a batch of boots.

    Parameters
    ----------
    parameters : PlantParameters
    width : int, optional
        Garments to a block; by itself 1 for a few garments and `BLOCK` for more. The last block
        is filled up with copies of the last garment.

    Attributes
    ----------
    cells : (blocks, 1 + N, rows, width) array
    neighbours : (N, 2) array
        Records of the chambers that touch each one; 0, the garment's, where there is none.
    substep : float
        Length of a substep [s].
    """

    def __init__(self, parameters: PlantParameters, width: int | None = None) -> None:
        self.parameters = parameters
        self.shape = parameters.shape
        self.chambers = self.shape[-1]
        self.count = math.prod(self.shape[:-1])
        self.width = width or (1 if self.count < BLOCK else BLOCK)
        blocks = -(-self.count // self.width)
        self.cells = np.zeros((blocks, 1 + self.chambers, at.ROWS, self.width))
        self.neighbours = (parameters.neighbours + 1) % (self.chambers + 1)
        self.substep = 0.0
        self.set_faults(FaultState.none(self.shape))
        self.state = PlantState.vented(parameters)

    def chamber(self, row: int) -> FloatArray:
        """Values of a row per chamber, (..., N)."""
        part = self.cells[:, 1:, row, :].swapaxes(1, 2)
        return part.reshape(-1, self.chambers)[: self.count].reshape(self.shape)

    def port(self, row: int) -> FloatArray:
        """Values of a row per port, (..., N)."""
        values = np.empty(self.shape)
        np.put_along_axis(values, self.ports, self.chamber(row), axis=-1)
        return values

    def garment(self, row: int) -> FloatArray:
        """Values of a row per garment, (...)."""
        return self.cells[:, 0, row, :].reshape(-1)[: self.count].reshape(self.shape[:-1])

    def set_chamber(self, row: int, values: ArrayLike) -> None:
        """Write a row per chamber; `values` broadcast to (..., N)."""
        flat = np.broadcast_to(values, self.shape).reshape(self.count, self.chambers)
        self.cells[:, 1:, row, :] = self._blocks(flat).swapaxes(1, 2)

    def set_port(self, row: int, values: ArrayLike) -> None:
        """Write a row per port; `values` broadcast to (..., N)."""
        wide = np.broadcast_to(values, self.shape)
        self.set_chamber(row, np.take_along_axis(wide, self.ports, axis=-1))

    def set_garment(self, row: int, values: ArrayLike) -> None:
        """Write a row per garment; `values` broadcast to (...)."""
        flat = np.broadcast_to(values, self.shape[:-1]).reshape(self.count, 1)
        self.cells[:, 0, row, :] = self._blocks(flat)[..., 0]

    def _blocks(self, flat: FloatArray) -> FloatArray:
        """Bring (garments, M) into (blocks, width, M)."""
        blocks = len(self.cells)
        missing = blocks * self.width - self.count
        if missing:
            flat = np.concatenate([flat, np.repeat(flat[-1:], missing, axis=0)])
        return flat.reshape(blocks, self.width, flat.shape[-1])

    @property
    def ports(self) -> IntArray:
        """Port that each chamber's hose is plugged into, (..., N)."""
        return self.chamber(at.PORT).astype(np.int64)

    @property
    def state(self) -> PlantState:
        """A copy of the state."""
        return PlantState(
            **{name: self.chamber(row).copy() for name, row in _CHAMBER_STATE.items()},
            **{name: self.port(row) for name, row in _PORT_STATE.items()},
            **{name: self.garment(row).copy() for name, row in _GARMENT_STATE.items()},
        )

    @state.setter
    def state(self, state: PlantState) -> None:
        for name, row in _CHAMBER_STATE.items():
            self.set_chamber(row, getattr(state, name))
        for name, row in _PORT_STATE.items():
            self.set_port(row, getattr(state, name))
        for name, row in _GARMENT_STATE.items():
            self.set_garment(row, getattr(state, name))
        _, slope = chamber_gas(
            state.chamber_mass,
            gas_energy(state.temperature_rise),
            self.parameters.rest_volume + state.creep,
            self.parameters.compliance,
            self.parameters.slack_pressure,
        )
        self.set_chamber(at.SLOPE, slope)

    def set_substep(self, substep: float) -> None:
        """Write what depends on the length of the substep [s]."""
        parameters = self.parameters
        self.substep = substep
        self.set_chamber(at.CREEP_DECAY, decay(substep, parameters.creep_time))
        self.set_chamber(at.THERMAL_DECAY, decay(substep, parameters.thermal_time))
        self.set_port(at.VALVE_DECAY, decay(substep, parameters.valve_response))
        self.set_port(at.VALVE_MEAN, mean_decay(substep, parameters.valve_response))
        self.set_port(at.SENSOR_DECAY, decay(substep, parameters.sensor_lag)[..., None])
        self.set_garment(at.SUPPLY_DECAY, decay(substep, parameters.sensor_lag))
        self.set_garment(at.PUMP_DECAY, decay(substep, parameters.pump_response))
        self.set_garment(at.PUMP_MEAN, mean_decay(substep, parameters.pump_response))

    def set_faults(self, faults: FaultState) -> None:
        """Write what depends on the parameters and the faults."""
        parameters = self.parameters
        state = self.state
        self.set_chamber(at.PORT, faults.port)
        self.state = state  # that of valves and sensors stays at their ports
        energy = GAS_CONSTANT * REFERENCE_TEMPERATURE
        linear, quadratic = hose_coefficients(parameters.hose_length, parameters.hose_bore)
        open_end = BURST_CONDUCTANCE * np.pi / 4.0 * parameters.hose_bore**2
        leak = REFERENCE_DENSITY * (parameters.leak + faults.leak) / (60.0 * MMHG)
        chamber_rows = {
            at.REST_VOLUME: parameters.rest_volume,
            at.COMPLIANCE: parameters.compliance,
            at.SLACK_PRESSURE: parameters.slack_pressure,
            at.SQUEEZE: parameters.coupling * parameters.compliance,
            at.CREEP_VOLUME: parameters.creep_fraction * parameters.compliance,
            at.THERMAL_RISE: parameters.thermal_rise / REFERENCE_DENSITY,
            at.HOSE_LINEAR: linear,
            at.HOSE_QUADRATIC: quadratic,
            at.HOSE_FACTOR: faults.hose_factor,
            at.PORT_SLOPE: energy / port_volume(parameters),
            at.BURST_CONDUCTANCE: open_end * faults.burst,
            at.LEAK_CONDUCTANCE: leak,
        }
        port_rows = {
            at.INLET_CONDUCTANCE: parameters.inlet_conductance,
            at.EXHAUST_CONDUCTANCE: parameters.exhaust_conductance,
            at.DEAD_BAND: parameters.valve_dead_band,
            at.INLET_GAIN: np.isnan(faults.inlet_stuck),
            at.INLET_BIAS: np.nan_to_num(faults.inlet_stuck),
            at.EXHAUST_GAIN: np.isnan(faults.exhaust_stuck),
            at.EXHAUST_BIAS: np.nan_to_num(faults.exhaust_stuck),
            at.SENSOR_ERROR: parameters.sensor_offset + faults.sensor_offset,
            at.SENSOR_DRIFT: faults.sensor_drift,
            at.SENSOR_NOISE: np.hypot(parameters.sensor_noise[..., None], faults.sensor_noise),
            at.SENSOR_STUCK: faults.sensor_stuck,
            at.SENSOR_DEAD: faults.sensor_dead,
            at.SENSOR_MISSING: faults.sensor_missing,
        }
        garment_rows = {
            at.PUMP_FREE_FLOW: parameters.pump_free_flow * faults.pump_factor,
            at.PUMP_SHUT_OFF: parameters.pump_shut_off,
            at.SUPPLY_SLOPE: energy / parameters.supply_volume,
            at.RELIEF_PRESSURE: parameters.relief_pressure,
            at.RELIEF_BAND: parameters.relief_band,
            at.RELIEF_CONDUCTANCE: parameters.relief_conductance * faults.relief_factor,
            at.SENSOR_STEP: parameters.sensor_step,
            at.SENSOR_MINIMUM: parameters.sensor_minimum,
            at.SENSOR_MAXIMUM: parameters.sensor_maximum,
            at.SUPPLY_ERROR: parameters.supply_sensor_offset,
            at.SUPPLY_NOISE: parameters.sensor_noise,
            at.SUPPLY_MISSING: faults.supply_missing,
        }
        for row, values in chamber_rows.items():
            self.set_chamber(row, values)
        for row, values in port_rows.items():
            self.set_port(row, values)
        for row, values in garment_rows.items():
            self.set_garment(row, values)
        if self.substep:
            self.set_substep(self.substep)  # valves may have moved to other chambers' records


def decay(time: float, time_constant: FloatArray) -> FloatArray:
    """Share of a distance that a first-order response leaves after a time; 0 without a lag."""
    with np.errstate(divide='ignore'):
        return np.asarray(np.exp(-time / time_constant))


def mean_decay(time: float, time_constant: FloatArray) -> FloatArray:
    """Mean of `decay` from 0 to a time."""
    return np.asarray(-np.expm1(-time / np.maximum(time_constant, 1e-9)) * time_constant / time)
