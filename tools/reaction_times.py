"""Time from a fault to open exhausts, over real processes: prints a table and writes it down.

python tools/reaction_times.py [--tries N] [--case TEXT ...] [--add] [--output FILE] [--json]

Without --tries, each case gets those that make the evidence, 40 to 100. Cases can be measured one
by one: the rows of the others stay as they are, and tries can be added to those that are there. It
wants an idle machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from evidence.cases import CASES, Case, Unavailable, stage
from evidence.live_system import Reaction
from evidence.two_hosts import in_a_process_of_its_own

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / 'docs' / 'figures' / 'reaction_times.json'
DOMAIN = '66'


class Measured(NamedTuple):
    """Tries by case, and why there are no more, if there are not."""

    tries: dict[str, list[Reaction]]
    left_out: str = ''
    failed: str = ''


def measure(stage_name: str, tries: dict[str, int]) -> Measured:
    """Measure cases that share a system, by the tries of each; a failure keeps what there is."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all that was started ends
    found: dict[str, list[Reaction]] = {}
    try:
        with stage(stage_name) as system:
            for case in (case for case in CASES if case.name in tries):
                wanted = tries[case.name]
                for number in range(wanted):
                    system.recover()
                    found.setdefault(case.name, []).append(case.attempt(system))
                    print(f'\r{case.name}: {number + 1} of {wanted}', end='', file=sys.stderr)
                print(file=sys.stderr)
    except Unavailable as error:
        return Measured(found, left_out=str(error))
    except TimeoutError as error:
        return Measured(found, failed=str(error))
    return Measured(found)


def row(case: Case, reactions: list[Reaction], before: dict[str, Any] | None) -> dict[str, Any]:
    """Row of the table; times that were measured before count with the new ones.

    Its load is that of the whole machine by then: one for each program that wants a core.
    """
    opened = [*(before or {}).get('opened_ms', ()), *(1e3 * one.opened for one in reactions)]
    vented = [(before or {}).get('vented_worst_s', 0.0), *(one.vented for one in reactions)]
    times = np.round(opened, 1)
    return {
        'case': case.name,
        'ids': list(case.ids),
        'tries': len(times),
        'median_ms': round(float(np.median(times)), 1),
        'p99_ms': round(float(np.percentile(times, 99, method='higher')), 1),
        'worst_ms': round(float(times.max()), 1),
        'goal_ms': round(1e3 * case.goal),
        'vented_worst_s': round(max(vented), 2),
        'load': round(max(os.getloadavg()[0], (before or {}).get('load', 0.0)), 1),
        'command': f'python tools/reaction_times.py --case {shlex.quote(case.name)} --tries '
        f'{len(times)}',
        'opened_ms': times.tolist(),
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Table for a terminal."""
    lines = [f'{"case":45} tries   median      p99    worst   goal   < 15 mmHg: worst']
    for one in rows:
        late = '' if one['worst_ms'] <= one['goal_ms'] else '  OVER THE GOAL'
        lines.append(
            f'{one["case"]:45} {one["tries"]:5} {one["median_ms"]:5.0f} ms {one["p99_ms"]:5.0f} ms '
            f'{one["worst_ms"]:5.0f} ms {one["goal_ms"]:4} ms {one["vented_worst_s"]:10.1f} s{late}'
        )
    return '\n'.join(lines)


def chosen(parser: argparse.ArgumentParser, texts: list[str]) -> list[Case]:
    """Cases whose name contains one of the texts; all if there is none."""
    cases = [case for case in CASES if not texts or any(text in case.name for text in texts)]
    if not cases:
        parser.error(f'no case is called so; there are: {", ".join(case.name for case in CASES)}')
    return cases


def main() -> int:
    """Measure, print and write; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--tries', type=int, default=None, help='of each case; default: its own')
    parser.add_argument(
        '--case', action='append', default=[], metavar='TEXT', help='cases with TEXT in their name'
    )
    parser.add_argument('--add', action='store_true', help='count the tries of earlier runs, too')
    parser.add_argument('--output', type=Path, default=None, help=f'default: {FIGURES.name}')
    parser.add_argument('--json', action='store_true', help='print the rows as JSON')
    arguments = parser.parse_args()
    if arguments.tries is not None and arguments.tries < 1:
        parser.error('--tries must be at least 1')
    cases = chosen(parser, arguments.case)
    file = arguments.output or FIGURES
    os.environ.setdefault('ROS_DOMAIN_ID', DOMAIN)
    rows = {one['case']: one for one in json.loads(file.read_text())} if file.exists() else {}
    failed = False
    for name, group in groupby(sorted(cases, key=lambda case: case.stage), lambda case: case.stage):
        together = list(group)
        tries = {case.name: arguments.tries or case.tries for case in together}
        found = in_a_process_of_its_own(measure, name, tries)
        if problem := found.left_out or found.failed:
            failed = failed or bool(found.failed)
            print(f'\nerror: {", ".join(c.name for c in together)}: {problem}', file=sys.stderr)
        for case in together:
            if case.name not in found.tries:
                continue
            before = rows.get(case.name) if arguments.add else None
            rows[case.name] = row(case, found.tries[case.name], before)
        # after each system, so that nothing is lost when a later one is stopped
        ordered = [rows[case.name] for case in CASES if case.name in rows]
        lines = ',\n'.join(f'  {json.dumps(one)}' for one in ordered)
        file.write_text(f'[\n{lines}\n]\n')
    measured = [rows[case.name] for case in cases if case.name in rows]
    print(json.dumps(measured) if arguments.json else table(measured))
    return int(failed or any(one['worst_ms'] > one['goal_ms'] for one in measured))


if __name__ == '__main__':
    sys.exit(main())
