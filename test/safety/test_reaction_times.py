"""Nodes that are killed or hang, and the emergency stop: SR-26, SR-21, SR-04, SR-05, SR-01, SR-23.

Each fault strikes while a chamber is under pressure.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

from compression_boot_msgs.msg import SafetyState
from compression_boot_msgs.srv import EmergencyStop, ResetSafety

from compression_boot_control.nodes.interfaces import EMERGENCY_STOP, RESET

pytestmark = pytest.mark.system

NODES = ('safety_supervisor', 'chamber_control', 'pressure_sensing', 'sequence_planner')
"""The manifold has a file of its own: here the simulated boots would stop with it."""


@pytest.mark.parametrize('name', NODES)
def test_SR_26_node_that_hangs_leaves_the_boots_vented_and_goes_on_when_it_wakes(
    system: Any, assert_in_time: Callable[..., None], name: str
) -> None:
    def hang() -> Any:
        system.recover()
        return system.strike(name, signal.SIGSTOP)

    assert_in_time(hang)
    system.recover()
    system.inflate()


@pytest.mark.parametrize('name', NODES)
def test_SR_26_SR_21_node_that_is_killed_leaves_the_boots_vented(
    system: Any, assert_in_time: Callable[..., None], name: str
) -> None:
    def kill() -> Any:
        system.recover()
        return system.strike(name, signal.SIGKILL)

    assert_in_time(kill)


def test_SR_26_boots_stay_vented_as_long_as_a_node_hangs(system: Any) -> None:
    system.strike('safety_supervisor', signal.SIGSTOP)
    system.wait(lambda: system.samples[-1].vented, 10.0, 'below 15 mmHg')
    system.samples.clear()
    system.wait(lambda: len(system.samples) > 100, 30.0, 'a second of samples')
    assert all(sample.open for sample in system.samples)


def test_SR_01_emergency_stop_vents_at_once_and_SR_23_stays_until_a_reset(
    system: Any, assert_in_time: Callable[..., None]
) -> None:
    stop = system.node.create_client(EMERGENCY_STOP.type, EMERGENCY_STOP.name)
    system.wait(stop.service_is_ready, 10.0, 'the emergency stop is there')

    def press() -> Any:
        system.recover()
        system.inflate()
        return system.reaction(lambda: stop.call_async(EmergencyStop.Request(reason='test')))

    assert_in_time(press)
    system.wait(lambda: system.safety.state == SafetyState.STATE_TRIPPED, 5.0, 'tripped')
    answers = [
        system.call(RESET, ResetSafety.Request(confirm=confirm)).error_code
        for confirm in (False, True, True)
    ]
    assert answers == [
        ResetSafety.Response.ERROR_NOT_CONFIRMED,
        ResetSafety.Response.ERROR_NONE,
        ResetSafety.Response.ERROR_NOT_TRIPPED,
    ]
    system.wait(lambda: system.safety.state == SafetyState.STATE_PERMITTING, 10.0, 'permitting')
    system.inflate()
