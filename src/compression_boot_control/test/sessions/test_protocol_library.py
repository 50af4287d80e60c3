"""The library: what is in it, how a protocol is found, and how one extends another."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from compression_boot_control.hardware.garment_file import list_garments, load_garment
from compression_boot_control.resources import config_directory
from compression_boot_control.sessions.limits import LOCKED_PRESSURE, PRESSURE, STEP
from compression_boot_control.sessions.protocol_advice import advise
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import (
    UnknownProtocolError,
    list_protocols,
    load_protocol,
)
from compression_boot_control.yaml_file import FileError

FIVE = ('foot', 'ankle', 'calf', 'knee', 'thigh')


@pytest.fixture
def own_protocols(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv('XDG_CONFIG_HOME', str(tmp_path))
    directory = tmp_path / 'compression_boots/protocols'
    directory.mkdir(parents=True)
    return directory


@pytest.mark.parametrize(
    ('name', 'foot', 'thigh', 'minutes'),
    [
        ('beginner', 40, 30, 20),
        ('intermediate', 60, 40, 30),
        ('advanced', 65, 50, 40),
        ('pre_run', 45, 35, 15),
        ('demonstration', 40, 30, 1),
        ('soreness_first', 55, 40, 30),
        ('soreness_second', 45, 30, 30),
        ('lymphatic', 60, 50, 30),
        ('descent', 55, 40, 28),
        ('marathon', 55, 40, 45),
        ('daily_maintenance', 40, 30, 20),
        ('gentle_first_time', 30, 25, 15),
        ('next_morning', 50, 35, 20),
    ],
)
def test_the_usual_doses(name: str, foot: float, thigh: float, minutes: float) -> None:
    protocol = load_protocol(name)
    place = [phase.name for phase in protocol.phases].index('main')
    main, _ = protocol.compression(place)
    for zones in (FIVE[:1] + FIVE[2:], FIVE, (*FIVE, 'upper_thigh')):
        pressures = main.zone_pressures(zones)
        assert pressures[0] == foot
        assert pressures[-1] == pytest.approx(thigh)
        assert pressures[0] <= LOCKED_PRESSURE.high
        steps = [high - low for high, low in pairwise(pressures)]
        assert all(0.0 < step <= STEP.high for step in steps)
    assert protocol.session_min == minutes
    assert protocol.legs == 'together'


@pytest.mark.parametrize('name', list_garments())
def test_row_device_four_to_six_zones_inflate_from_foot_to_thigh(name: str) -> None:
    garment = load_garment(name)
    assert 4 <= len(garment.zone_order) <= 6
    assert (PRESSURE.low, PRESSURE.high) == (20.0, 110.0)
    plan = compile_protocol(load_protocol('intermediate'), garment)
    first = [int(np.argmax(plan.target[:, chamber] > 0.0)) for chamber in garment.on_leg('left')]
    assert first == sorted(set(first))


@pytest.mark.parametrize('entry', list_protocols(), ids=lambda entry: str(entry.name))
def test_every_protocol_says_what_is_known_and_what_is_not(entry: object) -> None:
    protocol = load_protocol(entry.name)  # type: ignore[attr-defined]
    assert 'perceived soreness a little' in protocol.evidence.known
    for word in ('performance', 'creatine kinase', 'heart rate variability', 'not established'):
        assert word in protocol.evidence.not_known
    text = (config_directory() / 'protocols' / f'{protocol.name}.yaml').read_text('utf-8')
    assert text.startswith('# yaml-language-server: $schema=../schema/protocol.schema.json\n')


def test_an_unknown_name_gets_a_near_one() -> None:
    with pytest.raises(UnknownProtocolError) as caught:
        load_protocol('begginer')
    (line,) = caught.value.lines
    assert 'did you mean beginner?' in line
    assert 'allowed: advanced, beginner, daily_maintenance, demonstration' in line


@pytest.mark.parametrize('name', ['', '../garments/five_zone', '..', 'x' * 10_000, '\x1b[31m'])
def test_a_strange_name_is_just_unknown(name: str) -> None:
    with pytest.raises(UnknownProtocolError) as caught:
        load_protocol(name, paths=False)
    assert all(line.isprintable() and len(line) < 300 for line in caught.value.lines)


def test_a_path_is_read_only_where_paths_are_allowed(tmp_path: Path, trial: str) -> None:
    path = tmp_path / 'trial.yaml'
    path.write_text(trial)
    assert load_protocol(str(path)).name == load_protocol(path).name == 'trial'
    with pytest.raises(UnknownProtocolError):
        load_protocol(str(path), paths=False)


def test_a_text_on_one_line_is_a_text(trial: str) -> None:
    with pytest.raises(FileError, match='2 is newer'):
        load_protocol('{format: 2, name: x}')


def test_a_very_long_text_is_refused(trial: str) -> None:
    with pytest.raises(FileError, match='too long; allowed: 100000 characters'):
        load_protocol(trial + '#' * 100_000)


def test_own_protocols_are_listed_with_the_others(own_protocols: Path, trial: str) -> None:
    (own_protocols / 'trial.yaml').write_text(trial)
    names = [entry.name for entry in list_protocols()]
    assert 'trial' in names
    assert 'beginner' in names
    assert load_protocol('trial').name == 'trial'


def test_a_broken_own_protocol_does_not_hide_the_others(own_protocols: Path) -> None:
    (own_protocols / 'broken.yaml').write_text('format: [\n')
    entries = {entry.name: entry for entry in list_protocols()}
    assert entries['broken'].protocol is None
    assert 'is not YAML' in entries['broken'].problems[0]
    assert entries['beginner'].protocol is not None


def test_an_own_protocol_cannot_take_the_place_of_one_of_the_project(
    own_protocols: Path, trial: str
) -> None:
    (own_protocols / 'beginner.yaml').write_text(trial.replace('name: trial', 'name: beginner'))
    assert load_protocol('beginner').title == 'Beginner'


def test_a_file_must_be_called_as_its_protocol(own_protocols: Path, trial: str) -> None:
    (own_protocols / 'other.yaml').write_text(trial)
    with pytest.raises(FileError, match=r"other\.yaml:2:name: 'trial' is not the name of the file"):
        load_protocol('other')


def test_an_extension_takes_over_what_it_does_not_say() -> None:
    protocol = load_protocol(
        """\
