"""Serves the device test as an action: it owns the hardware for as long as a test runs, no longer.

The test blocks at the pace of the device, so it runs in a thread of its own, which alone touches
the hardware; the node's loop takes goals and cancels, and passes on what the thread says. While a
manifold node runs in the namespace there is no test: a device has one master.
"""

from __future__ import annotations

from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

from compression_boot_msgs.action import RunDeviceTest
from rclpy.action.server import ServerGoalHandle

from compression_boot_control.hardware.clock import Clock, SteadyClock
from compression_boot_control.hardware.device_test.procedure import STEPS, run_device_test
from compression_boot_control.hardware.device_test.report import write_reports
from compression_boot_control.hardware.device_test.results import (
    ABORTED,
    NOT_OPENED,
    DeviceTestReport,
)
from compression_boot_control.hardware.virtual_link import VirtualClock
from compression_boot_control.nodes.device_test_result import check_message
from compression_boot_control.nodes.goal_server import GoalServer
from compression_boot_control.nodes.hardware_parameters import HARDWARE, make_manifold
from compression_boot_control.nodes.interfaces import DEVICE_TEST, MANIFOLD_STATE
from compression_boot_control.nodes.parameters import GARMENT
from compression_boot_control.nodes.runtime import SafeNode, run

PARAMETERS = (GARMENT, *HARDWARE)

TURN = 0.1
"""Time from one look at the thread to the next [s]."""

DISCOVERY_TIME = 1.5
"""Time in which a manifold node of this machine has made itself known [s]."""

VENT_TIME = 3.0
"""Longest wait for a test to end, vented, when the node does [s]."""

Result = RunDeviceTest.Result

WHY_ENDED = {
    Result.ERROR_MANIFOLD_RUNS: 'a manifold node runs in this namespace, and a device has one '
    'master: end that system first, with Ctrl-C where it was started',
    Result.ERROR_CANCELLED: 'cancelled: the device was vented',
    Result.ERROR_SHUTDOWN: 'the node was shut down: the device was vented',
}
INTERNAL = 'the test ended with an unexpected error: see the log of the node'


class DeviceTestNode(SafeNode):
    """The node of the device test; see the module."""

    def __init__(self) -> None:
        super().__init__('device_test', PARAMETERS)
        make_manifold(self.settings)  # refuse wrong parameters now, and not at the first goal
        self._started_at = self.steady_time
        self._goal: ServerGoalHandle | None = None
        self._thread: Thread | None = None
        self._abort = Event()
        self._error = 0
        self._said: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self._report: DeviceTestReport | None = None
        # defects found are a test that succeeded
        succeeded = (Result.ERROR_NONE, Result.ERROR_DEFECTS)
        self._goals = GoalServer(self, DEVICE_TEST, self._on_accepted, self._on_cancel, succeeded)
        self.every(TURN, self._on_turn)

    def make_safe(self, reason: str) -> None:
        """Abort the test, which vents, and wait until it has."""
        self._end_early(Result.ERROR_SHUTDOWN)
        if self._thread is not None:
            self._thread.join(VENT_TIME)
        if self._goal is not None:
            self._conclude(self._goal)

    def health(self) -> tuple[bool, str, dict[str, str]]:
        """Report whether a test runs."""
        text = 'ready' if self._goal is None else 'testing'
        return True, text, {'backend': self.settings['backend']}

    # -- goals

    def _on_accepted(self, goal: ServerGoalHandle) -> None:
        if self._goal is not None:
            result = Result(
                error_code=Result.ERROR_BUSY,
                error_msg='a device test is running: wait for its end, or cancel it',
            )
            self._goals.conclude(goal, result)
            return
        self._goal, self._report, self._thread = goal, None, None
        self._error = Result.ERROR_NONE
        self._abort.clear()

    def _on_cancel(self, goal: ServerGoalHandle) -> None:
        if goal is self._goal:
            self._end_early(Result.ERROR_CANCELLED)

    def _end_early(self, error: int) -> None:
        self._error = self._error or error
        self._abort.set()

    # -- the test

    def _on_turn(self) -> None:
        goal = self._goal
        if goal is None or self.steady_time - self._started_at < DISCOVERY_TIME:
            return
        if self.count_publishers(MANIFOLD_STATE.name):
            self._end_early(Result.ERROR_MANIFOLD_RUNS)
        if self._thread is None and not self._abort.is_set():
            self._thread = Thread(target=self._test, name='device test', daemon=True)
            self._thread.start()
        self._give_feedback(goal)
        if self._thread is None or not self._thread.is_alive():
            self._conclude(goal)

    def _test(self) -> None:
        """Run one test; in the thread."""
        backend = self.settings['backend']
        manifold = make_manifold(self.settings)
        # simulated boots have a time of their own, which goes on with every sample
        clock: Clock = VirtualClock() if backend == 'sim' else SteadyClock()
        subject = {'garment': manifold.garment.name, 'backend': backend}
        self._report = run_device_test(
            manifold,
            subject,
            clock,
            lambda step, text: self._said.put((step, text)),
            self._abort.is_set,
        )

    def _give_feedback(self, goal: ServerGoalHandle) -> None:
        while goal.is_active:
            try:
                step, text = self._said.get_nowait()
            except Empty:
                return
            done = list(STEPS).index(step) / len(STEPS) if step in STEPS else 0.0
            feedback = RunDeviceTest.Feedback(step=step, progress=done, text=text)
            goal.publish_feedback(feedback)

    def _conclude(self, goal: ServerGoalHandle) -> None:
        self._goal = None
        result = self._result(self._report, goal.request)
        self.get_logger().info(f'device test ended: {result.error_msg or "passed"}')
        self._goals.conclude(goal, result)

    def _result(self, report: DeviceTestReport | None, request: Any) -> Any:
        error = self._error_of(report)
        text = WHY_ENDED.get(error) or (report.reason if report else INTERNAL)
        if report is None:
            return Result(error_code=error, error_msg=text)
        try:
            write_reports(
                report,
                page=_path(request.html_file),
                junit=_path(request.junit_file),
                document=_path(request.json_file),
            )
        except OSError as failure:
            error = Result.ERROR_CANNOT_WRITE
            text = f'report not written, {failure.filename}: {failure.strerror}'
        return Result(
            error_code=error,
            error_msg=text,
            subject=[f'{name}={value}' for name, value in report.subject.items()],
            checks=[check_message(check) for check in report.checks],
        )

    def _error_of(self, report: DeviceTestReport | None) -> int:
        if report is None or report.ended == ABORTED:
            return self._error or int(Result.ERROR_INTERNAL)
        if report.ended:
            opened = report.findings != ((NOT_OPENED, 'link'),)
            return int(Result.ERROR_ENDED_EARLY if opened else Result.ERROR_NOT_OPENED)
        return int(Result.ERROR_NONE if report.passed else Result.ERROR_DEFECTS)


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def main() -> None:
    """Run the node."""
    run(DeviceTestNode)
