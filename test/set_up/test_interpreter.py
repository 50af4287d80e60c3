"""An unsuitable Python is told what to do, in words, not by a SyntaxError."""

import ast
import shutil
import subprocess
from pathlib import Path

import pytest

from set_up.interpreter import complaint_about_python

ROOT = Path(__file__).parents[2]
SET_UP = ROOT / 'tools' / 'set_up'


@pytest.mark.parametrize('version', [(3, 11), (3, 12), (3, 13)])
def test_supported_version_is_accepted(version):
    assert complaint_about_python(version, ros_is_sourced=False) is None


@pytest.mark.parametrize('version', [(3, 8), (3, 10), (3, 14), (4, 0)])
def test_other_version_is_named_with_the_cure(version):
    complaint = complaint_about_python(version, ros_is_sourced=False)

    assert complaint.startswith('Python {}.{} found; needs 3.11 to 3.13'.format(*version))
    assert 'make PYTHON=' in complaint


def test_ros_installation_decides_the_newest_version():
    assert complaint_about_python((3, 14), ros_is_sourced=True) is None
    assert 'Python 3.10 found' in complaint_about_python((3, 10), ros_is_sourced=True)


@pytest.mark.parametrize('name', ['__init__.py', '__main__.py', 'interpreter.py'])
def test_what_runs_before_the_check_parses_on_an_old_python(name):
    ast.parse((SET_UP / name).read_text(), feature_version=(3, 5))


@pytest.mark.parametrize('name', ['python3.6', 'python3.7', 'python3.8', 'python3.9', 'python3.10'])
def test_old_python_gets_one_line(name):
    interpreter = shutil.which(name)
    works = interpreter and subprocess.run([interpreter, '-V'], capture_output=True).returncode == 0
    if not works:
        pytest.skip(f'{name} is not installed')

    ended = subprocess.run([interpreter, SET_UP, 'build'], capture_output=True, text=True)

    assert ended.returncode == 1
    assert ended.stdout == ''
    assert ended.stderr.count('\n') == 1
    assert f'{name.replace("python", "Python ")} found; needs 3.11' in ended.stderr
