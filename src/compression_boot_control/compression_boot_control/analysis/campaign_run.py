"""One part of a campaign: sessions drawn by seed and part number, stepped together, watched."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from compression_boot_control.analysis.campaign_draw import (
    INTENSITIES,
    LEAST_INLET,
    STRATA,
    Draw,
    draw_batch,
    flow_range,
)
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan, StageKind
from compression_boot_control.core.safety.hazards import HAZARDS
from compression_boot_control.core.signals import FloatArray, IntArray
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD
from compression_boot_control.plant.supervised_batch import SupervisedBatch
from compression_boot_control.sessions.plan_estimate import longest_zone_time, stage_times
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_file import Protocol
from compression_boot_control.sessions.protocol_library import load_protocol

GARMENTS = ('five_zone', 'four_zone', 'six_zone')
LEGS = ('left', 'right', 'both')

GRADED = {'foot_mmhg': 40.0, 'thigh_mmhg': 30.0}
PATTERNS: dict[str, dict[str, Any]] = {
    'sequential_gradient_hold': {'pressure': GRADED},
    'peristaltic': {'pressure': GRADED},
    'pulse': {'pressure': GRADED, 'pulses': 2},
    'uniform': {'pressure_mmhg': 36.0},
}
"""Patterns of a campaign, before the session's intensity scales them."""

DWELLS = (10.0, 20.0, 50.0)
RESTS = (5.0, 20.0)
"""Dwells, and range of rests, of the literature [s]."""

ZONE_TIME = 150.0
"""Longest time under pressure that a session is planned for, as its garment file says [s]."""

TAIL = 12.0
"""Time vented after a session, in which faults that show in a vent are found [s]."""

LONGEST = 900.0
"""Time after which a session of two cycles is stopped, whatever it does [s].

Six zones that are held one after the other take five minutes a cycle.
"""

CYCLES = 2
"""Whole cycles of a session, after the one in which a fault strikes."""

NARROWING = 0.75
"""Share of the sessions that go on below which the others are left behind."""

LOOK = 10
"""Samples from one look at the verdict to the next."""

SENSOR_TOLERANCE = 5.0 * MMHG
"""A sound sensor may be off by this, so a limit on readings holds for pressures to within it."""

OVER = 125.0 * MMHG + SENSOR_TOLERANCE
HELD = 15.0 * MMHG + SENSOR_TOLERANCE


@dataclass(frozen=True)
class Shape:
    """What the sessions of a part have in common."""

    garment: str
    leg: str
    pattern: str
    dwell: float
    rest: float
    stratum: int


@dataclass(frozen=True)
class PartOutcome:
    """What happened in B sessions.

    Attributes
    ----------
    shape : Shape
    draw : Draw
    first : (B, H) array
        Time at which each hazard was first seen [s]; infinite if never.
    over, held, late : (B,) array
        Longest time above `OVER`, above `HELD`, and above `HELD` since a trip [s].
    highest, supply : (B,) array
        Highest pressure in a chamber, and of the supply [Pa].
    relieved : (B,) array
        Air that the supply's relief valve let out [kg].
    seconds : (B,) array
        Simulated time of each session, with its tail [s].
    cycles : (B,) array
        Whole cycles done.
    """

    shape: Shape
    draw: Draw
    first: FloatArray
    over: FloatArray
    held: FloatArray
    late: FloatArray
    highest: FloatArray
    supply: FloatArray
    relieved: FloatArray
    seconds: FloatArray
    cycles: IntArray


def draw_shape(rng: np.random.Generator) -> Shape:
    """Draw what the sessions of a part have in common."""
    return Shape(
        garment=GARMENTS[int(rng.integers(len(GARMENTS)))],
        leg=LEGS[int(rng.integers(len(LEGS)))],
        pattern=tuple(PATTERNS)[int(rng.integers(len(PATTERNS)))],
        dwell=DWELLS[int(rng.integers(len(DWELLS)))],
        rest=float(rng.uniform(*RESTS)),
        stratum=int(rng.integers(STRATA)),
    )


