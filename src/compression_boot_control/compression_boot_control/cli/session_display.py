"""Shows a session while it runs: a live picture on a terminal, or now and then a line."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from compression_boot_control.core.units import MMHG

if TYPE_CHECKING:
    from rich.console import Console

    from compression_boot_control.cli.views import SessionView, Snapshot

LINE_PERIOD = 5.0
"""Time from one line to the next where there is no terminal [s]."""


class LineDisplay:
    """A line now and then, and at each change of the stage."""

    def __init__(self, console: Console, snapshot: Callable[[], Snapshot]) -> None:
        self._console = console
        self._snapshot = snapshot
        self._said_at = float('-inf')

    def update(self) -> None:
        """Say where the session is, if it is time to."""
        now = time.monotonic()
        if now - self._said_at < LINE_PERIOD:
            return
        session = self._snapshot().session
        if session is not None and session.stage.occupied:
            self._said_at = now
            self._console.print(progress_line(session), highlight=False)

    def __enter__(self) -> LineDisplay:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass


def progress_line(session: SessionView) -> str:
    """Where a session is, in one line."""
    minutes, seconds = divmod(round(session.remaining), 60)
    highest = max((p for p in session.pressure.values() if p == p), default=0.0) / MMHG
    return (
        f'{session.progress:4.0%}  cycle {session.cycle}  {session.status}  '
        f'{minutes}:{seconds:02d} left  highest {highest:.0f} mmHg'
    )


def session_display(
    console: Console, snapshot: Callable[[], Snapshot], *, plain: bool
) -> LineDisplay:
    """Choose the display for a console."""
    return LineDisplay(console, snapshot)
