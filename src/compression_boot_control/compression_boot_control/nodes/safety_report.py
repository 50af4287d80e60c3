"""The supervisor's verdict as a message: state, reason, and an alarm for each hazard."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from builtin_interfaces.msg import Time
from compression_boot_msgs.msg import Alarm
from compression_boot_msgs.msg import SafetyState as SafetyStateMessage

from compression_boot_control.core.safety.alarms import AlarmState
from compression_boot_control.core.safety.hazards import (
    HAZARDS,
    READING_INVALID,
    Hazard,
    Scope,
)
from compression_boot_control.core.safety.limits import SafetyLimits
from compression_boot_control.core.safety.supervisor import SafetyState, SafetyStatus, status
from compression_boot_control.core.signals import FloatArray

PRESSURES = frozenset({'over_pressure', 'highest_raw', 'zero_offset', 'excess', 'deflate_time'})
"""Limits whose hazards are told with the pressure that was measured."""


class SafetyReport:
    """Writes safety/state, and remembers since when each alarm is there.

    Parameters
    ----------
    names : sequence of str
        The garment's chambers.
    limits : SafetyLimits
    """

    def __init__(self, names: Sequence[str], limits: SafetyLimits) -> None:
        self._names = list(names)
        self._limits = limits
        self._since: dict[int, Time] = {}

    def message(
        self,
        state: SafetyState,
        life: AlarmState,
        raw: FloatArray,
        ages: Mapping[str, float],
        stamp: Time,
    ) -> SafetyStateMessage:
        """Write the message.

        Parameters
        ----------
        state : SafetyState
        life : AlarmState
            Which hazards have an alarm, and how it stands with them.
        raw : (N,) array
            Latest readings [Pa].
        ages : mapping of str to float
            Measured times by the name of their limit [s].
        stamp : Time
        """
        verdict = status(state)
        rows = np.flatnonzero(life.present)
        alarms = [self._alarm(int(row), state, life, raw, ages, stamp) for row in rows]
        self._since = {int(row): self._since.get(int(row), stamp) for row in rows}
        # what else is wrong explains why a reading is missing, so it is named first
        alarms.sort(key=lambda alarm: (-alarm.priority, alarm.id == READING_INVALID.id))
        message = SafetyStateMessage(
            state=int(verdict),
            reason=_reason(verdict, alarms),
            vented=bool((raw < self._limits.vented_pressure).all()),
            vented_name=[self._names[i] for i in np.flatnonzero(state.vent)],
            alarms=alarms,
        )
        message.header.stamp = stamp
        return message

    def _alarm(
        self,
        row: int,
        state: SafetyState,
        life: AlarmState,
        raw: FloatArray,
        ages: Mapping[str, float],
        stamp: Time,
    ) -> Alarm:
        hazard = HAZARDS[row]
        concerned = life.concerned[:, row]
        local = hazard.scope != Scope.ALL or not concerned.all()
        limit = math.nan if hazard.limit is None else float(getattr(self._limits, hazard.limit))
        return Alarm(
            id=hazard.id,
            text=hazard.text,
            priority=int(life.priority[row]),
            initial_priority=int(hazard.priority),
            name=[self._names[i] for i in np.flatnonzero(concerned)] if local else [],
            active=bool(state.active[:, row].any()),
            latched=bool(state.latch[:, row].any()),
            acknowledged=bool(life.acknowledged[row]),
            silence_left=float(life.silence[row]),
            announced=bool(life.announced[row]),
            since=self._since.get(row, stamp),
            expected=limit,
            measured=_measured(hazard, raw[concerned], ages),
            advice=hazard.advice,
        )


def _measured(hazard: Hazard, raw: FloatArray, ages: Mapping[str, float]) -> float:
    """Value that broke the limit; NaN if there is no single one."""
    if hazard.limit in ages:
        return float(ages[hazard.limit])
    return float(np.max(raw)) if hazard.limit in PRESSURES else math.nan


def _reason(verdict: SafetyStatus, alarms: Sequence[Alarm]) -> str:
    if verdict == SafetyStatus.STARTING:
        return 'waiting for readings and requests'
    return str(alarms[0].text) if alarms else ''
