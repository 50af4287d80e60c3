"""Proves the device test on emulated devices: ``python tools/bench_device_test.py``.

Plants every kind of defect, in a chamber and on a device that each seed draws, and counts how many
are found and named; then tests good devices and counts false alarms. All in simulated time, a few
seconds for each device and core.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'src/compression_boot_control'))

from compression_boot_control.hardware.device_test.planted import defects_of, examine  # noqa: E402
from compression_boot_control.hardware.device_test.report import headline  # noqa: E402
from compression_boot_control.hardware.garment_file import load_garment  # noqa: E402


def planted(garment_name: str, name: str, seed: int) -> tuple[str, bool, str]:
    """Plant one defect; its name, whether it was found, and what was found."""
    garment = load_garment(garment_name)
    defect = defects_of(garment, seed % len(garment))[name]
    report, _ = examine(garment, defect.plant, seed)
    return name, defect.found_in(report), f'seed {seed}, {defect.chamber}: {report.findings}'


def good(garment_name: str, seed: int) -> tuple[bool, str]:
    """Test one good device; whether it passed, and how it ended."""
    report, _ = examine(load_garment(garment_name), seed=seed)
    return report.passed, f'seed {seed}: {headline(report)} {report.findings}'


def results(jobs: Sequence[Future[Any]]) -> Iterator[Any]:
    """Results as they come, with a count on the way."""
    for done, job in enumerate(jobs, 1):
        yield job.result()
        if done % 10 == 0:
            print(f'{done} of {len(jobs)}', file=sys.stderr, flush=True)


def shown(name: str, text: str) -> str:
    """Print what went wrong, at once; the name."""
    print(f'{name}: {text}', flush=True)
    return name


def main() -> int:
    """Plant all defects and test good devices; 1 when anything was missed or falsely alarmed."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--garment', default='five_zone')
    parser.add_argument('--seeds', type=int, default=3, help='devices for each kind of defect')
    parser.add_argument('--good', type=int, default=100, help='good devices')
    parser.add_argument('--first', type=int, default=0, help='seed of the first good device')
    parser.add_argument('--workers', type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    names = list(defects_of(load_garment(options.garment)))
    with ProcessPoolExecutor(options.workers) as pool:
        tries = [
            pool.submit(planted, options.garment, name, seed)
            for name in names
            for seed in range(1, options.seeds + 1)
        ]
        devices = [
            pool.submit(good, options.garment, seed)
            for seed in range(options.first, options.first + options.good)
        ]
        missed = [shown(name, text) for name, found, text in results(tries) if not found]
        alarmed = [shown('false alarm', text) for passed, text in results(devices) if not passed]
    kinds = len(names) - len(set(missed))
    print(
        f'{options.garment}: {kinds} of {len(names)} kinds of defects found and named every time '
        f'({len(tries) - len(missed)} of {len(tries)} devices); '
        f'{len(alarmed)} false alarms on {options.good} good devices'
    )
    return 1 if missed or alarmed else 0


if __name__ == '__main__':
    sys.exit(main())
