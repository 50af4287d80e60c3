"""What the simulated boots are made of: the pneumatics of two sleeves, a leg in each, and sensors.

The controller believes a `Garment`; the plant has `PlantParameters`, which add what a garment file
does not know: the limb's creep, heat, the walls' coupling, and the sensors' errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import FloatArray, IntArray
from compression_boot_control.plant.ranges import (
    COUPLING,
    CREEP_FRACTION,
    CREEP_TIME,
    MODEST_RANGES,
    PUMP_RESPONSE,
    RELIEF_BAND,
    RELIEF_CONDUCTANCE,
    SENSOR_LAG,
    SENSOR_MAXIMUM,
    SENSOR_MINIMUM,
    SENSOR_NOISE,
    SENSOR_STEP,
    SLACK_PRESSURE,
    THERMAL_RISE,
    THERMAL_TIME,
    Range,
)


@dataclass(frozen=True)
class PlantParameters:
    """Parameters of one garment, or of a batch of them.

    Attributes
    ----------
    rest_volume : (..., N) array
        Volume that a chamber takes up slack, before its pressure rises [m3].
    compliance : (..., N) array
        Volume per pressure beyond the rest volume, wall and limb [m3/Pa].
    slack_pressure : (..., N) array
        Gauge pressure of a chamber filled just to its rest volume [Pa]: what the cloth's weight
        and stiffness press out of a vented chamber. 0 for an ideally limp one.
    coupling : (..., N) array
        Volume lost per neighbour's pressure, as a share of the compliance [-].
    neighbours : (N, 2) array
        Positions of the chambers that touch each one; N where there is none.
    creep_fraction, creep_time : (..., N) array
        Limb creep: long-run volume as a share of the elastic one [-], and time constant [s].
    thermal_rise, thermal_time : (..., N) array
        Gas temperature: steady rise per inflow [K s/m3], and time constant [s].
    inlet_conductance, exhaust_conductance : (..., N) array
        Sonic conductance of the valves, fully open [m3/(s Pa)].
    valve_response : (..., N) array
        Time constant of both valves [s].
    valve_dead_band : (..., N) array
        Command below which a valve stays shut [0..1).
    hose_length, hose_bore : (..., N) array
        Hose between manifold and chamber [m].
    leak : (..., N) array
        Leak of the chamber at 60 mmHg [m3/s], at the reference conditions.
    sensor_offset : (..., N) array
        Error of each chamber's sensor at zero pressure [Pa].
    supply_sensor_offset : (...) array
        The same of the supply's sensor [Pa].
    sensor_noise, sensor_lag, sensor_step : (...) array
        Standard deviation [Pa], time constant [s] and resolution [Pa] of all sensors.
    sensor_minimum, sensor_maximum : (...) array
        Where the readings of all sensors saturate [Pa].
    pump_free_flow, pump_shut_off, pump_response : (...) array
        Straight curve of the pump [m3/s, Pa] and time constant of its speed [s].
    supply_volume : (...) array
        Volume of the rail between pump and inlet valves [m3].
    relief_pressure, relief_band, relief_conductance : (...) array
        Relief valve on the rail: it opens at the pressure [Pa], and over the band [Pa] linearly
        up to the sonic conductance [m3/(s Pa)].
    """

    rest_volume: FloatArray
    compliance: FloatArray
    slack_pressure: FloatArray
    coupling: FloatArray
    neighbours: IntArray
    creep_fraction: FloatArray
    creep_time: FloatArray
    thermal_rise: FloatArray
    thermal_time: FloatArray
    inlet_conductance: FloatArray
    exhaust_conductance: FloatArray
    valve_response: FloatArray
    valve_dead_band: FloatArray
    hose_length: FloatArray
    hose_bore: FloatArray
    leak: FloatArray
    sensor_offset: FloatArray
    supply_sensor_offset: FloatArray
    sensor_noise: FloatArray
    sensor_lag: FloatArray
    sensor_step: FloatArray
    sensor_minimum: FloatArray
    sensor_maximum: FloatArray
    pump_free_flow: FloatArray
    pump_shut_off: FloatArray
    pump_response: FloatArray
    supply_volume: FloatArray
    relief_pressure: FloatArray
    relief_band: FloatArray
    relief_conductance: FloatArray

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape (..., N) of the arrays per chamber."""
        return self.rest_volume.shape

    @property
    def batch(self) -> tuple[int, ...]:
        """Shape (...) of the arrays per garment."""
        return self.shape[:-1]

    @classmethod
    def from_garment(cls, garment: Garment, batch: tuple[int, ...] = ()) -> PlantParameters:
        """Nominal parameters: a garment just as its file says, on an average leg.

        Parameters
        ----------
        garment : Garment
        batch : tuple of int
            Leading batch axes, over which everything is repeated.
        """
        chambers = (len(garment),)

        def each(value: FloatArray | float) -> FloatArray:
            return np.array(np.broadcast_to(value, batch + chambers), dtype=np.float64)

        def one(value: float) -> FloatArray:
            return np.full(batch, value, dtype=np.float64)

        return cls(
            rest_volume=each(garment.rest_volume),
            compliance=each(garment.compliance),
            slack_pressure=each(SLACK_PRESSURE),
            coupling=each(COUPLING),
            neighbours=neighbour_positions(garment.neighbours()),
            creep_fraction=each(CREEP_FRACTION),
            creep_time=each(CREEP_TIME),
            thermal_rise=each(THERMAL_RISE),
            thermal_time=each(THERMAL_TIME),
            inlet_conductance=each(garment.inlet_conductance),
            exhaust_conductance=each(garment.exhaust_conductance),
            valve_response=each(garment.valve_response),
            valve_dead_band=each(garment.valve_dead_band),
            hose_length=each(garment.hose_length),
            hose_bore=each(garment.hose_bore),
            leak=each(garment.leak),
            sensor_offset=each(0.0),
            supply_sensor_offset=one(0.0),
            sensor_noise=one(SENSOR_NOISE),
            sensor_lag=one(SENSOR_LAG),
            sensor_step=one(SENSOR_STEP),
            sensor_minimum=one(SENSOR_MINIMUM),
            sensor_maximum=one(SENSOR_MAXIMUM),
            pump_free_flow=one(garment.pump.free_flow),
            pump_shut_off=one(garment.pump.shut_off_pressure),
            pump_response=one(PUMP_RESPONSE),
            supply_volume=one(garment.supply.volume),
            relief_pressure=one(garment.supply.relief_pressure),
            relief_band=one(RELIEF_BAND),
            relief_conductance=one(RELIEF_CONDUCTANCE),
        )

    def member(self, index: int | tuple[int, ...]) -> PlantParameters:
        """Return the parameters of one garment of the batch."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return PlantParameters(
            **{
                name: value if name == 'neighbours' else np.asarray(value[index])
                for name, value in values.items()
            }
        )


def neighbour_positions(touching: FloatArray) -> IntArray:
    """Positions of the neighbours of each chamber, at most two, from an (N, N) matrix.

    Returns
    -------
    (N, 2) array
        Positions, and N where a chamber has fewer than two.

    Raises
    ------
    ValueError
        A chamber has more than two neighbours.
    """
    count = len(touching)
    positions = np.full((count, 2), count, dtype=np.int64)
    for chamber, row in enumerate(touching):
        found = np.flatnonzero(row)
        if len(found) > 2:
            raise ValueError(f'chamber {chamber} touches {len(found)} others; at most 2 can')
        positions[chamber, : len(found)] = found
    return positions


def vary(
    parameters: PlantParameters,
    rng: np.random.Generator,
    ranges: Mapping[str, Range] = MODEST_RANGES,
) -> PlantParameters:
    """Draw other legs, and other copies of the device, around these parameters.

    Parameters
    ----------
    parameters : PlantParameters
        Nominal values; every garment of a batch gets a draw of its own.
    rng : numpy.random.Generator
    ranges : mapping of str to Range
        By the name of the parameter, such as `MODEST_RANGES` or `FULL_RANGES`.
    """
    drawn: dict[str, Any] = {
        name: _draw(getattr(parameters, name), parameters, rng, limits)
        for name, limits in ranges.items()
    }
    return replace(parameters, **drawn)


def _draw(
    nominal: FloatArray, parameters: PlantParameters, rng: np.random.Generator, limits: Range
) -> FloatArray:
    """Draw one parameter, of the shape of `nominal`."""
    place = rng.random(nominal.shape)
    if nominal.shape == parameters.shape:
        of_garment = rng.random(parameters.batch)[..., None]
        place = limits.common * of_garment + (1.0 - limits.common) * place
    if limits.logarithmic:
        value = limits.low * (limits.high / limits.low) ** place
    else:
        value = limits.low + (limits.high - limits.low) * place
    return np.asarray(nominal * value if limits.relative else value)


def random_garments(
    garment: Garment,
    rng: np.random.Generator,
    batch: tuple[int, ...],
    ranges: Mapping[str, Range] = MODEST_RANGES,
) -> PlantParameters:
    """Draw a batch of boots around what a garment file says; see `vary`."""
    return vary(PlantParameters.from_garment(garment, batch), rng, ranges)
