"""The control law: from pressures and set-points to valves and pump.

A chamber integrates flow, so the PID works in its natural unit, the rate of pressure [Pa/s], and a
model turns the rate into flow and the flow into an opening::

    rate  u = PID(target, p, p')                  kp [1/s] sets the closed loop's speed
    flow  m = u (p_abs C_w + V(p)) / (R T)        feed-forward from the identified chamber
    inlet   = m / m_inlet(p_supply -> p + hose drop)     fully open while m is out of reach
    exhaust = -m / m_exhaust(p - hose drop -> atmosphere)

While the demand exceeds what pump and valve give, the inlet is simply open: the fill takes as long
as physics needs, and the PID's limits follow that achievable rate, so nothing winds up. Within
``hold_enter`` of the target both valves shut, and stay shut until the pressure is ``hold_leave``
below or ``hold_above`` over it: that holds better than a valve that chatters, and bounds the number
of switches.

One pump feeds all chambers, and gives less the higher the rail stands. A slack chamber would drain
the rail below what a chamber that is nearly there, or holds and leaks, still needs; its inlet is
throttled just so far that the rail stays above, and only while one is below its target. Each time
costs the wave some flow. So a held chamber that has lost pressure gets back a little more than that
(``refill``), and others that are low join it (``hold_join``).

A chamber is vented when its pressure or target is NaN, and for every mode but TRACK, HOLD and SHUT.
In SHUT both valves stay shut, whatever the pressure does.
"""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.capacity_learning import (
    TELLING_DROP,
    TELLING_OPENING,
    learned_capacity,
)
from compression_boot_control.core.chambers import (
    any_chamber,
    garment_level,
    highest,
    where,
    without_chamber_axis,
)
from compression_boot_control.core.control_parameters import ControlParameters, ControlState, Demand
from compression_boot_control.core.pid import MAX_GAP, PidGains, PidState, pid_step
from compression_boot_control.core.pneumatics import (
    REFERENCE_DENSITY,
    chamber_capacity,
    hose_drop,
    orifice_flow,
)
from compression_boot_control.core.signals import (
    Actuation,
    BoolArray,
    FloatArray,
    IntArray,
    Mode,
    Pressures,
    Setpoints,
)
from compression_boot_control.core.units import MMHG

TRACK, HOLD, SHUT = int(Mode.TRACK), int(Mode.HOLD), int(Mode.SHUT)
HIGHEST_TARGET = 110.0 * MMHG
"""No target above this is followed, whoever asks [Pa]."""

GUARDED_GAP = 5.0 * MMHG
"""A chamber this far below the neediest one is throttled for its sake [Pa]."""

READY_BAND = 10.0 * MMHG
"""Deficit of the rail at which an idle pump runs fully [Pa]."""


def control_step(
    parameters: ControlParameters,
    state: ControlState,
    pressures: Pressures,
    setpoints: Setpoints,
    dt: float,
) -> tuple[ControlState, Actuation]:
    """Advance the controller by one sample.

    Parameters
    ----------
    parameters : ControlParameters
    state : ControlState
    pressures : Pressures
    setpoints : Setpoints
    dt : float
        Time since the last sample [s].

    Returns
    -------
    ControlState
    Actuation
    """
    supply = garment_level(pressures.supply_pressure)
    demand = chamber_demand(
        parameters,
        state,
        pressures.pressure,
        pressures.rate,
        supply,
        setpoints.mode,
        setpoints.target,
        dt,
    )
    new_state = chamber_actuation(
        parameters,
        state,
        demand,
        highest(where(demand.hungry, demand.pressure, 0.0)),
    )
    pump = pump_drive(
        parameters.supply_margin,
        supply,
        highest(demand.target),
        any_chamber(demand.hungry),
        any_chamber(~demand.vent),
    )
    return new_state, Actuation(new_state.inlet, new_state.exhaust, without_chamber_axis(pump))


