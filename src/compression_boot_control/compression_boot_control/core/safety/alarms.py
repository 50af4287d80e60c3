"""The life of an alarm: confirmed, announced, rising while nobody attends, attended, gone.

The supervisor decides what is vented; this decides only how loudly a person is told. Nothing here
can reach the verdict: `alarms_step` reads what binds and gives nothing back to it.

Arrays are (..., H) in the order of `HAZARDS`. Time is a person's, so it is that of a steady clock,
also where the boots are simulated and live faster.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from compression_boot_control.core.safety.hazards import HAZARDS, Priority
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray

RISE_AFTER = {Priority.LOW: 300.0, Priority.MEDIUM: 60.0}
"""Time for which an alarm may stay unattended before it rises to the next priority [s] [P]."""

LONGEST_SILENCE = 120.0
"""Longest time for which an alarm may be kept from being announced [s] [P]."""


class AlarmRefusal(IntEnum):
    """Why an answer to an alarm is refused; the values of its services."""

    NONE = 0
    UNKNOWN_ALARM = 311
    NOT_ALARMED = 312
    OUT_OF_RANGE = 313


class AlarmRefused(ValueError):
    """An answer to an alarm that is not taken; the text is one line with a cure."""

    def __init__(self, refusal: AlarmRefusal, text: str) -> None:
        super().__init__(text)
        self.refusal = refusal


class AlarmTable(NamedTuple):
    """Hazard table as arrays over H hazards.

    Attributes
    ----------
    initial, highest : (H,) array
        `Priority` at the beginning, and the one that it does not rise above.
    rise_after : (4,) array
        By priority: time unattended before it rises [s].
    """

    initial: IntArray
    highest: IntArray
    rise_after: FloatArray

    @staticmethod
    def build() -> AlarmTable:
        """Table of all hazards."""
        rise_after = np.full(int(max(Priority)) + 1, np.inf)
        for priority, seconds in RISE_AFTER.items():
            rise_after[priority] = seconds
        return AlarmTable(
            initial=np.array([int(hazard.priority) for hazard in HAZARDS]),
            highest=np.array([int(hazard.highest) for hazard in HAZARDS]),
            rise_after=rise_after,
        )


class AlarmState(NamedTuple):
    """Where each alarm is in its life.

    Attributes
    ----------
    concerned : (..., N, H) bool array
        Chambers for which a hazard is confirmed or latched.
    priority : (..., H) array
        `Priority` now.
    unattended : (..., H) array
        Time announced at this priority without an answer [s].
    silence : (..., H) array
        Time for which it is not announced yet [s].
    acknowledged : (..., H) bool array
        Somebody has seen it.
    """

    concerned: BoolArray
    priority: IntArray
    unattended: FloatArray
    silence: FloatArray
    acknowledged: BoolArray

    @staticmethod
    def initial(shape: tuple[int, ...]) -> AlarmState:
        """No alarm, for arrays of `shape` (..., N)."""
        rows = (*shape[:-1], len(HAZARDS))
        return AlarmState(
            concerned=np.zeros((*shape, len(HAZARDS)), dtype=np.bool_),
            priority=np.zeros(rows, dtype=np.int64),
            unattended=np.zeros(rows),
            silence=np.zeros(rows),
            acknowledged=np.zeros(rows, dtype=np.bool_),
        )

    @property
    def present(self) -> BoolArray:
        """Which hazards have an alarm; (..., H)."""
        alarmed: BoolArray = np.logical_or.reduce(self.concerned, axis=-2)
        return alarmed

    @property
    def announced(self) -> BoolArray:
        """Which alarms draw attention to themselves; (..., H)."""
        heard: BoolArray = self.present & ~self.acknowledged & (self.silence <= 0.0)
        return heard


def alarms_step(
    table: AlarmTable, state: AlarmState, concerned: BoolArray, dt: float
) -> AlarmState:
    """Advance all alarms by one cycle.

    An alarm begins with its hazard and ends with it: when the condition is gone, or, where it is
    latched, with the reset. One that reaches another chamber begins anew, whatever was answered
    before; so does one that comes back.

    Parameters
    ----------
    table : AlarmTable
    state : AlarmState
    concerned : (..., N, H) bool array
        Chambers for which a hazard is confirmed or latched now.
    dt : float
        Time since the last cycle [s]; what is not a positive number counts as 0.
    """
    dt = dt if 0.0 < dt < math.inf else 0.0
    present = concerned.any(axis=-2)
    began = present & ~state.present
    news = (concerned & ~state.concerned).any(axis=-2)
    priority = np.where(began, table.initial, state.priority)
    acknowledged = state.acknowledged & present & ~news
    silence = np.where(news | ~present, 0.0, np.maximum(state.silence - dt, 0.0))
    counts = present & ~news & ~acknowledged & (silence <= 0.0)
    unattended = np.where(counts, state.unattended + dt, np.where(news, 0.0, state.unattended))
    rises = counts & (unattended >= table.rise_after[priority]) & (priority < table.highest)
    return AlarmState(
        concerned=concerned,
        priority=np.where(present, priority + rises, 0),
        unattended=np.where(rises | ~present, 0.0, unattended),
        silence=silence,
        acknowledged=acknowledged,
    )


def acknowledge(state: AlarmState, hazard_id: str) -> AlarmState:
    """Note that somebody has seen an alarm of one garment (no batch axes).

    Raises
    ------
    AlarmRefused
        There is no such hazard, or it has no alarm.
    """
    row = _row(state, hazard_id)
    acknowledged = state.acknowledged.copy()
    unattended = state.unattended.copy()
    acknowledged[row], unattended[row] = True, 0.0
    return state._replace(acknowledged=acknowledged, unattended=unattended)


def silence(state: AlarmState, hazard_id: str, seconds: float) -> AlarmState:
    """Keep an alarm of one garment (no batch axes) from being announced for a time.

    Raises
    ------
    AlarmRefused
        There is no such hazard, it has no alarm, or the time is not one that is allowed.
    """
    row = _row(state, hazard_id)
    if not 0.0 < seconds <= LONGEST_SILENCE:
        raise AlarmRefused(
            AlarmRefusal.OUT_OF_RANGE,
            f'an alarm is silent for more than 0 and up to {LONGEST_SILENCE:g} s, not for '
            f'{seconds:g}: silence it again when it speaks, or acknowledge it',
        )
    silent = state.silence.copy()
    unattended = state.unattended.copy()
    silent[row], unattended[row] = seconds, 0.0
    return state._replace(silence=silent, unattended=unattended)


def _row(state: AlarmState, hazard_id: str) -> int:
    ids = [hazard.id for hazard in HAZARDS]
    if hazard_id not in ids:
        raise AlarmRefused(
            AlarmRefusal.UNKNOWN_ALARM,
            f'there is no alarm {hazard_id!r}: the ids go from {ids[0]} to {ids[-1]}, and boots '
            'alarms lists those that are on',
        )
    row = ids.index(hazard_id)
    if not state.present[row]:
        raise AlarmRefused(
            AlarmRefusal.NOT_ALARMED,
            f'{hazard_id} ({HAZARDS[row].text}) is not alarmed now, so there is nothing to answer',
        )
    return row
