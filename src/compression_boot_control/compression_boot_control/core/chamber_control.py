"""The control law: from pressures and set-points to valves and pump.

A chamber integrates flow, so the PID works in its natural unit, the rate of pressure [Pa/s], and a
model turns the rate into flow and the flow into an opening::

    rate  u = PID(target, p, p')                  kp [1/s] sets the closed loop's speed
    flow  m = u (p_abs C_w + V(p)) / (R T)        feed-forward from the identified chamber
    inlet   = m / m_inlet(p_supply -> p + hose drop)     fully open while m is out of reach
    exhaust = -m / m_exhaust(p - hose drop -> atmosphere)

While the demand exceeds what pump and valve give, the inlet is simply open: the fill takes as long
as physics needs, and the PID's limits follow that achievable rate, so nothing winds up. Within
``hold_enter`` of the target both valves shut, and stay shut until the pressure has left
``hold_leave``: that holds better than a valve that chatters, and bounds the number of switches.

One pump feeds all chambers. A slack chamber would drain the supply rail below what a chamber that
is nearly there still needs; its inlet is throttled just so far that the rail stays above.

A chamber is vented when its pressure or target is NaN, and for every mode but TRACK and HOLD.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compression_boot_control.core.chambers import (
    any_chamber,
    garment_level,
    highest,
    without_chamber_axis,
)
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.pid import PidGains, PidState, pid_step
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

TRACK, HOLD = int(Mode.TRACK), int(Mode.HOLD)
HIGHEST_TARGET = 110.0 * MMHG
"""No target above this is followed, whoever asks [Pa]."""


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
    hold_enter, hold_leave : float
        Error below which the valves shut, and above which they work again [Pa].
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
    still_rate: float
    fastest_fall: float
    smallest_opening: float
    supply_margin: float

    @staticmethod
    def from_garment(
        garment: Garment,
        *,
        kp: float = 8.0,
        ki: float = 1.0,
        kd: float = 0.05,
        hold_enter: float = 0.25 * MMHG,
        hold_leave: float = 0.6 * MMHG,
        still_rate: float = 4.0 * MMHG,
        fastest_fall: float = 200.0 * MMHG,
        smallest_opening: float = 0.004,
        supply_margin: float = 20.0 * MMHG,
    ) -> ControlParameters:
        """Parameters for a garment, with the defaults that the parameter file documents."""
        linear, quadratic = hose_coefficients(garment.hose_length, garment.hose_bore)
        ones = np.ones(len(garment))
        return ControlParameters(
            rest_volume=garment.rest_volume,
            compliance=garment.compliance,
            inlet_conductance=garment.inlet_conductance,
            exhaust_conductance=garment.exhaust_conductance,
            dead_band=garment.valve_dead_band,
            hose_linear=linear,
            hose_quadratic=quadratic,
            kp=kp * ones,
            ki=ki * ones,
            kd=kd * ones,
            hold_enter=hold_enter,
            hold_leave=hold_leave,
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
    inlet, exhaust : (..., N) array
        Last commands [0..1].
    inlet_switches, exhaust_switches : (..., N) array
        How often each valve has opened from shut.
    """

    pid: PidState
    holding: BoolArray
    inlet: FloatArray
    exhaust: FloatArray
    inlet_switches: IntArray
    exhaust_switches: IntArray

    @staticmethod
    def initial(shape: tuple[int, ...]) -> ControlState:
        """Vented, nothing switched yet."""
        return ControlState(
            pid=PidState.at_rest(shape),
            holding=np.zeros(shape, dtype=np.bool_),
            inlet=np.zeros(shape),
            exhaust=np.ones(shape),
            inlet_switches=np.zeros(shape, dtype=np.int64),
            exhaust_switches=np.zeros(shape, dtype=np.int64),
        )


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
    new_state, pump = control_law(
        parameters,
        state,
        pressures.pressure,
        pressures.rate,
        garment_level(pressures.supply_pressure),
        setpoints.mode,
        setpoints.target,
        dt,
    )
    return new_state, Actuation(new_state.inlet, new_state.exhaust, without_chamber_axis(pump))


