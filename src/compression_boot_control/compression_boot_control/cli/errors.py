"""What a command says when it cannot do what it was asked for: one line, and an exit code."""

from __future__ import annotations

import os
from collections.abc import Mapping

FAILED = 1
WRONG_USE = 2

ROS_MODULES = ('rclpy', 'compression_boot_msgs', 'rcl_interfaces', 'builtin_interfaces')


class CommandError(Exception):
    """A command ends with one line that names the cause and the cure.

    Parameters
    ----------
    line : str
    document : mapping, optional
        What a script gets in the place of the line alone.
    """

    exit_code = FAILED

    def __init__(self, line: str, document: Mapping[str, object] | None = None) -> None:
        super().__init__(line)
        self.document = document


class CommandFailed(CommandError):
    """The thing that was asked for failed."""


class WrongUse(CommandError):
    """The thing cannot be asked for like this."""

    exit_code = WRONG_USE


def explained(error: Exception) -> tuple[tuple[str, ...], int]:
    """Lines for a person, and the exit code, of anything that a command raised."""
    from compression_boot_control.analysis.errors import BagError
    from compression_boot_control.core.session_errors import ProtocolError
    from compression_boot_control.sessions.protocol_library import UnknownProtocolError
    from compression_boot_control.yaml_file import FileError, MissingFileError

    if isinstance(error, CommandError):
        return (str(error),), error.exit_code
    if isinstance(error, FileError):
        misused = isinstance(error, UnknownProtocolError | MissingFileError)
        return error.lines, WRONG_USE if misused else FAILED
    if isinstance(error, ProtocolError):
        return (error.message,), FAILED
    if isinstance(error, BagError):
        return (str(error),), FAILED
    if isinstance(error, ModuleNotFoundError) and (error.name or '').split('.')[0] in ROS_MODULES:
        return (_no_ros(error.name or ''),), FAILED
    if isinstance(error, OSError) and error.strerror:
        name = f'{error.filename}: ' if error.filename else ''
        return (f'{name}{error.strerror}; see boots --debug for where',), FAILED
    text = ' '.join(str(error).split())
    return (
        f'unexpected {type(error).__name__}: {text}; please report it with the output of '
        'boots --debug',
    ), FAILED


def _no_ros(module: str) -> str:
    if 'VIRTUAL_ENV' in os.environ or 'AMENT_PREFIX_PATH' in os.environ:
        return f'{module} is not installed in this environment: run make build, source env.sh'
    return f'{module} is not found: source env.sh in the root of the project (make build first)'
