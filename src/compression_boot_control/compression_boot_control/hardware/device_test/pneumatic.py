"""Steps with pressure: supply, fill and vent time of each chamber, leak-down, crosstalk.

The chambers are filled one after another and stay full, which is what the leak-down needs; then
they are vented one after another, and the step back in the neighbours tells which hose is where.
"""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MILLILITRE, MINUTE, MMHG
from compression_boot_control.hardware.device_test.test_bench import TestBench, Trace
from compression_boot_control.hardware.device_test.valves import KINK_ADVICE, KINK_READING

ATMOSPHERE = 101_325.0
"""Pressure of the room [Pa]."""

FULL = 75.0 * MMHG
"""Reading at the port at which a fill ends [Pa]; the chamber has some 15 mmHg less."""

FILL_LIMIT = 2.6
"""Longest fill time, as a share of what the garment file predicts [-] [P].

There is no shortest one: a sleeve that was used before is still half full at no pressure.
"""

PUMP_SUPPLY = 80.0 * MMHG
"""The pump holds the rail above this while it fills one chamber [Pa] [P]."""

SUPPLY_RANGE = (100.0 * MMHG, 165.0 * MMHG)
"""Pressure of the closed rail with the pump on [Pa]: the relief valve opens at 140 to 150 mmHg."""

CLOSED_LIMIT = 8.0 * MMHG
"""Highest reading at a port with its inlet shut and the pump on [Pa] [P]."""

PROBE_TIME = (0.2, 0.4)
"""When the reading at the start of a fill is judged [s]."""

NO_FLOW = 0.8 * MMHG
"""Drop in the hose below which nothing flows through it [Pa] [P]."""

LITTLE_FLOW = 6.0 * MMHG
"""Highest reading at a port whose hose is off [Pa] [P]."""

SETTLE_TIME = 20.0
"""Wait before the leak-down [s]: the air cools, the limb creeps."""

LEAK_TIME = 10.0
"""How long the leak-down is watched [s]."""

LEAK_LIMIT = 70.0 * MILLILITRE / MINUTE
"""Largest leak [m3/s] [P]: 5 to 20 ml/min is usual, 200 faulty; the limb's creep adds some."""

KEPT_SHARE = 0.5
"""A chamber that has lost more than this share of its pressure since its fill leaks [-] [P]."""

VENT_LIMIT = 10.0
"""Longest time to vent a chamber [s]."""

VENTED = 15.0 * MMHG
"""Pressure that counts as vented [Pa]."""


def supply(bench: TestBench) -> None:
    """The pump against shut inlets: it builds pressure, the relief valve limits it."""
    everyone = tuple(range(len(bench.names)))
    trace = bench.run(1.5, bench.command(shut=everyone, pump=1.0))
    rail, ports = float(trace.supply[-10:].mean()), trace.end(0.2) - bench.zero
    low, high = SUPPLY_RANGE
    limit = f'{low / MMHG:g} to {high / MMHG:g}'
    if np.isnan(rail):
        bench.not_run('pump', 'the supply sensor gives nothing')
    elif rail < low and np.all(ports < CLOSED_LIMIT):
        advice = 'the pump builds no pressure: check its power, its driver and the rail for leaks'
        bench.failed('pump', 'pump_dead', advice, rail / MMHG, limit, 'mmHg')
    elif rail > high:
        advice = 'the relief valve does not open: do not use the device before it is replaced'
        bench.failed('relief valve', 'relief_stuck_shut', advice, rail / MMHG, limit, 'mmHg')
    else:
        bench.passed('pump', rail / MMHG, limit, 'mmHg')
    for chamber, name in enumerate(bench.names):
        figure, limit = float(ports[chamber]), f'up to {CLOSED_LIMIT / MMHG:g}'
        if bench.usable[chamber] and figure > CLOSED_LIMIT:
            advice = 'the inlet valve does not shut: replace it'
            bench.failed(name, 'inlet_stuck_open', advice, figure / MMHG, limit, 'mmHg')
        elif bench.usable[chamber]:
            bench.passed(name, figure / MMHG, limit, 'mmHg')
    if any(check.finding in ('inlet_stuck_open', 'pump_dead') for check in bench.checks):
        # without air where it should go, no other figure would mean anything
        bench.usable[:] = False
    bench.vent(3.0)


def predicted_fill_time(bench: TestBench) -> FloatArray:
    """(N,) time that the garment file predicts for filling each chamber alone [s]."""
    garment = bench.manifold.garment
    flow = garment.pump.free_flow * (1.0 - 0.3 * FULL / garment.pump.shut_off_pressure)
    gas = garment.rest_volume * 0.8 * FULL / ATMOSPHERE
    return np.asarray((garment.rest_volume + garment.compliance * 0.8 * FULL + gas) / flow)


