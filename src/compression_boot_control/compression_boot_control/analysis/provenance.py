"""What made a recording: enough to make it again, and nothing about the person or the machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from xml.etree import ElementTree

PACKAGE = 'compression_boot_control'
UNKNOWN = 'unknown'
DISTRIBUTIONS = {'3': 'humble', '4': 'iron', '7': 'jazzy', '9': 'kilted'}
"""ROS 2 distribution by the major version of rclpy, for ROS 2 from wheels, which sets no name."""

GIT_TIMEOUT = 5.0
"""Longest wait for git, e.g. on a network disk [s]."""


def provenance(
    *,
    garment: str = '',
    protocol: str = '',
    parameters: Mapping[str, object] | None = None,
    seed: int | None = None,
    start: datetime | None = None,
    source: Path = Path(__file__),
) -> dict[str, str]:
    """Provenance of a recording or simulation that starts now.

    Parameters
    ----------
    garment, protocol : str
        Names; empty if there is none.
    parameters : mapping, optional
        Parameters by name; values that JSON does not know become text. The home folder is written
        as ``~``.
    seed : int, optional
        Seed of the random numbers.
    start : datetime, optional
        Start, with its time zone; now by default.
    source : Path, optional
        File whose git checkout is meant.

    Returns
    -------
    dict of str to str
        version, git_commit, git_dirty, ros_distro, python, garment, protocol, parameters (JSON),
        seed and start_time (UTC, ISO 8601). Host and user names are not in it.
    """
    commit, dirty = git_state(source)
    text = json.dumps(dict(parameters or {}), default=str, sort_keys=True, ensure_ascii=False)
    return {
        'version': package_version(),
        'git_commit': commit,
        'git_dirty': dirty,
        'ros_distro': ros_distribution(),
        'python': platform.python_version(),
        'garment': garment,
        'protocol': without_home(protocol),
        'parameters': without_home(text),
        'seed': '' if seed is None else str(seed),
        'start_time': (start or datetime.now(UTC)).astimezone(UTC).isoformat(timespec='seconds'),
    }


def package_version() -> str:
    """Version of this package: as installed, else as its ``package.xml`` says."""
    try:
        return installed_version(PACKAGE)
    except PackageNotFoundError:
        pass
    try:
        root = ElementTree.parse(Path(__file__).resolve().parents[2] / 'package.xml').getroot()
    except (OSError, ElementTree.ParseError):
        return UNKNOWN
    return root.findtext('version') or UNKNOWN


def ros_distribution() -> str:
    """Name of the ROS 2 distribution: the sourced one, else that of the wheels."""
    if sourced := os.environ.get('ROS_DISTRO'):
        return sourced
    try:
        major = installed_version('ros-rclpy').partition('.')[0]
    except PackageNotFoundError:
        return UNKNOWN
    return DISTRIBUTIONS.get(major, UNKNOWN)


def git_state(source: Path) -> tuple[str, str]:
    """Commit, and whether tracked files differ from it (true or false), of a file's git checkout.

    Both are ``unknown`` where git does not track the file: an installed package that happens to lie
    in somebody's repository is not a checkout of this project.
    """
    source = source.resolve()
    tracked = _git(source, 'ls-files', '--error-unmatch', source.name)
    commit = _git(source, 'rev-parse', 'HEAD')
    changes = _git(source, 'status', '--porcelain', '--untracked-files=no')
    if tracked is None or commit is None or changes is None:
        return UNKNOWN, UNKNOWN
    return commit.strip(), 'true' if changes.strip() else 'false'


def without_home(text: str) -> str:
    """Text in which the home folder, which has the user's name, is ``~``."""
    home = os.path.expanduser('~')  # noqa: PTH111 - pathlib raises where there is no home
    return text.replace(home, '~') if len(home) > 1 else text


def _git(source: Path, *arguments: str) -> str | None:
    """Output of a git command in the file's folder; None if it fails."""
    try:
        finished = subprocess.run(
            ['git', '-C', str(source.parent), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=GIT_TIMEOUT,
            env=os.environ | {'GIT_OPTIONAL_LOCKS': '0'},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return finished.stdout
