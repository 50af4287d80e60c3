"""What flows between the stages of the loop: readings, estimates, set-points and actuation.

Every array has any number of leading batch axes; the last axis is chambers. Scalars of a garment
(supply pressure, pump drive) have the batch axes only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class Mode(IntEnum):
    """What a chamber is to do; the values of ``Setpoints.msg``."""

    VENT = 0
    TRACK = 1
    HOLD = 2
    SHUT = 3


class Quality(IntEnum):
    """How far a pressure can be trusted; the values of ``ChamberPressures.msg``."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


class Reason(IntEnum):
    """Why a quality is not good; the values of ``ChamberPressures.msg``."""

    NONE = 0
    NOT_ZEROED = 1
    MISSING = 2
    OUT_OF_RANGE = 3
    STUCK = 4
    OFFSET = 5


@dataclass(frozen=True)
class Readings:
    """One raw sample of the manifold.

    Attributes
    ----------
    pressure : (..., N) array
        Gauge pressure at the port of each chamber [Pa]; NaN where the sensor gives none.
    inlet, exhaust : (..., N) array
        Opening of the valves as the device reports it [0..1].
    supply_pressure : (...) array
        Gauge pressure of the supply rail [Pa]; NaN if not measured.
    pump : (...) array
        Pump drive as the device reports it [0..1].
    """

    pressure: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    supply_pressure: FloatArray
    pump: FloatArray


@dataclass(frozen=True)
class Pressures:
    """Estimated state of the chambers.

    Attributes
    ----------
    pressure : (..., N) array
        Gauge pressure in the chamber [Pa]; NaN where quality is BAD.
    rate : (..., N) array
        Its rate of change [Pa/s]; NaN where quality is BAD.
    quality, reason : (..., N) array
        `Quality` and `Reason` per chamber.
    supply_pressure : (...) array
        Gauge pressure of the supply rail [Pa]; NaN if not measured.
    """

    pressure: FloatArray
    rate: FloatArray
    quality: IntArray
    reason: IntArray
    supply_pressure: FloatArray


@dataclass(frozen=True)
class Setpoints:
    """What each chamber is to do: `Mode` and gauge pressure [Pa], both (..., N)."""

    mode: IntArray
    target: FloatArray


@dataclass(frozen=True)
class Actuation:
    """One command for all valves and the pump.

    Attributes
    ----------
    inlet, exhaust : (..., N) array
        Openings of the valves [0..1].
    pump : (...) array
        Pump drive [0..1].
    """

    inlet: FloatArray
    exhaust: FloatArray
    pump: FloatArray

    @staticmethod
    def vented(shape: tuple[int, ...]) -> Actuation:
        """Inlets closed, exhausts open, pump off, for arrays of `shape` (..., N)."""
        return Actuation(np.zeros(shape), np.ones(shape), np.zeros(shape[:-1]))
