"""Messages for the tests, made from the source tree's interface files: no ROS is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.message_definitions import (
    MessageDefinition,
    message_definition,
)
from compression_boot_control.analysis.metrics import ChamberTrace
from compression_boot_control.core.signals import Mode
from compression_boot_control.core.units import MMHG

SOURCE = Path(__file__).resolve().parents[3]
"""The ``src`` folder, which holds packages as a share folder does."""

ZONES = ('foot', 'ankle', 'calf', 'knee', 'thigh')
CHAMBERS = tuple(f'{leg}_{zone}' for leg in ('left', 'right') for zone in ZONES)

PACKAGE = 'compression_boot_msgs/msg/'

source_definition = partial(message_definition, folders=(SOURCE,))


@cache
def typestore(type_name: str) -> Typestore:
    """Types of one message, from the definition that a bag would carry."""
    store = get_typestore(Stores.EMPTY)
    store.register(get_types_from_msg(source_definition(type_name).text, type_name))
    return store


class Messages:
    """Makes serialized messages."""

    chambers = CHAMBERS
    zones = ZONES
    typestore = staticmethod(typestore)

    def serialize(self, type_name: str, **fields: Any) -> bytes:
        """Serialize a message of `type_name` with the given fields and a `stamp` in seconds."""
        types = typestore(type_name).types
        if 'stamp' in fields:
            stamp = round(fields.pop('stamp') * 1e9)
            time = types['builtin_interfaces/msg/Time'](*divmod(stamp, 10**9))
            fields['header'] = types['std_msgs/msg/Header'](time, '')
        message = types[type_name](**fields)
        return bytes(typestore(type_name).serialize_cdr(message, type_name))

    def deserialize(self, data: bytes, type_name: str) -> Any:
        """The inverse of `serialize`."""
        return typestore(type_name).deserialize_cdr(data, type_name)

    def setpoints(
        self,
        stamp: float,
        mode: Sequence[int],
        target: Sequence[float],
        names: Sequence[str] = CHAMBERS,
    ) -> bytes:
        """A ``Setpoints`` message."""
        return self.serialize(
            PACKAGE + 'Setpoints',
            stamp=stamp,
            sequence=round(stamp * 100) + 1,
            name=list(names),
            mode=np.array(mode, np.uint8),
            target=np.array(target, float),
        )

    def pressures(
        self, stamp: float, pressure: Sequence[float], names: Sequence[str] = CHAMBERS
    ) -> bytes:
        """A ``ChamberPressures`` message."""
        count = len(names)
        return self.serialize(
            PACKAGE + 'ChamberPressures',
            stamp=stamp,
            sequence=round(stamp * 100) + 1,
            name=list(names),
            pressure=np.array(pressure, float),
            rate=np.zeros(count),
            quality=np.zeros(count, np.uint8),
            reason=np.zeros(count, np.uint8),
            supply_pressure=40_000.0,
            zero=np.zeros(count),
        )


@pytest.fixture(scope='session')
def messages() -> Messages:
    """Maker of serialized messages."""
    return Messages()


@pytest.fixture(scope='session')
def definition_of() -> Callable[[str], MessageDefinition]:
    """Definitions from the source tree."""
    return source_definition


@pytest.fixture(scope='session')
def short_bag(
    tmp_path_factory: pytest.TempPathFactory, messages: Messages
) -> tuple[Path, list[tuple[str, int, bytes]]]:
    """A bag of 3 s with two topics in a dozen chunks, and its messages in order."""
    folder = tmp_path_factory.mktemp('bags') / 'short'
    expected = []
    clock = SteppedClock()
    with BagWriter(folder, {'version': '1.2'}, definition_of=source_definition, clock=clock) as bag:
        bag.add_topic('/boots/pressures', PACKAGE + 'ChamberPressures')
        bag.add_topic('/boots/setpoints', PACKAGE + 'Setpoints')
        for i in range(300):
            clock.now = i / 100
            if i % 10 == 0:
                topic, data = '/boots/setpoints', messages.setpoints(i / 100, [1] * 10, [i] * 10)
            else:
                topic, data = '/boots/pressures', messages.pressures(i / 100, [i] * 10)
            bag.write(topic, data, 10_000_000 * i, 10_000_000 * i)
            expected.append((topic, 10_000_000 * i, data))
    return folder, expected


class SteppedClock:
    """Clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Time [s]."""
        return self.now


TARGETS_MMHG = (60.0, 55.0, 50.0, 45.0, 40.0)
"""Targets of the synthetic session from foot to thigh."""


def synthetic_trace(cycles: int = 3, dt: float = 0.02, noise: float = 0.0) -> ChamberTrace:
    """A session of both legs: fill for 3 s a zone, dwell 12 s, release, rest 8 s.

    A zone rises in a straight line for 2.8 s, overshoots by 1.5 mmHg, and settles to its target
    with a time constant of 0.3 s.
    """
    period, rise = 5 * 3.0 + 12.0 + 10.0, 2.8
    time = np.arange(0.0, 2.0 + cycles * period, dt)
    pressure = np.zeros((len(time), 10))
    mode = np.zeros((len(time), 10), int)
    target = np.zeros((len(time), 10))
    for cycle in range(cycles):
        begin = 2.0 + cycle * period
        end = begin + 27.0
        for zone, goal in enumerate(TARGETS_MMHG):
            since = time - (begin + 3.0 * zone)
            settled = goal + 1.5 * np.exp(-np.maximum(since - rise, 0.0) / 0.3)
            wave = np.where(since < rise, (goal + 1.5) * since / rise, settled)
            fall = goal * np.exp(-np.maximum(time - end, 0.0) / 0.8)
            held = (since >= 0.0) & (time < end)
            after = (time >= end) & (time < begin + period)
            for chamber in (zone, zone + 5):
                mode[held, chamber] = Mode.TRACK
                target[held, chamber] = goal
                pressure[held, chamber] = wave[held]
                pressure[after, chamber] = fall[after]
    pressure += noise * np.random.default_rng(1).standard_normal(pressure.shape)
    return ChamberTrace(CHAMBERS, time, pressure * MMHG, mode, target * MMHG)


@pytest.fixture(scope='session')
def synthetic() -> Callable[..., ChamberTrace]:
    """Maker of synthetic sessions."""
    return synthetic_trace
