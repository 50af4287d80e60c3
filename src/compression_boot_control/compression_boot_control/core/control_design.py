"""Designs the gains of the pressure loop from the identified chamber, and proves its margins.

Near a held target the loop is, with the controller's belief of the chamber's capacity off by g and
all delays of sampling in T::

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

import control
import numpy as np
from numpy.typing import NDArray

from compression_boot_control.core.identification import Estimate, IdentifiedChamber
from compression_boot_control.core.pneumatics import chamber_capacity
from compression_boot_control.core.sensing import RATE_TIME
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MMHG

GAIN_MARGIN = 2.0
"""Smallest gain margin, 6 dB [-]."""

PHASE_MARGIN = 45.0
"""Smallest phase margin [deg]."""

DELAY = 0.015
"""A sample from reading to command, and half of one for holding it [s]."""

SENSOR_LAG, FILTER_TIMES = 0.005, (0.02, 0.15)
"""Lag of the sensors; time constants of the observer at rest and in full flow [s]."""

RESET_RATIO = 64.0
"""kp squared over ki: the integral only takes what leaks and creep leave."""

DERIVATIVE = 0.05
"""kd [-]."""

HIGHEST_KP = 18.0
"""More would only follow the sensors' noise [1/s]."""

FREQUENCIES = np.geomspace(0.1, 300.0, 400)
"""Where the loop is looked at [rad/s]; above it the sampled loop is no longer this one."""

LEVELS = (20.0 * MMHG, 60.0 * MMHG, 100.0 * MMHG)
"""Pressures at which the capacity is compared [Pa]."""


@dataclass(frozen=True)
class Gains:
    """Gains of one chamber: [1/s], [1/s2], [-]."""

    kp: float
    ki: float
    kd: float

    @staticmethod
    def of_speed(kp: float) -> Gains:
        """Gains that go with a proportional gain."""
        return Gains(kp, kp * kp / RESET_RATIO / 2.0, DERIVATIVE)


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


@dataclass(frozen=True)
class Design:
    """Gains of a chamber, with their margins."""

    gains: Gains
    margins: Margins
    uncertainty: Uncertainty


def uncertainty_of(chamber: IdentifiedChamber) -> Uncertainty:
    """Interval of the loop's parameters that goes with an identification."""
    ratios = []
    for level in LEVELS:
        value = chamber_capacity(chamber.rest_volume.value, chamber.compliance.value, level)
        ends = [
            chamber_capacity(volume, compliance, level)
            for volume, compliance in (
                (chamber.rest_volume.low, chamber.compliance.low),
                (chamber.rest_volume.high, chamber.compliance.high),
            )
        ]
        ratios += [value / end for end in ends]
    # the flow that is asked for passes a valve whose conductance is known no better than this
    valve = chamber.inlet_conductance.half_width / chamber.inlet_conductance.value
    return Uncertainty(
        (min(ratios) * (1.0 - valve), max(ratios) * (1.0 + valve)),
        _within(chamber.valve_response, 1e-3),
        chamber.valve_response.value,
    )


def _within(estimate: Estimate, least: float) -> tuple[float, float]:
    return max(estimate.low, least), max(estimate.high, least)


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


def margins(gains: Gains, uncertainty: Uncertainty) -> Margins:
    """Worst margins over all corners."""
    found = []
    for corner in uncertainty.corners():
        response = loop_response(gains, corner, uncertainty.believed_response)
        system = control.FrequencyResponseData(response, FREQUENCIES, smooth=True)
        gain, phase, _, crossover = control.margin(system)
        found.append((_or(gain, np.inf), _or(phase, 180.0), _or(crossover, 0.0)))
    gain, phase, crossover = np.array(found).T
    return Margins(float(gain.min()), float(phase.min()), float(crossover.max()))


def _or(value: float | None, missing: float) -> float:
    return missing if value is None or not np.isfinite(value) else float(value)


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


def design(chamber: IdentifiedChamber) -> Design:
    """Fastest gains whose margins hold over the uncertainty; found by bisection."""
    uncertainty = uncertainty_of(chamber)
    low, high = 0.5, HIGHEST_KP
    if not _holds(high, uncertainty):
        for _ in range(10):
            middle = (low + high) / 2.0
            low, high = (middle, high) if _holds(middle, uncertainty) else (low, middle)
        high = low
    gains = Gains.of_speed(high)
    return Design(gains, margins(gains, uncertainty), uncertainty)


def quick_design(chamber: IdentifiedChamber) -> Gains:
    """Gains of `design` without the proof, for benchmarks of many garments."""
    uncertainty = uncertainty_of(chamber)
    speeds = np.linspace(2.0, HIGHEST_KP, 17)
    holding = [kp for kp in speeds.tolist() if _holds(kp, uncertainty)]
    return Gains.of_speed(holding[-1] if holding else 2.0)


def _holds(kp: float, uncertainty: Uncertainty) -> bool:
    gain, phase = quick_margins(Gains.of_speed(kp), uncertainty)
    return gain >= GAIN_MARGIN * 1.02 and phase >= PHASE_MARGIN + 1.0