def chamber_demand(
    parameters: ControlParameters,
    state: ControlState,
    pressure: FloatArray,
    rate: FloatArray,
    supply: FloatArray,
    mode: IntArray,
    target: FloatArray,
    dt: float,
) -> Demand:
    """First half of the law: each chamber by itself, from pressure to the flow it asks for."""
    usable = np.isfinite(pressure) & np.isfinite(rate) & np.isfinite(target)
    shut = mode == SHUT
    asked = (mode == TRACK) | (mode == HOLD) | shut
    vent = ~asked | ~usable | (target > HIGHEST_TARGET) | (target < 0.0)
    known = where(usable, pressure, 0.0)
    known_rate = where(usable, rate, 0.0)
    wanted = where(vent, 0.0, target)
    # a rail that is not measured is taken to stand just above what is asked for
    rail = where(np.isfinite(supply), supply, wanted + parameters.supply_margin)

    believed = chamber_capacity(parameters.rest_volume, parameters.compliance, known)
    opening = np.maximum(state.inlet - parameters.dead_band, 0.0) / (1.0 - parameters.dead_band)
    learned = learned_capacity(
        state.learned,
        inflow_of(parameters, opening, rail, known),
        believed,
        known,
        known_rate,
        (opening > TELLING_OPENING) & (rail > known + TELLING_DROP),
        min(max(dt, 0.0), MAX_GAP),
    )
    capacity = learned * believed
    reach = np.maximum(orifice_flow(rail, known, parameters.inlet_conductance), 0.0) / capacity
    gains = PidGains(
        parameters.kp, parameters.ki, parameters.kd, -parameters.fastest_fall + 0.0 * reach, reach
    )
    error = wanted - known
    low = (error > parameters.hold_leave) | (state.raised & (error > parameters.hold_join))
    outside = low | (-error > parameters.hold_above)
    # what a held chamber has lost is given back with some more, so that it seldom asks for air
    refilling = state.refilling | (state.holding & low & ~shut)
    refilling = refilling & (np.abs(error) < GUARDED_GAP) & ~vent & ~shut
    close = np.abs(error) < parameters.hold_enter
    there = where(refilling, error < -0.5 * parameters.hold_enter, close)
    inside = there & (np.abs(known_rate) < parameters.still_rate)
    holding = (((state.holding | inside) & ~outside) | shut) & ~vent
    aim = wanted + where(refilling, parameters.refill, 0.0)
    pid, speed = pid_step(gains, state.pid, aim, known, known_rate, dt)
    resting = holding | vent
    return Demand(
        pid=PidState(where(resting, 0.0, pid.integral), where(resting, 0.0, pid.output)),
        learned=learned,
        holding=holding,
        refilling=refilling & ~holding,
        vent=vent,
        hungry=(aim > known) & ~resting,
        target=wanted,
        pressure=known,
        rail=rail,
        flow=where(resting, 0.0, speed) * capacity,
    )


def inflow_of(
    parameters: ControlParameters, opening: FloatArray, rail: FloatArray, pressure: FloatArray
) -> FloatArray:
    """Mass flow through an open inlet and its hose into a chamber [kg/s], about."""
    free = orifice_flow(rail, pressure, parameters.inlet_conductance * opening)
    drop = hose_drop(free / REFERENCE_DENSITY, parameters.hose_linear, parameters.hose_quadratic)
    # valve and hose both drop about with the square of the flow, and share what there is
    across = np.maximum(rail - pressure, MMHG)
    inflow: FloatArray = free * np.sqrt(across / (across + np.abs(drop)))
    return inflow


