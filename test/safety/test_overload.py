"""A machine without time, memory or room on its disk: SR-07 and SR-26."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.nodes.interfaces import MANIFOLD_STATE, PRESSURES, REQUESTED
from evidence.impostor import Impostor

pytestmark = pytest.mark.system

BOOTS = Path(__file__).resolve().parents[2] / 'src/compression_boot_control/bin/boots'
BUSY_PER_CORE = 3


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Load every core several times over."""
    burn = [sys.executable, '-c', 'while True: pass']
    count = BUSY_PER_CORE * (os.cpu_count() or 1)
    burners = [subprocess.Popen(burn) for _ in range(count)]
    yield
    for burner in burners:
        burner.kill()
        burner.wait()


def bounded(system: Any) -> bool:
    return max(sample.highest for sample in system.samples) < HARD_LIMITS.over_pressure


def test_SR_26_loaded_machine_still_vents_when_a_node_hangs(
    system: Any, assert_in_time: Callable[..., None], busy_machine: None
) -> None:
    def hang() -> Any:
        # with other programs on all cores it may take its time to get under pressure
        system.fleet.revive()
        system.inflate(100.0)
        return system.reaction(lambda: system.fleet.signal('chamber_control', signal.SIGSTOP))

    assert_in_time(hang)
    assert bounded(system)


def test_SR_07_machine_that_has_time_again_gives_a_system_that_runs_again(system: Any) -> None:
    system.recover()
    system.inflate()


@pytest.mark.parametrize(
    ('name', 'topic'),
    [
        ('safety_supervisor', REQUESTED),
        ('chamber_control', PRESSURES),
        ('pressure_sensing', MANIFOLD_STATE),
    ],
)
def test_SR_26_node_without_memory_leaves_the_boots_vented(
    system: Any, name: str, topic: Any
) -> None:
    system.inflate()
    process = psutil.Process(system.fleet.process(name))
    full = process.memory_info().vms
    resource.prlimit(process.pid, resource.RLIMIT_AS, (full, full))
    with Impostor(system.node, topic, list(system.state.name)) as impostor:
        # an impostor makes the node want more; it vents by itself, so what is to be seen is that
        # the boots stay vented or go on as they should, but for no moment without a supervisor
        end = time.monotonic() + 2.0
        while time.monotonic() < end:
            impostor.lie('too many chambers')
            system.turn()
    assert system.samples[-1].open
    assert bounded(system)
    if system.fleet.running(name):
        system.fleet.signal(name, signal.SIGKILL)
    system.recover()
    system.inflate()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with hardly any room."""
    if os.geteuid() != 0:
        pytest.skip('a file system of its own needs root: run it with sudo, or as root')
    folder = tmp_path / 'disk'
    folder.mkdir()
    made = subprocess.run(
        ['mount', '-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f'no file system can be mounted here: {made.stderr.strip()}')
    yield folder
    subprocess.run(['umount', str(folder)], check=True)


def test_SR_26_full_disk_under_the_recorder_ends_the_system_vented_with_one_line(
    stage: Any, full_disk: Path, tmp_path: Path
) -> None:
    stage.clear()
    up = subprocess.Popen(
        [sys.executable, str(BOOTS), 'up', '--namespace', 'evidence_disk', '--record'],
        cwd=full_disk,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = up.communicate(timeout=90.0)
    finally:
        up.kill()
    assert up.returncode == 1
    lines = [line for line in (output + errors).splitlines() if 'error:' in line]
    assert any('the disk is full' in line for line in lines), output + errors
    assert 'Traceback' not in output + errors
