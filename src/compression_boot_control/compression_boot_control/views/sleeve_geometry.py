"""The chambers of a garment as tubes in space: pose, size and colour of each.

A sleeve is a row of tubes along the leg, from the foot up. A tube's radius is that of the limb
with the volume of the air around it, so that a chamber grows as it fills.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from transforms3d.affines import decompose
from transforms3d.quaternions import mat2quat

from compression_boot_control.core.units import MMHG
from compression_boot_control.views.posture import Posture, Segment, leg_length, leg_segments

SLEEVE_TOP = 0.88
"""Part of the leg, from the toes up, that a sleeve covers [P]."""

FOOT_RADIUS, THIGH_RADIUS = 0.045, 0.085
"""Radius of the limb at the foot and at the top [m] [P]."""

FULL_SCALE = 110.0 * MMHG
"""Pressure at which the colour is at its end [Pa]."""

GAP = 0.006
"""Gap between two chambers, so that they can be told apart [m]."""

LITRE = 1e-3

Colour = tuple[float, float, float, float]

SCALE: tuple[tuple[float, float, float], ...] = (
    (0.84, 0.90, 0.95),
    (0.40, 0.70, 0.85),
    (0.20, 0.55, 0.45),
    (0.95, 0.75, 0.20),
    (0.80, 0.15, 0.15),
)
"""Colours from no pressure to `FULL_SCALE`: told apart in grey, too."""

UNKNOWN_COLOUR: Colour = (0.45, 0.45, 0.45, 0.35)
"""A pressure that is not known is grey and seen through, never a number's colour."""


class Known(Enum):
    """What is known of a chamber's pressure."""

    FRESH = 'fresh'
    STALE = 'stale'
    UNKNOWN = 'unknown'


@dataclass(frozen=True)
class SleeveChamber:
    """A chamber as the view needs it: its name, leg, place from the foot, and what air does in it.

    Attributes
    ----------
    name, leg : str
    place, count : int
        Its place among the chambers of its leg, from the foot, and how many there are.
    rest_volume, compliance : float
        [m3], [m3/Pa].
    """

    name: str
    leg: str
    place: int
    count: int
    rest_volume: float
    compliance: float


@dataclass(frozen=True)
class Tube:
    """A chamber in space.

    Attributes
    ----------
    name : str
    position : (float, float, float)
        Of its middle [m].
    orientation : (float, float, float, float)
        Quaternion w, x, y, z that turns the z axis along the limb.
    length, radius : float
        [m].
    colour : Colour
        Red, green, blue, opacity [0..1].
    label : str
        What is written beside it.
    """

    name: str
    position: tuple[float, float, float]
    orientation: tuple[float, float, float, float]
    length: float
    radius: float
    colour: Colour
    label: str


def sleeve_chambers(
    names: Sequence[str],
    legs: Sequence[str],
    zones: Sequence[str],
    zone_order: Sequence[str],
    rest_volume: Sequence[float],
    compliance: Sequence[float],
) -> tuple[SleeveChamber, ...]:
    """Chambers of a layout; one whose zone is not in the order is last."""
    order = {zone: place for place, zone in enumerate(zone_order)}
    rank = [(order.get(zone, len(order)), i) for i, zone in enumerate(zones)]
    places = []
    for i, leg in enumerate(legs):
        own = sorted(rank[j] for j in range(len(legs)) if legs[j] == leg)
        places.append((own.index(rank[i]), len(own)))
    return tuple(
        SleeveChamber(name, leg, *place, float(rest), float(soft))
        for name, leg, place, rest, soft in zip(
            names, legs, places, rest_volume, compliance, strict=True
        )
    )


def tube(
    chamber: SleeveChamber, pressure: float, known: Known, posture: Posture, part_full: float = 1.0
) -> Tube:
    """Put a chamber into space.

    Parameters
    ----------
    chamber : SleeveChamber
    pressure : float
        Gauge pressure [Pa]; NaN if it is not known.
    known : Known
    posture : Posture
    part_full : float
        Part of the rest volume that is filled while there is no pressure [0..1].
    """
    if not math.isfinite(pressure):
        known = Known.UNKNOWN
    shown = max(pressure, 0.0) if known != Known.UNKNOWN else 0.0
    middle, length, segment = _span(chamber, posture)
    share = (chamber.place + 0.5) / chamber.count
    limb = FOOT_RADIUS + (THIGH_RADIUS - FOOT_RADIUS) * share
    volume = chamber.rest_volume * part_full + chamber.compliance * shown
    radius = math.sqrt(limb**2 + volume / (math.pi * length))
    frame = segment.frame @ _along(middle - segment.start)
    position, turn, _, _ = decompose(frame)
    return Tube(
        chamber.name,
        (float(position[0]), float(position[1]), float(position[2])),
        tuple(float(part) for part in mat2quat(turn)),  # type: ignore[arg-type]
        length - GAP,
        radius,
        colour_of(pressure, known),
        label_of(pressure, known),
    )


def colour_of(pressure: float, known: Known) -> Colour:
    """Colour of a pressure [Pa]; a stale one is pale, an unknown one grey."""
    if known == Known.UNKNOWN or not math.isfinite(pressure):
        return UNKNOWN_COLOUR
    place = min(max(pressure / FULL_SCALE, 0.0), 1.0) * (len(SCALE) - 1)
    low = min(int(place), len(SCALE) - 2)
    part = place - low
    red, green, blue = (
        (1.0 - part) * a + part * b for a, b in zip(SCALE[low], SCALE[low + 1], strict=True)
    )
    return (red, green, blue, 0.95 if known == Known.FRESH else 0.4)


def label_of(pressure: float, known: Known) -> str:
    """What is written beside a chamber."""
    if known == Known.UNKNOWN or not math.isfinite(pressure):
        return '?'
    number = f'{pressure / MMHG:.0f}'
    return number if known == Known.FRESH else f'({number})'


def _span(chamber: SleeveChamber, posture: Posture) -> tuple[float, float, Segment]:
    """Middle along the leg from the hip [m], length [m], and the segment of the leg there."""
    covered = SLEEVE_TOP * leg_length()
    length = covered / chamber.count
    middle = leg_length() - (chamber.place + 0.5) * length
    segments = leg_segments(chamber.leg, posture)
    own = [segment for segment in segments if segment.start <= middle]
    return middle, length, own[-1]


def _along(distance: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Pose at a distance along a segment [m], its z axis along the limb."""
    pose = np.eye(4)
    # z of the tube is x of the segment
    pose[:3, :3] = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    pose[0, 3] = distance
    return pose
