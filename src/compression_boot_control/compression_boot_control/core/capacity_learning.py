"""Learns from cycle to cycle how much air the chamber on this leg takes.

A fill past the slack is a measurement: the flow that goes in, over the rate of the pressure, is the
chamber's capacity dm/dp. It is taken in with a time constant of a second of filling, so that the
first two or three cycles fit the leg that is in the sleeve; what is learned stays within the range
of legs, whatever a sensor says.
"""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.chambers import where
from compression_boot_control.core.signals import BoolArray, FloatArray
from compression_boot_control.core.units import MMHG

FILLING_RATE, FILLING_PRESSURE = 8.0 * MMHG, 12.0 * MMHG
"""A chamber that rises faster than this, and stands above this, shows its capacity [Pa/s], [Pa]."""

TELLING_DROP, TELLING_OPENING = 5.0 * MMHG, 0.5
"""Drop over an inlet, and its opening, with which its flow is known well enough [Pa], [0..1]."""

LEARNING_TIME = 1.0
"""Time of filling in which most of a wrong capacity is learned [s]."""

LEARNED_RANGE = (0.5, 2.0)
"""Capacity over the believed one, as far as it is learned [-]: the range of legs."""


def learned_capacity(
    learned: FloatArray,
    inflow: FloatArray,
    believed: FloatArray,
    pressure: FloatArray,
    rate: FloatArray,
    known_flow: BoolArray,
    dt: float,
) -> FloatArray:
    """Take one sample into what is learned.

    Parameters
    ----------
    learned : (..., N) array
        Capacity over the believed one so far [-].
    inflow : (..., N) array
        Mass flow into the chamber [kg/s].
    believed : (..., N) array
        Capacity that is believed [kg/Pa].
    pressure, rate : (..., N) array
        Of the chamber [Pa], [Pa/s].
    known_flow : (..., N) array of bool
        Whether the flow is known well enough.
    dt : float
        Time since the last sample, at most `LEARNING_TIME` [s].

    Returns
    -------
    (..., N) array
        Capacity over the believed one [-].
    """
    low, high = LEARNED_RANGE
    shown = inflow / (believed * np.maximum(rate, FILLING_RATE))
    shown = np.minimum(np.maximum(shown, low), high)
    telling = known_flow & (rate > FILLING_RATE) & (pressure > FILLING_PRESSURE)
    taken_in: FloatArray = learned + where(telling, dt / LEARNING_TIME * (shown - learned), 0.0)
    return taken_in
