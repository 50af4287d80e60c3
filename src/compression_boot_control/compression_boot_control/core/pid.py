"""PID on arrays, in a form that keeps its promises when the loop around it does not.

The law is, with e the error, y the measurement and y' its filtered rate::

    u = kp e + I - kd y'          clipped to [low, high]
    I <- I + ki e dt              unless u is clipped and e would drive it further

What it promises, each with a test of that name:

* ``dt <= 0`` changes nothing: the last output stands and the state is kept.
* A NaN in target, measurement or rate gives a NaN output and keeps the state; the caller vents.
  It is never answered with the last value, and never with 0.
* The integral grows with the time that passed, so jitter does not change the gain; after a gap
  longer than `MAX_GAP` it neither grows nor jumps for that step.
* `bumpless` presets the integral so that the first output is the one already in force.
* The derivative acts on the measurement's filtered rate, so a set-point step does not kick.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from compression_boot_control.core.chambers import where
from compression_boot_control.core.signals import FloatArray

MAX_GAP = 0.1
"""Longest time between two samples over which the error is still integrated [s]."""


class PidGains(NamedTuple):
    """Gains and output limits; arrays that broadcast against the measurement.

    Attributes
    ----------
    kp : array
        Output per error.
    ki : array
        Output per error and second.
    kd : array
        Output per rate of the measurement.
    low, high : array
        Limits of the output.
    """

    kp: FloatArray
    ki: FloatArray
    kd: FloatArray
    low: FloatArray
    high: FloatArray


class PidState(NamedTuple):
    """What the PID remembers: the integral term and the last output, in the output's unit."""

    integral: FloatArray
    output: FloatArray

    @staticmethod
    def at_rest(shape: tuple[int, ...]) -> PidState:
        """No integral, no output."""
        return PidState(np.zeros(shape), np.zeros(shape))


def pid_step(
    gains: PidGains,
    state: PidState,
    target: FloatArray,
    measurement: FloatArray,
    rate: FloatArray,
    dt: float,
) -> tuple[PidState, FloatArray]:
    """Advance the PID by one sample.

    Parameters
    ----------
    gains : PidGains
    state : PidState
    target, measurement : (..., N) array
        In the same unit.
    rate : (..., N) array
        Filtered rate of the measurement [unit/s].
    dt : float
        Time since the last sample [s].

    Returns
    -------
    PidState
    (..., N) array
        The output, within the limits; NaN where an input was NaN.
    """
    usable = np.isfinite(target) & np.isfinite(measurement) & np.isfinite(rate)
    error = target - measurement
    elapsed = dt if 0.0 < dt <= MAX_GAP else 0.0
    candidate = state.integral + gains.ki * error * elapsed
    wanted = gains.kp * error + candidate - gains.kd * rate
    winds_up = ((wanted > gains.high) & (error > 0.0)) | ((wanted < gains.low) & (error < 0.0))
    integral = where(winds_up | ~usable, state.integral, candidate)
    output = gains.kp * error + integral - gains.kd * rate
    output = np.minimum(np.maximum(output, gains.low), gains.high)
    if dt <= 0.0:
        return state, where(usable, state.output, np.nan)
    return PidState(integral, where(usable, output, state.output)), where(usable, output, np.nan)


def bumpless(
    gains: PidGains,
    target: FloatArray,
    measurement: FloatArray,
    rate: FloatArray,
    output: FloatArray,
) -> PidState:
    """State from which the next step's output continues `output`.

    Used when control begins or its mode changes: the integral takes what the proportional and
    derivative terms do not explain, within the output's limits.
    """
    explained = gains.kp * (target - measurement) - gains.kd * rate
    integral = np.minimum(np.maximum(output - explained, gains.low), gains.high)
    return PidState(integral, np.minimum(np.maximum(output, gains.low), gains.high))
