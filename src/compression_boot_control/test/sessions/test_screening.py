"""The screening: every row of what forbids a session, and answers that are none."""

from __future__ import annotations

import pytest

from compression_boot_control.sessions.screening import (
    DAY,
    QUESTIONS,
    SCREENING,
    TODAY,
    AnswerError,
    Rule,
    answers_of,
    objections,
)

NOW = 1_800_000_000.0
CLEARED = tuple(question.key for question in SCREENING if question.rule == Rule.CLEARANCE)


def no_to(questions: object) -> dict[str, object]:
    return {question.key: 'no' for question in questions}  # type: ignore[attr-defined]


def test_no_to_all_objects_to_nothing() -> None:
    for questions in (SCREENING, TODAY):
        assert objections(questions, answers_of(questions, no_to(questions), NOW), NOW) == ()


@pytest.mark.parametrize('question', QUESTIONS, ids=lambda question: str(question.key))
def test_every_yes_forbids_a_session_and_says_why(question: object) -> None:
    questions = TODAY if question.rule == Rule.TODAY else SCREENING  # type: ignore[attr-defined]
    given = no_to(questions) | {question.key: 'yes'}  # type: ignore[attr-defined]
    (line,) = objections(questions, answers_of(questions, given, NOW), NOW)
    assert question.key in line  # type: ignore[attr-defined]
    assert question.reason in line  # type: ignore[attr-defined]
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    'key',
    CLEARED,
)
def test_row_do_not_use_without_clearance(key: str) -> None:
    given = no_to(SCREENING) | {key: 'yes'}
    assert objections(SCREENING, answers_of(SCREENING, given, NOW), NOW)
    answers = answers_of(SCREENING, given, NOW, {key: NOW + 30 * DAY})
    assert objections(SCREENING, answers, NOW + 29 * DAY) == ()
    (line,) = objections(SCREENING, answers, NOW + 30 * DAY)
    assert 'has run out' in line


@pytest.mark.parametrize('key', ['infection_or_wound', 'clot', 'no_feeling', 'child', 'tumour'])
def test_what_blocks_cannot_be_cleared(key: str) -> None:
    with pytest.raises(AnswerError, match='nothing that a doctor could clear'):
        answers_of(SCREENING, no_to(SCREENING) | {key: 'yes'}, NOW, {key: NOW + DAY})


@pytest.mark.parametrize('key', ['swelling_now', 'pain_now'])
def test_row_see_a_doctor_at_once(key: str) -> None:
    given = no_to(TODAY) | {key: 'yes', 'fever_now': 'yes'}
    first, second = objections(TODAY, answers_of(TODAY, given, NOW), NOW)
    assert first.startswith(key)
    assert 'see a doctor at once' in first
    assert 'fever_now' in second


@pytest.mark.parametrize('end', [NOW, NOW - DAY, NOW + 366 * DAY, float('nan'), float('inf')])
def test_a_clearance_ends_within_a_year(end: float) -> None:
    given = no_to(SCREENING) | {'pregnant': 'yes'}
    with pytest.raises(AnswerError, match='must end after today'):
        answers_of(SCREENING, given, NOW, {'pregnant': end})


@pytest.mark.parametrize('value', ['maybe', '', 'nope', 1, None, 0.0, [], 'ja', 'yes!', '否'])
def test_nonsense_is_no_answer(value: object) -> None:
    with pytest.raises(AnswerError, match='allowed: yes or no'):
        answers_of(TODAY, no_to(TODAY) | {'fever_now': value}, NOW)


def test_every_question_and_no_other_is_answered() -> None:
    with pytest.raises(AnswerError, match='no answer to swelling_now'):
        answers_of(TODAY, {}, NOW)
    with pytest.raises(AnswerError, match='did you mean fever_now'):
        answers_of(TODAY, no_to(TODAY) | {'fevre_now': 'no'}, NOW)


def test_keys_are_unique() -> None:
    assert len({question.key for question in QUESTIONS}) == len(QUESTIONS)
