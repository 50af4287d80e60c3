"""Computes every metric of a session, or says why it cannot be computed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from compression_boot_control.analysis import metrics
from compression_boot_control.analysis.agreement import Agreement, agreement
from compression_boot_control.analysis.alarm_reaction import reaction
from compression_boot_control.analysis.cycles import (
    ARRIVAL_BAND,
    Cycle,
    find_cycles,
    full_cycles,
    wave_time,
)
from compression_boot_control.analysis.fills import (
    HIGH_LEVEL,
    LOW_LEVEL,
    Fill,
    find_fills,
    grouped,
    pump_limit,
    stored_air,
    vent_times,
)
from compression_boot_control.analysis.leak import leak_flow, shut_stretches
from compression_boot_control.analysis.metric_table import METRICS, NODES, PATHS, Scope
from compression_boot_control.analysis.metrics import ChamberTrace, in_force, part
from compression_boot_control.analysis.session_data import SessionData
from compression_boot_control.analysis.timing import (
    answer_latency,
    applied_latency,
    missed,
    regularity,
)
from compression_boot_control.analysis.valve_work import duty, openings, travel
from compression_boot_control.analysis.wave_order import (
    chains,
    on_plateau,
    order_violations,
    rising_pressure_time,
    rising_target_time,
)
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.safety.hazards import HAZARDS
from compression_boot_control.core.safety.hazards import Scope as HazardScope
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MILLILITRE, MINUTE, MMHG

BLOCK = 10.0
"""Time over which values of nodes and paths are taken together, for intervals [s]."""

MILLISECOND = 1e-3

NO_CYCLE = 'no set-point asked for pressure'
NO_FILL = 'no fill: no target stood 5 mmHg or more above the pressure'
NO_PLATEAU = 'no plateau: the pressure never came within 1 mmHg of a target for a second'
COARSE_CLOCK = (
    'simulated time, or a coarse clock: it stands still between messages, so it cannot time them'
)


@dataclass(frozen=True)
class Finding:
    """One metric of one subject.

    Attributes
    ----------
    metric : str
        Name in `metric_table.METRICS`.
    subject : str
        Chamber, path, node or alarm; empty for the session.
    value : float or None
    reason : str
        Why there is no value; empty if there is one.
    parts : tuple of (int, float)
        Values of single cycles, by their number from 1, or of stretches of `BLOCK`: what intervals
        are made of. Empty for metrics of the whole.
    """

    metric: str
    subject: str
    value: float | None
    reason: str = ''
    parts: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class References:
    """What a session is compared with; None with a reason.

    Attributes
    ----------
    garment : Garment or None
    garment_reason : str
    plans : tuple of Plan
        Of the protocol, for both legs and for each.
    plan_reason : str
    """

    garment: Garment | None = None
    garment_reason: str = 'no garment file was given'
    plans: tuple[Plan, ...] = ()
    plan_reason: str = 'no protocol was given'


@dataclass(frozen=True)
class SessionAnalysis:
    """A session's metrics, and what a report draws.

    Attributes
    ----------
    data : SessionData
    findings : tuple of Finding
        Of all metrics, in the order of the table.
    cycles : tuple of Cycle
    fills : tuple of Fill
    limits : tuple of float
        Of each fill's group by the pump [s]; NaN if unknown.
    latencies : mapping of str to (M,) array
        By path [s].
    """

    data: SessionData
    findings: tuple[Finding, ...]
    cycles: tuple[Cycle, ...]
    fills: tuple[Fill, ...]
    limits: tuple[float, ...]
    latencies: Mapping[str, FloatArray]

    def value(self, metric: str, subject: str = '') -> float | None:
        """Value of a metric; None if it could not be computed."""
        for finding in self.findings:
            if finding.metric == metric and finding.subject == subject:
                return finding.value
        return None


@dataclass
class _Sheet:
    """Collects findings."""

    findings: list[Finding] = field(default_factory=list)

    def put(
        self,
        metric: str,
        subject: str,
        value: float,
        reason: str,
        parts: Iterable[tuple[int, float]] = (),
    ) -> None:
        """Note a value, or the reason where it is not a finite number."""
        known = tuple((number, float(own)) for number, own in parts if math.isfinite(own))
        if math.isfinite(value):
            self.findings.append(Finding(metric, subject, float(value), '', known))
        else:
            self.findings.append(Finding(metric, subject, None, reason))

    def miss(self, scope: Scope, subject: str, reason: str, names: Iterable[str] = ()) -> None:
        """Note that metrics, by default all of a scope, cannot be computed."""
        for metric in names or [m.name for m in METRICS if m.scope == scope]:
            self.findings.append(Finding(metric, subject, None, reason))


def analyse_session(data: SessionData, references: References) -> SessionAnalysis:
    """Compute all metrics of a session.

    Parameters
    ----------
    data : SessionData
    references : References
        Garment file and protocol.
    """
    sheet = _Sheet()
    trace = data.trace
    cycles: tuple[Cycle, ...] = ()
    fills: tuple[Fill, ...] = ()
    limits: tuple[float, ...] = ()
    if trace is None or not len(trace.time):
        reason = data.gaps.get('pressures', 'no pressures within the session')
        sheet.miss(Scope.SESSION, '', reason)
        sheet.miss(Scope.CHAMBER, '', reason)
    else:
        work = _Work(data, trace, references, sheet)
        work.session()
        work.chambers()
        cycles, fills, limits = work.cycles, work.fills, work.limits
    latencies = _paths(data, sheet)
    _nodes(data, sheet)
    _alarms(data, sheet)
    order = {metric.name: place for place, metric in enumerate(METRICS)}
    findings = sorted(sheet.findings, key=lambda finding: order[finding.metric])
    return SessionAnalysis(data, tuple(findings), cycles, fills, limits, latencies)


class _Work:
    """What several metrics of one trace share."""

    def __init__(
        self, data: SessionData, trace: ChamberTrace, references: References, sheet: _Sheet
    ) -> None:
        self.data, self.trace, self.references, self.sheet = data, trace, references, sheet
        self.names = trace.chamber_names
        self.cycles = find_cycles(trace)
        self.fills = find_fills(trace)
        self.legs = chains(self.names, data.sleeves)
        start, end = metrics.session_span(trace)
        self.span = (start, end + 1) if end else (0, len(trace.time))
        self.session_trace = part(trace, *self.span)
        self.plateau = on_plateau(trace)
        self.no_setpoints = data.gaps.get('setpoints', '')
        self.limits, self.rises, self.limit_reason = self._limits()

    # -- of the session

    def session(self) -> None:
        """Metrics of the whole session."""
        put, trace, data = self.sheet.put, self.trace, self.data
        start, end = metrics.session_span(trace)
        reason = self.no_setpoints or NO_CYCLE
        full = full_cycles(trace)
        by_start = {cycle.start: number for number, cycle in enumerate(self.cycles, 1)}
        put(
            'duration_s',
            '',
            float(trace.time[end] - trace.time[start]) if end else math.nan,
            reason,
        )
        put('cycles', '', len(full) if self.cycles else math.nan, reason)
        put(
            'wave_time_s',
            '',
            wave_time(full),
            reason if not self.cycles else 'no full cycle',
            [(by_start[cycle.start], cycle.wave_time) for cycle in full],
        )
        waves = [(by_start[cycle.start], self._wave_limit(cycle)) for cycle in full]
        put(
            'wave_limit_s',
            '',
            _median([limit for _, limit in waves]),
            self.limit_reason or (reason if not self.cycles else 'no full cycle'),
            waves,
        )
        broken = order_violations(self.cycles, self.fills, self.legs)
        put('order_violations', '', len(broken) if self.cycles else math.nan, reason)
        known = bool(self.cycles)
        rising = rising_target_time(trace, self.legs) if known else math.nan
        put('rising_target_s', '', rising, reason)
        rising = rising_pressure_time(trace, self.legs) if self.plateau.any() else math.nan
        put('rising_pressure_s', '', rising, NO_PLATEAU if known else reason)
        self._pump()
        alarms = math.nan if data.alarms is None else len(data.alarms)
        put('alarms', '', alarms, data.gaps.get('safety/state', ''))
        vented = metrics.vented_at_end(trace)
        put(
            'vented_at_end',
            '',
            math.nan if vented is None else float(vented),
            'the pressure was not measured in the last second',
        )
        self._agreement()

    def _pump(self) -> None:
        supply, gap = self.data.supply, self.data.gaps.get('manifold/state', '')
        if supply is None:
            self.sheet.miss(Scope.SESSION, '', gap, ('pump_duty_percent', 'supply_peak_mmhg'))
            return
        first, last = self.session_trace.time[0], self.session_trace.time[-1]
        rows = (supply.time >= first) & (supply.time <= last)
        drive = 100.0 * duty(supply.time[rows], supply.pump[rows])
        self.sheet.put('pump_duty_percent', '', drive, 'no sample of the pump in the session')
        highest = metrics.peak(supply.pressure[rows][:, None])[0] / MMHG
        self.sheet.put('supply_peak_mmhg', '', highest, 'the supply is not measured')

    def _agreement(self) -> None:
        names = ('protocol_match_percent', 'dwell_error_s')
        references, data = self.references, self.data
        if self.no_setpoints or not self.cycles:
            self.sheet.miss(Scope.SESSION, '', self.no_setpoints or NO_CYCLE, names)
            return
        if not references.plans:
            self.sheet.miss(Scope.SESSION, '', references.plan_reason, names)
            return
        assert references.garment is not None
        own = references.garment.chamber_names
        if set(own) != set(self.names):
            reason = f'the garment {references.garment.name} has other chambers than the bag'
            self.sheet.miss(Scope.SESSION, '', reason, names)
            return
        order = [self.names.index(name) for name in own]
        trace = ChamberTrace(
            own,
            self.trace.time,
            self.trace.pressure[:, order],
            self.trace.mode[:, order],
            self.trace.target[:, order],
        )
        best: Agreement = max(
            (agreement(trace, plan, data.intensities) for plan in references.plans),
            key=lambda result: result.matched,
        )
        self.sheet.put('protocol_match_percent', '', 100.0 * best.matched, NO_CYCLE)
        self.sheet.put(
            'dwell_error_s', '', best.dwell_error, 'no dwell of the protocol was completed'
        )

    # -- of chambers

    def chambers(self) -> None:
        """Metrics of each chamber."""
        trace, session = self.trace, self.session_trace
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
        cycles = self._by_cycle()
        no_target = self.no_setpoints or 'the chamber was never to be under pressure'
        for i, name in enumerate(self.names):
            for metric, (values, reason) in whole.items():
                numbers = [(number, own[metric][i]) for number, own in cycles if metric in own]
                self.sheet.put(metric, name, float(values[i]), reason or no_target, numbers)
            self._plateau(i, name, no_target)
            self._speed(i, name, no_target)
            self._leak(i, name)
            self._valves(i, name)
            self._quality(i, name)

    def _spans(self) -> list[tuple[int, int, int]]:
        """Number of each cycle, its first sample, and the first of the next one."""
        starts = [cycle.start for cycle in self.cycles]
        ends = [*starts[1:], self.span[1]]
        spans = zip(range(1, len(starts) + 1), starts, ends, strict=True)
        return [span for span in spans if span[2] > span[1]]

    def _by_cycle(self) -> list[tuple[int, dict[str, FloatArray]]]:
        found = []
        for number, start, stop in self._spans():
            own = part(self.trace, start, stop)
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

    def _plateau(self, i: int, name: str, no_target: str) -> None:
        """Error and length of the plateaus of a chamber."""
        trace = self.trace
        on = self.plateau[:, i]
        error = trace.pressure[:, i] - np.where(on, trace.target[:, i], 0.0)
        known = on & np.isfinite(error)
        step = np.diff(trace.time, append=trace.time[-1])
        step = np.where(step <= metrics.LONGEST_GAP, step, 0.0)
        rms, bias, times = [], [], []
        for number, start, stop in self._spans():
            own = known[start:stop]
            errors = error[start:stop][own] / MMHG
            if own.any():
                rms.append((number, metrics.steady_rms(errors)))
                bias.append((number, metrics.steady_bias(errors)))
                times.append((number, float(step[start:stop][own].sum())))
        reason = (
            no_target
            if np.isnan(metrics.tracking_error(part(trace, *self.span))[i])
            else (NO_PLATEAU)
        )
        errors = error[known] / MMHG
        put = self.sheet.put
        put('steady_rms_mmhg', name, metrics.steady_rms(errors), reason, rms)
        put('steady_bias_mmhg', name, metrics.steady_bias(errors), reason, bias)
        mean = float(np.mean([own for _, own in times])) if times else math.nan
        put('plateau_time_s', name, mean, reason, times)

    def _cycle_of(self, sample: int) -> int:
        """Number of the cycle that a sample lies in, or after."""
        starts = [cycle.start for cycle in self.cycles]
        return int(np.searchsorted(starts, sample, side='right'))

    def _speed(self, i: int, name: str, no_target: str) -> None:
        """Times of fills and vents of a chamber, and their limits."""
        put = self.sheet.put
        own = [place for place, fill in enumerate(self.fills) if fill.chamber == i]
        fills = [self.fills[place] for place in own]
        numbers = [self._cycle_of(fill.start) for fill in fills]
        reason = self.no_setpoints or (NO_FILL if fills == [] else 'no fill reached its target')
        columns: dict[str, tuple[list[float], str]] = {
            'fill_time_s': ([fill.fill_time for fill in fills], reason),
            'fill_limit_s': ([self.limits[place] for place in own], self.limit_reason or reason),
            'rise_time_s': ([fill.rise_time for fill in fills], reason),
            'rise_limit_s': ([self.rises[place] for place in own], self.limit_reason or reason),
        }
        for metric, (values, why) in columns.items():
            pairs = list(zip(numbers, values, strict=True))
            put(metric, name, _median(values), why, pairs)
        reached = sum(math.isfinite(fill.fill_time) for fill in fills)
        put('fills', name, math.nan if self.no_setpoints else reached, self.no_setpoints)
        if self.no_setpoints:
            put('vent_time_s', name, math.nan, self.no_setpoints)
            return
        vents = [(self._cycle_of(start), time) for start, time in vent_times(self.trace, i)]
        median = _median([time for _, time in vents])
        put('vent_time_s', name, median, 'no vent from above 15 mmHg to below it', vents)

    def _at_samples(self, opening: FloatArray) -> FloatArray:
        """Openings of the device at the trace's samples."""
        assert self.data.valves is not None
        held = in_force(self.trace.time, self.data.valves.time, opening[:, None], np.nan)
        return np.asarray(held, float)[:, 0]

    def _leak(self, i: int, name: str) -> None:
        data, metric = self.data, 'leak_ml_per_min'
        if data.valves is None or data.pneumatics is None:
            gap = data.gaps.get('manifold/state') or data.gaps.get('layout', '')
            self.sheet.put(metric, name, math.nan, gap)
            return
        inlet = self._at_samples(data.valves.inlet[:, i])
        exhaust = self._at_samples(data.valves.exhaust[:, i])
        flows = []
        for start, stop in shut_stretches(self.trace, i, inlet, exhaust):
            flow = leak_flow(
                self.trace.time[start:stop],
                self.trace.pressure[start:stop, i],
                float(data.pneumatics.rest_volume[i]),
                float(data.pneumatics.compliance[i]),
            )
            flows.append((self._cycle_of(start), flow / (MILLILITRE / MINUTE)))
        reason = 'no stretch of 4 s with both valves shut, 10 s into a plateau'
        self.sheet.put(metric, name, _median([flow for _, flow in flows]), reason, flows)

    def _valves(self, i: int, name: str) -> None:
        data, put = self.data, self.sheet.put
        if data.valves is None:
            names = ('inlet_openings', 'exhaust_openings', 'valve_travel')
            self.sheet.miss(Scope.CHAMBER, name, data.gaps.get('manifold/state', ''), names)
            return
        first, last = self.session_trace.time[0], self.session_trace.time[-1]
        rows = (data.valves.time >= first) & (data.valves.time <= last)
        time = data.valves.time[rows]
        total = 0.0
        starts = [float(self.trace.time[cycle.start]) for cycle in self.cycles]
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

    def _quality(self, i: int, name: str) -> None:
        quality = self.data.quality
        share = (
            math.nan
            if quality is None
            else 100.0 * float(metrics.bad_share(quality[slice(*self.span)])[i])
        )
        reason = self.data.gaps.get('pressures') or 'the pressures carry no quality'
        self.sheet.put('bad_quality_percent', name, share, reason)

    # -- limits

    def _limits(self) -> tuple[tuple[float, ...], list[float], str]:
        """Limit of each fill's group and of its own rise [s], and why they are unknown."""
        unknown = tuple(math.nan for _ in self.fills)
        layout, garment = self.data.pneumatics, self.references.garment
        if layout is None:
            return unknown, list(unknown), self.data.gaps.get('layout', '')
        if garment is None:
            return unknown, list(unknown), self.references.garment_reason
        limits: dict[Fill, float] = {}
        rises: dict[Fill, float] = {}
        for group in grouped(self.fills):
            own = [fill.chamber for fill in group]
            begin = np.array([fill.from_pressure for fill in group])
            goal = np.array([fill.target - ARRIVAL_BAND for fill in group])
            stored = stored_air(
                garment.supply.volume, self._supply_at(group[0].begin), float(goal.min())
            )
            pump = layout.pump_free_flow, layout.pump_shut_off_pressure
            volumes = layout.rest_volume[own], layout.compliance[own]
            limit = pump_limit(*volumes, begin, goal, *pump, stored)
            for place, fill in enumerate(group):
                step = fill.target - fill.from_pressure
                alone = (volumes[0][place : place + 1], volumes[1][place : place + 1])
                low = np.array([fill.from_pressure + LOW_LEVEL * step])
                high = np.array([fill.from_pressure + HIGH_LEVEL * step])
                limits[fill] = limit
                rises[fill] = pump_limit(*alone, low, high, *pump, stored)
        return (
            tuple(limits[fill] for fill in self.fills),
            [rises[fill] for fill in self.fills],
            '',
        )

    def _supply_at(self, time: float) -> float:
        supply = self.data.supply
        if supply is None or not len(supply.time):
            return 0.0
        place = max(int(np.searchsorted(supply.time, time, side='right')) - 1, 0)
        pressure = float(supply.pressure[place])
        return pressure if math.isfinite(pressure) else 0.0

    def _wave_limit(self, cycle: Cycle) -> float:
        """Sum of the limits of a cycle's groups, and of the waits between them [s]."""
        inside = [
            (fill, limit)
            for fill, limit in zip(self.fills, self.limits, strict=True)
            if cycle.start <= fill.start < cycle.stop
        ]
        if not inside:
            return math.nan
        limit_of = {id(fill): limit for fill, limit in inside}
        total, arrived = 0.0, float(self.trace.time[cycle.start])
        seen: set[int] = set()
        for group in grouped([fill for fill, _ in inside]):
            fresh = [fill for fill in group if fill.chamber not in seen]
            if not fresh:
                continue  # a second target in one cycle, after the wave
            seen |= {fill.chamber for fill in group}
            total += max(group[0].begin - arrived, 0.0) + limit_of[id(group[0])]
            arrived = max(
                [arrived, *(f.begin + f.fill_time for f in group if math.isfinite(f.fill_time))]
            )
        return total


