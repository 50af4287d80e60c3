"""`boots status`: nodes, safety, session and pressures of a running system."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import typer

from compression_boot_control.cli.options import JsonOption, NamespaceOption

if TYPE_CHECKING:
    from compression_boot_control.cli.views import Snapshot

LISTEN_TIME = 4.0
"""Longest time in which everything that speaks once a second is heard [s]."""


def status(namespace: NamespaceOption = 'boots', as_json: JsonOption = False) -> None:
    """Show what a running system does: nodes, safety, session, pressures.

    Ends with 0 if all nodes of a system are there and well and requests are permitted, else 1.
    """
    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.readiness import NO_SYSTEM_TIME, no_system

    with BootsClient(namespace) as client:
        if not client.wait_until(lambda: bool(client.systems() or client.nodes()), NO_SYSTEM_TIME):
            raise no_system(client)
        client.wait_until(lambda: _complete(client.snapshot()), LISTEN_TIME)
        snapshot = client.snapshot()
    if as_json:
        typer.echo(json.dumps(status_json(snapshot), indent=2))
    else:
        _print(snapshot)
    if not is_well(snapshot):
        raise typer.Exit(1)


def is_well(snapshot: Snapshot) -> bool:
    """Whether all nodes are there and well, and the supervisor lets requests through."""
    from compression_boot_control.cli.views import SessionStage, Verdict

    session, safety = snapshot.session, snapshot.safety
    return (
        not missing_nodes(snapshot)
        and all(node.well for node in snapshot.nodes)
        and safety is not None
        and safety.verdict == Verdict.PERMITTING
        and session is not None
        and session.stage != SessionStage.NOT_READY
    )


def missing_nodes(snapshot: Snapshot) -> tuple[str, ...]:
    """Nodes of a whole system, or of `boots tune`, that are not there; a recorder is not needed."""
    from compression_boot_control.system import EXECUTABLES, TUNED, TUNER

    there = {node.name for node in snapshot.nodes}
    whole = TUNED if TUNER in there else EXECUTABLES
    return tuple(name for name in whole if name not in there and name != 'session_recorder')


def status_json(snapshot: Snapshot) -> dict[str, Any]:
    """Write a snapshot for a script; pressures in mmHg, None for what is unknown."""
    from compression_boot_control.cli.alarm_lines import alarm_document
    from compression_boot_control.core.units import MINUTE, MMHG

    session, safety, sleeves = snapshot.session, snapshot.safety, snapshot.sleeves
    document: dict[str, Any] = {
        'ok': is_well(snapshot),
        'namespace': snapshot.namespace,
        'garment': sleeves.garment if sleeves else None,
        'backend': sleeves.backend if sleeves else None,
        'nodes': [
            {'name': node.name, 'well': node.well, 'text': node.text} for node in snapshot.nodes
        ],
        'missing_nodes': missing_nodes(snapshot),
        'safety': None,
        'session': None,
        'chambers': [],
    }
    if safety is not None:
        document['safety'] = {
            'state': safety.verdict.name.lower(),
            'reason': safety.reason,
            'vented': safety.vented,
            'alarms': [alarm_document(alarm) for alarm in safety.alarms],
        }
    if session is not None:
        document['session'] = {
            'state': session.stage.name.lower(),
            'status': session.status,
            'protocol': session.protocol,
            'phase': session.phase,
            'cycle': session.cycle,
            'progress': round(session.progress, 4),
            'elapsed_s': round(session.elapsed, 2),
            'warm_up_s': round(session.warm_up, 2),
            'remaining_s': round(session.remaining, 2),
            'intensity': session.intensity,
            'cycles_done': session.cycles_done,
            'skipped': list(session.skipped),
            'bench': session.bench,
            'checking': session.checking,
            'presence_asked': session.presence_asked,
            'presence_left_s': round(session.presence_left, 1),
        }
        document['chambers'] = [
            {
                'name': name,
                'pressure_mmhg': round(pressure / MMHG, 2) if math.isfinite(pressure) else None,
                'target_mmhg': round(session.target.get(name, 0.0) / MMHG, 2),
                'dose_mmhg_min': round(session.dose.get(name, 0.0) / MMHG / MINUTE, 2),
            }
            for name, pressure in session.pressure.items()
        ]
    return document


def _complete(snapshot: Snapshot) -> bool:
    return (
        None not in (snapshot.session, snapshot.safety, snapshot.sleeves)
        and not missing_nodes(snapshot)
        and all(node.well is not None for node in snapshot.nodes)
    )


def _print(snapshot: Snapshot) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from compression_boot_control.cli.session_picture import SessionPicture

    console = Console()
    table = Table(box=None, show_header=False, padding=(0, 1))
    for node in snapshot.nodes:
        mark = {True: '[green]●[/green]', False: '[red]●[/red]', None: '[yellow]?[/yellow]'}
        text = node.text if node.well is not None else 'says nothing of itself'
        table.add_row(mark[node.well], node.name, escape(text))
    for name in missing_nodes(snapshot):
        table.add_row('[red]✗[/red]', name, '[red]is not there[/red]')
    sleeves = snapshot.sleeves
    worn = f'{sleeves.garment} on backend {sleeves.backend}' if sleeves else 'no layout heard'
    console.print(SessionPicture(f'system {snapshot.namespace}', worn).draw(snapshot, console))
    console.print()
    console.print(table)
