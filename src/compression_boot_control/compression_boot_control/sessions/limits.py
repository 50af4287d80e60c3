"""Limits of protocols and sessions as data, each with the mark of where it comes from.

Marks: [S] usual dose of consumer compression boots, [L] literature or a device's manual,
[P] a proposal of this project, where nothing could be read.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """A closed range, in the unit that protocol files use.

    Attributes
    ----------
    low, high : float
        Both are allowed.
    unit : str
        Empty for a plain number.
    mark : str
        Where it comes from: S, L or P.
    meaning : str
        What is limited, and why.
    """

    low: float
    high: float
    unit: str
    mark: str
    meaning: str

    def holds(self, value: float) -> bool:
        """Whether `value` is allowed; NaN is not."""
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f'{self.low:g} to {self.high:g}{" " if self.unit else ""}{self.unit}'


PRESSURE = Limit(20, 110, 'mmHg', 'S', 'pressure of an inflated zone that a device offers')
LOCKED_PRESSURE = Limit(0, 65, 'mmHg', 'S', 'pressure without a deliberate unlock')
SESSION_TIME = Limit(0, 45, 'min', 'S', 'length of a session')
ZONE_TIME = Limit(0, 180, 's', 'L', 'time of a zone above 15 mmHg without a release')
PLANNED_ZONE_TIME = Limit(
    0, 160, 's', 'P', 'the same as planned; the rest is for a slow pump and a yielding limb'
)
DWELL = Limit(1, 150, 's', 'P', 'dwell under pressure; the wave must fit into the zone time too')
REST = Limit(1, 300, 's', 'P', 'rest between two cycles; 5 to 20 s are usual')
STEP = Limit(0, 10, 'mmHg', 'L', 'pressure difference of neighbouring zones; 5 to 10 did best')
GRADIENT = Limit(0, 20, 'mmHg', 'P', 'largest gradient per zone that a file may ask for')
INTENSITY = Limit(0.5, 1.2, '', 'P', "scale on a protocol's pressures")
SCALE = Limit(0.3, 1, '', 'P', 'pressure of a warm-up or cool-down against the phase it is like')
REPEATS = Limit(1, 50, '', 'P', 'repeats of one phase')

LYMPH_DWELL = 50.0
"""Dwell at which lymph moved; 5 s and 20 s did nothing even at 120 mmHg [s] [L]."""

PASCAL_LIKE = 1000.0
"""From here on a number for a pressure looks like pascals [mmHg] [P]."""

ALL_LIMITS = {
    'pressure': PRESSURE,
    'pressure without unlock': LOCKED_PRESSURE,
    'session time': SESSION_TIME,
    'zone time': ZONE_TIME,
    'planned zone time': PLANNED_ZONE_TIME,
    'dwell': DWELL,
    'rest': REST,
    'step': STEP,
    'gradient': GRADIENT,
    'intensity': INTENSITY,
    'scale': SCALE,
    'repeats': REPEATS,
}
"""Every limit by name, for tables in the documentation."""
