"""`boots status`: nodes, safety, session and pressures of a running system."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from compression_boot_control.cli.options import JsonOption, NamespaceOption

if TYPE_CHECKING:
    from compression_boot_control.cli.views import Snapshot

LISTEN_TIME = 1.5
"""Longest time in which everything that speaks once a second is heard [s]."""


def status(namespace: NamespaceOption = 'boots', as_json: JsonOption = False) -> None:
    """Show what a running system does: nodes, safety, session, pressures."""
    from compression_boot_control.cli.client_ros import NO_SYSTEM_TIME, BootsClient

    with BootsClient(namespace) as client:
        if not client.wait_until(lambda: bool(client.systems() or client.nodes()), NO_SYSTEM_TIME):
            raise client.no_system()
        client.wait_until(lambda: _complete(client.snapshot()), LISTEN_TIME)
        snapshot = client.snapshot()
    if as_json:
        typer.echo(json.dumps(status_json(snapshot), indent=2))


def _complete(snapshot: Snapshot) -> bool:
    return (
        None not in (snapshot.session, snapshot.safety, snapshot.sleeves)
        and len(snapshot.nodes) >= 6
        and all(node.well is not None for node in snapshot.nodes)
    )


def status_json(snapshot: Snapshot) -> dict[str, Any]:
    """Write a snapshot for a script."""
    return asdict(snapshot)
