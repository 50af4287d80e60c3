"""`boots campaign`: many randomised sessions under the supervisor, and the promises they broke."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from compression_boot_control.cli.errors import FAILED
from compression_boot_control.cli.options import JsonOption

if TYPE_CHECKING:
    from compression_boot_control.analysis.campaign import CampaignResult


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
    as_json: JsonOption = False,
) -> None:
    """Run randomised sessions on simulated boots, and count what the supervisor misses.

    Devices, legs, pressures and faults are drawn over the ranges of the literature. The command
    fails if a promise is broken: a violation, a declared fault undetected, a false trip.
    """
    from compression_boot_control.analysis.campaign import run_campaign

    def report(done: int) -> None:
        if not as_json:
            typer.echo(f'{done} of {sessions} sessions')

    result = run_campaign(sessions, seed, faults=faults, on_progress=report)
    if as_json:
        typer.echo(json.dumps(result.as_dict(), indent=2))
    else:
        _print(result)
    if not result.ok:
        raise typer.Exit(FAILED)


def _print(result: CampaignResult) -> None:
    values = result.as_dict()
    typer.echo(
        f'{result.sessions} sessions, seed {result.seed}: {result.violations} violations, '
        f'{result.undetected} undetected, {result.false_trips} false trips'
    )
    typer.echo(
        f'{result.beyond_valves} with air kept in beyond the valves, {result.undetected_exempt} '
        f'undetected that cannot be told for certain; highest {values["highest_mmhg"]:.0f} mmHg'
    )
    for kind, row in sorted(values['by_fault'].items()):
        median, longest = row['median_s'], row['longest_s']
        times = '' if median is None else f', median {median:.1f} s, longest {longest:.1f} s'
        typer.echo(f'  {kind:20} {row["detected"]:4} of {row["sessions"]:4} detected{times}')
    for hazard, count in sorted(result.false_by_hazard.items()):
        typer.echo(f'  false trips by {hazard}: {count}')
