"""`boots device-test`: leak, valves, sensors, vent time, dead-man; pass or fail with figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compression_boot_control.cli.errors import FAILED, CommandFailed
from compression_boot_control.cli.options import (
    Backend,
    BackendOption,
    GarmentOption,
    HardwareOption,
    HostOption,
    JsonOption,
    PortOption,
    SeedOption,
    absolute,
)

if TYPE_CHECKING:
    from compression_boot_control.hardware.device_test.results import DeviceTestReport
    from compression_boot_control.hardware.device_test.test_bench import Clock


def device_test(
    backend: BackendOption = Backend.SIM,
    hardware: HardwareOption = '',
    host: HostOption = '',
    port: PortOption = '',
    garment: GarmentOption = 'five_zone',
    seed: SeedOption = 0,
    junit: Annotated[
        Path | None, typer.Option('--junit', metavar='FILE', help='Write JUnit XML.')
    ] = None,
    html: Annotated[
        Path | None, typer.Option('--html', metavar='FILE', help='Write a page with plots.')
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Test a device, with nobody in the boots, and name what is wrong; Ctrl-C vents and ends.

    The sleeves lie closed around rolls or dummy legs. It takes about three minutes, and fills each
    chamber to about 60 mmHg. No other program may drive the device meanwhile.
    """
    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.hardware.backends import HardwareOptions, make_backend
    from compression_boot_control.hardware.device_test.procedure import run_device_test
    from compression_boot_control.hardware.device_test.report import to_html, to_json, to_junit
    from compression_boot_control.hardware.garment_file import load_garment
    from compression_boot_control.hardware.manifold import ManifoldError

    worn = load_garment(garment)
    options = HardwareOptions(backend.value, absolute(hardware), host, port, seed=seed)
    try:
        manifold = make_backend(worn, options)
    except ManifoldError as error:
        raise CommandFailed(str(error)) from error
    clock = _clock(backend)
    subject = {'garment': worn.name, 'backend': backend.value}

    def progress(step: str, text: str) -> None:
        typer.echo(f'{step}: {text}', err=True)

    with Interruption() as interruption:
        report = run_device_test(manifold, subject, clock, progress, lambda: bool(interruption))
    if report.findings == (('no_communication', 'link'),) and len(report.curves) == 0:
        raise CommandFailed(report.ended)
    if junit is not None:
        junit.write_text(to_junit(report), encoding='utf-8')
    if html is not None:
        html.write_text(to_html(report), encoding='utf-8')
    if as_json:
        typer.echo(to_json(report))
    else:
        _print(report)
    if not report.passed:
        raise typer.Exit(FAILED)


def _clock(backend: Backend) -> Clock:
    """The simulated boots have a time of their own, which goes on with every sample."""
    from compression_boot_control.hardware.device_test.test_bench import SteadyClock
    from compression_boot_control.hardware.virtual_link import VirtualClock

    return VirtualClock() if backend is Backend.SIM else SteadyClock()


def _print(report: DeviceTestReport) -> None:
    from rich.console import Console
    from rich.table import Table

    from compression_boot_control.hardware.device_test.report import headline, rows

    colours = {'pass': 'green', 'fail': 'bold red', 'not run': 'dim'}
    table = Table('step', 'subject', 'verdict', 'figure', 'limit', 'finding')
    for row in rows(report):
        table.add_row(*row, style=colours[row[2]] if row[2] != 'pass' else '')
    console = Console()
    console.print(table)
    console.print(headline(report), style='green' if report.passed else 'bold red')
