"""Failures as one line that names the cause and the cure."""

import errno
import re
from dataclasses import dataclass
from pathlib import Path


class SetUpError(Exception):
    """A failure that the user can act on; its text is the one line to show."""


@dataclass(frozen=True)
class Symptom:
    """What the output of a tool looks like when something known went wrong."""

    pattern: re.Pattern[str]
    cause_and_cure: str


def _symptom(pattern: str, cause_and_cure: str) -> Symptom:
    return Symptom(re.compile(pattern, re.IGNORECASE), cause_and_cure)


NO_SPACE = (
    'no space left on the disk: free some (2.5 GB is enough), then run the same command again'
)
NO_PERMISSION = (
    'no permission to write here: run from a folder of your own, or give it to yourself '
    '(sudo chown -R "$USER" .)'
)

# The first that matches wins: a full disk also looks like a failed download, for instance.
SYMPTOMS = (
    _symptom(r'no space left on device|disk quota exceeded', NO_SPACE),
    _symptom(r'permission denied|read-only file system', NO_PERMISSION),
    _symptom(
        r'name resolution|name or service not known|NewConnectionError|ConnectTimeoutError'
        r'|ReadTimeoutError|ProxyError|network is unreachable|connection refused'
        r'|max retries exceeded|connection reset|incompleteread|SSLError',
        'the package index cannot be reached: check the network (and https_proxy, if you need '
        'one), then run the same command again',
    ),
    _symptom(
        r'do not match the hashes',
        'a downloaded package is not the one that requirements.lock names: run '
        '`python3 -m pip cache purge`, then the same command again',
    ),
    _symptom(
        r'no matching distribution found|is not a supported wheel|could not find a version',
        'the package index has no package for this machine: the ROS 2 wheels exist for Linux on '
        'x86_64; elsewhere install ROS 2 Jazzy, source its setup.bash and run again',
    ),
    _symptom(
        r'Python\.h: No such file|Could NOT find Python3.*Development',
        'the C headers of Python are missing: install them (Debian, Ubuntu: sudo apt install '
        'python3-dev)',
    ),
    _symptom(
        r'No CMAKE_CXX?_COMPILER could be found|is not able to compile a simple test program',
        'the C++ compiler does not work: install one (Debian, Ubuntu: sudo apt install g++; '
        'Fedora: sudo dnf install gcc-c++)',
    ),
    _symptom(
        r'ensurepip is not available|No module named .?ensurepip',
        'Python cannot make a virtual environment: install its venv module (Debian, Ubuntu: '
        'sudo apt install python3-venv)',
    ),
    _symptom(
        r'fatal error: Killed|out of memory|cannot allocate memory|std::bad_alloc',
        'the machine ran out of memory: close other programs, then run the same command again',
    ),
)

_ERROR_LINE = re.compile(r'\berror\b|\bexception\b|^E  ', re.IGNORECASE)


def explain_output(output: str) -> str | None:
    """Find a known cause in what a tool printed.

    Parameters
    ----------
    output : str
        Everything that the tool printed.

    Returns
    -------
    str or None
        Cause and cure, None if the output is of no known kind.
    """
    for symptom in SYMPTOMS:
        if symptom.pattern.search(output):
            return symptom.cause_and_cure
    return None


def explain_os_error(error: OSError) -> str:
    """Put an error of the operating system into one line with a cure."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NO_SPACE
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f'{error.filename}: {NO_PERMISSION}'
    return f'{error}: put that right, then run the same command again'


def explain_command(name: str, output: str, log: Path) -> str:
    """Put the failure of a command into one line.

    Parameters
    ----------
    name : str
        What the command did, for a reader.
    output : str
        Everything that it printed.
    log : Path
        Where the same output is kept.

    Returns
    -------
    str
        The known cause with its cure, else the first line that looks like an error.
    """
    known = explain_output(output)
    if known:
        return f'{name}: {known} (details: {log})'
    errors = [line.strip() for line in output.splitlines() if _ERROR_LINE.search(line)]
    first = errors[0] if errors else 'it ended without a word on why'
    return f'{name}: {first} (all of it: {log})'
