"""What a second worker gains: a folder of bags, and a campaign, on one worker and on two.

Writes small bags of simulated sessions and analyses their folder with ``boots analyze``, then runs
a small ``boots campaign``; each with 1 worker and with 2, in a process of its own, and each anew.
Prints the time of each and what it costs by bag, by simulated hour and by session.

Run as ``python tools/bench_farm.py`` on a machine that has nothing else to do.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from compression_boot_control.analysis.simulated_bag import write_simulated_bag
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol

BOOTS = 'import sys; from compression_boot_control.cli.main import main; sys.exit(main())'
"""The ``boots`` command, wherever it is installed."""

PROTOCOL = 'intermediate'
WORKERS = (1, 2)


def make_bags(folder: Path, count: int, minutes: float) -> float:
    """Write bags of simulated sessions; the hours that they hold together."""
    folder.mkdir(parents=True)
    garment = load_garment()
    plan = compile_protocol(load_protocol(PROTOCOL), garment, minutes=minutes)
    samples = 0
    for number in range(count):
        recording = write_simulated_bag(folder / f'bag_{number:02d}', garment, plan, seed=number)
        samples += len(recording.status)
    return samples * 0.01 / 3600.0


def timed(*words: str) -> float:
    """Time that a ``boots`` command takes, its start included [s]."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, '-c', BOOTS, *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f'error: boots {words[0]} failed: {done.stderr.strip()}')
    return time.monotonic() - began


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--bags', type=int, default=12, help='bags in the folder')
    parser.add_argument('--minutes', type=float, default=4.0, help='length of each session')
    parser.add_argument('--sessions', type=int, default=256, help='sessions of the campaign')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        hours = make_bags(place / 'bags', options.bags, options.minutes)
        # compiled code comes from the cache for all that is timed
        timed('campaign', '--sessions', '1', '--workers', '1', '--folder', str(place / 'warm'))
        print(f'load average {os.getloadavg()[0]:.1f}')
        print('workers   folder   a bag   a simulated hour   campaign   a session')
        for workers in WORKERS:
            own = ['--workers', str(workers)]
            results = str(place / f'results_{workers}')
            folder = timed('analyze', str(place / 'bags'), '--output', results, *own)
            results = str(place / f'campaign_{workers}')
            words = ['--sessions', str(options.sessions), '--folder', results]
            campaign = timed('campaign', *words, *own)
            print(
                f'{workers:7d} {folder:6.1f} s {folder / options.bags:5.2f} s '
                f'{folder / hours:16.1f} s {campaign:8.1f} s {campaign / options.sessions:9.3f} s'
            )


if __name__ == '__main__':
    main()