def fill(bench: TestBench) -> None:
    """Fill the chambers one after another; they stay full."""
    predicted = predicted_fill_time(bench)
    full: list[int] = []
    for chamber in range(len(bench.names)):
        if not bench.usable[chamber]:
            bench.not_run(bench.names[chamber], 'an earlier step has failed for it')
            continue
        _fill_one(bench, chamber, float(predicted[chamber]), tuple(full))
        if bench.usable[chamber]:
            full.append(chamber)


def _fill_one(bench: TestBench, chamber: int, predicted: float, full: tuple[int, ...]) -> None:
    name, zero = bench.names[chamber], float(bench.zero[chamber])
    command = bench.command(inlet=(chamber,), shut=full, pump=1.0)
    longest = FILL_LIMIT * predicted + 1.0
    trace = bench.run(
        longest * 2.5,
        command,
        lambda sample: bool(sample.readings.pressure[chamber] - zero >= FULL),
    )
    seconds, reading = float(trace.time[-1]), trace.pressure[:, chamber] - zero
    settled = bench.run(1.5, bench.command(shut=(*full, chamber)))
    kept = float(settled.end(0.3)[chamber]) - zero
    bench.kept[chamber] = kept
    limit = f'up to {longest:.1f}'
    finding, advice = _explained(trace, reading, kept, seconds, longest)
    if finding:
        bench.failed(name, finding, advice, seconds, limit, 's')
        bench.run(1.0, bench.command(shut=full))
    else:
        bench.passed(name, seconds, limit, 's')


def _explained(
    trace: Trace, reading: FloatArray, kept: float, seconds: float, longest: float
) -> tuple[str, str]:
    """Name what is wrong with a fill, and its cure; empty if nothing is."""
    probe = (trace.time >= PROBE_TIME[0]) & (trace.time <= PROBE_TIME[1])
    start = float(reading[probe].mean()) if np.any(probe) else float(reading[-1])
    reached = bool(reading[-1] >= FULL)
    rail = float(np.nanmedian(trace.supply)) if np.any(np.isfinite(trace.supply)) else np.inf
    if start > KINK_READING:
        return 'hose_kink', KINK_ADVICE
    if not reached and start < NO_FLOW:
        return 'inlet_stuck_shut', 'nothing flows: the inlet valve does not open, or has no power'
    if rail < PUMP_SUPPLY and reached and seconds > 0.75 * longest:
        return 'pump_weak', 'the pump delivers too little: check its filter and its voltage'
    if not reached and float(reading.max()) < LITTLE_FLOW:
        return 'hose_burst', 'the air is lost at the port: push the hose on, or replace it'
    if not reached or kept < 0.5 * FULL:
        return 'exhaust_stuck_open', 'the chamber does not hold: the exhaust valve does not shut'
    if seconds > longest:
        return 'fill_slow', 'it fills too slowly: see garment file, pump, hose and leaks'
    return '', ''


def leak_down(bench: TestBench) -> None:
    """All valves shut: what leaks, once the air has cooled and the limb has yielded."""
    everyone = tuple(np.flatnonzero(bench.usable).tolist())
    if not everyone:
        bench.not_run('chambers', 'none is full')
        return
    bench.run(SETTLE_TIME, bench.command(shut=everyone))
    trace = bench.run(LEAK_TIME, bench.command(shut=everyone))
    slope = np.polyfit(trace.time, trace.pressure[:, list(everyone)], 1)[0]
    garment, limit = bench.manifold.garment, LEAK_LIMIT / MILLILITRE * MINUTE
    pressure = trace.end(1.0) - bench.zero
    for chamber, rate in zip(everyone, slope, strict=True):
        volume = garment.rest_volume[chamber] + garment.compliance[chamber] * pressure[chamber]
        stiffness = garment.compliance[chamber] + volume / (ATMOSPHERE + pressure[chamber])
        figure = float(-rate * stiffness) / MILLILITRE * MINUTE
        name = bench.names[chamber]
        empty = pressure[chamber] < KEPT_SHARE * bench.kept[chamber]
        if figure > limit or empty:
            advice = 'it leaks: listen along hose and sleeve, or use soapy water'
            if empty:
                advice += f' ({pressure[chamber] / MMHG:.0f} mmHg are left: it is large)'
            bench.failed(name, 'leak', advice, figure, f'up to {limit:g}', 'ml/min')
            bench.usable[chamber] = True  # it still tells where its hose is
        else:
            bench.passed(name, figure, f'up to {limit:g}', 'ml/min')
