"""Where the segments of two legs are in space, lying or seated.

The person looks along +x, +y is to the left, +z up (REP 103). The origin is between the hips. All
lengths are in metres, angles in radians.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from transforms3d.affines import compose
from transforms3d.axangles import axangle2mat

FloatArray = NDArray[np.float64]

THIGH, SHANK, FOOT = 0.42, 0.42, 0.20
"""Lengths of a leg's segments, of a person of middle height [m] [P]."""

HIP = 0.12
"""Distance of a hip from the middle [m] [P]."""

SIDES = {'left': 1.0, 'right': -1.0}
STRAIGHT = math.radians(5.0)
"""Angle of a knee that lies: nobody stretches it fully [rad] [P]."""

RIGHT_ANGLE = math.pi / 2.0


@dataclass(frozen=True)
class Posture:
    """How a person rests.

    Attributes
    ----------
    knee : float
        Angle by which the knees are bent; 0 is a straight leg [rad].
    """

    knee: float

    @staticmethod
    def lying() -> Posture:
        """On the back, legs out."""
        return Posture(STRAIGHT)

    @staticmethod
    def seated(knee: float = RIGHT_ANGLE) -> Posture:
        """In a chair, thighs level."""
        return Posture(knee)


@dataclass(frozen=True)
class Segment:
    """A straight part of a leg.

    Attributes
    ----------
    start : float
        Where it begins along the leg, from the hip [m].
    length : float
        [m].
    frame : (4, 4) array
        Pose of its beginning; its x axis points away from the hip.
    """

    start: float
    length: float
    frame: FloatArray


def leg_segments(leg: str, posture: Posture) -> tuple[Segment, ...]:
    """Thigh, shank and foot of a leg, in this order."""
    hip = np.array([0.0, SIDES[leg] * HIP, 0.0])
    # the thigh is level; the knee turns the shank down, and the ankle the foot up again
    thigh = np.eye(3)
    shank = axangle2mat((0.0, 1.0, 0.0), posture.knee)
    foot = axangle2mat((0.0, 1.0, 0.0), posture.knee - RIGHT_ANGLE)
    knee = hip + thigh @ np.array([THIGH, 0.0, 0.0])
    ankle = knee + shank @ np.array([SHANK, 0.0, 0.0])
    starts = (0.0, THIGH, THIGH + SHANK)
    return tuple(
        Segment(start, length, compose(place, turn, np.ones(3)))
        for start, length, place, turn in zip(
            starts, (THIGH, SHANK, FOOT), (hip, knee, ankle), (thigh, shank, foot), strict=True
        )
    )


def leg_length() -> float:
    """Length of a leg along its segments [m]."""
    return THIGH + SHANK + FOOT
