"""Steps for what the device does by itself: over-pressure cut-off, dead-man, emergency stop."""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.dead_man import PERMIT_AGE_LIMIT
from compression_boot_control.core.signals import Actuation
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.device_test.test_bench import TestBench
from compression_boot_control.hardware.manifold import ManifoldSample

LOWERED_LIMIT = 30.0 * MMHG
"""Own limit of the device while its cut-off is tested [Pa]."""

CUT_OFF_TIME = 12.0
"""Longest fill of the smallest chamber up to the lowered limit [s]."""

DEAD_MAN_TOLERANCE = 2
"""Cycles beyond its limit until a dead-man is seen to act."""

WATCH_TIME = 1.5
"""How long a late dead-man is waited for [s]."""

STOP_LIMIT = 0.1
"""Longest time from the emergency stop to open exhausts [s] [P]."""


def _driving(bench: TestBench) -> Actuation:
    """Fill the smallest chamber that can be used."""
    volume = np.where(bench.usable, bench.manifold.garment.rest_volume, np.inf)
    chamber = int(np.argmin(volume))
    return bench.command(inlet=(chamber,), pump=0.3)


def _safe(sample: ManifoldSample) -> bool:
    readings = sample.readings
    shut, vented = np.all(readings.inlet < 0.01), np.all(readings.exhaust > 0.99)
    return bool(shut and vented and not readings.pump > 0.01)


def _seconds_until_safe(
    bench: TestBench, actuation: Actuation | None, longest: float, highest: float = np.inf
) -> float | None:
    """Time until the device reports that it vents [s]; None if it does not.

    It is waited for until a pressure is the highest that is wanted [Pa].
    """
    started = bench.clock.now()
    while bench.clock.now() - started < longest:
        sample = bench.sample(actuation)
        if _safe(sample):
            return bench.clock.now() - started
        if np.any(sample.readings.pressure > highest):
            break
    return None


def cut_off(bench: TestBench) -> None:
    """The device's own pressure limit, lowered for the test."""
    if not np.any(bench.usable):
        bench.not_run('device', 'no chamber can be filled')
        return
    if not bench.manifold.limit_pressure(LOWERED_LIMIT):
        bench.not_run('device', 'its limit cannot be lowered: test it with a hand pump')
        return
    try:
        seconds = _seconds_until_safe(bench, _driving(bench), CUT_OFF_TIME, 2.0 * LOWERED_LIMIT)
    finally:
        bench.manifold.limit_pressure(None)
        bench.manifold.reset()
    limit = f'vents at {LOWERED_LIMIT / MMHG:g} mmHg, within {CUT_OFF_TIME:g}'
    if seconds is None:
        advice = 'the device does not vent at its own limit: correct its firmware'
        bench.failed('device', 'no_pressure_limit', advice, CUT_OFF_TIME, limit, 's')
    else:
        bench.passed('device', seconds, limit, 's')
    bench.vent(2.0)


def dead_man(bench: TestBench) -> None:
    """No more commands: the device vents by itself."""
    bench.run(0.3, _driving(bench))
    seconds = _seconds_until_safe(bench, None, WATCH_TIME)
    bench.manifold.reset()
    period = bench.manifold.sample_period
    limit = f'up to {1e3 * PERMIT_AGE_LIMIT:g}'
    if seconds is None:
        advice = 'the device goes on without commands: do not use it'
        bench.failed('device', 'no_dead_man', advice, WATCH_TIME * 1e3, limit, 'ms')
    elif seconds > PERMIT_AGE_LIMIT + DEAD_MAN_TOLERANCE * period:
        advice = 'its dead-man is too slow: correct its firmware'
        bench.failed('device', 'slow_dead_man', advice, seconds * 1e3, limit, 'ms')
    else:
        bench.passed('device', seconds * 1e3, limit, 'ms')
    bench.vent(2.0)


def emergency_stop(bench: TestBench) -> None:
    """The device's own emergency stop: it vents, and does not obey before a reset."""
    bench.run(0.3, _driving(bench))
    if not bench.manifold.dump():
        bench.not_run('device', 'it has none: press the hardware button instead')
        bench.vent(2.0)
        return
    seconds = _seconds_until_safe(bench, None, STOP_LIMIT)
    stays = seconds is not None
    for _ in range(10):
        stays = _safe(bench.sample(_driving(bench))) and stays
    bench.manifold.reset()
    limit = f'up to {1e3 * STOP_LIMIT:g}, until a reset'
    if seconds is None or not stays:
        advice = 'the emergency stop does not vent: do not use the device'
        figure = STOP_LIMIT if seconds is None else seconds
        bench.failed('device', 'no_dump', advice, figure * 1e3, limit, 'ms')
    else:
        bench.passed('device', seconds * 1e3, limit, 'ms')
    bench.vent(2.0)
