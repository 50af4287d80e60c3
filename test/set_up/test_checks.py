"""What is missing on the machine is found before anything is changed."""

import shutil
from types import SimpleNamespace

import pytest

from set_up import checks
from set_up.failures import SetUpError
from set_up.project import Project, RosInstallation


@pytest.fixture
def no_programs(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.delenv('CXX', raising=False)
    monkeypatch.delenv('CC', raising=False)


def test_this_machine_passes():
    checks.check_machine(None)


def test_a_missing_compiler_is_named(no_programs):
    with pytest.raises(
        SetUpError, match=r'no C\+\+ compiler found: install one .*apt install g\+\+'
    ):
        checks.check_machine(None)


def test_a_chosen_compiler_that_is_missing_is_named(monkeypatch):
    monkeypatch.setenv('CXX', 'no-such-compiler -O2')

    with pytest.raises(SetUpError, match='CXX is set to no-such-compiler'):
        checks.check_machine(None)


def test_missing_headers_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(checks.sysconfig, 'get_path', lambda name: str(tmp_path))

    with pytest.raises(SetUpError, match=r'C headers of python3\.\d+ are missing.*-dev'):
        checks.check_machine(None)


@pytest.mark.parametrize('name', ['venv', 'ensurepip'])
def test_a_missing_venv_module_is_named(monkeypatch, name):
    found = checks.find_spec
    monkeypatch.setattr(checks, 'find_spec', lambda asked: None if asked == name else found(asked))

    with pytest.raises(SetUpError, match=r'apt install python3\.\d+-venv'):
        checks.check_machine(None)


@pytest.mark.parametrize(
    ('system', 'machine'), [('Linux', 'aarch64'), ('Darwin', 'arm64'), ('Windows', 'AMD64')]
)
def test_without_wheels_for_the_machine_ros_has_to_be_installed(monkeypatch, system, machine):
    monkeypatch.setattr(checks.platform, 'system', lambda: system)
    monkeypatch.setattr(checks.platform, 'machine', lambda: machine)

    with pytest.raises(SetUpError, match=f'this is {system} on {machine}: install ROS 2 Jazzy'):
        checks.check_machine(None)


def test_a_ros_whose_rclpy_this_python_cannot_import_is_named(monkeypatch, tmp_path):
    broken = tmp_path / 'rclpy.py'
    broken.write_text('raise ImportError\n')
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))

    with pytest.raises(SetUpError, match=r'ROS 2 jazzy is sourced, but .* cannot import its rclpy'):
        checks.check_machine(RosInstallation('jazzy', tmp_path))


def test_a_full_disk_is_found_before_the_install(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: SimpleNamespace(free=400_000_000))

    with pytest.raises(SetUpError, match=r'only 0\.4 GB are free .* needs 2\.5 GB'):
        checks.check_disk(Project(tmp_path))
