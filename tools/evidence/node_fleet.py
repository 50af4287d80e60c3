"""The nodes of one system as processes that can be killed, stopped and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from compression_boot_control.system import STARTER_PID, NodeDescription, loopback_environment

PATIENCE = 5.0
"""Time for a node to end after SIGTERM [s]."""


class NodeFleet:
    """Starts nodes, each with a place of its own if need be; nothing here ends with one of them.

    Parameters
    ----------
    nodes : sequence of NodeDescription
    log_file : Path
        Takes what the nodes print.
    environment : mapping
        Variables beside those of this process.
    place : mapping of str to sequence of str
        Command that runs a node's command elsewhere, such as in a network namespace, by node.
    """

    def __init__(
        self,
        nodes: Sequence[NodeDescription],
        log_file: Path,
        environment: Mapping[str, str],
        place: Mapping[str, Sequence[str]],
    ) -> None:
        self._nodes = {node.executable: node for node in nodes}
        self._place = place
        self._environment = os.environ | loopback_environment(os.environ) | environment
        # a node whose starter is gone ends too, however hard a test was killed
        self._environment[STARTER_PID] = str(os.getpid())
        self._log = log_file.open('ab')
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        for name in self._nodes:
            self.start(name)

    @property
    def names(self) -> list[str]:
        """Nodes of the system."""
        return list(self._nodes)

    def start(self, name: str) -> None:
        """Start a node."""
        self._processes[name] = subprocess.Popen(
            [
                *self._place.get(name, ()),
                sys.executable,
                '-m',
                'compression_boot_control.nodes',
                name,
                *self._nodes[name].arguments(),
            ],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def process(self, name: str) -> int:
        """Process id of a node."""
        return self._processes[name].pid

    def running(self, name: str) -> bool:
        """Whether a node has not ended."""
        return self._processes[name].poll() is None

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to one node's process."""
        os.kill(self._processes[name].pid, number)

    def revive(self) -> list[str]:
        """Let stopped nodes go on, and start those that have ended; the names of the latter."""
        ended = [name for name in self._nodes if not self.running(name)]
        for name in ended:
            self.start(name)
        for name in self._nodes:
            self.signal(name, signal.SIGCONT)
        return ended

    def close(self) -> None:
        """End all nodes."""
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
                # a stopped process takes no signal but this one
                process.send_signal(signal.SIGCONT)
        for process in self._processes.values():
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._log.close()

    def __enter__(self) -> NodeFleet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
