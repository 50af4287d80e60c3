"""A node that cannot run with its parameters says so in one line, and ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

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
