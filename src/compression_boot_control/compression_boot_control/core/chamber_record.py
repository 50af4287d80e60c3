"""The words of identification: the experiment on a chamber as a record, and what is found in it."""

from __future__ import annotations

from dataclasses import dataclass

from compression_boot_control.core.signals import FloatArray, IntArray

END, DISCHARGE, FILL, RELAX, VENT = range(5)
"""Phases of the experiment on one chamber; `END` is whatever lies outside of it."""


@dataclass(frozen=True)
class ChamberFile:
    """What is believed of one chamber before it is measured; see `Garment` for the units."""

    name: str
    inlet_conductance: float
    exhaust_conductance: float
    dead_band: float
    hose_length: float
    hose_bore: float
    rail_volume: float
    sensor_lag: float = 0.005


@dataclass(frozen=True)
class ChamberRecord:
    """T samples of the experiment on one chamber, which was flat before.

    Attributes
    ----------
    phase : (T,) array
        `DISCHARGE`, `FILL`, `RELAX`, `VENT` or `END`.
    port, supply : (T,) array
        Readings less their zero [Pa].
    inlet, exhaust : (T,) array
        Commands [0..1].
    dt : float
        Time between samples [s].
    """

    phase: IntArray
    port: FloatArray
    supply: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    dt: float


@dataclass(frozen=True)
class Estimate:
    """A value and the half width of its 95 % interval, in SI units."""

    value: float
    half_width: float

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.value - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.value + self.half_width


@dataclass(frozen=True)
class IdentifiedChamber:
    """What was found.

    Attributes
    ----------
    name : str
    rest_volume, compliance : Estimate
        [m3], [m3/Pa].
    inlet_conductance, exhaust_conductance : Estimate
        [m3/(s Pa)].
    valve_response : Estimate
        [s].
    hose_factor : Estimate
        Drop of the hose over the expected one [-].
    leak : Estimate
        At 60 mmHg [m3/s].
    rests : (K, 2) array
        Pressure [Pa] and gas [kg] at the rests.
    """

    name: str
    rest_volume: Estimate
    compliance: Estimate
    inlet_conductance: Estimate
    exhaust_conductance: Estimate
    valve_response: Estimate
    hose_factor: Estimate
    leak: Estimate
    rests: FloatArray


class NotIdentifiable(Exception):
    """A chamber that cannot be identified: one line with the cause and the cure."""
