"""What the controller works from, and for how long: silence is a fault, and vents."""

from __future__ import annotations

import math

import numpy as np

from compression_boot_control.core.signals import FloatArray, Mode, Setpoints

PRESSURE_AGE_LIMIT = 0.15
"""Pressures older than this are not controlled on: vent [s]."""

SETPOINT_AGE_LIMIT = 0.2
"""Set-points older than this are not followed: vent [s]."""

FOLLOWED = (Mode.TRACK, Mode.HOLD, Mode.SHUT)
"""Modes that are followed; any other vents."""


class HeldSetpoints:
    """The last set-points; a garment of `count` chambers starts vented.

    Attributes
    ----------
    sequence : int
        Count of the last ones; 0 before the first.
    """

    def __init__(self, count: int) -> None:
        self._vent_all = Setpoints(np.full(count, int(Mode.VENT)), np.zeros(count))
        self._setpoints = self._vent_all
        self._heard_at = -math.inf
        self.sequence = 0

    def hear(self, now: float, sequence: int, mode: FloatArray, target: FloatArray) -> None:
        """Take new ones; a chamber that they lack, or give no number for, is vented.

        Parameters
        ----------
        now : float
            Steady time [s].
        sequence : int
            The sender's count.
        mode, target : (N,) array
            `Mode`, and target [Pa]; NaN where the message has none.
        """
        valid = np.isfinite(target) & np.isin(mode, FOLLOWED)
        mode_of_each = np.where(valid, mode, Mode.VENT).astype(np.int64)
        self._setpoints = Setpoints(mode_of_each, np.where(valid, target, 0.0))
        self._heard_at = now
        self.sequence = sequence

    def fresh(self, now: float) -> bool:
        """Whether they are young enough to be followed."""
        return now - self._heard_at <= SETPOINT_AGE_LIMIT

    def in_force(self, now: float) -> Setpoints:
        """What to follow at a steady time [s]: vent everything, once they are too old."""
        return self._setpoints if self.fresh(now) else self._vent_all
