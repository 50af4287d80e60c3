"""A goal of the device test's action, from its sending to its report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from compression_boot_msgs.action import RunDeviceTest
from rclpy.action import ActionClient
from rclpy.node import Node

from compression_boot_control.hardware.device_test.results import DeviceTestReport
from compression_boot_control.nodes.device_test_result import check_of
from compression_boot_control.nodes.interfaces import DEVICE_TEST


@dataclass(frozen=True)
class DeviceTestAnswer:
    """How a device test ended: code and line of the result, and what was found."""

    error_code: int
    error_text: str
    report: DeviceTestReport

    @property
    def tested(self) -> bool:
        """Whether the device was tested, well or ill."""
        return bool(self.report.checks) and self.error_code != (
            RunDeviceTest.Result.ERROR_NOT_OPENED
        )


class DeviceTestGoal:
    """A goal; it moves on while the loop of its node turns.

    Parameters
    ----------
    node : Node
    on_progress : callable
        Gets the step, the share that is done, and one line.
    """

    def __init__(self, node: Node, on_progress: Callable[[str, float, str], None]) -> None:
        self._client = ActionClient(node, DEVICE_TEST.type, DEVICE_TEST.name)
        self._on_progress = on_progress
        self._handle: Any = None
        self._result: Any = None
        self._cancelled = False

    @property
    def ready(self) -> bool:
        """Whether a node takes goals."""
        return bool(self._client.server_is_ready())

    def send(self, *, page: str, junit: str) -> None:
        """Send the goal, with the files that the node is to write."""
        goal = RunDeviceTest.Goal(html_file=page, junit_file=junit)
        sent = self._client.send_goal_async(goal, feedback_callback=self._on_feedback)
        sent.add_done_callback(self._on_accepted)

    def cancel(self) -> None:
        """Ask for its end; the node vents, and answers."""
        if self._handle is not None and not self._cancelled:
            self._handle.cancel_goal_async()
        self._cancelled = True

    @property
    def answer(self) -> DeviceTestAnswer | None:
        """How it ended; None before it has."""
        if self._result is None or not self._result.done():
            return None
        result = self._result.result().result
        checks = [check_of(message) for message in result.checks]
        subject = dict(text.split('=', 1) for text in result.subject)
        ended = (
            ''
            if result.error_code
            in (RunDeviceTest.Result.ERROR_NONE, RunDeviceTest.Result.ERROR_DEFECTS)
            else str(result.error_msg)
        )
        report = DeviceTestReport(subject, (), checks, ended=ended)
        return DeviceTestAnswer(int(result.error_code), str(result.error_msg), report)

    def _on_accepted(self, sent: Any) -> None:
        self._handle = sent.result()
        self._result = self._handle.get_result_async()
        if self._cancelled:
            self._handle.cancel_goal_async()

    def _on_feedback(self, message: Any) -> None:
        feedback = message.feedback
        self._on_progress(feedback.step, float(feedback.progress), feedback.text)
