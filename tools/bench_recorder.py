"""What recording costs, and what it loses: the whole system in real time at 100 Hz.

Starts the nodes, runs sessions one after the other for a time, and ends the system. Prints what the
recorder took of a core meanwhile, the size of the bag, and the messages that are missing in it by
the counts that their senders gave them.

Run as ``python tools/bench_recorder.py``, with ``--seconds`` for a longer one: 1800 is a whole
session. ``--keep DIR`` leaves the bag there.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from compression_boot_control.analysis.bag_reader import open_bag
from compression_boot_control.cli.interruption import Interruption
from compression_boot_control.cli.running_system import RunningSystem
from compression_boot_control.cli.session_run import run_session
from compression_boot_control.cli.views import SessionRequest
from compression_boot_control.system import SystemOptions

DOMAIN = '78'
CPU_GOAL, SIZE_GOAL_MB = 0.05, 60.0
HALF_HOUR = 1800.0
COUNTED = ('manifold/state', 'setpoints', 'valves/requested', 'valves/permitted')
"""Topics whose messages have a count of their own. Pressures carry that of the sample that they
follow from, and sensing may skip one."""
LONGEST_SESSION = 30.0


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--seconds', type=float, default=60.0, help='length of the measurement')
    parser.add_argument('--keep', type=Path, default=None, help='folder that keeps the bag')
    options = parser.parse_args()
    os.environ['ROS_DOMAIN_ID'] = DOMAIN
    with tempfile.TemporaryDirectory() as folder:
        bag = (options.keep or Path(folder)) / 'bag'
        share, load = record(bag, options.seconds)
        report(bag, share, load)


def record(bag: Path, length: float) -> tuple[float, float]:
    """Record for a time [s]; the recorder's share of a core, and the load average meanwhile."""
    system = SystemOptions(bag=str(bag), log_level='warn')
    bag.parent.mkdir(parents=True, exist_ok=True)
    log = bag.parent / 'nodes.log'
    with Interruption() as interruption, RunningSystem(system, interruption, log) as running:
        running.wait_ready(print)
        recorder = psutil.Process(running.pids['session_recorder'])
        start, used = time.monotonic(), sum(recorder.cpu_times()[:2])
        while (left := length - (time.monotonic() - start)) > 0.0 and not interruption:
            minutes = max(min(left / 60.0, LONGEST_SESSION), 0.1)
            request = SessionRequest('intermediate', minutes=minutes, bench=True)
            run_session(running.client, request, interruption, lambda: None, running.check)
        share = (sum(recorder.cpu_times()[:2]) - used) / (time.monotonic() - start)
        return share, os.getloadavg()[0]


def missing(bag: Path) -> dict[str, int]:
    """Messages that are missing between the first and the last of each counted topic."""
    found = {}
    opened = open_bag(bag, [f'/boots/{name}' for name in COUNTED])
    for name in COUNTED:
        count = opened.series(f'/boots/{name}')['sequence']
        found[name] = int(np.ptp(count)) + 1 - len(np.unique(count))
    return found


def report(bag: Path, share: float, load: float) -> None:
    """Print the figures beside their goals."""
    opened = open_bag(bag, [])
    length = ((opened.end_ns or 0) - (opened.start_ns or 0)) / 1e9
    size = sum(file.stat().st_size for file in opened.files)
    messages = sum(topic.message_count for topic in opened.topics.values())
    print(f'{messages} messages in {length:.0f} s, load average {load:.1f}')
    print(f'recorder       {100 * share:5.2f} % of a core (goal {100 * CPU_GOAL:g} %)')
    half_hour = size / length * HALF_HOUR / 1e6
    print(
        f'size           {size / length / 1e3:5.1f} kB/s, {half_hour:.1f} MB in 30 minutes '
        f'(goal {SIZE_GOAL_MB:g} MB)'
    )
    for name, count in missing(bag).items():
        print(f'missing        {count:5d} of {name} (goal 0)')
    print(f'it says itself {opened.summary.get("missing_messages", "nothing"):>5}')


if __name__ == '__main__':
    main()
