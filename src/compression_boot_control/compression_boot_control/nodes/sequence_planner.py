"""Plans the compression session: the run_session action, its services, and the set-points.

The node steps the sequence once for every sample of pressures, on the samples' own time. While no
session runs it asks for a vent, so that an idle system is a vented one.
"""

from __future__ import annotations

import math

import numpy as np
from compression_boot_msgs.action import RunSession
from compression_boot_msgs.msg import (
    ChamberPressures,
    Layout,
    SafetyState,
    SessionState,
)
from compression_boot_msgs.msg import Setpoints as SetpointsMessage
from rclpy.action.server import ServerGoalHandle

from compression_boot_control.core.chamber_order import ChamberOrder
from compression_boot_control.core.presence import GRACE_TIME, PROMPT_EVERY, Presence
from compression_boot_control.core.sample_interval import SampleInterval
from compression_boot_control.core.sequence import VENTED_PRESSURE
from compression_boot_control.core.session_errors import ProtocolError, SessionError
from compression_boot_control.core.signals import Mode, Quality, Setpoints
from compression_boot_control.nodes.conversions import (
    bytes_to_wire,
    seconds,
    to_wire,
)
from compression_boot_control.nodes.garment_parameter import garment_of, mismatch
from compression_boot_control.nodes.goal_server import GoalServer
from compression_boot_control.nodes.interfaces import (
    LAYOUT,
    PERMITTED,
    PRESSURES,
    RUN_SESSION,
    SAFETY_STATE,
    SESSION_STATE,
    SETPOINTS,
)
from compression_boot_control.nodes.parameters import GARMENT, Parameter
from compression_boot_control.nodes.running_session import RunningSession
from compression_boot_control.nodes.runtime import ConfigurationError, SafeNode, run
from compression_boot_control.nodes.session_check import CheckReport
from compression_boot_control.nodes.session_services import SessionServices
from compression_boot_control.sessions.admission import Admission
from compression_boot_control.sessions.journal_schema import JournalError
from compression_boot_control.sessions.live_session import SessionRefused

PARAMETERS = (
    GARMENT,
    Parameter(
        'presence_every',
        PROMPT_EVERY,
        'time from one sign of presence to the next prompt [s]; may only be shortened',
        1.0,
        PROMPT_EVERY,
    ),
    Parameter(
        'presence_grace',
        GRACE_TIME,
        'time for an answer to the prompt [s]; may only be shortened',
        1.0,
        GRACE_TIME,
    ),
)

PRESSURE_AGE_LIMIT = 0.25
"""Pressures older than this are lost [s]."""

SAFETY_AGE_LIMIT = 1.0
"""A verdict older than this is no permission [s]."""

SETPOINTS_PERIOD = 0.05
"""Unchanged set-points are repeated after this time of the samples [s]."""

STATE_PERIOD = 0.2
"""session/state and feedback are published after this time of the samples [s]."""

TIMER_PERIOD = 0.1
"""Period of the steady timer that notices silence [s]."""


SHUT_DOWN = 'shut down'
"""Reason with which a node is made safe when it is asked to end."""