def plugged_in(garment: Garment, leg: str) -> Garment:
    """The garment with the sleeves that a session needs; the other is not plugged in."""
    kept = [place for place, own in enumerate(garment.legs) if leg in (own, 'both')]
    taken: dict[str, Any] = {}
    for field in fields(Garment):
        value = getattr(garment, field.name)
        if isinstance(value, np.ndarray):
            taken[field.name] = value[kept]
        elif field.name in ('chamber_names', 'legs', 'zones'):
            taken[field.name] = tuple(value[place] for place in kept)
    return replace(garment, **taken)


def campaign_protocol(shape: Shape) -> Protocol:
    """Protocol of a part: one phase of its pattern, with the texts of the demonstration."""
    texts = load_protocol('demonstration').model_dump(exclude={'phases'}, exclude_none=True)
    phase = {
        'name': 'main',
        'pattern': shape.pattern,
        'dwell_s': shape.dwell,
        'rest_s': shape.rest,
        **PATTERNS[shape.pattern],
    }
    return Protocol.model_validate({**texts, 'phases': [phase]})


def campaign_plan(shape: Shape, garment: Garment) -> Plan:
    """Plan of a part: dwells as long as the slowest pump of its stratum leaves room for.

    It is patient with slow pumps: no stage fails by time, so that the supervisor alone judges.
    """
    plan = compile_protocol(campaign_protocol(shape), garment, leg=shape.leg)
    slowest = replace(
        garment,
        pump=replace(garment.pump, free_flow=flow_range(shape.leg, shape.stratum)[0]),
        inlet_conductance=np.full_like(garment.inlet_conductance, LEAST_INLET),
        rest_volume=1.2 * garment.rest_volume,
    )
    highest = replace(plan, target=np.minimum(plan.target * INTENSITIES[1], 65.0 * MMHG))
    dwells = plan.kind == StageKind.DWELL
    spare = ZONE_TIME - longest_zone_time(highest, stage_times(highest, slowest, empty=True))
    shorter = np.maximum(plan.duration + min(spare, 0.0), 1.0)
    return replace(
        plan,
        duration=np.where(dwells, shorter, plan.duration),
        timeout=np.full_like(plan.timeout, np.inf),
        session_time=np.inf,
        caps=np.full_like(plan.caps, 65.0 * MMHG),
    )


def run_part(
    seed: int, part: int, sessions: int, *, faults: bool, cycles: int = CYCLES
) -> PartOutcome:
    """Run one part of a campaign; it depends on nothing but the arguments."""
    rng = np.random.default_rng((seed, part, int(faults)))
    shape = draw_shape(rng)
    garment = plugged_in(load_garment(shape.garment), shape.leg)
    flow = flow_range(shape.leg, shape.stratum)
    draw = draw_batch(garment, sessions, rng, flow=flow, faults=faults)
    plan = campaign_plan(shape, garment)
    batch = SupervisedBatch(
        draw.parameters, draw.believed, plan, draw.intensity, int(rng.integers(2**31))
    )
    return _watched(batch, shape, draw, cycles)


