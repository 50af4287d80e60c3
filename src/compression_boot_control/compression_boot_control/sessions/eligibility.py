"""Whether a person may have a session now, up to which pressure, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.units import MINUTE
from compression_boot_control.sessions.limits import (
    FIRST_PRESSURE,
    LOCKED_PRESSURE,
    PRESSURE,
    SESSION_GAP,
    SESSION_TIME,
    SESSIONS_A_DAY,
)
from compression_boot_control.sessions.screening import (
    DAY,
    SCREENING,
    SCREENING_LIFE,
    TODAY,
    TODAY_LIFE,
    Answers,
    objections,
)

HOUR = 3600.0

COUNTED_FROM = 3.0 * MINUTE
"""A shorter attempt is no session [s] [P]; it still counts in the minutes of the day."""

CLOCK_TOLERANCE = 5.0 * MINUTE
"""So far a clock may go back without a word [s] [P]."""

UNLOCK_SESSIONS = 10
"""Sessions before a pressure above 65 mmHg can be unlocked [P]."""

UNLOCK_LIFE = 90.0 * DAY
"""An unlock holds for this time [s] [P]."""

ASK = 'run boots journal screening'
ASK_TODAY = 'run boots journal today'


@dataclass(frozen=True)
class PastSession:
    """A session of the past, as limits and rules look at it.

    Attributes
    ----------
    started_at, ended_at : float
        [s since 1970, UTC]; of a session whose end was not recorded, the latest possible end.
    minutes : float
        Time under way, with the warm-up and without pauses; of one without a recorded end, what was
        planned, or more if it went on for longer.
    protocol : str
    pressure_mmhg : float
        Highest pressure.
    error : SessionError
        NONE for one that ended as planned.
    symptom : str
        What was reported; empty if nothing was.
    intensity : float
        Scale on the protocol's pressures at the start.
    """

    started_at: float
    ended_at: float
    minutes: float
    protocol: str
    pressure_mmhg: float
    error: SessionError = SessionError.NONE
    symptom: str = ''
    intensity: float = 1.0

    @property
    def counted(self) -> bool:
        """Whether it was long enough to be a session."""
        return self.minutes * MINUTE >= COUNTED_FROM


@dataclass(frozen=True)
class Unlock:
    """A person's deliberate choice of a pressure above 65 mmHg."""

    at: float
    pressure_mmhg: float


@dataclass(frozen=True)
class PersonRecord:
    """What is known of a person.

    Attributes
    ----------
    screening, today : Answers or None
        Newest answers.
    sessions : sequence of PastSession
        Oldest first.
    unlock : Unlock or None
        Newest.
    latest : float
        Time of the newest entry of any kind [s since 1970, UTC]; 0 without any.
    """

    screening: Answers | None = None
    today: Answers | None = None
    sessions: Sequence[PastSession] = ()
    unlock: Unlock | None = None
    latest: float = 0.0


@dataclass(frozen=True)
class Eligibility:
    """The answer.

    Attributes
    ----------
    error : SessionError
        NONE if a session may begin.
    reasons : tuple of str
        Why not, one line each.
    pressure_cap_mmhg : float
        Highest pressure for this person.
    cap_reason : str
        Why this pressure, in plain words.
    minutes : float
        Longest session now, its warm-up included [min].
    """

    error: SessionError
    reasons: tuple[str, ...]
    pressure_cap_mmhg: float
    cap_reason: str
    minutes: float

    @property
    def allowed(self) -> bool:
        """Whether a session may begin."""
        return self.error == SessionError.NONE


def eligibility(record: PersonRecord, now: float) -> Eligibility:
    """Judge whether a session may begin at `now` [s since 1970, UTC]."""
    cap, cap_reason = pressure_cap(record, now)
    minutes = SESSION_TIME.high
    screening = _clock_reasons(record, now) or _screening_reasons(record, now)
    error, reasons = SessionError.NONE, screening
    if screening:
        error = SessionError.NOT_SCREENED
    else:
        reasons = _dose_reasons(record, now)
        minutes = max(min(minutes, _minutes_left(record, now)), 0.0)
        error = SessionError.TOO_MUCH if reasons else SessionError.NONE
    return Eligibility(error, reasons, cap, cap_reason, minutes)


