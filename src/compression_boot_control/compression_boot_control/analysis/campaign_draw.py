"""Draws for a campaign: devices, legs, sessions, and the faults that strike them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from compression_boot_control.analysis.campaign_claims import CLAIMS
from compression_boot_control.core.garment import Garment, Pump
from compression_boot_control.core.pneumatics import (
    ATMOSPHERE,
    REFERENCE_DENSITY,
    hose_coefficients,
)
from compression_boot_control.core.signals import BoolArray, FloatArray
from compression_boot_control.core.units import (
    CONDUCTANCE,
    LITRE,
    LITRE_PER_MINUTE,
    MILLIMETRE,
    MMHG,
)
from compression_boot_control.plant.faults import Fault, FaultKind
from compression_boot_control.plant.parameters import PlantParameters, random_garments

HIGHEST_PORT = 110.0 * MMHG
"""A sound device reads no more than this at a port while one chamber fills [Pa] [P]."""

VENTING = 0.08 * CONDUCTANCE / LITRE
"""Sonic conductance of the way out that a litre needs to vent in 10 s [m3/(s Pa) / m3] [C]."""

LEAST_INLET = 0.1 * CONDUCTANCE
"""Inlet that fills all zones of a leg in turn in a time that 180 s leave room for [m3/(s Pa)]."""

HIGHEST_TARGET = 65.0 * MMHG

LEAST_FLOW, MOST_FLOW = 6.0 * LITRE_PER_MINUTE, 40.0 * LITRE_PER_MINUTE
BOTH_LEGS = 15.0 * LITRE_PER_MINUTE
"""Pumps of the literature, and the least that fills both legs in a time that 180 s leave room for
[m3/s]."""


STRATA = 8
"""Parts into which the range of the pumps' flow is divided."""

STRIKE = (2.0, 60.0)
"""When faults strike [s]."""

INTENSITIES = (0.7, 1.6)
"""Scale on pressures of 40 mmHg and less: from gentle up to 65 mmHg."""


@dataclass(frozen=True)
class Draw:
    """A batch of B sessions.

    Attributes
    ----------
    believed : Garment
        The devices as their files name them; arrays (B, N).
    parameters : PlantParameters
        The same on legs, to a workshop's tolerance.
    adapted : (B,) bool array
        Devices whose hoses or exhausts were widened to what the design rules ask for.
    intensity : (B, 1) array
    strike : (B,) array
        Time at which faults strike [s]; infinite where none does.
    faults : tuple of tuple of Fault
        Faults of each session.
    """

    believed: Garment
    parameters: PlantParameters
    adapted: BoolArray
    intensity: FloatArray
    strike: FloatArray
    faults: tuple[tuple[Fault, ...], ...]


def draw_batch(
    garment: Garment,
    sessions: int,
    rng: np.random.Generator,
    *,
    flow: tuple[float, float],
    faults: bool,
) -> Draw:
    """Draw devices over the ranges of the literature, legs, intensities and faults.

    A device that no maker would build is adapted by three rules: one chamber's exhaust and hose
    must vent 110 mmHg in 10 s, one hose must carry all of the pump's air without a port reading
    above `HIGHEST_PORT`, and an inlet is at least `LEAST_INLET`.

    Parameters
    ----------
    flow : tuple of float
        Range of the pumps' free flow [m3/s]; see `flow_range`.
    """
    believed, adapted = draw_devices(garment, flow, sessions, rng)
    parameters = random_garments(believed, rng, (sessions,))
    strike = np.full(sessions, np.inf)
    struck: list[tuple[Fault, ...]] = [()] * sessions
    if faults:
        strike = rng.uniform(*STRIKE, sessions)
        struck = [_draw_faults(len(garment), session, rng) for session in range(sessions)]
    intensity = rng.uniform(*INTENSITIES, (sessions, 1))
    return Draw(believed, parameters, adapted, intensity, strike, tuple(struck))


def flow_range(leg: str, stratum: int) -> tuple[float, float]:
    """Free flow of the pumps of one stratum, in even steps of the logarithm [m3/s].

    Sessions that are stepped together have similar pumps, so that they end at similar times. A pump
    for both legs gives at least `BOTH_LEGS`.
    """
    least = BOTH_LEGS if leg == 'both' else LEAST_FLOW
    ratio = MOST_FLOW / least
    return least * ratio ** (stratum / STRATA), least * ratio ** ((stratum + 1) / STRATA)


