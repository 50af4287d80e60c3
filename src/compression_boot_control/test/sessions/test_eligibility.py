"""Limits of use: who, how often, how soon, how strong; and a clock that was set back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.sessions.eligibility import (
    PastSession,
    PersonRecord,
    Unlock,
    eligibility,
    unlock_objection,
)
from compression_boot_control.sessions.screening import DAY, SCREENING, TODAY, Answers

NOW = 1_800_000_000.0
HOUR = 3600.0
NO = frozenset[str]()


def session(hours_ago: float, minutes: float = 20.0, **changes: object) -> PastSession:
    start = NOW - hours_ago * HOUR
    past = PastSession(start, start + minutes * 60.0, minutes, 'beginner', 40.0)
    return replace(past, **changes)  # type: ignore[arg-type]


def person(*sessions: PastSession, **changes: object) -> PersonRecord:
    record = PersonRecord(Answers(NOW - DAY, NO, {}), Answers(NOW - 60.0, NO, {}), sessions)
    return replace(record, **changes)  # type: ignore[arg-type]


def test_who_answered_no_may_begin() -> None:
    assert eligibility(person(), NOW).allowed


@pytest.mark.parametrize(
    ('changes', 'expected'),
    [
        ({'screening': None}, 'run boots journal screening'),
        ({'screening': Answers(NOW - 366 * DAY, NO, {})}, 'older than 365 days'),
        ({'screening': Answers(NOW, frozenset({'clot'}), {})}, 'see a doctor at once'),
        ({'screening': Answers(NOW, frozenset({'pregnant'}), {})}, 'clearance is needed'),
        ({'screening': Answers(NOW, frozenset({'pregnant'}), {'pregnant': NOW - 1})}, 'run out'),
        ({'today': None}, 'run boots journal today'),
        ({'today': Answers(NOW - 3 * HOUR, NO, {})}, 'run boots journal today'),
        ({'today': Answers(NOW, frozenset({'fever_now'}), {})}, 'fever_now'),
        ({'latest': NOW + DAY}, 'the clock is 24 h 0 min before the newest entry'),
    ],
)
def test_who_has_not_answered_may_not(changes: dict[str, object], expected: str) -> None:
    verdict = eligibility(person(**changes), NOW)
    assert verdict.error == SessionError.NOT_SCREENED
    assert expected in '; '.join(verdict.reasons)


def test_answers_of_the_day_hold_for_one_session() -> None:
    record = person(session(5.0), today=Answers(NOW - 5.5 * HOUR, NO, {}))
    assert 'boots journal today' in eligibility(record, NOW).reasons[0]


def test_a_clock_may_be_a_little_back() -> None:
    assert eligibility(person(latest=NOW + 60.0), NOW).allowed


def test_sessions_are_4_hours_apart() -> None:
    verdict = eligibility(person(session(4.0)), NOW)
    assert verdict.error == SessionError.TOO_MUCH
    assert verdict.reasons == (
        'sessions are 4 hours apart: the next one in 20 min at the earliest',
    )
    assert eligibility(person(session(4.4)), NOW).allowed


def test_two_sessions_a_day_are_enough() -> None:
    verdict = eligibility(person(session(20.0), session(10.0)), NOW)
    assert verdict.error == SessionError.TOO_MUCH
    assert '4 h 0 min' in verdict.reasons[0]
    assert eligibility(person(session(24.1), session(10.0)), NOW).allowed


def test_an_attempt_of_a_minute_is_no_session_but_its_minutes_count() -> None:
    verdict = eligibility(person(session(1.0, minutes=1.0)), NOW)
    assert verdict.allowed
    assert verdict.pressure_cap_mmhg == 40.0
    many = person(*(session(20.0 - k * 0.1, minutes=2.9) for k in range(31)))
    assert eligibility(many, NOW).error == SessionError.TOO_MUCH


def test_row_progression_a_first_session_is_gentle() -> None:
    assert eligibility(person(), NOW).pressure_cap_mmhg == 40.0
    assert eligibility(person(session(48.0)), NOW).pressure_cap_mmhg == 65.0


def test_more_than_65_mmhg_needs_an_unlock_that_ends_and_does_not_outlive_a_symptom() -> None:
    record = person(session(48.0), unlock=Unlock(NOW - 60 * HOUR, 90.0))
    assert eligibility(record, NOW).pressure_cap_mmhg == 90.0
    old = replace(record, unlock=Unlock(NOW - 91 * DAY, 90.0))
    assert eligibility(old, NOW).pressure_cap_mmhg == 65.0
    felt = replace(record, sessions=(session(48.0, symptom='numbness'),))
    assert eligibility(felt, NOW).pressure_cap_mmhg == 65.0
    above = replace(record, unlock=Unlock(NOW, 500.0))
    assert eligibility(above, NOW).pressure_cap_mmhg == 110.0


def test_an_unlock_comes_after_ten_comfortable_sessions() -> None:
    ten = [session(48.0 + 24.0 * k) for k in range(10)]
    assert '0 of 10' in unlock_objection(person())
    assert unlock_objection(person(*ten)) == ''
    ten[5] = replace(ten[5], symptom='tingling')
    assert 'symptom' in unlock_objection(person(*ten))


def test_all_questions_are_asked() -> None:
    assert len(SCREENING) >= 15
    assert len(TODAY) >= 5
