"""A goal of the run_session action, from its sending to its result."""

from __future__ import annotations

from typing import Any

from compression_boot_control.cli.views import SessionResult
from compression_boot_control.cli.views_ros import session_result


class SessionGoal:
    """A goal that was sent; it moves on while the client's loop turns.

    Parameters
    ----------
    sent : Future
        Of the goal's handle.
    """

    def __init__(self, sent: Any) -> None:
        self._handle: Any = None
        self._result: Any = None
        self._cancelled = False
        sent.add_done_callback(self._on_answer)

    @property
    def accepted(self) -> bool:
        """Whether the planner has taken it."""
        return self._handle is not None

    @property
    def result(self) -> SessionResult | None:
        """What became of it; None until it has ended."""
        if self._result is None or not self._result.done():
            return None
        return session_result(self._result.result().result)

    def cancel(self) -> None:
        """Ask for its end; a goal that is not taken yet is cancelled when it is."""
        if self._handle is not None and not self._cancelled:
            self._handle.cancel_goal_async()
        self._cancelled = True

    def _on_answer(self, sent: Any) -> None:
        self._handle = sent.result()
        self._result = self._handle.get_result_async()
        if self._cancelled:
            self._handle.cancel_goal_async()
