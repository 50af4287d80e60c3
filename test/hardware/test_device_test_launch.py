"""The launch file of the device test: it tests, reports, and ends."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

NOT_THERE = 'the launch system is not installed: it comes with ROS 2, and is not on PyPI'
for module in ('launch_ros', 'ros2launch'):
    pytest.importorskip(module, reason=NOT_THERE)

LAUNCH_FILE = Path(__file__).resolve().parents[2] / 'launch' / 'device_test.launch.py'
NAMESPACE = f'launched_test_{os.getpid()}'

pytestmark = pytest.mark.system


def launched(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ['ros2', 'launch', str(LAUNCH_FILE), f'namespace:={NAMESPACE}', *arguments],
        capture_output=True,
        text=True,
        timeout=100.0,
        check=False,
    )


def test_it_tests_the_simulated_boots_and_writes_the_report(tmp_path: Path) -> None:
    run = launched(f'junit:={tmp_path / "report.xml"}')
    assert 'PASS: ' in run.stdout
    suite = ElementTree.fromstring((tmp_path / 'report.xml').read_text())
    assert suite.get('failures') == '0'


def test_a_device_that_is_not_there_is_named() -> None:
    run = launched('backend:=modbus-tcp', 'port:=1')
    assert 'nobody answers' in run.stdout + run.stderr
