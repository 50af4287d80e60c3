"""Garment files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from compression_boot_control.core.units import LITRE, LITRE_PER_MINUTE, MMHG
from compression_boot_control.hardware.garment_file import (
    list_garments,
    load_garment,
    parse_garment,
)
from compression_boot_control.resources import garment_directory
from compression_boot_control.yaml_file import FileError

TEXT = """\
format: 1
name: short
description: One sleeve of two zones
pump: {free_flow_l_per_min: 12, shut_off_mmhg: 300}
supply: {volume_l: 0.1, relief_mmhg: 145}
legs: [right]
zones:
  - {name: foot, rest_volume_l: 0.6, compliance_ml_per_mmhg: 1.2}
  - {name: calf, rest_volume_l: 1.2, compliance_ml_per_mmhg: 2.5, hose_length_m: 2}
chamber_defaults: {hose_length_m: 1}
"""


def error_lines(text: str) -> tuple[str, ...]:
    with pytest.raises(FileError) as caught:
        parse_garment(text, 'g.yaml')
    return caught.value.lines


def test_units_are_converted_to_si() -> None:
    garment = load_garment('five_zone')
    assert garment.pump.free_flow == pytest.approx(25 * LITRE_PER_MINUTE)
    assert garment.pump.shut_off_pressure == pytest.approx(400 * MMHG)
    assert garment.supply.relief_pressure == pytest.approx(145 * MMHG)
    assert garment.rest_volume[0] == pytest.approx(0.6 * LITRE)
    assert garment.compliance[0] == pytest.approx(1.2e-6 / MMHG)
    assert garment.inlet_conductance[0] == pytest.approx(0.3e-8)
    assert garment.exhaust_conductance[0] == pytest.approx(0.4e-8)
    assert garment.valve_response[0] == pytest.approx(0.01)
    assert garment.hose_bore[0] == pytest.approx(4e-3)
    assert garment.leak[0] == pytest.approx(10e-6 / 60)


def test_chambers_are_named_by_leg_and_zone_distal_to_proximal() -> None:
    garment = load_garment('five_zone')
    assert garment.chamber_names[:6] == (
        'left_foot',
        'left_ankle',
        'left_calf',
        'left_knee',
        'left_thigh',
        'right_foot',
    )
    assert garment.zone_order == ('foot', 'ankle', 'calf', 'knee', 'thigh')
    assert garment.chamber_names[garment.on_leg('right')[0]] == 'right_foot'


def test_a_zone_goes_before_the_defaults_and_a_sleeve_may_be_alone() -> None:
    garment = parse_garment(TEXT)
    assert garment.chamber_names == ('right_foot', 'right_calf')
    np.testing.assert_allclose(garment.hose_length, [1.0, 2.0])


@pytest.mark.parametrize('name', list_garments())
def test_every_garment_of_the_project_can_be_used(name: str) -> None:
    garment = load_garment(name)
    assert garment.name == name
    assert 4 <= len(garment.zone_order) <= 6
    text = (garment_directory() / f'{name}.yaml').read_text(encoding='utf-8')
    assert '$schema=../schema/garment.schema.json' in text.splitlines()[0]


def test_the_garments_asked_for_are_there() -> None:
    assert {'five_zone', 'four_zone', 'six_zone', 'five_zone_small_pump'} <= set(list_garments())
    assert load_garment('five_zone_small_pump').pump.free_flow == pytest.approx(
        12 * LITRE_PER_MINUTE
    )


def test_a_garment_is_loaded_by_path_too(tmp_path: Path) -> None:
    path = tmp_path / 'short.yaml'
    path.write_text(TEXT)
    assert load_garment(path).name == load_garment(str(path)).name == 'short'


def test_an_unknown_garment_gets_a_near_name() -> None:
    with pytest.raises(FileError, match='did you mean five_zone'):
        load_garment('five_zones')
    with pytest.raises(FileError, match='allowed: five_zone, '):
        load_garment('xyz')
    with pytest.raises(FileError) as caught:
        load_garment('x\x1b[31m\n' * 1000)
    assert caught.value.lines[0].isprintable()


@pytest.mark.parametrize(
    ('old', 'new', 'expected'),
    [
        ('format: 1', 'format: 3', 'g.yaml:1:format: 3 is newer than this program'),
        ('format: 1\n', '', 'g.yaml:1:format: is missing'),
        ('relief_mmhg: 145', 'relief_mmhg: 300', 'g.yaml:5:supply.relief_mmhg: 300 is out of'),
        ('rest_volume_l: 0.6', 'rest_volume_l: 0', 'g.yaml:8:zones[foot].rest_volume_l: 0 is out'),
        ('rest_volume_l: 0.6', 'rest_volume_l: 600', '600 is out of range; allowed: more than 0'),
        ('rest_volume_l: 0.6', 'rest_volume_l: .nan', 'nan is not finite'),
        ('rest_volume_l: 0.6', 'rest_volume_l: "0.6"', "'0.6' is not a number"),
        ('rest_volume_l: 0.6', 'rest_volume_l: true', 'True is not a number'),
        ('legs: [right]', 'legs: [right, right]', 'g.yaml:6:legs: names a leg twice'),
        ('legs: [right]', 'legs: [middle]', "g.yaml:6:legs[0]: 'middle' is not known"),
        ('legs: [right]', 'legs: []', 'g.yaml:6:legs: '),
        ('name: calf', 'name: foot', 'g.yaml:7:zones: name foot twice'),
        ('name: calf', 'name: Calf!', 'is not a name; allowed: up to 40 lower-case letters'),
        ('chamber_defaults', 'chamber_default', 'did you mean chamber_defaults?'),
        ('name: short', 'name: short\nname: long', 'g.yaml:3:name: is given twice'),
    ],
)
def test_what_is_wrong_is_said_on_its_line(old: str, new: str, expected: str) -> None:
    assert old in TEXT
    lines = error_lines(TEXT.replace(old, new))
    assert any(expected in line for line in lines), lines
    assert all(line.startswith('g.yaml:') and len(line.splitlines()) == 1 for line in lines)


def test_a_file_of_the_future_gets_one_line() -> None:
    assert len(error_lines('format: 2\nzones: x\nunknown: 1\n')) == 1
