"""`boots demo`: from nothing to bag, picture and summary; and every way to end it early."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rosbags.highlevel import AnyReader

from compression_boot_control.analysis.session_summary import summarize_bag
from compression_boot_control.cli.client_ros import BootsClient
from compression_boot_control.core.units import MMHG

pytestmark = pytest.mark.system

PATIENCE = 60.0
AGREEMENT = 2.0
"""Between the plateaus of a session through all nodes and of one that is stepped [mmHg]."""
NAMESPACE = f'demo_{os.getpid()}'
DEMO = ('demo', '--speed', '50', '--keep', 'kept', '--namespace', NAMESPACE)


def wait_for_pressure() -> None:
    with BootsClient(NAMESPACE) as client:

        def under_pressure() -> bool:
            session = client.session
            return session is not None and any(p > 10.0 * MMHG for p in session.pressure.values())

        assert client.wait_until(under_pressure, PATIENCE)


def test_demo_leaves_bag_picture_and_summary(boots: Any, tmp_path: Path) -> None:
    demo = boots(*DEMO, '--protocol', 'demonstration', '--minutes', '0.3', '--seed', '3')
    assert demo.process.returncode == 0, demo.errors
    assert demo.left_over() == []
    kept = tmp_path / 'kept'
    assert (kept / 'session.png').read_bytes().startswith(b'\x89PNG')
    assert 'left foot' in (kept / 'summary.txt').read_text()
    assert 'Session 1: demonstration' in (kept / 'report.html').read_text()
    summary = json.loads((kept / 'summary.json').read_text())
    assert summary['vented_at_end']
    assert summary['alarms'] == []
    assert len(summary['chambers']) == 10
    assert summary == json.loads(json.dumps(summarize_bag(kept / 'bag').to_json()))
    assert 'kept/' in demo.output
    assert 'boots up' in demo.output
    again = boots(*DEMO)
    assert again.process.returncode == 2
    assert len(again.error_lines) == 1


def test_bag_of_a_demo_is_read_whole_by_the_libraries_that_others_use(
    boots: Any, tmp_path: Path
) -> None:
    demo = boots(*DEMO, '--protocol', 'demonstration', '--minutes', '0.3')
    assert demo.process.returncode == 0, demo.errors
    bag = tmp_path / 'kept/bag'
    by_rosbags: Counter[str] = Counter()
    with AnyReader([bag]) as reader:
        for connection, _, data in reader.messages():
            reader.deserialize(data, connection.msgtype)
            by_rosbags[connection.topic] += 1
    by_mcap: Counter[str] = Counter()
    decoders = DecoderFactory()
    for file in sorted(bag.glob('*.mcap')):
        with file.open('rb') as stream:
            for schema, channel, message in make_reader(stream).iter_messages():
                # mcap_ros2 refuses the names of types that an action or a service implies
                if '/msg/' in schema.name:
                    decoders.decoder_for(channel.message_encoding, schema)(message.data)
                by_mcap[channel.topic] += 1
    assert by_rosbags == by_mcap
    assert by_rosbags[f'/{NAMESPACE}/pressures'] > 1000
    assert by_rosbags['/parameter_events'] > 0


def test_demo_agrees_with_the_simulation_without_ros(boots: Any, tmp_path: Path) -> None:
    session = ('--seed', '3')
    assert boots(*DEMO, '--protocol', 'demonstration', *session).process.returncode == 0
    recorded = json.loads((tmp_path / 'kept/summary.json').read_text())
    simulated = boots('simulate', 'demonstration', *session, '--json').json()

    def plateaus(summary: Any) -> dict[str, float]:
        # the targets are the same, so what differs between plateaus is how far they are from them
        return {chamber['name']: chamber['steady_bias_mmhg'] for chamber in summary['chambers']}

    assert plateaus(recorded) == pytest.approx(plateaus(simulated), abs=AGREEMENT)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_interrupted_demo_ends_vented(start: Any, tmp_path: Path, number: signal.Signals) -> None:
    demo = start(*DEMO)
    wait_for_pressure()
    demo.signal(number)
    assert demo.ends() == 1
    assert demo.left_over() == []
    assert len(demo.error_lines) == 1
    assert demo.error_lines[0].startswith('error: cancelled: both legs were vented')
    assert summarize_bag(tmp_path / 'kept/bag').vented_at_end


def test_demo_interrupted_while_it_starts(start: Any) -> None:
    demo = start(*DEMO)
    demo.node('sequence_planner')
    demo.signal(signal.SIGINT)
    assert demo.ends() == 1
    assert demo.error_lines == ['error: interrupted before the session began']
    assert demo.left_over() == []


@pytest.mark.parametrize('name', ['sequence_planner', 'manifold', 'session_recorder'])
def test_demo_that_loses_a_node_names_it(start: Any, name: str) -> None:
    demo = start(*DEMO)
    wait_for_pressure()
    demo.node(name).kill()
    assert demo.ends() == 1
    assert len(demo.error_lines) == 1
    assert demo.error_lines[0].startswith(f'error: {name} was killed by SIGKILL; the ')
    assert 'kept/nodes.log' in demo.error_lines[0]
    assert demo.left_over() == []
