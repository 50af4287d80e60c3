"""Tells whether a virtual environment still holds what was installed into it."""

import sys
from pathlib import Path

_SEAL = 'installed_packages.txt'


def base_python() -> str:
    """Return the interpreter to make an environment with.

    It is not `sys.executable` where env.sh is sourced: that one lies in the environment which may
    have to go.
    """
    return str(getattr(sys, '_base_executable', None) or sys.executable)


def make_prefix(environment: Path) -> None:
    """Make an environment with ROS 2 wheels a prefix that colcon builds on.

    colcon looks for these files. With them the setup files that it writes into install/ lead back
    here, so that sourcing one of those alone is enough.
    """
    for shell in ('sh', 'bash', 'zsh'):
        (environment / f'local_setup.{shell}').write_text(
            f'export AMENT_PREFIX_PATH="{environment}${{AMENT_PREFIX_PATH:+:$AMENT_PREFIX_PATH}}"\n'
            f'export PATH="{environment}/bin:$PATH"\n'
        )


def seal(environment: Path) -> None:
    """Write down which packages an environment holds."""
    (environment / _SEAL).write_text('\n'.join(sorted(_packages(environment))) + '\n')


def is_whole(environment: Path) -> bool:
    """Tell whether nothing is gone since the environment was sealed.

    Packages that somebody added do not matter. A package of another version counts as gone.
    """
    # The link to the interpreter dangles when the system's Python was updated or removed.
    if not (environment / 'bin' / 'python').exists():
        return False
    try:
        sealed = (environment / _SEAL).read_text().split()
    except OSError:
        return False
    return _packages(environment).issuperset(sealed)


def _packages(environment: Path) -> set[str]:
    return {path.name for path in environment.glob('lib/python3.*/site-packages/*.dist-info')}
