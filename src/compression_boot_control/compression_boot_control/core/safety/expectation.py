"""What the safety path expects of a garment: air that a pressure needs, and flow that gives it.

Own arithmetic, from the garment's numbers alone. Amounts of air are volumes at atmospheric
pressure [m3], flows volume flows of it [m3/s].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import BoolArray, FloatArray

_ATMOSPHERE = 101_325.0
_AIR_DENSITY = 1.185
_AIR_VISCOSITY = 1.82e-5
_CRITICAL_RATIO = 0.3
_REFERENCE_FLOW = 2e-4

_PLENTY = 100.0 * 133.322
"""Pressure of the supply below which all of the pump's air goes into the chambers [Pa]."""

_HARDLY_OPEN = 1e-6
"""Opening that counts only where no inlet is open [0..1]."""

_WORKSHOP = 1.1
"""Pump and valves of a sound device may differ from its garment file by this factor [P]."""

_LARGER_LEG, _SOFTER_LEG = 1.2, 2.0
"""Rest volume and compliance on a leg, at most, as shares of the garment file's [P]."""

_SMALLER_LEG, _STIFFER_LEG = 0.8, 0.5
"""Rest volume and compliance on a leg, at least, as shares of the garment file's [P]."""

_CREEP, _CREEP_TIME = 0.15, 10.0
"""Yielding of the limb, at most, as a share of the elastic volume, and its time constant, at least
[-], [s] [P]."""

_COUPLING = 0.1
"""Volume that a chamber gets back when a neighbour lets go, as a share of its elastic one [P]."""

_WARMTH = 3.0 / 293.15 / (12.0 / 60_000.0)
"""Share by which a chamber's air shrinks as it cools after an inflow [s/m3]: 3 K at 12 L/min
[P]."""

RAIL_TOLERANCE = 5.0 * 133.322
PORT_TOLERANCE = 1.0 * 133.322
"""Error of the supply's sensor, and what is left of a port's once its zero is known [Pa] [P]."""


class Expectation(NamedTuple):
    """A garment as the safety path sees it.

    Attributes
    ----------
    rest_volume, compliance : (..., N) array
        [m3], [m3/Pa].
    inlet_conductance, exhaust_conductance, dead_band : (..., N) array
        [m3/(s Pa)], [0..1).
    valve_response : (..., N) array
        Time constant of the valves [s].
    hose_linear, hose_quadratic : (..., N) array
        Pressure drop per flow [Pa s/m3], and per squared flow [Pa s2/m6].
    leak : (..., N) array
        Calibrated leak at 60 mmHg [m3/s].
    touching : (N, N) array
        1 where two chambers touch.
    free_flow, shut_off, relief : (..., 1) array
        Pump [m3/s, Pa], and relief valve of the supply [Pa].
    """

    rest_volume: FloatArray
    compliance: FloatArray
    inlet_conductance: FloatArray
    exhaust_conductance: FloatArray
    dead_band: FloatArray
    valve_response: FloatArray
    hose_linear: FloatArray
    hose_quadratic: FloatArray
    leak: FloatArray
    touching: FloatArray
    free_flow: FloatArray
    shut_off: FloatArray
    relief: FloatArray

    @staticmethod
    def of(garment: Garment) -> Expectation:
        """Take the numbers of a garment, or of a batch of them with arrays (..., N)."""

        def level(value: float) -> FloatArray:
            return np.asarray(value, dtype=np.float64)[..., None]

        linear, quadratic = _hose(garment.hose_length, garment.hose_bore)
        return Expectation(
            rest_volume=garment.rest_volume,
            compliance=garment.compliance,
            inlet_conductance=garment.inlet_conductance,
            exhaust_conductance=garment.exhaust_conductance,
            dead_band=garment.valve_dead_band,
            valve_response=garment.valve_response,
            hose_linear=linear,
            hose_quadratic=quadratic,
            leak=garment.leak,
            touching=garment.neighbours(),
            free_flow=level(garment.pump.free_flow),
            shut_off=level(garment.pump.shut_off_pressure),
            relief=level(garment.supply.relief_pressure),
        )