def pressure_cap(record: PersonRecord, now: float) -> tuple[float, str]:
    """Highest pressure for a person [mmHg], and why."""
    if not any(session.counted for session in record.sessions):
        return FIRST_PRESSURE.high, f'a first session goes up to {FIRST_PRESSURE.high:g} mmHg'
    unlock = record.unlock
    locked = LOCKED_PRESSURE.high
    if unlock is not None and unlock.pressure_mmhg > locked:
        if any(session.symptom for session in record.sessions if session.started_at > unlock.at):
            return locked, f'a symptom was reported since the unlock: up to {locked:g} mmHg'
        if now < unlock.at + UNLOCK_LIFE:
            cap = min(unlock.pressure_mmhg, PRESSURE.high)
            return cap, f'unlocked up to {cap:g} mmHg'
    return locked, f'without an unlock a session goes up to {locked:g} mmHg'


def unlock_objection(record: PersonRecord) -> str:
    """Why a pressure above 65 mmHg cannot be unlocked yet; empty if it can."""
    counted = [session for session in record.sessions if session.counted]
    if len(counted) < UNLOCK_SESSIONS:
        return (
            f'{len(counted)} of {UNLOCK_SESSIONS} sessions done: comfort comes before pressure, '
            'ask again later'
        )
    if any(session.symptom for session in counted[-UNLOCK_SESSIONS:]):
        return (
            f'a symptom was reported in the last {UNLOCK_SESSIONS} sessions: stay at a lower '
            'pressure'
        )
    return ''


def _clock_reasons(record: PersonRecord, now: float) -> tuple[str, ...]:
    ahead = record.latest - now
    if ahead <= CLOCK_TOLERANCE:
        return ()
    return (
        f'the clock is {_span(ahead)} before the newest entry of the journal: set the clock right',
    )


def _screening_reasons(record: PersonRecord, now: float) -> tuple[str, ...]:
    screening = record.screening
    if screening is None:
        return (f'nobody has answered the screening yet: {ASK}',)
    if now >= screening.at + SCREENING_LIFE:
        return (f'the screening is older than {SCREENING_LIFE / DAY:.0f} days: {ASK}',)
    if reasons := objections(SCREENING, screening, now):
        return reasons
    today = record.today
    last = max((session.started_at for session in record.sessions), default=0.0)
    if today is None or now >= today.at + TODAY_LIFE or today.at <= last:
        return (f'the questions before a session are not answered: {ASK_TODAY}',)
    return objections(TODAY, today, now)


def _dose_reasons(record: PersonRecord, now: float) -> tuple[str, ...]:
    recent = [one for one in record.sessions if one.counted and one.started_at > now - DAY]
    if len(recent) >= SESSIONS_A_DAY.high:
        free = recent[-int(SESSIONS_A_DAY.high)].started_at + DAY
        return (
            f'{len(recent)} sessions in 24 hours are enough: '
            f'the next one in {_span(free - now)} at the earliest',
        )
    gap = SESSION_GAP.low * HOUR
    if recent and now - recent[-1].ended_at < gap:
        return (
            f'sessions are {SESSION_GAP.low:g} hours apart: '
            f'the next one in {_span(recent[-1].ended_at + gap - now)} at the earliest',
        )
    if _minutes_left(record, now) < 1.0:
        return ('the minutes of two sessions are used up for these 24 hours: go on tomorrow',)
    return ()


def _minutes_left(record: PersonRecord, now: float) -> float:
    used = sum(one.minutes for one in record.sessions if one.started_at > now - DAY)
    return SESSIONS_A_DAY.high * SESSION_TIME.high - used


def _span(seconds: float) -> str:
    if seconds >= 2.0 * DAY:
        return f'{seconds / DAY:.0f} days'
    if seconds >= HOUR:
        hours, minutes = divmod(round(seconds / MINUTE), 60)
        return f'{hours} h {minutes} min'
    return f'{max(seconds / MINUTE, 1.0):.0f} min'
