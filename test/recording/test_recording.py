"""The recorder, the player and the views as real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

import rclpy
from compression_boot_msgs.msg import ChamberPressures, Layout
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from visualization_msgs.msg import Marker, MarkerArray

from compression_boot_control.analysis.bag_reader import open_bag
from compression_boot_control.analysis.bag_recovery import recover_bag
from compression_boot_control.analysis.replay.replay import replay_bag
from compression_boot_control.core.units import MMHG
from compression_boot_control.nodes.interfaces import LAYOUT, MARKERS, PRESSURES

pytestmark = pytest.mark.system

CONTROL = Path(__file__).resolve().parents[2] / 'src/compression_boot_control'
BAGS = CONTROL / 'test/analysis/replay/bags'
GARMENT = BAGS / 'small.yaml'
NAMESPACE = f'recording_{os.getpid()}'
NODE = [sys.executable, '-m', 'compression_boot_control.nodes']
BOOTS = CONTROL / 'bin/boots'
PATIENCE = 30.0


class Witness:
    """A node of the test, and processes that it starts."""

    def __init__(self) -> None:
        self.context = Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node('witness', namespace=NAMESPACE, context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, name: str, **parameters: Any) -> subprocess.Popen[str]:
        words = ['--ros-args', '-r', f'__ns:=/{NAMESPACE}']
        for key, value in parameters.items():
            words += ['-p', f'{key}:={value}']
        process = subprocess.Popen(
            [*NODE, name, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.processes.append(process)
        return process

    def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, 'waited too long'
            self._executor.spin_once(timeout_sec=0.01)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self._executor.remove_node(self.node)
        self.node.destroy_node()
        self.context.shutdown()


@pytest.fixture
def witness() -> Iterator[Witness]:
    running = Witness()
    yield running
    running.close()


def publish_pressures(witness: Witness, count: int, stopped: Callable[[], bool] = bool) -> int:
    """Send samples at 100 Hz or so, once somebody listens; how many."""
    publisher = witness.node.create_publisher(PRESSURES.type, PRESSURES.name, PRESSURES.qos)
    witness.until(lambda: publisher.get_subscription_count() > 0)
    for sent in range(1, count + 1):
        message = ChamberPressures(sequence=sent, name=['left_foot'], pressure=[float(sent)])
        message.header.stamp = witness.node.get_clock().now().to_msg()
        publisher.publish(message)
        due = time.monotonic() + 0.01
        witness.until(lambda due=due: time.monotonic() >= due)
        if stopped():
            return sent
    return count


def test_killed_recorder_leaves_a_bag_that_opens_and_says_what_it_lacks(
    witness: Witness, tmp_path: Path
) -> None:
    recorder = witness.start('session_recorder', bag=tmp_path / 'bag')
    sent = publish_pressures(witness, 200)
    recorder.send_signal(signal.SIGKILL)
    recorder.wait(PATIENCE)
    bag = open_bag(tmp_path / 'bag')
    assert bag.recovered
    assert any('metadata.yaml' in note for note in bag.notes)
    recorded = bag.series(f'/{NAMESPACE}/pressures')['sequence'].tolist()
    assert recorded == list(range(recorded[0], recorded[-1] + 1)), 'no gap'
    # a machine that is busy may hold the recorder up for a while before it is killed
    assert recorded[-1] > sent - 100
    recovery = recover_bag(tmp_path / 'bag')
    assert recovery.changed
    assert not open_bag(tmp_path / 'bag').recovered


def test_recorder_splits_and_each_file_has_the_whole_story(
    witness: Witness, tmp_path: Path
) -> None:
    recorder = witness.start('session_recorder', bag=tmp_path / 'bag', split_time=1.0)
    sent = publish_pressures(witness, 250)
    recorder.send_signal(signal.SIGTERM)
    assert recorder.wait(PATIENCE) == 0
    files = sorted((tmp_path / 'bag').glob('*.mcap'))
    assert len(files) > 2
    bag = open_bag(tmp_path / 'bag')
    assert not bag.recovered
    recorded = bag.series(f'/{NAMESPACE}/pressures')['sequence'].tolist()
    # the first ones may be sent before the way is there
    assert recorded[0] < 20
    assert recorded == list(range(recorded[0], sent + 1))
    assert bag.summary['missing_messages'] == '0'


def test_parameters_are_asked_once_of_nodes_that_have_them_and_of_no_others(
    witness: Witness, tmp_path: Path
) -> None:
    command = rclpy.create_node(
        'command', namespace=NAMESPACE, context=witness.context, start_parameter_services=False
    )
    recorder = witness.start('session_recorder', bag=tmp_path / 'bag')
    # long enough for the recorder to look round several times
    publish_pressures(witness, 400)
    clients = witness.node.get_client_names_and_types_by_node('session_recorder', f'/{NAMESPACE}')
    command.destroy_node()
    recorder.send_signal(signal.SIGTERM)
    assert recorder.wait(PATIENCE) == 0
    asked = [name.rsplit('/', 2)[1] for name, _ in clients if name.endswith('/list_parameters')]
    assert sorted(asked) == ['session_recorder', 'witness']
    events = open_bag(tmp_path / 'bag').series('/parameter_events')
    assert events['node'].tolist().count(f'/{NAMESPACE}/witness') == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / 'disk'
    disk.mkdir()
    options = ['mount', '-t', 'tmpfs', '-o', 'size=16400k', 'tmpfs', str(disk)]
    if subprocess.run(options, check=False, capture_output=True).returncode:
        pytest.skip('needs the right to mount a small disk')
    yield disk
    subprocess.run(['umount', str(disk)], check=True)


def test_full_disk_ends_the_recorder_with_one_line_and_a_whole_bag(
    witness: Witness, small_disk: Path
) -> None:
    recorder = witness.start('session_recorder', bag=small_disk / 'bag')
    publish_pressures(witness, 3000, lambda: recorder.poll() is not None)
    assert recorder.wait(PATIENCE) == 1
    assert recorder.stderr is not None
    errors = [line for line in recorder.stderr if line.startswith('error:')]
    assert len(errors) == 1
    assert 'disk is full' in errors[0]
    assert not open_bag(small_disk / 'bag').recovered


def test_live_replay_of_a_reference_bag_decides_the_same(tmp_path: Path) -> None:
    answer = tmp_path / 'answer'
    command = [sys.executable, str(BOOTS), 'replay', str(BAGS / 'emergency_stop'), '--live']
    options = ['--garment', str(GARMENT), '--record', str(answer), '--namespace', NAMESPACE]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, timeout=90.0, check=False
    )
    assert done.returncode == 0, done.stderr
    tripped = [
        changes(open_bag(bag), topic)
        for bag, topic in (
            (BAGS / 'emergency_stop', '/boots/safety/state'),
            (answer, f'/{NAMESPACE}/safety/state'),
        )
    ]
    assert 4 in tripped[0]
    assert tripped[0] == tripped[1]
    again = replay_bag(answer, garment=str(GARMENT))
    assert again.same, again.topics


def changes(bag: Any, topic: str) -> list[int]:
    """States of the supervisor after its first permission, each once."""
    states = bag.series(topic)['state'].tolist()
    states = states[states.index(1) :]
    kept = [now for before, now in zip([None, *states], states, strict=False) if now != before]
    # the bag ends when the player does, and silence vents
    return kept[: kept.index(4) + 2]


def test_player_refuses_where_somebody_sends_readings(witness: Witness) -> None:
    from compression_boot_control.nodes.interfaces import MANIFOLD_STATE

    witness.node.create_publisher(MANIFOLD_STATE.type, MANIFOLD_STATE.name, MANIFOLD_STATE.qos)
    player = witness.start('bag_player', bag=BAGS / 'normal')
    assert player.wait(PATIENCE) == 1
    assert player.stderr is not None
    assert 'a manifold runs in' in player.stderr.read()


def test_views_show_what_is_known_and_nothing_else(witness: Witness) -> None:
    seen: list[MarkerArray] = []
    witness.node.create_subscription(MARKERS.type, MARKERS.name, seen.append, MARKERS.qos)
    layout = witness.node.create_publisher(LAYOUT.type, LAYOUT.name, LAYOUT.qos)
    layout.publish(
        Layout(
            name=['left_foot', 'left_calf'],
            leg=['left', 'left'],
            zone=['foot', 'calf'],
            zone_order=['foot', 'calf'],
            rest_volume=[6e-4, 12e-4],
            compliance=[9e-9, 19e-9],
        )
    )
    witness.start('leg_markers', posture='seated')
    pressures = witness.node.create_publisher(PRESSURES.type, PRESSURES.name, PRESSURES.qos)

    def labels() -> list[str]:
        if not seen:
            return []
        return [marker.text for marker in seen[-1].markers if marker.ns == 'pressure']

    witness.until(lambda: labels() == ['?', '?'])

    def told() -> bool:
        pressures.publish(ChamberPressures(name=['left_foot'], pressure=[40.0 * MMHG], sequence=1))
        return labels() == ['40', '?']

    witness.until(told)
    tubes = [marker for marker in seen[-1].markers if marker.type == Marker.CYLINDER]
    assert len(tubes) == 2
    for marker in tubes:
        turned = marker.pose.orientation
        assert turned.x**2 + turned.y**2 + turned.z**2 + turned.w**2 == pytest.approx(1.0)
        assert 0.0 < marker.scale.x < 0.5
        assert 0.0 < marker.scale.z < 1.0
        assert marker.lifetime.sec > 0, 'it vanishes when the node does'
    witness.until(lambda: labels() == ['(40)', '?'])
    witness.until(lambda: labels() == ['?', '?'])
