"""Runs one device test: starts the node that owns the hardware, follows it, and ends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compression_boot_control.cli.errors import CommandFailed
from compression_boot_control.cli.node_processes import NodeProcesses
from compression_boot_control.system import describe_device_test

if TYPE_CHECKING:
    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.device_test_ros import DeviceTestAnswer, DeviceTestGoal
    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.system import SystemOptions

START_TIME = 20.0
"""Longest wait for the node to take goals [s]; a busy machine takes its time."""


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a test: the files that the node writes, and who hears of its progress.

    Attributes
    ----------
    on_progress : callable
        Gets the step, the share that is done, and one line.
    page, junit : str
        Files; empty: none.
    """

    on_progress: Callable[[str, float, str], None]
    page: str = ''
    junit: str = ''


def run_on_hardware(
    options: SystemOptions, interruption: Interruption, wanted: Wanted
) -> DeviceTestAnswer:
    """Test the hardware that the options name, by a node that is started for it.

    The first interruption cancels the test, which vents; a second one ends the node, which vents
    too.

    Raises
    ------
    CommandFailed
        The node has ended, or there is one already.
    """
    from compression_boot_control.cli.client_ros import DISCOVERY_TIME, BootsClient
    from compression_boot_control.cli.device_test_ros import DeviceTestGoal

    with BootsClient(options.namespace) as client:
        goal = DeviceTestGoal(client.node, wanted.on_progress)
        if client.wait_until(lambda: goal.ready, DISCOVERY_TIME, interruption):
            raise CommandFailed(
                f'a node for device tests runs in {client.namespace} already: use it with --attach'
            )
        _go_on_unless(interruption)
        with NodeProcesses([describe_device_test(options)]) as processes:
            return _test(client, goal, interruption, wanted, lambda: _check(processes))


def run_attached(namespace: str, interruption: Interruption, wanted: Wanted) -> DeviceTestAnswer:
    """Test by the node that runs already, as the launch file starts it.

    Raises
    ------
    CommandFailed
        There is no such node.
    """
    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.device_test_ros import DeviceTestGoal

    with BootsClient(namespace) as client:
        goal = DeviceTestGoal(client.node, wanted.on_progress)
        return _test(client, goal, interruption, wanted, lambda: None)


def _test(
    client: BootsClient,
    goal: DeviceTestGoal,
    interruption: Interruption,
    wanted: Wanted,
    check: Callable[[], None],
) -> DeviceTestAnswer:
    """Send the goal and follow it to its end."""
    deadline = time.monotonic() + START_TIME
    while not goal.ready:
        _go_on_unless(interruption)
        check()
        if time.monotonic() > deadline:
            raise CommandFailed(f'no node takes device tests in {client.namespace}: start one')
        client.spin()
    goal.send(page=wanted.page, junit=wanted.junit)
    while (answer := goal.answer) is None:
        client.spin()
        if interruption:
            goal.cancel()
        if interruption.count > 1:
            raise CommandFailed('interrupted twice: the node is ended, and the device vents')
        if not goal.ready:
            raise CommandFailed('the node of the device test is gone: the device vents by itself')
        check()
    return answer


def _check(processes: NodeProcesses) -> None:
    ended = processes.ended()
    if ended is not None:
        raise CommandFailed(
            f'the node of the device test {ended.how}, and the device vents: see the lines above'
        )


def _go_on_unless(interruption: Interruption) -> None:
    if interruption:
        raise CommandFailed('interrupted before the test began')
