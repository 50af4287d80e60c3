"""Times and parameters of the supervisor node, and what it answers to a reset."""

from __future__ import annotations

from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.safety.supervisor import ResetRefusal
from compression_boot_control.nodes.parameters import GARMENT, Parameter

CYCLE = 0.02
"""Period of the supervisor's own timer [s]."""

STATE_PERIOD = 0.1
"""Longest time from one safety/state to the next [s]."""

FIRST_LOOKS = 10.0
"""Time after its start in which a supervisor that finds another one ends itself [s]."""


def _limit(name: str, text: str, low: float) -> Parameter:
    hard = float(getattr(HARD_LIMITS, name))
    return Parameter(name, hard, f'{text}; may only be tightened', low, hard)


PARAMETERS = (
    GARMENT,
    _limit('over_pressure', 'absolute limit on the raw pressure [Pa]', 1000.0),
    _limit('over_pressure_time', 'time above it before the trip [s]', 0.01),
    _limit('state_age', 'longest age of a manifold state [s]', 0.02),
    _limit('request_age', 'longest age of a valid request [s]', 0.02),
)

RESET_TEXT = {
    ResetRefusal.NONE: '',
    ResetRefusal.NOT_CONFIRMED: 'look at the garment and the person, then reset with confirm true',
    ResetRefusal.CAUSE_ACTIVE: 'the cause is still there; see the alarms in safety/state',
    ResetRefusal.NOT_VENTED: 'a chamber is above 15 mmHg or unknown; wait, or open the zips',
    ResetRefusal.NOT_TRIPPED: 'nothing is tripped, so there is nothing to reset',
}
