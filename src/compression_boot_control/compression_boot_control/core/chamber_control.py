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

from typing import NamedTuple

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
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.pid import MAX_GAP, PidGains, PidState, pid_step
from compression_boot_control.core.pneumatics import (
    REFERENCE_DENSITY,
    chamber_capacity,
    hose_coefficients,
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
DEFAULT_GAINS = (12.0, 1.0, 0.05)
"""kp [1/s], ki [1/s2] and kd [-] for a chamber that nobody has identified."""

HIGHEST_TARGET = 110.0 * MMHG
"""No target above this is followed, whoever asks [Pa]."""

GUARDED_GAP = 5.0 * MMHG
"""A chamber this far below the neediest one is throttled for its sake [Pa]."""

READY_BAND = 10.0 * MMHG
"""Deficit of the rail at which an idle pump runs fully [Pa]."""


class ControlParameters(NamedTuple):
    """Model and tuning of the control law.

    Attributes
    ----------
    rest_volume, compliance : (N,) array
        Identified chamber [m3], [m3/Pa].
    inlet_conductance, exhaust_conductance, dead_band : (N,) array
        Valves [m3/(s Pa)], [0..1).
    hose_linear, hose_quadratic : (N,) array
        From `hose_coefficients`.
    kp, ki, kd : (N,) array
        PID gains on pressure to rate [1/s], [1/s2], [-].
    hold_enter, hold_leave, hold_above : float
        Error within which the valves shut, and below and above the target beyond which they work
        again [Pa]. More is borne above: air that is let out has to be pumped again.
    hold_join : float
        While the rail stands high for another chamber, one this far below joins it [Pa].
    refill : float
        A chamber that was held and has lost pressure is aimed this far above its target [Pa].
    still_rate : float
        Rate below which a chamber may go to hold [Pa/s].
    fastest_fall : float
        Bound on the commanded rate downwards [Pa/s].
    smallest_opening : float
        Demands below this opening keep the valve shut [0..1].
    supply_margin : float
        How far the rail is kept above the pressure of the chamber that needs it [Pa].
    """

    rest_volume: FloatArray
    compliance: FloatArray
    inlet_conductance: FloatArray
    exhaust_conductance: FloatArray
    dead_band: FloatArray
    hose_linear: FloatArray
    hose_quadratic: FloatArray
    kp: FloatArray
    ki: FloatArray
    kd: FloatArray
    hold_enter: float
    hold_leave: float
    hold_join: float
    hold_above: float
    refill: float
    still_rate: float
    fastest_fall: float
    smallest_opening: float
    supply_margin: float

    @staticmethod
    def from_garment(
        garment: Garment,
        *,
        kp: float | None = None,
        ki: float | None = None,
        kd: float | None = None,
        hold_enter: float = 0.2 * MMHG,
        hold_leave: float = 0.5 * MMHG,
        hold_join: float = 0.3 * MMHG,
        hold_above: float = 0.65 * MMHG,
        refill: float = 0.3 * MMHG,
        still_rate: float = 8.0 * MMHG,
        fastest_fall: float = 200.0 * MMHG,
        smallest_opening: float = 0.004,
        supply_margin: float = 30.0 * MMHG,
    ) -> ControlParameters:
        """Parameters for a garment, with the defaults that the parameter file documents.

        A gain that is not given is the garment's own, or of `DEFAULT_GAINS`.
        """
        linear, quadratic = hose_coefficients(garment.hose_length, garment.hose_bore)
        ones = np.ones(len(garment))
        own_kp, own_ki, own_kd = garment.gains or DEFAULT_GAINS
        return ControlParameters(
            rest_volume=garment.rest_volume,
            compliance=garment.compliance,
            inlet_conductance=garment.inlet_conductance,
            exhaust_conductance=garment.exhaust_conductance,
            dead_band=garment.valve_dead_band,
            hose_linear=linear,
            hose_quadratic=quadratic,
            kp=(own_kp if kp is None else kp) * ones,
            ki=(own_ki if ki is None else ki) * ones,
            kd=(own_kd if kd is None else kd) * ones,
            hold_enter=hold_enter,
            hold_leave=hold_leave,
            hold_join=hold_join,
            hold_above=hold_above,
            refill=refill,
            still_rate=still_rate,
            fastest_fall=fastest_fall,
            smallest_opening=smallest_opening,
            supply_margin=supply_margin,
        )


class ControlState(NamedTuple):
    """What the controller remembers.

    Attributes
    ----------
    pid : PidState
        Rate demand per chamber [Pa/s].
    holding : (..., N) bool array
        Both valves are shut because the target is kept.
    learned : (..., N) array
        Capacity over the believed one, as the fills so far have shown it [-].
    inlet, exhaust : (..., N) array
        Last commands [0..1].
    refilling : (..., N) bool array
        The chamber was held, has lost pressure, and gets it back.
    raised : (..., N) bool array
        The rail serves a chamber about as high as this one, or higher.
    inlet_switches, exhaust_switches : (..., N) array
        How often each valve has opened from shut.
    """

    pid: PidState
    learned: FloatArray
    holding: BoolArray
    refilling: BoolArray
    raised: BoolArray
    inlet: FloatArray
    exhaust: FloatArray
    inlet_switches: IntArray
    exhaust_switches: IntArray

    @staticmethod
    def initial(shape: tuple[int, ...]) -> ControlState:
        """Vented, nothing switched yet."""
        return ControlState(
            pid=PidState.at_rest(shape),
            learned=np.ones(shape),
            holding=np.zeros(shape, dtype=np.bool_),
            refilling=np.zeros(shape, dtype=np.bool_),
            raised=np.zeros(shape, dtype=np.bool_),
            inlet=np.zeros(shape),
            exhaust=np.ones(shape),
            inlet_switches=np.zeros(shape, dtype=np.int64),
            exhaust_switches=np.zeros(shape, dtype=np.int64),
        )


class Demand(NamedTuple):
    """What a chamber asks for before the pump is shared.

    Attributes
    ----------
    pid : PidState
    learned : array
        See `ControlState`.
    holding, refilling, vent, hungry : array of bool
        Both valves shut because the target is kept; gets back what it lost in a hold; exhaust open
        whatever else; below its aim, whether or not the rail can feed it now.
    target, pressure : array
        What is followed, and what is known of the chamber [Pa].
    rail : array
        Supply pressure that the chamber counts on [Pa].
    flow : array
        Mass flow asked for, negative to let air out [kg/s].
    """

    pid: PidState
    learned: FloatArray
    holding: BoolArray
    refilling: BoolArray
    vent: BoolArray
    hungry: BoolArray
    target: FloatArray
    pressure: FloatArray
    rail: FloatArray
    flow: FloatArray

    @staticmethod
    def nothing(shape: tuple[int, ...]) -> Demand:
        """Nobody asks for anything."""
        no, zeros = np.zeros(shape, dtype=np.bool_), np.zeros(shape)
        rest = PidState.at_rest(shape)
        return Demand(rest, zeros, no, no, no, no, zeros, zeros, zeros, zeros)


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
