"""The presence prompt: whether the person in the boots is still awake and well.

Harm came to people who could not feel or stop. So a session asks from time to time, and ends
without an answer. Its time is that of the session's samples, pauses included.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from compression_boot_control.core.units import MINUTE

PROMPT_EVERY = 15.0 * MINUTE
"""Time from one sign of presence to the next prompt [s] [P]."""

GRACE_TIME = 60.0
"""Time for an answer [s] [P]."""


@dataclass(frozen=True)
class Presence:
    """Since when nobody has given a sign of presence.

    Attributes
    ----------
    every : float
        Time from one sign of presence to the next prompt [s].
    grace : float
        Time for an answer [s].
    elapsed : float
        Time since the last sign, the session's beginning included [s].
    """

    every: float = PROMPT_EVERY
    grace: float = GRACE_TIME
    elapsed: float = 0.0

    def __post_init__(self) -> None:
        for value, longest in ((self.every, PROMPT_EVERY), (self.grace, GRACE_TIME)):
            if not 0.0 < value <= longest:
                raise ValueError(f'a prompt may only come sooner: up to {longest:g} s, not {value}')

    def step(self, dt: float) -> Presence:
        """Let time pass; what is not a positive number is no time, and infinity is all of it."""
        return replace(self, elapsed=self.elapsed + dt) if dt > 0.0 else self

    def confirmed(self) -> Presence:
        """Take a sign of presence."""
        return replace(self, elapsed=0.0)

    @property
    def asked(self) -> bool:
        """Whether the person is being asked."""
        return self.elapsed >= self.every

    @property
    def left(self) -> float:
        """Time left for an answer [s]; 0 while nobody is asked, and when it is over."""
        return max(self.every + self.grace - self.elapsed, 0.0) if self.asked else 0.0

    @property
    def unanswered(self) -> bool:
        """Whether nobody has answered in time."""
        return self.elapsed >= self.every + self.grace

    @property
    def next_prompt(self) -> float:
        """Time until the next prompt [s]; 0 while the person is being asked."""
        return max(self.every - self.elapsed, 0.0) if math.isfinite(self.elapsed) else 0.0
