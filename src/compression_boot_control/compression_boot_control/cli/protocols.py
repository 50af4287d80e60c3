"""The `boots protocols` commands: list, show, check and plot."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compression_boot_control.cli.errors import CommandFailed

if TYPE_CHECKING:
    from rich.table import Table

    from compression_boot_control.core.garment import Garment
    from compression_boot_control.core.plan import Plan
    from compression_boot_control.sessions.plan_estimate import PlanEstimate
    from compression_boot_control.sessions.protocol_file import Protocol

# Whatever is heavy is imported in the commands, so that `boots --help` is quick.

app = typer.Typer(help='Compression protocols: what a session does.', no_args_is_help=True)

ProtocolArgument = Annotated[
    str, typer.Argument(metavar='PROTOCOL', help='Name in the library, or a file.')
]
GarmentOption = Annotated[
    str, typer.Option('--garment', help='Garment that it is for: a name or a file.')
]
IntensityOption = Annotated[
    float, typer.Option('--intensity', help="Scale on the protocol's pressures [%], 50 to 120.")
]
LegOption = Annotated[str, typer.Option('--leg', help='left, right or both.')]
JsonOption = Annotated[bool, typer.Option('--json', help='Print JSON, for scripts.')]

NOTE = 'Research prototype, not a medical device. Stop at discomfort, numbness or tingling.'


def _load(
    protocol: str, garment: str, intensity: float, leg: str
) -> tuple[Protocol, Garment, Plan, PlanEstimate]:
    from compression_boot_control.core.session_errors import ProtocolError
    from compression_boot_control.core.units import MMHG
    from compression_boot_control.hardware.garment_file import load_garment
    from compression_boot_control.sessions.limits import PRESSURE
    from compression_boot_control.sessions.plan_estimate import estimate
    from compression_boot_control.sessions.protocol_compiler import compile_protocol
    from compression_boot_control.sessions.protocol_library import on_its_line, read_protocol

    worn = load_garment(garment)
    loaded, document = read_protocol(protocol, zone_order=worn.zone_order)
    try:
        # looking at a protocol needs no unlock; running it does
        plan = compile_protocol(
            loaded, worn, intensity=intensity / 100.0, leg=leg, pressure_cap=PRESSURE.high * MMHG
        )
    except ProtocolError as error:
        raise CommandFailed(on_its_line(error, document)) from error
    return loaded, worn, plan, estimate(plan, worn)


def _pressures(protocol: Protocol, garment: Garment, intensity: float) -> dict[str, dict[str, Any]]:
    """Pressure of each zone in each phase [mmHg]."""
    found = {}
    for place, phase in enumerate(protocol.phases):
        pattern, scale = protocol.compression(place)
        values = pattern.zone_pressures(garment.zone_order)
        scaled = [round(value * scale * intensity / 100.0, 2) for value in values]
        found[phase.name] = dict(zip(garment.zone_order, scaled, strict=True))
    return found


def _estimate_numbers(expected: PlanEstimate) -> dict[str, float]:
    return {
        'wave_s': round(expected.wave_time, 1),
        'refill_wave_s': round(expected.refill_wave_time, 1),
        'cycle_s': round(expected.cycle_time, 1),
        'cycles': expected.cycles,
        'longest_under_pressure_s': round(expected.zone_time, 1),
        'session_min': round(expected.session_time / 60.0, 2),
        'warm_up_min': round(expected.warm_up_time / 60.0, 2),
    }


@app.command('list')
def list_(as_json: JsonOption = False) -> None:
    """List the protocols of the library."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from compression_boot_control.sessions.protocol_library import list_protocols

    entries = list_protocols()
    if as_json:
        typer.echo(
            json.dumps(
                [
                    {
                        'name': entry.name,
                        'title': entry.protocol.title if entry.protocol else None,
                        'session_min': entry.protocol.session_min if entry.protocol else None,
                        'who_it_is_for': entry.protocol.who_it_is_for if entry.protocol else None,
                        'path': str(entry.path),
                        'problems': entry.problems,
                    }
                    for entry in entries
                ],
                indent=2,
            )
        )
        return
    table = Table(title='Protocols', caption='min: session time, which begins after the warm-up')
    for heading in ('name', 'min', 'for', 'when'):
        table.add_column(heading, justify='right' if heading == 'min' else 'left')
    for entry in entries:
        if entry.protocol is None:
            table.add_row(escape(entry.name), '', f'[red]{escape(entry.problems[0])}[/red]', '')
        else:
            texts = (entry.protocol.who_it_is_for, entry.protocol.when)
            length = f'{entry.protocol.session_min:g}'
            table.add_row(escape(entry.name), length, *(escape(text) for text in texts))
    Console().print(table)


