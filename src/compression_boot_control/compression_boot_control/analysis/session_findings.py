"""Findings about a session as a whole."""

from __future__ import annotations

import math

from compression_boot_control.analysis import metrics
from compression_boot_control.analysis.agreement import Agreement, agreement
from compression_boot_control.analysis.cycles import full_cycles, wave_time
from compression_boot_control.analysis.findings import Sheet, median
from compression_boot_control.analysis.metric_table import Scope
from compression_boot_control.analysis.metrics import ChamberTrace
from compression_boot_control.analysis.session_work import Work
from compression_boot_control.analysis.valve_work import duty
from compression_boot_control.analysis.wave_order import (
    order_violations,
    rising_pressure_time,
    rising_target_time,
)
from compression_boot_control.core.units import MMHG

NO_CYCLE = 'no set-point asked for pressure'
NO_PLATEAU = 'no plateau: the pressure never came within 1 mmHg of a target for a second'


def put_session(work: Work, sheet: Sheet) -> None:
    """Metrics of the whole session."""
    put, trace, data = sheet.put, work.trace, work.data
    start, end = metrics.session_span(trace)
    reason = work.no_setpoints or NO_CYCLE
    full = full_cycles(trace)
    by_start = {cycle.start: number for number, cycle in enumerate(work.cycles, 1)}
    put(
        'duration_s',
        '',
        float(trace.time[end] - trace.time[start]) if end else math.nan,
        reason,
    )
    put('cycles', '', len(full) if work.cycles else math.nan, reason)
    put(
        'wave_time_s',
        '',
        wave_time(full),
        reason if not work.cycles else 'no full cycle',
        [(by_start[cycle.start], cycle.wave_time) for cycle in full],
    )
    waves = [(by_start[cycle.start], work.wave_limit(cycle)) for cycle in full]
    put(
        'wave_limit_s',
        '',
        median([limit for _, limit in waves]),
        work.limit_reason or (reason if not work.cycles else 'no full cycle'),
        waves,
    )
    broken = order_violations(work.cycles, work.fills, work.legs)
    put('order_violations', '', len(broken) if work.cycles else math.nan, reason)
    known = bool(work.cycles)
    rising = rising_target_time(trace, work.legs) if known else math.nan
    put('rising_target_s', '', rising, reason)
    rising = rising_pressure_time(trace, work.legs) if work.plateau.any() else math.nan
    put('rising_pressure_s', '', rising, NO_PLATEAU if known else reason)
    _pump(work, sheet)
    alarms = math.nan if data.alarms is None else len(data.alarms)
    put('alarms', '', alarms, data.gaps.get('safety/state', ''))
    vented = metrics.vented_at_end(trace)
    put(
        'vented_at_end',
        '',
        math.nan if vented is None else float(vented),
        'the pressure was not measured in the last second',
    )
    _agreement(work, sheet)


def _pump(work: Work, sheet: Sheet) -> None:
    supply, gap = work.data.supply, work.data.gaps.get('manifold/state', '')
    if supply is None:
        sheet.miss(Scope.SESSION, '', gap, ('pump_duty_percent', 'supply_peak_mmhg'))
        return
    first, last = work.session_trace.time[0], work.session_trace.time[-1]
    rows = (supply.time >= first) & (supply.time <= last)
    drive = 100.0 * duty(supply.time[rows], supply.pump[rows])
    sheet.put('pump_duty_percent', '', drive, 'no sample of the pump in the session')
    highest = metrics.peak(supply.pressure[rows][:, None])[0] / MMHG
    sheet.put('supply_peak_mmhg', '', highest, 'the supply is not measured')


def _agreement(work: Work, sheet: Sheet) -> None:
    names = ('protocol_match_percent', 'dwell_error_s')
    references, data = work.references, work.data
    if work.no_setpoints or not work.cycles:
        sheet.miss(Scope.SESSION, '', work.no_setpoints or NO_CYCLE, names)
        return
    if not references.plans:
        sheet.miss(Scope.SESSION, '', references.plan_reason, names)
        return
    assert references.garment is not None
    own = references.garment.chamber_names
    if set(own) != set(work.names):
        reason = f'the garment {references.garment.name} has other chambers than the bag'
        sheet.miss(Scope.SESSION, '', reason, names)
        return
    order = [work.names.index(name) for name in own]
    trace = ChamberTrace(
        own,
        work.trace.time,
        work.trace.pressure[:, order],
        work.trace.mode[:, order],
        work.trace.target[:, order],
    )
    best: Agreement = max(
        (agreement(trace, plan, data.intensities) for plan in references.plans),
        key=lambda result: result.matched,
    )
    sheet.put('protocol_match_percent', '', 100.0 * best.matched, NO_CYCLE)
    sheet.put('dwell_error_s', '', best.dwell_error, 'no dwell of the protocol was completed')
