"""The `boots journal` commands: screening, today's questions, ratings, and what was done."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compression_boot_control.cli.errors import CommandFailed, WrongUse
from compression_boot_control.cli.journal_access import with_journal
from compression_boot_control.cli.journal_questions import screening, today
from compression_boot_control.cli.options import JsonOption

if TYPE_CHECKING:
    from compression_boot_control.sessions.journal_store import Journal

# Whatever is heavy is imported in the commands, so that `boots --help` is quick.

app = typer.Typer(
    help="The runner's log: who may use the boots, what was done, how the legs are.",
    no_args_is_help=True,
)

app.command()(screening)
app.command()(today)

Rated = Annotated[int | None, typer.Option(min=1, max=10)]

UNDER_WAY = 30.0
"""A session whose record was written so recently goes on [s]; that is done every ten seconds."""

RATED = ('soreness', 'freshness', 'run_km', 'run_minutes', 'effort', 'rmssd_ms', 'sleep_h')
"""Columns of a rating that are listed, as far as anything is in them."""


@app.command()
def add(
    soreness: Annotated[
        int | None, typer.Option(min=1, max=10, help='Soreness of the legs, 1 none to 10.')
    ] = None,
    freshness: Annotated[
        int | None, typer.Option(min=1, max=10, help='Freshness of the legs, 1 heavy to 10.')
    ] = None,
    run_km: Annotated[
        float | None, typer.Option(min=0.0, max=300.0, help='Run today [km].')
    ] = None,
    run_minutes: Annotated[
        float | None, typer.Option(min=0.0, max=2880.0, help='Its time [min].')
    ] = None,
    effort: Annotated[int | None, typer.Option(min=1, max=10, help='How hard it was.')] = None,
    rmssd_ms: Annotated[
        float | None, typer.Option(min=0.0, max=400.0, help='Heart rate variability [ms].')
    ] = None,
    sleep_h: Annotated[float | None, typer.Option(min=0.0, max=24.0, help='Sleep [h].')] = None,
    note: Annotated[str, typer.Option(help='Your own words.')] = '',
    as_json: JsonOption = False,
) -> None:
    """Add how the legs are, before a training session: soreness and freshness, 1 to 10."""
    values = (soreness, freshness, run_km, run_minutes, effort, rmssd_ms, sleep_h)
    if all(value is None for value in values) and not note:
        raise WrongUse('nothing to add: give --soreness and --freshness, 1 to 10')
    from compression_boot_control.sessions.journal_store import Rating

    try:
        rating = Rating(
            soreness, freshness, run_km, run_minutes, effort, rmssd_ms, sleep_h, note[:2000]
        )
    except ValueError as error:
        raise WrongUse(str(error)) from error
    with_journal(lambda journal: journal.add_rating(rating, time.time()))
    typer.echo(json.dumps({'ok': True}) if as_json else 'added')


@app.command('list')
def list_(
    days: Annotated[float, typer.Option(min=0.0, help='Only so many days back.')] = 28.0,
    as_json: JsonOption = False,
) -> None:
    """List sessions and ratings, and whether a session may begin now."""
    from compression_boot_control.sessions.eligibility import eligibility

    now = time.time()
    tables, person = with_journal(lambda journal: (journal.tables(), journal.person()))
    since = now - days * 86_400.0
    sessions = [row for row in tables['sessions'] if row['started_at'] >= since]
    ratings = [row for row in tables['ratings'] if row['at'] >= since]
    verdict = eligibility(person, now)
    if as_json:
        document = {
            'may_begin': verdict.allowed,
            'reasons': verdict.reasons,
            'pressure_cap_mmhg': verdict.pressure_cap_mmhg,
            'sessions': sessions,
            'ratings': ratings,
        }
        typer.echo(json.dumps(document, indent=2))
        return
    from rich.console import Console

    console = Console()
    console.print(_session_table(sessions, now))
    console.print(_rating_table(ratings))
    console.print('; '.join(verdict.reasons) or f'a session may begin; {verdict.cap_reason}')


def _session_table(rows: Sequence[Mapping[str, Any]], now: float) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title='sessions')
    for heading in ('began', 'protocol', 'min', 'cycles', 'peak mmHg', 'dose mmHg·min', 'end'):
        table.add_column(heading)
    for row in rows:
        end = row['error_text'] or 'as planned'
        table.add_row(
            _local(row['started_at']),
            escape(row['protocol']),
            '?' if row['minutes'] is None else f'{row["minutes"]:.0f}',
            '?' if row['cycles'] is None else str(row['cycles']),
            f'{max(row["peak_mmhg"].values(), default=0.0):.0f}',
            f'{sum(row["dose_mmhg_min"].values()):.0f}',
            escape(_unfinished(row, now) if row['ended_at'] is None else row['symptom'] or end),
        )
    return table


def _unfinished(row: Mapping[str, Any], now: float) -> str:
    """Tell a session that goes on from one that was cut off."""
    seen = row['seen_at']
    return 'under way' if seen is not None and now - seen < UNDER_WAY else 'cut off'


def _rating_table(rows: Sequence[Mapping[str, Any]]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title='ratings')
    columns = [name for name in RATED if any(row[name] is not None for row in rows)]
    table.add_column('at', no_wrap=True)
    for heading in (*(name.replace('_', ' ') for name in columns), 'note'):
        table.add_column(heading)
    for row in rows:
        values = ('' if row[name] is None else f'{row[name]:g}' for name in columns)
        table.add_row(_local(row['at']), *values, escape(row['note']))
    return table


def _local(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime('%Y-%m-%d %H:%M')


@app.command()
def unlock(
    pressure_mmhg: Annotated[float, typer.Argument(metavar='MMHG', min=65.0, max=110.0)],
    yes: Annotated[bool, typer.Option('--yes', help='You know what you do.')] = False,
) -> None:
    """Allow more than 65 mmHg, for 90 days; only after ten sessions without a symptom."""
    from compression_boot_control.sessions.eligibility import Unlock, unlock_objection

    if not yes:
        raise WrongUse('more pressure is not known to do more; if you are sure, add --yes')

    def keep(journal: Journal) -> str:
        if problem := unlock_objection(journal.person()):
            return problem
        journal.add_unlock(Unlock(time.time(), pressure_mmhg))
        return ''

    if problem := with_journal(keep):
        raise CommandFailed(f'not unlocked, {problem}')
    typer.echo(f'unlocked up to {pressure_mmhg:g} mmHg for 90 days')


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help='NAME.json, or a folder for CSV files.')],
) -> None:
    """Write everything to a JSON file, or to CSV files in a folder."""
    from compression_boot_control.sessions.journal_files import export as write

    for written in with_journal(lambda journal: write(journal.tables(), path)):
        typer.echo(str(written))


@app.command('import')
def import_(
    path: Annotated[Path, typer.Argument(help='What export wrote: .json, .csv or a folder.')],
) -> None:
    """Add what was exported elsewhere; what is there already is left as it is."""
    from compression_boot_control.sessions.journal_files import read_export

    added = with_journal(lambda journal: journal.add_tables(read_export(path)))
    typer.echo(f'{added} entries added')