def control_law(
    parameters: ControlParameters,
    state: ControlState,
    pressure: FloatArray,
    rate: FloatArray,
    supply: FloatArray,
    mode: IntArray,
    target: FloatArray,
    dt: float,
) -> tuple[ControlState, FloatArray]:
    """Compute `control_step` on plain arrays; see there.

    Returns
    -------
    tuple
        State, whose inlet and exhaust are the commands, and (..., 1) pump drive.
    """
    usable = np.isfinite(pressure) & np.isfinite(rate) & np.isfinite(target)
    asked = (mode == TRACK) | (mode == HOLD)
    vent = ~asked | ~usable | (target > HIGHEST_TARGET) | (target < 0.0)
    known = np.where(usable, pressure, 0.0)
    known_rate = np.where(usable, rate, 0.0)
    wanted = np.where(vent, 0.0, target)
    supply_known = np.isfinite(supply)
    # a rail that is not measured is taken to stand just above what is asked for
    rail = np.where(supply_known, supply, highest(wanted) + parameters.supply_margin)

    capacity = chamber_capacity(parameters.rest_volume, parameters.compliance, known)
    reach = np.maximum(orifice_flow(rail, known, parameters.inlet_conductance), 0.0) / capacity
    gains = PidGains(
        parameters.kp, parameters.ki, parameters.kd, -parameters.fastest_fall + 0.0 * reach, reach
    )
    error = wanted - known
    inside = (np.abs(error) < parameters.hold_enter) & (np.abs(known_rate) < parameters.still_rate)
    outside = np.abs(error) > parameters.hold_leave
    holding = (state.holding | inside) & ~outside & ~vent
    pid, demand = pid_step(gains, state.pid, wanted, known, known_rate, dt)
    resting = holding | vent
    pid = PidState(np.where(resting, 0.0, pid.integral), np.where(resting, 0.0, pid.output))
    demand = np.where(resting, 0.0, demand)

    flow = demand * capacity
    port = known + hose_drop(
        flow / REFERENCE_DENSITY, parameters.hose_linear, parameters.hose_quadratic
    )
    inlet_full = orifice_flow(rail, port, parameters.inlet_conductance)
    exhaust_full = orifice_flow(port, 0.0, parameters.exhaust_conductance)
    filling = flow > 0.0
    draining = flow < 0.0
    inlet = np.where(filling, opening_for(flow, inlet_full), 0.0)
    inlet = inlet * rail_guard(parameters, known, rail, filling)
    exhaust = np.where(draining, opening_for(-flow, exhaust_full), 0.0)
    # air must not flow back through an inlet into a rail that is lower than the chamber
    inlet = np.where(rail > known, inlet, 0.0)

    inlet = beyond_dead_band(inlet, parameters.dead_band, parameters.smallest_opening)
    exhaust = beyond_dead_band(exhaust, parameters.dead_band, parameters.smallest_opening)
    inlet = np.where(vent, 0.0, inlet)
    exhaust = np.where(vent, 1.0, exhaust)

    pump = pump_drive(parameters, wanted, rail, supply_known, filling, ~vent)
    return (
        ControlState(
            pid=pid,
            holding=holding,
            inlet=inlet,
            exhaust=exhaust,
            inlet_switches=state.inlet_switches + ((inlet > 0.0) & (state.inlet <= 0.0)),
            exhaust_switches=state.exhaust_switches + ((exhaust > 0.0) & (state.exhaust <= 0.0)),
        ),
        pump,
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
    return np.where(opening > smallest_opening, command, 0.0)


def rail_guard(
    parameters: ControlParameters, pressure: FloatArray, rail: FloatArray, filling: BoolArray
) -> FloatArray:
    """Factor [0.05..1] on the inlets of chambers that would drain the rail from a needier one.

    The neediest chamber is the one at the highest pressure that still fills. The others are
    throttled as the rail falls to its pressure plus the margin.
    """
    need = highest(np.where(filling, pressure, 0.0))
    room = (rail - need) / parameters.supply_margin
    factor = np.minimum(np.maximum(room, 0.05), 1.0)
    return np.where(pressure < need - 5.0 * MMHG, factor, 1.0)


def pump_drive(
    parameters: ControlParameters,
    target: FloatArray,
    rail: FloatArray,
    supply_known: BoolArray,
    filling: BoolArray,
    active: BoolArray,
) -> FloatArray:
    """Pump drive [0..1]: full while a chamber fills, else enough to keep the rail ready."""
    wanted_rail = highest(np.where(active, target, 0.0)) + parameters.supply_margin
    ready = np.minimum(np.maximum((wanted_rail - rail) / (10.0 * MMHG), 0.0), 1.0)
    ready = np.where(supply_known, ready, 0.0)
    drive = np.where(any_chamber(filling), 1.0, ready)
    return np.where(any_chamber(active), drive, 0.0)
