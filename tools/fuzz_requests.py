"""Sends garbage as requests through supervisor and manifold node: no inlet may open by it.

python tools/fuzz_requests.py [--messages N] [--seed S] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import rclpy
from rclpy.logging import LoggingSeverity, set_logger_level

from evidence.request_fuzz import fuzz

NODES = ('safety_supervisor', 'manifold')


def main() -> int:
    """Run it, and print what came of it; 1 if garbage has opened an inlet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--messages', type=int, default=100_000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--json', action='store_true')
    arguments = parser.parse_args()
    if arguments.messages < 1:
        parser.error('--messages must be at least 1')
    rclpy.init(args=[])
    for name in NODES:
        set_logger_level(name, LoggingSeverity.FATAL)
    begun = time.monotonic()
    result = fuzz(arguments.messages, arguments.seed)
    seconds = time.monotonic() - begun
    rclpy.try_shutdown()
    if arguments.json:
        print(json.dumps(result._asdict() | {'seed': arguments.seed, 'seconds': seconds}))
    else:
        print(
            f'{result.messages} messages in {seconds:.0f} s, {result.garbage} of them garbage: '
            f'{result.opened_by_garbage} opened an inlet by garbage, {result.opened_wrongly} '
            f'openings nobody asked for; {result.opened} sound requests opened one'
        )
    return 1 if result.opened_by_garbage or result.opened_wrongly else 0


if __name__ == '__main__':
    sys.exit(main())