class SequencePlannerNode(SafeNode):
    """The planner node; see the module."""

    def __init__(self) -> None:
        super().__init__('sequence_planner', PARAMETERS)
        self._garment = garment_of(self.settings['garment'])
        try:
            self._presence = Presence(
                self.settings['presence_every'], self.settings['presence_grace']
            )
        except ValueError as error:
            raise ConfigurationError(str(error)) from error
        self._names = list(self._garment.chamber_names)
        self._order = ChamberOrder(self._garment.chamber_names)
        shape = (len(self._garment),)
        self._vent_all = Setpoints(np.full(shape, int(Mode.VENT)), np.zeros(shape))
        self._session: RunningSession | None = None
        self._layout_problem = 'no layout from the manifold yet'
        self._safety: SafetyState | None = None
        self._safety_at = -math.inf
        self._pressure = np.full(shape, np.nan)
        self._supply = math.nan
        self._zeroed = np.zeros(shape, dtype=np.bool_)
        self._systems = 0
        self._pressures_at = -math.inf
        self._interval = SampleInterval()
        self._setpoints_age = 0.0
        self._state_age = 0.0
        self._timer_at = self.steady_time
        self._sequence = 0
        self._last_setpoints = self._vent_all
        self._setpoints = self.advertise(SETPOINTS)
        self._session_state = self.advertise(SESSION_STATE)
        self.listen(LAYOUT, self._on_layout)
        self.listen(PRESSURES, self._on_pressures)
        self.listen(SAFETY_STATE, self._on_safety_state)
        self._admission = Admission()
        self._check_report = CheckReport(self)
        self._session_services = SessionServices(self, lambda: self._session, self._vent)
        self._goals = GoalServer(
            self, RUN_SESSION, self._on_accepted, self._on_cancel, (RunSession.Result.ERROR_NONE,)
        )
        self.every(TIMER_PERIOD, self._on_timer)

    def make_safe(self, reason: str) -> None:
        """End the session and ask for a vent."""
        session = self._session
        if session is not None:
            error = SessionError.SHUTDOWN if reason == SHUT_DOWN else SessionError.INTERNAL
            session.fail(error, f'{reason}; see the log of the planner')
        self._vent()
        if session is not None:
            # there may be no later step in which to do it
            self._record_end(session)

    def _vent(self) -> None:
        self._publish_setpoints(self._vent_all)

    def health(self) -> tuple[bool, str, dict[str, str]]:
        """Report what keeps a session from starting."""
        problem = self._problem()
        return not problem, problem or self._status(), {}

    # -- readiness

    def _problem(self) -> str:
        """Why no session can run now, in one line; empty if one can."""
        return self._layout_problem or self._permission_problem() or self._pressure_problem()

    def _permission_problem(self) -> str:
        """Why the supervisor's word does not let a session go on; empty if it does."""
        if self._systems > 1:
            return (
                'two systems run in this domain and namespace: stop one, or start it with another '
                'ROS_DOMAIN_ID or namespace'
            )
        if self._safety is None or self.steady_time - self._safety_at > SAFETY_AGE_LIMIT:
            return 'no verdict of the supervisor: check the safety_supervisor node'
        if self._safety.state not in (SafetyState.STATE_PERMITTING, SafetyState.STATE_RESTRICTED):
            advice = f': {self._safety.alarms[0].advice}' if self._safety.alarms else ''
            return f'the supervisor vents, {self._safety.reason}{advice}'
        return ''

    def _pressure_problem(self) -> str:
        """Why the pressures cannot be used; empty if they can."""
        if self.steady_time - self._pressures_at > PRESSURE_AGE_LIMIT:
            return 'no pressures: check the manifold and pressure_sensing nodes'
        if not np.isfinite(self._pressure).all():
            bad = [self._names[i] for i in np.flatnonzero(~np.isfinite(self._pressure))]
            return f'no usable pressure of {", ".join(bad)}: check its sensor'
        return ''

    def _status(self) -> str:
        if self._session is not None:
            return self._session.status_text()
        return self._problem() or ('ready' if self._zeroed.all() else 'finding the zero')

    # -- inputs

    def _on_layout(self, message: Layout) -> None:
        self._layout_problem = mismatch(self._garment, message)

    def _on_safety_state(self, message: SafetyState) -> None:
        self._safety = message
        self._safety_at = self.steady_time

    def _on_pressures(self, message: ChamberPressures) -> None:
        dt = self._interval.next(seconds(message.header.stamp), message.sequence)
        if dt is None:
            return
        self._pressure, quality = self._order.arranged(
            message.name, message.pressure, message.quality
        )
        self._zeroed = quality == Quality.GOOD
        self._supply = message.supply_pressure
        self._pressures_at = self.steady_time
        self._advance(dt)

    def _on_timer(self) -> None:
        """Notice what does not come; without samples the session goes on blind, to its end."""
        now = self.steady_time
        elapsed, self._timer_at = now - self._timer_at, now
        self._systems = self.count_publishers(PERMITTED.name)
        if now - self._pressures_at <= PRESSURE_AGE_LIMIT:
            return
        self._pressure = np.full(len(self._names), np.nan)
        self._advance(elapsed)
        self._publish_state()

    # -- the session

    def _advance(self, dt: float) -> None:
        session = self._session
        if session is None:
            self._publish_setpoints_if_due(self._vent_all, dt)
        else:
            problem = '' if session.ended_by_itself else self._permission_problem()
            if problem:
                session.fail(SessionError.SAFETY, problem)
            else:
                for name in session.follow_supervisor(self._restricted_names()):
                    self.get_logger().warning(f'going on without {name}, which is being vented')
            setpoints = session.step(self._pressure, dt, self._supply, self._zeroed)
            self._publish_setpoints_if_due(setpoints, dt)
            self._check_report.follow(session)
            self._record_progress(session)
        self._state_age += dt
        if self._state_age >= STATE_PERIOD - 0.5 * dt:
            self._publish_state()
        if session is not None and session.done:
            self._conclude(session)

    def _on_accepted(self, goal: ServerGoalHandle) -> None:
        """Begin a session, which the pressures that come step, or answer at once why not."""
        try:
            session = self._session_for(goal)
        except SessionRefused as refusal:
            self._refuse(goal, refusal)
            return
        except Exception as error:
            self._refuse(goal, SessionRefused(SessionError.INTERNAL, f'unexpected: {error}'))
            raise
        self._session = session
        self.get_logger().info(f'session {session.plan.protocol} begins')

    def _session_for(self, goal: ServerGoalHandle) -> RunningSession:
        if self._session is not None:
            raise SessionRefused(
                SessionError.BUSY, 'a session is running: stop it first, or wait for its end'
            )
        problem = self._problem() or self._restriction()
        if problem:
            raise SessionRefused(SessionError.NOT_READY, problem)
        try:
            allowance = None if goal.request.bench else self._admission.check()
            session = RunningSession(goal.request, self._garment, allowance, self._presence)
            if allowance is not None:
                session.record_id = self._admission.begin(session.new_record())
        except ProtocolError as error:
            raise SessionRefused(error.error_code, error.message) from error
        session.goal = goal
        return session

    def _restriction(self) -> str:
        """Why the supervisor's word lets a session go on, but none begin; empty if one may."""
        names = self._restricted_names()
        if self._safety is None or not names:
            return ''
        return f'the supervisor vents {", ".join(names)}: {self._safety.reason}'

    def _restricted_names(self) -> list[str]:
        """Chambers that the supervisor vents while it lets the others through."""
        if self._safety is None or self._safety.state != SafetyState.STATE_RESTRICTED:
            return []
        return list(self._safety.vented_name)

    def _record_progress(self, session: RunningSession) -> None:
        """Keep the session's record up to date, should this process not live to its end."""
        if not session.record_id or session.done:
            return
        try:
            self._admission.keep_progress(session.record_id, session.end_record)
        except JournalError as error:
            self.get_logger().warning(f'the progress of the session was not recorded: {error}')

    def _record_end(self, session: RunningSession) -> None:
        """Complete the session's record in the journal; it was begun with the session."""
        if not session.record_id:
            return
        try:
            self._admission.end(session.record_id, session.end_record())
        except JournalError as error:
            self.get_logger().error(f'the end of the session was not recorded: {error}')

    def _refuse(self, goal: ServerGoalHandle, refusal: SessionRefused) -> None:
        result = RunSession.Result(
            error_code=int(refusal.error),
            error_msg=str(refusal),
            vented=bool((self._pressure < VENTED_PRESSURE).all()),
            bench=bool(goal.request.bench),
        )
        self._goals.conclude(goal, result)

    def _conclude(self, session: RunningSession) -> None:
        self._session = None
        self._vent()
        self._record_end(session)
        result = session.result(self._pressure)
        self.get_logger().info(f'session ended: {result.error_msg or "as planned"}')
        self._publish_state()
        if session.goal is not None:
            self._goals.conclude(session.goal, result)

    def _on_cancel(self, goal: ServerGoalHandle) -> None:
        if self._session is not None and self._session.goal is goal:
            self._session.fail(SessionError.CANCELLED, 'cancelled: both legs were vented')

    # -- outputs

    def _publish_setpoints_if_due(self, setpoints: Setpoints, dt: float) -> None:
        self._setpoints_age += dt
        last = self._last_setpoints
        same = np.array_equal(setpoints.mode, last.mode) and np.array_equal(
            setpoints.target, last.target
        )
        if not same or self._setpoints_age >= SETPOINTS_PERIOD - 0.5 * dt:
            self._publish_setpoints(setpoints)

    def _publish_setpoints(self, setpoints: Setpoints) -> None:
        self._last_setpoints = setpoints
        self._setpoints_age = 0.0
        self._sequence += 1
        message = SetpointsMessage(
            sequence=self._sequence,
            name=self._names,
            mode=bytes_to_wire(setpoints.mode),
            target=to_wire(setpoints.target),
        )
        message.header.stamp = self.get_clock().now().to_msg()
        self._setpoints.publish(message)

    def _publish_state(self) -> None:
        self._state_age = 0.0
        session = self._session
        if session is None:
            ready = not self._problem() and self._zeroed.all()
            state = SessionState(
                state=SessionState.STATE_IDLE if ready else SessionState.STATE_NOT_READY
            )
        else:
            state = session.state_message()
        state.status = self._status()
        state.name = self._names
        state.target = to_wire(self._last_setpoints.target)
        state.pressure = to_wire(self._pressure)
        state.header.stamp = self.get_clock().now().to_msg()
        self._session_state.publish(state)
        if session is not None and session.goal is not None and session.goal.is_active:
            session.goal.publish_feedback(RunSession.Feedback(state=state))


def main() -> None:
    """Run the node."""
    run(SequencePlannerNode)
