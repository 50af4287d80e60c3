"""`boots tune` measures, designs, and writes a garment file; or says why it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from compression_boot_control.cli.main import main
from compression_boot_control.core.loop_margins import GAIN_MARGIN, PHASE_MARGIN, weak_loops
from compression_boot_control.core.units import LITRE
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.resources import garment_directory


@pytest.fixture
def short_boots(tmp_path: Path) -> Path:
    """One sleeve of two zones, which is soon measured."""
    data = yaml.safe_load((garment_directory() / 'five_zone.yaml').read_text(encoding='utf-8'))
    data |= {'name': 'short_boots', 'legs': ['left'], 'zones': data['zones'][:2]}
    path = tmp_path / 'short_boots.yaml'
    path.write_text(yaml.safe_dump(data), encoding='utf-8')
    return path


def test_measured_boots_are_a_garment_whose_gains_keep_their_margins(
    short_boots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, picture = tmp_path / 'mine.yaml', tmp_path / 'mine.png'
    words = ['--garment', str(short_boots), '--output', str(output), '--plot', str(picture)]
    assert main(['tune', *words, '--json']) == 0
    report = json.loads(capsys.readouterr().out)
    assert not report['forced']
    for chamber in report['chambers']:
        assert 10.0 ** (chamber['gain_margin_db'] / 20.0) >= GAIN_MARGIN
        assert chamber['phase_margin_deg'] >= PHASE_MARGIN
    tuned = load_garment(output)
    assert tuned.rest_volume[0] == pytest.approx(0.6 * LITRE, rel=0.05)
    assert tuned.gains is not None
    assert weak_loops(tuned, tuned.gains) == []
    assert picture.stat().st_size > 10_000


@pytest.mark.parametrize(
    ('words', 'code', 'says'),
    [
        (['--output', 'mine.txt'], 2, 'end it in .yaml'),
        (['--backend', 'modbus-tcp', '--host', '127.0.0.1', '--port', '9'], 1, 'nobody answers'),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    words: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['tune', *words]) == code
    error = capsys.readouterr().err
    assert says in error
    assert error.count('\n') == 1
