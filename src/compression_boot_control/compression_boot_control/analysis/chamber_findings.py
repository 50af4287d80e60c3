"""Findings about each chamber."""

from __future__ import annotations

import math

import numpy as np

from compression_boot_control.analysis import metrics
from compression_boot_control.analysis.fills import vent_times
from compression_boot_control.analysis.findings import Sheet, median
from compression_boot_control.analysis.leak import leak_flow, shut_stretches
from compression_boot_control.analysis.metric_table import Scope
from compression_boot_control.analysis.metrics import part
from compression_boot_control.analysis.session_findings import NO_PLATEAU
from compression_boot_control.analysis.session_work import Work
from compression_boot_control.analysis.valve_work import openings, travel
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MILLILITRE, MINUTE, MMHG

NO_FILL = 'no fill: no target stood 5 mmHg or more above the pressure'


def put_chambers(work: Work, sheet: Sheet) -> None:
    """Metrics of each chamber."""
    trace, session = work.trace, work.session_trace
    whole: dict[str, tuple[FloatArray, str]] = {
        'peak_mmhg': (metrics.peak(session.pressure) / MMHG, 'no known pressure'),
        'overshoot_mmhg': (metrics.overshoot(trace) / MMHG, ''),
        'tracking_rms_mmhg': (metrics.tracking_error(trace) / MMHG, ''),
        'dose_mmhg_min': (
            metrics.dose(session.time, session.pressure) / MMHG / MINUTE,
            f'the pressure is unknown for more than {metrics.LONGEST_GAP:g} s at a time',
        ),
        'unknown_s': (metrics.unknown_time(session.time, session.pressure), ''),
    }
    cycles = _by_cycle(work, sheet)
    no_target = work.no_setpoints or 'the chamber was never to be under pressure'
    for i, name in enumerate(work.names):
        for metric, (values, reason) in whole.items():
            numbers = [(number, own[metric][i]) for number, own in cycles if metric in own]
            sheet.put(metric, name, float(values[i]), reason or no_target, numbers)
        _plateau(work, sheet, i, name, no_target)
        _speed(work, sheet, i, name, no_target)
        _leak(work, sheet, i, name)
        _valves(work, sheet, i, name)
        _quality(work, sheet, i, name)


def _by_cycle(work: Work, sheet: Sheet) -> list[tuple[int, dict[str, FloatArray]]]:
    found = []
    for number, start, stop in work.spans():
        own = part(work.trace, start, stop)
        found.append(
            (
                number,
                {
                    'peak_mmhg': metrics.peak(own.pressure) / MMHG,
                    'overshoot_mmhg': metrics.overshoot(own) / MMHG,
                    'tracking_rms_mmhg': metrics.tracking_error(own) / MMHG,
                    'dose_mmhg_min': metrics.dose(own.time, own.pressure) / MMHG / MINUTE,
                },
            )
        )
    return found


def _plateau(work: Work, sheet: Sheet, i: int, name: str, no_target: str) -> None:
    """Error and length of the plateaus of a chamber."""
    trace = work.trace
    on = work.plateau[:, i]
    error = trace.pressure[:, i] - np.where(on, trace.target[:, i], 0.0)
    known = on & np.isfinite(error)
    step = np.diff(trace.time, append=trace.time[-1])
    step = np.where(step <= metrics.LONGEST_GAP, step, 0.0)
    rms, bias, times = [], [], []
    for number, start, stop in work.spans():
        own = known[start:stop]
        errors = error[start:stop][own] / MMHG
        if own.any():
            rms.append((number, metrics.steady_rms(errors)))
            bias.append((number, metrics.steady_bias(errors)))
            times.append((number, float(step[start:stop][own].sum())))
    reason = (
        no_target if np.isnan(metrics.tracking_error(part(trace, *work.span))[i]) else (NO_PLATEAU)
    )
    errors = error[known] / MMHG
    put = sheet.put
    put('steady_rms_mmhg', name, metrics.steady_rms(errors), reason, rms)
    put('steady_bias_mmhg', name, metrics.steady_bias(errors), reason, bias)
    mean = float(np.mean([own for _, own in times])) if times else math.nan
    put('plateau_time_s', name, mean, reason, times)


