"""A `boots tune` of which a process dies while a chamber is under pressure: the device vents."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.system

DEADLINE = 3.0
"""Longest time to a device that vents, on a machine that is busy with other things [s]."""


@pytest.mark.parametrize('node', ['tuner', 'safety_supervisor', 'manifold'])
def test_node_that_is_killed_under_pressure_leaves_a_vented_device(
    foot_device: Any, tuning: Callable[[], Any], node: str
) -> None:
    run = tuning()
    run.node(node).kill()
    foot_device.until_vented(DEADLINE)
    assert run.ends() == 1
    (line,) = run.error_lines
    assert f'nothing is written: {node} was killed by SIGKILL' in line
    assert run.left_over() == []


def test_command_that_is_killed_under_pressure_leaves_a_vented_device(
    foot_device: Any, tuning: Callable[[], Any]
) -> None:
    run = tuning()
    run.signal(signal.SIGKILL)
    foot_device.until_vented(DEADLINE)
    run.ends()
    assert run.left_over() == []
