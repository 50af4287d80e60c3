"""The proof that a compiled protocol is safe: each rule, whether it holds, and its figure.

The compiler refuses what breaks a rule; this reads the finished plan again, by other means, and
says by how much each rule holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from compression_boot_control.core.garment import LEGS, Garment
from compression_boot_control.core.plan import Plan, StageKind, never_rises
from compression_boot_control.core.signals import Mode
from compression_boot_control.core.units import LITRE_PER_MINUTE, MINUTE, MMHG
from compression_boot_control.sessions.limits import (
    LOCKED_PRESSURE,
    PLANNED_ZONE_TIME,
    PRESSURE,
    REST,
    SESSION_TIME,
)
from compression_boot_control.sessions.plan_estimate import PlanEstimate


@dataclass(frozen=True)
class Proof:
    """One rule.

    Attributes
    ----------
    rule : str
    holds : bool
    figure : str
        What was found, and what is allowed.
    """

    rule: str
    holds: bool
    figure: str


def prove(plan: Plan, garment: Garment, expected: PlanEstimate) -> tuple[Proof, ...]:
    """Every rule for a plan on a garment."""
    chains = tuple(chain for chain in map(garment.on_leg, LEGS) if chain)
    highest = float(plan.target.max()) / MMHG
    loop = slice(plan.loop_start, plan.loop_end)
    kinds = plan.kind[loop]
    released = bool((kinds == StageKind.RELEASE).any() and kinds[-1] == StageKind.REST)
    vented = bool((plan.mode[plan.kind == StageKind.REST] == Mode.VENT).all())
    rests = plan.duration[plan.kind == StageKind.REST]
    shortest = float(rests.min()) if len(rests) else 0.0
    minutes = (expected.warm_up_time + expected.session_time) / MINUTE
    flow = garment.pump.free_flow / LITRE_PER_MINUTE
    reachable = bool(np.isfinite(expected.zone_time) and np.isfinite(expected.session_time))
    unlock = '' if highest <= LOCKED_PRESSURE.high else ', and needs an unlock'
    return (
        Proof(
            'pressure never rises towards the thigh',
            never_rises(plan.target, chains),
            f'steps of {_steps(plan, chains)}',
        ),
        Proof(
            'pressure within its cap',
            highest <= PRESSURE.high * (1.0 + 1e-6),
            f'{highest:.1f} mmHg of {PRESSURE.high:g}{unlock}',
        ),
        Proof(
            'full release and rest in each cycle',
            released and vented and shortest >= REST.low,
            f'rests of {shortest:g} s or more',
        ),
        Proof(
            'no zone under pressure for too long',
            expected.zone_time <= PLANNED_ZONE_TIME.high,
            f'{expected.zone_time:.0f} s of {PLANNED_ZONE_TIME.high:g}',
        ),
        Proof(
            'session not too long',
            minutes <= SESSION_TIME.high + 0.5,
            f'{minutes:.1f} min of {SESSION_TIME.high:g}',
        ),
        Proof(
            "within the pump's capacity",
            reachable,
            f'a wave takes {expected.wave_time:.0f} s from empty sleeves, '
            f'{expected.refill_wave_time:.0f} s later, at {flow:.0f} L/min',
        ),
        Proof(
            'ends vented',
            bool(plan.kind[-1] == StageKind.RELEASE and plan.awaited[-1].all()),
            'a release of all chambers comes last',
        ),
    )


def _steps(plan: Plan, chains: tuple[tuple[int, ...], ...]) -> str:
    """Smallest and largest step between neighbours under pressure, in words."""
    steps = []
    for chain in chains:
        for row in plan.target[:, list(chain)]:
            inflated = row[row > 0.0]
            steps += (inflated[:-1] - inflated[1:]).tolist()
    if not steps:
        return '0 mmHg'
    return f'{min(steps) / MMHG:.1f} to {max(steps) / MMHG:.1f} mmHg'
