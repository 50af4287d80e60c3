"""Vent time of each chamber, and which hose is where: crosstalk between neighbours.

A chamber that is vented gives its neighbours a little room, and their pressure falls. A swapped
pair of hoses shows in which of them fall.
"""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.hose_order import hose_order
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.device_test.pneumatic import VENT_LIMIT, VENTED
from compression_boot_control.hardware.device_test.test_bench import TestBench
from compression_boot_control.hardware.device_test.valves import judge_exhaust

REST_TIME = 1.0
"""Time over which the pressures are followed before and after a vent [s]."""

VENT_TIME = 3.0
"""Time for which every chamber is vented at least [s]."""


def vent_and_crosstalk(bench: TestBench) -> None:
    """Vent the chambers one after another, from foot to thigh."""
    full = [int(chamber) for chamber in np.flatnonzero(bench.usable)]
    started = list(full)
    responses = np.full((len(bench.names), len(bench.names)), np.nan)
    for chamber in started:
        before = bench.run(REST_TIME, bench.command(shut=tuple(full)))
        full.remove(chamber)
        _vent_one(bench, chamber, tuple(full))
        after = bench.run(REST_TIME, bench.command(shut=tuple(full)))
        slope = np.polyfit(before.time, before.pressure, 1)[0]
        elapsed = float(bench.curves[-1].time.mean() - bench.curves[-3].time.mean())
        fall = before.pressure.mean(axis=0) + slope * elapsed - after.pressure.mean(axis=0)
        responses[chamber, full] = fall[full]
    bench.vent(1.0)
    if len(started) == len(bench.names) and np.all(bench.usable):
        _find_swap(bench, responses)
    else:
        bench.not_run('hoses', 'not every chamber could be filled and vented')


def _vent_one(bench: TestBench, chamber: int, full: tuple[int, ...]) -> None:
    name, zero = bench.names[chamber], float(bench.zero[chamber])
    command = bench.command(shut=full)
    trace = bench.run(VENT_TIME, command)
    seconds = VENT_TIME
    judge_exhaust(bench, chamber, trace)
    if trace.pressure[-1, chamber] - zero > VENTED:
        more = bench.run(
            VENT_LIMIT - VENT_TIME,
            command,
            lambda sample: bool(sample.readings.pressure[chamber] - zero <= VENTED),
        )
        seconds, trace = VENT_TIME + float(more.time[-1]), more
    else:
        below = trace.pressure[:, chamber] - zero <= VENTED
        seconds = float(trace.time[int(np.argmax(below))])
    limit = f'up to {VENT_LIMIT:g}'
    rest = float(trace.pressure[-1, chamber]) - zero
    if rest > VENTED:
        advice = f'{rest / MMHG:.0f} mmHg remain: the exhaust valve does not open'
        bench.failed(name, 'exhaust_stuck_shut', advice, seconds, limit, 's')
    else:
        bench.passed(name, seconds, limit, 's')


def _find_swap(bench: TestBench, responses: FloatArray) -> None:
    """Find the pair of hoses whose exchange explains the falls best."""
    found = hose_order(
        np.eye(len(bench.names), dtype=np.bool_),
        responses,
        bench.manifold.garment.neighbours() > 0.0,
    )
    if not found.answered:
        bench.not_run('hoses', 'no neighbour responds: are the sleeves on?')
        return
    figure, unit = found.score / MMHG, 'mmHg'
    limit = 'neighbours fall, others do not'
    if not found.swapped:
        bench.passed('hoses', figure, limit, unit)
        return
    one, other = (bench.names[chamber] for chamber in found.swapped[0])
    advice = f'the hoses of {one} and {other} are swapped: plug each into its own port'
    bench.failed(f'{one} and {other}', 'hoses_swapped', advice, figure, limit, unit)
