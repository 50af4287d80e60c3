"""The launch file starts a system that runs a session, and shuts down whole."""

from __future__ import annotations

import os
import signal
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

from compression_boot_control.cli.client_ros import BootsClient  # noqa: E402
from compression_boot_control.cli.interruption import Interruption  # noqa: E402
from compression_boot_control.cli.session_run import run_session  # noqa: E402
from compression_boot_control.cli.views import SessionRequest  # noqa: E402
from compression_boot_control.system import EXECUTABLES  # noqa: E402

LAUNCH_FILE = Path(__file__).resolve().parents[1] / 'launch' / 'boots.launch.py'
READY_TIME = 60.0
NAMESPACE = f'launched_{os.getpid()}'

pytestmark = pytest.mark.system


@launch_pytest.fixture
def system() -> LaunchDescription:
    arguments = {'namespace': NAMESPACE, 'speed': '20', 'record': 'false', 'log_level': 'error'}
    source = PythonLaunchDescriptionSource(str(LAUNCH_FILE))
    included = IncludeLaunchDescription(source, launch_arguments=arguments.items())
    return LaunchDescription([included, ReadyToTest()])


@pytest.mark.launch(fixture=system)
def test_launched_system_runs_a_session() -> None:
    with BootsClient(NAMESPACE) as client:
        assert client.wait_until(lambda: client.ready, READY_TIME)
        request = SessionRequest('demonstration', minutes=0.2, bench=True)
        result = run_session(client, request, Interruption(), lambda: None)
        names = {node.name for node in client.nodes()}
    assert (result.error_code, result.vented) == (0, True)
    assert names == set(EXECUTABLES)


def launched(*arguments: str, without: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    usual = [f'namespace:={NAMESPACE}', 'record:=false']
    return subprocess.Popen(
        ['ros2', 'launch', str(LAUNCH_FILE), *usual, *arguments],
        env={name: value for name, value in os.environ.items() if name not in without},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def nodes_of(process: subprocess.Popen[str]) -> dict[str, psutil.Process]:
    """Wait until all nodes are started; by name."""
    deadline = time.monotonic() + 30.0
    found: dict[str, psutil.Process] = {}
    while len(found) < len(EXECUTABLES) and time.monotonic() < deadline:
        for child in psutil.Process(process.pid).children():
            called = {Path(word).name for word in child.cmdline()}
            found |= {name: child for name in EXECUTABLES if name in called}
        time.sleep(0.1)
    return found


@pytest.mark.parametrize('how', ['interrupted', 'node_killed', 'launch_killed'])
def test_nothing_is_left_when_a_launched_system_ends(how: str) -> None:
    process = launched('speed:=20')
    try:
        nodes = nodes_of(process)
        assert set(nodes) == set(EXECUTABLES)
        with BootsClient(NAMESPACE) as client:
            assert client.wait_until(lambda: client.ready, READY_TIME)
        if how == 'interrupted':
            process.send_signal(signal.SIGINT)
        elif how == 'node_killed':
            nodes['chamber_control'].kill()
        else:
            process.kill()
        output, _ = process.communicate(timeout=30.0)
        _, alive = psutil.wait_procs(list(nodes.values()), timeout=10.0)
        assert not alive, output
        if how == 'node_killed':
            assert 'chamber_control has ended' in output
    finally:
        process.kill()


def test_nodes_stay_on_this_machine_without_env_sh() -> None:
    process = launched(without=('FASTRTPS_DEFAULT_PROFILES_FILE', 'ROS_AUTOMATIC_DISCOVERY_RANGE'))
    try:
        profiles = {
            node.environ().get('FASTRTPS_DEFAULT_PROFILES_FILE', '')
            for node in nodes_of(process).values()
        }
        assert [Path(profile).name for profile in profiles] == ['fastdds_loopback.xml']
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30.0)
        process.kill()


def test_wrong_argument_is_named() -> None:
    process = launched('speed:=fast')
    output, _ = process.communicate(timeout=30.0)
    assert 'speed:=fast is not a number' in output
    assert process.returncode == 1


def test_arguments_are_listed() -> None:
    output = subprocess.run(
        ['ros2', 'launch', str(LAUNCH_FILE), '--show-args'],
        capture_output=True,
        text=True,
        timeout=30.0,
        check=True,
    ).stdout
    for name in ('backend', 'hardware', 'host', 'port', 'calibration', 'garment', 'namespace'):
        assert f"'{name}'" in output
    for name in ('record', 'views', 'speed', 'seed', 'log_level'):
        assert f"'{name}'" in output
