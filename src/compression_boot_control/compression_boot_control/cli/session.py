"""The `boots session` commands: pause a running session, change it, report what is felt."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from compression_boot_control.cli.options import JsonOption, Leg, NamespaceOption

if TYPE_CHECKING:
    from compression_boot_control.cli.session_calls_ros import SessionCall

# Whatever is heavy is imported in the commands, so that `boots --help` is quick.

app = typer.Typer(
    help='Pause the running session, change it, or report what is felt; boots run has keys for it.',
    no_args_is_help=True,
)

ZoneArgument = Annotated[str, typer.Argument(metavar='ZONE', help='Zone: foot, calf, thigh ...')]
LegOption = Annotated[Leg, typer.Option('--leg', help='On which leg.')]


class Symptom(StrEnum):
    """What a person may feel."""

    DISCOMFORT = 'discomfort'
    NUMBNESS = 'numbness'
    TINGLING = 'tingling'
    PAIN = 'pain'
    OTHER = 'other'


def ask(call: SessionCall, namespace: str, as_json: bool) -> None:
    """Call a service of the session, and say what came of it."""
    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.readiness import find_system

    with BootsClient(namespace) as client:
        find_system(client)
        said = call.outcome(client.call(call.service, call.request))
    typer.echo(json.dumps({'ok': True, 'done': said}) if as_json else said)


@app.command()
def pause(namespace: NamespaceOption = 'boots', as_json: JsonOption = False) -> None:
    """Vent both legs and stop the session's clock; after two minutes the session ends."""
    from compression_boot_control.cli import session_calls_ros as calls

    ask(calls.pause(), namespace, as_json)


@app.command()
def resume(namespace: NamespaceOption = 'boots', as_json: JsonOption = False) -> None:
    """Go on after a pause; the cycle that was interrupted starts over."""
    from compression_boot_control.cli import session_calls_ros as calls

    ask(calls.resume(), namespace, as_json)


@app.command()
def intensity(
    percent: Annotated[
        float,
        typer.Argument(metavar='%', min=50.0, max=120.0, help="Part of the protocol's pressures."),
    ],
    namespace: NamespaceOption = 'boots',
    as_json: JsonOption = False,
) -> None:
    """Scale the protocol's pressures; the change is a ramp of some seconds, never a jump."""
    from compression_boot_control.cli import session_calls_ros as calls

    ask(calls.intensity(percent / 100.0), namespace, as_json)


@app.command()
def skip(
    zone: ZoneArgument,
    leg: LegOption = Leg.BOTH,
    back: Annotated[bool, typer.Option('--back', help='Take the zone back in.')] = False,
    namespace: NamespaceOption = 'boots',
    as_json: JsonOption = False,
) -> None:
    """Leave a zone vented, from its next inflation on."""
    from compression_boot_control.cli import session_calls_ros as calls

    call = calls.zone_offset(zone, leg.value, 0.0) if back else calls.zone_skip(zone, leg.value)
    ask(call, namespace, as_json)


@app.command(context_settings={'ignore_unknown_options': True})
def boost(
    zone: ZoneArgument,
    mmhg: Annotated[
        float,
        typer.Argument(
            metavar='MMHG', min=-20.0, max=10.0, help='Added to its pressure; 0 takes it back.'
        ),
    ],
    leg: LegOption = Leg.BOTH,
    namespace: NamespaceOption = 'boots',
    as_json: JsonOption = False,
) -> None:
    """Give a zone more pressure, or less; it never rises towards the thigh."""
    from compression_boot_control.cli import session_calls_ros as calls

    ask(calls.zone_offset(zone, leg.value, mmhg), namespace, as_json)


@app.command(context_settings={'ignore_unknown_options': True})
def extend(
    minutes: Annotated[
        float,
        typer.Argument(metavar='MINUTES', min=-45.0, max=45.0, help='Added; below 0 taken away.'),
    ],
    namespace: NamespaceOption = 'boots',
    as_json: JsonOption = False,
) -> None:
    """Make the session longer, up to 45 minutes in all, or shorter."""
    from compression_boot_control.cli import session_calls_ros as calls

    ask(calls.extension(minutes), namespace, as_json)


@app.command()
def symptom(
    felt: Annotated[Symptom, typer.Argument(help='What is felt.')],
    note: Annotated[str, typer.Option(help='In your own words, for the bag.')] = '',
    namespace: NamespaceOption = 'boots',
    as_json: JsonOption = False,
) -> None:
    """Report what is felt: a discomfort lowers all pressures, all else ends the session."""
    from compression_boot_control.cli import session_calls_ros as calls
    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.errors import CommandFailed
    from compression_boot_control.cli.readiness import find_system

    call = calls.symptom(felt.value, note[:500])
    with BootsClient(namespace) as client:
        find_system(client)
        try:
            answer = client.call(call.service, call.request)
        except CommandFailed:
            # a planner that does not answer must not keep anybody under pressure
            client.emergency_stop(f'{felt.value} felt, and the planner does not answer')
            raise CommandFailed(
                'the planner does not answer: emergency stop; see to the person, it is latched '
                'until boots reset'
            ) from None
    said = call.outcome(answer)
    typer.echo(json.dumps({'ok': True, 'done': said}) if as_json else said)
