"""Lines that a person types, or a script pipes in, without ever waiting longer than asked."""

from __future__ import annotations

import os
import select
import sys
from collections import deque

CHUNK = 4096


class InputLines:
    """The lines of the standard input.

    It reads the file itself: a buffer of Python's own would hide lines that came together.

    Attributes
    ----------
    ended : bool
        Whether no more will come.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self.ended = False
        self._descriptor = sys.stdin.fileno() if descriptor is None else descriptor
        self._lines: deque[str] = deque()
        self._rest = b''

    def next(self, seconds: float) -> str | None:
        """Next line, waited for at most this long [s]; None if there is none yet."""
        if not self._lines:
            self._take(seconds)
        return self._lines.popleft() if self._lines else None

    def _take(self, seconds: float) -> None:
        watched = [] if self.ended else [self._descriptor]
        ready, _, _ = select.select(watched, [], [], seconds)
        if not ready:
            return
        chunk = os.read(self._descriptor, CHUNK)
        self.ended = not chunk
        *whole, self._rest = (self._rest + chunk).split(b'\n')
        if self.ended and self._rest:
            whole, self._rest = [*whole, self._rest], b''
        self._lines.extend(line.decode('utf-8', 'replace') for line in whole)
