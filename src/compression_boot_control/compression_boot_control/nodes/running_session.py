"""A running session as the action sees it: from its goal to its result."""

from __future__ import annotations

from compression_boot_msgs.action import RunSession
from compression_boot_msgs.msg import SessionState
from rclpy.action.server import ServerGoalHandle

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.presence import Presence
from compression_boot_control.core.sequence import VENTED_PRESSURE, SessionStatus
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.sessions.eligibility import Eligibility
from compression_boot_control.sessions.guarded_session import GuardedSession
from compression_boot_control.sessions.live_session import SessionOrder

STATES = {
    SessionStatus.RUNNING: SessionState.STATE_RUNNING,
    SessionStatus.PAUSED: SessionState.STATE_PAUSED,
    SessionStatus.ENDING: SessionState.STATE_ENDING,
    SessionStatus.DONE: SessionState.STATE_ENDING,
}


def order_of(goal: RunSession.Goal) -> SessionOrder:
    """What a goal asks for; 0 and empty mean what the action says."""
    return SessionOrder(
        protocol=goal.protocol,
        intensity=goal.intensity if goal.intensity != 0.0 else 1.0,
        minutes=goal.minutes if goal.minutes != 0.0 else None,
        leg=goal.leg or 'both',
        bench=bool(goal.bench),
        skip_check=bool(goal.skip_check),
    )


class RunningSession(GuardedSession):
    """A session with the goal that it answers; see `GuardedSession`.

    Attributes
    ----------
    goal : ServerGoalHandle or None
    """

    def __init__(
        self,
        goal: RunSession.Goal,
        garment: Garment,
        allowance: Eligibility | None = None,
        presence: Presence | None = None,
    ) -> None:
        super().__init__(order_of(goal), garment, allowance, presence)
        self.goal: ServerGoalHandle | None = None

    def state_message(self) -> SessionState:
        """Session part of the state message."""
        return SessionState(
            state=STATES[self.status],
            protocol=self.plan.protocol,
            phase=self.stage_name,
            cycle=0 if self.checking else int(self.state.cycle[0]),
            progress=self.progress,
            elapsed=self.elapsed,
            warm_up=self.warm_up,
            remaining=self.remaining,
            intensity=self.intensity,
            dose=self.state.dose.tolist(),
            skipped=list(self.skipped),
            cycles_done=self.cycles_done,
            bench=self.order.bench,
            checking=self.checking,
            presence_asked=self.presence is not None and self.presence.asked,
            presence_left=0.0 if self.presence is None else self.presence.left,
        )

    def result(self, pressure: FloatArray) -> RunSession.Result:
        """Result of a session that is done."""
        error, text = self.ending()
        return RunSession.Result(
            error_code=int(error),
            error_msg=text,
            cycles=self.cycles_done,
            elapsed=self.elapsed,
            warm_up=self.warm_up,
            name=list(self.garment.chamber_names),
            peak=self.state.peak.tolist(),
            dose=self.state.dose.tolist(),
            vented=bool((pressure < VENTED_PRESSURE).all()),
            skipped=list(self.skipped),
            bench=self.order.bench,
        )
