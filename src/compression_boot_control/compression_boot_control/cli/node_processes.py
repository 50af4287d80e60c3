"""Starts a system's nodes as processes, watches them, and brings them down in order.

A process starter from a library would put a shell or a process of its own between itself and the
nodes; then a node could not tell that its starter was killed, and would be left behind.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from compression_boot_control.system import STARTER_PID, NodeDescription, loopback_environment

PATIENCE = 5.0
"""Time for a node to end after SIGTERM [s]; then it is killed, and the dead-man vents."""


@dataclass(frozen=True)
class Ended:
    """A node that ended: its name, and how, in words."""

    name: str
    how: str

    @property
    def as_loss_of_a_view(self) -> str:
        """Line for a person, of a node that the system goes on without."""
        return f'warning: {self.name} {self.how}: what it showed is gone, the system goes on'


def _how(returncode: int) -> str:
    if returncode < 0:
        return f'was killed by {signal.Signals(-returncode).name}'
    return f'ended with code {returncode}'


class NodeProcesses:
    """The processes of one system.

    Parameters
    ----------
    nodes : sequence of NodeDescription
        In the order in which they are brought down.
    log_file : Path or None
        Takes what the nodes print; None: the terminal.
    """

    def __init__(self, nodes: Sequence[NodeDescription], log_file: Path | None = None) -> None:
        environment = os.environ | loopback_environment(os.environ)
        environment[STARTER_PID] = str(os.getpid())
        self._output = None if log_file is None else log_file.open('ab')
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        # the order of starting does not matter, only that of ending does
        for node in reversed(nodes):
            self._processes[node.executable] = subprocess.Popen(
                [
                    sys.executable,
                    '-m',
                    'compression_boot_control.nodes',
                    node.executable,
                    *node.arguments(),
                ],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                # Ctrl-C reaches the starter alone, which then keeps the order
                start_new_session=True,
            )
        self._order = [node.executable for node in nodes]
        self._onlookers = frozenset(node.executable for node in nodes if node.is_onlooker)
        self._watched_onlookers = set(self._onlookers)

    def pids(self) -> dict[str, int]:
        """Process ids by node."""
        return {name: process.pid for name, process in self._processes.items()}

    def ended(self) -> Ended | None:
        """First node found to have ended without which there is no system."""
        needed = (name for name in self._processes if name not in self._onlookers)
        return next(self._ended_of(needed), None)

    def lost_onlookers(self) -> tuple[Ended, ...]:
        """Nodes found to have ended that the system goes on without; each is told once."""
        lost = tuple(self._ended_of(sorted(self._watched_onlookers)))
        self._watched_onlookers -= {each.name for each in lost}
        return lost

    def _ended_of(self, names: Iterable[str]) -> Iterator[Ended]:
        for name in names:
            returncode = self._processes[name].poll()
            if returncode is not None:
                yield Ended(name, _how(returncode))

    def stop(self) -> None:
        """Bring all nodes down; harmless when they are down already."""
        deadline = time.monotonic() + PATIENCE
        for name in self._order:
            process = self._processes[name]
            if process.poll() is None:
                process.terminate()
                # a stopped process takes no signal but this one
                process.send_signal(signal.SIGCONT)
        for name in self._order:
            process = self._processes[name]
            try:
                process.wait(max(deadline - time.monotonic(), 0.0))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._output is not None:
            self._output.close()
            self._output = None

    def __enter__(self) -> NodeProcesses:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
