"""`boots tune` on an emulated device, in real time: whatever ends it leaves the device vented."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compression_boot_control.core.units import LITRE
from compression_boot_control.hardware.garment_file import load_garment

pytestmark = pytest.mark.system

HERE = ('--namespace', f'test_{os.getpid()}')

DEADLINE = 3.0
"""Longest time to a device that vents, on a machine that is busy with other things [s]."""


def test_a_device_is_measured_in_real_time(
    foot_device: Any, boots: Any, foot_garment: Path, tmp_path: Path
) -> None:
    words = (
        *foot_device.words,
        '--garment',
        str(foot_garment),
        '--output',
        str(tmp_path / 'mine.yaml'),
    )
    run = boots('tune', *words, '--json', *HERE)
    assert run.process.returncode == 0, run.errors
    (chamber,) = run.json()['chambers']
    rest_volume = load_garment(foot_garment).rest_volume[0] / LITRE
    assert chamber['rest_volume_l'] == pytest.approx(rest_volume, rel=0.05)
    foot_device.until_vented(DEADLINE)


def test_ctrl_c_vents_and_writes_nothing(
    foot_device: Any, tuning: Callable[[], Any], tmp_path: Path
) -> None:
    run = tuning()
    run.signal(signal.SIGINT)
    assert run.ends() == 1
    (line,) = run.error_lines
    assert 'nothing is written: ended on request, and vented' in line
    assert run.left_over() == []
    assert not list(tmp_path.glob('*.yaml'))
    foot_device.until_vented(DEADLINE)


def test_hose_that_comes_off_ends_with_the_hazard_and_its_advice(
    foot_device: Any, start: Any, foot_garment: Path
) -> None:
    run = start('tune', *foot_device.words, '--garment', str(foot_garment), *HERE)
    run.says('chamber 1 of 1')
    foot_device.type('hose_burst@left_foot')
    assert run.ends() == 1
    foot_device.type('clear')
    (line,) = run.error_lines
    assert 'nothing is written: SR-11: a chamber does not inflate (left foot); check the' in line
    foot_device.until_vented(DEADLINE)
