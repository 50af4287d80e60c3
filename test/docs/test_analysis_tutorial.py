"""The code of the analysis tutorial runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / 'docs' / 'analysis_tutorial.md'
TIMEOUT = 240.0


@pytest.mark.timeout(300)  # on a busy machine the simulation alone takes a minute to compile
def test_the_tutorial_runs_from_its_first_block_to_its_last(tmp_path: Path) -> None:
    blocks = re.findall(r'```python\n(.*?)```', PAGE.read_text(encoding='utf-8'), re.DOTALL)
    assert len(blocks) >= 6
    run = subprocess.run(
        [sys.executable, '-c', '\n'.join(blocks)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert run.returncode == 0, run.stderr
    assert 'full cycles' in run.stdout
