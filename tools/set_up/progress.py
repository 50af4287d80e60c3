"""Shows which step is at work, and for how long."""

import shutil
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

    def start(self, title: str) -> None:
        """Begin the next step."""
        self._number += 1
        self._title = title
        self._step_started = time.monotonic()
        if self._stream.isatty():
            self._rewrite('...')
        else:
            self._write(f'{self._head()} ...\n')

    def detail(self, text: str) -> None:
        """Say how far the step is; shown on a terminal only, a log would drown in it."""
        if self._stream.isatty():
            self._rewrite(f'{text}, {self._elapsed():.0f} s')

    def done(self, result: str = 'done') -> None:
        """End the step."""
        outcome = f'{result}, {self._elapsed():.1f} s\n'
        if self._stream.isatty():
            self._rewrite(outcome)
        else:
            self._write(f'      {outcome}')

    def abort(self) -> None:
        """Leave the live line, so that a message can follow."""
        if self._stream.isatty() and self._number:
            self._write('\n')

    def total_elapsed(self) -> float:
        """Seconds since the first step could begin."""
        return time.monotonic() - self._started

    def _elapsed(self) -> float:
        return time.monotonic() - self._step_started

    def _head(self) -> str:
        return f'[{self._number}/{self._total}] {self._title}'

    def _rewrite(self, text: str) -> None:
        width = shutil.get_terminal_size().columns
        line = f'{self._head()}: {text}'
        # A line that wraps cannot be rewritten.
        if not text.endswith('\n'):
            line = line[: width - 1]
        self._write(f'\r\x1b[K{line}')

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
