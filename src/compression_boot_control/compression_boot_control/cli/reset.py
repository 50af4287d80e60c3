"""`boots reset`: takes a latched trip of the supervisor back."""

from __future__ import annotations

from typing import Annotated

import typer

from compression_boot_control.cli.errors import WrongUse
from compression_boot_control.cli.options import NamespaceOption

QUESTION = 'Have you looked at the boots and at the person in them?'


def reset(
    confirm: Annotated[
        bool, typer.Option('--confirm', help='Somebody has looked at the boots and the person.')
    ] = False,
    namespace: NamespaceOption = 'boots',
) -> None:
    """Take an emergency stop or another latched trip back, after a look at the boots."""
    import sys

    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.readiness import find_system

    if not confirm:
        if not sys.stdin.isatty():
            raise WrongUse('a trip is reset only after a look at the boots: give --confirm')
        confirm = typer.confirm(QUESTION)
    with BootsClient(namespace) as client:
        find_system(client)
        client.reset_safety(confirm=confirm)
    typer.echo('reset: sessions can be run again')
