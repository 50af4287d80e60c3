"""Campaigns: many randomised sessions under the supervisor, and what of its promises they broke."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from compression_boot_control.analysis.campaign_draw import CLAIMS, OF_VENTING, Draw, draw_batch
from compression_boot_control.core.plan import Plan, StageKind
from compression_boot_control.core.safety.hazards import HAZARDS
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD
from compression_boot_control.plant.faults import FaultKind
from compression_boot_control.plant.supervised_batch import SupervisedBatch
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol

BATCH = 256
"""Sessions that are stepped together."""

GARMENTS = ('five_zone', 'four_zone', 'six_zone')
LEGS = ('left', 'right', 'both')

DWELL = 20.0
REST = 11.0
"""Stages of a campaign's session [s]; the rest is long enough to judge a sensor's zero."""

TAIL = 12.0
"""Time vented after a session, in which faults that show in a vent are found [s]."""

LONGEST = 240.0
"""Time after which a session is stopped, whatever it does [s]."""

LOOK = 10
"""Samples from one look at the verdict to the next."""

OVER = 125.0 * MMHG
OVER_TIME = 0.3
HELD = 20.0 * MMHG
HELD_TIME = 190.0
VENT_TIME = 12.0


@dataclass
class CampaignResult:
    """What a campaign counted.

    Attributes
    ----------
    sessions, seed, with_faults : int, int, bool
    session_seconds : float
        Simulated time of all sessions [s].
    adapted : int
        Devices that were adapted to the design rules.
    faulted : int
        Sessions that a fault struck.
    violations : int
        Sessions with a chamber over its limits although the valves could have helped.
    beyond_valves : int
        The same where a fault kept the air in: the relief valve and the zip are what is left.
    undetected : int
        Sessions whose only fault is declared detectable and was not detected.
    undetected_exempt : int
        The same with faults that cannot be told for certain.
    false_trips : int
        Sessions that the supervisor stopped before any fault, or without one.
    highest : float
        Highest pressure in a chamber [Pa].
    by_fault : dict
        Per kind of fault, alone: sessions, detected, median and longest time to detection [s].
    trips : dict
        Hazards that were seen, by how many sessions.
    false_by_hazard : dict
    failures : list
        Sessions that broke a promise: batch, place in it, and what.
    """

    sessions: int
    seed: int
    with_faults: bool
    session_seconds: float = 0.0
    adapted: int = 0
    faulted: int = 0
    violations: int = 0
    beyond_valves: int = 0
    undetected: int = 0
    undetected_exempt: int = 0
    false_trips: int = 0
    highest: float = 0.0
    by_fault: dict[str, dict[str, Any]] = field(default_factory=dict)
    trips: dict[str, int] = field(default_factory=dict)
    false_by_hazard: dict[str, int] = field(default_factory=dict)
    failures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every promise was kept."""
        return self.violations == self.undetected == self.false_trips == 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        values = asdict(self) | {'ok': self.ok, 'highest_mmhg': self.highest / MMHG}
        del values['highest']
        for kind in values['by_fault'].values():
            times = kind.pop('times')
            kind['median_s'] = float(np.median(times)) if times else None
            kind['longest_s'] = float(np.max(times)) if times else None
            kind['claim'] = CLAIMS[FaultKind(kind['kind'])].expected
            kind['exempt'] = CLAIMS[FaultKind(kind['kind'])].exempt
        return values


@dataclass(frozen=True)
class BatchOutcome:
    """What happened in B sessions.

    Attributes
    ----------
    draw : Draw
    first : (B, H) array
        Time at which each hazard was first seen [s]; infinite if never.
    over, held, late : (B,) array
        Longest time over the absolute limit, under pressure, and above 15 mmHg after a trip [s].
    highest : (B,) array
        Highest pressure [Pa].
    seconds : float
        Simulated time of each session [s].
    """

    draw: Draw
    first: np.ndarray
    over: np.ndarray
    held: np.ndarray
    late: np.ndarray
    highest: np.ndarray
    seconds: float


def run_campaign(
    sessions: int,
    seed: int,
    *,
    faults: bool,
    batch: int = BATCH,
    first_batch: int = 0,
    on_progress: Callable[[int], None] | None = None,
) -> CampaignResult:
    """Run sessions in batches; batch k of a seed is always the same.

    Parameters
    ----------
    sessions, seed : int
    faults : bool
        Strike the sessions with faults.
    batch : int
        Sessions that are stepped together.
    first_batch : int
        Number of the first batch, to go on with a campaign.
    on_progress : callable or None
        Called with the sessions done.
    """
    result = CampaignResult(sessions, seed, faults)
    done = 0
    number = first_batch
    while done < sessions:
        size = min(batch, sessions - done)
        outcome = run_batch(seed, number, size, faults=faults)
        _count(result, outcome, number)
        done += size
        number += 1
        if on_progress is not None:
            on_progress(done)
    return result


def campaign_plan(garment_name: str, leg: str) -> Plan:
    """Plan of a campaign's sessions: two waves, patient with slow pumps."""
    garment = load_garment(garment_name)
    plan = compile_protocol(load_protocol('demonstration'), garment, leg=leg)
    duration = np.where(plan.kind == StageKind.DWELL, DWELL, plan.duration)
    duration = np.where(plan.kind == StageKind.REST, REST, duration)
    return replace(
        plan,
        duration=duration,
        timeout=np.full_like(plan.timeout, LONGEST),
        session_time=LONGEST,
        caps=np.full_like(plan.caps, 65.0 * MMHG),
    )


