"""An environment that lost something is noticed."""

import shutil

import pytest

from set_up.environment import is_whole, seal


@pytest.fixture
def environment(tmp_path):
    for package in ('numpy-2.4.6', 'scipy-1.17.1'):
        (tmp_path / 'lib/python3.12/site-packages' / f'{package}.dist-info').mkdir(parents=True)
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'bin' / 'python').touch()
    seal(tmp_path)
    return tmp_path


@pytest.fixture
def packages(environment):
    return environment / 'lib/python3.12/site-packages'


def test_an_untouched_environment_is_whole(environment):
    assert is_whole(environment)


def test_an_added_package_does_not_matter(environment, packages):
    (packages / 'ipython-9.0.dist-info').mkdir()

    assert is_whole(environment)


def test_a_removed_package_is_noticed(environment, packages):
    (packages / 'scipy-1.17.1.dist-info').rmdir()

    assert not is_whole(environment)


def test_another_version_is_noticed(environment, packages):
    (packages / 'numpy-2.4.6.dist-info').rename(packages / 'numpy-2.5.0.dist-info')

    assert not is_whole(environment)


def test_a_dangling_interpreter_is_noticed(environment):
    (environment / 'bin' / 'python').unlink()
    (environment / 'bin' / 'python').symlink_to('/usr/bin/no-such-python')

    assert not is_whole(environment)


def test_an_emptied_environment_is_noticed(environment):
    shutil.rmtree(environment)
    environment.mkdir()

    assert not is_whole(environment)
