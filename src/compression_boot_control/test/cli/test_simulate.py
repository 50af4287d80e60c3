"""`boots simulate` predicts what the pneumatics allow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compression_boot_control.cli.main import main
from compression_boot_control.cli.wave_limit import wave_groups
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol


def simulated(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(['simulate', *words, '--json']) == 0
    return json.loads(capsys.readouterr().out)


def test_figures_of_a_session(capsys: pytest.CaptureFixture[str]) -> None:
    found = simulated(capsys, 'beginner', '--minutes', '5')
    assert found['ok']
    assert found['vented_at_end']
    assert found['warm_up_s'] > 60.0
    assert found['duration_s'] == pytest.approx(300.0 + found['warm_up_s'], abs=20.0)
    assert found['cycles'] >= 3
    assert len(found['chambers']) == 10
    for chamber in found['chambers']:
        assert chamber['overshoot_mmhg'] < 2.0
        assert chamber['steady_rms_mmhg'] < 1.0
        assert 29.0 < chamber['peak_mmhg'] < 42.0
        assert chamber['dose_mmhg_min'] > 10.0


@pytest.mark.parametrize(
    'words',
    [
        ('beginner', '--minutes', '5'),
        ('beginner', '--minutes', '4', '--pump', '12'),
        ('demonstration',),
        ('demonstration', '--leg', 'left', '--seed', '5'),
        ('demonstration', '--garment', 'six_zone'),
    ],
)
def test_wave_is_near_its_limit_and_never_beats_it(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    found = simulated(capsys, *words)
    assert found['wave_time_limit_s'] <= found['wave_time_s'] <= 1.3 * found['wave_time_limit_s']


def test_smaller_pump_takes_longer(capsys: pytest.CaptureFixture[str]) -> None:
    small = simulated(capsys, 'demonstration', '--pump', '15')
    large = simulated(capsys, 'demonstration', '--pump', '40')
    assert small['wave_time_s'] > 1.5 * large['wave_time_s']
    assert (small['pump_l_per_min'], large['pump_l_per_min']) == (15.0, 40.0)


def test_seed_gives_another_leg_and_the_same_again(capsys: pytest.CaptureFixture[str]) -> None:
    first, again, other = (
        simulated(capsys, 'demonstration', '--seed', seed)['chambers'] for seed in ('1', '1', '2')
    )
    assert first == again
    assert first != other


def test_one_leg_stays_vented(capsys: pytest.CaptureFixture[str]) -> None:
    found = simulated(capsys, 'demonstration', '--leg', 'left')
    peaks = {chamber['name']: chamber['peak_mmhg'] for chamber in found['chambers']}
    assert all(peak < 2.0 for name, peak in peaks.items() if name.startswith('right'))
    assert all(peak > 20.0 for name, peak in peaks.items() if name.startswith('left'))


def test_pump_that_is_too_small_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['simulate', 'beginner', '--pump', '3', '--json']) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)['ok'] is False
    assert 'use a pump of 6.8 l/min in the place of 3' in captured.err


def test_person_gets_a_table_and_a_picture(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    picture = tmp_path / 'session.svg'
    assert main(['simulate', 'demonstration', '--plot', str(picture)]) == 0
    output = capsys.readouterr().out
    assert 'left foot' in output
    assert 'at least with this pump' in output
    assert picture.read_text().startswith('<?xml')


def test_groups_of_a_wave_are_the_zones_from_foot_to_thigh() -> None:
    garment = load_garment('five_zone')
    plan = compile_protocol(load_protocol('demonstration'), garment)
    groups, goal, asked = wave_groups(plan)
    zones = [{garment.zones[chamber] for chamber in group} for group in groups]
    assert zones == [{zone} for zone in garment.zone_order]
    assert asked == 0.0
    np.testing.assert_allclose(goal[list(groups[0])], 38.0 * MMHG)
