"""Which protocol suits a runner now, how strong, how long and when, each with its reason.

The doses are the usual ones of consumer boots [S]; thresholds that are not said there are [P].
What is known of their effect is little: see the evidence in each protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compression_boot_control.sessions.eligibility import HOUR, PastSession
from compression_boot_control.sessions.last_run import Run
from compression_boot_control.sessions.progression import next_intensity
from compression_boot_control.sessions.protocol_file import Protocol
from compression_boot_control.sessions.protocol_library import load_protocol

MILE_KM = 1.609
BEGINNER_BELOW_KM = 25.0 * MILE_KM
"""Weekly distance up to which a runner counts as a beginner [km] [S]."""

ADVANCED_FROM_KM = 50.0 * MILE_KM
"""Weekly distance from which a runner counts as advanced [km] [S]."""

LONG_RUN_KM = 18.0 * MILE_KM
"""A run over this is long for anyone [km] [S]."""

LONG_SHARE = 0.3
"""A run over this share of the week's distance is a long one [P]."""

MARATHON_KM = 42.0
LEARNED = 3
"""Sessions before more than the beginner protocol is recommended [P]."""

ADAPTED = 8
"""Sessions before the advanced protocol is recommended: pressure as tissue adapts [P]."""

SORE = 5
VERY_SORE = 8
HEAVY = 3
"""Soreness from which legs are sore or very sore, freshness up to which they are heavy [P]."""

SECOND_SESSION = (16.0, 36.0)
"""Hours after a run in which the session 'at about 24 hours' falls [P]."""


@dataclass(frozen=True)
class Situation:
    """What a recommendation looks at.

    Attributes
    ----------
    weekly_km : float
        Usual distance in a week.
    run : Run
        The last run.
    run_km : float
        Its distance.
    hours_since_run : float or None
        None without a run in the last two days.
    before_run : bool
        A run is next, within the hour.
    peak_week : bool
        Peak week, or back-to-back long runs.
    soreness, freshness : int or None
        Last ratings, 1 to 10.
    sessions : sequence of PastSession
        Oldest first.
    pressure_cap_mmhg : float
        Of this person.
    now : float
        [s since 1970, UTC]
    """

    weekly_km: float
    pressure_cap_mmhg: float
    now: float
    run: Run = Run.NONE
    run_km: float = 0.0
    hours_since_run: float | None = None
    before_run: bool = False
    peak_week: bool = False
    soreness: int | None = None
    freshness: int | None = None
    sessions: Sequence[PastSession] = ()


@dataclass(frozen=True)
class Recommendation:
    """What to do.

    Attributes
    ----------
    protocol : str
    intensity : float
        Scale on its pressures.
    pressure_mmhg : float
        Highest set-point that follows from it.
    minutes : float
    when : str
    follow_up : str
        A second session; empty if there is none.
    reasons : tuple of str
    """

    protocol: str
    intensity: float
    pressure_mmhg: float
    minutes: float
    when: str
    follow_up: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Choice:
    protocol: str
    reason: str
    when: str
    follow_up: str = ''


def recommend(situation: Situation) -> Recommendation:
    """Choose a session."""
    choice = _choice(situation)
    protocol = load_protocol(choice.protocol, paths=False)
    full = highest_pressure(protocol)
    intensity, step = next_intensity(situation.sessions, protocol, situation.now)
    reasons = [choice.reason, step]
    if situation.soreness is not None and situation.soreness >= VERY_SORE and intensity > 0.7:
        intensity = round(max(intensity - 0.1, 0.5), 2)
        reasons.append(f'soreness {situation.soreness} of 10: gentler, {intensity:.0%}')
    if full * intensity > situation.pressure_cap_mmhg:
        intensity = int(situation.pressure_cap_mmhg / full * 100.0) / 100.0
        reasons.append(f'your limit is {situation.pressure_cap_mmhg:g} mmHg: {intensity:.0%}')
    reasons.append('comfort goes before pressure: lower it whenever it is too much')
    return Recommendation(
        protocol=choice.protocol,
        intensity=intensity,
        pressure_mmhg=round(full * intensity, 1),
        minutes=protocol.session_min,
        when=choice.when,
        follow_up=choice.follow_up,
        reasons=tuple(reasons),
    )


def highest_pressure(protocol: Protocol) -> float:
    """Highest set-point of a protocol, the same on every garment of the usual zones [mmHg]."""
    zones = ('foot', 'ankle', 'calf', 'knee', 'thigh')
    return max(
        max(pattern.zone_pressures(zones)) * scale
        for pattern, scale in map(protocol.compression, range(len(protocol.phases)))
    )


