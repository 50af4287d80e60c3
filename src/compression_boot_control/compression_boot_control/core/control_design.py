"""Designs the gains of the pressure loop from the identified chamber, and proves their margins.

The loop is that of `loop_margins`; the uncertainty is the interval of the identification.
"""

from __future__ import annotations

from dataclasses import dataclass

import control
import numpy as np

from compression_boot_control.core.chamber_record import Estimate, IdentifiedChamber
from compression_boot_control.core.loop_margins import (
    FREQUENCIES,
    GAIN_MARGIN,
    PHASE_MARGIN,
    Gains,
    Margins,
    Uncertainty,
    loop_response,
    quick_margins,
)
from compression_boot_control.core.pneumatics import chamber_capacity
from compression_boot_control.core.units import MMHG

RESET_RATIO = 64.0
"""kp squared over ki: the integral only takes what leaks and creep leave."""

DERIVATIVE = 0.05
"""kd [-]."""

HIGHEST_KP = 18.0
"""More would only follow the sensors' noise [1/s]."""

LEVELS = (20.0 * MMHG, 60.0 * MMHG, 100.0 * MMHG)
"""Pressures at which the capacity is compared [Pa]."""


def gains_of_speed(kp: float) -> Gains:
    """Gains that go with a proportional gain [1/s]."""
    return Gains(kp, kp * kp / RESET_RATIO / 2.0, DERIVATIVE)


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


def design(chamber: IdentifiedChamber) -> Design:
    """Fastest gains whose margins hold over the uncertainty; found by bisection."""
    uncertainty = uncertainty_of(chamber)
    low, high = 0.5, HIGHEST_KP
    if not _holds(high, uncertainty):
        for _ in range(10):
            middle = (low + high) / 2.0
            low, high = (middle, high) if _holds(middle, uncertainty) else (low, middle)
        high = low
    gains = gains_of_speed(high)
    return Design(gains, margins(gains, uncertainty), uncertainty)


def quick_design(chamber: IdentifiedChamber) -> Gains:
    """Gains of `design` without the proof, for benchmarks of many garments."""
    uncertainty = uncertainty_of(chamber)
    speeds = np.linspace(2.0, HIGHEST_KP, 17)
    holding = [kp for kp in speeds.tolist() if _holds(kp, uncertainty)]
    return gains_of_speed(holding[-1] if holding else 2.0)


def _holds(kp: float, uncertainty: Uncertainty) -> bool:
    gain, phase = quick_margins(gains_of_speed(kp), uncertainty)
    return gain >= GAIN_MARGIN * 1.02 and phase >= PHASE_MARGIN + 1.0
