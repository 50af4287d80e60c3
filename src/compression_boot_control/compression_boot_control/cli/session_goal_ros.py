"""A goal of the run_session action, from its sending to its result."""

from __future__ import annotations

from compression_boot_control.cli.action_goal_ros import SentGoal
from compression_boot_control.cli.views import SessionResult
from compression_boot_control.cli.views_ros import session_result


class SessionGoal(SentGoal):
    """A goal that was sent; see `SentGoal`."""

    @property
    def result(self) -> SessionResult | None:
        """What became of it; None until it has ended."""
        message = self.message
        return None if message is None else session_result(message)
