"""`boots run`: sends a session to a running system and follows it to its end."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Annotated

import typer

from compression_boot_control.cli.errors import CommandFailed
from compression_boot_control.cli.options import (
    IntensityOption,
    JsonOption,
    Leg,
    LegOption,
    MinutesOption,
    NamespaceOption,
    PlainOption,
    ProtocolArgument,
    is_file_name,
)

SKIP_CHECK = 'Begin without the pre-use check; with nobody in the boots alone.'

BENCH = 'Nobody is in the boots; goes without saying where they are simulated.'

READY_TIME = 15.0
"""Longest wait for a system to be ready [s]."""

LAYOUT_TIME = 2.0
"""Longest wait for the layout, which a ready system has published [s]."""


def run(
    protocol: ProtocolArgument,
    intensity: IntensityOption = 100.0,
    minutes: MinutesOption = None,
    leg: LegOption = Leg.BOTH,
    bench: Annotated[bool, typer.Option('--bench', help=BENCH)] = False,
    skip_check: Annotated[bool, typer.Option('--skip-check', help=SKIP_CHECK)] = False,
    namespace: NamespaceOption = 'boots',
    plain: PlainOption = False,
    as_json: JsonOption = False,
) -> None:
    """Run a session on the system that is up, and follow it.

    It begins with the pre-use check, about a minute of gentle pressure that is no session time.
    Every 15 minutes it asks whether you are awake and well: press Enter, or use boots confirm;
    without an answer it ends, vented. With --bench nobody is asked.

    Ctrl-C cancels the session and waits until the boots are vented; a second Ctrl-C calls for an
    emergency stop, which is latched until boots reset.

    On a terminal there are keys: p pauses and resumes, + and - change the pressure, e makes it
    longer, a digit chooses a zone to boost or leave out, d n t h report what is felt, q stops.
    From elsewhere, boots session does the same.
    """
    import sys

    text = protocol_text(protocol)
    from rich.console import Console

    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.cli.keyboard import Keyboard
    from compression_boot_control.cli.presence_prompt import PresencePrompt
    from compression_boot_control.cli.readiness import wait_ready
    from compression_boot_control.cli.session_display import session_display
    from compression_boot_control.cli.session_keys import SessionKeys
    from compression_boot_control.cli.session_picture import SessionPicture
    from compression_boot_control.cli.session_report import result_document, result_table
    from compression_boot_control.cli.session_run import run_session
    from compression_boot_control.cli.views import SessionRequest

    notes = Console(stderr=True)
    with Interruption() as interruption, BootsClient(namespace) as client, ExitStack() as stack:
        wait_ready(
            client,
            READY_TIME,
            interruption,
            lambda status: notes.print(f'waiting: {status}', style='dim', soft_wrap=True),
        )
        if interruption:
            raise CommandFailed('interrupted before the session began')
        # nobody can be in simulated boots, so the person's questions need no answers
        simulated = client.wait_until(lambda: client.sleeves is not None, LAYOUT_TIME) and (
            client.sleeves is not None and client.sleeves.backend == 'sim'
        )
        request = SessionRequest(
            protocol=text,
            intensity=intensity / 100.0,
            minutes=minutes or 0.0,
            leg=leg.value,
            bench=bench or simulated,
            skip_check=skip_check,
        )
        keyboard = Keyboard()
        keys = SessionKeys(client, keyboard, interruption.interrupt, notes.bell)
        picture = SessionPicture(protocol, footer=lambda: keys.line)
        with session_display(notes, client.snapshot, picture, plain=plain) as display:
            turn = keys.turn
            if display.has_keys:
                stack.enter_context(keyboard)
            else:
                lines = sys.stdin if sys.stdin is not None and sys.stdin.isatty() else None
                turn = PresencePrompt(
                    lambda: client.session, client.confirm_presence, notes, lines
                ).update
            result = run_session(client, request, interruption, display.update, turn)
    document = result_document(result)
    if result.peak and not as_json:
        Console().print(result_table(result, protocol))
    if result.error_code:
        raise CommandFailed(result.error_text, document)
    if as_json:
        typer.echo(json.dumps(document, indent=2))


def protocol_text(protocol: str) -> str:
    """What to send: the name of a protocol in the library, or the text of a file, checked.

    Raises
    ------
    FileError
        There is no such protocol, or it is wrong.
    """
    from pathlib import Path

    from compression_boot_control.sessions.protocol_library import load_protocol

    load_protocol(protocol)
    if is_file_name(protocol):
        return Path(protocol).expanduser().read_text(encoding='utf-8')
    return protocol
