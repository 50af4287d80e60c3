"""The device test, on emulated devices in simulated time: what is planted is found and named."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.hardware.device_test.procedure import STEPS, run_device_test
from compression_boot_control.hardware.device_test.report import to_html, to_json, to_junit
from compression_boot_control.hardware.device_test.results import DeviceTestReport, Verdict
from compression_boot_control.hardware.emulated_device import DeviceDefect, EmulatedDevice
from compression_boot_control.hardware.garment_file import parse_garment
from compression_boot_control.hardware.modbus import ModbusManifold
from compression_boot_control.hardware.profile_file import load_profile
from compression_boot_control.hardware.virtual_link import VirtualClock, VirtualLink
from compression_boot_control.plant.faults import OF_THE_GARMENT, Fault, FaultKind

CALF = 1

SMALL = """\
format: 1
name: small
description: Two sleeves of three zones, quick to fill
pump: {free_flow_l_per_min: 25, shut_off_mmhg: 400}
supply: {volume_l: 0.1, relief_mmhg: 145}
legs: [left, right]
zones:
  - {name: foot, rest_volume_l: 0.6, compliance_ml_per_mmhg: 1.2}
  - {name: calf, rest_volume_l: 0.9, compliance_ml_per_mmhg: 2.0}
  - {name: thigh, rest_volume_l: 0.8, compliance_ml_per_mmhg: 2.0}
"""


@pytest.fixture(scope='module')
def small() -> Garment:
    return parse_garment(SMALL)


def examined(
    garment: Garment, seed: int, *defects: Fault | DeviceDefect, steps: int | None = None
) -> DeviceTestReport:
    profile, clock = load_profile('generic_rtu'), VirtualClock()
    device = EmulatedDevice(garment, profile, seed)
    for defect in defects:
        if isinstance(defect, Fault):
            device.boots.set_fault(defect)
        else:
            device.defects.add(defect)
    manifold = ModbusManifold(garment, profile, VirtualLink(device, clock), clock.now)
    done: list[str] = []

    def progress(step: str, text: str) -> None:
        if text == 'running':
            done.append(step)

    aborted = (lambda: len(done) > steps) if steps is not None else (lambda: False)
    report = run_device_test(manifold, {'garment': garment.name}, clock, progress, aborted)
    assert device.applied.exhaust.min() == 1.0  # however it ends
    return report


@pytest.mark.parametrize('kind', [kind for kind in FaultKind if kind not in OF_THE_GARMENT])
def test_a_fault_of_a_chamber_is_named_with_its_chamber(small: Garment, kind: FaultKind) -> None:
    other = 4.0 if kind is FaultKind.HOSES_SWAPPED else None
    report = examined(small, 3, Fault(kind, CALF, other))
    (found,) = report.findings
    assert found[0] == kind.value
    assert small.chamber_names[CALF] in found[1]


@pytest.mark.parametrize('kind', sorted(OF_THE_GARMENT, key=lambda kind: kind.value))
def test_a_fault_of_pump_or_supply_is_named(small: Garment, kind: FaultKind) -> None:
    found = {name for name, _ in examined(small, 3, Fault(kind)).findings}
    assert kind.value in found


@pytest.mark.parametrize(
    ('defect', 'text'),
    [
        (DeviceDefect.NO_DEAD_MAN, 'no_dead_man'),
        (DeviceDefect.SLOW_DEAD_MAN, 'slow_dead_man'),
        (DeviceDefect.NO_PRESSURE_LIMIT, 'no_pressure_limit'),
        (DeviceDefect.NO_DUMP, 'no_dump'),
        (DeviceDefect.FROZEN_HEARTBEAT, 'heartbeat'),
        (DeviceDefect.COMMANDS_IGNORED, 'not driven as commanded'),
        (DeviceDefect.FOREIGN_MASTER, 'other master'),
        (DeviceDefect.VALVE_DRIVER_FAULT, 'fault bits'),
        (DeviceDefect.WRONG_MAP_VERSION, 'register map of version 2'),
    ],
)
def test_a_defect_of_the_device_itself_is_named(
    small: Garment, defect: DeviceDefect, text: str
) -> None:
    report = examined(small, 3, defect)
    assert not report.passed
    failed = [check for check in report.checks if check.verdict is Verdict.FAIL]
    assert any(text in f'{check.finding}: {check.advice}' for check in failed)


@pytest.mark.parametrize('seed', range(3))
def test_a_good_device_passes(small: Garment, seed: int) -> None:
    report = examined(small, seed)
    assert report.findings == ()
    assert report.passed
    assert report.count(Verdict.NOT_RUN) == 0


def test_an_aborted_test_says_so_and_leaves_the_rest_not_run(small: Garment) -> None:
    report = examined(small, 0, steps=2)
    assert report.ended == 'aborted'
    assert not report.passed
    assert report.count(Verdict.NOT_RUN) == len(STEPS) - 3


def test_the_reports_say_the_same(small: Garment) -> None:
    report = examined(small, 3, Fault(FaultKind.SENSOR_OFFSET, CALF))
    document = json.loads(to_json(report))
    assert document['findings'] == [{'defect': 'sensor_offset', 'subject': 'left_calf'}]
    suite = ElementTree.fromstring(to_junit(report))
    assert suite.get('failures') == '1'
    assert suite.get('tests') == str(len(document['checks']))
    page = to_html(report)
    assert 'sensor_offset' in page
    assert 'data:image/png;base64,' in page
    assert 'http' not in page
