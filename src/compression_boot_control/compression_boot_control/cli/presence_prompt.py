"""Asks the person at the terminal whether they are awake and well, when the session does."""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from compression_boot_control.cli.errors import CommandFailed
from compression_boot_control.cli.session_keys import QUESTION

if TYPE_CHECKING:
    from rich.console import Console

    from compression_boot_control.cli.views import SessionView

ELSEWHERE = 'Nobody can be asked here: answer with boots confirm, within {seconds:.0f} s.'


def line_waits(stream: TextIO) -> bool:
    """Whether a whole line can be read without waiting."""
    readable, _, _ = select.select([stream], [], [], 0.0)
    return bool(readable)


class PresencePrompt:
    """Puts the question once for each prompt, and passes the answer on.

    Parameters
    ----------
    session : callable
        Gives the newest session/state; None if there is none.
    confirm : callable
        Tells the session that the person is awake and well.
    console : Console
        Takes the question.
    stream : TextIO or None
        Where a person answers; None: nobody can.
    waits : callable
        Whether a line waits in the stream.
    """

    def __init__(
        self,
        session: Callable[[], SessionView | None],
        confirm: Callable[[], object],
        console: Console,
        stream: TextIO | None,
        waits: Callable[[TextIO], bool] = line_waits,
    ) -> None:
        self._session = session
        self._confirm = confirm
        self._console = console
        self._stream = stream
        self._waits = waits
        self._asked = False

    def update(self) -> None:
        """Ask, or take an answer, if it is time to."""
        session = self._session()
        asked = session is not None and session.presence_asked
        if session is not None and asked and not self._asked:
            self._console.bell()
            question = QUESTION
            if self._stream is None:
                question = ELSEWHERE.format(seconds=session.presence_left)
            self._console.print(question, style='bold yellow')
        self._asked = asked
        if self._stream is None or not self._waits(self._stream):
            return
        if not self._stream.readline():
            self._stream = None  # the terminal is gone: nobody can answer here any more
        elif asked:
            self._answer()

    def _answer(self) -> None:
        try:
            self._confirm()
        except CommandFailed as error:
            # the session goes on asking, and ends by itself if nobody gets through
            self._console.print(f'not noted: {error}', style='bold red', markup=False)
