"""What every command has in common: help, errors, exit codes."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from compression_boot_control.cli.errors import CommandFailed, WrongUse, explained
from compression_boot_control.cli.main import main

BOOTS = Path(__file__).resolve().parents[2] / 'bin' / 'boots'
HEAVY = ('rclpy', 'numpy', 'matplotlib', 'pydantic', 'scipy', 'compression_boot_msgs', 'numba')


def test_help_imports_nothing_heavy() -> None:
    program = (
        'import sys; from compression_boot_control.cli.main import main; main(["--help"]); '
        f'print([name for name in {HEAVY} if name in sys.modules])'
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == '[]'


def test_help_is_quick() -> None:
    """The time of the processor counts: that of a busy machine says nothing."""
    best = 10.0
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, BOOTS, '--help'], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert best < 0.4


@pytest.mark.parametrize(
    'command', ['demo', 'up', 'run', 'stop', 'status', 'reset', 'simulate', 'protocols']
)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, '--help']) == 0
    assert f'boots {command}' in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['--version']) == 0
    assert capsys.readouterr().out.startswith('boots ')


@pytest.mark.parametrize(
    ('words', 'text'),
    [
        (['nosuch'], "No such command 'nosuch'"),
        (['run'], "Missing argument 'PROTOCOL'"),
        (['run', 'beginner', '--nosuch'], '--nosuch'),
        (['run', 'beginner', '--intensity', '10'], 'greater than or equal to 50'),
        (['run', 'beginner', '--minutes', '60'], 'less than or equal to 45'),
        (['run', 'beginner', '--leg', 'middle'], "'middle' is not one of"),
        (['run', 'nosuch'], "there is no protocol 'nosuch'"),
        (['run', 'nosuch.yaml'], 'no such file'),
        (['simulate', 'nosuch'], "there is no protocol 'nosuch'"),
        (['simulate', 'beginner', '--plot', 'x.gif'], '.png'),
        (['up', '--backend', 'magic'], "'magic' is not one of"),
        (['demo', '--speed', '0'], '--speed'),
    ],
)
def test_wrong_use_is_one_line_and_2(
    words: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith('error: ')
    assert text in lines[0]


def test_script_gets_json_of_an_error_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['simulate', 'nosuch', '--json']) == 2
    found = json.loads(capsys.readouterr().out)
    assert found['ok'] is False
    assert 'nosuch' in found['errors'][0]


def test_debug_shows_where(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['--debug', 'simulate', 'nosuch']) == 2
    assert 'Traceback' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('error', 'expected'),
    [
        (CommandFailed('it broke: mend it'), ('it broke: mend it', 1)),
        (WrongUse('not so: but so'), ('not so: but so', 2)),
        (ModuleNotFoundError('no', name='rclpy.node'), ('source env.sh', 1)),
        (PermissionError(13, 'Permission denied', 'bag'), ('bag: Permission denied', 1)),
        (KeyError('lost\nkey'), ('unexpected KeyError', 1)),
    ],
)
def test_any_error_becomes_one_line(error: Exception, expected: tuple[str, int]) -> None:
    lines, exit_code = explained(error)
    assert len(lines) == 1
    assert '\n' not in lines[0]
    assert (expected[0] in lines[0], exit_code) == (True, expected[1])


def test_simulation_needs_no_ros(tmp_path: Path) -> None:
    program = (
        'import sys\n'
        'for name in ("rclpy", "compression_boot_msgs"): sys.modules[name] = None\n'
        'from compression_boot_control.cli.main import main\n'
        'sys.exit(main(["simulate", "demonstration", "--json"]))'
    )
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: Any = json.loads(done.stdout)
    assert found['vented_at_end']
