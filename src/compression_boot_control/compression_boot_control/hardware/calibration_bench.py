"""Takes the points of a calibration: one pressure in all chambers, and a reference beside it.

With the inlets open and the exhausts shut, the rail and all ports are one volume; a gauge on the
rail or on any port is then the reference of every sensor. The pump brings the pressure near each
point and stops; the person reads the gauge when it is at rest, and the sensors are averaged then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.calibration import CalibrationError
from compression_boot_control.hardware.device_test.test_bench import TestBench, Trace

FILL_TIME = 120.0
"""Longest time to bring all chambers to a pressure [s]; ten sleeves take about a minute."""

PAUSE = 1.5
"""How long the pump stops for the pressures to become equal [s]."""

GENTLE = 0.3
"""Drive of the pump near the target [0..1]."""

NEAR = 5.0 * MMHG
"""A point may be this far below its target [Pa]: the gauge says where it is."""

VENT_TIME = 5.0
"""Wait with open exhausts before the zero is taken [s]."""

AVERAGE_TIME = 2.0
"""Time over which the sensors are averaged [s]."""

STEADY = 0.5 * MMHG
"""Largest change of a sensor while it is averaged [Pa] [P]."""

SETTLE_TIME = 120.0
"""Longest wait for the pressure to come to rest after the fill [s]: sleeves yield for a while."""

PATIENCE = 900.0
"""Longest wait for the reading of the reference [s]; then everything is vented."""

HIGHEST = 110.0 * MMHG
"""Highest pressure at which a calibration is taken [Pa]."""


@dataclass(frozen=True)
class Points:
    """What was read: sensors (K, N) and reference (K,) [Pa]."""

    readings: FloatArray
    reference: FloatArray


def take_points(
    bench: TestBench,
    targets: Sequence[float],
    reading_of_the_reference: Callable[[float], float | None],
) -> Points:
    """Bring all chambers to each pressure, and read sensors and reference.

    Parameters
    ----------
    bench : TestBench
        With an open manifold.
    targets : sequence of float
        Pressures to go to, from low to high [Pa]; 0 is the vented garment, which needs no gauge.
    reading_of_the_reference : callable
        Asked again and again with the target while the pressure is held; gives None until the
        reference was read, then its pressure [Pa].

    Raises
    ------
    CalibrationError
        A pressure is not reached or not steady, or nobody reads the reference.
    Aborted, DeviceFaulty, ManifoldError
    """
    readings, reference = [], []
    for target in sorted(targets):
        if target > HIGHEST:
            raise CalibrationError(
                f'a point at {target / MMHG:g} mmHg; allowed: up to {HIGHEST / MMHG:g}'
            )
        sensors, pressure = (
            _at_pressure(bench, target, reading_of_the_reference)
            if target > 0.0
            else (_vented(bench), 0.0)
        )
        readings.append(sensors)
        reference.append(pressure)
    bench.vent(VENT_TIME)
    return Points(np.array(readings), np.array(reference))


def _vented(bench: TestBench) -> FloatArray:
    bench.progress('0 mmHg', 'venting')
    bench.vent(VENT_TIME)
    mean: FloatArray = bench.vent(AVERAGE_TIME).pressure.mean(axis=0)
    return mean


def _at_pressure(
    bench: TestBench, target: float, reading_of_the_reference: Callable[[float], float | None]
) -> tuple[FloatArray, float]:
    everyone = tuple(range(len(bench.names)))
    step = f'{target / MMHG:g} mmHg'
    bench.progress(step, 'filling')
    _fill(bench, target, step)
    bench.progress(step, 'waiting until it is at rest')
    held = bench.command(inlet=everyone)
    deadline = bench.clock.now() + SETTLE_TIME
    while _movement(trace := bench.run(AVERAGE_TIME, held)).max() > STEADY:
        if bench.clock.now() > deadline:
            raise _moving(trace)
    given: list[float] = []

    def read() -> bool:
        pressure = reading_of_the_reference(target)
        if pressure is not None:
            given.append(pressure)
        return bool(given)

    bench.run(PATIENCE, held, lambda _sample: read())
    if not given:
        raise CalibrationError('nobody has read the reference: everything was vented')
    trace = bench.run(AVERAGE_TIME, held)
    if _movement(trace).max() > STEADY:
        raise _moving(trace)
    return trace.pressure.mean(axis=0), given[0]


def _fill(bench: TestBench, target: float, step: str) -> None:
    """Pump until the pressure at rest is near the target.

    While air flows the ports read higher than the chambers, by the drop in the hoses; so the pump
    stops at each turn, and goes on more gently.
    """
    everyone = tuple(range(len(bench.names)))
    deadline = bench.clock.now() + FILL_TIME
    drive = 1.0
    while float(np.nanmedian(bench.run(PAUSE, bench.command(inlet=everyone)).end(0.2))) < (
        target - NEAR
    ):
        left = deadline - bench.clock.now()
        if left <= 0.0:
            raise CalibrationError(
                f'{step} was not reached in {FILL_TIME:g} s: close the sleeves or plug the ports'
            )
        bench.run(
            left,
            bench.command(inlet=everyone, pump=drive),
            lambda sample: bool(np.nanmedian(sample.readings.pressure) >= target),
        )
        drive = GENTLE


def _movement(trace: Trace) -> FloatArray:
    """(N,) change of each sensor over a trace [Pa]."""
    change: FloatArray = np.abs(np.polyfit(trace.time, trace.pressure, 1)[0]) * AVERAGE_TIME
    return change


def _moving(trace: Trace) -> CalibrationError:
    moved = _movement(trace).max() / MMHG
    return CalibrationError(
        f'the pressure still moves by {moved:.1f} mmHg in {AVERAGE_TIME:g} s; allowed: up to '
        f'{STEADY / MMHG:g}: look for leaks, or plug the ports'
    )
