"""What of a bag is played to live nodes, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from compression_boot_control.analysis.bag_reader import Bag
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.replay.recorded_loop import MANIFOLD_STATE, recorded_events

NANOSECONDS = 1_000_000_000


class PlayedMessage(NamedTuple):
    """A message, or a call of a service.

    Attributes
    ----------
    after : float
        Time from the first raw sample [s].
    time : int
        When it was received [ns].
    name : str
        Topic or service without its namespace.
    data : bytes
        Empty for a call.
    """

    after: float
    time: int
    name: str
    data: bytes


@dataclass(frozen=True)
class PlayedBag:
    """Everything to play, in its order."""

    messages: tuple[PlayedMessage, ...]


def played_bag(bag: Bag, names: Sequence[str]) -> PlayedBag:
    """Take what is played out of an opened bag.

    Parameters
    ----------
    bag : Bag
    names : sequence of str
        Topics without their namespace.

    Raises
    ------
    BagError
        The bag has no raw readings, or those of several garments.
    """
    states = [topic for topic in bag.topics_of(MANIFOLD_STATE) if bag.topics[topic].messages]
    if not states:
        raise BagError(f'{bag.path} has no raw readings (manifold/state): it cannot be played')
    if len(states) > 1:
        raise BagError(f'{bag.path} has several garments: {", ".join(states)}')
    prefix = states[0].removesuffix('manifold/state')
    start = min(message.log_time for message in bag.topics[states[0]].messages)
    played = [
        PlayedMessage(
            max((message.log_time - start) / NANOSECONDS, 0.0), message.log_time, name, message.data
        )
        for name in names
        if prefix + name in bag.topics
        for message in bag.topics[prefix + name].messages
    ]
    for event in recorded_events(bag):
        time = (bag.start_ns or 0) + round(event.time * NANOSECONDS)
        name = 'emergency_stop' if event.stop else 'safety/reset'
        if event.stop or event.confirmed:
            played.append(PlayedMessage((time - start) / NANOSECONDS, time, name, b''))
    return PlayedBag(tuple(sorted(played, key=lambda message: (message.after, message.time))))
