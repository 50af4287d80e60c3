"""State of the simulated boots, as a snapshot of named arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from compression_boot_control.core.pneumatics import (
    ATMOSPHERE,
    GAS_CONSTANT,
    REFERENCE_TEMPERATURE,
)
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.plant.parameters import PlantParameters


@dataclass(frozen=True)
class PlantState:
    """Where everything is in one garment, or in a batch of them.

    Attributes
    ----------
    pressure : (..., N) array
        Gauge pressure in the chambers [Pa].
    port_pressure : (..., N) array
        Gauge pressure in the hoses, at the manifold's end where the sensors sit [Pa].
    chamber_mass, port_mass : (..., N) array
        Gas in the chambers and in their hoses [kg].
    temperature_rise : (..., N) array
        Gas temperature in the chambers over the room's [K].
    creep : (..., N) array
        Volume by which the limb has yielded [m3].
    inlet_opening, exhaust_opening : (..., N) array
        Where the valves really are [0..1].
    sensed : (..., N) array
        Pressure at the sensors behind their lag, before errors and noise [Pa].
    sensor_drift : (..., N) array
        What drifting sensors have gathered [Pa].
    reading : (..., N) array
        What the sensors last read, which a stuck one repeats [Pa].
    supply_pressure, supply_mass : (...) array
        Gauge pressure [Pa] of, and gas in, the supply rail [kg].
    supply_sensed : (...) array
        Pressure at the supply's sensor behind its lag [Pa].
    pump_speed : (...) array
        Speed of the pump as a share of the full one [0..1].
    pumped, relieved : (...) array
        Gas that came in through the pump, and that left by the relief valve, so far [kg].
    exhausted, leaked : (..., N) array
        Gas that left by the exhaust valve and a burst hose, and by the leak, so far [kg].
    """

    pressure: FloatArray
    port_pressure: FloatArray
    chamber_mass: FloatArray
    port_mass: FloatArray
    temperature_rise: FloatArray
    creep: FloatArray
    inlet_opening: FloatArray
    exhaust_opening: FloatArray
    sensed: FloatArray
    sensor_drift: FloatArray
    reading: FloatArray
    supply_pressure: FloatArray
    supply_mass: FloatArray
    supply_sensed: FloatArray
    pump_speed: FloatArray
    pumped: FloatArray
    relieved: FloatArray
    exhausted: FloatArray
    leaked: FloatArray

    @classmethod
    def vented(cls, parameters: PlantParameters) -> PlantState:
        """Flat chambers, everything else at ambient pressure, exhausts open, pump still."""
        chambers = np.zeros(parameters.shape)
        garments = np.zeros(parameters.batch)
        density = ATMOSPHERE / (GAS_CONSTANT * REFERENCE_TEMPERATURE)
        return cls(
            pressure=chambers,
            port_pressure=chambers,
            chamber_mass=chambers,
            port_mass=density * port_volume(parameters),
            temperature_rise=chambers,
            creep=chambers,
            inlet_opening=chambers,
            exhaust_opening=np.ones(parameters.shape),
            sensed=chambers,
            sensor_drift=chambers,
            reading=chambers,
            supply_pressure=garments,
            supply_mass=density * parameters.supply_volume,
            supply_sensed=garments,
            pump_speed=garments,
            pumped=garments,
            relieved=garments,
            exhausted=chambers,
            leaked=chambers,
        )

    @classmethod
    def inflated(cls, parameters: PlantParameters, pressure: ArrayLike) -> PlantState:
        """Chambers and hoses at rest at gauge pressures [Pa], valves shut, supply vented.

        `pressure` is broadcast to (..., N); a limp chamber at 0 is filled to its rest volume.
        """
        shape = parameters.shape
        held = np.array(np.broadcast_to(pressure, shape), dtype=np.float64)
        vented = cls.vented(parameters)
        energy = GAS_CONSTANT * REFERENCE_TEMPERATURE
        beside = np.concatenate([held, np.zeros((*shape[:-1], 1))], axis=-1)
        touching = beside[..., parameters.neighbours].sum(axis=-1)
        rest = parameters.rest_volume - parameters.coupling * parameters.compliance * touching
        slack = parameters.slack_pressure
        full = (ATMOSPHERE + slack) * rest
        taut = (ATMOSPHERE + held) * (rest + parameters.compliance * (held - slack))
        part = full * held / np.where(slack > 0.0, slack, 1.0)
        return replace(
            vented,
            pressure=held,
            port_pressure=held,
            chamber_mass=np.where(held >= slack, taut, part) / energy,
            port_mass=(ATMOSPHERE + held) * port_volume(parameters) / energy,
            exhaust_opening=np.zeros(shape),
            sensed=held,
            reading=held,
        )

    @property
    def stored_mass(self) -> FloatArray:
        """Gas in all volumes of a garment [kg], (...)."""
        held = (self.chamber_mass + self.port_mass).sum(axis=-1) + self.supply_mass
        return np.asarray(held)

    @property
    def net_mass(self) -> FloatArray:
        """Gas that came in less what left, since the beginning [kg], (...)."""
        out = (self.exhausted + self.leaked).sum(axis=-1) + self.relieved
        return np.asarray(self.pumped - out)


def port_volume(parameters: PlantParameters) -> FloatArray:
    """Volume of each chamber's hose [m3], (..., N)."""
    return np.asarray(np.pi / 4.0 * parameters.hose_bore**2 * parameters.hose_length)
