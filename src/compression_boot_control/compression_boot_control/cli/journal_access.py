"""Opens the runner's journal for a command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from compression_boot_control.cli.errors import CommandFailed

if TYPE_CHECKING:
    from compression_boot_control.sessions.journal_store import Journal

Result = TypeVar('Result')


def with_journal(action: Callable[[Journal], Result]) -> Result:
    """Do something with the journal; its errors become those of the command."""
    from compression_boot_control.sessions.journal_schema import JournalError
    from compression_boot_control.sessions.journal_store import Journal

    try:
        with Journal() as journal:
            return action(journal)
    except JournalError as error:
        raise CommandFailed(str(error)) from error
