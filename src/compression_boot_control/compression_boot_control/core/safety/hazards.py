"""Every hazard that the supervisor knows, as one table: what, how urgent, how far, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from compression_boot_control.core.safety.limits import SafetyLimits


class Priority(IntEnum):
    """Alarm priority, as IEC 60601-1-8 uses the word; the values of ``Alarm.msg``."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Scope(IntEnum):
    """How far a hazard vents."""

    CHAMBER = 0
    LEG = 1
    ALL = 2


@dataclass(frozen=True)
class Hazard:
    """One row of the table.

    Attributes
    ----------
    id : str
        Requirement id, SR-01 and so on.
    requirement : str
        What must happen, in one sentence.
    text : str
        What is wrong, for a person.
    priority : Priority
    scope : Scope
        What is vented.
    debounce : str or None
        Name of the limit that holds the time for which the condition must last; the timer starts
        again when the condition falls back. None: at once.
    limit : str or None
        Name of the limit that is broken, for the alarm's expected value.
    latched : bool
        Stays until a reset.
    advice : str
        What the person should do.
    """

    id: str
    requirement: str
    text: str
    priority: Priority
    scope: Scope
    debounce: str | None
    limit: str | None
    latched: bool
    advice: str

    def debounce_time(self, limits: SafetyLimits) -> float:
        """Time for which the condition must last [s]."""
        return 0.0 if self.debounce is None else float(getattr(limits, self.debounce))


EMERGENCY_STOP = Hazard(
    id='SR-01',
    requirement='An emergency stop vents everything at once and stays until a reset.',
    text='emergency stop',
    priority=Priority.HIGH,
    scope=Scope.ALL,
    debounce=None,
    limit=None,
    latched=True,
    advice='see to the person, then reset on purpose',
)
OVER_PRESSURE = Hazard(
    id='SR-02',
    requirement='Above 125 mmHg for 300 ms everything is vented and the pump is off until a reset.',
    text='pressure above the absolute limit',
    priority=Priority.HIGH,
    scope=Scope.ALL,
    debounce='over_pressure_time',
    limit='over_pressure',
    latched=True,
    advice='open the zips if the sleeves stay tight; find the cause before a reset',
)
READING_INVALID = Hazard(
    id='SR-03',
    requirement='A reading that is missing, NaN or outside of the range vents everything.',
    text='a pressure reading is missing or impossible',
    priority=Priority.HIGH,
    scope=Scope.ALL,
    debounce=None,
    limit='highest_raw',
    latched=False,
    advice='check the sensor and its cable',
)
READINGS_STALE = Hazard(
    id='SR-04',
    requirement='Readings older than 200 ms vent everything.',
    text='no fresh readings from the manifold',
    priority=Priority.HIGH,
    scope=Scope.ALL,
    debounce=None,
    limit='state_age',
    latched=False,
    advice='check that the manifold node runs and its device answers',
)
REQUEST_STALE = Hazard(
    id='SR-05',
    requirement='Without a valid request for 200 ms everything is vented.',
    text='no valid request from the controller',
    priority=Priority.HIGH,
    scope=Scope.ALL,
    debounce=None,
    limit='request_age',
    latched=False,
    advice='check that the chamber_control node runs',
)
DEVICE_FAULT = Hazard(
    id='SR-06',
    requirement='A fault that the device reports, or its dead-man acting, vents everything.',
    text='the manifold reports a fault',
    priority=Priority.HIGH,
    scope=Scope.ALL,
    debounce=None,
    limit=None,
    latched=False,
    advice='check the device and its connection',
)
OWN_CYCLE_LATE = Hazard(
    id='SR-07',
    requirement='A supervisor that runs late does not know the present, and vents everything.',
    text='the supervisor itself ran late',
    priority=Priority.HIGH,
    scope=Scope.ALL,
    debounce=None,
    limit='cycle_time',
    latched=False,
    advice='the machine is overloaded; close other programs',
)

HAZARDS: tuple[Hazard, ...] = (
    EMERGENCY_STOP,
    OVER_PRESSURE,
    READING_INVALID,
    READINGS_STALE,
    REQUEST_STALE,
    DEVICE_FAULT,
    OWN_CYCLE_LATE,
)
"""All hazards; the order is that of the last axis of the supervisor's arrays."""
