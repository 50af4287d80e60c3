"""Emulated devices and systems on them, as real processes in a domain of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from compression_boot_control.cli.client_ros import BootsClient
from compression_boot_control.resources import config_directory

PATIENCE = 60.0

FOOT = """\
format: 1
name: foot
description: One sleeve of one zone, soon filled
pump: {free_flow_l_per_min: 25, shut_off_mmhg: 400}
supply: {volume_l: 0.1, relief_mmhg: 145}
legs: [left]
zones:
  - {name: foot, rest_volume_l: 0.4, compliance_ml_per_mmhg: 1.2}
"""


VENTED = ('vented', 'dead man')
"""States in which the device vents."""


class Emulator:
    """`boots emulate`, and the lines that are typed into it."""

    def __init__(self, command: Any, backend: str, profile: Path) -> None:
        self.command = command
        self.backend = backend
        self.profile = profile
        command.says('Ctrl-C ends it')
        found = re.search(r'--port (\S+)\. Type', command.output)
        assert found is not None
        self.port = found[1]

    @property
    def words(self) -> tuple[str, ...]:
        """What the other commands need to reach it."""
        return ('--backend', self.backend, '--port', self.port, '--hardware', str(self.profile))

    def type(self, line: str) -> str:
        """Type a line; what is answered."""
        before = len(self.command.output)
        self.command.type(line)
        deadline = time.monotonic() + PATIENCE
        while not self.command.output[before:].endswith('\n'):
            assert time.monotonic() < deadline, f'no answer to {line}'
            time.sleep(0.01)
        return str(self.command.output[before:])

    def until_vented(self, seconds: float) -> None:
        """Wait until the device vents."""
        self.until(VENTED, seconds)

    def until(self, states: tuple[str, ...], seconds: float) -> None:
        """Wait until the device says that it is in one of some states."""
        deadline = time.monotonic() + seconds
        while not (answer := self.type('state')).startswith(states):
            assert time.monotonic() < deadline, f'still {answer}'
            time.sleep(0.02)


def patient_profile(backend: str, folder: Path) -> Path:
    """A generic profile at 50 Hz, with time for a computer that is busy with other things."""
    name = f'generic_{backend.removeprefix("modbus-")}'
    text = (config_directory() / 'hardware' / f'{name}.yaml').read_text(encoding='utf-8')
    timing = 'timing: {cycle_ms: 20, timeout_ms: 19, retries: 0, heartbeat_ms: 1000}'
    path = folder / f'{name}.yaml'
    path.write_text(re.sub(r'(?m)^timing: .*$', timing, text))
    return path


@pytest.fixture(scope='module')
def emulate(tmp_path_factory: pytest.TempPathFactory, command: Any) -> Iterator[Any]:
    """Starts an emulated device on TCP, or on a serial line."""
    started = []

    def run(backend: str, *words: str) -> Emulator:
        line = ('--serial',) if backend == 'modbus-rtu' else ('--port', '0')
        folder = tmp_path_factory.mktemp('device')
        started.append(command(folder, 'emulate', *line, *words, stdin=subprocess.PIPE))
        return Emulator(started[-1], backend, patient_profile(backend, folder))

    yield run
    for device in started:
        device.signal(signal.SIGINT)
        assert device.ends() == 0
        assert device.left_over() == []


@pytest.fixture(scope='module')
def brought_up(tmp_path_factory: pytest.TempPathFactory, command: Any) -> Callable[..., Any]:
    """Brings a system up on a device; a context with the client that watches it."""

    @contextmanager
    def bring_up(device: Emulator, namespace: str) -> Iterator[BootsClient]:
        folder: Path = tmp_path_factory.mktemp('system')
        here = ('--namespace', namespace)
        up = command(folder, 'up', '--no-record', *device.words, *here)
        try:
            up.says('ready:')
            with BootsClient(namespace) as client:
                assert client.wait_until(lambda: client.ready, PATIENCE)
                yield client
            up.signal(signal.SIGINT)
            assert up.ends() == 0, up.errors
            assert up.left_over() == []
        finally:
            up.destroy()

    return bring_up


@pytest.fixture(scope='module')
def foot_garment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A garment of one chamber."""
    path = tmp_path_factory.mktemp('garment') / 'foot.yaml'
    path.write_text(FOOT)
    return path


@pytest.fixture(scope='module')
def foot_device(emulate: Any, foot_garment: Path) -> Any:
    """An emulated device of that garment."""
    return emulate('modbus-tcp', '--garment', str(foot_garment))


@pytest.fixture
def tuning(foot_device: Any, start: Any, foot_garment: Path) -> Callable[[], Any]:
    """Starts a `boots tune`, and waits until its only chamber is under pressure."""

    def started() -> Any:
        words = (
            *foot_device.words,
            '--garment',
            str(foot_garment),
            '--namespace',
            f'test_{os.getpid()}',
        )
        run = start('tune', *words)
        deadline = time.monotonic() + PATIENCE
        while float(foot_device.type('state').split()[-1]) < 12.0:
            assert run.process.poll() is None, run.errors
            assert time.monotonic() < deadline, 'nothing is filled'
            time.sleep(0.1)
        return run

    return started
