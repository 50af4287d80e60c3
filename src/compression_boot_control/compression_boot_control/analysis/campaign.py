"""Campaigns: many randomised sessions under the supervisor, and what of its promises they broke."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from compression_boot_control.analysis.campaign_claims import CLAIMS
from compression_boot_control.analysis.campaign_judgement import judged
from compression_boot_control.analysis.campaign_run import CYCLES, run_part
from compression_boot_control.analysis.task_farm import Cost, cost
from compression_boot_control.plant.faults import FaultKind

PART = 256
"""Sessions that are stepped together and make one part of the results."""

_PACKAGE = Path(__file__).resolve().parents[1]
_DECIDING = (
    'core',
    'plant',
    'sessions',
    'hardware/garment_file.py',
    'analysis/campaign_claims.py',
    'analysis/campaign_draw.py',
    'analysis/campaign_judgement.py',
    'analysis/campaign_run.py',
)


@dataclass(frozen=True)
class Campaign:
    """What a campaign is; equal campaigns have equal results.

    Attributes
    ----------
    sessions, seed : int
    faults : bool
        Every session is struck by one fault or two.
    cycles : int
        Whole cycles of a session, counted from the one in which the fault strikes.
    """

    sessions: int
    seed: int
    faults: bool
    cycles: int = CYCLES

    def identity(self) -> dict[str, Any]:
        """What must be equal for results to belong together; the code is a part of it."""
        return {'command': 'campaign', **asdict(self), 'part': PART, 'code': code_digest()}

    def tasks(self) -> dict[str, tuple[Any, ...]]:
        """Arguments of `campaign_part` by the key of the part."""
        sizes = {
            number: min(PART, self.sessions - number * PART)
            for number in range(-(-self.sessions // PART))
        }
        return {
            f'{number:06}': (self.seed, number, size, self.faults, self.cycles)
            for number, size in sizes.items()
        }


def campaign_part(seed: int, part: int, sessions: int, faults: bool, cycles: int) -> pa.Table:
    """Do one part: the work of the task farm."""
    return judged(run_part(seed, part, sessions, faults=faults, cycles=cycles), part)


@lru_cache
def code_digest() -> str:
    """Digest of the code that decides what a session does."""
    digest = hashlib.sha256()
    for place in _DECIDING:
        root = _PACKAGE / place
        for file in sorted(root.rglob('*.py')) if root.is_dir() else (root,):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@dataclass
class KindCount:
    """What became of one kind of fault, in the sessions that it struck alone.

    Attributes
    ----------
    sessions, detected, exempt, undetected : int
        Struck; told of in time; not, but listed as not detectable; not, though declared so.
    times : list of float
        From the fault to the first hazard [s].
    first : dict
        Hazard that told first, by how often.
    """

    sessions: int = 0
    detected: int = 0
    exempt: int = 0
    undetected: int = 0
    times: list[float] = field(default_factory=list)
    first: dict[str, int] = field(default_factory=dict)

    def as_dict(self, kind: FaultKind) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            'kind': kind.value,
            'sessions': self.sessions,
            'detected': self.detected,
            'undetected_exempt': self.exempt,
            'undetected': self.undetected,
            'median_s': float(np.median(self.times)) if self.times else None,
            'longest_s': max(self.times, default=None),
            'first_hazard': self.first,
            'claim': CLAIMS[kind].text(),
            'exempt': CLAIMS[kind].exempt,
        }


@dataclass
class CampaignResult:
    """What a campaign counted.

    Attributes
    ----------
    campaign : Campaign
    counted : int
        Sessions in the results; fewer than asked for if parts failed.
    session_seconds : float
        Simulated time of all sessions [s].
    adapted : int
        Devices that were adapted to the design rules.
    faulted : int
        Sessions that a fault struck.
    violations : int
        Sessions with a chamber over its limits although the valves could have helped.
    beyond_valves : int
        The same where a fault kept the air in or let it in: the relief valve and the zip are left.
    beyond_highest : dict
        Highest pressure in those [mmHg], and air that the relief valve let out [g].
    undetected : int
        Sessions whose only fault is declared detectable and was not detected in time.
    undetected_exempt : int
        The same with faults that cannot be told for certain.
    false_trips : int
        Sessions that the supervisor stopped before any fault, or without one.
    highest_mmhg : float
        Highest pressure in a chamber [mmHg].
    by_fault : dict of FaultKind to KindCount
    trips : dict
        Hazards that were seen, by how many sessions.
    false_by_hazard : dict
    failures : list
        Sessions that broke a promise: part, place in it, and what.
    failed_parts : dict
        Reasons of the parts that failed.
    cost : Cost
    """

    campaign: Campaign
    counted: int = 0
    session_seconds: float = 0.0
    adapted: int = 0
    faulted: int = 0
    violations: int = 0
    beyond_valves: int = 0
    beyond_highest: dict[str, float] = field(default_factory=dict)
    undetected: int = 0
    undetected_exempt: int = 0
    false_trips: int = 0
    highest_mmhg: float = 0.0
    by_fault: dict[FaultKind, KindCount] = field(default_factory=dict)
    trips: dict[str, int] = field(default_factory=dict)
    false_by_hazard: dict[str, int] = field(default_factory=dict)
    failures: list[dict[str, Any]] = field(default_factory=list)
    failed_parts: dict[str, str] = field(default_factory=dict)
    cost: Cost = field(default_factory=lambda: Cost(0.0, 0.0))

    @property
    def ok(self) -> bool:
        """Whether all was run and every promise was kept."""
        broken = self.violations + self.undetected + self.false_trips
        return not broken and not self.failed_parts

    @property
    def cpu_seconds_per_hour(self) -> float:
        """Processor time for an hour of simulated session [s]."""
        return self.cost.cpu_seconds / max(self.session_seconds / 3600.0, 1e-9)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            'ok': self.ok,
            'sessions': self.campaign.sessions,
            'seed': self.campaign.seed,
            'with_faults': self.campaign.faults,
            'cycles': self.campaign.cycles,
            'counted': self.counted,
            'session_seconds': self.session_seconds,
            'adapted': self.adapted,
            'faulted': self.faulted,
            'violations': self.violations,
            'beyond_valves': self.beyond_valves,
            'beyond_highest': self.beyond_highest,
            'undetected': self.undetected,
            'undetected_exempt': self.undetected_exempt,
            'false_trips': self.false_trips,
            'highest_mmhg': self.highest_mmhg,
            'by_fault': {kind.value: count.as_dict(kind) for kind, count in self.by_fault.items()},
            'trips': self.trips,
            'false_by_hazard': self.false_by_hazard,
            'failures': self.failures,
            'failed_parts': self.failed_parts,
            'cpu_seconds': self.cost.cpu_seconds,
            'cpu_seconds_per_simulated_hour': self.cpu_seconds_per_hour,
        }


def counted(
    campaign: Campaign, tables: Mapping[str, pa.Table], failed: Mapping[str, str]
) -> CampaignResult:
    """Count what the parts of a campaign hold."""
    result = CampaignResult(campaign, failed_parts=dict(failed), cost=cost(tables))
    for table in tables.values():
        for row in table.to_pylist():
            _count(result, row)
    return result


def _count(result: CampaignResult, row: Mapping[str, Any]) -> None:
    """Add a session to the counts."""
    result.counted += 1
    result.session_seconds += row['simulated_s']
    result.adapted += row['adapted']
    result.faulted += bool(row['faults'])
    result.highest_mmhg = max(result.highest_mmhg, row['highest_mmhg'])
    _tally(result.trips, row['hazards'])
    problems = []
    if row['false_trip']:
        strike = np.inf if row['strike_s'] is None else row['strike_s']
        pairs = zip(row['hazards'], row['hazard_times_s'], strict=True)
        result.false_trips += 1
        _tally(result.false_by_hazard, [name for name, when in pairs if when < strike])
        problems.append('false trip')
    if row['violation']:
        result.violations += 1
        problems.append('violation')
    if row['beyond_valves']:
        result.beyond_valves += 1
        _raise_to(result.beyond_highest, 'highest_mmhg', row['highest_mmhg'])
        _raise_to(result.beyond_highest, 'supply_mmhg', row['supply_mmhg'])
        _raise_to(result.beyond_highest, 'relieved_g', row['relieved_g'])
    if row['undetected'] is not None:
        problems += _note_detection(result, row)
    if problems:
        told = ('part', 'place', 'faults', 'chambers', 'magnitudes', 'strike_s', 'over_s', 'held_s')
        seen = dict(zip(row['hazards'], row['hazard_times_s'], strict=True))
        failure = {name: row[name] for name in (*told, 'late_s')}
        result.failures.append(failure | {'problems': problems, 'seen': seen})


def _note_detection(result: CampaignResult, row: Mapping[str, Any]) -> list[str]:
    """Note whether a fault that came alone was detected."""
    count = result.by_fault.setdefault(FaultKind(row['faults'][0]), KindCount())
    count.sessions += 1
    if row['detection_s'] is not None:
        count.times.append(row['detection_s'])
        _tally(count.first, row['hazards'][:1])
    if not row['undetected']:
        count.detected += 1
        return []
    if row['exempt']:
        count.exempt += 1
        result.undetected_exempt += 1
        return []
    count.undetected += 1
    result.undetected += 1
    return ['undetected' if row['detection_s'] is None else 'detected late']


def _tally(counts: dict[str, int], ids: Iterable[str]) -> None:
    for name in ids:
        counts[name] = counts.get(name, 0) + 1


def _raise_to(values: dict[str, float], name: str, value: float) -> None:
    values[name] = max(values.get(name, 0.0), value)
