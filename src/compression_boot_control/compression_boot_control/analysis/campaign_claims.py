"""What is claimed of every kind of fault: which hazard tells of it, until when, or why none can."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from compression_boot_control.core.units import MILLILITRE, MINUTE, MMHG
from compression_boot_control.plant.faults import FaultKind


@dataclass(frozen=True)
class Claim:
    """What is claimed of a fault.

    Attributes
    ----------
    hazards : tuple of str
        Ids of the hazards that tell of it.
    within : float or None
        Time from the fault to the hazard [s]; None: until the whole cycle after the one that it
        strikes in has ended, and 12 s of vent.
    exempt : str
        Why it cannot be told for certain; empty: it is declared detectable.
    magnitudes : tuple of float or None
        Range from which magnitudes are drawn, in the unit of the fault; None: it has none.
    both_ways : bool
        The magnitude is drawn with either sign.
    """

    hazards: tuple[str, ...]
    within: float | None = None
    exempt: str = ''
    magnitudes: tuple[float, float] | None = None
    both_ways: bool = False

    @property
    def latest(self) -> float:
        """Time from the fault to the hazard, if one is stated [s]; infinite otherwise."""
        return math.inf if self.within is None else self.within

    def text(self) -> str:
        """The claim in words."""
        when = 'by the end of the next whole cycle and 12 s of vent'
        if self.within is not None:
            when = f'within {self.within:g} s'
        return f'{" or ".join(self.hazards)}, {when}'


AT_ONCE = 0.2
"""Time in which a missing reading is told of [s]."""

CLAIMS: Mapping[FaultKind, Claim] = MappingProxyType(
    {
        FaultKind.INLET_STUCK_OPEN: Claim(
            ('SR-08', 'SR-10'),
            exempt='an exhaust that passes more than the inlet keeps the pressure right',
            magnitudes=(0.2, 1.0),
        ),
        FaultKind.INLET_STUCK_SHUT: Claim(('SR-11',)),
        FaultKind.EXHAUST_STUCK_OPEN: Claim(
            ('SR-11', 'SR-12'),
            exempt='an inlet that passes more than the exhaust keeps the pressure right',
            magnitudes=(0.5, 1.0),
        ),
        FaultKind.EXHAUST_STUCK_SHUT: Claim(('SR-10',)),
        FaultKind.HOSE_KINK: Claim(
            ('SR-13', 'SR-11'),
            exempt='one that fills and empties a small chamber in seconds keeps the pressure right',
            magnitudes=(0.002, 0.02),
        ),
        FaultKind.HOSE_BURST: Claim(('SR-11',), magnitudes=(0.5, 1.0)),
        FaultKind.LEAK: Claim(
            ('SR-12', 'SR-11'),
            exempt='creep of the limb and cooling take as much air for a while',
            magnitudes=(200.0 * MILLILITRE / MINUTE, 1000.0 * MILLILITRE / MINUTE),
        ),
        FaultKind.PUMP_DEAD: Claim(('SR-11',)),
        FaultKind.PUMP_WEAK: Claim(
            ('SR-11',),
            exempt='a cycle after the first needs so little air that a weak pump may suffice',
            magnitudes=(0.1, 0.3),
        ),
        FaultKind.RELIEF_STUCK_SHUT: Claim(
            ('SR-19',), exempt='shows only where the supply would have opened it'
        ),
        FaultKind.SENSOR_OFFSET: Claim(
            ('SR-14', 'SR-03', 'SR-10'), magnitudes=(11.0 * MMHG, 40.0 * MMHG), both_ways=True
        ),
        FaultKind.SENSOR_DRIFT: Claim(
            ('SR-14', 'SR-10', 'SR-03'),
            exempt='a slow drift may end the session still within 5 mmHg',
            magnitudes=(0.1 * MMHG, 1.0 * MMHG),
            both_ways=True,
        ),
        FaultKind.SENSOR_STUCK: Claim(('SR-15', 'SR-10')),
        FaultKind.SENSOR_NOISY: Claim(('SR-16',), magnitudes=(5.0 * MMHG, 15.0 * MMHG)),
        FaultKind.SENSOR_NAN: Claim(('SR-03',), AT_ONCE),
        FaultKind.SENSOR_DEAD: Claim(('SR-03',), AT_ONCE),
        FaultKind.SUPPLY_SENSOR_NAN: Claim(('SR-20',), AT_ONCE),
    }
)
"""Faults of a campaign; swapped hoses are there from the start, which the pre-use check sees."""


OF_VENTING = frozenset({FaultKind.EXHAUST_STUCK_SHUT, FaultKind.HOSE_KINK})
"""Faults that keep the air in, whatever the valves do: the relief valve and the zip are left."""
