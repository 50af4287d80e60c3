"""`boots device-test`: leak, valves, sensors, vent time, dead-man; pass or fail with figures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compression_boot_control.cli.errors import FAILED, CommandFailed, WrongUse
from compression_boot_control.cli.options import (
    Backend,
    BackendOption,
    CalibrationOption,
    GarmentOption,
    HardwareOption,
    HostOption,
    JsonOption,
    LogLevel,
    NamespaceOption,
    PortOption,
    SeedOption,
    absolute,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from compression_boot_control.hardware.device_test.results import DeviceTestReport

ATTACH = 'Use the node of a launch file that runs already, with its hardware.'


def device_test(
    backend: BackendOption = Backend.SIM,
    hardware: HardwareOption = '',
    host: HostOption = '',
    port: PortOption = '',
    calibration: CalibrationOption = None,
    garment: GarmentOption = 'five_zone',
    namespace: NamespaceOption = 'boots',
    seed: SeedOption = 0,
    junit: Annotated[
        Path | None, typer.Option('--junit', metavar='FILE', help='Write JUnit XML.')
    ] = None,
    html: Annotated[
        Path | None, typer.Option('--html', metavar='FILE', help='Write a page with plots.')
    ] = None,
    attach: Annotated[bool, typer.Option('--attach', help=ATTACH)] = False,
    as_json: JsonOption = False,
) -> None:
    """Test a device, with nobody in the boots, and name what is wrong; Ctrl-C vents and ends.

    The sleeves lie closed around rolls or dummy legs. It takes three to four minutes, and fills
    each chamber to about 60 mmHg. It starts the node that serves the action run_device_test, and
    sends it a goal; a system that is up is to be ended before, since a device has one master.
    """
    from compression_boot_control.cli.device_test_run import (
        Wanted,
        run_attached,
        run_on_hardware,
    )
    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.hardware.backends import HardwareOptions, make_backend
    from compression_boot_control.hardware.device_test.report import to_json
    from compression_boot_control.hardware.garment_file import load_garment
    from compression_boot_control.hardware.manifold import ManifoldError
    from compression_boot_control.system import SystemOptions

    for path in (junit, html):
        if path is not None and not path.resolve().parent.is_dir():
            raise WrongUse(f'{path}: there is no such folder to write it in')
    calibration_file = str(calibration.resolve()) if calibration else ''
    named = HardwareOptions(
        backend.value, absolute(hardware), host, port, calibration_file, seed=seed
    )
    try:
        make_backend(load_garment(garment), named)
    except ManifoldError as error:
        raise CommandFailed(str(error)) from error
    options = SystemOptions(
        backend=named.backend,
        hardware=named.profile,
        host=host,
        port=port,
        calibration=calibration_file,
        garment=absolute(garment),
        namespace=namespace,
        seed=seed,
        log_level=LogLevel.WARN.value,
    )
    with Interruption() as interruption, _progress() as on_progress:
        wanted = Wanted(
            on_progress,
            page=str(html.resolve()) if html else '',
            junit=str(junit.resolve()) if junit else '',
        )
        if attach:
            answer = run_attached(namespace, interruption, wanted)
        else:
            answer = run_on_hardware(options, interruption, wanted)
    if not answer.tested:
        raise CommandFailed(answer.error_text)
    if as_json:
        typer.echo(to_json(answer.report))
    else:
        _print(answer.report)
    if answer.error_code:
        raise typer.Exit(FAILED)


@contextmanager
def _progress() -> Iterator[Callable[[str, float, str], None]]:
    """A bar on a terminal, a line for each step elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda step, _share, text: typer.echo(f'{step}: {text}', err=True)
        return
    columns = (BarColumn(), TimeElapsedColumn(), TextColumn('{task.description}'))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task('starting', total=1.0)
        yield lambda step, share, text: progress.update(
            task, completed=share, description=f'{step}: {text}'
        )


def _print(report: DeviceTestReport) -> None:
    from rich.console import Console
    from rich.table import Table

    from compression_boot_control.hardware.device_test.report import headline, rows

    colours = {'pass': '', 'fail': 'bold red', 'not run': 'dim'}
    table = Table('step', 'subject', 'verdict', 'figure', 'limit', 'finding')
    for row in rows(report):
        table.add_row(*row, style=colours[row[2]])
    console = Console()
    console.print(table)
    console.print(headline(report), style='green' if report.passed else 'bold red')
