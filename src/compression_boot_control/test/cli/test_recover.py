"""`boots recover` on bags that were cut off, that are whole, and that are none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from compression_boot_control.analysis.bag_reader import open_bag
from compression_boot_control.cli.main import main

WHOLE = Path(__file__).parents[1] / 'analysis/replay/bags/kink'


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """A bag whose recorder was killed: it has no end, and no metadata.yaml."""
    folder = tmp_path / 'kink'
    shutil.copytree(WHOLE, folder)
    (folder / 'metadata.yaml').unlink()
    file = folder / 'kink_0.mcap'
    file.write_bytes(file.read_bytes()[:-20_000])
    return folder


def test_cut_bag_is_whole_afterwards_and_the_loss_is_told(cut: Path, capsys) -> None:
    before = open_bag(cut)
    assert before.recovered
    saved = sum(topic.message_count for topic in before.topics.values())
    assert main(['recover', str(cut)]) == 0
    said = capsys.readouterr().out
    assert f'{saved} messages saved' in said
    assert 'note: ' in said
    after = open_bag(cut)
    assert not after.recovered
    assert sum(topic.message_count for topic in after.topics.values()) == saved > 0
    assert (cut / 'metadata.yaml').exists()


def test_whole_bag_is_left_alone(tmp_path: Path, capsys) -> None:
    folder = tmp_path / 'kink'
    shutil.copytree(WHOLE, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(['recover', str(folder), '--json']) == 0
    document = json.loads(capsys.readouterr().out)
    assert document['ok']
    assert not document['changed']
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_wrong_use_and_a_bag_of_which_nothing_is_left(tmp_path: Path, capsys) -> None:
    assert main(['recover', str(tmp_path / 'nowhere')]) == 2
    assert 'there is no folder' in capsys.readouterr().err
    (tmp_path / 'bag').mkdir()
    (tmp_path / 'bag/bag_0.mcap').write_bytes(b'')
    assert main(['recover', str(tmp_path / 'bag')]) == 1
    assert capsys.readouterr().err.count('\n') == 1