def chamber_actuation(
    parameters: ControlParameters,
    state: ControlState,
    demand: Demand,
    need: FloatArray,
) -> ControlState:
    """Second half of the law: from the flow asked for to openings.

    Parameters
    ----------
    parameters : ControlParameters
    state : ControlState
        Before this step.
    demand : Demand
    need : (..., 1) array
        Highest pressure of a hungry chamber of the garment [Pa].

    Returns
    -------
    ControlState
        Its inlet and exhaust are the commands.
    """
    flow, pressure, rail = demand.flow, demand.pressure, demand.rail
    port = pressure + hose_drop(
        flow / REFERENCE_DENSITY, parameters.hose_linear, parameters.hose_quadratic
    )
    inlet_full = orifice_flow(rail, port, parameters.inlet_conductance)
    exhaust_full = orifice_flow(port, 0.0, parameters.exhaust_conductance)
    inlet = where(flow > 0.0, opening_for(flow, inlet_full), 0.0)
    inlet = inlet * rail_guard(parameters.supply_margin, pressure, rail, need)
    exhaust = where(flow < 0.0, opening_for(-flow, exhaust_full), 0.0)
    # air must not flow back through an inlet into a rail that is lower than the chamber
    inlet = where(rail > pressure, inlet, 0.0)

    inlet = beyond_dead_band(inlet, parameters.dead_band, parameters.smallest_opening)
    exhaust = beyond_dead_band(exhaust, parameters.dead_band, parameters.smallest_opening)
    inlet = where(demand.vent, 0.0, inlet)
    exhaust = where(demand.vent, 1.0, exhaust)
    return ControlState(
        pid=demand.pid,
        learned=demand.learned,
        holding=demand.holding,
        refilling=demand.refilling,
        raised=need > pressure - GUARDED_GAP,
        inlet=inlet,
        exhaust=exhaust,
        inlet_switches=state.inlet_switches + ((inlet > 0.0) & (state.inlet <= 0.0)),
        exhaust_switches=state.exhaust_switches + ((exhaust > 0.0) & (state.exhaust <= 0.0)),
    )


def opening_for(flow: FloatArray, full_flow: FloatArray) -> FloatArray:
    """Opening [0..1] that passes `flow` of a valve's `full_flow`; 1 where it is out of reach."""
    opening: FloatArray = np.minimum(flow / np.maximum(full_flow, np.maximum(flow, 1e-12)), 1.0)
    return opening


def beyond_dead_band(
    opening: FloatArray, dead_band: FloatArray, smallest_opening: float
) -> FloatArray:
    """Command for a wanted opening: past the dead band, or 0 below the smallest opening."""
    command = dead_band + (1.0 - dead_band) * np.minimum(opening, 1.0)
    beyond: FloatArray = where(opening > smallest_opening, command, 0.0)
    return beyond


def rail_guard(
    supply_margin: float, pressure: FloatArray, rail: FloatArray, need: FloatArray
) -> FloatArray:
    """Factor [0.05..1] on the inlets of chambers that would drain the rail from a needier one.

    The neediest chamber is the one at the highest pressure that is below its target. The others are
    throttled as the rail falls to its pressure plus the margin.
    """
    factor = np.minimum(np.maximum((rail - need) / supply_margin, 0.05), 1.0)
    guarded: FloatArray = where(pressure < need - GUARDED_GAP, factor, 1.0)
    return guarded


def pump_drive(
    supply_margin: float,
    supply: FloatArray,
    target: FloatArray,
    hungry: BoolArray,
    active: BoolArray,
) -> FloatArray:
    """Pump drive [0..1]: full while a chamber is hungry, else enough to keep the rail ready.

    Parameters
    ----------
    supply_margin : float
        How far above the highest target the rail is kept [Pa].
    supply : (..., 1) array
        Pressure of the rail [Pa]; NaN if not measured.
    target : (..., 1) array
        Highest target of the garment [Pa].
    hungry, active : (..., 1) array
        Whether any chamber is below its target, and whether any is not vented.
    """
    ready = np.minimum(np.maximum((target + supply_margin - supply) / READY_BAND, 0.0), 1.0)
    drive = where(hungry, 1.0, where(np.isfinite(supply), ready, 0.0))
    permitted: FloatArray = where(active, drive, 0.0)
    return permitted
