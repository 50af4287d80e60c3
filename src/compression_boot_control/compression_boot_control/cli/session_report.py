"""What became of a session, as the planner's result says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compression_boot_control.core.units import MINUTE, MMHG

if TYPE_CHECKING:
    from rich.table import Table

    from compression_boot_control.cli.views import SessionResult


def result_document(result: SessionResult) -> dict[str, object]:
    """Write a result for a script."""
    return {
        'ok': result.error_code == 0,
        'error_code': result.error_code,
        'errors': [result.error_text] if result.error_text else [],
        'cycles': result.cycles,
        'elapsed_s': round(result.elapsed, 2),
        'warm_up_s': round(result.warm_up, 2),
        'vented': result.vented,
        'bench': result.bench,
        'skipped': list(result.skipped),
        'chambers': [
            {
                'name': name,
                'peak_mmhg': round(peak / MMHG, 2),
                'dose_mmhg_min': round(result.dose.get(name, 0.0) / MMHG / MINUTE, 2),
            }
            for name, peak in result.peak.items()
        ],
    }


def result_table(result: SessionResult, title: str) -> Table:
    """Show a result to a person."""
    from rich.markup import escape
    from rich.table import Table

    warm_up = f' after a warm-up of {_spoken(result.warm_up)}' if result.warm_up > 0.0 else ''
    vented = 'vented' if result.vented else '[bold red]NOT vented[/bold red]'
    if result.skipped:
        vented += f', without {", ".join(result.skipped).replace("_", " ")}'
    if result.bench:
        vented += ', bench'
    table = Table(
        title=escape(title),
        caption=f'{_spoken(result.elapsed)}{warm_up}, {result.cycles} full cycles, {vented}',
        caption_justify='left',
    )
    table.add_column('chamber')
    table.add_column('peak\n[dim]mmHg[/dim]', justify='right')
    table.add_column('dose\n[dim]mmHg·min[/dim]', justify='right')
    for name, peak in result.peak.items():
        dose = result.dose.get(name, 0.0) / MMHG / MINUTE
        table.add_row(escape(name.replace('_', ' ')), f'{peak / MMHG:.1f}', f'{dose:.1f}')
    return table


def _spoken(time: float) -> str:
    minutes, seconds = divmod(round(time), 60)
    return f'{minutes} min {seconds:02d} s'
