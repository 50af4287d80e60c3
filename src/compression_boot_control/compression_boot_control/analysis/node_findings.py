"""Findings about nodes, the paths between them, and alarms."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from compression_boot_control.analysis.alarm_reaction import reaction
from compression_boot_control.analysis.findings import BLOCK, Sheet, alarm_label
from compression_boot_control.analysis.metric_table import NODES, PATHS, Scope
from compression_boot_control.analysis.session_data import SessionData
from compression_boot_control.analysis.timing import (
    answer_latency,
    applied_latency,
    missed,
    regularity,
)
from compression_boot_control.core.safety.hazards import HAZARDS
from compression_boot_control.core.safety.hazards import Scope as HazardScope
from compression_boot_control.core.signals import FloatArray

MILLISECOND = 1e-3

COARSE_CLOCK = (
    'simulated time, or a coarse clock: it stands still between messages, so it cannot time them'
)


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


def put_paths(data: SessionData, sheet: Sheet) -> dict[str, FloatArray]:
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
        worst = _blocks(spaced, shown, lambda own: float(own.max()))
        sheet.put('latency_worst_ms', path, float(shown.max()), '', worst)
    return found


def put_nodes(data: SessionData, sheet: Sheet) -> None:
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
        parts = {
            name: _blocks(time, time, partial(_of_regularity, name))
            for name in ('jitter_rms', 'jitter_p99', 'worst_gap')
        }
        for name, blocks in parts.items():
            value = getattr(figures, name) / MILLISECOND
            sheet.put(f'{name}_ms', node, value, '', blocks)


def _of_regularity(name: str, time: FloatArray) -> float:
    """A figure of `Regularity` [ms]; NaN with too few messages."""
    own = regularity(time)
    return math.nan if own is None else float(getattr(own, name)) / MILLISECOND


def put_alarms(data: SessionData, sheet: Sheet) -> None:
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
