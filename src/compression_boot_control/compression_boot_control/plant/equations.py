"""The equations of the simulated boots, each written once.

They are elementwise and free of branches on values: the reference in ``step.py`` calls them with
arrays, and the kernel in ``kernel.py`` compiles the very same source for scalars. Pressures are
gauge [Pa], flows mass flows [kg/s], conductances here mass flow per pressure drop [kg/(s Pa)]
unless called sonic. A `Value` is a float or an array.

A substep is linearly implicit: every flow is its *secant* conductance, taken at the pressures
before the substep, times the pressure drop after it. The network of conductances has one solution,
between the highest and the lowest pressure about, whatever the length of the substep: the small
volumes of rail and hoses, with time constants near 1 ms, can neither overshoot nor ring. The masses
then move by these flows, so that what leaves one volume enters the next, to rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from compression_boot_control.core.pneumatics import (
    ATMOSPHERE,
    GAS_CONSTANT,
    REFERENCE_TEMPERATURE,
    hose_flow,
    orifice_flow,
    pump_flow,
)

Value = Any

SMALL_DROP = 1.0
"""Drop below which a secant is taken over this drop [Pa]; all flow laws are linear there."""


TINY = 1e-30
"""What a root is kept from vanishing by; in its unit far below anything that matters."""

NOTHING = 1e-30
"""Added and taken off again, it rounds to 1e-46; in any unit here far below what matters."""


def inlet_command(command: Value) -> Value:
    """Command within 0..1; NaN, which no driver can apply, is shut."""
    return np.fmin(np.fmax(command, 0.0), 1.0)


def exhaust_command(command: Value) -> Value:
    """Command within 0..1; NaN, which no driver can apply, is open: the valve is normally open."""
    return np.fmax(np.fmin(command, 1.0), 0.0)


def valve_target(command: Value, dead_band: Value, gain: Value, bias: Value) -> Value:
    """Opening that a valve settles at: none in the dead band, then linear up to 1.

    `gain` and `bias` are 1 and 0 for a sound valve, and 0 and the opening for a stuck one.
    """
    return gain * np.maximum(command - dead_band, 0.0) / (1.0 - dead_band) + bias


def relax(value: Value, target: Value, decay: Value) -> Value:
    """Exact first-order response after a time in which the distance falls by `decay`.

    With the mean of the decay over that time for `decay`, the mean response over it.
    """
    # a distance that shrinks for ever ends in subnormal numbers, on which processors are slow
    return target + (((value - target) * decay + NOTHING) - NOTHING)


def gas_energy(temperature_rise: Value) -> Value:
    """Specific gas constant times temperature [J/kg], by the rise over the reference [K]."""
    return GAS_CONSTANT * (REFERENCE_TEMPERATURE + temperature_rise)


def chamber_gas(
    mass: Value, energy: Value, rest_volume: Value, compliance: Value, slack_pressure: Value
) -> tuple[Value, Value]:
    """Pressure of a chamber by the gas law, and its slope over mass.

    Slack, the pressure rises with the content m R T, and reaches the slack pressure as the chamber
    fills its rest volume. Beyond that it stretches, by s over the slack pressure, and
    ``m R T = (p_atm + p_slack + s) (V_rest + C s)``: a quadratic, whose root is written with the
    difference in the numerator, exact for C = 0 too.

    Parameters
    ----------
    mass : Value
        Mass of gas [kg].
    energy : Value
        `gas_energy` [J/kg].
    rest_volume, compliance, slack_pressure : Value
        [m3], [m3/Pa], [Pa].

    Returns
    -------
    tuple of Value
        Pressure [Pa] and its slope [Pa/kg].
    """
    content = mass * energy
    base = ATMOSPHERE + slack_pressure
    full = base * rest_volume
    slack_slope = slack_pressure / full
    gap = rest_volume - compliance * base
    root = np.sqrt(gap * gap + np.maximum(4.0 * compliance * content, TINY))
    stretch = 2.0 * (content - full) / (rest_volume + compliance * base + root)
    pressure = slack_slope * np.minimum(content, full) + np.maximum(stretch, 0.0)
    # a product, because numpy's where makes arrays of scalars
    taut = stretch > 0.0
    slope = energy * (taut / root + (1.0 - taut) * slack_slope)
    return pressure, slope


def squeezed_volume(rest_volume: Value, creep: Value, lost: Value) -> Value:
    """Rest volume with what the limb yields and less what the neighbours take [m3].

    However hard the neighbours press, a tenth remains.
    """
    return np.maximum(rest_volume + creep - lost, 0.1 * rest_volume)


def valve_secant(upstream: Value, downstream: Value, sonic_conductance: Value) -> Value:
    """Flow through a valve per pressure drop, by ISO 6358."""
    drop = np.maximum(np.abs(upstream - downstream), SMALL_DROP)
    low = np.minimum(upstream, downstream)
    return orifice_flow(low + drop, low, sonic_conductance) / drop


def hose_secant(upstream: Value, downstream: Value, linear: Value, quadratic: Value) -> Value:
    """Flow through a hose per pressure drop."""
    drop = np.maximum(np.abs(upstream - downstream), SMALL_DROP)
    return hose_flow(drop, 0.0, linear, quadratic) / drop


def pump_secant(speed: Value, pressure: Value, free_flow: Value, shut_off: Value) -> Value:
    """Flow of the pump per pressure below its shut-off: exact, as its curve is straight."""
    flow = pump_flow(speed, pressure, free_flow, shut_off)
    return flow / np.maximum(shut_off - pressure, SMALL_DROP)


def relief_secant(pressure: Value, opening_pressure: Value, band: Value, sonic: Value) -> Value:
    """Flow of the relief valve per pressure above its opening."""
    excess = np.maximum(pressure - opening_pressure, 0.0)
    flow = orifice_flow(pressure, 0.0, sonic * np.minimum(excess / band, 1.0))
    return flow / np.maximum(excess, SMALL_DROP)


def chamber_line(
    pressure: Value, step_slope: Value, hose: Value, leak: Value
) -> tuple[Value, Value]:
    """Chamber pressure after a substep as a line ``a + b p`` over its port's, from its balance.

    `step_slope` is the substep's length times the slope of pressure over mass [Pa s/kg].
    """
    damping = 1.0 / (1.0 + step_slope * (hose + leak))
    return pressure * damping, step_slope * hose * damping


def port_line(
    pressure: Value,
    step_slope: Value,
    inlet: Value,
    exhaust: Value,
    hose: Value,
    chamber_base: Value,
    chamber_share: Value,
) -> tuple[Value, Value]:
    """Port pressure after a substep as a line ``a + b p`` over the supply's, from its balance."""
    outflow = inlet + exhaust + hose * (1.0 - chamber_share)
    damping = 1.0 / (1.0 + step_slope * outflow)
    return (
        (pressure + step_slope * hose * chamber_base) * damping,
        step_slope * inlet * damping,
    )


def supply_balance(
    pressure: Value,
    step_slope: Value,
    pump: Value,
    shut_off: Value,
    relief: Value,
    opening_pressure: Value,
    inlets: Value,
    inlet_bases: Value,
) -> Value:
    """Supply pressure after a substep.

    `inlets` is the sum over chambers of inlet conductance times ``1 - b`` of the port's line, and
    `inlet_bases` that of inlet conductance times its ``a``.
    """
    sources = pump * shut_off + relief * opening_pressure + inlet_bases
    return (pressure + step_slope * sources) / (1.0 + step_slope * (pump + relief + inlets))


def sensor_value(
    sensed: Value, error: Value, noise: Value, resolution: Value, low: Value, high: Value
) -> Value:
    """Reading of a sound sensor: with its error and noise, saturated, in steps [Pa]."""
    raw = np.minimum(np.maximum(sensed + error + noise, low), high)
    return np.rint(raw / resolution) * resolution


def sensor_drift(drift: Value, rate: Value, elapsed: Value) -> Value:
    """What a drifting sensor has gathered [Pa]; nothing once it is sound again."""
    return (drift + rate * elapsed) * (rate != 0.0)
