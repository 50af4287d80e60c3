"""Runs the `boots` command as a person does: real processes, of which nothing outlives its test."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[1]
BOOTS = ROOT / 'src/compression_boot_control/bin/boots'
TAG = 'COMPRESSION_BOOTS_TEST_TAG'
FIRST_DOMAIN = 80
PATIENCE = 60.0
"""Nothing here takes that long, even on a busy machine [s]."""


@pytest.fixture(scope='session', autouse=True)
def domain() -> Iterator[None]:
    """A domain for each worker, so that systems that run at once do not hear each other."""
    worker = int(re.sub(r'\D', '', os.environ.get('PYTEST_XDIST_WORKER', '0')) or 0)
    before = os.environ.get('ROS_DOMAIN_ID')
    os.environ['ROS_DOMAIN_ID'] = str(FIRST_DOMAIN + worker)
    yield
    del os.environ['ROS_DOMAIN_ID']
    if before is not None:
        os.environ['ROS_DOMAIN_ID'] = before


class Command:
    """A `boots` command that runs, and every process that it starts."""

    def __init__(self, folder: Path, *arguments: str, stdin: int = subprocess.DEVNULL) -> None:
        self.tag = uuid.uuid4().hex
        self.folder = folder
        self._output = folder / f'{self.tag}.out'
        self._errors = folder / f'{self.tag}.err'
        with self._output.open('w') as output, self._errors.open('w') as errors:
            self.process = subprocess.Popen(
                [sys.executable, BOOTS, *arguments],
                cwd=folder,
                env=os.environ | {TAG: self.tag},
                stdin=stdin,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    @property
    def error_lines(self) -> list[str]:
        return [line for line in self.errors.splitlines() if line.startswith('error:')]

    def json(self) -> Any:
        return json.loads(self.output)

    def members(self) -> list[psutil.Process]:
        """Processes that it has started, and itself, that still run."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(TAG) == self.tag:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found

    def node(self, name: str) -> psutil.Process:
        def found() -> psutil.Process | None:
            for process in self.members():
                words = process.cmdline()
                if 'compression_boot_control.nodes' in words and name in words:
                    return process
            return None

        return wait_for(found)

    def says(self, text: str) -> None:
        """Wait until it has said something."""
        wait_for(lambda: text in self.output + self.errors, alive=self.process)

    def type(self, line: str) -> None:
        """Type a line into a command that was started with a pipe."""
        assert self.process.stdin is not None
        self.process.stdin.write(f'{line}\n'.encode())
        self.process.stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ends(self, seconds: float = PATIENCE) -> int:
        """Wait for its end; its exit code."""
        return self.process.wait(seconds)

    def left_over(self) -> list[str]:
        """Processes that are still there some time after its end."""
        _, alive = psutil.wait_procs(self.members(), timeout=5.0)
        return [' '.join(process.cmdline()) for process in alive]

    def destroy(self) -> None:
        for process in self.members():
            process.kill()
        self.process.wait()


def wait_for(
    condition: Callable[[], Any],
    seconds: float = PATIENCE,
    alive: subprocess.Popen[bytes] | None = None,
) -> Any:
    """Wait until a condition gives something true, and give that."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, 'waited too long'
        assert alive is None or alive.poll() is None, 'it ended while it was waited for'
        time.sleep(0.05)
    return found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Starts a command, and sees to it that nothing of it outlives the test."""
    started: list[Command] = []

    def run(*arguments: str, stdin: int = subprocess.DEVNULL) -> Command:
        started.append(Command(tmp_path, *arguments, stdin=stdin))
        return started[-1]

    yield run
    for command in started:
        command.destroy()


@pytest.fixture
def boots(start: Callable[..., Command]) -> Callable[..., Command]:
    """Runs a command to its end."""

    def run(*arguments: str) -> Command:
        command = start(*arguments)
        command.ends()
        return command

    return run


@pytest.fixture(scope='session')
def command() -> type[Command]:
    return Command