def draw_devices(
    garment: Garment, flow: tuple[float, float], count: int, rng: np.random.Generator
) -> tuple[Garment, BoolArray]:
    """Draw devices; which of them were adapted to the design rules, (B,), comes with them."""
    shape = (count, len(garment))

    def even(low: float, high: float, size: tuple[int, ...]) -> FloatArray:
        return rng.uniform(low, high, size)

    def logarithmic(low: float, high: float) -> FloatArray:
        drawn: FloatArray = low * (high / low) ** rng.random((count, 1))
        return np.broadcast_to(drawn, shape).copy()

    free_flow = logarithmic(*flow)[:, 0]
    shut_off = even(300.0, 600.0, (count,)) * MMHG
    bore = np.broadcast_to(even(3.0, 8.0, (count, 1)), shape) * MILLIMETRE
    length = garment.hose_length * even(0.5, 1.5, (count, 1))
    inlet = logarithmic(0.05, 0.8) * CONDUCTANCE
    exhaust = logarithmic(0.05, 0.8) * CONDUCTANCE
    wanted = (bore, exhaust, inlet)
    inlet = np.maximum(inlet, LEAST_INLET)
    bore = _wide_enough(bore, length, free_flow[:, None], shut_off[:, None])
    litres = garment.rest_volume + garment.compliance * 110.0 * MMHG
    exhaust = np.maximum(exhaust, 1.25 * VENTING * litres)
    bore = _vents(bore, length, litres)
    changed = (bore != wanted[0]) | (exhaust != wanted[1]) | (inlet != wanted[2])
    adapted = changed.any(axis=-1)
    nominal = PlantParameters.from_garment(garment, (count,))
    believed = replace(
        garment,
        rest_volume=nominal.rest_volume,
        compliance=nominal.compliance,
        inlet_conductance=inlet,
        exhaust_conductance=exhaust,
        valve_response=np.broadcast_to(even(5e-3, 20e-3, (count, 1)), shape).copy(),
        valve_dead_band=nominal.valve_dead_band,
        hose_length=np.broadcast_to(length, shape).copy(),
        hose_bore=bore,
        leak=nominal.leak,
        pump=Pump(free_flow, shut_off),  # type: ignore[arg-type]
    )
    return believed, adapted


def _wide_enough(
    bore: FloatArray, length: FloatArray, free_flow: FloatArray, shut_off: FloatArray
) -> FloatArray:
    """Widen hoses until the port of a chamber that fills alone reads no more than it may."""
    room = HIGHEST_PORT - HIGHEST_TARGET
    flow = free_flow * (1.0 - HIGHEST_PORT / shut_off)
    for _ in range(30):
        linear, quadratic = hose_coefficients(length, bore)
        bore = np.where(flow * (linear + quadratic * flow) > room, 1.05 * bore, bore)
    return bore


def _vents(bore: FloatArray, length: FloatArray, litres: FloatArray) -> FloatArray:
    """Widen hoses until half of the pressure carries the air out that a vent in 10 s must move."""
    flow = 0.08 * CONDUCTANCE / LITRE * litres * ATMOSPHERE * 0.5 / REFERENCE_DENSITY
    for _ in range(30):
        linear, quadratic = hose_coefficients(length, bore)
        bore = np.where(flow * (linear + quadratic * flow) > 10.0 * MMHG, 1.05 * bore, bore)
    return bore


def _draw_faults(chambers: int, session: int, rng: np.random.Generator) -> tuple[Fault, ...]:
    kinds = tuple(CLAIMS)
    count = 2 if rng.random() < 0.2 else 1
    chosen = [kinds[int(rng.integers(len(kinds)))] for _ in range(count)]
    return tuple(_draw_fault(kind, chambers, session, rng) for kind in dict.fromkeys(chosen))


def _draw_fault(kind: FaultKind, chambers: int, session: int, rng: np.random.Generator) -> Fault:
    claim = CLAIMS[kind]
    magnitude = None if claim.magnitudes is None else float(rng.uniform(*claim.magnitudes))
    if magnitude is not None and claim.both_ways and rng.random() < 0.5:
        magnitude = -magnitude
    return Fault(kind, int(rng.integers(chambers)), magnitude, (session,))
