"""Alarms of real processes, answered at the command line. SR-29."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

from compression_boot_msgs.srv import EmergencyStop

from compression_boot_control.nodes.interfaces import EMERGENCY_STOP

pytestmark = pytest.mark.system


@pytest.fixture
def alarms(system: Any, boots: Any) -> Iterator[Callable[..., Any]]:
    """`boots alarms` on a system that an emergency stop has tripped."""
    system.call(EMERGENCY_STOP, EmergencyStop.Request(reason='a test'))
    yield lambda *words: boots('alarms', *words, '--namespace', system.options.namespace)
    system.recover()


def stop_alarm(alarms: Callable[..., Any]) -> dict[str, Any]:
    """The alarm of the emergency stop, as a script is told of it."""
    (alarm,) = (one for one in alarms('list', '--json').json()['alarms'] if one['id'] == 'SR-01')
    return dict(alarm)


def test_SR_29_alarm_is_announced_until_it_is_answered_and_the_boots_stay_vented(
    alarms: Callable[..., Any], system: Any
) -> None:
    begun = stop_alarm(alarms)
    assert (begun['announced'], begun['acknowledged'], begun['latched']) == (True, False, True)
    assert begun['priority'] == 'high'
    assert alarms('silence', 'SR-01', '--seconds', '120').ends() == 0
    silent = stop_alarm(alarms)
    assert (silent['announced'], silent['acknowledged']) == (False, False)
    assert alarms('acknowledge', 'SR-01').ends() == 0
    seen = stop_alarm(alarms)
    assert (seen['announced'], seen['acknowledged'], seen['latched']) == (False, True, True)
    system.turn()
    assert system.open


@pytest.mark.parametrize(
    ('words', 'line'),
    [
        (('silence', 'SR-01', '--seconds', '121'), 'up to 120 s'),
        (('silence', 'SR-01', '--seconds', 'nan'), 'up to 120 s'),
        (('silence', 'SR-99'), "there is no alarm 'SR-99'"),
        (('acknowledge', 'SR-99'), "there is no alarm 'SR-99'"),
        (('acknowledge', 'SR-12'), 'is not alarmed now'),
    ],
)
def test_SR_29_answer_that_is_none_is_refused_in_one_line(
    alarms: Callable[..., Any], words: tuple[str, ...], line: str
) -> None:
    refused = alarms(*words)
    assert refused.ends() == 1
    (error,) = refused.error_lines
    assert line in error
    assert stop_alarm(alarms)['announced']
