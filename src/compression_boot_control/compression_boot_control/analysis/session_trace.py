"""Takes a session out of a bag, as the arrays that metrics and plots work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from compression_boot_control.analysis.bag_reader import Bag
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.metrics import ChamberTrace, in_force
from compression_boot_control.analysis.series import ChamberColumns, Series
from compression_boot_control.core.signals import BoolArray, FloatArray, Mode

PRESSURES = 'compression_boot_msgs/msg/ChamberPressures'
SETPOINTS = 'compression_boot_msgs/msg/Setpoints'
SAFETY_STATE = 'compression_boot_msgs/msg/SafetyState'
SESSION_STATE = 'compression_boot_msgs/msg/SessionState'
LAYOUT = 'compression_boot_msgs/msg/Layout'
CHECK = 'compression_boot_msgs/msg/PreUseCheck'

CHECK_RUNNING = 0
"""Value of ``PreUseCheck.outcome`` while it is under way."""

NEEDED_TYPES = (PRESSURES, SETPOINTS, SAFETY_STATE, SESSION_STATE, LAYOUT, CHECK)
"""Types of the messages that this module reads, for `bag_reader.open_bag`."""


@dataclass(frozen=True)
class AlarmMark:
    """An alarm that became active in a session.

    Attributes
    ----------
    time : float
        When it was first published as active or latched [s]; 0 if that was before the first
        pressure, when a simulated clock may not even have started.
    hazard_id, text : str
        For example SR-01, and what was wrong.
    priority : int
        1 low, 2 medium, 3 high.
    chamber_names : tuple of str
        Chambers concerned; empty for the garment.
    """

    time: float
    hazard_id: str
    text: str
    priority: int
    chamber_names: tuple[str, ...]


@dataclass(frozen=True)
class Sleeves:
    """Where the chambers are.

    Attributes
    ----------
    legs, zones : mapping of str to str
        By chamber name.
    zone_order : tuple of str
        Zones from distal to proximal.
    """

    legs: Mapping[str, str]
    zones: Mapping[str, str]
    zone_order: tuple[str, ...]


@dataclass(frozen=True)
class RecordedSession:
    """A session as a bag has it.

    Attributes
    ----------
    trace : ChamberTrace
        Its time starts at 0 with the first pressure.
    alarms : tuple of AlarmMark
        In the same time.
    sleeves : Sleeves
    protocols : tuple of str
        Names of the protocols that ran.
    notes : tuple of str
        One line for each thing that a person should know of the data.
    """

    trace: ChamberTrace
    alarms: tuple[AlarmMark, ...]
    sleeves: Sleeves
    protocols: tuple[str, ...]
    notes: tuple[str, ...]


def recorded_session(bag: Bag, namespace: str | None = None) -> RecordedSession:
    """Take a session out of an opened bag.

    Parameters
    ----------
    bag : Bag
    namespace : str, optional
        Namespace of the garment, e.g. ``/boots``; needed only if the bag has several.

    Raises
    ------
    BagError
        The bag has no pressures or set-points, or those of several garments.
    """
    pressures = bag.series(_one_topic(bag, PRESSURES, namespace))
    setpoints = bag.series(_one_topic(bag, SETPOINTS, namespace))
    rows = increasing(pressures.stamp)
    notes = []
    if not rows.all():
        notes.append(f'{(~rows).sum()} pressures with a stamp that does not increase are left out')
    stamp = pressures.stamp[rows]
    measured = pressures.chambers('pressure')
    names = measured.chamber_names
    set_rows = increasing(setpoints.stamp)
    set_stamp = setpoints.stamp[set_rows]
    mode = in_order(setpoints.chambers('mode'), names)[set_rows]
    target = in_order(setpoints.chambers('target'), names)[set_rows]
    # a chamber that a set-point leaves out is not asked to be under pressure
    mode = np.where(np.isfinite(mode), mode, Mode.VENT).astype(np.int64)
    followed = in_force(stamp, set_stamp, mode, Mode.VENT).astype(np.int64)
    check = _optional_series(bag, CHECK, namespace)
    if check is not None:
        # the pre-use check is no cycle of the session, and nothing to judge the control by
        followed[checking(check, stamp)] = Mode.VENT
    trace = ChamberTrace(
        chamber_names=names,
        time=stamp - stamp[0],
        pressure=measured.values[rows],
        mode=followed,
        target=in_force(stamp, set_stamp, target, np.nan).astype(np.float64),
    )
    safety = _optional_series(bag, SAFETY_STATE, namespace)
    state = _optional_series(bag, SESSION_STATE, namespace)
    layout = _optional_series(bag, LAYOUT, namespace)
    return RecordedSession(
        trace=trace,
        alarms=() if safety is None else alarm_marks(safety, float(stamp[0])),
        sleeves=sleeves_by_name(names) if layout is None else sleeves_of_layout(layout, names),
        protocols=() if state is None else tuple(dict.fromkeys(filter(None, state['protocol']))),
        notes=tuple(notes),
    )


def increasing(stamp: FloatArray) -> BoolArray:
    """Samples that are later than all before them; others follow from a clock that jumped back."""
    latest = np.maximum.accumulate(stamp)
    return np.concatenate(([True], stamp[1:] > latest[:-1]))


def checking(check: Series, stamp: FloatArray) -> BoolArray:
    """At which of some times a pre-use check was under way, by its messages; (T,)."""
    running = np.asarray(check['outcome']) == CHECK_RUNNING
    return np.asarray(in_force(stamp, check.stamp, running, False), dtype=np.bool_)


def alarm_marks(safety: Series, start: float) -> tuple[AlarmMark, ...]:
    """Alarms of a ``SafetyState`` series, each time they become active; times from `start` [s]."""
    marks = []
    active: set[tuple[str, tuple[str, ...]]] = set()
    for stamp, alarms in zip(safety.stamp.tolist(), safety['alarms'], strict=True):
        now = {(alarm['id'], alarm['name']): alarm for alarm in alarms}
        marks += [
            AlarmMark(
                max(stamp - start, 0.0), alarm['id'], alarm['text'], int(alarm['priority']), key[1]
            )
            for key, alarm in now.items()
            if key not in active
        ]
        active = set(now)
    return tuple(marks)


def sleeves_by_name(chamber_names: tuple[str, ...]) -> Sleeves:
    """Sleeves of chambers named ``leg_zone``; zones in the order of the names."""
    split = {name: name.partition('_') for name in chamber_names}
    zones = {name: zone or leg for name, (leg, _, zone) in split.items()}
    return Sleeves(
        legs={name: leg if zone else '' for name, (leg, _, zone) in split.items()},
        zones=zones,
        zone_order=tuple(dict.fromkeys(zones.values())),
    )


def sleeves_of_layout(layout: Series, chamber_names: tuple[str, ...]) -> Sleeves:
    """Sleeves as the last layout of the bag says; by name for chambers that it lacks."""
    by_name = sleeves_by_name(chamber_names)
    names = layout['name'][-1]
    zones = {**by_name.zones, **dict(zip(names, layout['zone'][-1], strict=False))}
    order = dict.fromkeys((*layout['zone_order'][-1], *(zones[name] for name in chamber_names)))
    return Sleeves(
        legs={**by_name.legs, **dict(zip(names, layout['leg'][-1], strict=False))},
        zones=zones,
        zone_order=tuple(order),
    )


def in_order(columns: ChamberColumns, names: tuple[str, ...]) -> FloatArray:
    """Columns in the order of `names`, NaN for chambers that there are not."""
    if columns.chamber_names == names:
        return columns.values
    chosen = np.full((len(columns.values), len(names)), np.nan)
    for i, name in enumerate(names):
        if name in columns.chamber_names:
            chosen[:, i] = columns.values[:, columns.chamber_names.index(name)]
    return chosen


def _topics(bag: Bag, type_name: str, namespace: str | None) -> list[str]:
    """Topics of a type that have messages, in a namespace if one is given."""
    prefix = '' if namespace is None else namespace.rstrip('/') + '/'
    return [
        topic
        for topic in bag.topics_of(type_name)
        if topic.startswith(prefix) and bag.topics[topic].message_count
    ]


def _one_topic(bag: Bag, type_name: str, namespace: str | None) -> str:
    topics = _topics(bag, type_name, namespace)
    place = '' if namespace is None else f' in the namespace {namespace}'
    if not topics:
        short = type_name.rpartition('/')[2]
        raise BagError(f'{bag.path} has no {short}{place}; it is no recording of a session')
    if len(topics) > 1:
        raise BagError(
            f'{bag.path} has several garments, {", ".join(topics)}; choose one by its namespace'
        )
    return topics[0]


def _optional_series(bag: Bag, type_name: str, namespace: str | None) -> Series | None:
    topics = _topics(bag, type_name, namespace)
    return bag.series(topics[0]) if topics else None
