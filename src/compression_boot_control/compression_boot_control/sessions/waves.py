"""Turns one cycle of a compression pattern into stages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Stage, StageKind
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray, Mode
from compression_boot_control.sessions.fill_time import fill_time

FILL_FACTOR = 1.5
"""Share of the expected fill time after which an inflation has failed [P]."""

FILL_MARGIN = 5.0
"""Added to it, for the last bit of the approach [s] [P]."""

RELEASE_TIMEOUT = 15.0
"""Time after which a release has failed [s] [P]."""


@dataclass(frozen=True)
class Wave:
    """A cycle's targets on the chambers that take part.

    Attributes
    ----------
    garment : Garment
    target : (N,) array
        Gauge pressure at full inflation [Pa]; 0 for chambers that stay vented.
    dwell, rest : float
        [s]
    label : str
        Put before the names of the stages, e.g. ``warm-up: ``.
    """

    garment: Garment
    target: FloatArray
    dwell: float
    rest: float
    label: str = ''


def release_stage(garment: Garment, name: str) -> Stage:
    """Vent everything and wait until it is."""
    return Stage(
        kind=StageKind.RELEASE,
        name=name,
        mode=np.full(len(garment), int(Mode.VENT)),
        target=np.zeros(len(garment)),
        awaited=np.ones(len(garment), dtype=np.bool_),
        duration=0.0,
        timeout=RELEASE_TIMEOUT,
    )


def rest_stage(garment: Garment, name: str, duration: float) -> Stage:
    """Stay vented for a while."""
    return Stage(
        kind=StageKind.REST,
        name=name,
        mode=np.full(len(garment), int(Mode.VENT)),
        target=np.zeros(len(garment)),
        awaited=np.zeros(len(garment), dtype=np.bool_),
        duration=duration,
        timeout=0.0,
    )


def sequential_gradient_hold(wave: Wave, legs: tuple[str, ...]) -> list[Stage]:
    """Inflate the zones of `legs` from foot to thigh, dwell, and release all.

    The rest after it is not included, as one leg may rest while the other is inflated.
    """
    garment = wave.garment
    suffix = '' if len(legs) > 1 or len(set(garment.legs)) == 1 else f' {legs[0]}'
    on_legs = np.isin(garment.legs, legs) & (wave.target > 0.0)
    rank = garment.zone_rank
    stages = []
    for place in np.unique(rank[on_legs]):
        zone = garment.zone_order[int(place)]
        rising = on_legs & (rank == place)
        holding = on_legs & (rank < place)
        stages.append(_inflate_stage(wave, f'{wave.label}inflate{suffix} {zone}', rising, holding))
    stages.append(
        Stage(
            kind=StageKind.DWELL,
            name=f'{wave.label}dwell{suffix}',
            mode=_modes(np.zeros_like(on_legs), on_legs),
            target=np.where(on_legs, wave.target, 0.0),
            awaited=np.zeros_like(on_legs),
            duration=wave.dwell,
            timeout=0.0,
        )
    )
    stages.append(release_stage(garment, f'{wave.label}release{suffix}'))
    return stages


def _modes(rising: BoolArray, holding: BoolArray) -> IntArray:
    track, hold, vent = int(Mode.TRACK), int(Mode.HOLD), int(Mode.VENT)
    return np.where(rising, track, np.where(holding, hold, vent))


def _inflate_stage(wave: Wave, name: str, rising: BoolArray, holding: BoolArray) -> Stage:
    """Bring some chambers to their targets while others hold."""
    expected = fill_time(wave.garment, np.where(rising, wave.target, 0.0))
    return Stage(
        kind=StageKind.INFLATE,
        name=name,
        mode=_modes(rising, holding),
        target=np.where(rising | holding, wave.target, 0.0),
        awaited=rising,
        duration=0.0,
        timeout=FILL_FACTOR * expected + FILL_MARGIN,
    )
