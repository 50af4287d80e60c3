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


def test_ctrl_c_cancels_and_leaves_the_device_vented(emulate: Any, start: Any) -> None:
    device = emulate('modbus-tcp')
    run = start('device-test', *device.words, '--json', *HERE)
    run.says('dead-man: running')
    run.signal(signal.SIGINT)
    assert run.ends() == 1
    assert 'cancelled: the device was vented' in json.loads(run.output)['ended']
    assert run.left_over() == []
    device.until('vented', 3.0)


def test_a_client_that_is_killed_leaves_no_node_and_a_vented_device(
    emulate: Any, start: Any
) -> None:
    device = emulate('modbus-tcp')
    run = start('device-test', *device.words, *HERE)
    run.says('dead-man: running')
    run.signal(signal.SIGKILL)
    run.ends()
    assert run.left_over() == []
    device.until('vented', 3.0)


@pytest.mark.parametrize(
    ('words', 'text'),
    [
        (('--backend', 'modbus-tcp', '--port', '1'), 'nobody answers'),
        (('--backend', 'modbus-tcp', '--host', 'no.such.host'), 'no.such.host'),
        (('--backend', 'modbus-tcp', '--port', 'dev'), 'not a TCP port'),
        (('--backend', 'modbus-rtu', '--port', '/dev/no_such_tty'), 'no such serial device'),
        (('--backend', 'modbus-rtu'), '--port /dev/ttyUSB0'),
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


@pytest.mark.parametrize(
    ('words', 'text'),
    [
        (('--fault', 'wrong_map_version'), 'register map of version 2'),
        (('--garment', 'four_zone'), 'the device has 8 chambers'),
    ],
)
def test_a_system_does_not_come_up_on_a_device_that_does_not_fit(
    emulate: Any, boots: Any, words: tuple[str, ...], text: str
) -> None:
    device = emulate('modbus-tcp', *words)
    run = boots('up', '--no-record', *device.words, *HERE)
    assert run.process.returncode == 1
    assert text in run.errors
    assert run.left_over() == []


def test_a_calibration_is_made_kept_shown_and_refused_on_another_garment(
    emulate: Any, start: Any, boots: Any, tmp_path: Path
) -> None:
    device = emulate('modbus-tcp', '--fault', 'sensor_offset@left_calf=4')
    file = tmp_path / 'calibration.yaml'
    run = start(
        'calibration', 'make', str(file), *device.words, '--points', '0,60', stdin=subprocess.PIPE
    )
    run.says('reading of the gauge')
    run.type('a lot')
    run.says('is no number')
    run.type(device.type('state').split()[-1])
    assert run.ends() == 0, run.errors
    shown = boots('calibration', 'show', str(file), '--json').json()
    offsets = {sensor['chamber']: sensor['zero_mmhg'] for sensor in shown['sensors']}
    assert offsets['left_calf'] == pytest.approx(4.0, abs=1.0)
    assert offsets['right_calf'] == pytest.approx(0.0, abs=1.0)
    other = emulate('modbus-tcp', '--garment', 'four_zone')
    up = boots(
        'up', '--no-record', *other.words, '--garment', 'four_zone', '--calibration', str(file)
    )
    assert up.process.returncode == 1
    assert 'for other chambers' in up.errors
