"""`boots tune` measures, designs, and writes a garment file; or says why it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from compression_boot_control.analysis.bag_writer import BagWriter
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


@pytest.fixture(scope='module')
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Garment of one sleeve of two zones, the bag of its experiment, and what it was tuned to."""
    folder = tmp_path_factory.mktemp('recorded')
    data = yaml.safe_load((garment_directory() / 'five_zone.yaml').read_text(encoding='utf-8'))
    data |= {'name': 'short_boots', 'legs': ['left'], 'zones': data['zones'][:2]}
    garment, bag, tuned = folder / 'short_boots.yaml', folder / 'bag', folder / 'tuned.yaml'
    garment.write_text(yaml.safe_dump(data), encoding='utf-8')
    words = ['--garment', str(garment), '--seed', '3', '--record', str(bag)]
    assert main(['tune', *words, '--output', str(tuned)]) == 0
    return garment, bag, tuned


def line_of_failure(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What `boots tune` says when it fails."""
    capsys.readouterr()
    assert main(['tune', *words]) == 1
    said = capsys.readouterr().err.splitlines()
    return said[-1]


def test_a_bag_gives_the_very_file_that_the_boots_gave(
    recorded: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    garment, bag, tuned = recorded
    again = tmp_path / tuned.name
    assert main(['tune', '--bag', str(bag), '--garment', str(garment), '--output', str(again)]) == 0
    assert again.read_text(encoding='utf-8') == tuned.read_text(encoding='utf-8')


def test_a_bag_is_of_one_garment(
    recorded: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, bag, _ = recorded
    said = line_of_failure(['--bag', str(bag), '--garment', 'six_zone'], capsys)
    assert 'is of garment short_boots with 2 chambers, not of six_zone with 12' in said
    assert '--garment' in said


def test_a_bag_of_a_garment_file_that_has_changed_is_not_believed(
    recorded: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    garment, bag, _ = recorded
    data = yaml.safe_load(garment.read_text(encoding='utf-8'))
    data['chamber_defaults']['inlet_dm3_per_s_bar'] = 0.5
    changed = tmp_path / 'short_boots.yaml'
    changed.write_text(yaml.safe_dump(data), encoding='utf-8')
    said = line_of_failure(['--bag', str(bag), '--garment', str(changed)], capsys)
    assert 'the garment file has changed since' in said


def test_a_bag_that_ends_early_says_where(
    recorded: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    garment, bag, _ = recorded
    cut = tmp_path / 'cut'
    cut.mkdir()
    (whole,) = bag.glob('*.mcap')
    data = whole.read_bytes()
    (cut / 'cut_0.mcap').write_bytes(data[: len(data) // 2])
    said = line_of_failure(['--bag', str(cut), '--garment', str(garment)], capsys)
    assert 's, before the experiment was through: measure again' in said


def test_a_bag_of_a_session_has_no_experiment(
    recorded: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    garment, _, _ = recorded
    bag = tmp_path / 'session'
    BagWriter(bag, {'garment': 'short_boots', 'protocol': 'beginner'}).close()
    said = line_of_failure(['--bag', str(bag), '--garment', str(garment)], capsys)
    assert 'has no experiment of boots tune in it' in said
    assert '--record' in said


def test_a_bag_needs_no_device(
    recorded: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, bag, _ = recorded
    assert main(['tune', '--bag', str(bag), '--backend', 'modbus-tcp']) == 2
    assert 'leave --backend' in capsys.readouterr().err


def test_a_recording_is_never_written_over(
    recorded: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    garment, bag, _ = recorded
    said = line_of_failure(['--garment', str(garment), '--record', str(bag)], capsys)
    assert 'exists already' in said
