"""SR-31: the person at the terminal is asked once for each prompt, and the answer is passed on."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pytest
from rich.console import Console

from compression_boot_control.cli.errors import CommandFailed
from compression_boot_control.cli.presence_prompt import ELSEWHERE, PresencePrompt
from compression_boot_control.cli.session_keys import QUESTION
from compression_boot_control.cli.views import SessionStage, SessionView


def session(*, asked: bool) -> SessionView:
    return SessionView(
        stage=SessionStage.RUNNING,
        status='',
        protocol='beginner',
        phase='',
        cycle=1,
        progress=0.5,
        elapsed=900.0,
        remaining=900.0,
        intensity=1.0,
        target={},
        pressure={},
        dose={},
        presence_asked=asked,
        presence_left=60.0 if asked else 0.0,
    )


@dataclass
class Terminal:
    """A person in front of a screen."""

    typed: str | None = ''
    asked: bool = False
    there: bool = True
    confirmed: int = 0
    output: io.StringIO = field(default_factory=io.StringIO)
    refuses: bool = False

    def __post_init__(self) -> None:
        self.stream = io.StringIO(self.typed) if self.typed is not None else None
        self.prompt = PresencePrompt(
            lambda: session(asked=self.asked) if self.there else None,
            self.confirm,
            Console(file=self.output, width=120),
            self.stream,
            lambda stream: stream.tell() < len(self.typed or ''),  # type: ignore[attr-defined]
        )

    def confirm(self) -> None:
        if self.refuses:
            raise CommandFailed('nobody answers')
        self.confirmed += 1

    def questions(self) -> int:
        return self.output.getvalue().count(QUESTION)


def test_SR_31_nothing_is_asked_before_the_session_asks() -> None:
    terminal = Terminal('\n')
    terminal.prompt.update()
    assert terminal.questions() == 0
    assert terminal.confirmed == 0


def test_SR_31_question_is_put_once_and_enter_answers_it() -> None:
    terminal = Terminal('\n', asked=True)
    terminal.prompt.update()
    terminal.prompt.update()
    assert terminal.questions() == 1
    assert terminal.confirmed == 1


def test_SR_31_enter_before_the_question_is_no_answer_to_it() -> None:
    terminal = Terminal('\n')
    terminal.prompt.update()
    terminal.asked = True
    terminal.prompt.update()
    assert terminal.confirmed == 0


def test_every_prompt_is_asked_anew() -> None:
    terminal = Terminal('', asked=True)
    terminal.prompt.update()
    terminal.asked = False
    terminal.prompt.update()
    terminal.asked = True
    terminal.prompt.update()
    assert terminal.questions() == 2


def test_without_a_terminal_it_says_how_to_answer() -> None:
    terminal = Terminal(None, asked=True)
    terminal.prompt.update()
    assert ELSEWHERE.format(seconds=60.0) in terminal.output.getvalue()


def test_answer_that_does_not_get_through_is_told() -> None:
    terminal = Terminal('\n', asked=True, refuses=True)
    terminal.prompt.update()
    assert 'not noted: nobody answers' in terminal.output.getvalue()


@pytest.mark.parametrize('asked', [False, True])
def test_no_session_no_question(asked: bool) -> None:
    terminal = Terminal('\n', asked=asked, there=False)
    terminal.prompt.update()
    assert terminal.questions() == 0
    assert terminal.confirmed == 0
