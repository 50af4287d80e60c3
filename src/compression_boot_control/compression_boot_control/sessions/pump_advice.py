"""Says what would help where a plan keeps a zone under pressure for longer than is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from compression_boot_control.core.garment import LEGS, Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.units import LITRE_PER_MINUTE
from compression_boot_control.sessions.limits import DWELL, INTENSITY, PLANNED_ZONE_TIME
from compression_boot_control.sessions.plan_estimate import longest_zone_time, stage_times

LARGEST_PUMP = 60.0 * LITRE_PER_MINUTE
"""Nobody is told to find a larger pump than this [m3/s] [P]."""

HALVINGS = 7
"""Of a search; the last one is less than a hundredth of the first."""


def zone_time(plan: Plan, garment: Garment) -> float:
    """Longest time of a zone under pressure without a release, from empty chambers [s]."""
    return longest_zone_time(plan, stage_times(plan, garment, empty=True))


def remedies(plan: Plan, garment: Garment, dwell: float, intensity: float) -> str:
    """What would bring a plan within the limit, each by itself, in one line.

    Parameters
    ----------
    plan : Plan
        One that is over the limit.
    garment : Garment
    dwell : float
        Of the phase that is [s].
    intensity : float
        Scale that the plan's pressures have already.
    """
    return ', or '.join(_remedies(plan, garment, dwell, intensity)) or (
        'neither a larger pump nor a shorter dwell is enough: look at hose_bore_mm, '
        'inlet_dm3_per_s_bar and the volumes in the garment file'
    )


def _remedies(plan: Plan, garment: Garment, dwell: float, intensity: float) -> Iterator[str]:
    limit = PLANNED_ZONE_TIME.high
    shorter = np.floor(dwell - (zone_time(plan, garment) - limit))
    if shorter >= DWELL.low:
        yield f'shorten dwell_s to {shorter:.0f} s'
    sides = [side for side in LEGS if garment.on_leg(side)]
    if len(sides) > 1 and all(
        zone_time(_of_leg(plan, garment, s), garment) <= limit for s in sides
    ):
        yield 'run one leg at a time'
    scale = _largest(
        INTENSITY.low / intensity,
        1.0,
        lambda scale: zone_time(replace(plan, target=scale * plan.target), garment) <= limit,
    )
    if scale is not None:
        yield f'lower the intensity to {np.floor(100.0 * scale * intensity) / 100.0:g}'
    share = _largest(
        garment.pump.free_flow / LARGEST_PUMP,
        1.0,
        lambda share: zone_time(plan, _with_pump(garment, share)) <= limit,
    )
    if share is not None:
        has, needed = (
            flow / LITRE_PER_MINUTE
            for flow in (garment.pump.free_flow, garment.pump.free_flow / share)
        )
        yield f'use a pump of {np.ceil(10.0 * needed) / 10.0:g} l/min in the place of {has:g}'


def _largest(low: float, high: float, suffices: Callable[[float], bool]) -> float | None:
    """Largest number that suffices, between one that may and one that does not; None if none."""
    if low >= high or not suffices(low):
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if suffices(middle) else (low, middle)
    return low


def _with_pump(garment: Garment, share: float) -> Garment:
    """Garment with a pump of which the present one is a part."""
    return replace(garment, pump=replace(garment.pump, free_flow=garment.pump.free_flow / share))


def _of_leg(plan: Plan, garment: Garment, side: str) -> Plan:
    mine = np.isin(np.arange(len(garment)), garment.on_leg(side))
    return replace(plan, target=np.where(mine, plan.target, 0.0), awaited=plan.awaited & mine)
