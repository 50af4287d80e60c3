"""`boots up`: starts the nodes of a system, and brings them down vented."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compression_boot_control.cli.errors import WrongUse
from compression_boot_control.cli.options import (
    Backend,
    BackendOption,
    CalibrationOption,
    GarmentOption,
    HardwareOption,
    HostOption,
    LogLevel,
    NamespaceOption,
    PortOption,
    SeedOption,
    absolute,
)

if TYPE_CHECKING:
    from compression_boot_control.system import SystemOptions


def up(
    backend: BackendOption = Backend.SIM,
    hardware: HardwareOption = '',
    host: HostOption = '',
    port: PortOption = '',
    calibration: CalibrationOption = None,
    garment: GarmentOption = 'five_zone',
    namespace: NamespaceOption = 'boots',
    record: Annotated[
        bool, typer.Option('--record/--no-record', help='Record a bag from the start.')
    ] = True,
    bag: Annotated[
        Path | None,
        typer.Option('--bag', metavar='DIR', help='Folder of the bag; by default bags/DATE_TIME.'),
    ] = None,
    views: Annotated[
        bool, typer.Option('--views', help='Show the legs as markers, for RViz and Foxglove.')
    ] = False,
    speed: Annotated[
        float,
        typer.Option(
            '--speed',
            metavar='X',
            min=0.1,
            max=1000.0,
            help='Simulated boots: run time up to this much faster than real.',
        ),
    ] = 1.0,
    seed: SeedOption = 0,
    parameters: Annotated[
        Path | None,
        typer.Option(
            '--parameters', metavar='F', help='File with parameters of nodes, as ROS 2 has them.'
        ),
    ] = None,
    log_level: Annotated[
        LogLevel, typer.Option('--log-level', help='How much the nodes say.')
    ] = LogLevel.INFO,
) -> None:
    """Start a system and keep it up until Ctrl-C, which vents the boots and ends all nodes."""
    from compression_boot_control.analysis.provenance import provenance
    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.cli.running_system import RunningSystem
    from compression_boot_control.hardware.garment_file import load_garment
    from compression_boot_control.system import SystemOptions

    worn = load_garment(garment)
    options = SystemOptions(
        backend=backend.value,
        hardware=absolute(hardware),
        host=host,
        port=port,
        calibration=str(calibration.resolve()) if calibration else '',
        garment=absolute(garment),
        namespace=namespace,
        record=record,
        bag=str(bag) if bag else '',
        speed=speed,
        seed=seed,
        log_level=log_level.value,
        views=views,
        parameters=_parameters(parameters),
        provenance=provenance(garment=worn.name, seed=seed),
    )
    with Interruption() as interruption, RunningSystem(options, interruption) as system:
        system.wait_ready(lambda status: typer.echo(f'waiting: {status}'))
        if not interruption:
            typer.echo(_ready_line(options, worn.name))
        system.keep_up()


def _parameters(file: Path | None) -> dict[str, dict[str, Any]]:
    """Parameters of the nodes that a file gives."""
    if file is None:
        return {}
    from compression_boot_control.nodes.settable_parameters import settable_parameters
    from compression_boot_control.parameter_file import load_parameters
    from compression_boot_control.yaml_file import FileError

    try:
        return load_parameters(file, settable_parameters())
    except FileError as error:
        raise WrongUse(error.lines[0]) from error


def _ready_line(options: SystemOptions, garment: str) -> str:
    where = '' if options.namespace == 'boots' else f' --namespace {options.namespace}'
    recorded = f', recording to {options.bag or options.directory + "/"}' if options.record else ''
    return (
        f'ready: {garment} on backend {options.backend}{recorded}. In another terminal: '
        f'boots run beginner{where}. Ctrl-C here ends the system, vented.'
    )
