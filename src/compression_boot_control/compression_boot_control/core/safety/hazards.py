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
    NOTHING = 3
    """It only tells."""


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
    highest : Priority
        The alarm does not rise above this, however long nobody attends to it.
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
    highest: Priority = Priority.HIGH

    def debounce_time(self, limits: SafetyLimits) -> float:
        """Time for which the condition must last [s]."""
        return 0.0 if self.debounce is None else float(getattr(limits, self.debounce))


_HIGH, _MEDIUM, _LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
_ALL, _LEG, _CHAMBER, _NOTHING = Scope.ALL, Scope.LEG, Scope.CHAMBER, Scope.NOTHING


def _hazard(
    number: int,
    requirement: str,
    text: str,
    urgency: tuple[Priority, Scope],
    advice: str,
    *,
    debounce: str | None = None,
    limit: str | None = None,
    latched: bool = True,
    highest: Priority = Priority.HIGH,
) -> Hazard:
    return Hazard(
        f'SR-{number:02}', requirement, text, *urgency, debounce, limit, latched, advice, highest
    )


EMERGENCY_STOP = _hazard(
    1,
    'An emergency stop, by service, command or the hardware input, vents everything at once and '
    'stays until a reset.',
    'emergency stop',
    (_HIGH, _ALL),
    'see to the person, then reset on purpose',
)
OVER_PRESSURE = _hazard(
    2,
    'Above 125 mmHg for 300 ms everything is vented and the pump is off until a reset.',
    'pressure above the absolute limit',
    (_HIGH, _ALL),
    'open the zips if the sleeves stay tight; find the cause before a reset',
    debounce='over_pressure_time',
    limit='over_pressure',
)
READING_INVALID = _hazard(
    3,
    'A reading that is missing, NaN or outside of the range vents everything.',
    'a pressure reading is missing or impossible',
    (_HIGH, _ALL),
    'check the sensor and its cable',
    limit='highest_raw',
    latched=False,
)
READINGS_STALE = _hazard(
    4,
    'Readings older than 200 ms vent everything.',
    'no fresh readings from the manifold',
    (_HIGH, _ALL),
    'check that the manifold node runs and its device answers',
    limit='state_age',
    latched=False,
)
REQUEST_STALE = _hazard(
    5,
    'Without a valid request for 200 ms everything is vented.',
    'no valid request from the controller',
    (_HIGH, _ALL),
    'check that the chamber_control node runs',
    limit='request_age',
    latched=False,
)
DEVICE_FAULT = _hazard(
    6,
    'A fault that the device reports, or its dead-man acting, vents everything.',
    'the manifold reports a fault',
    (_HIGH, _ALL),
    'check the device and its connection; where it has vented by itself, then boots reset',
    latched=False,
)
OWN_CYCLE_LATE = _hazard(
    7,
    'A supervisor that runs late does not know the present, and vents everything.',
    'the supervisor itself ran late',
    (_HIGH, _ALL),
    'the machine is overloaded; close other programs',
    limit='cycle_time',
    latched=False,
)
OVER_SET_POINT = _hazard(
    8,
    'More than 15 mmHg above the set-point for 1 s vents the zone until a reset.',
    'pressure far above the set-point',
    (_MEDIUM, _CHAMBER),
    'do not use this zone; check its inlet valve',
    debounce='excess_time',
    limit='excess',
)
TOO_LONG = _hazard(
    9,
    'A zone above 15 mmHg for 180 s without a release vents its leg until a reset.',
    'under pressure for too long without a release',
    (_MEDIUM, _LEG),
    'choose a shorter dwell or a faster pump',
    debounce='pressure_time',
    limit='pressure_time',
)
NOT_DEFLATED = _hazard(
    10,
    'A chamber that is not below 15 mmHg 10 s after a vent command dumps everything.',
    'a chamber does not deflate',
    (_HIGH, _ALL),
    'open the zip and pull the hose of this chamber',
    debounce='deflate_time',
    limit='deflate_time',
)
NOT_INFLATED = _hazard(
    11,
    'A chamber that has had one and a half times the air of its set-point, and 1 s of flow more, '
    'without half the pressure, or twice the air without its pressure, is stopped until a reset.',
    'a chamber does not inflate',
    (_MEDIUM, _CHAMBER),
    'check the hose of this chamber, the zip, and the pump',
    limit='inflate_share',
)
LEAK = _hazard(
    12,
    'A chamber that holds its pressure only with more than three times its calibrated leak, for '
    '7 s, is told of and stopped until a reset.',
    'a chamber leaks',
    (_LOW, _CHAMBER),
    'check the connectors and seams of this chamber',
    debounce='leak_time',
    limit='leak_share',
)
KINK = _hazard(
    13,
    'A port that shows its set-point with less than 30 % of the air that it takes, or that swings '
    'with its valves by more than its air explains, is stopped until a reset.',
    'a hose lets hardly any air through',
    (_MEDIUM, _CHAMBER),
    'straighten the hose of this chamber',
    debounce='kink_time',
    limit='kink_share',
)
SENSOR_OFFSET = _hazard(
    14,
    'A sensor that is off by more than 5 mmHg after 5.8 s vented, for 5.8 s, and by 1 mmHg from '
    'the zero that it had, stops its zone until a reset.',
    'a sensor is off its zero',
    (_MEDIUM, _CHAMBER),
    'have this sensor calibrated or replaced',
    debounce='zero_time',
    limit='zero_offset',
)
SENSOR_STUCK = _hazard(
    15,
    'A reading that stands still for 1 s while its valve works vents the leg until a reset.',
    'a sensor is stuck',
    (_HIGH, _LEG),
    'have this sensor replaced; its chamber may be under pressure: open the zip',
    limit='stuck_time',
)
SENSOR_RATE = _hazard(
    16,
    'A reading that jumps by more than 400 mmHg/s while its valves rest vents the leg until a '
    'reset.',
    'a sensor reads nonsense',
    (_HIGH, _LEG),
    'check the cable of this sensor',
    debounce='rate_time',
    limit='rate',
)
SENSORS_APART = _hazard(
    17,
    'Two sensors of one chamber 10 mmHg apart for 1 s vent the leg until a reset.',
    'two sensors of one chamber disagree',
    (_HIGH, _LEG),
    'have both sensors of this chamber calibrated',
    debounce='sensors_apart_time',
    limit='sensors_apart',
)
RIVAL_SENDER = _hazard(
    18,
    'More than one sender of readings, pressures, set-points, requests or permits vents '
    'everything.',
    'somebody else sends on a topic of the safety path',
    (_HIGH, _ALL),
    'stop the other program, or start it with another ROS_DOMAIN_ID or namespace',
    latched=False,
)
SUPPLY_HIGH = _hazard(
    19,
    'A supply above 175 mmHg for 1 s, where its relief valve should have opened, vents everything '
    'until a reset.',
    'the supply is above its relief valve',
    (_HIGH, _ALL),
    'have the relief valve of the pump replaced',
    debounce='supply_time',
    limit='supply',
)
SUPPLY_UNKNOWN = _hazard(
    20,
    'A supply sensor that has given readings and gives none any more is told of.',
    'the reading of the supply is lost',
    (_LOW, _NOTHING),
    'check the sensor of the supply and its cable',
    latched=False,
    highest=Priority.MEDIUM,
)

HAZARDS: tuple[Hazard, ...] = (
    EMERGENCY_STOP,
    OVER_PRESSURE,
    READING_INVALID,
    READINGS_STALE,
    REQUEST_STALE,
    DEVICE_FAULT,
    OWN_CYCLE_LATE,
    OVER_SET_POINT,
    TOO_LONG,
    NOT_DEFLATED,
    NOT_INFLATED,
    LEAK,
    KINK,
    SENSOR_OFFSET,
    SENSOR_STUCK,
    SENSOR_RATE,
    SENSORS_APART,
    RIVAL_SENDER,
    SUPPLY_HIGH,
    SUPPLY_UNKNOWN,
)
"""All hazards; the order is that of the last axis of the supervisor's arrays."""
