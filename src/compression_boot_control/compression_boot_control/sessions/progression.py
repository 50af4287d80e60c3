"""How the intensity grows from session to session, and when it takes a step back: comfort first.

Rules [P] on what the usual advice says [S]: start low, build up, comfort before pressure.
"""

from __future__ import annotations

from collections.abc import Sequence

from compression_boot_control.sessions.eligibility import PastSession
from compression_boot_control.sessions.protocol_file import Protocol
from compression_boot_control.sessions.screening import DAY

COMFORTABLE = 2
"""The intensity grows after so many sessions without a symptom."""

STEP_DOWN = 0.1
"""Taken off after a symptom, from the intensity at which it was reported."""

LOWEST = 0.5
PAUSE = 28.0 * DAY
"""After so long without a session a protocol begins anew [s]."""

DELOAD = 0.8
"""Factor in a lighter week."""

FULL = 0.7
"""From this intensity on a session counts for a lighter week."""

DELOAD_WEEKS = 3
DELOAD_SESSIONS = 3
"""After `DELOAD_WEEKS` weeks with so many sessions each comes a lighter one."""


def next_intensity(
    sessions: Sequence[PastSession], protocol: Protocol, now: float
) -> tuple[float, str]:
    """Intensity for the next session of a protocol, and why.

    Parameters
    ----------
    sessions : sequence of PastSession
        Oldest first.
    protocol : Protocol
    now : float
        [s since 1970, UTC]
    """
    own = [one for one in sessions if one.counted and one.protocol == protocol.name]
    start = protocol.progression.start_scale
    step = (1.0 - start) * COMFORTABLE / protocol.progression.sessions
    if not own or now - own[-1].started_at > PAUSE:
        build_up = f'start low: {start:.0%} of the pressure, then build up'
        return start, build_up if start < 1.0 else 'gentle enough as it is'
    last = own[-1]
    if last.symptom:
        lower = max(round(last.intensity - STEP_DOWN, 2), LOWEST)
        return lower, f'{last.symptom} last time: back to {lower:.0%}, comfort before pressure'
    if deload_due(sessions, now):
        lower = max(round(last.intensity * DELOAD, 2), LOWEST)
        return lower, f'a lighter week after {DELOAD_WEEKS} full ones: {lower:.0%}'
    same = 0
    for one in reversed(own):
        if one.symptom or abs(one.intensity - last.intensity) > 1e-6:
            break
        same += 1
    if same >= COMFORTABLE and last.intensity < 1.0:
        higher = min(round(last.intensity + step, 2), 1.0)
        return higher, f'{same} comfortable sessions: up to {higher:.0%}'
    return min(last.intensity, 1.0), f'as last time: {min(last.intensity, 1.0):.0%}'


def deload_due(sessions: Sequence[PastSession], now: float) -> bool:
    """Whether the week that begins now should be a lighter one."""
    week = 7.0 * DAY
    counts = [
        sum(
            one.counted and one.intensity >= FULL
            for one in sessions
            if now - (back + 1) * week <= one.started_at < now - back * week
        )
        for back in range(DELOAD_WEEKS)
    ]
    return all(count >= DELOAD_SESSIONS for count in counts)
