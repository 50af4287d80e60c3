"""Waits for a system that can run a session, and says what is missing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from compression_boot_control.cli.errors import CommandFailed
from compression_boot_control.cli.views import SessionStage, Verdict

if TYPE_CHECKING:
    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.interruption import Interruption

NO_SYSTEM_TIME = 3.0
"""Without a sign of a system for this long there is none [s]."""

PATIENCE = 1.0
"""What is waited for is said only after this long [s]."""

TAKES_GOALS = (SessionStage.IDLE, SessionStage.RUNNING, SessionStage.PAUSED)
"""In these the planner answers a goal for good: with a session, or that it has one already."""


def wait_ready(
    client: BootsClient,
    seconds: float,
    interruption: Interruption,
    on_status: Callable[[str], None],
) -> None:
    """Wait for a system that a session can be asked of, or for an interruption.

    Parameters
    ----------
    client : BootsClient
    seconds : float
        Longest wait for a system that is there [s].
    interruption : Interruption
    on_status : callable
        Called with what is waited for, each time that it changes.

    Raises
    ------
    CommandFailed
        There is no system, it has tripped, or it is not ready in time; the text says why.
    """
    started = time.monotonic()
    said = ''
    while not (interruption or (client.session and client.session.stage in TAKES_GOALS)):
        waited = time.monotonic() - started
        if not client.systems() and client.session is None and waited > NO_SYSTEM_TIME:
            raise no_system(client)
        if client.safety is not None and client.safety.verdict == Verdict.TRIPPED:
            raise CommandFailed(
                f'the supervisor in {client.namespace} has tripped, {client.safety.reason}: see to '
                'the boots and the person, then boots reset'
            )
        status = _waited_for(client)
        if waited > seconds:
            raise CommandFailed(
                f'the system in {client.namespace} is not ready after {seconds:.0f} s: {status}'
            )
        if status != said and waited > PATIENCE:
            on_status(status)
            said = status
        client.spin()


def find_system(client: BootsClient) -> None:
    """Wait until a system is seen.

    Raises
    ------
    CommandFailed
        There is none.
    """
    if not client.wait_until(lambda: client.systems() > 0, NO_SYSTEM_TIME):
        raise no_system(client)


def no_system(client: BootsClient) -> CommandFailed:
    """Say that nothing runs here."""
    return CommandFailed(
        f'no system in {client.namespace} of ROS domain {domain()}: start one with boots up, or '
        'watch a whole session with boots demo'
    )


def occupied(client: BootsClient) -> CommandFailed:
    """Say that something runs here already."""
    return CommandFailed(
        f'another system runs in {client.namespace} of ROS domain {domain()}: use that one with '
        'boots run, end it with Ctrl-C where it was started, or give this one another --namespace '
        'or ROS_DOMAIN_ID'
    )


def domain() -> str:
    """ROS domain of this process, as a person sets it."""
    return os.environ.get('ROS_DOMAIN_ID') or '0'


def _waited_for(client: BootsClient) -> str:
    if client.session is not None:
        return client.session.status
    if client.systems():
        return 'the planner says nothing yet: check the sequence_planner node'
    return 'looking for a system'
