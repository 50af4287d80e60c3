"""The compiled kernel comes from a cache, never from a stale one, and works without any."""

from __future__ import annotations

import compileall
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import compression_boot_control
from compression_boot_control.core import pneumatics
from compression_boot_control.plant import kernel, kernel_parts, layout

FIRST_STEP = """
from compression_boot_control.plant import kernel
from compression_boot_control.plant.boots import SimulatedBoots
import pickle, sys
boots = SimulatedBoots(pickle.load(open(sys.argv[1], 'rb')))
stats = kernel.kernel(1).stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


def test_change_of_a_number_of_another_module_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = kernel.fingerprint()
    monkeypatch.setattr(pneumatics, 'LAMINAR_RATIO', 0.99)
    assert kernel.fingerprint() != before


def test_change_of_a_function_of_another_module_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = kernel.fingerprint()
    changed = (*kernel_parts.SHARED[1:], lambda pressure: 2 * pressure, *kernel_parts.PARTS)
    assert kernel.fingerprint(changed) != before


def test_change_of_the_layout_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = kernel.fingerprint()
    monkeypatch.setattr(layout, 'CREEP', layout.DRIFT)
    assert kernel.fingerprint() != before


def test_fingerprint_is_the_same_each_time() -> None:
    assert kernel.fingerprint() == kernel.fingerprint()


@pytest.mark.parametrize('when', ['decorated', 'called'])
def test_kernel_compiles_where_no_cache_can_be_written(
    monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    real = kernel.njit

    def full_disk(*arguments: Any) -> None:
        raise OSError('No space left on device')

    def njit(cache: bool = False, **options: Any) -> Any:
        if not cache:
            return real(**options)
        if when == 'decorated':
            raise RuntimeError('cannot cache function: no locator available for file')
        return lambda function: full_disk

    monkeypatch.setattr(kernel, 'njit', njit)
    assert kernel.compiled(lambda x: 2.0 * x, (1.0,))(3.0) == 6.0


def test_second_process_loads_the_kernel_and_a_changed_equation_compiles_anew(
    tmp_path: Path, nominal
) -> None:
    package = Path(compression_boot_control.__file__).parent
    for part in ('core', 'plant'):
        shutil.copytree(
            package / part,
            tmp_path / package.name / part,
            ignore=shutil.ignore_patterns('__pycache__'),
        )
    shutil.copy(package / '__init__.py', tmp_path / package.name)
    parameters = tmp_path / 'parameters'
    parameters.write_bytes(pickle.dumps(nominal))

    def first_step() -> tuple[int, int]:
        """Cache hits and misses of the kernel in a process of its own."""
        # numba's key differs between code that Python has just compiled and code that it has kept
        compileall.compile_dir(tmp_path / package.name, quiet=1)
        environment = os.environ | {
            'PYTHONPATH': str(tmp_path),
            'NUMBA_CACHE_DIR': str(tmp_path / 'cache'),
        }
        done = subprocess.run(
            [sys.executable, '-c', FIRST_STEP, str(parameters)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        hits, misses = done.stdout.split()
        return int(hits), int(misses)

    assert first_step() == (0, 1)
    assert first_step() == (1, 0)
    source = tmp_path / package.name / 'core' / 'pneumatics.py'
    source.write_text(source.read_text().replace('LAMINAR_RATIO = 0.998', 'LAMINAR_RATIO = 0.997'))
    assert first_step() == (0, 1)
