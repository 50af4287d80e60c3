"""The pressure loop near a held target, its margins, and whether gains keep them.

With the controller's belief of the chamber's capacity off by g and all delays of sampling in T::

    valve       V(s) = e^(-T s) / (tau_v s + 1)
    chamber     p = g V u / s
    sensing     p_hat = S(s) p / (tau s + 1)  +  tau / (tau s + 1) V_b(s) u
    control     u = (kp + ki / s + kd s / (tau_r s + 1)) (r - p_hat)

Sensing counts the flow that it knows of, which passes the believed valve V_b, in its estimate: that
is the second term, and it takes the filter's lag out of the loop as far as the belief is right. The
margins are those of the loop's transfer function, at the worst corner of g, tau_v and tau.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.sensing import RATE_TIME
from compression_boot_control.core.signals import FloatArray

GAIN_MARGIN = 2.0
"""Smallest gain margin, 6 dB [-]."""

PHASE_MARGIN = 45.0
"""Smallest phase margin [deg]."""

DELAY = 0.015
"""A sample from reading to command, and half of one for holding it [s]."""

SENSOR_LAG, FILTER_TIMES = 0.005, (0.02, 0.15)
"""Lag of the sensors; time constants of the observer at rest and in full flow [s]."""

FREQUENCIES = np.geomspace(0.1, 300.0, 400)
"""Where the loop is looked at [rad/s]; above it the sampled loop is no longer this one."""

MEASURED_CAPACITY, FILE_CAPACITY = (0.9, 1.1), (0.6, 1.6)
"""Capacity believed over true: of chambers that were measured, and of a file's usual leg [-]."""

MEASURED_RESPONSE, FILE_RESPONSE = (0.7, 1.4), (0.5, 2.0)
"""Time constant of the valves over the believed one, measured and as a file says it [-]."""


@dataclass(frozen=True)
class Gains:
    """Gains of one chamber: [1/s], [1/s2], [-]."""

    kp: float
    ki: float
    kd: float


@dataclass(frozen=True)
class Uncertainty:
    """What the loop may meet: capacity believed over true, and the valve's time constant [s]."""

    capacity: tuple[float, float]
    response: tuple[float, float]
    believed_response: float

    def corners(self) -> list[tuple[float, float, float]]:
        """Capacity ratio, valve's time constant, observer's time constant."""
        return list(product(self.capacity, self.response, FILTER_TIMES))


@dataclass(frozen=True)
class Margins:
    """Worst margins: factor [-], angle [deg], and the highest crossover [rad/s]."""

    gain: float
    phase: float
    crossover: float

    @property
    def sufficient(self) -> bool:
        """At least 6 dB and 45 degrees."""
        return self.gain >= GAIN_MARGIN and self.phase >= PHASE_MARGIN


def loop_response(
    gains: Gains, corner: tuple[float, float, float], believed_response: float
) -> NDArray[np.complex128]:
    """Frequency response of the open loop at `FREQUENCIES`."""
    capacity, response, filter_time = corner
    s = 1j * FREQUENCIES
    valve = np.exp(-DELAY * s) / (response * s + 1.0)
    # sensing knows the command as the device reports it, a sample later
    known = np.exp(-DELAY * s) / (believed_response * s + 1.0)
    seen = capacity * valve / s / (SENSOR_LAG * s + 1.0) / (filter_time * s + 1.0)
    counted = filter_time / (filter_time * s + 1.0) * known
    law = gains.kp + gains.ki / s + gains.kd * s / (RATE_TIME * s + 1.0)
    return np.asarray(law * (seen + counted), dtype=np.complex128)


def quick_margins(gains: Gains, uncertainty: Uncertainty) -> tuple[float, float]:
    """Worst gain and phase margin on the grid of frequencies, in a hundredth of the time."""
    responses = np.array(
        [loop_response(gains, c, uncertainty.believed_response) for c in uncertainty.corners()]
    )
    size, angle = np.abs(responses), np.unwrap(np.angle(responses), axis=-1)
    beyond = angle <= -np.pi
    gain = float(np.where(beyond, 1.0 / size, np.inf).min())
    crossed = (size[:, :-1] >= 1.0) & (size[:, 1:] < 1.0)
    phase: FloatArray = np.degrees(angle[:, 1:][crossed]) + 180.0
    return gain, float(phase.min(initial=180.0))


def assumed_uncertainty(garment: Garment, chamber: int) -> Uncertainty:
    """What the loop of a chamber may meet, when only the garment file is known.

    A garment with gains of its own has been measured by `boots tune`.
    """
    measured = garment.gains is not None
    capacity = MEASURED_CAPACITY if measured else FILE_CAPACITY
    low, high = MEASURED_RESPONSE if measured else FILE_RESPONSE
    response = float(garment.valve_response[chamber])
    return Uncertainty(capacity, (low * response, high * response), response)


def weak_loops(garment: Garment, gains: tuple[FloatArray, FloatArray, FloatArray]) -> list[str]:
    """Chambers whose gains (N,) lack their margins, the worst first, each with what they have.

    Parameters
    ----------
    garment : Garment
    gains : tuple of (N,) array
        kp [1/s], ki [1/s2], kd [-].
    """
    found = []
    for i, three in enumerate(np.array(gains).T.tolist()):
        gain, phase = quick_margins(Gains(*three), assumed_uncertainty(garment, i))
        if gain < GAIN_MARGIN or phase < PHASE_MARGIN:
            name = garment.chamber_names[i]
            found.append((gain, f'{name} {20.0 * np.log10(gain):.1f} dB, {phase:.0f} deg'))
    return [text for _, text in sorted(found, key=lambda loop: round(loop[0], 3))]
