"""`boots demo`: a whole session on simulated boots, from the start of the nodes to the report."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compression_boot_control.cli.errors import CommandFailed, WrongUse
from compression_boot_control.cli.options import (
    GarmentOption,
    MinutesOption,
    NamespaceOption,
    PlainOption,
    SeedOption,
    absolute,
)

if TYPE_CHECKING:
    from compression_boot_control.core.garment import Garment

LOG = 'nodes.log'
BAG = 'bag'

SAMPLE_PERIOD = 0.025
"""Longer than usual: less work, so that a whole session takes minutes on two cores [s]."""


def demo(
    protocol: Annotated[
        str, typer.Option('--protocol', metavar='P', help='Name in the library, or a YAML file.')
    ] = 'beginner',
    garment: GarmentOption = 'five_zone',
    minutes: MinutesOption = None,
    speed: Annotated[
        float,
        typer.Option(
            '--speed', metavar='X', min=0.1, max=1000.0, help='At most this much faster than real.'
        ),
    ] = 10.0,
    seed: SeedOption = 0,
    keep: Annotated[
        Path | None,
        typer.Option('--keep', metavar='DIR', help='Folder to make; by default demo/DATE_TIME.'),
    ] = None,
    namespace: NamespaceOption = 'boots',
    plain: PlainOption = False,
) -> None:
    """Run a whole session on simulated boots: live picture, bag, plot and summary.

    Needs no hardware. Without --minutes the warm-up is within the protocol's minutes. Ctrl-C ends
    it at any moment, vented.
    """
    from rich.console import Console

    from compression_boot_control.analysis.provenance import provenance
    from compression_boot_control.cli.demo_report import write_report
    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.cli.keyboard import Keyboard
    from compression_boot_control.cli.run import protocol_text
    from compression_boot_control.cli.running_system import RunningSystem
    from compression_boot_control.cli.session_display import session_display
    from compression_boot_control.cli.session_keys import SessionKeys
    from compression_boot_control.cli.session_picture import SessionPicture
    from compression_boot_control.cli.session_run import run_session
    from compression_boot_control.cli.views import SessionRequest
    from compression_boot_control.hardware.garment_file import load_garment
    from compression_boot_control.system import SystemOptions

    worn = load_garment(garment)
    text = protocol_text(protocol)
    length = whole_minutes(text, worn) if minutes is None else minutes
    request = SessionRequest(text, minutes=length, bench=True)
    folder = new_folder(keep)
    options = SystemOptions(
        garment=absolute(garment),
        namespace=namespace,
        bag=str(folder / BAG),
        speed=speed,
        seed=seed,
        sample_period=SAMPLE_PERIOD,
        provenance=provenance(garment=worn.name, protocol=protocol, seed=seed),
    )
    notes = Console(stderr=True)
    started = time.monotonic()
    notes.print('starting the simulated boots and their nodes', style='dim')
    with (
        Interruption() as interruption,
        RunningSystem(options, interruption, folder / LOG) as system,
        ExitStack() as stack,
    ):
        system.wait_ready(lambda status: notes.print(f'waiting: {status}', style='dim'))
        if interruption:
            raise CommandFailed('interrupted before the session began')
        title = f'boots demo: {protocol}'
        client, keyboard = system.client, Keyboard()
        keys = SessionKeys(client, keyboard, interruption.interrupt)
        picture = SessionPicture(title, f'{worn.name}, simulated', lambda: keys.line)

        def check() -> None:
            system.check()
            keys.turn()

        with session_display(notes, client.snapshot, picture, plain=plain) as display:
            if display.has_keys:
                stack.enter_context(keyboard)
            result = run_session(client, request, interruption, display.update, check)
    if result.error_code:
        raise CommandFailed(f'{result.error_text}; what was recorded is in {folder}')
    write_report(folder, folder / BAG, title, time.monotonic() - started)


def whole_minutes(protocol: str, garment: Garment) -> float:
    """Session time with which session and warm-up together take the minutes of a protocol [min].

    So a demo takes no longer for its warm-up. Half of the minutes are left to the session at least.
    """
    from compression_boot_control.core.units import MINUTE, MMHG
    from compression_boot_control.sessions.limits import PRESSURE
    from compression_boot_control.sessions.plan_estimate import estimate
    from compression_boot_control.sessions.protocol_compiler import compile_protocol
    from compression_boot_control.sessions.protocol_library import load_protocol

    loaded = load_protocol(protocol, paths=False)
    # whether it may be run is for the planner to say
    plan = compile_protocol(loaded, garment, pressure_cap=PRESSURE.high * MMHG)
    warm_up = estimate(plan, garment).warm_up_time / MINUTE
    return max(loaded.session_min - warm_up, 0.5 * loaded.session_min)


def new_folder(wanted: Path | None) -> Path:
    """Make the folder of a demo.

    Raises
    ------
    WrongUse
        The folder holds something already.
    """
    from datetime import datetime

    folder = wanted or Path('demo') / datetime.now().astimezone().strftime('%Y-%m-%d_%H-%M-%S')
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUse(f'{folder} is there already and not empty: give another folder to --keep')
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandFailed(
            f'{folder} cannot be made: {error.strerror}; give another folder to --keep'
        ) from error
    return folder
