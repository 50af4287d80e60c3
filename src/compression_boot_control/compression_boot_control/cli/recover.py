"""`boots recover`: makes a bag whole whose recording was cut off, for tools of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compression_boot_control.cli.errors import WrongUse
from compression_boot_control.cli.options import JsonOption

if TYPE_CHECKING:
    from compression_boot_control.analysis.bag_recovery import Recovery


def recover(
    bag: Annotated[Path, typer.Argument(metavar='BAG', help='Folder of the bag.')],
    as_json: JsonOption = False,
) -> None:
    """Write the index and metadata.yaml of a bag that was cut off, and say what is lost.

    The commands of boots open such a bag as it is; other tools want both. A bag that is whole is
    left alone. Exit code 0: the bag is whole now. 1: nothing of it can be saved, or it is still
    being recorded. 2: wrong use, such as a bag that is not there.
    """
    from compression_boot_control.analysis.bag_recovery import recover_bag

    if not bag.is_dir():
        raise WrongUse(f'there is no folder {bag}; name the folder of the bag')
    found = recover_bag(bag)
    if as_json:
        typer.echo(json.dumps(to_json(found), indent=2))
        return
    typer.echo(str(found))
    for note in found.notes:
        typer.echo(f'note: {note}')
    if found.kept is not None:
        typer.echo(f'the old file is kept: {found.kept}')


def to_json(found: Recovery) -> dict[str, Any]:
    """The result as plain values."""
    return {
        'ok': True,
        'bag': str(found.folder),
        'changed': found.changed,
        'messages': found.message_count,
        'lost_bytes': found.lost_bytes,
        'last_ns': found.last_ns,
        'kept': None if found.kept is None else str(found.kept),
        'notes': list(found.notes),
    }
