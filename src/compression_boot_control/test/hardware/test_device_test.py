"""The device test, on emulated devices in simulated time: what is planted is found and named."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.hardware.device_test.planted import defects_of, examine
from compression_boot_control.hardware.device_test.procedure import STEPS
from compression_boot_control.hardware.device_test.report import to_html, to_json, to_junit
from compression_boot_control.hardware.device_test.results import Verdict
from compression_boot_control.hardware.emulated_device import DeviceDefect
from compression_boot_control.hardware.garment_file import parse_garment
from compression_boot_control.plant.faults import FaultKind

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


def names() -> list[str]:
    return list(defects_of(parse_garment(SMALL)))


@pytest.mark.parametrize('name', names())
def test_a_planted_defect_is_found_and_named_and_no_other_chamber_accused(
    small: Garment, name: str
) -> None:
    defect = defects_of(small, CALF)[name]
    report, device = examine(small, defect.plant, seed=3)
    assert defect.found_in(report), report.findings
    assert not report.passed
    assert device.applied.exhaust.min() == 1.0  # however it ends


def test_every_kind_of_fault_and_defect_is_planted() -> None:
    known = {kind.value for kind in FaultKind} | {defect.value for defect in DeviceDefect}
    assert set(names()) >= known


@pytest.mark.parametrize('seed', range(3))
def test_a_good_device_passes(small: Garment, seed: int) -> None:
    report, _ = examine(small, seed=seed)
    assert report.findings == ()
    assert report.passed
    assert report.count(Verdict.NOT_RUN) == 0


def test_an_aborted_test_says_so_and_leaves_the_rest_not_run(small: Garment) -> None:
    done: list[str] = []
    report, device = examine(
        small,
        progress=lambda step, text: done.append(step) if text == 'running' else None,
        aborted=lambda: len(done) > 2,
    )
    assert device.applied.exhaust.min() == 1.0
    assert report.ended == 'aborted'
    assert not report.passed
    assert report.count(Verdict.NOT_RUN) == len(STEPS) - 3


def test_the_reports_say_the_same(small: Garment) -> None:
    report, _ = examine(small, defects_of(small, CALF)['sensor_offset'].plant, seed=3)
    document = json.loads(to_json(report))
    assert document['findings'] == [{'defect': 'sensor_offset', 'subject': 'left_calf'}]
    suite = ElementTree.fromstring(to_junit(report))
    assert suite.get('failures') == '1'
    assert suite.get('tests') == str(len(document['checks']))
    page = to_html(report)
    assert 'sensor_offset' in page
    assert 'data:image/png;base64,' in page
    assert 'http' not in page
