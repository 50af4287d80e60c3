"""The set-up as a user meets it: exit codes, single lines, and healing."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from set_up.exclusive import exclusive
from set_up.lock_file import read_pins
from set_up.program import is_up_to_date
from set_up.project import Project, find_ros

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path):
    """A small copy of the project, with a lock file of one package."""
    shutil.copytree(ROOT / 'tools' / 'set_up', tmp_path / 'tools' / 'set_up')
    pins = read_pins(ROOT / 'requirements.lock')
    only = next(pin for pin in pins if pin.name == 'setuptools')
    (tmp_path / 'requirements.lock').write_text(f'{only.text}\n')
    return tmp_path


def start(checkout, *arguments, **variables):
    environ = {name: value for name, value in os.environ.items() if not name.startswith('ROS_')}
    return subprocess.Popen(
        [sys.executable, 'tools/set_up', *arguments],
        cwd=checkout,
        env=environ | {'PYTHONUNBUFFERED': '1'} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def set_up(checkout, *arguments, **variables):
    process = start(checkout, *arguments, **variables)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize('arguments', [(), ('destroy',), ('build', 'clean')])
def test_wrong_use_exits_2_with_the_usage(checkout, arguments):
    code, out, err = set_up(checkout, *arguments)

    assert (code, out) == (2, '')
    assert err.startswith('usage: ')


def test_a_missing_compiler_ends_before_anything_is_made(checkout, tmp_path_factory):
    code, _, err = set_up(checkout, 'build', PATH=str(tmp_path_factory.mktemp('empty')), CXX='')

    assert code == 1
    assert err.startswith('set-up: no C++ compiler found')
    assert err.count('\n') == 1
    assert not (checkout / '.venv').exists()


def test_without_network_one_line_says_so(checkout):
    code, _, err = set_up(
        checkout,
        'build',
        PIP_INDEX_URL='http://127.0.0.1:9/simple',
        PIP_NO_CACHE_DIR='1',
        PIP_CONFIG_FILE=os.devnull,
        PIP_RETRIES='0',
    )

    assert code == 1
    assert err.startswith('set-up: install packages: the package index cannot be reached')
    assert err.count('\n') == 1
    assert 'Traceback' not in err


def test_a_folder_that_cannot_be_written_ends_in_one_line(checkout):
    if os.geteuid() == 0:
        pytest.skip('root may write everywhere')
    checkout.chmod(0o500)
    try:
        code, _, err = set_up(checkout, 'build')
    finally:
        checkout.chmod(0o700)

    assert code == 1
    assert 'no permission to write here' in err
    assert err.count('\n') == 1


def test_the_second_of_two_says_that_it_waits(checkout):
    with exclusive(checkout / '.set_up_lock', lambda: None):
        second = start(checkout, 'clean')
        assert second.stdout.readline().startswith('Another set-up is at work in this folder')
        assert second.poll() is None

    assert second.wait(timeout=20) == 0


def test_clean_removes_what_was_made_and_nothing_else(checkout):
    for made in ('.venv/bin', 'build/x', 'install/x', 'log/set_up'):
        (checkout / made).mkdir(parents=True)

    assert set_up(checkout, 'clean')[0] == 0
    assert set_up(checkout, 'clean')[0] == 0

    left = {path.name for path in checkout.iterdir()}
    assert left == {'tools', 'requirements.lock', '.set_up_lock'}


def test_a_finished_set_up_is_over_in_less_than_a_second():
    project = Project(ROOT)
    if not is_up_to_date(project, find_ros(os.environ, ROOT)):
        pytest.skip('this checkout has changed since it was built')

    started = time.monotonic()
    ended = subprocess.run(
        [sys.executable, 'tools/set_up', 'build'], cwd=ROOT, capture_output=True, text=True
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, '', '')
    assert time.monotonic() - started < 1.0
