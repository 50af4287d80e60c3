"""`boots tune` on an emulated device, in real time: whatever ends it leaves the device vented."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from compression_boot_control.core.units import LITRE
from compression_boot_control.hardware.garment_file import load_garment

pytestmark = pytest.mark.system

HERE = ('--namespace', f'test_{os.getpid()}')

PATIENCE = 60.0

DEADLINE = 3.0
"""Longest time to a device that vents, on a machine that is busy with other things [s]."""

FOOT = """\
format: 1
name: foot
description: One sleeve of one zone, soon filled
pump: {free_flow_l_per_min: 25, shut_off_mmhg: 400}
supply: {volume_l: 0.1, relief_mmhg: 145}
legs: [left]
zones:
  - {name: foot, rest_volume_l: 0.4, compliance_ml_per_mmhg: 1.2}
"""


@pytest.fixture(scope='module')
def garment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('garment') / 'foot.yaml'
    path.write_text(FOOT)
    return path


@pytest.fixture(scope='module')
def device(emulate: Any, garment: Path) -> Any:
    return emulate('modbus-tcp', '--garment', str(garment))


def pressure(device: Any) -> float:
    """What is in its only chamber [mmHg]."""
    return float(device.type('state').split()[-1])


def tuning(device: Any, start: Any, garment: Path) -> Any:
    """Start a `boots tune`, and wait until its chamber is under pressure."""
    run = start('tune', *device.words, '--garment', str(garment), *HERE)
    deadline = time.monotonic() + PATIENCE
    while pressure(device) < 12.0:
        assert run.process.poll() is None, run.errors
        assert time.monotonic() < deadline, 'nothing is filled'
        time.sleep(0.1)
    return run


def test_a_device_is_measured_in_real_time(
    device: Any, boots: Any, garment: Path, tmp_path: Path
) -> None:
    words = (*device.words, '--garment', str(garment), '--output', str(tmp_path / 'mine.yaml'))
    run = boots('tune', *words, '--json', *HERE)
    assert run.process.returncode == 0, run.errors
    (chamber,) = run.json()['chambers']
    rest_volume = load_garment(garment).rest_volume[0] / LITRE
    assert chamber['rest_volume_l'] == pytest.approx(rest_volume, rel=0.05)
    device.until_vented(DEADLINE)


def test_ctrl_c_vents_and_writes_nothing(
    device: Any, start: Any, garment: Path, tmp_path: Path
) -> None:
    run = tuning(device, start, garment)
    run.signal(signal.SIGINT)
    assert run.ends() == 1
    (line,) = run.error_lines
    assert 'nothing is written: ended on request, and vented' in line
    assert run.left_over() == []
    assert not list(tmp_path.glob('*.yaml'))
    device.until_vented(DEADLINE)


@pytest.mark.parametrize('node', ['tuner', 'safety_supervisor', 'manifold'])
def test_node_that_is_killed_under_pressure_leaves_a_vented_device(
    device: Any, start: Any, garment: Path, node: str
) -> None:
    run = tuning(device, start, garment)
    run.node(node).kill()
    device.until_vented(DEADLINE)
    assert run.ends() == 1
    (line,) = run.error_lines
    assert f'nothing is written: {node} was killed by SIGKILL' in line
    assert run.left_over() == []


def test_command_that_is_killed_under_pressure_leaves_a_vented_device(
    device: Any, start: Any, garment: Path
) -> None:
    run = tuning(device, start, garment)
    run.signal(signal.SIGKILL)
    device.until_vented(DEADLINE)
    run.ends()
    assert run.left_over() == []


def test_hose_that_comes_off_ends_with_the_hazard_and_its_advice(
    device: Any, start: Any, garment: Path
) -> None:
    run = start('tune', *device.words, '--garment', str(garment), *HERE)
    run.says('chamber 1 of 1')
    device.type('hose_burst@left_foot')
    assert run.ends() == 1
    device.type('clear')
    (line,) = run.error_lines
    assert 'nothing is written: SR-11: a chamber does not inflate (left foot); check the' in line
    device.until_vented(DEADLINE)
