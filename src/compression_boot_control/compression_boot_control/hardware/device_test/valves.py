"""How fast the valves answer, seen in the pressure at the ports."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.device_test.test_bench import TestBench, Trace
from compression_boot_control.hardware.manifold import ManifoldSample

VALVE_RESPONSE = 0.06
"""Longest time from a valve's command to the pressure that answers it [s] [P].

A valve takes 5 to 20 ms; the driver, the hose and the sensor add some. Two cycles come on top, for
the command and the sample.
"""

CHANGE = 3.0 * MMHG
"""Fall of the reading at a port that counts as an answer of the exhaust [Pa] [P]."""

KINK_READING = 60.0 * MMHG
"""Reading at the begin of a fill that only a blocked hose gives [Pa] [P]."""

KINK_ADVICE = 'the hose is kinked or blocked: lay it free'

CHARGE_TIME = 1.0
"""Time in which the pump fills the closed rail [s]."""

PULSE = 0.3
"""How long an inlet is open [s]."""

REST = 0.4
"""Time for the port to fall back [s]."""


def response_limit(bench: TestBench) -> float:
    """Longest time to an answer that is allowed on this device [s]."""
    return VALVE_RESPONSE + 2.0 * bench.manifold.sample_period


def inlet_response(bench: TestBench) -> None:
    """Open and shut each inlet for a moment, with a full rail behind it."""
    everyone = tuple(range(len(bench.names)))
    for chamber, name in enumerate(bench.names):
        if not bench.usable[chamber]:
            bench.not_run(_inlet(name), 'an earlier step has failed for it')
            continue
        others = tuple(other for other in everyone if other != chamber)
        bench.run(CHARGE_TIME, bench.command(shut=everyone, pump=1.0))
        opened = bench.run(
            PULSE, bench.command(inlet=(chamber,), shut=others, pump=1.0), _blocked(bench, chamber)
        )
        if _blocked(bench, chamber)(opened.last):
            bench.vent(REST)
            reading = float(opened.pressure[-1, chamber] - bench.zero[chamber]) / MMHG
            limit = f'up to {KINK_READING / MMHG:g}'
            bench.failed(name, 'hose_kink', KINK_ADVICE, reading, limit, 'mmHg')
            continue
        closed = bench.run(REST, bench.command(shut=everyone))
        _judge_inlet(bench, chamber, opened, closed)
    bench.vent(3.0)


def _blocked(bench: TestBench, chamber: int) -> Callable[[ManifoldSample], bool]:
    """Tell whether a port reads what only a blocked hose gives."""
    limit = bench.zero[chamber] + KINK_READING
    return lambda sample: bool(sample.readings.pressure[chamber] > limit)


def _judge_inlet(bench: TestBench, chamber: int, opened: Trace, closed: Trace) -> None:
    name = bench.names[chamber]
    half = bench.zero[chamber] + 0.5 * (float(opened.pressure[-1, chamber]) - bench.zero[chamber])
    if half < bench.zero[chamber] + CHANGE:
        bench.not_run(_inlet(name), 'no flow is seen at the port: the fill tells why')
        return
    rising = _time_until(opened, opened.pressure[:, chamber] > half)
    falling = _time_until(closed, closed.pressure[:, chamber] < half)
    slowest = max(rising or 0.0, REST if falling is None else falling)
    _judge(bench, _inlet(name), slowest)


def judge_exhaust(bench: TestBench, chamber: int, trace: Trace) -> None:
    """Judge the answer of an exhaust that was opened at the begin of a trace."""
    start = float(trace.pressure[0, chamber])
    if start - bench.zero[chamber] < 2.0 * CHANGE:
        return
    falling = _time_until(trace, trace.pressure[:, chamber] < start - CHANGE)
    if falling is not None:
        _judge(bench, f'{bench.names[chamber]} exhaust valve', falling)


def _judge(bench: TestBench, subject: str, seconds: float) -> None:
    limit = response_limit(bench)
    text = f'answers within {limit * 1e3:.0f}'
    if seconds > limit:
        advice = 'the valve is slow: check its voltage and its driver, clean it, or replace it'
        bench.failed(subject, 'valve_slow', advice, seconds * 1e3, text, 'ms')
    else:
        bench.passed(subject, seconds * 1e3, text, 'ms')


def _time_until(trace: Trace, so: np.ndarray) -> float | None:
    """Time of the first sample at which something is so [s]; None if it never is."""
    return float(trace.time[int(np.argmax(so))]) if np.any(so) else None


def _inlet(name: str) -> str:
    return f'{name} inlet valve'