def level(situation: Situation) -> tuple[str, str]:
    """Protocol of the usual dose for this runner, and why."""
    km, done = situation.weekly_km, sum(one.counted for one in situation.sessions)
    if km < BEGINNER_BELOW_KM:
        return 'beginner', f'{km:g} km a week are less than 40 km (25 miles)'
    if done < LEARNED:
        return 'beginner', f'{done} of the first {LEARNED} sessions done: start low, build up'
    if km < ADVANCED_FROM_KM:
        return 'intermediate', f'{km:g} km a week are between 40 and 80 km (25 and 50 miles)'
    if done < ADAPTED:
        return 'intermediate', f'{done} of {ADAPTED} sessions done: tissue adapts first'
    return 'advanced', f'{km:g} km a week are 80 km (50 miles) or more'


def _choice(situation: Situation) -> _Choice:
    usual, usual_reason = level(situation)
    done = sum(one.counted for one in situation.sessions)
    hours = situation.hours_since_run
    within_the_hour = _soon(hours)
    if done == 0:
        return _Choice(
            'gentle_first_time', 'the first session is for getting used to it', 'at rest'
        )
    if situation.before_run:
        return _Choice(
            'pre_run', 'before a run: short and light, a secondary use', 'up to an hour before it'
        )
    if situation.soreness is not None and situation.soreness >= SORE and hours is not None:
        low, high = SECOND_SESSION
        if low <= hours <= high:
            return _Choice(
                'soreness_second',
                f'soreness {situation.soreness} of 10, {hours:.0f} hours after the run: it peaks '
                'at 24 to 48 hours',
                'about 24 hours after the run',
            )
    if hours is not None and hours < SECOND_SESSION[0]:
        return _after_run(situation, usual, usual_reason, within_the_hour, learned=done >= LEARNED)
    if usual == 'intermediate' and _yesterday(situation, 'intermediate'):
        return _Choice('next_morning', 'the morning after a session for a hard run', 'this morning')
    if situation.freshness is not None and situation.freshness <= HEAVY:
        heavy = f'freshness {situation.freshness} of 10: the legs feel heavy'
        if usual == 'beginner':
            return _Choice('beginner', heavy, 'today, at rest')
        return _Choice('lymphatic', heavy, 'in the evening, at rest')
    return _Choice(
        'daily_maintenance',
        'no hard run behind you: regular comfortable use beats rare high pressure',
        'today, if you like it; a day off is fine too',
    )


def _after_run(
    situation: Situation, usual: str, usual_reason: str, soon: str, *, learned: bool
) -> _Choice:
    km = situation.run_km
    marathon = situation.run == Run.RACE and km >= MARATHON_KM
    if learned and (marathon or (situation.peak_week and _is_long(situation))):
        what = 'a marathon' if marathon else 'a long run in a peak week'
        return _Choice('marathon', f'{what}: up to 45 minutes', soon)
    if situation.run == Run.DESCENT and learned:
        return _Choice(
            'descent', 'long descents make legs sore: 25 to 30 minutes', 'right after the run'
        )
    second = 'soreness_second at about 24 hours, if the legs are sore'
    if learned and situation.soreness is not None and situation.soreness >= SORE:
        return _Choice(
            'soreness_first', f'soreness {situation.soreness} of 10 after the run', soon, second
        )
    hard = _is_long(situation) or situation.run in (Run.LONG, Run.QUALITY, Run.RACE)
    if not hard and usual != 'advanced':
        return _Choice(
            'daily_maintenance', 'an easy run needs no more than a comfortable session', soon
        )
    follow_up = 'next_morning, 20 minutes' if usual == 'intermediate' else ''
    what = 'near daily use' if not hard else 'a hard or long run'
    return _Choice(usual, f'{usual_reason}; {what}', soon, follow_up)


def _is_long(situation: Situation) -> bool:
    share = LONG_SHARE * situation.weekly_km
    return situation.run == Run.LONG or situation.run_km > min(LONG_RUN_KM, max(share, 10.0))


def _soon(hours: float | None) -> str:
    if hours is None or hours <= 1.0:
        return 'within 30 to 60 minutes of the run'
    return 'now; within the hour after the run is usual'


def _yesterday(situation: Situation, protocol: str) -> bool:
    return any(
        one.protocol == protocol and 8 * HOUR <= situation.now - one.ended_at <= 30 * HOUR
        for one in situation.sessions
    )
