"""The steps of the set-up, each from a clean start to a finished folder."""

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from set_up.cmake_exports import adapt_exports
from set_up.commands import Runner, clean_environ
from set_up.environment import base_python
from set_up.failures import SetUpError
from set_up.lock_file import Pin, needed_pins, read_pins
from set_up.progress import Progress
from set_up.project import Project, RosInstallation

_COLLECTING = re.compile(r'^(?:Collecting|Requirement already satisfied:?) ')
_INSTALLING = re.compile(r'^Installing collected packages')
_COLCON_EVENT = re.compile(r'^Starting >>> (\S+)')
_NINJA_PROGRESS = re.compile(r'^\[(\d+)/(\d+)\]')


def make_environment(project: Project, ros: RosInstallation | None, runner: Runner) -> None:
    """Make an empty virtual environment in place of whatever is there."""
    remove_folder(project.environment)
    options = ['--system-site-packages'] if ros else []
    command: list[str | Path] = [base_python(), '-m', 'venv', *options, project.environment]
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
    command: list[str | Path] = [project.python, '-m', 'pip', 'install', '--no-input']
    command += ['--disable-pip-version-check', '--progress-bar', 'off', '--retries', '3']
    command += ['--require-hashes', '--no-deps', '--no-build-isolation', *options]
    command += ['--requirement', requirements]
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
    command: list[str | Path] = [project.environment / 'bin' / 'colcon', 'build']
    command += ['--event-handlers', 'console_direct+', 'console_cohesion-', 'desktop_notification-']

    package = ''

    def show(line: str) -> None:
        nonlocal package
        if event := _COLCON_EVENT.match(line):
            package = event.group(1)
            progress.detail(package)
        elif done := _NINJA_PROGRESS.match(line):
            progress.detail(f'{package} {done.group(1)} of {done.group(2)}')

    runner.run('build', command, _build_environ(project, ros), show)
    # numba's cache tells code that Python has just compiled from code that it has kept: with the
    # latter from the start, what the first session compiles serves the second
    keep: list[str | Path] = [project.environment / 'bin' / 'python', '-m', 'compileall', '-q']
    keep.append(project.root / 'src' / 'compression_boot_control' / 'compression_boot_control')
    runner.run('build', keep, _build_environ(project, ros))


def _build_environ(project: Project, ros: RosInstallation | None) -> Mapping[str, str]:
    environ = clean_environ(os.environ, keep_ros=ros is not None)
    environ['VIRTUAL_ENV'] = str(project.environment)
    environ['PATH'] = f'{project.environment / "bin"}{os.pathsep}{environ.get("PATH", os.defpath)}'
    # Without this, colcon limits the load, and a machine that is busy compiles one file at a time.
    environ['MAKEFLAGS'] = f'-j{os.cpu_count() or 1}'
    environ['COLCON_HOME'] = str(project.environment / 'colcon')  # not the user's own defaults
    if ros is None:
        environ['AMENT_PREFIX_PATH'] = str(project.environment)
    return environ


def pin_packages(project: Project, runner: Runner) -> None:
    """Resolve requirements.in for every machine and Python that the project supports.

    The resolver is uv: pip resolves for the machine and Python that it runs on only. It is
    installed for this once, in a folder that goes again.
    """
    environ = clean_environ(os.environ, keep_ros=False)
    with TemporaryDirectory() as folder:
        resolver = Path(folder) / 'bin' / 'uv'
        resolved = Path(folder) / 'requirements.lock'
        runner.run('lock', [base_python(), '-m', 'venv', folder], environ)
        install: list[str | Path] = [resolver.with_name('pip'), 'install', 'uv']
        runner.run('lock', install, environ)
        command: list[str | Path] = [resolver, 'pip', 'compile', project.requirements, '--quiet']
        command += ['--universal', '--python-version', '3.11', '--generate-hashes']
        command += ['--no-annotate', '--no-header', '--upgrade', '--output-file', resolved]
        runner.run('lock', command, environ)
        header = '# Made by `make lock` from requirements.in: edit that file, not this one.\n'
        project.lock.write_text(header + resolved.read_text())


def remove_folder(folder: Path) -> None:
    """Remove a folder, or the link or file in its place, if it is there."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
