"""The `boots alarms` commands: list, acknowledge and silence what the supervisor tells of."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from compression_boot_control.cli.options import JsonOption, NamespaceOption

if TYPE_CHECKING:
    from compression_boot_control.cli.client_ros import BootsClient

# Whatever is heavy is imported in the commands, so that `boots --help` is quick.

LISTEN_TIME = 3.0
"""Longest wait for the supervisor's word [s]; it comes ten times a second."""

IdArgument = Annotated[
    str, typer.Argument(metavar='ID', help='Id of the alarm, such as SR-12: see boots alarms.')
]

app = typer.Typer(
    help='Alarms of a running system: list them, acknowledge or silence one.',
    invoke_without_command=True,
)


@app.callback()
def _without_a_command(
    context: typer.Context, namespace: NamespaceOption = 'boots', as_json: JsonOption = False
) -> None:
    if context.invoked_subcommand is None:
        list_alarms(namespace, as_json)


@app.command('list')
def list_alarms(namespace: NamespaceOption = 'boots', as_json: JsonOption = False) -> None:
    """List the alarms that are on, the most urgent first."""
    from rich.console import Console

    from compression_boot_control.cli.alarm_lines import alarm_document, alarm_line
    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.errors import CommandFailed
    from compression_boot_control.cli.readiness import find_system

    with BootsClient(namespace) as client:
        find_system(client)
        client.wait_until(lambda: client.safety is not None, LISTEN_TIME)
        if client.safety is None:
            raise CommandFailed(
                f'the supervisor in {client.namespace} says nothing: take the boots to be under '
                'pressure, open the zips; see boots status'
            )
        alarms = client.safety.alarms
    if as_json:
        document = {'ok': True, 'alarms': [alarm_document(alarm) for alarm in alarms]}
        typer.echo(json.dumps(document, indent=2))
    else:
        console = Console()
        for alarm in alarms:
            console.print(alarm_line(alarm), soft_wrap=True)
        if not alarms:
            console.print('no alarms')


@app.command()
def acknowledge(
    hazard_id: IdArgument, namespace: NamespaceOption = 'boots', as_json: JsonOption = False
) -> None:
    """Say that you have seen an alarm: it is not announced any more, and does not rise.

    What the supervisor vents stays vented.
    """
    _answer(namespace, lambda client: client.acknowledge_alarm(hazard_id))
    _report(hazard_id, f'{hazard_id} is acknowledged; what it vents stays vented', as_json)


@app.command()
def silence(
    hazard_id: IdArgument,
    seconds: Annotated[
        float, typer.Option('--seconds', metavar='N', help='For how long, up to 120.')
    ] = 60.0,
    namespace: NamespaceOption = 'boots',
    as_json: JsonOption = False,
) -> None:
    """Keep an alarm from being announced for a time; it speaks again after that.

    What the supervisor vents stays vented.
    """
    _answer(namespace, lambda client: client.silence_alarm(hazard_id, seconds))
    _report(
        hazard_id, f'{hazard_id} is silent for {seconds:g} s; what it vents stays vented', as_json
    )


def _answer(namespace: str, ask: Callable[[BootsClient], None]) -> None:
    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.readiness import find_system

    with BootsClient(namespace) as client:
        find_system(client)
        ask(client)


def _report(hazard_id: str, line: str, as_json: bool) -> None:
    typer.echo(json.dumps({'ok': True, 'id': hazard_id}) if as_json else line)
