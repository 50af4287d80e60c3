"""Draws for a campaign: devices, legs, sessions, and the faults that strike them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from compression_boot_control.core.garment import Garment, Pump
from compression_boot_control.core.pneumatics import (
    ATMOSPHERE,
    REFERENCE_DENSITY,
    hose_coefficients,
)
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import (
    CONDUCTANCE,
    LITRE,
    LITRE_PER_MINUTE,
    MILLILITRE,
    MILLIMETRE,
    MINUTE,
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


@dataclass(frozen=True)
class Claim:
    """What is claimed of a fault.

    Attributes
    ----------
    expected : str
        Which hazard shows it, and until when.
    exempt : str
        Why it cannot be told for certain; empty: it is declared detectable.
    magnitudes : tuple of float or None
        Range from which magnitudes are drawn, in the unit of the fault; None: it has none.
    """

    expected: str
    exempt: str = ''
    magnitudes: tuple[float, float] | None = None


_BY_CYCLE = 'by the end of the next whole cycle and 12 s of vent'

CLAIMS: Mapping[FaultKind, Claim] = MappingProxyType(
    {
        FaultKind.INLET_STUCK_OPEN: Claim(
            f'SR-08 or SR-10, {_BY_CYCLE}',
            'an exhaust that passes more than the inlet keeps the pressure right',
            (0.5, 1.0),
        ),
        FaultKind.INLET_STUCK_SHUT: Claim(f'SR-11, {_BY_CYCLE}'),
        FaultKind.EXHAUST_STUCK_OPEN: Claim(
            f'SR-11, {_BY_CYCLE}',
            'an inlet that passes more than the exhaust keeps the pressure right',
            (0.5, 1.0),
        ),
        FaultKind.EXHAUST_STUCK_SHUT: Claim(f'SR-10, {_BY_CYCLE}'),
        FaultKind.HOSE_KINK: Claim(
            f'SR-13 or SR-11, {_BY_CYCLE}',
            'a kink that comes while air is in hides it from the sensor at the port',
            (0.005, 0.02),
        ),
        FaultKind.HOSE_BURST: Claim(f'SR-11, {_BY_CYCLE}', magnitudes=(0.5, 1.0)),
        FaultKind.LEAK: Claim(
            'SR-12 after 7 s beyond what creep and cooling take',
            'a dwell of 20 s is too short to tell a leak from creep and cooling',
            (200.0 * MILLILITRE / MINUTE, 1000.0 * MILLILITRE / MINUTE),
        ),
        FaultKind.PUMP_DEAD: Claim(f'SR-11, {_BY_CYCLE}'),
        FaultKind.PUMP_WEAK: Claim(
            f'SR-11, {_BY_CYCLE}',
            'a cycle after the first needs so little air that a weak pump may suffice',
            (0.1, 0.3),
        ),
        FaultKind.RELIEF_STUCK_SHUT: Claim(
            'SR-19 once the supply rises that far',
            'shows only where the supply would have opened it',
        ),
        FaultKind.SENSOR_OFFSET: Claim(
            f'SR-14, {_BY_CYCLE}', magnitudes=(11.0 * MMHG, 40.0 * MMHG)
        ),
        FaultKind.SENSOR_DRIFT: Claim(
            'SR-14 or SR-10 once it is off by 5 mmHg in a vent',
            'a slow drift may end the session still within 5 mmHg',
            (0.1 * MMHG, 1.0 * MMHG),
        ),
        FaultKind.SENSOR_STUCK: Claim(f'SR-15, {_BY_CYCLE}'),
        FaultKind.SENSOR_NOISY: Claim(f'SR-16, {_BY_CYCLE}', magnitudes=(5.0 * MMHG, 15.0 * MMHG)),
        FaultKind.SENSOR_NAN: Claim('SR-03, within 0.2 s'),
        FaultKind.SENSOR_DEAD: Claim('SR-03, within 0.2 s'),
        FaultKind.SUPPLY_SENSOR_NAN: Claim('SR-20, within 0.2 s'),
    }
)
"""Faults of a campaign; swapped hoses are there from the start, which the pre-use check sees."""

OF_VENTING = frozenset({FaultKind.EXHAUST_STUCK_SHUT, FaultKind.HOSE_KINK})
"""Faults that keep the air in, whatever the valves do."""


@dataclass(frozen=True)
class Draw:
    """A batch of B sessions.

    Attributes
    ----------
    believed : Garment
        The devices as their files name them; arrays (B, N).
    parameters : PlantParameters
        The same on legs, to a workshop's tolerance.
    adapted : int
        Devices whose hoses or exhausts were widened to what the design rules ask for.
    intensity : (B, 1) array
    strike : (B,) array
        Time at which faults strike [s]; infinite where none does.
    faults : tuple of tuple of Fault
        Faults of each session.
    """

    believed: Garment
    parameters: PlantParameters
    adapted: int
    intensity: FloatArray
    strike: FloatArray
    faults: tuple[tuple[Fault, ...], ...]


def draw_batch(
    garment: Garment,
    leg: str,
    sessions: int,
    rng: np.random.Generator,
    *,
    faults: bool,
) -> Draw:
    """Draw devices over the ranges of the literature, legs, intensities and faults.

    A device that no maker would build is adapted by three rules: one chamber's exhaust and hose
    must vent 110 mmHg in 10 s, one hose must carry all of the pump's air without a port reading
    above `HIGHEST_PORT`, and an inlet is at least `LEAST_INLET`.
    A pump for both legs gives at least `BOTH_LEGS`.
    """
    least = BOTH_LEGS if leg == 'both' else LEAST_FLOW
    believed, adapted = draw_devices(garment, least, sessions, rng)
    parameters = random_garments(believed, rng, (sessions,))
    strike = np.full(sessions, np.inf)
    struck: list[tuple[Fault, ...]] = [()] * sessions
    if faults:
        strike = rng.uniform(2.0, 45.0, sessions)
        worn = [i for i, own in enumerate(garment.legs) if leg in (own, 'both')]
        struck = [_draw_faults(worn, session, rng) for session in range(sessions)]
    intensity = rng.uniform(0.7, 1.6, (sessions, 1))
    return Draw(believed, parameters, adapted, intensity, strike, tuple(struck))


def draw_devices(
    garment: Garment, least_flow: float, count: int, rng: np.random.Generator
) -> tuple[Garment, int]:
    """Draw devices; how many were adapted to the design rules comes with them."""
    shape = (count, len(garment))

    def even(low: float, high: float, size: tuple[int, ...]) -> FloatArray:
        return rng.uniform(low, high, size)

    def logarithmic(low: float, high: float) -> FloatArray:
        drawn: FloatArray = low * (high / low) ** rng.random((count, 1))
        return np.broadcast_to(drawn, shape).copy()

    free_flow = logarithmic(least_flow, MOST_FLOW)[:, 0]
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
    return believed, int(adapted.sum())


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


def _draw_faults(worn: list[int], session: int, rng: np.random.Generator) -> tuple[Fault, ...]:
    kinds = tuple(CLAIMS)
    count = 2 if rng.random() < 0.2 else 1
    chosen = [kinds[int(rng.integers(len(kinds)))] for _ in range(count)]
    return tuple(_draw_fault(kind, worn, session, rng) for kind in dict.fromkeys(chosen))


def _draw_fault(kind: FaultKind, worn: list[int], session: int, rng: np.random.Generator) -> Fault:
    limits = CLAIMS[kind].magnitudes
    magnitude = None if limits is None else float(rng.uniform(*limits))
    return Fault(kind, worn[int(rng.integers(len(worn)))], magnitude, (session,))
