"""Hard limits of the safety path. They are in code; a parameter may only tighten them."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

# The safety path has its own conversion, so that an error in the shared one cannot reach it.
_PASCAL_PER_MMHG = 133.322


@dataclass(frozen=True)
class SafetyLimits:
    """Limits that the supervisor acts on; every one is an upper limit.

    Attributes
    ----------
    over_pressure : float
        Absolute gauge pressure at a port, 125 mmHg [Pa] [P].
    over_pressure_time : float
        Time above it before the trip [s] [P].
    highest_raw : float
        Top of the sensor's range, 299 mmHg; above it a reading is not a pressure [Pa] [P].
    state_age : float
        Age of the last manifold state, on receive time [s] [P].
    request_age : float
        Age of the last valid request, on receive time [s] [P].
    cycle_time : float
        Time between two of the supervisor's own cycles [s] [P].
    vented_pressure : float
        Below it a chamber counts as vented, 15 mmHg [Pa] [P].
    excess : float
        Pressure above the set-point, 15 mmHg [Pa] [L].
    excess_time : float
        Time above it before the zone is vented [s] [L].
    pressure_time : float
        Time that a zone may be above 15 mmHg without a release [s] [L].
    deflate_time : float
        Time from a vent command to below 15 mmHg [s] [P].
    inflate_share : float
        Air put into a chamber, as a share of what its set-point needs, by which half of the
        set-point must have been reached [-] [P].
    inflate_time : float
        Time of the expected flow that is granted on top [s] [P].
    leak_share : float
        Air topped up, as a share of the calibrated leak [-] [L].
    leak_time : float
        Time of it before the alarm [s] [L].
    kink_share : float
        Share of the air that a set-point needs below which it cannot have been reached [-] [P].
    kink_time : float
        Time of it before the zone is vented [s] [P].
    zero_offset : float
        Reading of a vented chamber, 5 mmHg [Pa] [P].
    zero_time : float
        Time vented before it is judged, and again for which it must last: the last 10 mmHg of the
        slowest chamber take 5.2 s [s] [P].
    stuck_time : float
        Time for which a reading may stand still while its valve works [s] [P].
    rate : float
        Rate of a reading between two samples, 400 mmHg/s [Pa/s] [P].
    rate_time : float
        Time of it before the leg is vented [s] [P].
    sensors_apart : float
        Difference of two sensors of one chamber, 10 mmHg [Pa] [P].
    sensors_apart_time : float
        Time of it before the leg is vented [s] [P].
    supply : float
        Gauge pressure of the supply, 175 mmHg: 25 above the relief valve's highest [Pa] [P].
    supply_time : float
        Time above it before the trip [s] [P].
    """

    over_pressure: float = 125.0 * _PASCAL_PER_MMHG
    over_pressure_time: float = 0.3
    highest_raw: float = 299.0 * _PASCAL_PER_MMHG
    state_age: float = 0.2
    request_age: float = 0.2
    cycle_time: float = 0.2
    vented_pressure: float = 15.0 * _PASCAL_PER_MMHG
    excess: float = 15.0 * _PASCAL_PER_MMHG
    excess_time: float = 1.0
    pressure_time: float = 180.0
    deflate_time: float = 10.0
    inflate_share: float = 1.5
    inflate_time: float = 1.0
    leak_share: float = 3.0
    leak_time: float = 7.0
    kink_share: float = 0.3
    kink_time: float = 0.5
    zero_offset: float = 5.0 * _PASCAL_PER_MMHG
    zero_time: float = 5.8
    stuck_time: float = 1.0
    rate: float = 400.0 * _PASCAL_PER_MMHG
    rate_time: float = 0.02
    sensors_apart: float = 10.0 * _PASCAL_PER_MMHG
    sensors_apart_time: float = 1.0
    supply: float = 175.0 * _PASCAL_PER_MMHG
    supply_time: float = 1.0

    def tightened(self, **limits: float) -> SafetyLimits:
        """Return these limits with some of them lower.

        Raises
        ------
        ValueError
            For an unknown limit, and for a value that is not a positive number or would loosen.
        """
        known = {field.name for field in fields(self)}
        for name, value in limits.items():
            if name not in known:
                raise ValueError(f'no safety limit is called {name}; there are {sorted(known)}')
            hard = getattr(self, name)
            if not math.isfinite(value) or value <= 0.0:
                raise ValueError(
                    f'safety limit {name} must be a positive number up to {hard:g}, not {value}'
                )
            if value > hard:
                raise ValueError(
                    f'safety limit {name} may only be tightened: {value:g} is above {hard:g}'
                )
        return replace(self, **limits)


HARD_LIMITS = SafetyLimits()
"""What no configuration can loosen."""

LOWEST_RAW = -9.5 * _PASCAL_PER_MMHG
"""Bottom of the sensor's range; below it a reading is not a pressure [Pa] [P]."""
