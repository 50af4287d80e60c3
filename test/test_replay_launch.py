"""The launch file of the replay plays a bag to its end, and shuts down whole."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import psutil
import pytest

NOT_THERE = 'the launch system is not installed: it comes with ROS 2, and is not on PyPI'
for module in ('launch_pytest', 'launch_ros', 'ros2launch'):
    pytest.importorskip(module, reason=NOT_THERE)

import launch_pytest  # noqa: E402
from launch import LaunchDescription  # noqa: E402
from launch.actions import IncludeLaunchDescription  # noqa: E402
from launch.launch_description_sources import PythonLaunchDescriptionSource  # noqa: E402
from launch_pytest.actions import ReadyToTest  # noqa: E402

from compression_boot_control.analysis.bag_reader import open_bag  # noqa: E402
from compression_boot_control.cli.client_ros import BootsClient  # noqa: E402
from compression_boot_control.system import PLAYER, REPLAYED, VIEWS  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
LAUNCH_FILE = ROOT / 'launch' / 'replay.launch.py'
BAGS = ROOT / 'src/compression_boot_control/test/analysis/replay/bags'
BAG, GARMENT = str(BAGS / 'emergency_stop'), str(BAGS / 'small.yaml')
NAMESPACE = f'replayed_{os.getpid()}'
PATIENCE = 60.0

pytestmark = pytest.mark.system


@launch_pytest.fixture
def replay() -> LaunchDescription:
    arguments = {'bag': BAG, 'garment': GARMENT, 'namespace': NAMESPACE}
    source = PythonLaunchDescriptionSource(str(LAUNCH_FILE))
    included = IncludeLaunchDescription(source, launch_arguments=arguments.items())
    return LaunchDescription([included, ReadyToTest()])


@pytest.mark.launch(fixture=replay)
def test_all_that_decide_are_started_and_nothing_that_could_move_a_valve() -> None:
    expected = {PLAYER, *REPLAYED}
    with BootsClient(NAMESPACE) as client:
        assert client.wait_until(
            lambda: {node.name for node in client.nodes()} == expected, PATIENCE
        )


def launched(*arguments: str, bag: str = BAG) -> subprocess.Popen[str]:
    usual = [f'bag:={bag}', f'garment:={GARMENT}', f'namespace:={NAMESPACE}']
    return subprocess.Popen(
        ['ros2', 'launch', str(LAUNCH_FILE), *usual, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def started_node(process: subprocess.Popen[str], name: str) -> psutil.Process:
    """Wait until a node is started."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for child in psutil.Process(process.pid).children():
            if name in {Path(word).name for word in child.cmdline()}:
                return child
        time.sleep(0.05)
    raise AssertionError(f'{name} is not started')


def test_it_ends_with_the_bag_and_the_answers_are_recorded(tmp_path: Path) -> None:
    process = launched(f'record:={tmp_path / "answer"}', 'rate:=2')
    try:
        output, _ = process.communicate(timeout=PATIENCE)
        assert 'bag_player has ended' in output
        bag = open_bag(tmp_path / 'answer')
        assert not bag.recovered, 'the recorder was ended before the bag was closed'
        tripped = 4
        assert tripped in bag.series(f'/{NAMESPACE}/safety/state')['state']
    finally:
        process.kill()


def test_it_goes_on_without_its_view() -> None:
    process = launched('views:=true')
    try:
        started_node(process, VIEWS).kill()
        output, _ = process.communicate(timeout=PATIENCE)
        assert f'{VIEWS} has ended: the others go on without it' in output
        assert 'bag_player has ended: shutting down' in output
    finally:
        process.kill()


def test_bag_that_is_not_there_is_one_line() -> None:
    process = launched(bag='nowhere')
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert 'there is no bag' in output
    assert 'Traceback' not in output
