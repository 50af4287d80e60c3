"""Runs one session through a client: sends the goal, follows it, and ends it in every case."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from compression_boot_control.cli.errors import CommandFailed

if TYPE_CHECKING:
    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.cli.session_goal_ros import SessionGoal
    from compression_boot_control.cli.views import SessionRequest, SessionResult

SILENCE_LIMIT = 3.0
"""A planner that says nothing for this long, beyond what is stale already, is gone [s]."""

CANCEL_LIMIT = 60.0
"""Longest wait for the result of a cancelled session [s]; the planner itself needs 15 s at most."""

VENT_LIMIT = 3.0
"""Time in which an emergency stop vents [s]."""

PULL = 'open the zips or pull the hoses'


def run_session(
    client: BootsClient,
    request: SessionRequest,
    interruption: Interruption,
    show: Callable[[], None],
    check: Callable[[], None] = lambda: None,
) -> SessionResult:
    """Run a session until its result is there.

    The first interruption cancels it and waits until the boots are vented. The second one, or a
    planner that does not end it, calls for an emergency stop, which latches.

    Parameters
    ----------
    client : BootsClient
    request : SessionRequest
    interruption : Interruption
    show : callable
        Called in each turn of the loop.
    check : callable
        Called in each turn; may raise to give up, e.g. because a node ended.

    Raises
    ------
    CommandFailed
        The planner is gone, or an emergency stop was needed.
    """
    goal = client.start_session(request)
    heard_at = time.monotonic()
    cancelled_at: float | None = None
    while (result := goal.result) is None:
        client.spin()
        check()
        show()
        now = time.monotonic()
        if client.session is not None:
            heard_at = now
        elif now - heard_at > SILENCE_LIMIT:
            raise CommandFailed(f'the planner says nothing any more; {_confirmed(client)}')
        if interruption and cancelled_at is None:
            goal.cancel()
            cancelled_at = now
        too_long = cancelled_at is not None and now - cancelled_at > CANCEL_LIMIT
        if interruption.count > 1 or too_long:
            raise _emergency_stop(client, goal, interruption)
    return result


def _emergency_stop(
    client: BootsClient, goal: SessionGoal, interruption: Interruption
) -> CommandFailed:
    why = 'interrupted twice' if interruption.count > 1 else 'a cancelled session did not end'
    client.emergency_stop(f'boots run: {why}')
    client.wait_until(lambda: goal.result is not None, 1.0)
    return CommandFailed(
        f'{why}: emergency stop; {_confirmed(client)}; it is latched until boots reset'
    )


def _confirmed(client: BootsClient) -> str:
    """Wait until the supervisor sees all chambers vented, and say whether it does."""
    if client.wait_until(lambda: client.seen_vented, VENT_LIMIT):
        return 'the boots are vented'
    return f'that the boots are vented could not be confirmed: {PULL}'
