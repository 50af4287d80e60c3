"""Signals are counted while a command listens, and go their old way afterwards."""

from __future__ import annotations

import os
import signal

import pytest

from compression_boot_control.cli.interruption import Interruption


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_are_counted_and_handlers_put_back(number: signal.Signals) -> None:
    # the tests themselves may run under nohup, whose ignored SIGHUP is respected
    inherited = signal.signal(number, signal.default_int_handler)
    try:
        with Interruption() as interruption:
            assert not interruption
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
            assert interruption
            assert interruption.count == 2
        assert signal.getsignal(number) == signal.default_int_handler
    finally:
        signal.signal(number, inherited)


def test_command_under_nohup_outlives_its_terminal() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not interruption
    finally:
        signal.signal(signal.SIGHUP, before)
