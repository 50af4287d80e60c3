"""`boots journal recommend`: which session suits now, and why."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from compression_boot_control.cli.errors import WrongUse
from compression_boot_control.cli.journal_access import with_journal
from compression_boot_control.cli.options import JsonOption
from compression_boot_control.sessions.last_run import Run

if TYPE_CHECKING:
    from compression_boot_control.sessions.journal_store import RatedAt

WEEKS = 4
"""Weeks of the journal from which the usual distance is taken."""

RATING_LIFE = 36.0 * 3600.0
"""An older rating says nothing of the legs of today [s]."""


def recommend(
    weekly_km: Annotated[
        float | None,
        typer.Option(min=0.0, max=500.0, help='Usual week [km]; by default from the journal.'),
    ] = None,
    run: Annotated[Run, typer.Option(help='The last run.')] = Run.NONE,
    run_km: Annotated[float, typer.Option(min=0.0, max=300.0, help='Its distance [km].')] = 0.0,
    hours: Annotated[
        float | None, typer.Option(min=0.0, max=48.0, help='Time since it [h].')
    ] = None,
    before_run: Annotated[bool, typer.Option('--before-run', help='A run is next.')] = False,
    peak_week: Annotated[
        bool, typer.Option('--peak-week', help='Peak week, or back-to-back long runs.')
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Recommend a session from the week, the last run, the last ratings and what was done."""
    from compression_boot_control.sessions.eligibility import eligibility
    from compression_boot_control.sessions.recommendation import Situation
    from compression_boot_control.sessions.recommendation import recommend as choose

    now = time.time()
    person, ratings = with_journal(lambda journal: (journal.person(), journal.ratings()))
    verdict = eligibility(person, now)
    last = ratings[-1] if ratings and now - ratings[-1].at < RATING_LIFE else None
    since = (0.0 if run != Run.NONE else None) if hours is None else hours
    advice = choose(
        Situation(
            weekly_km=weekly_distance(ratings, now) if weekly_km is None else weekly_km,
            pressure_cap_mmhg=verdict.pressure_cap_mmhg,
            now=now,
            run=run,
            run_km=run_km,
            hours_since_run=since,
            before_run=before_run,
            peak_week=peak_week,
            soreness=last.rating.soreness if last else None,
            freshness=last.rating.freshness if last else None,
            sessions=person.sessions,
        )
    )
    percent = round(advice.intensity * 100.0)
    command = f'boots run {advice.protocol} --intensity {percent}'
    if as_json:
        document = asdict(advice) | {
            'command': command,
            'may_begin': verdict.allowed,
            'not_yet': verdict.reasons,
        }
        typer.echo(json.dumps(document, indent=2))
        return
    typer.echo(
        f'{advice.protocol}, {advice.minutes:g} min, up to {advice.pressure_mmhg:g} mmHg: '
        f'{advice.when}'
    )
    for reason in advice.reasons:
        typer.echo(f'  because: {reason}')
    if advice.follow_up:
        typer.echo(f'  then: {advice.follow_up}')
    for reason in verdict.reasons:
        typer.echo(f'  not yet: {reason}')
    typer.echo(f'  {command}')


def weekly_distance(ratings: Sequence[RatedAt], now: float) -> float:
    """Distance run in a usual week [km]: the mean of the last four in the journal.

    Raises
    ------
    WrongUse
        The journal has no runs of these weeks.
    """
    runs = [
        one.rating.run_km
        for one in ratings
        if one.rating.run_km is not None and now - one.at < WEEKS * 7.0 * 86_400.0
    ]
    if not runs:
        raise WrongUse(
            f'the journal has no run of the last {WEEKS} weeks: give --weekly-km, or add runs '
            'with boots journal add --run-km'
        )
    return round(sum(runs) / WEEKS, 1)
