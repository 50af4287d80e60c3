"""The page of the safety path says what the code does, and every requirement has a test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_page_is_what_the_tables_say_and_every_id_has_a_test() -> None:
    check = subprocess.run(
        [sys.executable, str(ROOT / 'tools' / 'docs' / 'safety.py'), '--check'],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stderr
