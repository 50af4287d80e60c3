"""One node without a network: what it hears is handed to it, what it says is kept, time is ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from compression_boot_control.nodes.interfaces import Service, Topic
from compression_boot_control.nodes.runtime import SafeNode

Kind = TypeVar('Kind', bound=type[SafeNode])


class Outbox:
    """Keeps what a node publishes on one topic."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def publish(self, message: Any) -> None:
        """Keep a message."""
        self.messages.append(message)

    def taken(self) -> list[Any]:
        """What came since the last time."""
        messages, self.messages = self.messages, []
        return messages


class Bench:
    """A node of a given kind on a bench; ROS 2 must be initialised.

    Attributes
    ----------
    now : float
        What the node's steady clock reads [s].
    said : dict of str to Outbox
        What it has published, by topic.
    senders : dict of str to int
        How many senders it finds on a topic; one if not said otherwise.
    """

    def __init__(self, kind: type[SafeNode]) -> None:
        self.now = 1000.0
        self.said: dict[str, Outbox] = {}
        self.senders: dict[str, int] = {}
        self._hears: dict[str, Callable[[Any], None]] = {}
        self._serves: dict[str, Callable[[Any, Any], Any]] = {}
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._types: dict[str, type[Any]] = {}
        bench = self

        class Benched(kind):  # type: ignore[misc, valid-type]
            @property
            def steady_time(self) -> float:
                return bench.now

            def advertise(self, topic: Topic) -> Any:
                return bench.said.setdefault(topic.name, Outbox())

            def listen(self, topic: Topic, callback: Callable[[Any], None]) -> Any:
                bench._hears[topic.name] = self.guard(callback)
                return None

            def serve(self, service: Service, callback: Callable[[Any, Any], Any]) -> None:
                bench._serves[service.name] = self.guard(callback)

            def every(self, period: float, callback: Callable[[], None]) -> Any:
                bench._timers.append((period, self.guard(callback)))
                return None

            def count_publishers(self, name: str) -> int:
                return bench.senders.get(name, 1)

        self.node: Any = Benched()

    def hear(self, topic: Topic, message: Any) -> None:
        """Hand the node a message."""
        self._hears[topic.name](message)

    def call(self, service: Service, request: Any) -> Any:
        """Answer of one of its services."""
        return self._serves[service.name](request, service.type.Response())

    def cycle(self, period: float) -> None:
        """Let its timers of this period fire."""
        for own, callback in self._timers:
            if own == period:
                callback()

    def close(self) -> None:
        """Take the node away."""
        self.node.destroy_node()
