"""Nodes that are given a limit that is none, or a looser one, do not run. SR-27."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

pytestmark = pytest.mark.system

WRONG = ['.nan', '.inf', '-.inf', '-0.1', '0.0', '0', 'soon']
LOOSER = [
    'over_pressure:=20000.0',
    'over_pressure_time:=0.31',
    'state_age:=0.21',
    'request_age:=9.',
]
CASES = [
    ('manifold', 'permit_age_limit:=0.26'),
    *(('manifold', f'permit_age_limit:={value}') for value in WRONG),
    *(('safety_supervisor', limit) for limit in LOOSER),
    ('safety_supervisor', 'over_pressure:=.nan'),
]


@pytest.mark.parametrize(('node', 'limit'), CASES)
def test_SR_27_limit_that_is_none_or_would_loosen_ends_the_node_with_one_line(
    domain: None, lone_node: Callable[..., Any], node: str, limit: str
) -> None:
    ended = lone_node(node, '-r', '__ns:=/loose', '-p', limit)
    name = limit.partition(':=')[0]
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f'error: parameter {name} must be a number with a decimal point from ')
    assert ended.returncode == 1
