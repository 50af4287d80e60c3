"""Runs a tool, keeps what it prints in a file, and turns its failure into one line."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from set_up.failures import SetUpError, explain_command

# Set by a shell that is set up for something else; they would lead the tools astray.
_FOREIGN_VARIABLES = (
    'CMAKE_GENERATOR',
    'COLCON_DEFAULTS_FILE',
    'COLCON_PREFIX_PATH',
    'PIP_PREFIX',
    'PIP_REQUIRE_VIRTUALENV',
    'PIP_TARGET',
    'PIP_USER',
    'PYTHONHOME',
    'VIRTUAL_ENV',
    '_ROS_WHEELS_BOOTSTRAP_COMPLETE',
)
# Set by a ROS 2 installation; kept only when it is the one in use.
_ROS_VARIABLES = ('AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH', 'LD_LIBRARY_PATH', 'PYTHONPATH')


def clean_environ(environ: Mapping[str, str], *, keep_ros: bool) -> dict[str, str]:
    """Copy the environment variables without those that would lead a tool astray."""
    unwanted = _FOREIGN_VARIABLES if keep_ros else _FOREIGN_VARIABLES + _ROS_VARIABLES
    return {name: value for name, value in environ.items() if name not in unwanted}


class Runner:
    """Runs commands in a folder, each with a log of its own.

    Parameters
    ----------
    folder, logs : Path
        Where commands run, and where their output is kept.
    inherited : int
        A file descriptor that the commands hold open as long as they run.
    """

    def __init__(self, folder: Path, logs: Path, inherited: int) -> None:
        self._folder = folder
        self._logs = logs
        self._inherited = inherited

    def run(
        self,
        name: str,
        command: Sequence[str | Path],
        environ: Mapping[str, str],
        on_line: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Run a command to its end.

        Parameters
        ----------
        name : str
            What the command does; also the name of its log.
        command : sequence of str or Path
            The program and its arguments.
        environ : mapping of str to str
            Its environment variables.
        on_line : callable
            Called with every line that it prints.

        Raises
        ------
        SetUpError
            If the command cannot be started or fails.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f'{name.replace(" ", "_")}.log'
        lines = []
        with log.open('w') as kept, self._start(command, environ) as process:
            try:
                for line in process.stdout or ():
                    kept.write(line)
                    lines.append(line)
                    on_line(line.rstrip())
            except BaseException:
                process.terminate()
                raise
        if process.returncode != 0:
            raise SetUpError(explain_command(name, ''.join(lines), log.relative_to(self._folder)))

    def _start(
        self, command: Sequence[str | Path], environ: Mapping[str, str]
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [os.fspath(part) for part in command],
            cwd=self._folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
            pass_fds=(self._inherited,),
        )
