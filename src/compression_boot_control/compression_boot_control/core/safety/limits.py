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
    """

    over_pressure: float = 125.0 * _PASCAL_PER_MMHG
    over_pressure_time: float = 0.3
    highest_raw: float = 299.0 * _PASCAL_PER_MMHG
    state_age: float = 0.2
    request_age: float = 0.2
    cycle_time: float = 0.2
    vented_pressure: float = 15.0 * _PASCAL_PER_MMHG

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
