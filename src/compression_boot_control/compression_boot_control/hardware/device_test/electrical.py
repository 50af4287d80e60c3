"""Steps without pressure: communication timing, valves as commanded, and the sensors' zero."""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.signals import Actuation, FloatArray
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.device_test.test_bench import DeviceFaulty, TestBench
from compression_boot_control.hardware.manifold import ManifoldError, ManifoldFault
from compression_boot_control.plant.ranges import SENSOR_MAXIMUM, SENSOR_MINIMUM

COMMUNICATION_TIME = 2.0
"""How long the timing is watched [s]."""

LOST_SHARE = 0.01
"""Share of the answers that may be lost [-] [P]."""

ZERO_TIME = 6.0
"""How long the sensors are watched without pressure [s]."""

ZERO_LIMIT = 6.5 * MMHG
"""Largest offset of a sensor without pressure [Pa]: ±5 mmHg [P], and what remains in a sleeve."""

NOISE_LIMIT = 1.0 * MMHG
"""Largest standard deviation of a sensor at rest [Pa] [P]."""

STUCK_LIMIT = 0.01 * MMHG
"""A sensor at rest that varies less than this repeats itself [Pa] [P]."""

DRIFT_LIMIT = 0.1 * MMHG
"""Largest slope of a sensor at rest [Pa/s] [P]."""


def communication(bench: TestBench) -> None:
    """Commands and samples at the pace of a session: nothing lost, nothing late, all obeyed."""
    period = bench.manifold.sample_period
    vented = bench.command()
    cycles = round(COMMUNICATION_TIME / period)
    lost, durations, fault = 0, [], ''
    for cycle in range(cycles):
        # exhausts ajar on every other turn: read back, and without any pressure
        ajar = Actuation(
            vented.inlet, vented.exhaust * (1.0 - 0.5 * (cycle // 10 % 2)), vented.pump
        )
        before = bench.clock.now()
        try:
            sample = bench.sample(ajar)
        except ManifoldError as error:
            lost += 1
            if lost > 0.5 * cycles:
                raise DeviceFaulty(str(error)) from error
            continue
        durations.append(bench.clock.now() - before)
        if sample.fault is not ManifoldFault.NONE:
            fault = bench.manifold.fault_text
            break
    limit = f'up to {LOST_SHARE:.0%}'
    share = lost / cycles
    if fault:
        bench.failed('device', 'device_fault', fault, None, 'no fault', '')
        raise DeviceFaulty(fault)
    bench.passed('device', None, 'no fault', '')
    if share > LOST_SHARE:
        advice = 'answers are lost: check cable, load of the network and timeout_ms of the profile'
        bench.failed('link', 'answers_lost', advice, share * 100.0, limit, '%')
    else:
        bench.passed('link', share * 100.0, limit, '%')
    late = float(np.percentile(durations, 99)) if durations else np.inf
    if late > 2.0 * period:
        advice = 'answers are slower than the cycle: give the profile a longer cycle_ms'
        bench.failed('cycle', 'link_slow', advice, late * 1e3, f'up to {2e3 * period:g}', 'ms')
    else:
        bench.passed('cycle', late * 1e3, f'up to {2e3 * period:g}', 'ms')


def zero(bench: TestBench) -> None:
    """Sensors without pressure: there, at rest, near zero."""
    trace = bench.vent(ZERO_TIME)
    settled = trace.time > 2.0
    pressure, seconds = trace.pressure[settled], trace.time[settled]
    for chamber, name in enumerate(bench.names):
        _judge_sensor(bench, name, seconds, pressure[:, chamber])
    bench.zero = np.where(bench.usable, pressure.mean(axis=0), 0.0)
    if not np.all(np.isfinite(trace.supply)):
        advice = 'no pressure of the supply rail: check its sensor and cable'
        bench.failed('supply', 'supply_sensor_nan', advice, None, 'a number', 'mmHg')
    else:
        bench.passed('supply', float(trace.supply[settled].mean()) / MMHG, 'a number', 'mmHg')


def _judge_sensor(bench: TestBench, name: str, seconds: FloatArray, value: FloatArray) -> None:
    mean = float(value.mean())
    low, high = SENSOR_MINIMUM - MMHG, SENSOR_MAXIMUM
    slope = float(np.polyfit(seconds, value, 1)[0]) if np.all(np.isfinite(value)) else 0.0
    spread = float((value - slope * seconds).std())
    if not np.all(np.isfinite(value)):
        advice = 'no reading: check the sensor and its cable'
        bench.failed(name, 'sensor_nan', advice, None, 'a number', 'mmHg')
    elif not low <= mean <= high:
        advice = 'out of range: the wire to the sensor is broken'
        limit = f'{low / MMHG:g} to {high / MMHG:g}'
        bench.failed(name, 'sensor_dead', advice, mean / MMHG, limit, 'mmHg')
    elif spread < STUCK_LIMIT:
        advice = 'the sensor repeats itself: replace it'
        bench.failed(
            name, 'sensor_stuck', advice, spread / MMHG, f'from {STUCK_LIMIT / MMHG:g}', 'mmHg'
        )
    elif spread > NOISE_LIMIT:
        advice = 'the sensor is noisy: check screen and ground of its cable'
        limit = f'up to {NOISE_LIMIT / MMHG:g}'
        bench.failed(name, 'sensor_noisy', advice, spread / MMHG, limit, 'mmHg')
    elif abs(slope) > DRIFT_LIMIT:
        advice = 'the sensor drifts: let it warm up, or replace it'
        limit = f'up to {DRIFT_LIMIT / MMHG:g}'
        bench.failed(name, 'sensor_drift', advice, slope / MMHG, limit, 'mmHg/s')
    elif abs(mean) > ZERO_LIMIT:
        advice = 'offset: calibrate it, or see whether the sleeve is really empty'
        limit = f'up to {ZERO_LIMIT / MMHG:g}'
        bench.failed(name, 'sensor_offset', advice, mean / MMHG, limit, 'mmHg')
    else:
        bench.passed(name, mean / MMHG, f'up to {ZERO_LIMIT / MMHG:g}', 'mmHg')
