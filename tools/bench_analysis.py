"""Time, memory and size of the analysis of a bag, report included.

Simulates a session of 30 minutes at 100 Hz, writes it with the project's bag writer, and runs
``boots analyze`` on it with report and Parquet. Then the same on a bag of several such sessions in
a row, to see that memory does not grow with the bag. Prints the figures beside their goals.

Run as ``python tools/bench_analysis.py``; ``--keep FOLDER`` keeps bags and
reports, and uses the bags that are there already.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from compression_boot_control.analysis.simulated_bag import write_simulated_bag
from compression_boot_control.analysis.simulated_recording import simulate_recording
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol

PROTOCOL = 'intermediate'
BOOTS = 'import sys; from compression_boot_control.cli.main import main; sys.exit(main())'
"""The ``boots`` command, wherever it is installed."""

ONE, MANY = 'one_session', 'many_sessions'
"""Folders of the bags."""

SECONDS_GOAL, MEMORY_GOAL_MB, SIZE_GOAL_MB = 5.0, 500.0, 60.0


@dataclass(frozen=True)
class Run:
    """What one run of ``boots analyze`` took: time [s], processor time [s], memory [MB]."""

    wall: float
    cpu: float
    memory: float


def analyse(bag: Path, report: Path) -> Run:
    """Analyse a bag in a process of its own."""
    table = report.with_suffix('.parquet')
    words = ['analyze', str(bag), '--html', str(report), '--parquet', str(table)]
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, '-c', BOOTS, *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    if os.waitstatus_to_exitcode(status):
        raise SystemExit('error: boots analyze failed; see its output above')
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024.0)


def megabytes(path: Path) -> float:
    """Size of a file, or of all in a folder [MB]."""
    files = path.rglob('*') if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def make_bags(folder: Path, minutes: float, sessions: int) -> None:
    """Write a bag of one session, and one of several."""
    folder.mkdir(parents=True, exist_ok=True)
    garment = load_garment()
    plan = compile_protocol(load_protocol(PROTOCOL), garment, minutes=minutes)
    recording = simulate_recording(garment, plan, seed=1)
    write_simulated_bag(folder / ONE, garment, plan, seed=1, recording=recording)
    write_simulated_bag(
        folder / MANY, garment, plan, seed=1, recording=recording, sessions=sessions
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--minutes', type=float, default=30.0, help='length of a session')
    parser.add_argument('--sessions', type=int, default=3, help='sessions of the longer bag')
    parser.add_argument('--keep', type=Path, help='folder in which bags and reports stay')
    parser.add_argument('--make', action='store_true', help='only make the bags in that folder')
    options = parser.parse_args()
    if options.make:
        make_bags(options.keep, options.minutes, options.sessions)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        one, many = folder / ONE, folder / MANY
        if not (one.exists() and many.exists()):
            # in a process of its own: what it holds in memory would count for those begun later
            words = ['--make', '--keep', str(folder)]
            words += ['--minutes', str(options.minutes), '--sessions', str(options.sessions)]
            subprocess.run([sys.executable, __file__, *words], check=True)
        short, long = analyse(one, folder / 'one.html'), analyse(many, folder / 'many.html')
        print(f'{options.minutes:g} minutes at 100 Hz, load average {os.getloadavg()[0]:.1f}')
        print(f'analysis with report   {short.wall:6.1f} s    (goal {SECONDS_GOAL:g} s)')
        print(f'  of the processor     {short.cpu:6.1f} s')
        print(f'peak memory            {short.memory:6.0f} MB   (goal {MEMORY_GOAL_MB:g} MB)')
        print(f'size of the bag        {megabytes(one):6.1f} MB   (goal {SIZE_GOAL_MB:g} MB)')
        print(f'size of the report     {megabytes(folder / "one.html"):6.1f} MB')
        print(f'{options.sessions} sessions in one bag of {megabytes(many):.0f} MB:')
        print(f'  analysis with report {long.wall:6.1f} s')
        print(f'  peak memory          {long.memory:6.0f} MB')


if __name__ == '__main__':
    main()
