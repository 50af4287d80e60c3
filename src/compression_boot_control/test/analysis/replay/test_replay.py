"""Reference bags, recorded by the real nodes, are decided again as they were.

A test here that fails says that a decision has changed. If that is meant, record the bags anew with
``python tools/record_reference_bags.py``, and say why in the commit.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from compression_boot_control.analysis.bag_reader import open_bag
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.replay.comparison import Verdict, compared_verdicts
from compression_boot_control.analysis.replay.loop_laws import compiled, interpreted
from compression_boot_control.analysis.replay.played_messages import played_bag
from compression_boot_control.analysis.replay.replay import replay_bag
from compression_boot_control.cli.main import main
from compression_boot_control.core.safety.hazards import EMERGENCY_STOP, KINK, SENSOR_RATE
from compression_boot_control.core.safety.supervisor import SafetyStatus

BAGS = Path(__file__).parent / 'bags'
GARMENT = str(BAGS / 'small.yaml')
NAMES = ('normal', 'kink', 'emergency_stop')


def replayed(name: str, **changes):
    return replay_bag(BAGS / name, garment=GARMENT, **changes)


def summary(found) -> list[str]:
    return [str(difference) for topic in found.topics for difference in topic.differences]


@pytest.mark.parametrize('name', NAMES)
def test_reference_bag_is_decided_as_it_was(name: str) -> None:
    found = replayed(name)
    assert summary(found) == []
    assert found.same
    compared = {topic.topic: topic.count for topic in found.topics}
    assert compared['pressures'] > 40
    assert compared['valves/requested'] > 100
    assert compared['valves/permitted'] > 40


def test_kink_and_emergency_stop_are_in_the_reference_bags() -> None:
    """Otherwise the test above would prove nothing of them."""
    alarms = {}
    for name in NAMES:
        bag = open_bag(BAGS / name)
        told = bag.series('/boots/safety/state')['alarms']
        alarms[name] = {alarm['id'] for row in told for alarm in row}
    assert alarms['normal'] == set()
    assert alarms['kink'] & {KINK.id, SENSOR_RATE.id}, 'hardly any air fills it, or at a jump'
    assert EMERGENCY_STOP.id in alarms['emergency_stop']


def test_replay_gives_the_same_bits_each_time() -> None:
    assert replayed('kink').digest == replayed('kink').digest


def test_digest_tells_another_decision_of_each_node() -> None:
    tried = [
        {},
        {'pressure_sensing': {'filter_time': 0.1}},
        {'chamber_control': {'kp': 6.0}},
        {'safety_supervisor': {'over_pressure': 2000.0}},
    ]
    digests = {replayed('normal', parameters=each).digest for each in tried}
    assert len(digests) == len(tried)


@pytest.mark.timeout(600)  # the first run compiles
@pytest.mark.parametrize('name', NAMES)
def test_compiled_laws_decide_as_the_interpreted_ones_to_the_last_bit(name: str) -> None:
    """Sensing, control and supervisor, as the nodes call them and as long recordings need them."""
    assert replayed(name, laws=compiled()).digest == replayed(name, laws=interpreted()).digest


@pytest.mark.parametrize(
    ('node', 'parameter', 'value', 'topic'),
    [
        ('chamber_control', 'kp', 6.0, 'valves/requested'),
        ('pressure_sensing', 'filter_time', 0.1, 'pressures'),
        ('safety_supervisor', 'over_pressure', 2000.0, 'safety/state'),
    ],
)
def test_another_gain_filter_or_limit_is_found(
    node: str, parameter: str, value: float, topic: str
) -> None:
    found = replayed('normal', parameters={node: {parameter: value}})
    assert not found.same
    assert topic in {each.topic for each in found.topics if each.differences}


def test_limit_that_would_loosen_is_refused() -> None:
    with pytest.raises(ValueError, match='may only be tightened'):
        replayed('normal', parameters={'safety_supervisor': {'over_pressure': 1e6}})


def test_bag_of_another_garment_is_refused() -> None:
    with pytest.raises(BagError, match='not those of the garment'):
        replay_bag(BAGS / 'normal', garment='five_zone')


def test_command_ends_with_0_where_all_is_the_same_and_1_where_not(tmp_path: Path, capsys) -> None:
    arguments = ['replay', str(BAGS / 'normal'), '--garment', GARMENT, '--json']
    assert main(arguments) == 0
    document = json.loads(capsys.readouterr().out)
    assert document['ok'] is True
    assert document['differences'] == []
    tried = tmp_path / 'tried.yaml'
    tried.write_text('chamber_control:\n  ros__parameters:\n    kp: 6.0\n')
    assert main([*arguments, '--parameters', str(tried)]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document['ok'] is False
    assert {'node', 'topic', 'chamber', 'start', 'recorded', 'now'} <= set(
        document['differences'][0]
    )


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['nowhere'], 'there is no bag'),
        (['nowhere', '--live', '--garment', GARMENT], 'there is no bag'),
        ([str(BAGS / 'normal'), '--garment', 'six_zone'], 'not those of the garment'),
        ([str(BAGS / 'normal'), '--garment', GARMENT, '--parameters', 'none.yaml'], 'no such file'),
    ],
)
def test_wrong_use_ends_with_2_and_one_line(words: list[str], said: str, capsys) -> None:
    assert main(['replay', *words]) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert errors.count('\n') == 1


def test_what_is_played_is_raw_and_in_order() -> None:
    played = played_bag(
        open_bag(BAGS / 'emergency_stop'), ('layout', 'manifold/state', 'setpoints')
    )
    times = [message.after for message in played.messages]
    assert times == sorted(times)
    names = [message.name for message in played.messages]
    assert set(names) == {'layout', 'manifold/state', 'setpoints', 'emergency_stop', 'safety/reset'}
    assert names.count('emergency_stop') == 1


def test_verdict_that_comes_a_little_later_is_the_same() -> None:
    nobody: frozenset[str] = frozenset()
    then = [Verdict(0.0, 1, nobody, nobody), Verdict(5.0, 3, frozenset({'a'}), nobody)]
    for shift, differs in ((0.05, False), (0.2, True)):
        now = [then[0], replace(then[1], time=5.0 + shift)]
        found = compared_verdicts(
            ('a',), then, now, (1.0, 9.0), 0.1, lambda state: SafetyStatus(state).name
        )
        assert bool(found.differences) == differs
