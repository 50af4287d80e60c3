"""Shows which step is at work, and for how long."""

import sys
import time
from typing import TextIO


class Progress:
    """Prints one line a step; on a terminal the line is alive while the step runs.

    Parameters
    ----------
    total : int
        Number of steps.
    stream : text stream
        Where to print.
    """

    def __init__(self, total: int, stream: TextIO = sys.stdout) -> None:
        self._total = total
        self._stream = stream
        self._number = 0
        self._title = ''
        self._started = time.monotonic()
        self._step_started = self._started
        self._detail = ''

    def start(self, title: str) -> None:
        """Begin the next step."""
        self._number += 1
        self._title = title
        self._step_started = time.monotonic()
        self._show('...', end='' if self._stream.isatty() else '\n')

    def detail(self, text: str) -> None:
        """Say how far the step is; shown on a terminal only, a log would drown in it."""
        if self._stream.isatty() and text != self._detail:
            self._detail = text
            self._show(f'{text}, {self._elapsed():.0f} s', end='')

    def done(self, result: str = 'done') -> None:
        """End the step."""
        self._detail = ''
        self._show(f'{result}, {self._elapsed():.1f} s', end='\n')

    def abort(self) -> None:
        """Leave the live line, so that a message can follow."""
        if self._stream.isatty() and self._number:
            self._stream.write('\n')

    def total_elapsed(self) -> float:
        """Seconds since the first step could begin."""
        return time.monotonic() - self._started

    def _elapsed(self) -> float:
        return time.monotonic() - self._step_started

    def _show(self, text: str, end: str) -> None:
        clear = '\r\x1b[K' if self._stream.isatty() else ''
        self._stream.write(f'{clear}[{self._number}/{self._total}] {self._title}: {text}{end}')
        self._stream.flush()
