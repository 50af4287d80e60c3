"""The steps of the set-up, each from a clean start to a finished folder."""

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from set_up.cmake_exports import adapt_exports
from set_up.commands import Runner, clean_environ
from set_up.failures import SetUpError
from set_up.lock_file import Pin, needed_pins, read_pins
from set_up.progress import Progress
from set_up.project import Project, RosInstallation

_COLLECTING = re.compile(r'^(?:Collecting|Requirement already satisfied:?) ')
_INSTALLING = re.compile(r'^Installing collected packages')
_COLCON_EVENT = re.compile(r'^(Starting >>>|Finished <<<|Failed   <<<) (\S+)')


def make_environment(
    project: Project, ros: RosInstallation | None, runner: Runner, python: str
) -> None:
    """Make an empty virtual environment in place of whatever is there."""
    remove_folder(project.environment)
    options = ['--system-site-packages'] if ros else []
    command = [python, '-m', 'venv', *options, project.environment]
    runner.run('virtual environment', command, clean_environ(os.environ, keep_ros=False))


def install_packages(
    project: Project, ros: RosInstallation | None, runner: Runner, progress: Progress
) -> int:
    """Install what the lock file pins, with its hashes.

    Returns
    -------
    int
        How many packages the lock file has for this kind of machine.
    """
    pins = needed_pins(read_pins(project.lock), with_ros_wheels=ros is None)
    # A few packages come as sources: setuptools has to be there before, in the pinned version too.
    first = [pin for pin in pins if pin.name == 'setuptools']
    _pip_install(project, first, [], runner, progress)
    # What the system has must not stand in for a pinned package. (Not for setuptools: the option
    # would leave the files of the version that a new environment comes with between the new ones.)
    options = ['--ignore-installed'] if ros else []
    others = [pin for pin in pins if pin not in first]
    _pip_install(project, others, options, runner, progress)
    return len(pins)


def _pip_install(
    project: Project,
    pins: Sequence[Pin],
    options: Sequence[str],
    runner: Runner,
    progress: Progress,
) -> None:
    requirements = project.environment / 'requirements.txt'
    requirements.write_text('\n'.join(pin.text for pin in pins) + '\n')
    # The system's folder for temporary files is often small, the project's disk has been checked.
    temporary = project.environment / 'tmp'
    temporary.mkdir(exist_ok=True)
    environ = clean_environ(os.environ, keep_ros=False) | {'TMPDIR': str(temporary)}
    command = [project.python, '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input']
    command += ['--require-hashes', '--no-deps', '--no-build-isolation', *options]
    command += ['--progress-bar', 'off', '--retries', '3', '--requirement', requirements]
    collected = 0

    def show(line: str) -> None:
        nonlocal collected
        if _COLLECTING.match(line):
            collected += 1
            progress.detail(f'fetched {collected} of {len(pins)}')
        elif _INSTALLING.match(line):
            progress.detail(f'unpacking {collected}')

    runner.run('install packages', command, environ, show)
    remove_folder(temporary)


def adapt_cmake(project: Project) -> int:
    """Adapt the CMake files of the wheels to this Python; return how many were changed."""
    asked = subprocess.run(
        [project.python, '-c', 'import numpy; print(numpy.get_include())'],
        capture_output=True,
        text=True,
        env=clean_environ(os.environ, keep_ros=False),
        check=False,
    )
    if asked.returncode != 0:
        reason = (asked.stderr.strip().splitlines() or ['no reason given'])[-1]
        raise SetUpError(f'numpy does not import ({reason}): run `make clean`, then `make build`')
    return adapt_exports(project.environment, sysconfig.get_path('include'), asked.stdout.strip())


def build_packages(
    project: Project, ros: RosInstallation | None, runner: Runner, progress: Progress
) -> None:
    """Build the messages, the Python package and the root package with colcon."""
    command = [project.environment / 'bin' / 'colcon', 'build']
    command += ['--event-handlers', 'console_cohesion+', 'console_direct-', 'desktop_notification-']

    def show(line: str) -> None:
        event = _COLCON_EVENT.match(line)
        if event:
            progress.detail(event.group(2))

    runner.run('build', command, _build_environ(project, ros), show)


def _build_environ(project: Project, ros: RosInstallation | None) -> Mapping[str, str]:
    environ = clean_environ(os.environ, keep_ros=ros is not None)
    environ['VIRTUAL_ENV'] = str(project.environment)
    environ['PATH'] = f'{project.environment / "bin"}{os.pathsep}{environ.get("PATH", os.defpath)}'
    environ['COLCON_HOME'] = str(project.environment / 'colcon')  # not the user's own defaults
    if ros is None:
        environ['AMENT_PREFIX_PATH'] = str(project.environment)
    return environ


def remove_folder(folder: Path) -> None:
    """Remove a folder, or the link or file in its place, if it is there."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
