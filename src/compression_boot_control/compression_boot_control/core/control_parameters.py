"""The words of the control law: its model and tuning, its memory, what a chamber asks for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.pid import PidState
from compression_boot_control.core.pneumatics import hose_coefficients
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray
from compression_boot_control.core.units import MMHG

DEFAULT_GAINS = (12.0, 1.0, 0.05)
"""kp [1/s], ki [1/s2] and kd [-] for a chamber that nobody has identified."""


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
