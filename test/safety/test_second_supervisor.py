"""A second supervisor, which must not run. SR-28."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

from compression_boot_control.nodes.safety_parameters import FIRST_LOOKS

pytestmark = pytest.mark.system


def test_SR_28_second_supervisor_is_refused_in_one_line_and_the_boots_vent_meanwhile(
    system: Any, lone_node: Callable[..., Any]
) -> None:
    # the first one must be old enough to be the one that stays
    begun = time.monotonic()
    system.wait(lambda: time.monotonic() - begun > FIRST_LOOKS, FIRST_LOOKS + 5.0, 'its age')
    system.inflate()
    second = lone_node('safety_supervisor', '-r', f'__ns:=/{system.options.namespace}')
    assert second.returncode == 1
    (line,) = (text for text in second.stderr.splitlines() if text.startswith('error:'))
    assert 'another supervisor already sends' in line
    system.turn()
    assert system.fleet.running('safety_supervisor')
    system.recover()