def _speed(work: Work, sheet: Sheet, i: int, name: str, no_target: str) -> None:
    """Times of fills and vents of a chamber, and their limits."""
    put = sheet.put
    own = [place for place, fill in enumerate(work.fills) if fill.chamber == i]
    fills = [work.fills[place] for place in own]
    numbers = [work.cycle_of(fill.start) for fill in fills]
    reason = work.no_setpoints or (NO_FILL if fills == [] else 'no fill reached its target')
    columns: dict[str, tuple[list[float], str]] = {
        'fill_time_s': ([fill.fill_time for fill in fills], reason),
        'fill_limit_s': ([work.limits[place] for place in own], work.limit_reason or reason),
        'rise_time_s': ([fill.rise_time for fill in fills], reason),
        'rise_limit_s': ([work.rises[place] for place in own], work.limit_reason or reason),
    }
    for metric, (values, why) in columns.items():
        pairs = list(zip(numbers, values, strict=True))
        put(metric, name, median(values), why, pairs)
    reached = sum(math.isfinite(fill.fill_time) for fill in fills)
    put('fills', name, math.nan if work.no_setpoints else reached, work.no_setpoints)
    if work.no_setpoints:
        put('vent_time_s', name, math.nan, work.no_setpoints)
        return
    vents = [(work.cycle_of(start), time) for start, time in vent_times(work.trace, i)]
    usual = median([time for _, time in vents])
    put('vent_time_s', name, usual, 'no vent from above 15 mmHg to below it', vents)


def _leak(work: Work, sheet: Sheet, i: int, name: str) -> None:
    data, metric = work.data, 'leak_ml_per_min'
    if data.valves is None or data.pneumatics is None:
        gap = data.gaps.get('manifold/state') or data.gaps.get('layout', '')
        sheet.put(metric, name, math.nan, gap)
        return
    inlet = work.at_samples(data.valves.inlet[:, i])
    exhaust = work.at_samples(data.valves.exhaust[:, i])
    flows = []
    for start, stop in shut_stretches(work.trace, i, inlet, exhaust):
        flow = leak_flow(
            work.trace.time[start:stop],
            work.trace.pressure[start:stop, i],
            float(data.pneumatics.rest_volume[i]),
            float(data.pneumatics.compliance[i]),
        )
        flows.append((work.cycle_of(start), flow / (MILLILITRE / MINUTE)))
    reason = 'no stretch of 4 s with both valves shut, 10 s into a plateau'
    sheet.put(metric, name, median([flow for _, flow in flows]), reason, flows)


def _valves(work: Work, sheet: Sheet, i: int, name: str) -> None:
    data, put = work.data, sheet.put
    if data.valves is None:
        names = ('inlet_openings', 'exhaust_openings', 'valve_travel')
        sheet.miss(Scope.CHAMBER, name, data.gaps.get('manifold/state', ''), names)
        return
    first, last = work.session_trace.time[0], work.session_trace.time[-1]
    rows = (data.valves.time >= first) & (data.valves.time <= last)
    time = data.valves.time[rows]
    total = 0.0
    starts = [float(work.trace.time[cycle.start]) for cycle in work.cycles]
    for metric, opening in (
        ('inlet_openings', data.valves.inlet),
        ('exhaust_openings', data.valves.exhaust),
    ):
        own = opening[rows, i]
        known = bool(np.isfinite(own).any())
        opened = openings(own)
        count = len(opened) if known else math.nan
        numbers = np.searchsorted(starts, time[opened], side='right')
        parts = [(k, int((numbers == k).sum())) for k in range(1, len(starts) + 1)]
        put(metric, name, count, 'the device does not report its openings', parts)
        total += travel(own) if known else math.nan
    put('valve_travel', name, total, 'the device does not report its openings')


def _quality(work: Work, sheet: Sheet, i: int, name: str) -> None:
    quality = work.data.quality
    share = (
        math.nan
        if quality is None
        else 100.0 * float(metrics.bad_share(quality[slice(*work.span)])[i])
    )
    reason = work.data.gaps.get('pressures') or 'the pressures carry no quality'
    sheet.put('bad_quality_percent', name, share, reason)
