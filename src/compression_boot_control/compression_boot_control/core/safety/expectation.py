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

_CREEP = 0.3
_COOLING = 8.0 * 133.322
"""What a chamber at rest may take up besides a leak: yielding of the limb, as a share of its
nominal elastic volume, and a fall by cooling [Pa] [P]."""


class Expectation(NamedTuple):
    """A garment as the safety path sees it.

    Attributes
    ----------
    rest_volume, compliance : (..., N) array
        [m3], [m3/Pa].
    inlet_conductance, dead_band : (..., N) array
        [m3/(s Pa)], [0..1).
    hose_linear, hose_quadratic : (..., N) array
        Pressure drop per flow [Pa s/m3], and per squared flow [Pa s2/m6].
    leak : (..., N) array
        Calibrated leak at 60 mmHg [m3/s].
    free_flow, shut_off, relief : (..., 1) array
        Pump [m3/s, Pa], and relief valve of the supply [Pa].
    """

    rest_volume: FloatArray
    compliance: FloatArray
    inlet_conductance: FloatArray
    dead_band: FloatArray
    hose_linear: FloatArray
    hose_quadratic: FloatArray
    leak: FloatArray
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
            dead_band=garment.valve_dead_band,
            hose_linear=linear,
            hose_quadratic=quadratic,
            leak=garment.leak,
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


def air_at_rest(expectation: Expectation, pressure: FloatArray) -> FloatArray:
    """Air that a chamber at rest may take up by creep and cooling, without a leak [m3]."""
    elastic = expectation.compliance * pressure
    volume = expectation.rest_volume + elastic
    cooled = _COOLING * (2.0 * expectation.compliance + volume / _ATMOSPHERE)
    taken: FloatArray = 2.0 * _CREEP * elastic + cooled
    return taken


def valve_flow(
    expectation: Expectation, inlet: FloatArray, supply: FloatArray, raw: FloatArray
) -> FloatArray:
    """Flow through each inlet by the pressures on both sides of it (ISO 6358) [m3/s]."""
    opening = np.maximum(inlet - expectation.dead_band, 0.0) / (1.0 - expectation.dead_band)
    upstream = supply + _ATMOSPHERE
    ratio = np.minimum((raw + _ATMOSPHERE) / upstream, 1.0)
    bent = np.maximum(ratio - _CRITICAL_RATIO, 0.0) / (1.0 - _CRITICAL_RATIO)
    flow: FloatArray = opening * expectation.inlet_conductance * upstream
    return flow * np.sqrt(1.0 - bent * bent)


def across_chambers(values: FloatArray) -> FloatArray:
    """Sum over the chambers of a garment; (..., N) to (..., 1)."""
    summed: FloatArray = values.sum(axis=-1, keepdims=True)
    return summed


def expected_flow(
    expectation: Expectation,
    inlet: FloatArray,
    pump: FloatArray,
    supply: FloatArray,
    through_valves: FloatArray,
) -> FloatArray:
    """Flow that each chamber should get by now, whatever is broken between pump and chamber [m3/s].

    All of the pump's air, shared by the openings. Once the supply stands well above all set-points
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
    """
    droop = np.maximum(1.0 - supply / expectation.shut_off, 0.0)
    total = expectation.free_flow * pump * droop
    bound = across_chambers(through_valves)
    total = np.where(supply < _PLENTY, total, np.minimum(total, bound))
    weight = inlet * expectation.inlet_conductance
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
