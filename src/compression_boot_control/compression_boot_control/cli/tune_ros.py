"""A goal of the tuner's action, from its sending to the records that it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.action import ActionClient
from rclpy.node import Node

from compression_boot_control.core.chamber_record import ChamberRecord
from compression_boot_control.nodes.chamber_records import record_of
from compression_boot_control.nodes.interfaces import TUNING


@dataclass(frozen=True)
class TuningAnswer:
    """How the experiment ended: why, empty if it is through, and the records of all chambers."""

    error_text: str
    records: list[ChamberRecord]


class TuningGoal:
    """A goal; it moves on while the loop of its node turns.

    Parameters
    ----------
    node : Node
    on_progress : callable
        Gets the chamber under test, the share that is done, and what is done.
    """

    def __init__(self, node: Node, on_progress: Callable[[str, float, str], None]) -> None:
        self._client = ActionClient(node, TUNING.type, TUNING.name)
        self._on_progress = on_progress
        self._handle: Any = None
        self._result: Any = None
        self._cancelled = False

    @property
    def ready(self) -> bool:
        """Whether a node takes goals."""
        return bool(self._client.server_is_ready())

    def send(self) -> None:
        """Ask for the experiment."""
        sent = self._client.send_goal_async(TUNING.type.Goal(), feedback_callback=self._on_feedback)
        sent.add_done_callback(self._on_accepted)

    def cancel(self) -> None:
        """Ask for its end; the node vents, and answers."""
        if self._handle is not None and not self._cancelled:
            self._handle.cancel_goal_async()
        self._cancelled = True

    @property
    def answer(self) -> TuningAnswer | None:
        """How it ended; None before it has."""
        if self._result is None or not self._result.done():
            return None
        result = self._result.result().result
        return TuningAnswer(str(result.error_msg), [record_of(each) for each in result.records])

    def _on_accepted(self, sent: Any) -> None:
        self._handle = sent.result()
        self._result = self._handle.get_result_async()
        if self._cancelled:
            self._handle.cancel_goal_async()

    def _on_feedback(self, message: Any) -> None:
        feedback = message.feedback
        self._on_progress(feedback.chamber, float(feedback.progress), feedback.text)
