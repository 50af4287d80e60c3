"""Turns one cycle of a compression pattern into stages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Stage, StageKind
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray, Mode
from compression_boot_control.core.units import MMHG
from compression_boot_control.sessions.fill_time import fill_time
from compression_boot_control.sessions.phases import Compression, Peristaltic, Pulse, Uniform

FILL_FACTOR = 1.5
"""Share of the expected fill time after which an inflation has failed [P]."""

FILL_MARGIN = 5.0
"""Added to it, for the last bit of the approach [s] [P]."""

RELEASE_TIMEOUT = 15.0
"""Time after which a release has failed [s] [P]."""


Legs = tuple[str, ...]
"""Legs that are inflated at the same time."""


@dataclass(frozen=True)
class Wave:
    """A cycle's targets on the chambers of a garment.

    Attributes
    ----------
    garment : Garment
    target : (N,) array
        Gauge pressure at full inflation [Pa]; 0 for chambers that stay vented.
    scale : float
        What the targets were multiplied by.
    dwell : float
        [s]
    label : str
        Put before the names of the stages, e.g. ``warm up: ``.
    """

    garment: Garment
    target: FloatArray
    scale: float
    dwell: float
    label: str = ''

    def nowhere(self) -> BoolArray:
        """No chamber; (N,)."""
        return np.zeros(len(self.garment), dtype=np.bool_)

    def zones(self, legs: Legs) -> Iterator[tuple[str, BoolArray]]:
        """Each zone that is inflated on `legs`, distal to proximal, and its chambers; (N,)."""
        taking_part = np.isin(self.garment.legs, legs) & (self.target > 0.0)
        rank = self.garment.zone_rank
        for place, zone in enumerate(self.garment.zone_order):
            chambers: BoolArray = taking_part & (rank == place)
            if chambers.any():
                yield zone, chambers

    def name(self, action: str, legs: Legs, zone: str = '') -> str:
        """Name of a stage; it says the leg where the garment has another one too."""
        leg = legs[0] if set(legs) != set(self.garment.legs) else ''
        words = ' '.join(word for word in (action, leg, zone.replace('_', ' ')) if word)
        return f'{self.label}{words}'


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


def cycle_stages(pattern: Compression, wave: Wave, legs: Legs) -> list[Stage]:
    """Stages of one cycle of a pattern on `legs`, up to and with the release of all zones.

    The rest after it is not included, as one leg may rest while the other is inflated.
    """
    match pattern:
        case Peristaltic():
            stages = peristaltic(wave, legs, pattern.window_zones)
        case Pulse():
            depth = pattern.pulse_depth_mmhg * MMHG * wave.scale
            stages = pulse(wave, legs, pattern.pulses, depth, pattern.pulse_s)
        case Uniform():
            stages = uniform(wave, legs)
        case _:
            overlap = getattr(pattern, 'overlap_zones', 0)
            stages = sequential_gradient_hold(wave, legs, overlap)
    return [*stages, release_stage(wave.garment, wave.name('release', legs))]


def sequential_gradient_hold(wave: Wave, legs: Legs, overlap: int = 0) -> list[Stage]:
    """Inflate the zones from foot to thigh, each holding until all are up, then dwell.

    With an overlap, so many next zones begin to fill together with each.
    """
    stages = []
    holding = wave.nowhere()
    zones = list(wave.zones(legs))
    for place, (zone, rising) in enumerate(zones):
        ahead = np.any(
            [wave.nowhere(), *(one for _, one in zones[place + 1 : place + 1 + overlap])], axis=0
        )
        stages.append(_inflate(wave, wave.name('inflate', legs, zone), rising, holding, ahead))
        holding = holding | rising
    return [*stages, _dwell(wave, wave.name('dwell', legs), holding)]


def uniform(wave: Wave, legs: Legs) -> list[Stage]:
    """Inflate all zones together, then dwell."""
    everywhere = wave.nowhere()
    for _, rising in wave.zones(legs):
        everywhere = everywhere | rising
    return [
        _inflate(wave, wave.name('inflate', legs), everywhere, wave.nowhere()),
        _dwell(wave, wave.name('dwell', legs), everywhere),
    ]


def peristaltic(wave: Wave, legs: Legs, window: int) -> list[Stage]:
    """Move a window of inflated zones from foot to thigh, dwelling at each place.

    A zone vents as soon as the window has left it.
    """
    stages = []
    inside: list[BoolArray] = []
    for zone, rising in wave.zones(legs):
        inside = inside[len(inside) - (window - 1) :] if window > 1 else []
        holding = np.any([wave.nowhere(), *inside], axis=0)
        stages.append(_inflate(wave, wave.name('inflate', legs, zone), rising, holding))
        stages.append(_dwell(wave, wave.name('dwell', legs, zone), holding | rising))
        inside.append(rising)
    return stages


def pulse(wave: Wave, legs: Legs, pulses: int, depth: float, duration: float) -> list[Stage]:
    """Sequential gradient hold in which each zone oscillates once it is up.

    Parameters
    ----------
    wave : Wave
    legs : tuple of str
    pulses : int
        Oscillations of each zone.
    depth : float
        Drop below the target [Pa].
    duration : float
        Time at the lower pressure [s].
    """
    stages = []
    holding = wave.nowhere()
    for zone, rising in wave.zones(legs):
        inflate = _inflate(wave, wave.name('inflate', legs, zone), rising, holding)
        name = wave.name('pulse', legs, zone)
        low = np.where(rising, np.maximum(wave.target - depth, wave.target / 2.0), wave.target)
        lower = _lowered(wave, name, rising, holding, low, duration)
        stages += [inflate, *[lower, replace(inflate, name=name)] * pulses]
        holding = holding | rising
    return [*stages, _dwell(wave, wave.name('dwell', legs), holding)]


def _modes(tracking: BoolArray, holding: BoolArray) -> IntArray:
    track, hold, vent = int(Mode.TRACK), int(Mode.HOLD), int(Mode.VENT)
    return np.where(tracking, track, np.where(holding, hold, vent))


def _inflate(
    wave: Wave,
    name: str,
    rising: BoolArray,
    holding: BoolArray,
    ahead: BoolArray | None = None,
) -> Stage:
    """Bring some chambers to their targets while others hold, and others begin ahead of time."""
    filling = rising if ahead is None else rising | ahead
    expected = fill_time(wave.garment, np.where(filling, wave.target, 0.0))
    return Stage(
        kind=StageKind.INFLATE,
        name=name,
        mode=_modes(filling, holding),
        target=np.where(filling | holding, wave.target, 0.0),
        awaited=rising,
        duration=0.0,
        timeout=FILL_FACTOR * expected + FILL_MARGIN,
    )


def _dwell(wave: Wave, name: str, holding: BoolArray) -> Stage:
    """Hold chambers at their targets for the wave's dwell."""
    return Stage(
        kind=StageKind.DWELL,
        name=name,
        mode=_modes(wave.nowhere(), holding),
        target=np.where(holding, wave.target, 0.0),
        awaited=wave.nowhere(),
        duration=wave.dwell,
        timeout=0.0,
    )


def _lowered(
    wave: Wave,
    name: str,
    tracking: BoolArray,
    holding: BoolArray,
    target: FloatArray,
    duration: float,
) -> Stage:
    """Take some chambers to a lower target for a moment while others hold."""
    return Stage(
        kind=StageKind.DWELL,
        name=name,
        mode=_modes(tracking, holding),
        target=np.where(tracking | holding, target, 0.0),
        awaited=wave.nowhere(),
        duration=duration,
        timeout=0.0,
    )
