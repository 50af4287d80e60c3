"""Single keys from a terminal, without waiting for them or for an end of line."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from types import TracebackType
from typing import Any


class Keyboard:
    """Reads the terminal on standard input while it is entered; anything else has no keys.

    Signals stay what they are: Ctrl-C interrupts.
    """

    def __init__(self) -> None:
        self._before: list[Any] | None = None

    @property
    def there(self) -> bool:
        """Whether somebody could press a key."""
        return self._before is not None

    def pressed(self) -> str:
        """Keys that were pressed since the last time."""
        if not self.there or not select.select([sys.stdin], [], [], 0.0)[0]:
            return ''
        try:
            found = os.read(sys.stdin.fileno(), 64)
        except OSError:
            return ''  # the terminal has gone, and the hang-up ends the session
        return found.decode('utf-8', 'ignore')

    def __enter__(self) -> Keyboard:
        try:
            # a program in the background must not touch its terminal
            if os.isatty(sys.stdin.fileno()) and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp():
                self._before = termios.tcgetattr(sys.stdin)
                tty.setcbreak(sys.stdin, termios.TCSANOW)
        except (OSError, ValueError, termios.error):
            self._before = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            termios.tcsetattr(sys.stdin, termios.TCSANOW, self._before)
            self._before = None
