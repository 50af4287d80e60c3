"""A node that cannot run with its parameters ends with one line; one that is forced tells of it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

START = 'from compression_boot_control.nodes.{} import main; main()'


@pytest.mark.parametrize(
    ('node', 'parameters', 'says'),
    [
        ('chamber_control', {'kp': '45.0', 'ki': '20.0'}, 'gains that lack their margins of 6 dB'),
        ('chamber_control', {'kp': '99.0'}, 'kp out of range'),
        ('chamber_control', {'kp': '.nan'}, 'kp'),
        ('chamber_control', {'kp': 'much'}, "'kp' to 'much'"),
        ('chamber_control', {'garment': 'five_zones'}, 'five_zone'),
        ('sequence_planner', {'presence_every': '5000.0'}, 'presence_every'),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    node: str, parameters: dict[str, str], says: str
) -> None:
    words = [word for name, value in parameters.items() for word in ('-p', f'{name}:={value}')]
    done = subprocess.run(
        [sys.executable, '-c', START.format(node), '--ros-args', *words],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith('error: ')
    assert says in line


def test_forced_gains_are_told_in_diagnostics() -> None:
    told: set[str] = set()

    def on_diagnostics(message: DiagnosticArray) -> None:
        told.update(value.key for status in message.status for value in status.values)

    context = Context()
    rclpy.init(context=context)
    witness = Node('witness', context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(witness)
    witness.create_subscription(DiagnosticArray, '/diagnostics', on_diagnostics, 10)
    words = ['-p', 'kp:=45.0', '-p', 'ki:=20.0', '-p', 'force_gains:=true']
    node = subprocess.Popen(
        [sys.executable, '-c', START.format('chamber_control'), '--ros-args', *words],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60.0
        while 'forced gains lack their margins' not in told and time.monotonic() < deadline:
            executor.spin_once(timeout_sec=0.5)
        node.send_signal(signal.SIGINT)
        _, said = node.communicate(timeout=20)
    finally:
        node.kill()
        witness.destroy_node()
        context.shutdown()
    assert 'forced gains lack their margins' in told
    assert 'forced gains that lack their margins: left_foot' in said
    assert node.returncode == 0
