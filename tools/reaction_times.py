"""Time from a fault of a process to open exhausts, over real processes: prints a table.

python tools/reaction_times.py [--tries N] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import rclpy
from compression_boot_msgs.action import RunSession
from compression_boot_msgs.msg import ManifoldState
from rclpy.action import ActionClient
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from compression_boot_control.cli.node_processes import NodeProcesses
from compression_boot_control.core.units import MMHG
from compression_boot_control.nodes.interfaces import (
    MANIFOLD_STATE,
    RUN_SESSION,
    SAFETY_STATE,
    SESSION_STATE,
)
from compression_boot_control.system import SystemOptions, describe_system

VENTED = 15.0 * MMHG
GOAL = 0.3
"""Longest time to open exhausts [s]."""

NODES = ('safety_supervisor', 'chamber_control', 'pressure_sensing', 'sequence_planner')
"""Processes whose loss is measured; the simulated device lives in the manifold's own."""


class System:
    """A system in its own processes, and a node that hears it."""

    def __init__(self, log_file: Path | None = None, namespace: str = 'reaction') -> None:
        options = SystemOptions(namespace=namespace, record=False, log_level='error')
        nodes = [n for n in describe_system(options) if n.executable != 'session_recorder']
        self._context = Context()
        rclpy.init(
            args=[],
            context=self._context,
            signal_handler_options=SignalHandlerOptions.NO,
        )
        self.node = rclpy.create_node('witness', namespace=namespace, context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self.state: ManifoldState | None = None
        self.safety: Any = None
        self.session: Any = None
        self._hear(MANIFOLD_STATE, 'state')
        self._hear(SAFETY_STATE, 'safety')
        self._hear(SESSION_STATE, 'session')
        self._client = ActionClient(self.node, RUN_SESSION.type, RUN_SESSION.name)
        self.processes = NodeProcesses(nodes, log_file)

    def _hear(self, topic: Any, name: str) -> None:
        self.node.create_subscription(
            topic.type, topic.name, lambda message: setattr(self, name, message), topic.qos
        )

    def wait(self, condition: Callable[[], Any], seconds: float, what: str = '') -> float:
        """Turn the loop until a condition holds; how long that took [s]."""
        begun = time.monotonic()
        while not condition():
            if time.monotonic() - begun > seconds:
                raise TimeoutError(f'not within {seconds:g} s: {what}')
            self._executor.spin_once(timeout_sec=0.005)
        return time.monotonic() - begun

    def inflate(self) -> None:
        """Run a session until a chamber is under pressure."""
        ready = RunSession.Feedback().state.STATE_IDLE
        self.wait(lambda: self.session and self.session.state == ready, 60.0, 'ready')
        self._client.wait_for_server(timeout_sec=10.0)
        self._client.send_goal_async(RunSession.Goal(protocol='demonstration', bench=True))
        self.wait(self.under_pressure, 60.0, 'pressure')

    def under_pressure(self) -> bool:
        """Whether a chamber is well above what counts as vented, with its exhaust shut."""
        state = self.state
        return state is not None and bool(
            np.any((np.array(state.pressure) > 1.5 * VENTED) & (np.array(state.exhaust) < 0.5))
        )

    def open(self) -> bool:
        """Whether every exhaust is open, every inlet shut and the pump off."""
        state = self.state
        return (
            state is not None
            and min(state.exhaust) >= 0.99
            and max(state.inlet) <= 0.0
            and state.pump <= 0.0
        )

    def vented(self) -> bool:
        """Whether every chamber reads below 15 mmHg."""
        return self.state is not None and max(self.state.pressure) < VENTED

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to one node's process."""
        os.kill(self.processes.pids()[name], number)

    def reaction(self, fault: Callable[[], None]) -> tuple[float, float]:
        """Time from a fault to open exhausts, and to all chambers below 15 mmHg [s]."""
        fault()
        opened = self.wait(self.open, 5.0, 'open exhausts')
        return opened, opened + self.wait(self.vented, 15.0, 'below 15 mmHg')

    def close(self) -> None:
        """End all processes."""
        self.processes.stop()
        self._executor.remove_node(self.node)
        self.node.destroy_node()
        self._context.try_shutdown()

    def __enter__(self) -> System:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def hang(system: System, name: str) -> tuple[float, float]:
    """Stop a node for a while, then let it go on; the times of `System.reaction`."""
    system.inflate()
    times = system.reaction(lambda: system.signal(name, signal.SIGSTOP))
    system.signal(name, signal.SIGCONT)
    return times


def kill(name: str) -> tuple[float, float]:
    """Kill a node of a system of its own; the times of `System.reaction`."""
    with System() as system:
        system.inflate()
        return system.reaction(lambda: system.signal(name, signal.SIGKILL))


def measure(tries: int) -> dict[str, list[tuple[float, float]]]:
    """Measure every fault several times."""
    figures: dict[str, list[tuple[float, float]]] = {}
    with System() as system:
        for name in NODES:
            figures[f'{name} hangs'] = [hang(system, name) for _ in range(tries)]
    for name in NODES:
        figures[f'{name} killed'] = [kill(name) for _ in range(max(tries // 5, 1))]
    return figures


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--tries', type=int, default=5, help='hangs of each node')
    parser.add_argument('--json', action='store_true')
    arguments = parser.parse_args()
    figures = measure(arguments.tries)
    if arguments.json:
        json.dump(figures, sys.stdout, indent=2)
        return
    print(f'{"fault":30} {"tries":>5} {"open: median":>13} {"worst":>8} {"< 15 mmHg: worst":>17}')
    for fault, times in figures.items():
        opened, vented = np.array(times).T
        late = '' if opened.max() <= GOAL else f'  over {1e3 * GOAL:.0f} ms'
        print(
            f'{fault:30} {len(times):5} {1e3 * np.median(opened):10.0f} ms '
            f'{1e3 * opened.max():5.0f} ms {vented.max():15.1f} s{late}'
        )


if __name__ == '__main__':
    main()
