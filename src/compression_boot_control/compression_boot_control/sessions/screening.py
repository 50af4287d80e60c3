"""Who may use the boots: the questions as data, and what the answers mean.

Every question is answered with yes or no, and yes always means that there is something to heed.
The lists are [S] the usual warnings of consumer compression boots and [L] guidelines on
compression; the times are [P] proposals of this project. They cannot replace a doctor's judgement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from compression_boot_control.file_validation import near_name, shown

DAY = 86_400.0
"""One day [s]."""

SCREENING_LIFE = 365.0 * DAY
"""The screening is asked again after this time [s] [P]."""

CLEARANCE_LIFE = 365.0 * DAY
"""A doctor's clearance holds for this time at most [s] [P]."""

TODAY_LIFE = 2.0 * 3600.0
"""The questions of the day are asked again after this time, and after each session [s] [P]."""


class Rule(StrEnum):
    """What a yes means."""

    BLOCK = 'block'
    """No session."""

    CLEARANCE = 'clearance'
    """No session without a doctor's clearance, which is recorded with its end."""

    TODAY = 'today'
    """Asked before each session; no session today."""


class AnswerError(ValueError):
    """An answer that is none; the text says what is allowed."""


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes
    ----------
    key : str
        Name of the answer.
    rule : Rule
    text : str
        As it is asked.
    reason : str
        Why a yes is heeded, in plain words.
    urgent : bool
        Whether a yes is a matter for a doctor at once.
    """

    key: str
    rule: Rule
    text: str
    reason: str
    urgent: bool = False


DOCTOR_NOW = 'see a doctor at once'

QUESTIONS = (
    Question(
        'clot',
        Rule.BLOCK,
        'Do you have a blood clot in a leg (deep vein thrombosis), or may you have one?',
        'pressure could loosen a clot',
        urgent=True,
    ),
    Question(
        'heart_failure_unstable',
        Rule.BLOCK,
        'Do you have heart failure that is not under control?',
        'boots push fluid back to the heart',
    ),
    Question(
        'arterial_disease_severe',
        Rule.BLOCK,
        'Do you have severe peripheral arterial disease?',
        'pressure takes blood from legs that have too little',
    ),
    Question(
        'infection_or_wound',
        Rule.BLOCK,
        'Is there an untreated skin infection, an open wound or a recent graft under the sleeves?',
        'pressure and warmth make it worse',
    ),
    Question(
        'injury_unstable',
        Rule.BLOCK,
        'Do you have an injury of a leg that is not stable, such as a fresh fracture or tear?',
        'pressure moves what has to keep still',
    ),
    Question(
        'tumour',
        Rule.BLOCK,
        'Do you have a tumour in a leg?',
        'it has not been studied well enough',
    ),
    Question(
        'one_sided_signs',
        Rule.BLOCK,
        'Is one leg swollen, warm or red, or does it hurt in a way that is not muscle soreness?',
        'these may be signs of a blood clot',
        urgent=True,
    ),
    Question(
        'no_feeling',
        Rule.BLOCK,
        'Is there a part of your legs in which you feel nothing?',
        'you could not feel harm being done',
    ),
    Question(
        'cannot_stop',
        Rule.BLOCK,
        'Would you be unable to stop the boots by yourself?',
        'harm was done to people who could not stop',
    ),
    Question(
        'child', Rule.BLOCK, 'Are you younger than 18?', 'the boots were not made for children'
    ),
    Question(
        'clot_history',
        Rule.CLEARANCE,
        'Have you ever had a blood clot in a vein, or do you have a clotting disorder?',
        'it may come back unnoticed',
    ),
    Question(
        'heart_failure',
        Rule.CLEARANCE,
        'Do you have congestive heart failure, under control?',
        'boots push fluid back to the heart',
    ),
    Question(
        'arterial_disease',
        Rule.CLEARANCE,
        'Do you have peripheral arterial disease, not severe?',
        'pressure takes blood from the legs',
    ),
    Question(
        'neuropathy',
        Rule.CLEARANCE,
        'Do you have diabetes with less feeling in your legs?',
        'you might not feel harm being done',
    ),
    Question(
        'pregnant',
        Rule.CLEARANCE,
        'Are you pregnant?',
        'clots are more frequent in pregnancy',
    ),
    Question(
        'skin_treated',
        Rule.CLEARANCE,
        'Is a skin infection or a wound on your legs being treated?',
        'pressure may keep it from healing',
    ),
    Question(
        'injury_recent',
        Rule.CLEARANCE,
        'Have you had an injury of a leg in the last six weeks?',
        'pressure may disturb healing',
    ),
    Question(
        'leg_surgery',
        Rule.CLEARANCE,
        'Have you had surgery on a leg in the last three months?',
        'clots are more frequent after surgery',
    ),
    Question(
        'anticoagulants',
        Rule.CLEARANCE,
        'Do you take medicine against blood clots?',
        'bruises and bleeding come more easily',
    ),
    Question(
        'swelling_now',
        Rule.TODAY,
        'Is one leg newly swollen, warm or red, or does one calf hurt?',
        'these may be signs of a blood clot',
        urgent=True,
    ),
    Question(
        'numb_now',
        Rule.TODAY,
        'Do your legs feel numb or tingle?',
        'you could not feel harm being done',
    ),
    Question(
        'pain_now',
        Rule.TODAY,
        'Do your legs hurt in a way that is not muscle soreness?',
        'pain of this kind should be looked at first',
        urgent=True,
    ),
    Question(
        'skin_now',
        Rule.TODAY,
        'Is the skin of your legs broken, blistered or infected?',
        'pressure would make it worse',
    ),
    Question('fever_now', Rule.TODAY, 'Do you have a fever?', 'rest until it is over'),
    Question(
        'sleepy_now',
        Rule.TODAY,
        'Are you sedated, drunk or about to fall asleep?',
        'you must be able to feel and to stop',
    ),
)
"""All questions, in the order in which they are asked."""

SCREENING = tuple(question for question in QUESTIONS if question.rule != Rule.TODAY)
TODAY = tuple(question for question in QUESTIONS if question.rule == Rule.TODAY)


@dataclass(frozen=True)
class Answers:
    """Answers to a list of questions at one time.

    Attributes
    ----------
    at : float
        When they were given [s since 1970, UTC].
    yes : frozenset of str
        Keys of the questions that were answered with yes.
    cleared_until : mapping of str to float
        End of a doctor's clearance for each question that has one [s since 1970, UTC].
    """

    at: float
    yes: frozenset[str]
    cleared_until: Mapping[str, float]


def a_yes_or_no(value: object) -> bool:
    """Read an answer.

    Raises
    ------
    AnswerError
        It is neither yes nor no.
    """
    if isinstance(value, bool):
        return value
    words = {'yes': True, 'y': True, 'true': True, 'no': False, 'n': False, 'false': False}
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    raise AnswerError(f'{shown(value)} is no answer; allowed: yes or no')


def answers_of(
    questions: Iterable[Question],
    given: Mapping[str, object],
    at: float,
    cleared_until: Mapping[str, float] | None = None,
) -> Answers:
    """Check that every question is answered, and nothing else.

    Raises
    ------
    AnswerError
        An answer is missing, unknown or neither yes nor no, or a clearance cannot be.
    """
    known = {question.key: question for question in questions}
    for key in given:
        if key not in known:
            raise AnswerError(f'{shown(key)} is no question{near_name(str(key), known)}')
    missing = [key for key in known if key not in given]
    if missing:
        raise AnswerError(f'no answer to {", ".join(missing)}; answer every question')
    yes = frozenset(key for key in known if a_yes_or_no(given[key]))
    ends = dict(cleared_until or {})
    for key, end in ends.items():
        if key not in known or known[key].rule != Rule.CLEARANCE:
            raise AnswerError(f'{shown(key)} is nothing that a doctor could clear here')
        if not at < end <= at + CLEARANCE_LIFE:
            raise AnswerError(
                f'the clearance for {key} must end after today and within '
                f'{CLEARANCE_LIFE / DAY:.0f} days'
            )
    return Answers(at, yes, {key: end for key, end in ends.items() if key in yes})


def objections(questions: Iterable[Question], answers: Answers, now: float) -> tuple[str, ...]:
    """Reasons why the answers allow no session now, one line each, the urgent ones first."""
    found: list[tuple[bool, str]] = []
    for question in questions:
        if question.key not in answers.yes:
            continue
        if question.rule == Rule.CLEARANCE:
            end = answers.cleared_until.get(question.key)
            if end is not None and now < end:
                continue
            state = 'has run out' if end is not None else 'is needed'
            cure = f"a doctor's clearance {state}: record it with boots journal screening"
        else:
            cure = DOCTOR_NOW if question.urgent else 'no session while this is so'
        found.append((not question.urgent, f'{question.key}: {question.reason}; {cure}'))
    return tuple(line for _, line in sorted(found, key=lambda one: one[0]))
