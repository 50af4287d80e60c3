"""Looks for what is missing before anything is changed."""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

from set_up.failures import SetUpError
from set_up.project import Project, RosInstallation

NEEDED_BYTES = 2_500_000_000  # 1.5 GB stay; the rest is what pip unpacks meanwhile

_PYTHON = f'python{sys.version_info.major}.{sys.version_info.minor}'


def check_machine(ros: RosInstallation | None) -> None:
    """Check the platform, the Python and the compiler.

    Raises
    ------
    SetUpError
        With cause and cure of the first that is missing.
    """
    if ros:
        _check_ros_python(ros)
    else:
        _check_platform(platform.system(), platform.machine())
    _check_venv_module()
    _check_headers(Path(sysconfig.get_path('include')))
    _check_compiler()


def check_disk(project: Project) -> None:
    """Check that the virtual environment will fit on the disk."""
    free = shutil.disk_usage(project.root).free
    if free < NEEDED_BYTES:
        raise SetUpError(
            f'only {free / 1e9:.1f} GB are free on the disk of {project.root} and the first set-up '
            f'needs {NEEDED_BYTES / 1e9:.1f} GB: free some, then run the same command again'
        )


def _check_platform(system: str, machine: str) -> None:
    if (system, machine) != ('Linux', 'x86_64'):
        raise SetUpError(
            f'the ROS 2 wheels exist for Linux on x86_64, and this is {system} on {machine}: '
            'install ROS 2 Jazzy, source its setup.bash (Ubuntu: source /opt/ros/jazzy/setup.bash) '
            'and run the same command again'
        )


def _check_ros_python(ros: RosInstallation) -> None:
    imported = subprocess.run(
        [sys.executable, '-c', 'import rclpy'], capture_output=True, check=False
    )
    if imported.returncode != 0:
        raise SetUpError(
            f'ROS 2 {ros.distribution} is sourced, but {sys.executable} cannot import its rclpy: '
            'name the Python it was built for, as in: make PYTHON=/usr/bin/python3 build'
        )


def _check_venv_module() -> None:
    if find_spec('venv') is None or find_spec('ensurepip') is None:
        raise SetUpError(
            f'{_PYTHON} cannot make a virtual environment: install its venv module (Debian, '
            f'Ubuntu: sudo apt install {_PYTHON}-venv)'
        )


def _check_headers(include: Path) -> None:
    if not (include / 'Python.h').exists():
        raise SetUpError(
            f'the C headers of {_PYTHON} are missing (no Python.h in {include}): install them '
            f'(Debian, Ubuntu: sudo apt install {_PYTHON}-dev)'
        )


def _check_compiler() -> None:
    for kind, variable, names in (
        ('C++', 'CXX', ('c++', 'g++', 'clang++')),
        ('C', 'CC', ('cc', 'gcc', 'clang')),
    ):
        chosen = os.environ.get(variable, '').split()[:1]
        if not any(map(shutil.which, chosen or names)):
            hint = f' ({variable} is set to {chosen[0]})' if chosen else ''
            raise SetUpError(
                f'no {kind} compiler found{hint}: install one (Debian, Ubuntu: sudo apt install '
                'g++; Fedora: sudo dnf install gcc-c++)'
            )
