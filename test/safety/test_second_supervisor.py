"""Supervisors that must not run: a second one (SR-28), and one with a looser limit (SR-27)."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

from compression_boot_control.nodes.safety_parameters import FIRST_LOOKS

pytestmark = pytest.mark.system


def supervisor(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one supervisor of its own to its end."""
    module = ['-m', 'compression_boot_control.nodes', 'safety_supervisor', '--ros-args']
    return subprocess.run(
        [sys.executable, *module, *arguments],
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )


def error_lines(process: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in process.stderr.splitlines() if line.startswith('error:')]


def test_SR_28_second_supervisor_is_refused_in_one_line_and_the_boots_vent_meanwhile(
    system: Any,
) -> None:
    # the first one must be old enough to be the one that stays
    begun = time.monotonic()
    system.wait(lambda: time.monotonic() - begun > FIRST_LOOKS, FIRST_LOOKS + 5.0, 'its age')
    system.inflate()
    second = supervisor('-r', f'__ns:=/{system.options.namespace}')
    assert second.returncode == 1
    (line,) = error_lines(second)
    assert 'another supervisor already sends' in line
    system.turn()
    assert system.fleet.running('safety_supervisor')
    system.recover()


@pytest.mark.parametrize(
    'limit', ['over_pressure:=20000.0', 'state_age:=0.0', 'request_age:=.inf', 'state_age:=-0.1']
)
def test_SR_27_limit_that_would_loosen_ends_the_supervisor_with_one_line(
    domain: None, limit: str
) -> None:
    loose = supervisor('-r', '__ns:=/loose', '-p', limit)
    assert loose.returncode == 1
    assert len(error_lines(loose)) == 1
