"""Somebody else on every topic: SR-18, SR-24 and SR-25.

Garbage, numbers that are none or huge, chambers reordered or too many, old messages once more,
floods, and bytes that are no message at all.
"""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.nodes.interfaces import (
    LAYOUT,
    MANIFOLD_STATE,
    PERMITTED,
    PRESSURES,
    REQUESTED,
    SAFETY_STATE,
    SESSION_STATE,
    SETPOINTS,
    Topic,
)
from evidence.impostor import LIES, Impostor

pytestmark = pytest.mark.system

PATH = (MANIFOLD_STATE, PRESSURES, SETPOINTS, REQUESTED, PERMITTED)
"""From sensor to valve: nobody else may send there."""

REPORTS = (LAYOUT, SAFETY_STATE, SESSION_STATE)
"""What is only told; no valve moves by it."""

LASTS = 1.0
"""Time for which the impostor goes on [s]."""


SAMPLES = 20
"""So many must be heard besides the flood."""


def name_of(topic: Topic) -> str:
    return topic.name.replace('/', ' ')


def everything(impostor: Impostor, old: Any) -> None:
    """Send one of each lie, an old message, and bytes that are none."""
    for kind in LIES:
        impostor.lie(kind)
    if old is not None:
        impostor.replay(old)
    impostor.babble()


def assert_bounded(system: Any) -> None:
    assert max(sample.highest for sample in system.samples) < HARD_LIMITS.over_pressure
    ended = [name for name in system.fleet.names if not system.fleet.running(name)]
    assert ended == []


@pytest.mark.parametrize('topic', PATH, ids=name_of)
def test_SR_18_SR_24_second_sender_on_the_way_to_the_valves_vents_whatever_it_sends(
    system: Any, topic: Topic
) -> None:
    system.inflate()
    names = list(system.state.name)
    old = system.state if topic is MANIFOLD_STATE else None
    with Impostor(system.node, topic, names) as impostor:
        system.reaction(lambda: None, lambda: everything(impostor, old))
        system.wait(lambda: 'SR-18' in system.alarms, 5.0, 'the alarm of a second sender')
        system.samples.clear()
        end = time.monotonic() + LASTS
        while time.monotonic() < end:
            everything(impostor, old)
            impostor.flood()
            system.turn()
        system.wait(lambda: len(system.samples) > SAMPLES, 10.0, 'samples of the manifold')
        assert all(sample.open for sample in system.samples)
        assert_bounded(system)
    system.recover()
    system.inflate()


@pytest.mark.parametrize('topic', REPORTS, ids=name_of)
def test_SR_24_lies_about_the_state_move_no_valve_beyond_its_limits(
    system: Any, topic: Topic
) -> None:
    system.inflate()
    with Impostor(system.node, topic, list(system.state.name)) as impostor:
        end = time.monotonic() + LASTS
        while time.monotonic() < end:
            everything(impostor, None)
            system.turn()
        assert_bounded(system)
    # what was told once and believed stays with the planner: it must be started again
    system.fleet.signal('sequence_planner', signal.SIGKILL)
    system.recover()
