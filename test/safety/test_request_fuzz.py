"""SR-24: garbage as requests, through the real supervisor and manifold nodes, opens no inlet.

A million messages take some minutes: ``python tools/fuzz_requests.py --messages 1000000``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

import rclpy
from rclpy.logging import LoggingSeverity, set_logger_level

from evidence.request_fuzz import fuzz

MESSAGES = 15_000


@pytest.fixture
def ros(domain: None) -> Iterator[None]:
    rclpy.init(args=[])
    for name in ('safety_supervisor', 'manifold'):
        set_logger_level(name, LoggingSeverity.FATAL)
    yield
    rclpy.try_shutdown()


def test_SR_24_SR_25_garbage_opens_no_inlet(ros: None) -> None:
    result = fuzz(MESSAGES)
    assert result.opened_by_garbage == 0
    assert result.opened_wrongly == 0
    assert result.garbage > MESSAGES // 2
    assert result.opened > MESSAGES // 20, 'a run in which nothing opens proves nothing'
