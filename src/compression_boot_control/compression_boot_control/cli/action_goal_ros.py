"""Goals of actions, from their sending to their results; those of each action add its words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.action import ActionClient
from rclpy.node import Node

from compression_boot_control.nodes.interfaces import Service


class SentGoal:
    """A goal that was sent; it moves on while the loop of its node turns.

    Parameters
    ----------
    sent : Future
        Of the goal's handle.
    """

    def __init__(self, sent: Any) -> None:
        self._handle: Any = None
        self._result: Any = None
        self._cancelled = False
        sent.add_done_callback(self._on_accepted)

    @property
    def accepted(self) -> bool:
        """Whether the node has taken it."""
        return self._handle is not None

    @property
    def message(self) -> Any:
        """Result as the node gave it; None before it has ended."""
        if self._result is None or not self._result.done():
            return None
        return self._result.result().result

    def cancel(self) -> None:
        """Ask for its end; a goal that is not taken yet is cancelled when it is."""
        if self._handle is not None and not self._cancelled:
            self._handle.cancel_goal_async()
        self._cancelled = True

    def _on_accepted(self, sent: Any) -> None:
        self._handle = sent.result()
        self._result = self._handle.get_result_async()
        if self._cancelled:
            self._handle.cancel_goal_async()


class ActionGoal:
    """A goal that can be sent when a node takes it.

    Parameters
    ----------
    node : Node
    action : Service
    on_feedback : callable
        Gets what the node tells of its progress.
    """

    def __init__(self, node: Node, action: Service, on_feedback: Callable[[Any], None]) -> None:
        self._client = ActionClient(node, action.type, action.name)
        self._on_feedback = on_feedback
        self._sent: SentGoal | None = None

    @property
    def ready(self) -> bool:
        """Whether a node takes goals."""
        return bool(self._client.server_is_ready())

    @property
    def message(self) -> Any:
        """Result as the node gave it; None before it has ended."""
        return None if self._sent is None else self._sent.message

    def cancel(self) -> None:
        """Ask for the end of what was sent; the node vents, and answers."""
        if self._sent is not None:
            self._sent.cancel()

    def _send(self, goal: Any) -> None:
        sent = self._client.send_goal_async(goal, feedback_callback=self._on_feedback)
        self._sent = SentGoal(sent)
