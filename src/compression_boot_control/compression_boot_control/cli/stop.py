"""`boots stop`: ends the session and vents, whatever the system is doing."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from compression_boot_control.cli.errors import CommandFailed
from compression_boot_control.cli.options import JsonOption, NamespaceOption

VENT_TIME = 15.0
"""Longest wait for the boots to be vented [s]."""


def stop(
    emergency: Annotated[
        bool,
        typer.Option(
            '--emergency', help='At the supervisor, past the planner; latched until boots reset.'
        ),
    ] = False,
    namespace: NamespaceOption = 'boots',
    as_json: JsonOption = False,
) -> None:
    """Stop the session and vent the boots; works in every state."""
    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.readiness import find_system

    with BootsClient(namespace) as client:
        find_system(client)
        latched = emergency
        if emergency:
            client.emergency_stop('boots stop --emergency')
        else:
            try:
                client.stop_session()
            except CommandFailed:
                # a planner that does not answer must not keep anybody under pressure
                client.emergency_stop('boots stop: the planner does not answer')
                latched = True
        vented = client.wait_until(lambda: client.seen_vented, VENT_TIME)
    if not vented:
        raise CommandFailed(
            'stopped, but that the boots are vented could not be confirmed: open the zips or pull '
            'the hoses; see boots status'
        )
    if as_json:
        typer.echo(json.dumps({'ok': True, 'vented': True, 'latched': latched}))
    else:
        note = '; it is latched until boots reset' if latched else ''
        typer.echo(f'stopped, and the boots are vented{note}')
