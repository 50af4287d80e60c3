"""The services by which a running session is paused, changed and ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compression_boot_msgs.srv import (
    AdjustZone,
    ConfirmPresence,
    ExtendSession,
    PauseSession,
    ReportSymptom,
    ResumeSession,
    SetIntensity,
    StopSession,
)

from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.nodes.interfaces import (
    ADJUST_ZONE,
    CONFIRM_PRESENCE,
    EXTEND,
    PAUSE,
    REPORT_SYMPTOM,
    RESUME,
    SET_INTENSITY,
    STOP,
)
from compression_boot_control.nodes.running_session import RunningSession
from compression_boot_control.nodes.runtime import SafeNode
from compression_boot_control.sessions.session_changes import ChangeRefused

SYMPTOMS = {
    ReportSymptom.Request.SYMPTOM_DISCOMFORT: 'discomfort',
    ReportSymptom.Request.SYMPTOM_NUMBNESS: 'numbness',
    ReportSymptom.Request.SYMPTOM_TINGLING: 'tingling',
    ReportSymptom.Request.SYMPTOM_PAIN: 'pain',
}


Answer = Callable[[RunningSession, Any, Any], None]
"""Does what a request asks of a session, and fills in the response; may raise ChangeRefused."""


class SessionServices:
    """Answers the services.

    Parameters
    ----------
    node : SafeNode
        Offers them.
    session : callable
        The running session; None if there is none.
    vent : callable
        Asks for a vent of everything at once.
    """

    def __init__(
        self,
        node: SafeNode,
        session: Callable[[], RunningSession | None],
        vent: Callable[[], None],
    ) -> None:
        self._log = node.get_logger()
        self._current = session
        self._vent = vent
        for service, answer, idle in (
            (PAUSE, _pause, 'so there is nothing to pause'),
            (RESUME, _resume, 'so there is nothing to resume'),
            (SET_INTENSITY, _set_intensity, 'so give the intensity with the next goal'),
            (ADJUST_ZONE, _adjust_zone, 'so there is no zone to adjust'),
            (EXTEND, _extend, 'so give the minutes with the next goal'),
            (CONFIRM_PRESENCE, _confirm_presence, 'so nobody is asked'),
        ):
            node.serve(service, self._in_session(answer, idle))
        node.serve(STOP, self._on_stop)
        node.serve(REPORT_SYMPTOM, self._on_report_symptom)

    def _in_session(self, answer: Answer, idle: str) -> Callable[[Any, Any], Any]:
        """Make the callback of a service that is for a running session only."""

        def respond(request: Any, response: Any) -> Any:
            session = self._current()
            if session is None:
                response.error_code = type(response).ERROR_NO_SESSION
                response.error_msg = f'no session is running, {idle}'
                return response
            try:
                answer(session, request, response)
            except ChangeRefused as refusal:
                response.error_code, response.error_msg = int(refusal.error), str(refusal)
            return response

        return respond

    def _on_stop(
        self, _request: StopSession.Request, response: StopSession.Response
    ) -> StopSession.Response:
        session = self._current()
        if session is not None:
            session.fail(SessionError.STOPPED, 'stopped on request: both legs were vented')
        self._vent()
        return response

    def _on_report_symptom(
        self, request: ReportSymptom.Request, response: ReportSymptom.Response
    ) -> ReportSymptom.Response:
        name = SYMPTOMS.get(request.symptom, 'a symptom')
        self._log.warning(f'symptom {request.symptom} reported: {request.note}')
        session = self._current()
        if session is None:
            self._vent()
            response.error_code = ReportSymptom.Response.ERROR_NO_SESSION
            response.error_msg = (
                'no session is running, and the boots are vented; the symptom is noted in the log'
            )
        elif request.symptom == ReportSymptom.Request.SYMPTOM_DISCOMFORT:
            session.report_symptom(name)
            session.changes.ease()
            response.action = f'pressures lowered to {session.changes.intensity:.0%}'
        else:
            session.report_symptom(name)
            session.fail(
                SessionError.STOPPED,
                f'{name} reported: the session was ended; see a doctor if it does not pass',
            )
            response.action = 'the session is being ended and both legs vented'
        return response


def _pause(
    session: RunningSession, _request: PauseSession.Request, response: PauseSession.Response
) -> None:
    if not session.pause():
        response.error_code = PauseSession.Response.ERROR_WRONG_STATE
        response.error_msg = 'the session is paused already, or about to end'


def _resume(
    session: RunningSession, _request: ResumeSession.Request, response: ResumeSession.Response
) -> None:
    if not session.resume():
        response.error_code = ResumeSession.Response.ERROR_WRONG_STATE
        response.error_msg = 'the session is not paused'


def _set_intensity(
    session: RunningSession, request: SetIntensity.Request, response: SetIntensity.Response
) -> None:
    try:
        session.changes.set_intensity(request.intensity)
    finally:
        response.intensity = session.changes.intensity


def _adjust_zone(
    session: RunningSession, request: AdjustZone.Request, _response: AdjustZone.Response
) -> None:
    session.changes.adjust_zone(request.zone, request.leg, request.offset, skip=request.skip)


def _extend(
    session: RunningSession, request: ExtendSession.Request, response: ExtendSession.Response
) -> None:
    response.remaining = session.extend(request.minutes)


def _confirm_presence(
    session: RunningSession, _request: ConfirmPresence.Request, response: ConfirmPresence.Response
) -> None:
    response.next_prompt = session.confirm_presence()
