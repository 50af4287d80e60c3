"""`boots device-test` on real processes: reports, progress, abort, and what it cannot open."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

pytestmark = pytest.mark.system

NAMESPACE = f'test_{os.getpid()}'
HERE = ('--namespace', NAMESPACE)

SMALL = """\
format: 1
name: small
description: One sleeve of two zones, quick to fill
pump: {free_flow_l_per_min: 25, shut_off_mmhg: 400}
supply: {volume_l: 0.1, relief_mmhg: 145}
legs: [left]
zones:
  - {name: foot, rest_volume_l: 0.6, compliance_ml_per_mmhg: 1.2}
  - {name: calf, rest_volume_l: 0.9, compliance_ml_per_mmhg: 2.0}
"""


def test_a_test_in_simulated_time_gives_table_json_junit_and_page(
    boots: Any, tmp_path: Path
) -> None:
    page, junit = tmp_path / 'report.html', tmp_path / 'report.xml'
    run = boots('device-test', '--json', '--html', str(page), '--junit', str(junit), *HERE)
    assert run.process.returncode == 0, run.errors
    document = run.json()
    assert document['ok']
    assert document['subject']['garment'] == 'five_zone'
    suite = ElementTree.fromstring(junit.read_text())
    assert int(suite.get('tests', '0')) == len(document['checks'])
    assert 'data:image/png;base64,' in page.read_text()
    assert 'leak-down: running' in run.errors


@pytest.fixture(scope='module')
def device(emulate: Any) -> Any:
    return emulate('modbus-tcp')


def test_ctrl_c_cancels_and_leaves_the_device_vented(device: Any, start: Any) -> None:
    run = start('device-test', *device.words, '--json', *HERE)
    run.says('zero: running')
    run.signal(signal.SIGINT)
    assert run.ends() == 1
    assert 'cancelled: the device was vented' in json.loads(run.output)['ended']
    assert run.left_over() == []
    device.until_vented(3.0)


def test_a_client_that_is_killed_leaves_no_node_and_a_vented_device(
    device: Any, start: Any
) -> None:
    run = start('device-test', *device.words, *HERE)
    run.says('zero: running')
    run.signal(signal.SIGKILL)
    run.ends()
    assert run.left_over() == []
    device.until_vented(3.0)


@pytest.mark.parametrize(
    ('words', 'text'),
    [
        (('--backend', 'modbus-tcp', '--port', '1'), 'nobody answers'),
        (('--backend', 'modbus-tcp', '--port', 'dev'), 'not a TCP port'),
        (('--backend', 'modbus-rtu', '--port', '/dev/no_such_tty'), 'no such serial device'),
        (('--backend', 'modbus-tcp', '--hardware', 'generic_tpc'), 'did you mean generic_tcp'),
        (('--backend', 'modbus-tcp', '--hardware', 'generic_rtu'), '--backend modbus-rtu'),
        (('--html', '/no/such/folder/report.html'), 'no such folder'),
    ],
)
def test_what_cannot_be_tested_is_said_in_one_line(
    boots: Any, words: tuple[str, ...], text: str
) -> None:
    run = boots('device-test', *words, *HERE)
    assert run.process.returncode in (1, 2)
    (line,) = run.error_lines
    assert text in line
    assert 'Traceback' not in run.errors


def test_a_system_does_not_come_up_on_a_device_that_does_not_fit(
    device: Any, boots: Any, tmp_path: Path
) -> None:
    other_unit = tmp_path / 'other_unit.yaml'
    other_unit.write_text(device.profile.read_text().replace('unit_id: 1', 'unit_id: 7'))
    run = boots('up', '--no-record', *device.words, '--hardware', str(other_unit), *HERE)
    assert run.process.returncode == 1
    assert 'unit 7 sent no right answer' in run.errors
    assert run.left_over() == []


def test_a_calibration_is_made_against_a_gauge_kept_and_shown(
    emulate: Any, start: Any, boots: Any, tmp_path: Path
) -> None:
    small, file = tmp_path / 'small.yaml', tmp_path / 'calibration.yaml'
    small.write_text(SMALL)
    device = emulate('modbus-tcp', '--garment', str(small), '--fault', 'sensor_offset@left_calf=4')
    run = start(
        *('calibration', 'make', str(file), *device.words, '--garment', str(small)),
        *('--points', '0,50'),
        stdin=subprocess.PIPE,
    )
    run.says('reading of the gauge')
    run.type('a lot')
    run.says('is no number')
    run.type(device.type('state').split()[-1])
    assert run.ends() == 0, run.errors
    shown = boots('calibration', 'show', str(file), '--json').json()
    offsets = {sensor['chamber']: sensor['zero_mmhg'] for sensor in shown['sensors']}
    assert offsets['left_calf'] == pytest.approx(4.0, abs=1.0)
    assert offsets['left_foot'] == pytest.approx(0.0, abs=1.0)
