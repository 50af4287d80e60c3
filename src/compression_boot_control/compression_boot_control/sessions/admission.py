"""Lets a person's session begin, and keeps its record: the journal as the planner uses it.

The record is written when the session begins, every ten seconds, and when it ends, so that also a
planner that is killed leaves one that is whole up to then.
"""

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
from compression_boot_control.sessions.journal_schema import (
    Durability,
    JournalError,
    journal_path,
)
from compression_boot_control.sessions.journal_store import Journal, NewSession, SessionEnd

PATIENCE = 0.2
"""Longest wait for another program that writes [s]; the planner has other things to do."""

PROGRESS_PERIOD = 10.0
"""Time from one record of a session's progress to the next [s] [P]."""

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
        self._kept_at = 0.0
        self._open: Journal | None = None

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
        now = self._kept_at = self._clock()
        try:
            with Journal(self._path, PATIENCE) as journal:
                return journal.begin_session(new, now, lambda person: _check(person, now))
        except JournalError as error:
            raise ProtocolError(SessionError.NOT_SCREENED, str(error)) from error

    def keep_progress(self, session_id: str, progress: Callable[[], SessionEnd]) -> None:
        """Write down how far a session is, if it is time to.

        Parameters
        ----------
        session_id : str
        progress : callable
            Gives what there is to write.

        Raises
        ------
        JournalError
            It cannot be written; the next time may do.
        """
        now = self._clock()
        if abs(now - self._kept_at) < PROGRESS_PERIOD:
            return
        self._kept_at = now
        if self._open is None:
            # kept open, as closing waits for the disk: under pressure nothing may wait
            self._open = Journal(self._path, 0.0, Durability.NORMAL)
        self._open.keep_progress(session_id, progress(), now)

    def end(self, session_id: str, end: SessionEnd) -> None:
        """Complete the record of a session.

        Raises
        ------
        JournalError
            It cannot be written; the session counts all the same, as one that was cut off.
        """
        if self._open is not None:
            self._open.close()
            self._open = None
        with Journal(self._path, PATIENCE) as journal:
            journal.end_session(session_id, end, self._clock())


def _check(person: PersonRecord, now: float) -> None:
    _allowed(person, now)


def _allowed(person: PersonRecord, now: float) -> Eligibility:
    verdict = eligibility(person, now)
    if not verdict.allowed:
        raise ProtocolError(verdict.error, '; '.join(verdict.reasons))
    return verdict
