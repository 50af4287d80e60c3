"""`boots replay`: recorded readings through today's code, and what it decides otherwise."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compression_boot_control.cli.errors import FAILED, CommandFailed, WrongUse
from compression_boot_control.cli.options import JsonOption, absolute

if TYPE_CHECKING:
    from compression_boot_control.analysis.replay.comparison import Difference
    from compression_boot_control.analysis.replay.replay import Replay

LOOK_PERIOD = 0.1
"""Period in which the nodes of a live replay are looked at [s]."""

LONGEST_LIST = 40
"""Differences that are printed; JSON has all of them."""


def replay(
    bag: Annotated[Path, typer.Argument(metavar='BAG', help='Folder of a bag, or a file of it.')],
    garment: Annotated[
        str,
        typer.Option('--garment', metavar='F', help='Instead of the one that the bag names.'),
    ] = '',
    parameters: Annotated[
        Path | None,
        typer.Option(
            '--parameters', metavar='F', help='Parameters of the nodes to try, as ROS 2 has them.'
        ),
    ] = None,
    namespace: Annotated[
        str | None,
        typer.Option('--namespace', metavar='NS', help='Garment of a bag that has several.'),
    ] = None,
    live: Annotated[
        bool,
        typer.Option('--live', help='Play it to live nodes instead; nothing moves a valve.'),
    ] = False,
    rate: Annotated[
        float,
        typer.Option('--rate', metavar='R', min=0.05, max=50.0, help='Live: so much faster.'),
    ] = 1.0,
    record: Annotated[
        Path | None,
        typer.Option('--record', metavar='DIR', help='Live: record what the nodes answer.'),
    ] = None,
    views: Annotated[bool, typer.Option('--views', help='Live: show the legs as markers.')] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a recording through today's sensing, control and supervisor, and compare.

    Exit code 0: everything is decided as it was. 1: something is not; the differences are listed.
    2: wrong use, such as a bag that is not there.
    """
    from compression_boot_control.analysis.errors import BagError
    from compression_boot_control.analysis.replay.loop_parameters import PARAMETER_NAMES
    from compression_boot_control.analysis.replay.replay import replay_bag
    from compression_boot_control.parameter_file import load_parameters
    from compression_boot_control.yaml_file import FileError

    if live:
        _play(bag, garment, namespace or 'boots', rate, record, views=views)
        return
    try:
        known = {node: dict.fromkeys(names, float) for node, names in PARAMETER_NAMES.items()}
        tried = None if parameters is None else load_parameters(parameters, known)
        found = replay_bag(bag, garment=absolute(garment), parameters=tried, namespace=namespace)
    except (BagError, ValueError) as error:
        raise WrongUse(str(error)) from error
    except FileError as error:
        raise WrongUse(error.lines[0]) from error
    if as_json:
        typer.echo(json.dumps(to_json(found), indent=2))
    else:
        _print(found)
    if not found.same:
        raise typer.Exit(FAILED)


def _play(
    bag: Path, garment: str, namespace: str, rate: float, record: Path | None, *, views: bool
) -> None:
    """Play a bag to live nodes, to its end or to an interruption."""
    from compression_boot_control.analysis.bag_reader import open_bag
    from compression_boot_control.analysis.errors import BagError
    from compression_boot_control.analysis.replay.recorded_loop import (
        LAYOUT,
        recorded_garment,
    )
    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.cli.node_processes import NodeProcesses
    from compression_boot_control.system import PLAYER, SystemOptions, describe_replay

    try:
        recorded = recorded_garment(open_bag(bag, [LAYOUT]))
    except BagError as error:
        raise WrongUse(str(error)) from error
    options = SystemOptions(
        garment=absolute(garment or recorded),
        namespace=namespace,
        record=record is not None,
        bag='' if record is None else str(record.resolve()),
        views=views,
    )
    nodes = describe_replay(options, str(bag.resolve()), rate)
    with Interruption() as interruption, NodeProcesses(nodes) as processes:
        while not interruption and (ended := processes.ended()) is None:
            for lost in processes.lost_onlookers():
                typer.echo(lost.as_loss_of_a_view, err=True)
            time.sleep(LOOK_PERIOD)
        if not interruption and (ended.name != PLAYER or not ended.how.endswith('code 0')):
            raise CommandFailed(f'{ended.name} {ended.how}: see the lines above')


def to_json(found: Replay) -> dict[str, Any]:
    """The result as plain values."""
    from compression_boot_control.analysis.replay.comparison import TOLERANCES

    return {
        'ok': found.same,
        'garment': found.garment,
        'samples': found.samples,
        'duration_s': round(found.duration, 3),
        'digest': found.digest,
        'compared': [
            {
                'node': topic.node,
                'topic': topic.topic,
                'messages': topic.count,
                'differences': len(topic.differences),
            }
            for topic in found.topics
        ],
        'differences': [
            difference.to_json() for topic in found.topics for difference in topic.differences
        ],
        'tolerances': {**TOLERANCES, 'verdict_s': found.verdict_tolerance},
        'notes': list(found.notes),
    }


def _print(found: Replay) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=f'{found.samples} samples, {found.duration:.1f} s, {found.garment}')
    for column, justify in (
        ('node', 'left'),
        ('topic', 'left'),
        ('compared', 'right'),
        ('decided otherwise', 'right'),
    ):
        table.add_column(column, justify='right' if justify == 'right' else 'left')
    for topic in found.topics:
        otherwise = f'{len(topic.differences)} times' if topic.differences else 'never'
        table.add_row(topic.node, topic.topic, str(topic.count), otherwise)
    console.print(table)
    listed = sorted(
        (difference for topic in found.topics for difference in topic.differences),
        key=lambda difference: difference.start,
    )
    for difference in listed[:LONGEST_LIST]:
        console.print(_line(difference), highlight=False, soft_wrap=True)
    if len(listed) > LONGEST_LIST:
        console.print(f'... and {len(listed) - LONGEST_LIST} more: see --json')
    for note in found.notes:
        console.print(f'note: {note}', highlight=False, soft_wrap=True)
    console.print('decided as recorded' if found.same else 'not decided as recorded')


def _line(difference: Difference) -> str:
    who = f'{difference.node} {difference.field}'
    if difference.chamber:
        who += f' {difference.chamber}'
    return (
        f'{difference.start:9.2f} to {difference.end:.2f} s  {who}: '
        f'{_value(difference.recorded)} then, {_value(difference.now)} now'
    )


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else f'{value:.5g}'
