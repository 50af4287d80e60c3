"""The `boots session` commands: what cannot be asked for like this."""

from __future__ import annotations

import subprocess
import sys

import pytest

from compression_boot_control.cli.main import main


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        (('intensity', '30'), '50'),
        (('intensity', '130'), '120'),
        (('intensity', 'nan'), '120'),
        (('boost', 'foot', '11'), '10'),
        (('boost', 'foot', '-21'), '-20'),
        (('extend', '46'), '45'),
        (('extend', 'long'), 'MINUTES'),
        (('symptom', 'itching'), 'discomfort'),
        (('skip',), 'ZONE'),
        (('skip', 'calf', '--leg', 'third'), 'left'),
        (('fly',), 'fly'),
    ],
)
def test_what_is_out_of_range_is_wrong_use_in_one_line(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: str
) -> None:
    assert main(['session', *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: ')
    assert expected in line
    assert '--help' in line


def test_every_command_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['session', '--help']) == 0
    text = capsys.readouterr().out
    for name in ('pause', 'resume', 'intensity', 'skip', 'boost', 'extend', 'symptom'):
        assert name in text


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    code = (
        'import sys; import compression_boot_control.cli.session; '
        "print([m for m in ('numpy', 'pydantic', 'rclpy', 'rich.table') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'