def _hose(length: FloatArray, bore: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Drop of a hose per flow and per squared flow.

    Hagen-Poiseuille, and what is missing to Blasius friction and 1.5 velocity heads at 12 L/min.
    """
    speed = _REFERENCE_FLOW / (np.pi * bore**2 / 4.0)
    reynolds = _AIR_DENSITY * speed * bore / _AIR_VISCOSITY
    losses = 0.316 / reynolds**0.25 * length / bore + 1.5
    linear = 128.0 * _AIR_VISCOSITY * length / (np.pi * bore**4)
    turbulent = losses * 0.5 * _AIR_DENSITY * speed**2 - linear * _REFERENCE_FLOW
    return linear, np.maximum(turbulent, 0.0) / _REFERENCE_FLOW**2


def air_beyond_slack(expectation: Expectation, pressure: FloatArray) -> FloatArray:
    """Air that brings a chamber from slack and full of air to a gauge pressure [m3]."""
    elastic = expectation.compliance * pressure
    compressed = (expectation.rest_volume + elastic) * pressure / _ATMOSPHERE
    beyond: FloatArray = elastic + compressed
    return beyond


def air_needed(expectation: Expectation, pressure: FloatArray) -> FloatArray:
    """Air that brings a chamber from empty to a gauge pressure [m3]."""
    return expectation.rest_volume + air_beyond_slack(expectation, pressure)


def most_air_beyond_slack(expectation: Expectation, pressure: FloatArray) -> FloatArray:
    """The same on the largest and softest leg that there is [m3]."""
    elastic = _SOFTER_LEG * expectation.compliance * pressure
    volume = _LARGER_LEG * expectation.rest_volume + elastic
    beyond: FloatArray = elastic + volume * pressure / _ATMOSPHERE
    return beyond


def least_air_beyond_slack(expectation: Expectation, pressure: FloatArray) -> FloatArray:
    """The same on the smallest and stiffest leg that there is [m3]."""
    elastic = _STIFFER_LEG * expectation.compliance * pressure
    volume = _SMALLER_LEG * expectation.rest_volume + elastic
    beyond: FloatArray = elastic + volume * pressure / _ATMOSPHERE
    return beyond


def most_air(expectation: Expectation, pressure: FloatArray) -> FloatArray:
    """Air that a chamber can hold at a gauge pressure, by the count of the strongest pump [m3]."""
    held = _LARGER_LEG * expectation.rest_volume + most_air_beyond_slack(expectation, pressure)
    return np.asarray(_WORKSHOP * held)


class Hold(NamedTuple):
    """What has gone on in a chamber since its set-point was reached; (..., N) arrays.

    Attributes
    ----------
    time : array
        Since then [s].
    rise : array
        Of the pressure since then [Pa].
    neighbours_fall : array
        Of the sum of its neighbours' pressures [Pa].
    warm_flow : array
        Highest inflow shortly before [m3/s].
    let_out : array
        Air that went out by the exhaust at most [m3].
    """

    time: FloatArray
    rise: FloatArray
    neighbours_fall: FloatArray
    warm_flow: FloatArray
    let_out: FloatArray


def most_topping(
    expectation: Expectation, pressure: FloatArray, hold: Hold, leak_share: float
) -> FloatArray:
    """Air that a sound chamber may take while it holds a pressure, and what it may leak [m3].

    Rising to its set-point, yielding of the limb, cooling after the inflow, room that neighbours
    give back, what the exhaust let out again, and the leak.
    """
    density = 1.0 + pressure / _ATMOSPHERE
    soft = _SOFTER_LEG * expectation.compliance
    volume = _LARGER_LEG * expectation.rest_volume + soft * pressure
    rise = np.maximum(hold.rise, 0.0) + PORT_TOLERANCE
    yielding = _CREEP * soft * pressure * (1.0 - np.exp(-hold.time / _CREEP_TIME))
    room = _COUPLING * soft * np.maximum(hold.neighbours_fall, 0.0)
    cooling = volume * _WARMTH * hold.warm_flow
    taken: FloatArray = density * (soft * rise + yielding + room + cooling)
    taken = taken + volume * rise / _ATMOSPHERE + hold.let_out
    return taken + leak_share * expectation.leak * hold.time


def valve_flow(
    expectation: Expectation, inlet: FloatArray, supply: FloatArray, raw: FloatArray
) -> FloatArray:
    """Flow through each inlet by the pressures on both sides of it (ISO 6358) [m3/s]."""
    opening = beyond_dead_band(expectation, inlet)
    return orifice_flow(opening * expectation.inlet_conductance, supply, raw)


def most_outflow(expectation: Expectation, exhaust: FloatArray, port: FloatArray) -> FloatArray:
    """Flow through each exhaust, at most, by the pressure at its port [m3/s]."""
    opening = beyond_dead_band(expectation, exhaust)
    conductance = _WORKSHOP * opening * expectation.exhaust_conductance
    return orifice_flow(conductance, np.maximum(port + PORT_TOLERANCE, 0.0), np.zeros(1))


def flow_bounds(
    expectation: Expectation, inlet: FloatArray, supply: FloatArray, port: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Least and most that can flow through each inlet, given what sensors and valves are off.

    Parameters
    ----------
    expectation : Expectation
    inlet : (..., N) array
        Positions of the valves [0..1].
    supply : (..., 1) array
        Measured pressure of the supply [Pa]; NaN if not measured.
    port : (..., N) array
        Pressure at the ports, with their zeros taken off [Pa].
    """
    known = np.isfinite(supply)
    rail = np.where(known, supply, 0.0)
    least = valve_flow(expectation, inlet, rail - RAIL_TOLERANCE, port + PORT_TOLERANCE)
    rail = np.where(known, supply, expectation.relief)
    most = valve_flow(expectation, inlet, rail + RAIL_TOLERANCE, port - PORT_TOLERANCE)
    return np.asarray(np.where(known, least / _WORKSHOP, 0.0)), np.asarray(_WORKSHOP * most)


def beyond_dead_band(expectation: Expectation, opening: FloatArray) -> FloatArray:
    """Opening that passes air, of a valve's position [0..1]."""
    band = expectation.dead_band
    beyond: FloatArray = np.maximum(opening - band, 0.0) / (1.0 - band)
    return beyond


def orifice_flow(conductance: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    """Flow through a valve by the gauge pressures before and after it (ISO 6358) [m3/s]."""
    upstream = before + _ATMOSPHERE
    ratio = np.minimum((after + _ATMOSPHERE) / upstream, 1.0)
    bent = np.maximum(ratio - _CRITICAL_RATIO, 0.0) / (1.0 - _CRITICAL_RATIO)
    flow: FloatArray = conductance * upstream * np.sqrt(1.0 - bent * bent)
    return flow


def across_chambers(values: FloatArray) -> FloatArray:
    """Sum over the chambers of a garment; (..., N) to (..., 1)."""
    summed: FloatArray = values.sum(axis=-1, keepdims=True)
    return summed


def around_chambers(touching: FloatArray, values: FloatArray) -> FloatArray:
    """Sum over the neighbours of each chamber; (..., N)."""
    summed: FloatArray = values @ touching
    return summed


def expected_flow(
    expectation: Expectation,
    inlet: FloatArray,
    pump: FloatArray,
    supply: FloatArray,
    through_valves: FloatArray,
    starved: BoolArray,
) -> FloatArray:
    """Flow that each chamber should get by now, whatever is broken between pump and chamber [m3/s].

    All of the pump's air, shared by the openings; while none is open, by the starved chambers, for
    a controller that sees no supply opens nothing. Once the supply stands well above all set-points
    the relief valve takes a part, so the valves' flow bounds it then.

    Parameters
    ----------
    expectation : Expectation
    inlet : (..., N) array
        Openings [0..1].
    pump, supply : (..., 1) array
        Drive [0..1], and gauge pressure of the supply [Pa].
    through_valves : (..., N) array
        From `valve_flow` [m3/s].
    starved : (..., N) bool array
        Chambers below their set-points, and the supply has nothing for them.
    """
    droop = np.maximum(1.0 - supply / expectation.shut_off, 0.0)
    total = expectation.free_flow * pump * droop
    bound = across_chambers(through_valves)
    total = np.where(supply < _PLENTY, total, np.minimum(total, bound))
    opening = np.maximum(beyond_dead_band(expectation, inlet), _HARDLY_OPEN * starved)
    weight = opening * expectation.inlet_conductance
    share = weight / np.maximum(across_chambers(weight), 1e-30)
    flow: FloatArray = total * share
    return flow


def hose_rise(expectation: Expectation, flow: FloatArray) -> FloatArray:
    """How much higher a port reads than its chamber, at a flow into it [Pa]."""
    rise: FloatArray = flow * (expectation.hose_linear + expectation.hose_quadratic * flow)
    return rise


def vented(inlet: FloatArray, exhaust: FloatArray) -> BoolArray:
    """Whether a command vents a chamber."""
    told: BoolArray = (inlet <= 0.0) & (exhaust >= 0.99)
    return told