def run_batch(seed: int, number: int, size: int, *, faults: bool) -> BatchOutcome:
    """Run one batch of a campaign."""
    rng = np.random.default_rng((seed, number, int(faults)))
    garment_name = GARMENTS[number % len(GARMENTS)]
    leg = LEGS[int(rng.integers(len(LEGS)))]
    plan = campaign_plan(garment_name, leg)
    garment = load_garment(garment_name)
    draw = draw_batch(garment, leg, size, rng, faults=faults)
    batch = SupervisedBatch(
        draw.parameters, draw.believed, plan, draw.intensity, int(rng.integers(2**31))
    )
    strike_cycle = np.full(size, -1)
    struck = ~np.isfinite(draw.strike)
    strike_cycle[struck] = 0
    first = np.full((size, len(HAZARDS)), np.inf)
    over, held, late = (np.zeros(draw.parameters.shape) for _ in range(3))
    most_over, most_held, most_late, highest = (np.zeros(size) for _ in range(4))
    tripped = np.zeros(size, dtype=np.bool_)
    ended = np.inf
    look = LOOK * SAMPLE_PERIOD
    for tick in range(round((LONGEST + TAIL + 16.0) / SAMPLE_PERIOD)):
        now = tick * SAMPLE_PERIOD
        batch.step()
        due = ~struck & (draw.strike <= now)
        if due.any():
            chosen = np.flatnonzero(due)
            batch.boots.set_fault(*(one for place in chosen for one in draw.faults[place]))
            struck |= due
            strike_cycle[due] = batch.memory.progress.cycles_done[due, 0]
        if tick % LOOK:
            continue
        pressure = batch.boots.true_pressure
        over = np.where(pressure > OVER, over + look, 0.0)
        held = np.where(pressure > HELD, held + look, 0.0)
        late = np.where((pressure > HELD) & tripped[:, None], late + look, 0.0)
        most_over = np.maximum(most_over, over.max(axis=-1))
        most_held = np.maximum(most_held, held.max(axis=-1))
        most_late = np.maximum(most_late, late.max(axis=-1))
        highest = np.maximum(highest, pressure.max(axis=-1))
        seen = (batch.safety.active | batch.safety.latch).any(axis=1)
        first = np.where(seen & ~np.isfinite(first), now, first)
        tripped |= batch.safety.vent.any(axis=-1) & (now > 1.0)
        cycles = batch.memory.progress.cycles_done[:, 0]
        enough = struck & (cycles >= strike_cycle + 2)
        batch.request.stop[:, 0] |= enough | (now > LONGEST)
        if not np.isfinite(ended) and batch.done.all():
            ended = now
        if now > ended + TAIL:
            break
    return BatchOutcome(draw, first, most_over, most_held, most_late, highest, now)


def _count(result: CampaignResult, outcome: BatchOutcome, number: int) -> None:
    """Add a batch to the counts."""
    draw = outcome.draw
    result.session_seconds += outcome.seconds * len(draw.strike)
    result.adapted += draw.adapted
    result.highest = max(result.highest, float(outcome.highest.max()))
    for place, faults in enumerate(draw.faults):
        first, strike = outcome.first[place], draw.strike[place]
        seen = np.flatnonzero(np.isfinite(first))
        _tally(result.trips, [HAZARDS[i].id for i in seen])
        kinds = [fault.kind for fault in faults]
        result.faulted += bool(kinds)
        problems = []
        early = [HAZARDS[i].id for i in seen if first[i] < strike]
        if early:
            result.false_trips += 1
            _tally(result.false_by_hazard, early)
            problems.append('false trip')
        broken = (
            outcome.over[place] > OVER_TIME + 0.3
            or outcome.held[place] > HELD_TIME
            or outcome.late[place] > VENT_TIME
        )
        if broken and OF_VENTING.intersection(kinds):
            result.beyond_valves += 1
        elif broken:
            result.violations += 1
            problems.append('violation')
        if len(kinds) == 1 and not early:
            problems += _note_detection(result, kinds[0], first, float(strike))
        if problems:
            result.failures.append(
                {
                    'batch': number,
                    'place': place,
                    'faults': [kind.value for kind in kinds],
                    'chambers': [fault.chamber for fault in faults],
                    'strike_s': float(strike),
                    'problems': problems,
                    'seen': {HAZARDS[i].id: float(first[i]) for i in seen},
                }
            )


def _tally(counts: dict[str, int], ids: Iterable[str]) -> None:
    for name in ids:
        counts[name] = counts.get(name, 0) + 1


def _note_detection(
    result: CampaignResult, kind: FaultKind, first: np.ndarray, strike: float
) -> list[str]:
    """Note whether a fault that came alone was detected."""
    row = result.by_fault.setdefault(
        kind.value, {'kind': kind.value, 'sessions': 0, 'detected': 0, 'times': []}
    )
    row['sessions'] += 1
    if np.isfinite(first).any():
        row['detected'] += 1
        row['times'].append(float(first.min()) - strike)
        return []
    if CLAIMS[kind].exempt:
        result.undetected_exempt += 1
        return []
    result.undetected += 1
    return ['undetected']
