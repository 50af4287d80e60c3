"""Runs one session in simulation and on an emulated device: ``tools/bench_device_session.py``.

The same protocol, garment and seed; the plateaus of every chamber are taken from the two bags and
compared. Real processes in real time, so it takes the session's time, twice.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'src/compression_boot_control'))

from compression_boot_control.analysis.bag_reader import open_bag  # noqa: E402
from compression_boot_control.analysis.metrics import plateau_errors  # noqa: E402
from compression_boot_control.analysis.session_trace import recorded_session  # noqa: E402
from compression_boot_control.core.units import MMHG  # noqa: E402

BOOTS = (sys.executable, str(ROOT / 'src/compression_boot_control/bin/boots'))
NAMESPACE = f'bench_{os.getpid()}'
GOAL = 1.0
"""Largest difference of a plateau [mmHg]."""


def started(words: Sequence[str], ready: str, log: Path) -> subprocess.Popen[bytes]:
    """Start a command and wait until it says that it is ready."""
    with log.open('wb') as output:
        process = subprocess.Popen(
            [*BOOTS, *words], stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT
        )
    deadline = time.monotonic() + 60.0
    while ready not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f'error: not ready: {log.read_text()}')
        time.sleep(0.1)
    return process


def ended(process: subprocess.Popen[bytes]) -> None:
    """End a command in order."""
    process.send_signal(signal.SIGINT)
    process.wait(30.0)


def session(hardware: Sequence[str], options: argparse.Namespace, bag: Path) -> dict[str, float]:
    """Run the session; mean pressure of each chamber on its plateaus [mmHg]."""
    words = ['up', *hardware, '--garment', options.garment, '--namespace', NAMESPACE]
    system = started([*words, '--bag', str(bag)], 'ready:', bag.with_suffix('.log'))
    run = ['run', options.protocol, '--bench', '--json', '--namespace', NAMESPACE]
    minutes = ['--minutes', str(options.minutes)] if options.minutes else []
    try:
        result = subprocess.run(
            [*BOOTS, *run, *minutes], capture_output=True, text=True, check=False
        )
    finally:
        ended(system)
    if result.returncode:
        sys.exit(f'error: the session failed: {result.stderr or json.loads(result.stdout)}')
    trace = recorded_session(open_bag(bag)).trace
    pressed = np.where(trace.mode > 0, trace.target, np.nan)
    return {
        name: float(np.nanmax(pressed[:, i]) + plateau_errors(trace, i).mean()) / MMHG
        for i, name in enumerate(trace.chamber_names)
    }


def main() -> int:
    """Compare the plateaus; 1 when they are further apart than the goal."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--protocol', default='demonstration')
    parser.add_argument('--minutes', type=float, default=0.0, help="0: the protocol's own time")
    parser.add_argument('--garment', default='five_zone')
    parser.add_argument('--seed', type=int, default=3)
    parser.add_argument('--serial', action='store_true', help='Modbus RTU instead of TCP')
    options = parser.parse_args()
    seed = ['--seed', str(options.seed)]
    with tempfile.TemporaryDirectory() as folder:
        simulated = session(['--backend', 'sim', *seed], options, Path(folder) / 'simulated')
        log = Path(folder) / 'device.log'
        line = ['--serial'] if options.serial else ['--port', '0']
        device = started(
            ['emulate', *line, '--garment', options.garment, *seed], 'Ctrl-C ends it', log
        )
        where = log.read_text().split('--port ')[1].split('. Type')[0]
        backend = 'modbus-rtu' if options.serial else 'modbus-tcp'
        try:
            hardware = ['--backend', backend, '--port', where]
            emulated = session(hardware, options, Path(folder) / 'emulated')
        finally:
            ended(device)
    apart = {name: emulated[name] - simulated[name] for name in simulated}
    for name, difference in apart.items():
        print(f'{name}: {simulated[name]:.2f} simulated, {difference:+.2f} mmHg on the device')
    worst = max(abs(difference) for difference in apart.values())
    print(
        f'{options.protocol} on {options.garment}, seed {options.seed}, {backend}: plateaus within '
        f'{worst:.2f} mmHg of simulation; goal {GOAL:g}'
    )
    return 0 if worst <= GOAL else 1


if __name__ == '__main__':
    sys.exit(main())
