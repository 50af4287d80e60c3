"""Ctrl-C and its relatives: the command ends in order, at its next turn."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Counts the signals that ask the command to end, while it is entered.

    Attributes
    ----------
    count : int
        Signals so far; the first asks for an end in order, the second for an end at once.
    """

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[signal.Signals, Any] = {}

    def __bool__(self) -> bool:
        return self.count > 0

    def interrupt(self) -> None:
        """Ask for an end, as a signal does."""
        self.count += 1

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.interrupt()

    def __enter__(self) -> Interruption:
        for number in SIGNALS:
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # started with nohup, to outlive its terminal
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
