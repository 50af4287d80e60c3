"""Shows a session while it runs: a live picture on a terminal, or now and then a line."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.live import Live

from compression_boot_control.cli.session_picture import BENCH, SessionPicture
from compression_boot_control.cli.views import SessionView, Snapshot
from compression_boot_control.core.units import MMHG

LINE_PERIOD = 5.0
"""Time from one line to the next where there is no terminal [s]."""

FRAME_PERIOD = 0.125
"""Time from one picture to the next [s]."""


class LineDisplay:
    """A line now and then.

    Attributes
    ----------
    has_keys : bool
        Whether it has a place to show which keys there are.

    Parameters
    ----------
    console : Console
    snapshot : callable
        Gives what is known now.
    """

    has_keys = False

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
            self._console.print(progress_line(session), highlight=False, markup=False)

    def __enter__(self) -> LineDisplay:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass


class LiveDisplay:
    """A picture that changes in place.

    Attributes
    ----------
    has_keys : bool
        Whether it has a place to show which keys there are.

    Parameters
    ----------
    console : Console
    snapshot : callable
        Gives what is known now.
    picture : SessionPicture
    """

    has_keys = True

    def __init__(
        self, console: Console, snapshot: Callable[[], Snapshot], picture: SessionPicture
    ) -> None:
        self._console = console
        self._snapshot = snapshot
        self._picture = picture
        self._drawn_at = float('-inf')
        self._live = Live(console=console, auto_refresh=False, vertical_overflow='crop')

    def update(self) -> None:
        """Draw the next picture, if it is time to."""
        if time.monotonic() - self._drawn_at >= FRAME_PERIOD:
            self._draw()

    def _draw(self) -> None:
        self._drawn_at = time.monotonic()
        self._live.update(self._picture.draw(self._snapshot(), self._console), refresh=True)

    def __enter__(self) -> LiveDisplay:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # the last picture stays, and it is of the end
        if kind is None:
            self._draw()
        self._live.stop()


def session_display(
    console: Console, snapshot: Callable[[], Snapshot], picture: SessionPicture, *, plain: bool
) -> LineDisplay | LiveDisplay:
    """Choose the display for a console."""
    if plain or not console.is_terminal or console.is_dumb_terminal:
        return LineDisplay(console, snapshot)
    return LiveDisplay(console, snapshot, picture)


def progress_line(session: SessionView) -> str:
    """Where a session is, in one line."""
    known = [pressure for pressure in session.pressure.values() if math.isfinite(pressure)]
    highest = f'{max(known) / MMHG:.0f} mmHg' if known else 'unknown'
    return (
        f'{session.progress:4.0%}  cycle {session.cycle}  {session.status}  '
        f'{session.time_text}  highest pressure {highest}' + (f'  {BENCH}' if session.bench else '')
    )
