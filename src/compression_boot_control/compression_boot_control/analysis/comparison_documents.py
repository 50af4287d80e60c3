"""A comparison for scripts and for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from compression_boot_control.analysis.analysis_tables import shown
from compression_boot_control.analysis.compared_bag import ComparedBag
from compression_boot_control.analysis.comparison import Difference, Verdict, count_verdicts
from compression_boot_control.analysis.metric_table import BY_NAME

DIGITS = 6

STYLES = {Verdict.DIFFERS: 'bold red', Verdict.UNCLEAR: 'yellow', Verdict.MISSING: 'dim'}


def comparison_document(
    reference: ComparedBag, others: Sequence[tuple[ComparedBag, Sequence[Difference]]]
) -> dict[str, Any]:
    """Comparisons as values that JSON knows."""
    return {
        'ok': not any(_differs(differences) for _, differences in others),
        'reference': _bag(reference),
        'comparisons': [
            {
                'bag': _bag(other),
                'counts': {kind.value: n for kind, n in count_verdicts(differences).items()},
                'differences': [_row(difference) for difference in differences],
            }
            for other, differences in others
        ],
    }


def _differs(differences: Sequence[Difference]) -> bool:
    return any(difference.verdict == Verdict.DIFFERS for difference in differences)


def _bag(bag: ComparedBag) -> dict[str, Any]:
    return {
        'path': str(bag.path),
        'session': bag.session,
        'sessions': bag.sessions,
        'protocols': list(bag.protocols),
        'garment': bag.garment,
        'notes': list(bag.notes),
    }


def _row(difference: Difference) -> dict[str, Any]:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, DIGITS)

    return {
        'metric': difference.metric,
        'subject': difference.subject,
        'unit': BY_NAME[difference.metric].unit,
        'reference': rounded(difference.reference),
        'other': rounded(difference.other),
        'difference': rounded(difference.difference),
        'low': rounded(difference.low),
        'high': rounded(difference.high),
        'tolerance': round(difference.tolerance, DIGITS),
        'count': difference.count,
        'method': difference.method.value,
        'verdict': difference.verdict.value,
        'reason': difference.reason,
    }


def render_comparison(
    reference: ComparedBag,
    other: ComparedBag,
    differences: Sequence[Difference],
    *,
    everything: bool = False,
) -> Group:
    """Table of what differs, or of everything."""
    counts = count_verdicts(differences)
    parts: list[RenderableType] = [Text()]
    chosen = [
        difference
        for difference in differences
        if everything or difference.verdict in (Verdict.DIFFERS, Verdict.UNCLEAR)
    ]
    title = f'{other.path} beside {reference.path}'
    if chosen:
        table = Table(title=escape(title), title_justify='left')
        table.add_column('figure')
        for heading in ('reference', 'other', 'differs by', '95 %', 'matters'):
            table.add_column(heading, justify='right', no_wrap=True)
        table.add_column('verdict', no_wrap=True)
        for difference in chosen:
            table.add_row(*_cells(difference), style=STYLES.get(difference.verdict, ''))
        parts.append(table)
    else:
        parts.append(Text(title))
    parts += [Text(note, 'yellow') for note in cautions(reference, other)]
    parts += [Text(note, 'yellow') for note in other.notes]
    missing = [d for d in differences if d.verdict == Verdict.MISSING]
    reasons = dict.fromkeys(f'{BY_NAME[d.metric].title}: {d.reason}' for d in missing)
    parts += [Text(f'not compared: {reason}', 'dim') for reason in list(reasons)[:8]]
    parts.append(Text(_sum(counts)))
    return Group(*parts)


def _sum(counts: Any) -> str:
    return (
        f'{counts[Verdict.DIFFERS]} differ, {counts[Verdict.UNCLEAR]} unclear, '
        f'{counts[Verdict.SAME]} same, {counts[Verdict.MISSING]} not compared; intervals hold for '
        'all figures together at 95 %'
    )


def cautions(reference: ComparedBag, other: ComparedBag) -> list[str]:
    """What makes two sessions hard to compare."""
    notes = []
    if reference.protocols != other.protocols:
        first, second = (', '.join(bag.protocols) or 'none named' for bag in (reference, other))
        notes.append(f'the protocols differ: {first}, and {second}; cycles are not paired')
    own, theirs = set(reference.chamber_names), set(other.chamber_names)
    if own != theirs:
        odd = ', '.join(sorted(own ^ theirs))
        notes.append(f'the garments differ: {odd} only in one of the bags; the others are compared')
    notes += [
        f'{bag.path} has {bag.sessions} sessions; number {bag.session} is compared (--session)'
        for bag in (reference, other)
        if bag.sessions > 1
    ]
    return notes


def _cells(difference: Difference) -> tuple[str, ...]:
    metric = BY_NAME[difference.metric]
    interval = (
        '–'
        if difference.low is None or difference.high is None
        else f'{difference.low:+.{metric.digits}f} .. {difference.high:+.{metric.digits}f}'
    )
    step = '–' if difference.difference is None else f'{difference.difference:+.{metric.digits}f}'
    unit = f' [dim]{metric.unit}[/dim]' if metric.unit else ''
    return (
        f'{metric.title} {escape(difference.subject.replace("_", " "))}'.rstrip() + unit,
        shown(difference.reference, metric),
        shown(difference.other, metric),
        step,
        interval,
        f'{difference.tolerance:.{metric.digits}f}',
        difference.verdict.value,
    )