@app.command()
def show(
    protocol: ProtocolArgument,
    garment: GarmentOption = 'five_zone',
    intensity: IntensityOption = 100.0,
    leg: LegOption = 'both',
    as_json: JsonOption = False,
) -> None:
    """Show a protocol: for whom, what is known, pressures and times on a garment."""
    from rich.console import Console
    from rich.markup import escape

    loaded, worn, _, expected = _load(protocol, garment, intensity, leg)
    if as_json:
        document = loaded.model_dump(mode='json', exclude_none=True) | {
            'garment': worn.name,
            'pressures_mmhg': _pressures(loaded, worn, intensity),
            'estimate': _estimate_numbers(expected),
        }
        typer.echo(json.dumps(document, indent=2))
        return
    console = Console()
    console.print(f'[bold]{escape(loaded.title)}[/bold]  ({escape(loaded.name)})')
    texts = {
        '': loaded.description,
        'For': loaded.who_it_is_for,
        'When': loaded.when,
        'Known': loaded.evidence.known,
        'Not known': loaded.evidence.not_known,
        'Note': NOTE,
    }
    for heading, text in texts.items():
        console.print(f'[bold]{heading}:[/bold] {escape(text)}' if heading else escape(text))
    console.print(_pressure_table(loaded, worn, intensity))
    console.print(_times(expected, worn))


def _pressure_table(protocol: Protocol, garment: Garment, intensity: float) -> Table:
    from rich.table import Table

    table = Table(title=f'set-points on {garment.name} [mmHg]')
    table.add_column('phase')
    for zone in garment.zone_order:
        table.add_column(zone.replace('_', ' '), justify='right')
    for heading in ('dwell [s]', 'rest [s]', 'cycles'):
        # the brackets are a unit, not markup
        table.add_column(heading.replace('[', r'\['), justify='right')
    for place, (name, pressures) in enumerate(_pressures(protocol, garment, intensity).items()):
        pattern, _ = protocol.compression(place)
        repeats = protocol.phases[place].repeats
        table.add_row(
            name,
            *(f'{value:g}' if value else 'off' for value in pressures.values()),
            f'{pattern.dwell_s:g}',
            f'{pattern.rest_s:g}',
            str(repeats) if repeats else 'to the end',
        )
    return table


def _times(expected: PlanEstimate, garment: Garment) -> str:
    warm_up = expected.warm_up_time / 60.0
    before = f' after a warm-up of about {warm_up:.1f} min' if warm_up > 0.0 else ''
    return (
        f'About {expected.cycles} full cycles in {expected.session_time / 60.0:.0f} min{before} on '
        f'{garment.name}: a wave takes {expected.wave_time:.0f} s from empty sleeves and about '
        f'{expected.refill_wave_time:.0f} s later, a cycle about {expected.cycle_time:.0f} s; a '
        f'zone is under pressure for up to {expected.zone_time:.0f} s.'
    )


@app.command()
def check(
    file: ProtocolArgument,
    garment: GarmentOption = 'five_zone',
    leg: LegOption = 'both',
    as_json: JsonOption = False,
) -> None:
    """Check a protocol file: each error on its line, and whether a garment can run it."""
    from compression_boot_control.sessions.protocol_advice import advise
    from compression_boot_control.sessions.protocol_proof import prove

    loaded, worn, plan, expected = _load(file, garment, 100.0, leg)
    advice = advise(loaded, worn.zone_order)
    proofs = prove(plan, worn, expected)
    safe = all(proof.holds for proof in proofs)
    if as_json:
        document = {
            'ok': safe,
            'errors': [],
            'name': loaded.name,
            'proof': [asdict(proof) for proof in proofs],
            'advice': advice,
            'estimate': _estimate_numbers(expected),
        }
        typer.echo(json.dumps(document, indent=2))
    else:
        typer.echo(f'{loaded.name} has no errors. {_times(expected, worn)}')
        for proof in proofs:
            typer.echo(f'  {"holds" if proof.holds else "FAILS"}: {proof.rule}: {proof.figure}')
        for line in advice:
            typer.echo(f'advice: {line}')
    if not safe:
        raise CommandFailed(f'{loaded.name} is not safe on {worn.name}: see the rules that fail')


@app.command()
def plot(
    protocol: ProtocolArgument,
    output: Annotated[
        Path | None,
        typer.Option('--output', '-o', help='Picture to write; by default NAME.png here.'),
    ] = None,
    garment: GarmentOption = 'five_zone',
    intensity: IntensityOption = 100.0,
    leg: LegOption = 'both',
    as_json: JsonOption = False,
) -> None:
    """Draw set-points and predicted pressures of the zones over one cycle and the session."""
    loaded, worn, plan, _ = _load(protocol, garment, intensity, leg)
    from compression_boot_control.cli.protocol_plot import plot_protocol, predict

    path = output or Path(f'{loaded.name}.png')
    predicted = predict(plan, worn)
    figure = plot_protocol(loaded.title, plan, worn, predicted)
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:
        raise CommandFailed(f'{path} cannot be written: {error}; choose another --output') from None
    if predicted.error:
        raise CommandFailed(
            f'{path} was drawn, and {loaded.name} would not end as planned on {worn.name}: see '
            f'boots simulate {protocol} --garment {garment}'
        )
    typer.echo(json.dumps({'ok': True, 'output': str(path)}) if as_json else str(path))
