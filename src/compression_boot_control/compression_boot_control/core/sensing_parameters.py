"""The words of sensing: what it knows of the hardware, how it filters, what it remembers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.pneumatics import hose_coefficients
from compression_boot_control.core.signals import BoolArray, FloatArray
from compression_boot_control.core.units import MMHG


class SensingParameters(NamedTuple):
    """What sensing knows of the hardware, and how it filters.

    Attributes
    ----------
    inlet_conductance, exhaust_conductance : (N,) array
        Sonic conductance of the open valves [m3/(s Pa)].
    dead_band : (N,) array
        Opening below which a valve passes nothing [0..1).
    valve_response : (N,) array
        Time constant of the valves [s].
    hose_linear, hose_quadratic : (N,) array
        From `hose_coefficients`.
    rest_volume, compliance : (N,) array
        Chamber [m3], [m3/Pa].
    sensor_lag : float
        Time constant of the sensors [s].
    filter_time, flowing_time : float
        Time constant of the observer while no air flows, and while much does [s].
    flowing_drop : float
        Hose drop from which on the observer is at its slowest [Pa].
    range_low, range_high : float
        Raw values outside of these are out of range, at chambers and supply [Pa].
    zero_after : float
        Time with all exhausts open and no flow after which the offset is learned [s].
    zero_time : float
        Time constant of that learning [s].
    offset_limit : float
        Largest offset that is taken off [Pa]; beyond it the quality is UNCERTAIN.
    stuck_after : float
        Time without any change of the raw value, while air flows, that counts as stuck [s]; longer
        than the supervisor's, which tells a person what is wrong.
    """

    inlet_conductance: FloatArray
    exhaust_conductance: FloatArray
    dead_band: FloatArray
    valve_response: FloatArray
    hose_linear: FloatArray
    hose_quadratic: FloatArray
    rest_volume: FloatArray
    compliance: FloatArray
    sensor_lag: float
    filter_time: float
    flowing_time: float
    flowing_drop: float
    range_low: float
    range_high: float
    zero_after: float
    zero_time: float
    offset_limit: float
    stuck_after: float

    @staticmethod
    def from_garment(
        garment: Garment,
        *,
        sensor_lag: float = 0.005,
        filter_time: float = 0.02,
        flowing_time: float = 0.15,
        flowing_drop: float = 4.0 * MMHG,
        zero_after: float = 1.0,
        zero_time: float = 0.5,
        offset_limit: float = 5.0 * MMHG,
        stuck_after: float = 1.5,
    ) -> SensingParameters:
        """Parameters for a garment, with the defaults that the parameter file documents."""
        linear, quadratic = hose_coefficients(garment.hose_length, garment.hose_bore)
        return SensingParameters(
            inlet_conductance=garment.inlet_conductance,
            exhaust_conductance=garment.exhaust_conductance,
            dead_band=garment.valve_dead_band,
            valve_response=garment.valve_response,
            hose_linear=linear,
            hose_quadratic=quadratic,
            rest_volume=garment.rest_volume,
            compliance=garment.compliance,
            sensor_lag=sensor_lag,
            filter_time=filter_time,
            flowing_time=flowing_time,
            flowing_drop=flowing_drop,
            range_low=-9.5 * MMHG,
            range_high=299.0 * MMHG,
            zero_after=zero_after,
            zero_time=zero_time,
            offset_limit=offset_limit,
            stuck_after=stuck_after,
        )


class SensingState(NamedTuple):
    """What sensing remembers, all (..., N).

    Attributes
    ----------
    started : bool array
        The filter has seen a value.
    inlet, exhaust : array
        Modelled positions of the valves [0..1].
    drop : array
        Modelled hose drop as the sensor shows it [Pa].
    pressure, rate : array
        State of the observer [Pa], [Pa/s].
    learned : array
        Capacity over the believed one, as the fills so far have shown it [-].
    level : array
        Slowly filtered raw value [Pa].
    offset : array
        Learned zero [Pa].
    quiet_time, zeroed_time : array
        Time since all ports were opened to the atmosphere, and time spent learning the zero [s].
    last_raw, unchanged_time : array
        Last usable raw value [Pa], and for how long it has not moved while air flowed [s]. Once
        that is long enough to be stuck, it stays so until the value moves.
    """

    started: BoolArray
    inlet: FloatArray
    exhaust: FloatArray
    drop: FloatArray
    pressure: FloatArray
    rate: FloatArray
    learned: FloatArray
    level: FloatArray
    offset: FloatArray
    quiet_time: FloatArray
    zeroed_time: FloatArray
    last_raw: FloatArray
    unchanged_time: FloatArray

    @staticmethod
    def initial(shape: tuple[int, ...]) -> SensingState:
        """Nothing seen yet; valves where they rest, exhaust open."""
        zeros = np.zeros(shape)
        return SensingState(
            started=np.zeros(shape, dtype=np.bool_),
            inlet=zeros,
            exhaust=np.ones(shape),
            drop=zeros,
            pressure=zeros,
            rate=zeros,
            learned=np.ones(shape),
            level=zeros,
            offset=zeros,
            quiet_time=zeros,
            zeroed_time=zeros,
            last_raw=zeros,
            unchanged_time=zeros,
        )
