"""The services by which a running session is paused, changed and ended."""

from __future__ import annotations

from collections.abc import Callable

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
        node.serve(PAUSE, self._on_pause)
        node.serve(RESUME, self._on_resume)
        node.serve(STOP, self._on_stop)
        node.serve(SET_INTENSITY, self._on_set_intensity)
        node.serve(ADJUST_ZONE, self._on_adjust_zone)
        node.serve(EXTEND, self._on_extend)
        node.serve(REPORT_SYMPTOM, self._on_report_symptom)
        node.serve(CONFIRM_PRESENCE, self._on_confirm_presence)

    def _on_pause(
        self, _request: PauseSession.Request, response: PauseSession.Response
    ) -> PauseSession.Response:
        session = self._current()
        if session is None:
            response.error_code = PauseSession.Response.ERROR_NO_SESSION
            response.error_msg = 'no session is running, so there is nothing to pause'
        elif not session.pause():
            response.error_code = PauseSession.Response.ERROR_WRONG_STATE
            response.error_msg = 'the session is paused already, or about to end'
        return response

    def _on_resume(
        self, _request: ResumeSession.Request, response: ResumeSession.Response
    ) -> ResumeSession.Response:
        session = self._current()
        if session is None:
            response.error_code = ResumeSession.Response.ERROR_NO_SESSION
            response.error_msg = 'no session is running: start one with boots run'
        elif not session.resume():
            response.error_code = ResumeSession.Response.ERROR_WRONG_STATE
            response.error_msg = 'the session is not paused'
        return response

    def _on_stop(
        self, _request: StopSession.Request, response: StopSession.Response
    ) -> StopSession.Response:
        session = self._current()
        if session is not None:
            session.fail(SessionError.STOPPED, 'stopped on request: both legs were vented')
        self._vent()
        return response

    def _on_set_intensity(
        self, request: SetIntensity.Request, response: SetIntensity.Response
    ) -> SetIntensity.Response:
        session = self._current()
        if session is None:
            response.error_code = SetIntensity.Response.ERROR_NO_SESSION
            response.error_msg = 'no session is running: give the intensity with the next goal'
            return response
        try:
            session.changes.set_intensity(request.intensity)
        except ChangeRefused as refusal:
            response.error_code, response.error_msg = int(refusal.error), str(refusal)
        response.intensity = session.changes.intensity
        return response

    def _on_adjust_zone(
        self, request: AdjustZone.Request, response: AdjustZone.Response
    ) -> AdjustZone.Response:
        session = self._current()
        if session is None:
            response.error_code = AdjustZone.Response.ERROR_NO_SESSION
            response.error_msg = 'no session is running: start one, then adjust a zone'
            return response
        try:
            session.changes.adjust_zone(
                request.zone, request.leg, request.offset, skip=request.skip
            )
        except ChangeRefused as refusal:
            response.error_code, response.error_msg = int(refusal.error), str(refusal)
        return response

    def _on_extend(
        self, request: ExtendSession.Request, response: ExtendSession.Response
    ) -> ExtendSession.Response:
        session = self._current()
        if session is None:
            response.error_code = ExtendSession.Response.ERROR_NO_SESSION
            response.error_msg = 'no session is running: give the minutes with the next goal'
            return response
        try:
            response.remaining = session.extend(request.minutes)
        except ChangeRefused as refusal:
            response.error_code, response.error_msg = int(refusal.error), str(refusal)
        return response

    def _on_confirm_presence(
        self, _request: ConfirmPresence.Request, response: ConfirmPresence.Response
    ) -> ConfirmPresence.Response:
        session = self._current()
        if session is None:
            response.error_code = ConfirmPresence.Response.ERROR_NO_SESSION
            response.error_msg = 'no session is running, so nobody is asked'
        else:
            response.next_prompt = session.confirm_presence()
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
