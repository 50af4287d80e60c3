"""Flow laws shared by the simulated boots and the controller's feed-forward.

All functions are free of branches on values, so that they take scalars and arrays, and so that
``numba`` compiles the very same source for the simulated boots' kernel. A `Value` is a float or an
array. Flows are mass flows [kg/s], positive from the first pressure to the second; pressures are
gauge [Pa] unless called absolute.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Value = Any

ATMOSPHERE = 101_325.0
"""Absolute ambient pressure [Pa]."""

GAS_CONSTANT = 287.05
"""Specific gas constant of dry air [J/(kg K)]."""

REFERENCE_DENSITY = 1.185
"""Density of air at the reference conditions of ISO 6358, 100 kPa and 293.15 K [kg/m3]."""

REFERENCE_TEMPERATURE = 293.15
"""Temperature of the reference conditions of ISO 6358 [K]."""

CRITICAL_RATIO = 0.3
"""Default pressure ratio below which a small valve chokes [-]."""

LAMINAR_RATIO = 0.998
"""Pressure ratio above which the flow through an orifice is linear in the pressure drop [-].

ISO 6358 has an infinite slope at a ratio of 1, which neither a valve nor a solver has.
"""

AIR_VISCOSITY = 1.82e-5
"""Dynamic viscosity of air at 293 K [Pa s]."""


def orifice_flow(
    upstream: Value,
    downstream: Value,
    conductance: Value,
    critical_ratio: Value = CRITICAL_RATIO,
) -> Value:
    """Mass flow through a valve by ISO 6358, signed.

    With r the ratio of the lower to the higher absolute pressure, the flow is choked for
    r <= b, elliptic between b and `LAMINAR_RATIO`, and linear in 1 - r above it.

    Parameters
    ----------
    upstream, downstream : float or array
        Gauge pressures [Pa].
    conductance : float or array
        Sonic conductance C [m3/(s Pa)].
    critical_ratio : float or array
        Critical pressure ratio b [-].

    Returns
    -------
    float or array
        Mass flow at the reference temperature, negative when downstream is higher [kg/s].
    """
    high = np.maximum(upstream, downstream) + ATMOSPHERE
    low = np.minimum(upstream, downstream) + ATMOSPHERE
    ratio = low / high
    span = 1.0 - critical_ratio
    bent = np.maximum(np.minimum(ratio, LAMINAR_RATIO) - critical_ratio, 0.0) / span
    elliptic = np.sqrt(1.0 - bent * bent)
    linear = np.minimum((1.0 - ratio) / (1.0 - LAMINAR_RATIO), 1.0)
    return np.sign(upstream - downstream) * (
        conductance * REFERENCE_DENSITY * high * elliptic * linear
    )


def hose_coefficients(length: Value, bore: Value) -> tuple[Value, Value]:
    """Linear and quadratic coefficient of a hose's pressure drop, ``dp = a q + c q |q|``.

    `a` is Hagen-Poiseuille; `c` makes the sum equal Blasius friction plus 1.5 velocity heads for
    entry and exit at 12 L/min, the flow where the drop matters most. It stays within 4 % of
    Blasius from 10 to 30 L/min in a 4 mm hose.

    Parameters
    ----------
    length, bore : float or array
        Length and inner diameter [m].

    Returns
    -------
    tuple of float or array
        ``a`` [Pa s/m3] and ``c`` [Pa s2/m6], for volume flow q at the reference density.
    """
    flow = 12e-3 / 60.0
    speed = flow / (np.pi * bore**2 / 4.0)
    head = 0.5 * REFERENCE_DENSITY * speed**2
    reynolds = REFERENCE_DENSITY * speed * bore / AIR_VISCOSITY
    drop = head * (0.316 / reynolds**0.25 * length / bore + 1.5)
    linear = 128.0 * AIR_VISCOSITY * length / (np.pi * bore**4)
    quadratic = np.maximum(drop - linear * flow, 0.0) / flow**2
    return linear, quadratic


def hose_drop(volume_flow: Value, linear: Value, quadratic: Value) -> Value:
    """Pressure drop along a hose [Pa] at a volume flow [m3/s], signed."""
    return volume_flow * (linear + quadratic * np.abs(volume_flow))


def hose_flow(upstream: Value, downstream: Value, linear: Value, quadratic: Value) -> Value:
    """Mass flow through a hose, the inverse of `hose_drop`, signed [kg/s].

    Parameters
    ----------
    upstream, downstream : float or array
        Gauge pressures [Pa].
    linear, quadratic : float or array
        From `hose_coefficients`.
    """
    drop = upstream - downstream
    # the form with the root in the denominator stays exact when the quadratic part vanishes
    root = np.sqrt(linear * linear + 4.0 * quadratic * np.abs(drop))
    return REFERENCE_DENSITY * 2.0 * drop / (linear + root)


def pump_flow(
    drive: Value, supply_pressure: Value, free_flow: Value, shut_off_pressure: Value
) -> Value:
    """Mass flow of the pump [kg/s]: ``drive * Q0 * (1 - p / p_shut)``, never negative.

    Parameters
    ----------
    drive : float or array
        Pump drive [0..1].
    supply_pressure : float or array
        Gauge pressure of the supply rail [Pa].
    free_flow : float or array
        Volume flow against no pressure at the reference conditions [m3/s].
    shut_off_pressure : float or array
        Gauge pressure at which the flow ends [Pa].
    """
    droop = np.maximum(1.0 - supply_pressure / shut_off_pressure, 0.0)
    return drive * free_flow * REFERENCE_DENSITY * droop


def chamber_capacity(rest_volume: Value, compliance: Value, pressure: Value) -> Value:
    """Mass of air per pressure of a chamber beyond its slack, dm/dp [kg/Pa].

    From ``m R T = (p_atm + p) (V_u + C_w p)`` at the reference temperature.

    Parameters
    ----------
    rest_volume : float or array
        V_u [m3].
    compliance : float or array
        C_w [m3/Pa].
    pressure : float or array
        Gauge pressure [Pa]; below 0 counts as 0.
    """
    above = np.maximum(pressure, 0.0)
    volume = rest_volume + compliance * above
    return ((ATMOSPHERE + above) * compliance + volume) / (GAS_CONSTANT * REFERENCE_TEMPERATURE)
