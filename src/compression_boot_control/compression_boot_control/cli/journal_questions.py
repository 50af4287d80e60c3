"""`boots journal screening` and `today`: the questions of who may use the boots, and when."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compression_boot_control.cli.errors import CommandFailed, WrongUse
from compression_boot_control.cli.journal_access import with_journal
from compression_boot_control.cli.options import JsonOption

if TYPE_CHECKING:
    from compression_boot_control.sessions.journal_store import Journal
    from compression_boot_control.sessions.screening import Question

AnswerOption = Annotated[
    list[str] | None,
    typer.Option('--answer', metavar='QUESTION=yes|no', help='An answer; give it for each.'),
]
NoneOption = Annotated[
    bool, typer.Option('--no-to-all', help='You have read the questions, and all answers are no.')
]

DISCLAIMER = (
    'A research prototype, not a medical device; these questions do not replace a doctor. '
    'The answers stay on this machine, in a file that only you can read.'
)


def screening(
    answer: AnswerOption = None,
    no_to_all: NoneOption = False,
    cleared: Annotated[
        list[str] | None,
        typer.Option(
            '--cleared', metavar='QUESTION=DATE', help="End of a doctor's clearance, YYYY-MM-DD."
        ),
    ] = None,
    show: Annotated[bool, typer.Option('--show', help='Only print the questions.')] = False,
    as_json: JsonOption = False,
) -> None:
    """Answer who may use the boots; asked again after a year."""
    from compression_boot_control.sessions.screening import SCREENING

    _ask_and_keep(SCREENING, answer, no_to_all, cleared, show, as_json)


def today(
    answer: AnswerOption = None,
    no_to_all: NoneOption = False,
    show: Annotated[bool, typer.Option('--show', help='Only print the questions.')] = False,
    as_json: JsonOption = False,
) -> None:
    """Answer the questions before a session; they hold for two hours and one session."""
    from compression_boot_control.sessions.screening import TODAY

    _ask_and_keep(TODAY, answer, no_to_all, None, show, as_json)


def _ask_and_keep(
    questions: Sequence[Question],
    answer: list[str] | None,
    no_to_all: bool,
    cleared: list[str] | None,
    show: bool,
    as_json: bool,
) -> None:
    from compression_boot_control.sessions.eligibility import eligibility
    from compression_boot_control.sessions.screening import (
        SCREENING,
        AnswerError,
        answers_of,
        objections,
    )

    if show:
        for question in questions:
            typer.echo(f'{question.key}: {question.text}')
        return
    given: dict[str, object] = dict.fromkeys((one.key for one in questions), 'no')
    if not no_to_all:
        given = {}
    given |= _pairs(answer, 'QUESTION=yes')
    ends = {key: _end_of(date) for key, date in _pairs(cleared, 'QUESTION=2027-01-31').items()}
    if not given:
        given, asked_ends = _asked(questions)
        ends |= asked_ends
    now = time.time()
    try:
        answers = answers_of(questions, given, now, ends)
    except AnswerError as error:
        raise WrongUse(f'{error}; see the questions with --show') from error
    is_screening = tuple(questions) == SCREENING

    def keep(journal: Journal) -> object:
        (journal.add_screening if is_screening else journal.add_today)(answers)
        return eligibility(journal.person(), now)

    verdict: Any = with_journal(keep)
    against = objections(questions, answers, now)
    if as_json:
        document = {
            'ok': not against,
            'objections': against,
            'may_begin': verdict.allowed,
            'reasons': verdict.reasons,
            'pressure_cap_mmhg': verdict.pressure_cap_mmhg,
        }
        typer.echo(json.dumps(document, indent=2))
    elif not against:
        reasons = '; '.join(verdict.reasons)
        typer.echo(reasons or f'a session may begin; {verdict.cap_reason}')
    if against:
        if not as_json:
            raise CommandFailed('no session: ' + '; '.join(against))
        raise typer.Exit(1)


def _pairs(words: list[str] | None, example: str) -> dict[str, Any]:
    pairs = {}
    for word in words or ():
        key, sign, value = word.partition('=')
        if not sign or not key or not value:
            raise WrongUse(f'{word!r} is not understood; allowed: {example}')
        pairs[key] = value
    return pairs


def _end_of(date: str) -> float:
    try:
        day = datetime.strptime(date, '%Y-%m-%d').replace(tzinfo=UTC)
    except ValueError:
        raise WrongUse(f'{date!r} is no date; allowed: YYYY-MM-DD') from None
    return (day + timedelta(days=1)).timestamp()


def _asked(questions: Sequence[Question]) -> tuple[dict[str, object], dict[str, float]]:
    """Ask a person, one question after the other."""
    from compression_boot_control.sessions.screening import AnswerError, Rule, a_yes_or_no

    if not sys.stdin.isatty():
        raise WrongUse('nobody is there to ask: give --answer for each question; see --show')
    typer.echo(DISCLAIMER)
    given: dict[str, object] = {}
    ends: dict[str, float] = {}
    for question in questions:
        while question.key not in given:
            try:
                given[question.key] = a_yes_or_no(typer.prompt(f'{question.text} [yes/no]'))
            except AnswerError as error:
                typer.echo(str(error))
        if given[question.key] and question.rule == Rule.CLEARANCE:
            date = typer.prompt('Until when has a doctor cleared you? YYYY-MM-DD, or none')
            if date.strip().lower() not in ('none', 'no', ''):
                ends[question.key] = _end_of(date.strip())
    return given, ends
