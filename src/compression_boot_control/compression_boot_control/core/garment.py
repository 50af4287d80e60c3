"""The garment: its chambers by name, and the pneumatic parameters that the controller believes.

A `Garment` is what a garment file says and what an identification measures. The simulated boots
are built from one too, and then differ from it as a leg and a workshop would make them differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from compression_boot_control.core.signals import FloatArray, IntArray

LEGS = ('left', 'right')


@dataclass(frozen=True)
class Pump:
    """A pump with a straight curve from free flow to shut-off.

    Attributes
    ----------
    free_flow : float
        Volume flow against no pressure, at the reference conditions of ISO 6358 [m3/s].
    shut_off_pressure : float
        Gauge pressure at which the flow ends [Pa].
    """

    free_flow: float
    shut_off_pressure: float


@dataclass(frozen=True)
class Supply:
    """The rail between the pump and the inlet valves.

    Attributes
    ----------
    volume : float
        Volume of the rail [m3].
    relief_pressure : float
        Gauge pressure at which its mechanical relief valve opens [Pa].
    """

    volume: float
    relief_pressure: float


@dataclass(frozen=True)
class Garment:
    """Chambers of both sleeves, in one order that all arrays follow.

    Attributes
    ----------
    name : str
        Name of the garment.
    zone_order : tuple of str
        Zones from distal (foot) to proximal (thigh).
    chamber_names, legs, zones : tuple of str
        Per chamber: unique name, leg (one of `LEGS`) and zone (one of `zone_order`).
    rest_volume : (N,) array
        Volume that fills before the pressure rises [m3].
    compliance : (N,) array
        Volume per pressure beyond the rest volume, wall and limb [m3/Pa].
    inlet_conductance, exhaust_conductance : (N,) array
        Sonic conductance of the valves, fully open [m3/(s Pa)].
    valve_response : (N,) array
        Time constant of both valves [s].
    valve_dead_band : (N,) array
        Command below which a valve stays shut [0..1).
    hose_length, hose_bore : (N,) array
        Hose between manifold and chamber [m].
    leak : (N,) array
        Leak at 60 mmHg [m3/s], at the reference conditions.
    pump : Pump
    supply : Supply
    gains : tuple of (N,) array, optional
        Designed kp [1/s], ki [1/s2] and kd [-]; None: the controller's defaults.
    """

    name: str
    zone_order: tuple[str, ...]
    chamber_names: tuple[str, ...]
    legs: tuple[str, ...]
    zones: tuple[str, ...]
    rest_volume: FloatArray
    compliance: FloatArray
    inlet_conductance: FloatArray
    exhaust_conductance: FloatArray
    valve_response: FloatArray
    valve_dead_band: FloatArray
    hose_length: FloatArray
    hose_bore: FloatArray
    leak: FloatArray
    pump: Pump
    supply: Supply
    gains: tuple[FloatArray, FloatArray, FloatArray] | None = None

    def __len__(self) -> int:
        return len(self.chamber_names)

    def index(self, chamber_name: str) -> int:
        """Position of a chamber in all arrays; ValueError if there is none of this name."""
        return self.chamber_names.index(chamber_name)

    @property
    def zone_rank(self) -> IntArray:
        """Place of each chamber's zone in `zone_order`, 0 for the most distal; (N,)."""
        return np.array([self.zone_order.index(zone) for zone in self.zones])

    def on_leg(self, leg: str) -> tuple[int, ...]:
        """Positions of the chambers on `leg`, distal to proximal."""
        rank = self.zone_rank
        positions = [i for i, own in enumerate(self.legs) if own == leg]
        return tuple(sorted(positions, key=lambda i: int(rank[i])))

    def neighbours(self) -> FloatArray:
        """(N, N) matrix of 1 where two chambers touch: adjacent zones of the same leg."""
        touching = np.zeros((len(self), len(self)))
        for leg in LEGS:
            chain = self.on_leg(leg)
            for lower, upper in pairwise(chain):
                touching[lower, upper] = touching[upper, lower] = 1.0
        return touching
