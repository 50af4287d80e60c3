"""Time as the hardware sees it: the steady clock of this computer, or one of a test's own."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and lets it pass."""

    def now(self) -> float:
        """Reading of a steady clock [s]."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""


class SteadyClock:
    """The time of this computer."""

    def now(self) -> float:
        """Reading of a steady clock [s]."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)
