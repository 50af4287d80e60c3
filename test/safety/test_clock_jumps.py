"""Clocks that jump: the wall clock of all nodes, and simulated time. SR-26, SR-01.

Ages rest on the steady clock, so no jump may hold a valve open, and none may keep it from opening.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

from builtin_interfaces.msg import Time
from compression_boot_msgs.msg import ManifoldState
from rosgraph_msgs.msg import Clock

from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.nodes.interfaces import PRESSURES
from compression_boot_control.system import SystemOptions
from evidence.dds_profile import LEASE
from evidence.live_system import LiveSystem
from evidence.wall_clock import WallClock, why_not

pytestmark = pytest.mark.system

YEAR = 365 * 86_400
JUMPS = {'a minute on': 60, 'a day back': -86_400, 'ten years on': 10 * YEAR, 'back': 0}


class JumpingSystem(LiveSystem):
    """A system whose stamps are not to be believed: times are those of receipt."""

    def _on_state(self, message: ManifoldState) -> None:
        super()._on_state(message)
        if self.samples:
            self.samples[-1] = self.samples[-1]._replace(taken=time.time())


@pytest.fixture(scope='module')
def wall_clock(tmp_path_factory: pytest.TempPathFactory) -> WallClock:
    if reason := why_not():
        pytest.skip(reason)
    return WallClock(tmp_path_factory.mktemp('clock'))


@pytest.fixture(scope='module')
def jumping(
    stage: Any, wall_clock: WallClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveSystem]:
    stage.clear()
    folder = tmp_path_factory.mktemp('jumping')
    with JumpingSystem(folder, environment=wall_clock.environment) as system:
        yield system


@pytest.mark.parametrize('jump', JUMPS.values(), ids=list(JUMPS))
def test_SR_26_jump_of_the_wall_clock_neither_harms_nor_delays(
    jumping: LiveSystem, wall_clock: WallClock, assert_in_time: Callable[..., None], jump: int
) -> None:
    jumping.recover()
    jumping.inflate()
    wall_clock.jump(jump)
    let_pass(jumping, 0.5)
    assert abs(jumping.state.header.stamp.sec - time.time() - jump) < 30.0
    assert max(sample.highest for sample in jumping.samples) < HARD_LIMITS.over_pressure

    def hang() -> Any:
        jumping.recover()
        return jumping.strike('chamber_control', signal.SIGSTOP)

    assert_in_time(hang)


def test_SR_26_node_is_still_heard_long_after_the_wall_clock_was_set_back(
    jumping: LiveSystem, wall_clock: WallClock
) -> None:
    # nothing wakes the timers of DDS in a node that only hears and answers, but its diagnostics
    wall_clock.jump(0)
    jumping.recover()
    wall_clock.jump(-86_400)
    let_pass(jumping, LEASE + 2.0)
    heard: list[Any] = []
    pressures = jumping.node.create_subscription(
        PRESSURES.type, PRESSURES.name, heard.append, PRESSURES.qos
    )
    try:
        jumping.wait(lambda: len(heard) > 10, 5.0, 'pressures')
    finally:
        jumping.node.destroy_subscription(pressures)


def let_pass(system: LiveSystem, seconds: float) -> None:
    """Let time pass, whatever the wall clock says."""
    until = time.monotonic() + seconds
    system.wait(lambda: time.monotonic() > until, seconds + 5.0, 'some time')


class FastSystem(LiveSystem):
    """Simulated boots whose time runs four times as fast, and all nodes on their clock."""

    def __init__(self, folder: Any) -> None:
        options = SystemOptions(namespace='evidence_fast', record=False, log_level='error', speed=4)
        super().__init__(folder, options)

    def _on_state(self, message: ManifoldState) -> None:
        super()._on_state(message)
        if self.samples:
            self.samples[-1] = self.samples[-1]._replace(taken=time.time())


@pytest.mark.parametrize('to', [0, 2**31 - 1], ids=['back to 1970', 'on to 2038'])
def test_SR_26_jump_of_simulated_time_neither_harms_nor_delays(
    stage: Any, assert_in_time: Callable[..., None], to: int
) -> None:
    system = stage.system(FastSystem)
    system.inflate()
    impostor = system.node.create_publisher(Clock, f'/{system.options.namespace}/clock', 10)
    try:
        for _ in range(20):
            impostor.publish(Clock(clock=Time(sec=to)))
            system.turn()
    finally:
        system.node.destroy_publisher(impostor)
    assert max(sample.highest for sample in system.samples) < HARD_LIMITS.over_pressure

    def hang() -> Any:
        system.recover()
        return system.strike('safety_supervisor', signal.SIGSTOP)

    assert_in_time(hang)