def _median(values: Sequence[float]) -> float:
    """Median of the finite values; NaN without any."""
    known = [value for value in values if math.isfinite(value)]
    return float(np.median(known)) if known else math.nan


def _blocks(
    time: FloatArray, values: FloatArray, figure: Callable[[FloatArray], float]
) -> list[tuple[int, float]]:
    """A figure of the values in each stretch of `BLOCK`, by its number from 1."""
    if not len(time):
        return []
    number = ((time - time[0]) // BLOCK).astype(int) + 1
    edges = np.flatnonzero(np.diff(number)) + 1
    return [
        (int(own[0]), figure(group))
        for own, group in zip(np.split(number, edges), np.split(values, edges), strict=True)
        if len(group) > 2
    ]


def _paths(data: SessionData, sheet: _Sheet) -> dict[str, FloatArray]:
    """Latency through the graph."""
    state = data.messages.get('manifold/state')
    found: dict[str, FloatArray] = {}
    wanted = {
        'sensing': ('pressures', 'sequence', 'log'),
        'control': ('valves/requested', 'source_sequence', 'log'),
        'permit': ('valves/permitted', 'source_sequence', 'stamp'),
        'applied': ('valves/permitted', 'sequence', 'stamp'),
    }
    for path in PATHS:
        role, number, clock = wanted[path]
        messages = data.messages.get(role)
        if state is None or messages is None:
            gap = data.gaps.get('manifold/state') or data.gaps.get(role, '')
            sheet.miss(Scope.PATH, path, gap)
            continue
        own = getattr(messages, number)
        times = messages.log_ns if clock == 'log' else messages.stamp_ns
        sampled = state.log_ns if clock == 'log' else state.stamp_ns
        if own is None or state.sequence is None:
            sheet.miss(Scope.PATH, path, f'messages of {role} carry no {number}')
            continue
        if data.simulated_clock:
            sheet.miss(Scope.PATH, path, COARSE_CLOCK)
            continue
        if path == 'applied':
            reported = data.applied_sequence
            if reported is None:
                sheet.miss(Scope.PATH, path, 'the samples do not report the permit in force')
                continue
            latency = applied_latency(own, times, reported, sampled)
        else:
            latency = answer_latency(state.sequence, sampled, own, times)
        if not len(latency):
            sheet.miss(Scope.PATH, path, 'no message answers a sample that is in the bag')
            continue
        found[path] = latency
        period = float(np.median(np.diff(sampled))) / 1e9
        spaced: FloatArray = np.arange(len(latency), dtype=np.float64) * period
        shown = np.asarray(latency / MILLISECOND, np.float64)
        sheet.put(
            'latency_median_ms',
            path,
            float(np.median(shown)),
            '',
            _blocks(spaced, shown, lambda own: float(np.median(own))),
        )
        sheet.put(
            'latency_p99_ms',
            path,
            float(np.percentile(shown, 99.0)),
            '',
            _blocks(spaced, shown, lambda own: float(np.percentile(own, 99.0))),
        )
        sheet.put('latency_worst_ms', path, float(shown.max()), '')
    return found


def _nodes(data: SessionData, sheet: _Sheet) -> None:
    """Regularity of each node, and what was missed of it."""
    timed = ('rate_hz', 'jitter_rms_ms', 'jitter_p99_ms', 'worst_gap_ms')
    for node, (role, clock) in NODES.items():
        messages = data.messages.get(role)
        if messages is None:
            sheet.miss(Scope.NODE, node, data.gaps.get(role, ''))
            continue
        if messages.sequence is None:
            sheet.miss(Scope.NODE, node, f'messages of {role} carry no sequence', ('missed',))
        else:
            sheet.put('missed', node, missed(messages.sequence), '')
        times = messages.log_ns if clock == 'log' else messages.stamp_ns
        if data.simulated_clock:
            sheet.miss(Scope.NODE, node, COARSE_CLOCK, timed)
            continue
        time = (times - times[0]) / 1e9 if len(times) else np.empty(0)
        figures = regularity(time)
        if figures is None:
            sheet.miss(Scope.NODE, node, f'fewer than three messages of {role}', timed)
            continue
        sheet.put('rate_hz', node, figures.rate, '')
        blocks = _blocks(time, time, _jitter)
        sheet.put('jitter_rms_ms', node, figures.jitter_rms / MILLISECOND, '', blocks)
        sheet.put('jitter_p99_ms', node, figures.jitter_p99 / MILLISECOND, '')
        sheet.put('worst_gap_ms', node, figures.worst_gap / MILLISECOND, '')


def _jitter(time: FloatArray) -> float:
    own = regularity(time)
    return math.nan if own is None else own.jitter_rms / MILLISECOND


def alarm_label(number: int, hazard_id: str) -> str:
    """Subject of an alarm's metrics, e.g. ``1 SR-08``."""
    return f'{number} {hazard_id}'


def _alarms(data: SessionData, sheet: _Sheet) -> None:
    """Reaction to each alarm."""
    scopes = {hazard.id: hazard.scope for hazard in HAZARDS}
    for number, alarm in enumerate(data.alarms or (), 1):
        subject = alarm_label(number, alarm.hazard_id)
        if data.trace is None:
            sheet.miss(Scope.ALARM, subject, data.gaps.get('pressures', ''))
            continue
        if scopes.get(alarm.hazard_id) == HazardScope.NOTHING:
            sheet.miss(Scope.ALARM, subject, 'this alarm only tells, and vents nothing')
            continue
        names = data.chamber_names
        own = [names.index(name) for name in alarm.chamber_names if name in names]
        own = own or list(range(len(names)))
        found = reaction(alarm.since, own, data.permitted, data.valves, data.trace)
        late = 'not seen in the bag before its end'
        gap = data.gaps.get('valves/permitted') or late
        sheet.put('reaction_permit_ms', subject, found.permit / MILLISECOND, gap)
        gap = data.gaps.get('manifold/state') or late
        sheet.put('reaction_valves_ms', subject, found.valves / MILLISECOND, gap)
        sheet.put('reaction_vented_s', subject, found.vented, late)
