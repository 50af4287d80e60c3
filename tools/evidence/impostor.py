"""Somebody else on the system's topics, who sends what should never come."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from compression_boot_msgs.msg import (
    Layout,
    ManifoldState,
    SafetyState,
    SessionState,
    Setpoints,
    ValveCommand,
)
from rclpy.node import Node
from rclpy.serialization import serialize_message

from compression_boot_control.nodes.interfaces import Topic

HUGE = 1e308
NEWEST = 2**63
BURST = 200
"""Messages that a flood adds at each turn."""

MANY = 5000
"""Chambers of a garment that is too large."""


def sound(topic: Topic, names: list[str]) -> Any:
    """Return a message that could be from the system itself, and asks for pressure."""
    count = len(names)
    ones, zeros = [1.0] * count, [0.0] * count
    if topic.type is ValveCommand:
        return ValveCommand(name=names, inlet=ones, exhaust=zeros, pump=1.0)
    if topic.type is ManifoldState:
        return ManifoldState(name=names, pressure=zeros, inlet=ones, exhaust=zeros, pump=1.0)
    if topic.type is Setpoints:
        high = [14600.0] * count
        return Setpoints(name=names, mode=[Setpoints.MODE_TRACK] * count, target=high)
    if topic.type is SafetyState:
        return SafetyState(state=SafetyState.STATE_PERMITTING, vented=True)
    if topic.type is SessionState:
        return SessionState(state=SessionState.STATE_RUNNING, name=names, target=zeros)
    if topic.type is Layout:
        return Layout(garment='another', name=names, leg=['left'] * count, zone=names)
    return topic.type(
        name=names,
        pressure=zeros,
        rate=zeros,
        quality=[0] * count,
        reason=[0] * count,
    )


def _floats(message: Any) -> Iterator[str]:
    for name, kind in message.get_fields_and_field_types().items():
        if kind in ('double', 'sequence<double>'):
            yield name


def _filled(message: Any, value: float) -> Any:
    """Put a value into every number of a message."""
    for name in _floats(message):
        old = getattr(message, name)
        setattr(message, name, value if isinstance(old, float) else [value] * len(old))
    return message


def _not_a_number(topic: Topic, names: list[str]) -> Any:
    return _filled(sound(topic, names), math.nan)


def _huge_numbers(topic: Topic, names: list[str]) -> Any:
    return _filled(sound(topic, names), HUGE)


def _too_many_chambers(topic: Topic, names: list[str]) -> Any:
    return sound(topic, [f'chamber_{i}' for i in range(MANY)] if names else [])


def _reordered(topic: Topic, names: list[str]) -> Any:
    return sound(topic, names[::-1])


def _lengths_that_differ(topic: Topic, names: list[str]) -> Any:
    message = sound(topic, names)
    if hasattr(message, 'name'):
        message.name = names[:3]
    return message


def _plausible(topic: Topic, names: list[str]) -> Any:
    return sound(topic, names)


LIES: dict[str, Callable[[Topic, list[str]], Any]] = {
    'plausible': _plausible,
    'not a number': _not_a_number,
    'huge numbers': _huge_numbers,
    'too many chambers': _too_many_chambers,
    'reordered': _reordered,
    'lengths that differ': _lengths_that_differ,
}
"""What an impostor sends, besides bytes that are no message, replays and floods."""


class Impostor:
    """A second sender on a topic.

    Parameters
    ----------
    node : Node
    topic : Topic
    names : list of str
        The garment's chambers.
    """

    def __init__(self, node: Node, topic: Topic, names: list[str]) -> None:
        self._node = node
        self._topic = topic
        self._names = names
        self._random = random.Random(3)
        self._sequence = NEWEST
        self._publisher = node.create_publisher(topic.type, topic.name, topic.qos)

    def lie(self, kind: str) -> None:
        """Send one message of a kind of `LIES`, newer than all others."""
        message = LIES[kind](self._topic, self._names)
        self._sequence += 1
        if hasattr(message, 'sequence'):
            message.sequence = self._sequence
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)

    def replay(self, message: Any) -> None:
        """Send a message once more."""
        self._publisher.publish(message)

    def babble(self) -> None:
        """Send bytes that are no message: cut off, with other lengths, or at random."""
        data = bytearray(serialize_message(sound(self._topic, self._names)))
        how = self._random.randrange(3)
        if how == 0:
            data = data[: self._random.randrange(5, len(data))]
        elif how == 1:
            for _ in range(20):
                data[self._random.randrange(4, len(data))] = self._random.randrange(256)
        else:
            data[4:] = self._random.randbytes(len(data) - 4)
        self._publisher.publish(bytes(data))

    def flood(self) -> None:
        """Send many messages at once."""
        for _ in range(BURST):
            self.lie('plausible')

    def __enter__(self) -> Impostor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._node.destroy_publisher(self._publisher)
