"""`boots campaign`: many randomised sessions under the supervisor, and the promises they broke."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compression_boot_control.cli.errors import FAILED
from compression_boot_control.cli.farm_progress import (
    SchedulerOption,
    WorkersOption,
    result_folder,
    run_shown,
)
from compression_boot_control.cli.options import JsonOption

if TYPE_CHECKING:
    from compression_boot_control.analysis.campaign import Campaign, CampaignResult


def campaign(
    sessions: Annotated[
        int, typer.Option('--sessions', metavar='N', min=1, max=1_000_000, help='How many.')
    ] = 256,
    seed: Annotated[
        int, typer.Option('--seed', metavar='S', min=0, max=2**31, help='Same seed, same sessions.')
    ] = 1,
    faults: Annotated[
        bool, typer.Option('--faults', help='Strike every session with one fault or two.')
    ] = False,
    cycles: Annotated[
        int,
        typer.Option(
            '--cycles', metavar='N', min=2, max=100, help='Whole cycles of a session, at least.'
        ),
    ] = 2,
    folder: Annotated[
        Path | None,
        typer.Option(
            '--folder',
            metavar='DIR',
            help='Where the results go; unless told, campaigns/NAME by all that decides.',
        ),
    ] = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = '',
    as_json: JsonOption = False,
) -> None:
    """Run randomised sessions on simulated boots, and count what the supervisor misses.

    Devices, legs, patterns, pressures and faults are drawn over the ranges of the literature. The
    command fails if a promise is broken: a violation, a declared fault undetected, a false trip.

    Killed or interrupted, the same command goes on where it was. The folder gets a report.
    """
    from compression_boot_control.analysis.campaign import (
        Campaign,
        campaign_part,
        code_digest,
        counted,
    )
    from compression_boot_control.analysis.campaign_report import write_report
    from compression_boot_control.analysis.task_farm import Crew

    wanted = Campaign(sessions, seed, faults, cycles)
    where = folder or Path('campaigns') / _name(wanted, code_digest())
    with result_folder(where, wanted.identity()) as results:
        tasks = wanted.tasks()
        crew = Crew(workers, scheduler)
        outcome = run_shown(campaign_part, tasks, results, crew, 'parts', same_code=code_digest)
        tables = results.tables(tasks)
        result = counted(wanted, tables, outcome.failed)
        page, _ = write_report(where, result, tables)
    if as_json:
        typer.echo(json.dumps(result.as_dict() | {'report': str(page)}, indent=2))
    else:
        _print(result)
        if outcome.earlier:
            typer.echo(f'{outcome.earlier} of {outcome.total} parts were there from an earlier run')
        if outcome.workers:
            typer.echo(f'this run: {outcome.wall_seconds:.0f} s on {outcome.workers} workers')
        typer.echo(f'report: {page}')
    if not result.ok:
        raise typer.Exit(FAILED)


def _name(campaign: Campaign, code: str) -> str:
    """Name of a folder that no other campaign has."""
    kind = 'faults' if campaign.faults else 'sound'
    cycles = '' if campaign.cycles == type(campaign).cycles else f'-{campaign.cycles}-cycles'
    return f'{kind}-{campaign.sessions}-seed-{campaign.seed}{cycles}-{code}'


def _print(result: CampaignResult) -> None:
    """Print every figure, and every kind of fault."""
    from rich.console import Console
    from rich.table import Table

    from compression_boot_control.analysis.campaign_report import figures

    console = Console(highlight=False)
    table = Table(show_header=False, box=None)
    for name, value, bad in figures(result):
        table.add_row(name, f'[red]{value}[/red]' if bad else value)
    console.print(table)
    if result.by_fault:
        kinds = Table('fault, alone', 'struck', 'detected', 'undetected', 'not certain', 'median',
                      'longest', box=None, title='')  # fmt: skip
        for kind, count in sorted(result.by_fault.items(), key=lambda item: item[0].value):
            row = count.as_dict(kind)
            median, longest = row['median_s'], row['longest_s']
            kinds.add_row(
                kind.value,
                str(count.sessions),
                str(count.detected),
                f'[red]{count.undetected}[/red]' if count.undetected else '0',
                str(count.exempt),
                '–' if median is None else f'{median:.1f} s',
                '–' if longest is None else f'{longest:.1f} s',
            )
        console.print(kinds)
    for hazard, count in sorted(result.false_by_hazard.items()):
        console.print(f'false trips by {hazard}: {count}')
    for key, reason in result.failed_parts.items():
        console.print(f'part {key} failed: {reason}', markup=False)
