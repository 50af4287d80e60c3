"""What people and the supervisor change in a session that runs, checked against its limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum

import numpy as np

from compression_boot_control.core.garment import LEGS, Garment
from compression_boot_control.core.plan import Plan, rising_chambers
from compression_boot_control.core.sequence import SequenceRequest
from compression_boot_control.core.signals import BoolArray, FloatArray
from compression_boot_control.core.units import MMHG
from compression_boot_control.sessions.limits import INTENSITY, ZONE_OFFSET

EASING = 0.9
"""A discomfort lowers the intensity by this factor [P]."""


class ChangeError(IntEnum):
    """Error codes that the services of a session share."""

    WRONG_STATE = 202
    OUT_OF_RANGE = 203
    OVER_LIMIT = 204
    UNKNOWN_ZONE = 205


class ChangeRefused(Exception):
    """A change that is not made; the text says what to do."""

    def __init__(self, error: ChangeError, text: str) -> None:
        super().__init__(text)
        self.error = error


class SessionChanges:
    """The changes that are in force.

    Parameters
    ----------
    plan : Plan
    garment : Garment
    planned_intensity : float
        Scale on the protocol's pressures that the plan was made with.

    Attributes
    ----------
    intensity : float
        Scale on the protocol's pressures that was asked for last.
    """

    def __init__(self, plan: Plan, garment: Garment, planned_intensity: float = 1.0) -> None:
        self._plan = plan
        self._garment = garment
        self._planned = planned_intensity
        self._chains = tuple(chain for chain in map(garment.on_leg, LEGS) if chain)
        self.intensity = planned_intensity
        self._offset: FloatArray = np.zeros(len(garment))
        self._skip: BoolArray = np.zeros(len(garment), dtype=np.bool_)
        self._lost: BoolArray = np.zeros(len(garment), dtype=np.bool_)

    @property
    def lost(self) -> BoolArray:
        """Chambers that the supervisor has taken away, for the rest of the session; (N,)."""
        return self._lost

    def request(self, *, stop: bool, pause: bool, resume: bool) -> SequenceRequest:
        """What to ask of the sequence in its next step."""
        return SequenceRequest(
            stop=np.array([stop]),
            pause=np.array([pause]),
            resume=np.array([resume]),
            intensity=np.array([self.intensity / self._planned]),
            offset=self._offset,
            skip=self._skip | self._lost,
        )

    def set_intensity(self, intensity: float) -> None:
        """Scale the protocol's pressures from now on; less is always possible.

        Raises
        ------
        ChangeRefused
            It is out of range, or a pressure would exceed its cap or rise towards the thigh.
        """
        if not INTENSITY.holds(intensity):
            raise ChangeRefused(
                ChangeError.OUT_OF_RANGE,
                f'intensity {intensity:g} is out of range; allowed: {INTENSITY}',
            )
        offset = self._offset
        if intensity < self.intensity:
            # with the pressures the offsets become less too: alone they could turn the gradient
            offset = offset * (intensity / self.intensity)
        elif problem := self._problem(intensity, offset):
            raise ChangeRefused(
                ChangeError.OVER_LIMIT, f'at intensity {intensity:g} {problem}: choose less'
            )
        self.intensity, self._offset = intensity, offset

    def ease(self) -> None:
        """Lower all pressures, because something is uncomfortable."""
        self.set_intensity(max(EASING * self.intensity, INTENSITY.low))

    def adjust_zone(self, zone: str, leg: str, offset: float, *, skip: bool) -> None:
        """Change or skip one zone from its next inflation on.

        Raises
        ------
        ChangeRefused
            There is no such zone, or the change is more than is allowed.
        """
        legs = LEGS if leg in ('both', '') else (leg,)
        own = zip(self._garment.zones, self._garment.legs, strict=True)
        chosen = [i for i, (name, side) in enumerate(own) if name == zone and side in legs]
        if not chosen:
            raise ChangeRefused(
                ChangeError.UNKNOWN_ZONE,
                f'no zone {zone!r} on leg {leg!r}: zones are '
                f'{", ".join(self._garment.zone_order)}, legs left, right and both',
            )
        skips = self._skip.copy()
        skips[chosen] = skip
        if skip:
            self._skip = skips
            return
        if not (math.isfinite(offset) and ZONE_OFFSET.holds(round(offset / MMHG, 3))):
            raise ChangeRefused(
                ChangeError.OUT_OF_RANGE,
                f'offset {offset / MMHG:g} mmHg is out of range; allowed: {ZONE_OFFSET}',
            )
        offsets = self._offset.copy()
        offsets[chosen] = offset
        if problem := self._problem(self.intensity, offsets):
            raise ChangeRefused(ChangeError.OVER_LIMIT, f'{problem}: change it by less')
        self._skip, self._offset = skips, offsets

    def lose(self, names: Sequence[str]) -> tuple[str, ...]:
        """Leave out what the supervisor vents, for the rest of the session; what is new of it."""
        new = [
            name
            for i, name in enumerate(self._garment.chamber_names)
            if name in names and not self._lost[i]
        ]
        self._lost = self._lost | np.isin(self._garment.chamber_names, new)
        return tuple(new)

    def _problem(self, intensity: float, offset: FloatArray) -> str:
        planned = self._plan.target
        target = np.where(planned > 0.0, planned * (intensity / self._planned) + offset, 0.0)
        zones = self._garment.zones
        excess = (target / self._plan.caps).max(axis=0)
        if excess.max() > 1.0 + 1e-9:
            highest = int(np.argmax(excess))
            return (
                f'{zones[highest]} would exceed its cap of {self._plan.caps[highest] / MMHG:g} mmHg'
            )
        # a zone that is lowered to nothing stays in the comparison, as one of no pressure
        kept = np.where(planned > 0.0, np.maximum(target, 1.0), 0.0)
        rising = rising_chambers(kept, self._chains)
        if rising is not None:
            distal, proximal = rising
            return f'{zones[proximal]} would have more pressure than {zones[distal]} below it'
        return ''


def never_rising(target: FloatArray, chains: Sequence[tuple[int, ...]]) -> FloatArray:
    """Targets (N,) [Pa] cut so that none is above one closer to the foot.

    While several changes take effect at their own speeds, the gradient could turn for a moment.
    """
    cut = target.copy()
    for chain in chains:
        lowest = math.inf
        for position in chain:
            if cut[position] > 0.0:
                cut[position] = lowest = min(lowest, float(cut[position]))
    return cut
