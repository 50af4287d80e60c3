"""An action whose goals are answered when all is over, without a coroutine that waits for it.

To await the end of a goal in a coroutine would cost a whole core, as rclpy asks a waiting coroutine
again and again; so a goal is taken, worked on elsewhere, and executed, which only gives the result,
at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle

from compression_boot_control.nodes.interfaces import Service
from compression_boot_control.nodes.runtime import SafeNode


class GoalServer:
    """Takes goals and cancels for a node, and gives the results that the node comes to.

    Parameters
    ----------
    node : SafeNode
        Offers the action.
    action : Service
        Its type and name.
    accepted : callable
        Takes each goal; it or a later call has to `conclude` it.
    cancelled : callable
        Told of each goal whose end is asked for, before it is concluded.
    succeeded : collection of int
        Error codes of results that the goal was reached with; any other aborts it.
    """

    def __init__(
        self,
        node: SafeNode,
        action: Service,
        accepted: Callable[[ServerGoalHandle], None],
        cancelled: Callable[[ServerGoalHandle], None],
        succeeded: Collection[int],
    ) -> None:
        self._unexpected = action.type.Result(error_code=action.type.Result.ERROR_INTERNAL)
        self._cancelled = cancelled
        self._succeeded = succeeded
        self._server = ActionServer(
            node,
            action.type,
            action.name,
            execute_callback=lambda goal: self._answered(goal, self._unexpected),
            goal_callback=lambda _goal: GoalResponse.ACCEPT,
            handle_accepted_callback=node.guard(accepted),
            cancel_callback=self._on_cancel,
        )

    def conclude(self, goal: ServerGoalHandle, result: Any) -> None:
        """Give the result of a goal, which ends it."""
        goal.execute(lambda goal: self._answered(goal, result))

    def _on_cancel(self, goal: ServerGoalHandle) -> CancelResponse:
        self._cancelled(goal)
        return CancelResponse.ACCEPT

    def _answered(self, goal: ServerGoalHandle, result: Any) -> Any:
        if result.error_code in self._succeeded:
            goal.succeed()
        elif goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        return result
