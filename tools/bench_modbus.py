"""Measures the Modbus backends against an emulated device: ``python tools/bench_modbus.py``.

Time of a cycle over TCP and a serial line, cycles missed at the pace of a session, and the time
from a cut link to a vented device. The device is a process of its own for the timing. With
``--seconds 600 --cuts 100`` it does what the goals ask for: 100 Hz without a missed cycle for ten
minutes, and a hundred cuts. It wants an idle machine, and says how busy that was.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SOURCES = str(ROOT / 'src/compression_boot_control')
sys.path.insert(0, SOURCES)

from compression_boot_control.core.dead_man import PERMIT_AGE_LIMIT  # noqa: E402
from compression_boot_control.core.signals import Actuation  # noqa: E402
from compression_boot_control.hardware.backends import (  # noqa: E402
    HardwareOptions,
    make_backend,
)
from compression_boot_control.hardware.emulated_device import EmulatedDevice  # noqa: E402
from compression_boot_control.hardware.emulated_server import (  # noqa: E402
    EmulatedServer,
    LinkFault,
)
from compression_boot_control.hardware.garment_file import load_garment  # noqa: E402
from compression_boot_control.hardware.manifold import Manifold, ManifoldError  # noqa: E402
from compression_boot_control.hardware.profile_file import load_profile  # noqa: E402
from compression_boot_control.steady_memory import spare_what_stays  # noqa: E402

EMULATE = 'import sys; from compression_boot_control.cli.main import main; sys.exit(main())'


def driving(count: int) -> Actuation:
    """Every inlet ajar."""
    return Actuation(np.full(count, 0.3), np.zeros(count), np.asarray(1.0))


STATISTICS = Path('/proc/stat')
"""Where Linux counts what its processors do."""

GARMENTS = {'modbus-tcp': 'six_zone', 'modbus-rtu': 'five_zone'}
"""Twelve chambers over TCP; at 115200 baud ten of them fit into 20 ms."""


def device_process(*words: str) -> tuple[subprocess.Popen[str], str]:
    """Start an emulated device; the process, and where it is."""
    process = subprocess.Popen(
        [sys.executable, '-c', EMULATE, 'emulate', *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {'PYTHONPATH': SOURCES},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    return process, line.split('--port ')[1].split('.')[0]


def paced(manifold: Manifold, seconds: float) -> tuple[np.ndarray, int]:
    """Write and read every period; durations [s], and cycles that were lost or late."""
    period, command = manifold.sample_period, driving(len(manifold.garment))
    durations, missed, due = [], 0, time.monotonic()
    for _ in range(round(seconds / period)):
        due += period
        begun = time.monotonic()
        try:
            manifold.write(command)
            manifold.read()
        except ManifoldError:
            missed += 1
        now = time.monotonic()
        durations.append(now - begun)
        missed += now > due + period
        due = max(due, now)
        time.sleep(max(due - time.monotonic(), 0.0))
    return np.array(durations), missed


def stolen() -> float:
    """Time that the host of a virtual machine has kept its processors from it so far [s]."""
    if not STATISTICS.exists():
        return math.nan
    steal = int(STATISTICS.read_text().split(maxsplit=9)[8])
    return steal / os.sysconf('SC_CLK_TCK')


def timing(backend: str, seconds: float) -> None:
    """Print the times of a backend."""
    garment = load_garment(GARMENTS[backend])
    line = ['--serial'] if backend == 'modbus-rtu' else ['--port', '0']
    process, where = device_process('--garment', garment.name, *line)
    manifold = make_backend(garment, HardwareOptions(backend, port=where))
    try:
        manifold.open()
        spare_what_stays()  # as the node does
        before = stolen()
        durations, missed = paced(manifold, seconds)
        median, late = np.percentile(durations, (50, 99)) * 1e3
        print(
            f'{backend}, {seconds:g} s: cycle of {len(garment)} channels {median:.2f} ms median, '
            f'{late:.2f} ms p99, {durations.max() * 1e3:.2f} ms at most; at '
            f'{1 / manifold.sample_period:g} Hz {missed} of {len(durations)} cycles missed; '
            f'processors withheld from this machine for {stolen() - before:.2f} s'
        )
    finally:
        manifold.close()
        process.terminate()
        process.wait()


def cuts(tries: int) -> None:
    """Print the time from a cut link to a vented device."""
    profile, garment = load_profile('generic_tcp'), load_garment()
    times, waiting = [], 0
    with EmulatedServer(EmulatedDevice(garment, profile), profile) as server:
        options = HardwareOptions('modbus-tcp', port=str(server.port))
        manifold = make_backend(garment, options)
        for _ in range(tries):
            server.link_faults.clear()
            manifold.open()
            for _ in range(10):
                manifold.write(driving(len(garment)))
                time.sleep(0.01)
            cut = time.monotonic()
            server.link_faults.add(LinkFault.CUT)
            while server.device.applied.exhaust.min() < 1.0 and time.monotonic() - cut < 2.0:
                time.sleep(0.001)
            times.append(time.monotonic() - cut)
            server.link_faults.clear()
            waiting += manifold_waits(manifold)
            manifold.close()
    inside = sum(seconds <= PERMIT_AGE_LIMIT for seconds in times)
    print(
        f'link cut: vented within {PERMIT_AGE_LIMIT * 1e3:g} ms in {inside} of {tries} tries, '
        f'{max(times) * 1e3:.0f} ms at most; waits for a reset in {waiting} of {tries}'
    )


def manifold_waits(manifold: Manifold) -> bool:
    """Whether the device refuses to drive after the link is back."""
    for _ in range(100):
        try:
            manifold.write(driving(len(manifold.garment)))
            sample = manifold.read()
        except ManifoldError:
            time.sleep(0.02)
            continue
        return sample.watchdog_expired and bool(np.all(sample.readings.exhaust == 1.0))
    return False


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=20.0, help='of each timing')
    parser.add_argument('--cuts', type=int, default=20, help='tries with a cut link')
    parser.add_argument('--backends', default='modbus-tcp,modbus-rtu', help='those to time')
    options = parser.parse_args()
    for backend in filter(None, options.backends.split(',')):
        timing(backend, options.seconds)
    if options.cuts:
        cuts(options.cuts)
    print(f'load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores')


if __name__ == '__main__':
    main()