class _Observer:
    """Follows what must not be in B sessions, and which of them are over."""

    def __init__(self, batch: SupervisedBatch, draw: Draw, cycles: int) -> None:
        size = len(draw.strike)
        self._batch, self._draw, self._cycles = batch, draw, cycles
        self._longest = LONGEST * cycles / CYCLES
        self._struck = ~np.isfinite(draw.strike)
        self._strike_cycle = np.where(self._struck, 0, -1)
        self._ended = np.full(size, np.inf)
        self._tripped = np.zeros(size, dtype=np.bool_)
        self._over, self._held, self._late = (np.zeros(draw.parameters.shape) for _ in range(3))
        self.first = np.full((size, len(HAZARDS)), np.inf)
        self.over, self.held, self.late = np.zeros(size), np.zeros(size), np.zeros(size)
        self.highest, self.supply = np.zeros(size), np.zeros(size)
        self.relieved, self.seconds = np.zeros(size), np.zeros(size)
        self.cycles = np.zeros(size, dtype=np.int64)

    def strike(self, now: float) -> None:
        """Switch on the faults of the sessions whose time has come."""
        rows = self._batch.rows
        for row in np.flatnonzero(~self._struck[rows] & (self._draw.strike[rows] <= now)):
            session = rows[row]
            self._batch.strike(int(row), self._draw.faults[session])
            self._struck[session] = True
            self._strike_cycle[session] = self._batch.memory.progress.cycles_done[row, 0]

    def sample(self) -> None:
        """Look at the pressures of one sample."""
        rows = self._batch.rows
        pressure = self._batch.boots.true_pressure
        self._over[rows] = np.where(pressure > OVER, self._over[rows] + SAMPLE_PERIOD, 0.0)
        self.over[rows] = np.maximum(self.over[rows], self._over[rows].max(axis=-1))

    def look(self, now: float) -> None:
        """Look at pressures, verdicts and progress; stop the sessions that have shown enough."""
        batch, rows, look = self._batch, self._batch.rows, LOOK * SAMPLE_PERIOD
        pressure = batch.boots.true_pressure
        held = pressure > HELD
        self._held[rows] = np.where(held, self._held[rows] + look, 0.0)
        late = held & self._tripped[rows, None]
        self._late[rows] = np.where(late, self._late[rows] + look, 0.0)
        self.held[rows] = np.maximum(self.held[rows], self._held[rows].max(axis=-1))
        self.late[rows] = np.maximum(self.late[rows], self._late[rows].max(axis=-1))
        self.highest[rows] = np.maximum(self.highest[rows], pressure.max(axis=-1))
        supply = batch.boots.memory.garment(at.SUPPLY_PRESSURE)
        self.supply[rows] = np.maximum(self.supply[rows], supply)
        seen = (batch.safety.active | batch.safety.latch).any(axis=1)
        self.first[rows] = np.where(seen, np.minimum(self.first[rows], now), self.first[rows])
        self._tripped[rows] |= batch.safety.vent.any(axis=-1)
        cycles = batch.memory.progress.cycles_done[:, 0]
        enough = self._struck[rows] & (cycles >= self._strike_cycle[rows] + self._cycles)
        batch.request.stop[:, 0] |= enough | (now > self._longest)
        self._ended[rows] = np.where(batch.done, np.minimum(self._ended[rows], now), np.inf)
        self.cycles[rows] = cycles
        self.relieved[rows] = batch.boots.memory.garment(at.RELIEVED)
        self.seconds[rows] = now

    def going_on(self, now: float) -> IntArray:
        """Rows of the sessions whose tail is not over."""
        return np.flatnonzero(now <= self._ended[self._batch.rows] + TAIL)


def _watched(batch: SupervisedBatch, shape: Shape, draw: Draw, cycles: int) -> PartOutcome:
    """Step sessions to their ends, strike them, and follow what must not be."""
    observer = _Observer(batch, draw, cycles)
    tick = 0
    kept = batch.rows
    while len(kept):
        now = tick * SAMPLE_PERIOD
        batch.step()
        observer.strike(now)
        observer.sample()
        if tick % LOOK == 0:
            observer.look(now)
            kept = observer.going_on(now)
            # few are worth the work of leaving the others behind
            if 0 < len(kept) < NARROWING * len(batch.rows):
                batch.narrow(kept)
        tick += 1
    return PartOutcome(
        shape=shape,
        draw=draw,
        first=observer.first,
        over=observer.over,
        held=observer.held,
        late=observer.late,
        highest=observer.highest,
        supply=observer.supply,
        relieved=observer.relieved,
        seconds=observer.seconds,
        cycles=observer.cycles,
    )