format: 1
name: morning_after
title: The morning after
extends: intermediate
session_min: 20
phases:
  - {name: main, dwell_s: 60}
"""
    )
    assert protocol.title == 'The morning after'
    assert protocol.session_min == 20
    assert protocol.extends == 'intermediate'
    assert protocol.when == load_protocol('intermediate').when
    warm_up, scale = protocol.compression(0)
    main, _ = protocol.compression(1)
    assert (warm_up.dwell_s, scale, main.dwell_s, main.rest_s) == (20, 0.7, 60, 15)
    assert main.zone_pressures(FIVE) == (60, 55, 50, 45, 40)


def test_a_phase_with_a_pattern_replaces_the_other_and_a_new_one_comes_last() -> None:
    protocol = load_protocol(
        """\
format: 1
name: other
extends: beginner
phases:
  - {name: main, pattern: uniform, pressure_mmhg: 40, dwell_s: 30, rest_s: 20}
  - {name: cool_down, pattern: scaled, of: main, scale: 0.5, repeats: 1}
"""
    )
    assert [phase.name for phase in protocol.phases] == ['warm_up', 'main', 'cool_down']
    assert protocol.compression(1)[0].zone_pressures(FIVE) == (40,) * 5


def test_an_error_is_said_in_the_file_where_it_stands(own_protocols: Path, trial: str) -> None:
    (own_protocols / 'base.yaml').write_text(
        trial.replace('name: trial', 'name: base').replace('rest_s: 15', 'rest_s: 0')
    )
    with pytest.raises(FileError) as caught:
        load_protocol('format: 1\nname: x\nextends: base\nphases:\n- name: main\n  dwell_s: 0\n')
    dwell, rest = caught.value.lines
    assert dwell.startswith('protocol:6:phases[main].dwell_s: 0 is out of range')
    assert rest.startswith(f'{own_protocols}/base.yaml:15:phases[main].rest_s: 0 is out of range')


@pytest.mark.parametrize(
    ('extends', 'expected'),
    [
        ('beginer', 'protocol:3:extends: there is no protocol .beginer.; did you mean beginner'),
        ('x', 'protocol:3:extends: x is this protocol or extends it'),
        ('3', 'protocol:3:extends: 3 is no name'),
        ('[beginner]', 'is no name'),
        ('../garments/five_zone', 'there is no protocol'),
    ],
)
def test_what_cannot_be_extended_is_refused(extends: str, expected: str) -> None:
    with pytest.raises(FileError, match=expected):
        load_protocol(f'format: 1\nname: x\nextends: {extends}\n')


def test_a_circle_is_refused(own_protocols: Path) -> None:
    for name, base in (('one', 'two'), ('two', 'one')):
        (own_protocols / f'{name}.yaml').write_text(f'format: 1\nname: {name}\nextends: {base}\n')
    with pytest.raises(FileError, match='one is this protocol or extends it'):
        load_protocol('one')
    with pytest.raises(FileError, match='is this protocol or extends it'):
        load_protocol('format: 1\nname: x\nextends: one\n')


def test_advice_names_steps_and_dwells_worth_a_second_thought(trial: str) -> None:
    text = trial.replace('per_zone: 5', 'per_zone: 12').replace('foot_mmhg: 60', 'foot_mmhg: 75')
    lines = advise(load_protocol(text.replace('dwell_s: 50', 'dwell_s: 10')), FIVE)
    assert 'from foot to ankle the pressure falls by 12 mmHg' in lines[0]
    assert 'needs an unlock' in lines[-2]
    assert 'a dwell of 10 s is short' in lines[-1]
    assert advise(load_protocol(trial), FIVE) == ()
