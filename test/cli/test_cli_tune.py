"""`boots tune` on real processes: measures, designs and writes a garment file, or says why not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.control_tuning import chamber_file
from compression_boot_control.cli.main import main
from compression_boot_control.core.identification import identify
from compression_boot_control.core.loop_margins import GAIN_MARGIN, PHASE_MARGIN, weak_loops
from compression_boot_control.core.units import LITRE
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.hardware.simulated import SimulatedManifold
from compression_boot_control.plant.sampled_experiment import SampledExperiment
from compression_boot_control.resources import garment_directory

pytestmark = pytest.mark.system

HERE = ('--namespace', f'test_{os.getpid()}')
SEED = 3


class Tuned(NamedTuple):
    """Garment of one sleeve of one zone, and what `boots tune` made of it."""

    garment: Path
    bag: Path
    file: Path
    picture: Path
    report: dict[str, Any]
    said: str


@pytest.fixture(scope='module')
def tuned(tmp_path_factory: pytest.TempPathFactory, command: Any) -> Tuned:
    folder = tmp_path_factory.mktemp('tuned')
    data = yaml.safe_load((garment_directory() / 'five_zone.yaml').read_text(encoding='utf-8'))
    data |= {'name': 'foot_only', 'legs': ['left'], 'zones': data['zones'][:1]}
    garment = folder / 'foot_only.yaml'
    garment.write_text(yaml.safe_dump(data), encoding='utf-8')
    bag, file, picture = folder / 'bag', folder / 'tuned.yaml', folder / 'tuned.png'
    run = command(
        folder,
        *('tune', '--garment', str(garment), '--seed', str(SEED), *HERE, '--json'),
        *('--record', str(bag), '--output', str(file), '--plot', str(picture)),
    )
    try:
        assert run.ends() == 0, run.errors
        assert run.left_over() == []
    finally:
        run.destroy()
    return Tuned(garment, bag, file, picture, run.json(), run.errors)


def test_measured_boots_are_a_garment_whose_gains_keep_their_margins(tuned: Tuned) -> None:
    assert not tuned.report['forced']
    (chamber,) = tuned.report['chambers']
    assert 10.0 ** (chamber['gain_margin_db'] / 20.0) >= GAIN_MARGIN
    assert chamber['phase_margin_deg'] >= PHASE_MARGIN
    garment = load_garment(tuned.file)
    assert garment.gains is not None
    assert weak_loops(garment, garment.gains) == []
    assert tuned.picture.stat().st_size > 10_000
    assert 'chamber 1 of 1: left foot' in tuned.said


def test_nodes_find_what_is_found_without_them(tuned: Tuned) -> None:
    worn = load_garment(tuned.garment)
    manifold = SimulatedManifold(worn, SEED)
    experiment = SampledExperiment(worn, manifold.sample_period)
    sequence = 0
    while not experiment.done:
        sequence += 1
        manifold.write(experiment.take(sequence, manifold.read().readings).actuation)
    direct = identify(experiment.records[0], chamber_file(worn, 0))
    (chamber,) = tuned.report['chambers']
    volume, half_width = chamber['rest_volume_l'], chamber['rest_volume_half_width_l']
    assert volume == pytest.approx(direct.rest_volume.value / LITRE, abs=half_width)


def test_a_bag_gives_the_very_file_that_the_boots_gave(tuned: Tuned, tmp_path: Path) -> None:
    again = tmp_path / tuned.file.name
    words = ['--bag', str(tuned.bag), '--garment', str(tuned.garment), '--output', str(again)]
    assert main(['tune', *words]) == 0
    assert again.read_text(encoding='utf-8') == tuned.file.read_text(encoding='utf-8')


def line_of_failure(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What `boots tune` says when it fails."""
    capsys.readouterr()
    assert main(['tune', *words]) == 1
    said = capsys.readouterr().err.splitlines()
    return said[-1]


def test_a_bag_is_of_one_garment(tuned: Tuned, capsys: pytest.CaptureFixture[str]) -> None:
    said = line_of_failure(['--bag', str(tuned.bag), '--garment', 'six_zone'], capsys)
    assert 'is of garment foot_only with 1 chambers, not of six_zone with 12' in said
    assert '--garment' in said


def test_a_bag_of_a_garment_file_that_has_changed_is_not_believed(
    tuned: Tuned, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = yaml.safe_load(tuned.garment.read_text(encoding='utf-8'))
    data['chamber_defaults']['inlet_dm3_per_s_bar'] = 0.5
    changed = tmp_path / tuned.garment.name
    changed.write_text(yaml.safe_dump(data), encoding='utf-8')
    said = line_of_failure(['--bag', str(tuned.bag), '--garment', str(changed)], capsys)
    assert 'the garment file has changed since' in said


def test_a_bag_that_ends_early_says_where(
    tuned: Tuned, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    largest = max(tuned.bag.glob('*.mcap'), key=lambda file: file.stat().st_size)
    cut = tmp_path / 'cut'
    cut.mkdir()
    data = largest.read_bytes()
    (cut / 'cut_0.mcap').write_bytes(data[: len(data) // 2])
    said = line_of_failure(['--bag', str(cut), '--garment', str(tuned.garment)], capsys)
    assert 's, before the experiment was through: measure again' in said


def test_a_bag_of_a_session_has_no_experiment(
    tuned: Tuned, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = tmp_path / 'session'
    BagWriter(bag, {'garment': 'foot_only', 'protocol': 'beginner'}).close()
    said = line_of_failure(['--bag', str(bag), '--garment', str(tuned.garment)], capsys)
    assert 'has no experiment of boots tune in it' in said
    assert '--record' in said


def test_a_bag_needs_no_device(tuned: Tuned, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['tune', '--bag', str(tuned.bag), '--backend', 'modbus-tcp']) == 2
    assert 'leave --backend' in capsys.readouterr().err


def test_a_recording_is_never_written_over(tuned: Tuned, boots: Any) -> None:
    run = boots('tune', '--garment', str(tuned.garment), '--record', str(tuned.bag), *HERE)
    assert run.process.returncode == 1
    (line,) = run.error_lines
    assert 'exists already' in line
    assert run.left_over() == []


@pytest.mark.parametrize(
    ('words', 'code', 'says'),
    [
        (['--output', 'mine.txt'], 2, 'end it in .yaml'),
        (['--backend', 'modbus-tcp', '--host', '127.0.0.1', '--port', '9'], 1, 'nobody answers'),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    boots: Any, words: list[str], code: int, says: str
) -> None:
    run = boots('tune', *words, *HERE)
    assert run.process.returncode == code
    assert says in run.errors
    assert run.errors.count('\n') == 1
    assert run.left_over() == []


def test_a_system_that_runs_must_end_first(start: Any, boots: Any) -> None:
    up = start('up', '--no-record', *HERE)
    up.says('ready:')
    run = boots('tune', *HERE)
    assert run.process.returncode == 1
    (line,) = run.error_lines
    assert 'a device has one master: end it first' in line
    assert up.process.poll() is None
