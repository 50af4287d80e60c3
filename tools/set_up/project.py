"""Where things are in the project's folder, and what they were made from."""

import hashlib
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from set_up.lock_file import read_pins

MESSAGES = 'src/compression_boot_msgs'
CONTROL = 'src/compression_boot_control'

# Built files depend on the content of these. Python modules are linked, so they are not here.
BUILD_SOURCES = (
    'package.xml',
    'CMakeLists.txt',
    f'{MESSAGES}/**/*',
    f'{CONTROL}/package.xml',
    f'{CONTROL}/setup.*',
    f'{CONTROL}/resource/*',
)
# Of these only the names count: the files are linked as well.
LINKED_SOURCES = (f'{CONTROL}/bin/*', 'launch/**/*', 'config/**/*')

# The facts that a build can follow up on top of the last one; every other calls for a fresh one.
SOURCES = 'sources'
LINKS = 'list of files in launch, config and bin'
# Likewise for the environment: another lock is installed on top of the last one.
LOCK = 'requirements.lock'

# What is compiled is compiled against these; another version of any other package changes nothing.
_COMPILED_AGAINST = re.compile(r'ros-|numpy$|setuptools$')

SET_UP_VERSION = 2  # raise it when a change of the set-up must redo every environment


@dataclass(frozen=True)
class Project:
    """The folders and files of one checkout.

    Parameters
    ----------
    root : Path
        Folder of the checkout, absolute.
    """

    root: Path

    @property
    def environment(self) -> Path:
        """The virtual environment."""
        return self.root / '.venv'

    @property
    def python(self) -> Path:
        """The interpreter of the virtual environment."""
        return self.environment / 'bin' / 'python'

    @property
    def install(self) -> Path:
        """What colcon installs into."""
        return self.root / 'install'

    @property
    def build(self) -> Path:
        """What colcon builds in."""
        return self.root / 'build'

    @property
    def logs(self) -> Path:
        """Where every step leaves what its tools printed."""
        return self.root / 'log' / 'set_up'

    @property
    def requirements(self) -> Path:
        """The file that names what the project uses directly."""
        return self.root / 'requirements.in'

    @property
    def lock(self) -> Path:
        """The file that pins every package."""
        return self.root / 'requirements.lock'

    @property
    def guard(self) -> Path:
        """The file that keeps two set-ups from working at once."""
        return self.root / '.set_up_lock'


@dataclass(frozen=True)
class RosInstallation:
    """A ROS 2 that is sourced in the shell which started the set-up."""

    distribution: str
    prefix: Path


def find_ros(environ: Mapping[str, str], root: Path) -> RosInstallation | None:
    """Find a sourced ROS 2 installation that has rclpy.

    Parameters
    ----------
    environ : mapping of str to str
        The environment variables.
    root : Path
        Folder of the checkout; what the set-up itself put there does not count.

    Returns
    -------
    RosInstallation or None
        None when ROS 2 is to come from wheels.
    """
    distribution = environ.get('ROS_DISTRO')
    if not distribution:
        return None
    for prefix in map(Path, filter(None, environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep))):
        has_rclpy = (prefix / 'share/ament_index/resource_index/packages/rclpy').exists()
        if has_rclpy and not prefix.is_relative_to(root):
            return RosInstallation(distribution, prefix)
    return None


def environment_facts(project: Project, ros: RosInstallation | None) -> dict[str, str]:
    """List what the virtual environment depends on.

    The values are compared with those of the last complete set-up; the keys are for a reader.
    """
    return {
        'set-up program': str(SET_UP_VERSION),
        'folder': str(project.root),
        'Python': f'{platform.python_version()} in {sys.base_prefix}',
        'ROS 2': f'{ros.distribution} in {ros.prefix}' if ros else 'wheels',
        LOCK: _digest_files([project.lock], project.root),
    }


def build_facts(project: Project, environment: Mapping[str, str]) -> dict[str, str]:
    """List what the built packages depend on: parts of the environment, and the sources."""
    unlocked = [f'{key}={value}' for key, value in environment.items() if key != LOCK]
    pins = [pin.text for pin in read_pins(project.lock) if _COMPILED_AGAINST.match(pin.name)]
    sources = _find(project.root, BUILD_SOURCES)
    linked = _find(project.root, LINKED_SOURCES)
    return {
        'environment': _digest(unlocked + pins),
        'colcon_defaults.yaml': _digest_files(
            _find(project.root, ['colcon_defaults.yaml']), project.root
        ),
        SOURCES: _digest_files(sources, project.root),
        LINKS: _digest([str(path.relative_to(project.root)) for path in linked]),
    }


def _find(root: Path, patterns: Iterable[str]) -> list[Path]:
    found = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    return sorted(path for path in found if '__pycache__' not in path.parts)


def _digest_files(paths: Iterable[Path], root: Path) -> str:
    contents = hashlib.sha256()
    for path in paths:
        contents.update(f'{path.relative_to(root)}\0'.encode())
        contents.update(hashlib.sha256(path.read_bytes()).digest())
    return contents.hexdigest()


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256('\n'.join(lines).encode()).hexdigest()
