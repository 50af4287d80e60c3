"""What is generated is up to date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    'program', ['interfaces', 'protocols', 'schemas', 'register_map', 'campaigns', 'analysis']
)
def test_the_generated_files_are_up_to_date(program: str) -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / 'tools' / 'docs' / f'{program}.py'), '--check'],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
