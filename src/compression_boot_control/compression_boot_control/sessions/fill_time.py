"""How long chambers take to fill and to vent, from the garment's volumes, pump, valves and hoses.

Quasi-static: at a few pressures on the way the flow follows from the pump's curve, the relief
valve, and the drop over inlet valve and hose; the times between add up. What it leaves out, the
limb's creep, heat, and the controller's care near its target, is covered by margins.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.pneumatics import (
    ATMOSPHERE,
    CRITICAL_RATIO,
    GAS_CONSTANT,
    REFERENCE_DENSITY,
    REFERENCE_TEMPERATURE,
    hose_coefficients,
    hose_drop,
)
from compression_boot_control.core.sequence import VENTED_PRESSURE
from compression_boot_control.core.signals import BoolArray, FloatArray

STEPS = 8
"""Pressures on the way at which the flow is computed."""

BISECTIONS = 24
"""Halvings in the search for a flow; the last one is a ten-millionth of the first."""


def valve_upstream(
    flow: FloatArray, downstream: FloatArray, conductance: FloatArray, ratio: float = CRITICAL_RATIO
) -> FloatArray:
    """Gauge pressure before a valve that carries a flow: `orifice_flow` solved for it.

    Parameters
    ----------
    flow : array
        Mass flow [kg/s].
    downstream : array
        Gauge pressure after the valve [Pa].
    conductance : array
        Sonic conductance [m3/(s Pa)].
    ratio : float
        Critical pressure ratio, below 0.5.
    """
    choked = flow / (conductance * REFERENCE_DENSITY)
    low = downstream + ATMOSPHERE
    span = (1.0 - ratio) ** 2
    a = 1.0 - ratio**2 / span
    b = ratio * low / span
    c = low**2 / span + choked**2
    elliptic = (np.sqrt(b**2 + a * c) - b) / a
    return np.where(low <= ratio * choked, choked, elliptic) - ATMOSPHERE


def _mass(garment: Garment, pressure: FloatArray) -> FloatArray:
    """Air in each chamber at gauge pressures of 0 and more [kg]."""
    volume = garment.rest_volume + garment.compliance * pressure
    return (ATMOSPHERE + pressure) * volume / (GAS_CONSTANT * REFERENCE_TEMPERATURE)


def _hose_drop(garment: Garment) -> Callable[[FloatArray], FloatArray]:
    """Pressure drop along each chamber's hose [Pa], as a function of mass flows (..., N) [kg/s]."""
    coefficients: Callable[..., tuple[FloatArray, FloatArray]] = hose_coefficients
    drop: Callable[..., FloatArray] = hose_drop
    linear, quadratic = coefficients(garment.hose_length, garment.hose_bore)
    return lambda flow: drop(flow / REFERENCE_DENSITY, linear, quadratic)


def fill_time(
    garment: Garment,
    target: FloatArray,
    *,
    start: FloatArray | float = 0.0,
    empty: bool = True,
) -> float:
    """Time to inflate chambers together, with the pump at full drive.

    Parameters
    ----------
    garment : Garment
    target : (N,) array
        Gauge pressure to reach [Pa]; 0 for chambers that do not take part.
    start : (N,) array or float
        Gauge pressure at the start [Pa].
    empty : bool
        Whether chambers that start at 0 are without air, as in a first cycle, or slack but full.

    Returns
    -------
    float
        Time [s].
    """
    start = np.minimum(np.broadcast_to(start, target.shape), target)
    level = start + np.linspace(0.0, 1.0, STEPS + 1)[:, None] * (target - start)
    mass = np.where(target > 0.0, _mass(garment, level), 0.0)
    growth = np.diff(mass, axis=0)
    middle = (level[1:] + level[:-1]) / 2.0
    if empty:
        slack = np.where(start > 0.0, 0.0, mass[0])
        growth = np.concatenate([slack[None], growth])
        middle = np.concatenate([level[:1], middle])
    total = growth.sum(axis=-1)
    share = growth / np.where(total > 0.0, total, 1.0)[:, None]
    return float(np.sum(total / _supply_flow(garment, middle, share)))


def _supply_flow(garment: Garment, pressure: FloatArray, share: FloatArray) -> FloatArray:
    """Flow that pump and relief valve allow into chambers at given pressures; (S,) [kg/s].

    Parameters
    ----------
    pressure, share : (S, N) array
        Gauge pressure of each chamber [Pa], and its share in the flow.
    """
    pump, relief = garment.pump, garment.supply.relief_pressure
    drop = _hose_drop(garment)
    most = np.full(len(pressure), pump.free_flow * REFERENCE_DENSITY)
    low, high = np.zeros_like(most), most
    for _ in range(BISECTIONS):
        flow = (low + high) / 2.0
        each = flow[:, None] * share
        outlet = pressure + drop(each)
        needed = valve_upstream(each, outlet, garment.inlet_conductance)
        needed = np.where(share > 0.0, needed, 0.0).max(axis=-1)
        available = np.minimum(relief, pump.shut_off_pressure * (1.0 - flow / most))
        low = np.where(needed <= available, flow, low)
        high = np.where(needed <= available, high, flow)
    return np.maximum(low, 1e-9 * most)


def release_time(
    garment: Garment, pressure: FloatArray, vented: float = VENTED_PRESSURE
) -> FloatArray:
    """Time for each chamber to vent through its hose and exhaust valve.

    Parameters
    ----------
    garment : Garment
    pressure : (N,) array
        Gauge pressure at the start [Pa].
    vented : float
        Gauge pressure at the end [Pa].

    Returns
    -------
    (N,) array
        Time [s]; 0 where the pressure is below already.
    """
    under_pressure: BoolArray = pressure > vented
    level = vented + np.linspace(0.0, 1.0, STEPS + 1)[:, None] * np.maximum(pressure - vented, 0.0)
    loss = np.diff(_mass(garment, level), axis=0)
    middle = (level[1:] + level[:-1]) / 2.0
    drop = _hose_drop(garment)
    low = np.zeros_like(middle)
    high = garment.exhaust_conductance * REFERENCE_DENSITY * (ATMOSPHERE + middle)
    for _ in range(BISECTIONS):
        flow = (low + high) / 2.0
        outlet = drop(flow)
        passes = valve_upstream(flow, outlet, garment.exhaust_conductance) <= middle
        low, high = np.where(passes, flow, low), np.where(passes, high, flow)
    return np.where(under_pressure, (loss / np.maximum(low, 1e-12)).sum(axis=0), 0.0)
