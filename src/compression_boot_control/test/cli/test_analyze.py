"""`boots analyze` and `boots compare` at a shell: exit codes, and folders of bags."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from compression_boot_control.analysis.message_definitions import message_definition
from compression_boot_control.analysis.simulated_bag import write_simulated_bag
from compression_boot_control.cli.main import main
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol

SOURCE = Path(__file__).resolve().parents[3]


@pytest.fixture(scope='module')
def bags(tmp_path_factory) -> Path:
    """Three bags: two of one leg, of different delays, and one of another leg."""
    folder = tmp_path_factory.mktemp('bags')
    garment = load_garment()
    plan = compile_protocol(load_protocol('demonstration'), garment, minutes=1.0)

    def definition_of(name):
        return message_definition(name, (SOURCE,))

    first = write_simulated_bag(
        folder / 'first', garment, plan, seed=1, definition_of=definition_of
    )
    write_simulated_bag(
        folder / 'again', garment, plan, seed=2, definition_of=definition_of, recording=first
    )
    write_simulated_bag(folder / 'other_leg', garment, plan, seed=6, definition_of=definition_of)
    return folder


def test_compare_tells_by_its_exit_code_whether_bags_differ(bags, capsys):
    assert main(['compare', str(bags / 'first'), str(bags / 'again'), '--json']) == 0
    assert json.loads(capsys.readouterr().out)['comparisons'][0]['counts']['differs'] == 0
    page = bags.parent / 'difference.html'
    words = ['compare', str(bags / 'first'), str(bags / 'again'), str(bags / 'other_leg')]
    assert main([*words, '--json', '--html', str(page)]) == 1
    found = json.loads(capsys.readouterr().out)
    same, different = found['comparisons']
    assert (same['counts']['differs'], found['ok']) == (0, False)
    assert different['counts']['differs'] > 0
    assert '2 figures differ' in page.read_text() or 'figures differ' in page.read_text()


@pytest.mark.parametrize(
    ('words', 'text'),
    [
        (['first'], 'needs two bags'),
        (['first', 'nowhere'], 'there is no bag'),
        (['first', 'again', '--session', '3'], 'none with the number 3'),
    ],
)
def test_compare_used_wrongly(bags, capsys, words, text):
    paths = [str(bags / word) if word[0].islower() else word for word in words]
    assert main(['compare', *paths]) == 2
    assert text in capsys.readouterr().err


def test_a_folder_is_analysed_and_a_bad_bag_does_not_stop_it(bags, tmp_path, capsys):
    import pyarrow.parquet as pq

    shutil.copytree(bags, tmp_path / 'bags')
    (tmp_path / 'bags' / 'broken').mkdir()
    (tmp_path / 'bags' / 'broken' / 'broken_0.mcap').write_bytes(b'nothing of use')
    words = ['analyze', str(tmp_path / 'bags'), '--output', str(tmp_path / 'out'), '--json']
    assert main([*words, '--workers', '1']) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found['bags'], found['sessions'], found['earlier']) == (4, 3, 0)
    assert list(found['failed']) == ['broken']
    assert 'is no MCAP file' in found['failed']['broken']
    assert found['cost']['cpu_seconds_per_bag'] > 0.0
    assert found['metrics']['cycles']['sessions'] == 3
    rows = pq.read_table(tmp_path / 'out' / 'figures.parquet')
    assert set(rows['bag'].to_pylist()) == {'first', 'again', 'other_leg'}
    assert '3 bags, 3 sessions' in (tmp_path / 'out' / 'report.html').read_text()

    # without the bad one, and with nothing left to do
    shutil.rmtree(tmp_path / 'bags' / 'broken')
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found['earlier'], found['failed'], found['sessions']) == (3, {}, 3)


def test_options_for_many_bags_are_refused_for_one(bags, capsys):
    assert main(['analyze', str(bags / 'first'), '--workers', '2']) == 2
    assert main(['analyze', str(bags), '--html', 'a.html']) == 2
    assert 'is a folder of bags' in capsys.readouterr().err
