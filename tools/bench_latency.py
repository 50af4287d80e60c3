"""Time from a sensor's sample to the permitted command, over real processes and real DDS.

Starts the nodes in real time at 100 Hz, lets a session run so that every node has work, and matches
each permitted command with the sample that it answers: from the stamp of the sample to
that of the permit. Prints median, p99 and worst, the same up to the arrival at
one more process, and what all nodes together take of a core.

Run as ``python tools/bench_latency.py``, with ``--seconds`` for a longer measurement.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import rclpy
from compression_boot_msgs.msg import ManifoldState, SessionState, ValveCommand
from rclpy.action import ActionClient
from rclpy.experimental import EventsExecutor
from rclpy.node import Node

from compression_boot_control.cli.node_processes import NodeProcesses
from compression_boot_control.nodes.conversions import seconds
from compression_boot_control.nodes.interfaces import (
    MANIFOLD_STATE,
    PERMITTED,
    RUN_SESSION,
    SESSION_STATE,
)
from compression_boot_control.system import SystemOptions, describe_system

DOMAIN = '77'
MEDIAN_GOAL_MS, P99_GOAL_MS, CORES_GOAL = 2.5, 5.0, 0.7


@dataclass
class Witness:
    """Notes when samples were taken and when the commands that answer them arrived."""

    sampled: dict[int, float] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    state: int = SessionState.STATE_NOT_READY
    measuring: bool = False

    def on_state(self, message: ManifoldState) -> None:
        """Note when a sample was taken."""
        self.sampled[message.sequence] = seconds(message.header.stamp)

    def on_permitted(self, message: ValveCommand) -> None:
        """Note how long the answer to a sample took."""
        taken = self.sampled.pop(message.source_sequence, None)
        if self.measuring and taken is not None:
            self.latencies.append(seconds(message.header.stamp) - taken)
            self.arrivals.append(time.time() - taken)

    def on_session(self, message: SessionState) -> None:
        """Note the state of the session."""
        self.state = message.state


def watch(node: Node, witness: Witness) -> None:
    """Subscribe the witness."""
    for topic, callback in (
        (MANIFOLD_STATE, witness.on_state),
        (PERMITTED, witness.on_permitted),
        (SESSION_STATE, witness.on_session),
    ):
        node.create_subscription(topic.type, topic.name, callback, topic.qos)


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of the processes so far [s]."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(each.user + each.system for each in times)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--seconds', type=float, default=30.0, help='length of the measurement')
    length = parser.parse_args().seconds
    os.environ['ROS_DOMAIN_ID'] = DOMAIN
    rclpy.init()
    node = rclpy.create_node('bench_latency', namespace='/boots')
    witness = Witness()
    watch(node, witness)
    executor = EventsExecutor()
    executor.add_node(node)

    def spin_until(condition: object, limit: float) -> None:
        end = time.monotonic() + limit
        while not condition():  # type: ignore[operator]
            if time.monotonic() > end:
                raise SystemExit('error: the system did not get ready; see its output above')
            executor.spin_once(timeout_sec=0.05)

    with tempfile.TemporaryDirectory() as folder:
        options = SystemOptions(directory=folder, log_level='warn')
        with NodeProcesses(describe_system(options), Path(folder) / 'nodes.log') as nodes:
            spin_until(lambda: witness.state == SessionState.STATE_IDLE, 30.0)
            client = ActionClient(node, RUN_SESSION.type, RUN_SESSION.name)
            spin_until(client.server_is_ready, 10.0)
            client.send_goal_async(RUN_SESSION.type.Goal(protocol='beginner', bench=True))
            spin_until(lambda: witness.state == SessionState.STATE_RUNNING, 10.0)
            pids = list(nodes.pids().values())
            witness.measuring = True
            start, used = time.monotonic(), cpu_seconds(pids)
            while time.monotonic() - start < length:
                executor.spin_once(timeout_sec=0.05)
            cores = (cpu_seconds(pids) - used) / (time.monotonic() - start)
    executor.remove_node(node)
    node.destroy_node()
    rclpy.try_shutdown()
    report(np.array(witness.latencies) * 1e3, np.array(witness.arrivals) * 1e3, cores, length)


def report(latency_ms: np.ndarray, arrival_ms: np.ndarray, cores: float, length: float) -> None:
    """Print the figures beside their goals."""
    median, p99, worst = np.percentile(latency_ms, [50, 99, 100])
    load = os.getloadavg()[0]
    print(f'{len(latency_ms)} samples in {length:.0f} s, load average {load:.1f}')
    print(f'sample to permitted command, median  {median:5.2f} ms    (goal {MEDIAN_GOAL_MS} ms)')
    print(f'sample to permitted command, p99     {p99:5.2f} ms    (goal {P99_GOAL_MS} ms)')
    print(f'sample to permitted command, worst   {worst:5.2f} ms')
    print(f'sample to arrival of the permit, median {np.median(arrival_ms):5.2f} ms')
    print(f'all nodes together                   {cores:5.2f} cores (goal {CORES_GOAL})')


if __name__ == '__main__':
    main()
