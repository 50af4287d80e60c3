"""Provenance tells what made a recording, and not who or where."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from compression_boot_control.analysis import provenance as provenance_module
from compression_boot_control.analysis.provenance import git_state, provenance, ros_distribution


@pytest.fixture
def checkout(tmp_path):
    """A git checkout with one committed file."""

    def git(*arguments):
        identity = ('-c', 'user.name=n', '-c', 'user.email=e@example.org')
        subprocess.run(['git', '-C', tmp_path, *identity, *arguments], check=True)

    git('init', '-q')
    (tmp_path / 'code.py').write_text('1')
    git('add', 'code.py')
    git('commit', '-qm', 'first')
    return tmp_path


def test_all_keys_are_texts():
    start = datetime(2026, 5, 1, 10, 0, tzinfo=timezone(timedelta(hours=2)))
    made = provenance(
        garment='demo', protocol='wave', parameters={'gain': 0.5, 'path': Path('x')}, seed=7,
        start=start,
    )  # fmt: skip
    assert all(isinstance(value, str) for value in made.values())
    assert made['start_time'] == '2026-05-01T08:00:00+00:00'
    assert json.loads(made['parameters']) == {'gain': 0.5, 'path': 'x'}
    assert (made['garment'], made['protocol'], made['seed']) == ('demo', 'wave', '7')
    assert made['version'][0].isdigit()


def test_no_names_of_person_or_machine(monkeypatch):
    monkeypatch.setenv('HOME', '/home/somebody')
    made = provenance(parameters={'file': '/home/somebody/garment.yaml'})
    assert json.loads(made['parameters'])['file'] == '~/garment.yaml'
    assert made.keys() == {
        *('version', 'git_commit', 'git_dirty', 'ros_distro', 'python', 'garment', 'protocol'),
        *('parameters', 'seed', 'start_time'),
    }


def test_the_distribution_is_the_sourced_one_or_that_of_the_wheels(monkeypatch):
    monkeypatch.setenv('ROS_DISTRO', 'lyrical')
    assert ros_distribution() == 'lyrical'
    monkeypatch.delenv('ROS_DISTRO')
    monkeypatch.setattr(provenance_module, 'installed_version', lambda _: '7.1.6')
    assert ros_distribution() == 'jazzy'
    monkeypatch.setattr(provenance_module, 'installed_version', lambda _: '99.0')
    assert ros_distribution() == 'unknown'


def test_commit_and_changes_are_told(checkout):
    commit, dirty = git_state(checkout / 'code.py')
    assert len(commit) == 40
    assert dirty == 'false'
    (checkout / 'code.py').write_text('2')
    assert git_state(checkout / 'code.py') == (commit, 'true')


def test_what_git_does_not_track_is_unknown(checkout, tmp_path_factory):
    (checkout / 'other.py').touch()
    assert git_state(checkout / 'other.py') == ('unknown', 'unknown')
    assert git_state(tmp_path_factory.mktemp('plain') / 'x.py') == ('unknown', 'unknown')


def test_without_git_it_is_unknown(checkout, monkeypatch):
    monkeypatch.setenv('PATH', '')
    assert git_state(checkout / 'code.py') == ('unknown', 'unknown')
