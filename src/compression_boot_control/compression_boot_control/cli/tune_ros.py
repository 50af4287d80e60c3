"""A goal of the tuner's action, from its sending to the records that it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.node import Node

from compression_boot_control.cli.action_goal_ros import ActionGoal
from compression_boot_control.core.chamber_record import ChamberRecord
from compression_boot_control.nodes.chamber_records import record_of
from compression_boot_control.nodes.interfaces import TUNING


@dataclass(frozen=True)
class TuningAnswer:
    """How the experiment ended: why, empty if it is through, and the records of all chambers."""

    error_text: str
    records: list[ChamberRecord]


class TuningGoal(ActionGoal):
    """A goal; it moves on while the loop of its node turns.

    Parameters
    ----------
    node : Node
    on_progress : callable
        Gets the chamber under test, the share that is done, and what is done.
    """

    def __init__(self, node: Node, on_progress: Callable[[str, float, str], None]) -> None:
        super().__init__(node, TUNING, self._told)
        self._on_progress = on_progress

    def send(self) -> None:
        """Ask for the experiment."""
        self._send(TUNING.type.Goal())

    @property
    def answer(self) -> TuningAnswer | None:
        """How it ended; None before it has."""
        result = self.message
        if result is None:
            return None
        return TuningAnswer(str(result.error_msg), [record_of(each) for each in result.records])

    def _told(self, message: Any) -> None:
        feedback = message.feedback
        self._on_progress(feedback.chamber, float(feedback.progress), feedback.text)
