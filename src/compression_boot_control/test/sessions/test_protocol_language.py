"""Boost, skip, overlap and progression in a protocol file."""

from __future__ import annotations

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.session_errors import ProtocolError
from compression_boot_control.core.signals import Mode
from compression_boot_control.core.units import MMHG
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import (
    load_protocol,
    on_its_line,
    read_protocol,
)
from compression_boot_control.yaml_file import FileError


def test_a_boost_raises_one_zone(trial: str, five_zone: Garment) -> None:
    plan = compile_protocol(load_protocol(trial + '    boost_mmhg: {ankle: 5}\n'), five_zone)
    np.testing.assert_allclose(plan.target[5, :5] / MMHG, [60, 60, 50, 45, 40])


@pytest.mark.parametrize(
    ('line', 'expected'),
    [
        ('boost_mmhg: {ankle: 6}', 'ankle would get 61 mmHg, more than foot below it'),
        ('boost_mmhg: {ankel: 5}', 'zone ankel is not in the garment; did you mean ankle'),
        ('skip_zones: [hip]', 'zone hip is not in the garment'),
        ('skip_zones: [foot, ankle, calf, knee, thigh]', 'all zones are at 0'),
    ],
)
def test_a_change_that_does_not_fit_is_refused(
    trial: str, five_zone: Garment, line: str, expected: str
) -> None:
    with pytest.raises(ProtocolError, match=expected):
        compile_protocol(load_protocol(f'{trial}    {line}\n'), five_zone)


@pytest.mark.parametrize(
    ('phases', 'place'),
    [
        ('    boost_mmhg: {thigh: 8}\n', 'protocol:16:phases[main].boost_mmhg.thigh'),
        ('    skip_zones: [hip]\n', 'protocol:16:phases[main].skip_zones'),
        (
            '  - {name: last, pattern: scaled, of: main, scale: 0.5, dwell_s: 150, repeats: 1}\n',
            'protocol:16:phases[last].dwell_s',
        ),
        (
            '    skip_zones: [foot, ankle, calf, knee, thigh]\n',
            'protocol:13:phases[main].pressure',
        ),
    ],
)
def test_what_does_not_fit_a_garment_is_shown_on_its_line(
    trial: str, five_zone: Garment, phases: str, place: str
) -> None:
    protocol, document = read_protocol(trial + phases)
    with pytest.raises(ProtocolError) as caught:
        compile_protocol(protocol, five_zone)
    assert on_its_line(caught.value, document).startswith(f'{place}: ')


@pytest.mark.parametrize(
    'line',
    [
        'boost_mmhg: {foot: 0}',
        'boost_mmhg: {foot: 11}',
        'boost_mmhg: {foot: 1333}',
        'skip_zones: foot',
        'overlap_zones: 3',
        'overlap_zones: 0.5',
        'ramp: {from_scale: 0.7}',
        'ramp: {from_scale: 1.5, cycles: 3}',
        'ramp: {from_scale: 0.7, cycles: 0}',
        'ramp: {from_scale: 0.7, cycles: 2}\n    repeats: 3',
    ],
)
def test_a_field_out_of_range_is_refused_on_its_line(trial: str, line: str) -> None:
    with pytest.raises(FileError, match='protocol:1'):
        load_protocol(f'{trial}    {line}\n')


def test_a_skipped_zone_stays_vented(trial: str, five_zone: Garment) -> None:
    plan = compile_protocol(load_protocol(trial + '    skip_zones: [knee]\n'), five_zone)
    assert (plan.mode[:, five_zone.index('left_knee')] == Mode.VENT).all()


def test_with_an_overlap_the_next_zone_fills_too(trial: str, five_zone: Garment) -> None:
    plan = compile_protocol(load_protocol(trial + '    overlap_zones: 1\n'), five_zone)
    track, hold, vent = int(Mode.TRACK), int(Mode.HOLD), int(Mode.VENT)
    assert plan.mode[1, :5].tolist() == [hold, track, track, vent, vent]
    assert plan.awaited[1, :5].tolist() == [False, True, False, False, False]
    plain = compile_protocol(load_protocol(trial), five_zone)
    assert plan.timeout[0] > plain.timeout[0]


def test_row_progression_over_cycles_starts_low_and_builds_up(
    trial: str, five_zone: Garment
) -> None:
    text = trial + '    ramp: {from_scale: 0.7, cycles: 3}\n'
    plan = compile_protocol(load_protocol(text), five_zone)
    assert plan.loop_start == 24
    tops = [plan.target[row, 0] / MMHG for row in (0, 8, 16, 24)]
    assert tops == pytest.approx([42, 48, 54, 60])
    assert plan.stage_names[0] == 'main ramp: inflate foot'


def test_progression_over_sessions_is_part_of_the_file(trial: str) -> None:
    protocol = load_protocol(trial + 'progression: {start_scale: 0.6, sessions: 4}\n')
    assert protocol.progression.start_scale == 0.6
    with pytest.raises(FileError, match='out of range'):
        load_protocol(trial + 'progression: {start_scale: 0.1, sessions: 4}\n')
