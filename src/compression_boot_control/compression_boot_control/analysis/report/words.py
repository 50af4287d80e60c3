"""What a report says beside its figures: a headline, what deserves a look, how to read each."""

from __future__ import annotations

from compression_boot_control.analysis.metric_table import BY_NAME
from compression_boot_control.analysis.session_analysis import SessionAnalysis
from compression_boot_control.analysis.session_summary import duration_text

READ = {
    'pressure': (
        'Both legs over the session. Each line is the estimated pressure in one chamber; a bladder '
        'presses 60 to 80 % of it onto the skin. In a good session the lines rise one after '
        'another from the foot (dark) to the thigh (light), stand flat, and fall together. Drag to '
        'zoom, double-click to see all again, click a zone in the legend to hide it; the '
        'set-points can be switched on there. Coloured vertical lines are alarms. Below the dotted '
        'line at 15 mmHg a chamber counts as vented. Each point of the picture shows the lowest '
        'and the highest value of its stretch, so no peak is hidden.'
    ),
    'heat': (
        'The same as colours, one row a chamber: a wave is a staircase. A row that stays dark was '
        'not filled, one that stays bright was not released. Each cell shows the highest pressure '
        'of its stretch.'
    ),
    'wave': (
        'One cycle, with the zones of a leg above each other, foot at the bottom. The wave should '
        'climb from the foot to the thigh and leave all zones at once. Choose a cycle above.'
    ),
    'overlay': (
        'The chosen cycle (red) on all cycles (grey), one panel a chamber; the dark line is their '
        'median. Lines that lie on each other mean that every cycle is alike. The first cycle '
        'differs: it fills slack chambers, and may be longer than what is shown; double-click to '
        'see all of it. Cycles of a warm-up have lower targets.'
    ),
    'trend': (
        'A figure of your choice, cycle by cycle, for each chamber. A trend means that something '
        'changes in the course of the session: a leg that creeps, a seam that gives way, a pump '
        'that gets warm.'
    ),
    'supply': (
        'Rail behind the pump, and the mean drive of the pump in each stretch. The rail falls when '
        'chambers fill, and its relief valve bounds it.'
    ),
    'latency': (
        'Time from a sensor sample to what followed from it. The supervisor vents when a sample is '
        'older than 200 ms; usual are 1 to 3 ms to the permit. Latencies beyond 99.9 % are in the '
        'last bar.'
    ),
}
"""How to read each picture."""

NOTICE = {
    'order_violations': (0.0, 'zones went ahead of a zone below them'),
    'rising_target_s': (0.0, 's in which set-points rose towards the thigh'),
    'rising_pressure_s': (0.5, 's in which the pressure rose towards the thigh'),
    'alarms': (0.0, 'alarms'),
    'overshoot_mmhg': (5.0, 'mmHg overshoot'),
    'steady_rms_mmhg': (2.0, 'mmHg rms error on the plateau'),
    'vent_time_s': (10.0, 's to vent'),
    'leak_ml_per_min': (200.0, 'ml/min apparent leak'),
    'unknown_s': (0.0, 's without a known pressure'),
    'bad_quality_percent': (1.0, '% of the samples refused by sensing'),
    'latency_p99_ms': (20.0, 'ms latency, p99'),
    'worst_gap_ms': (200.0, 'ms without a message'),
    'missed': (0.0, 'messages missing in the bag'),
}
"""Values above which a figure deserves a look [P], and the words for it."""


def headline(session: SessionAnalysis) -> str:
    """The most important figures in one line."""
    parts = []
    duration, cycles = session.value('duration_s'), session.value('cycles')
    if duration is not None:
        parts.append(duration_text(duration))
    if cycles is not None:
        parts.append(f'{cycles:.0f} full cycle{"" if cycles == 1 else "s"}')
    if (wave := session.value('wave_time_s')) is not None:
        parts.append(f'wave {wave:.1f} s')
    peaks = [
        finding.value
        for finding in session.findings
        if finding.metric == 'peak_mmhg' and finding.value is not None
    ]
    if peaks:
        parts.append(f'highest pressure {max(peaks):.1f} mmHg')
    alarms = session.value('alarms')
    if alarms is not None:
        parts.append('no alarm' if not alarms else f'{alarms:.0f} alarm{"s"[: int(alarms > 1)]}')
    vented = session.value('vented_at_end')
    if vented is not None:
        parts.append('vented at the end' if vented else 'NOT VENTED at the end')
    return ' · '.join(parts) or 'no session'


def notices(session: SessionAnalysis) -> list[str]:
    """What deserves a look: one line for each metric that is somewhere beyond what is usual."""
    found: dict[str, list[tuple[float, str]]] = {}
    for finding in session.findings:
        limit = NOTICE.get(finding.metric)
        if limit is not None and finding.value is not None and finding.value > limit[0]:
            name = finding.subject.replace('_', ' ')
            found.setdefault(finding.metric, []).append((finding.value, name))
    lines = []
    for metric, values in found.items():
        worst, name = max(values)
        others = f' and {len(values) - 1} more' if len(values) > 1 else ''
        where = f'{name}{others}: ' if name else ''
        up_to = 'up to ' if others else ''
        lines.append(f'{where}{up_to}{worst:.{BY_NAME[metric].digits}f} {NOTICE[metric][1]}')
    if session.value('vented_at_end') == 0.0:
        lines.insert(0, 'the legs were not vented at the end of the data')
    return lines
