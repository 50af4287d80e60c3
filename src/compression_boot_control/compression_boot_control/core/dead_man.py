"""The dead-man: without a fresh permit, inlets closed, exhausts open, pump off."""

from __future__ import annotations

from dataclasses import dataclass, replace

PERMIT_AGE_LIMIT = 0.25
"""Longest time that a permit holds [s]. The device and the manifold node each keep to it."""


@dataclass(frozen=True)
class DeadMan:
    """Tells from the time of the last permit whether it has expired.

    Times are readings of one steady clock [s]. It is expired until the first permit, and a clock
    that runs backwards expires it too.

    Attributes
    ----------
    limit : float
        Longest time that a permit holds, at most `PERMIT_AGE_LIMIT` [s].
    last_permit : float or None
        Time of the last permit.
    """

    limit: float = PERMIT_AGE_LIMIT
    last_permit: float | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.limit <= PERMIT_AGE_LIMIT:
            raise ValueError(
                f'the dead-man must act within 0 to {PERMIT_AGE_LIMIT} s, not {self.limit}'
            )

    def permitted(self, now: float) -> DeadMan:
        """Note a fresh permit."""
        return replace(self, last_permit=now)

    def expired(self, now: float) -> bool:
        """Tell whether the garment must be vented."""
        return self.last_permit is None or not 0.0 <= now - self.last_permit <= self.limit
