"""Lets a person's session begin, and keeps its record: the journal as the planner uses it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from compression_boot_control.core.session_errors import ProtocolError, SessionError
from compression_boot_control.sessions.eligibility import (
    ASK,
    Eligibility,
    PersonRecord,
    eligibility,
)
from compression_boot_control.sessions.journal_schema import JournalError, journal_path
from compression_boot_control.sessions.journal_store import Journal, NewSession, SessionEnd

PATIENCE = 0.2
"""Longest wait for another program that writes [s]; the planner has other things to do."""

BENCH = 'with nobody in the boots, ask for bench (boots run --bench)'


class Admission:
    """Asks the journal whether a session may begin, and writes it down.

    Parameters
    ----------
    path : Path, optional
        Journal; by default in the person's data folder.
    clock : callable
        Time since 1970, UTC [s].
    """

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock

    def check(self) -> Eligibility:
        """Whether a session may begin now, up to which pressure and for how long.

        Raises
        ------
        ProtocolError
            It may not; the message has the reasons.
        """
        path = self._path or journal_path()
        if not path.exists():
            raise ProtocolError(
                SessionError.NOT_SCREENED,
                f'nobody has answered the screening yet: {ASK}; {BENCH}',
            )
        try:
            with Journal(path, PATIENCE) as journal:
                return _allowed(journal.person(), self._clock())
        except JournalError as error:
            raise ProtocolError(SessionError.NOT_SCREENED, str(error)) from error

    def begin(self, new: NewSession) -> str:
        """Write down that a session begins; its id.

        Raises
        ------
        ProtocolError
            It may not, by what the journal says now.
        """
        now = self._clock()
        try:
            with Journal(self._path, PATIENCE) as journal:
                return journal.begin_session(new, now, lambda person: _check(person, now))
        except JournalError as error:
            raise ProtocolError(SessionError.NOT_SCREENED, str(error)) from error

    def end(self, session_id: str, end: SessionEnd) -> None:
        """Complete the record of a session.

        Raises
        ------
        JournalError
            It cannot be written; the session counts all the same, as one that was cut off.
        """
        with Journal(self._path, PATIENCE) as journal:
            journal.end_session(session_id, end, self._clock())


def _check(person: PersonRecord, now: float) -> None:
    _allowed(person, now)


def _allowed(person: PersonRecord, now: float) -> Eligibility:
    verdict = eligibility(person, now)
    if not verdict.allowed:
        raise ProtocolError(verdict.error, '; '.join(verdict.reasons))
    return verdict
