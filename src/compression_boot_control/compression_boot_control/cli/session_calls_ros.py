"""What a person asks of a running session: the service of each wish, and what its answer means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from compression_boot_msgs.srv import (
    AdjustZone,
    ConfirmPresence,
    ExtendSession,
    PauseSession,
    ReportSymptom,
    ResumeSession,
    SetIntensity,
)

from compression_boot_control.cli.errors import CommandError, CommandFailed, WrongUse
from compression_boot_control.core.units import MINUTE, MMHG
from compression_boot_control.nodes.interfaces import (
    ADJUST_ZONE,
    CONFIRM_PRESENCE,
    EXTEND,
    PAUSE,
    REPORT_SYMPTOM,
    RESUME,
    SET_INTENSITY,
    Service,
)
from compression_boot_control.sessions.session_changes import ChangeError

MISUSED = (ChangeError.OUT_OF_RANGE, ChangeError.UNKNOWN_ZONE)
"""Error codes of what cannot be asked for like this; the others are of what cannot be done now."""

SYMPTOMS = {
    'discomfort': ReportSymptom.Request.SYMPTOM_DISCOMFORT,
    'numbness': ReportSymptom.Request.SYMPTOM_NUMBNESS,
    'tingling': ReportSymptom.Request.SYMPTOM_TINGLING,
    'pain': ReportSymptom.Request.SYMPTOM_PAIN,
    'other': ReportSymptom.Request.SYMPTOM_OTHER,
}


@dataclass(frozen=True)
class SessionCall:
    """A call of one of the session's services.

    Attributes
    ----------
    service : Service
    request : message
    done : callable
        Says what an answer without an error means.
    """

    service: Service
    request: Any
    done: Callable[[Any], str]

    def outcome(self, answer: Any) -> str:
        """What was done, for a person.

        Raises
        ------
        CommandError
            The planner refuses; the text says why.
        """
        if answer.error_code:
            kind: type[CommandError] = WrongUse if answer.error_code in MISUSED else CommandFailed
            raise kind(answer.error_msg)
        return self.done(answer)


def pause() -> SessionCall:
    """Vent both legs, and stop the session's clock."""
    return SessionCall(
        PAUSE, PauseSession.Request(), lambda _: 'paused: both legs vent; resume within two minutes'
    )


def resume() -> SessionCall:
    """Go on after a pause, with the cycle that was interrupted."""
    return SessionCall(RESUME, ResumeSession.Request(), lambda _: 'going on with a new cycle')


def intensity(scale: float) -> SessionCall:
    """Scale the pressures to this part of the protocol's own."""
    return SessionCall(
        SET_INTENSITY,
        SetIntensity.Request(intensity=scale),
        lambda answer: f'pressures go to {answer.intensity:.0%} in a ramp',
    )


def zone_offset(zone: str, leg: str, offset_mmhg: float) -> SessionCall:
    """Add pressure to a zone, or take some away; 0 gives it back its own."""
    if offset_mmhg:
        said = f'{zone} gets {offset_mmhg:+g} mmHg, in a ramp'
    else:
        said = f'{zone} gets its own pressure'
    request = AdjustZone.Request(zone=zone, leg=leg, offset=offset_mmhg * MMHG, skip=False)
    return SessionCall(ADJUST_ZONE, request, lambda _: said)


def zone_skip(zone: str, leg: str) -> SessionCall:
    """Leave a zone vented from its next inflation on."""
    request = AdjustZone.Request(zone=zone, leg=leg, skip=True)
    return SessionCall(
        ADJUST_ZONE, request, lambda _: f'{zone} is left out from its next inflation on'
    )


def extension(minutes: float) -> SessionCall:
    """Make the session longer, or shorter."""
    return SessionCall(
        EXTEND,
        ExtendSession.Request(minutes=minutes),
        lambda answer: f'{answer.remaining / MINUTE:.1f} minutes are left',
    )


def confirmation() -> SessionCall:
    """Say that the person is awake and well."""
    return SessionCall(CONFIRM_PRESENCE, ConfirmPresence.Request(), _noted)


def _noted(answer: Any) -> str:
    if answer.next_prompt > 0.0:
        return f'noted; the next question comes in {answer.next_prompt / MINUTE:.0f} min'
    return 'noted; this session does not ask, as nobody is in the boots'


def symptom(name: str, note: str = '') -> SessionCall:
    """Report what the person feels: a name of `SYMPTOMS`."""
    return SessionCall(
        REPORT_SYMPTOM,
        ReportSymptom.Request(symptom=SYMPTOMS[name], note=note),
        lambda answer: str(answer.action),
    )
