"""A goal of the device test's action, from its sending to its report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from compression_boot_msgs.action import RunDeviceTest
from rclpy.node import Node

from compression_boot_control.cli.action_goal_ros import ActionGoal
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


class DeviceTestGoal(ActionGoal):
    """A goal; it moves on while the loop of its node turns.

    Parameters
    ----------
    node : Node
    on_progress : callable
        Gets the step, the share that is done, and one line.
    """

    def __init__(self, node: Node, on_progress: Callable[[str, float, str], None]) -> None:
        super().__init__(node, DEVICE_TEST, self._told)
        self._on_progress = on_progress

    def send(self, *, page: str, junit: str) -> None:
        """Send the goal, with the files that the node is to write."""
        goal = RunDeviceTest.Goal(html_file=page, junit_file=junit)
        self._send(goal)

    @property
    def answer(self) -> DeviceTestAnswer | None:
        """How it ended; None before it has."""
        result = self.message
        if result is None:
            return None
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

    def _told(self, message: Any) -> None:
        feedback = message.feedback
        self._on_progress(feedback.step, float(feedback.progress), feedback.text)
