"""The `boots calibration` commands: zero and span of each sensor, against a reference."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compression_boot_control.cli.errors import CommandFailed, WrongUse
from compression_boot_control.cli.input_lines import InputLines
from compression_boot_control.cli.options import (
    Backend,
    BackendOption,
    GarmentOption,
    HardwareOption,
    HostOption,
    JsonOption,
    PortOption,
    absolute,
)

if TYPE_CHECKING:
    from compression_boot_control.hardware.calibration import Calibration
    from compression_boot_control.hardware.calibration_bench import Points
    from compression_boot_control.hardware.manifold import Manifold

app = typer.Typer(help="Calibrations of a device's sensors.", no_args_is_help=True)

FileArgument = Annotated[
    Path, typer.Argument(metavar='FILE', help='All calibrations of one device, the newest last.')
]


@app.command()
def make(
    file: FileArgument,
    backend: BackendOption = Backend.MODBUS_TCP,
    hardware: HardwareOption = '',
    host: HostOption = '',
    port: PortOption = '',
    garment: GarmentOption = 'five_zone',
    points: Annotated[
        str, typer.Option('--points', metavar='P,P,...', help='Pressures to calibrate at, in mmHg.')
    ] = '0,50,100',
) -> None:
    """Calibrate zero and span of every sensor, and add it to FILE; Ctrl-C vents and ends.

    Nobody is in the boots; best, the ports are plugged. Connect a reference gauge to the rail or to
    any port. The pump goes to each pressure and stops; once that is at rest, you are asked what the
    gauge reads. No other program may drive the device meanwhile.
    """
    from datetime import date

    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.hardware.backends import HardwareOptions, make_backend
    from compression_boot_control.hardware.calibration import CalibrationError, calibrate
    from compression_boot_control.hardware.calibration_file import store_calibrations
    from compression_boot_control.hardware.garment_file import load_garment
    from compression_boot_control.hardware.manifold import ManifoldError

    if backend is Backend.SIM:
        raise WrongUse('simulated boots need no calibration: choose another --backend')
    targets = _pressures(points)
    history = _history(file)
    options = HardwareOptions(backend.value, absolute(hardware), host, port)
    with Interruption() as interruption:
        try:
            manifold = make_backend(load_garment(garment), options)
            known = history[-1].serial_number if history else None
            serial_number, taken = _take(manifold, targets, lambda: bool(interruption), known)
            names = manifold.garment.chamber_names
            calibration = calibrate(
                taken.readings, taken.reference, names, serial_number, date.today()
            )
        except (ManifoldError, CalibrationError) as error:
            raise CommandFailed(str(error)) from error
    store_calibrations(file, [*history, calibration])
    _print([*history, calibration])
    typer.echo(f'stored in {file}: use it with boots up --calibration {file}')


@app.command()
def show(file: FileArgument, as_json: JsonOption = False) -> None:
    """Show the newest calibration in FILE, and how far each sensor has drifted."""
    from compression_boot_control.hardware.calibration_file import load_calibrations

    history = load_calibrations(file)
    if as_json:
        typer.echo(json.dumps(_document(history), indent=2))
    else:
        _print(history)


def _pressures(text: str) -> list[float]:
    from compression_boot_control.core.units import MMHG

    try:
        return [float(part) * MMHG for part in text.split(',')]
    except ValueError:
        raise WrongUse(f'--points {text}: give pressures in mmHg, such as 0,50,100') from None


def _history(file: Path) -> list[Calibration]:
    from compression_boot_control.hardware.calibration_file import load_calibrations

    if not file.resolve().parent.is_dir():
        raise WrongUse(f'{file}: there is no such folder to write it in')
    return list(load_calibrations(file)) if file.exists() else []


def _take(
    manifold: Manifold,
    targets: Sequence[float],
    aborted: Callable[[], bool],
    known: int | None,
) -> tuple[int, Points]:
    """Open the device, take all points, and leave it vented; its serial number, and the points.

    A device with another serial number than the known one is refused.
    """
    from compression_boot_control.hardware.calibration_bench import take_points
    from compression_boot_control.hardware.device_test.test_bench import (
        Aborted,
        DeviceFaulty,
        TestBench,
    )

    bench = TestBench(
        manifold,
        progress=lambda point, text: typer.echo(f'{point}: {text}', err=True),
        aborted=aborted,
    )
    try:
        manifold.open()
        number = manifold.identity().serial_number
        if number is None:
            raise CommandFailed(
                'the device gives no serial number, so a calibration could not be kept to it: add '
                'the register serial_number to its profile'
            )
        if known not in (None, number):
            raise CommandFailed(
                f'the file is of device {known}, this one is {number}: give each device a file of '
                'its own'
            )
        typer.echo(f'device {number}', err=True)
        return number, take_points(bench, targets, _Gauge())
    except Aborted:
        raise CommandFailed('interrupted: the device was vented, and nothing stored') from None
    except DeviceFaulty as error:
        raise CommandFailed(str(error)) from error
    finally:
        manifold.close()


class _Gauge:
    """Asks for the reading of the reference, and looks for a typed line without waiting."""

    def __init__(self) -> None:
        self._asked = -1.0
        self._input = InputLines()

    def __call__(self, target: float) -> float | None:
        from compression_boot_control.core.units import MMHG

        if target != self._asked:
            self._asked = target
            typer.echo('reading of the gauge, once it is at rest [mmHg]: ', nl=False)
        line = self._input.next(0.0)
        if line is None:
            if self._input.ended:
                raise CommandFailed('the input has ended: type what the gauge reads')
            return None
        try:
            return float(line) * MMHG
        except ValueError:
            typer.echo(f'{line.strip()!r} is no number; reading of the gauge [mmHg]: ', nl=False)
            return None


def _document(history: Sequence[Calibration]) -> dict[str, object]:
    from compression_boot_control.core.units import MMHG
    from compression_boot_control.hardware.calibration import drift_warnings

    newest = history[-1]
    drift = newest.drift(history[-2]) / MMHG if len(history) > 1 else None
    return {
        'made_on': newest.made_on.isoformat(),
        'serial_number': newest.serial_number,
        'calibrations': len(history),
        'warnings': list(drift_warnings(history)),
        'sensors': [
            {
                'chamber': name,
                'zero_mmhg': round(float(newest.zero[chamber]) / MMHG, 2),
                'span': round(float(newest.span[chamber]), 4),
                'residual_mmhg': round(float(newest.residual[chamber]) / MMHG, 2),
                'zero_drift_mmhg': None if drift is None else round(float(drift[chamber]), 2),
            }
            for chamber, name in enumerate(newest.chamber_names)
        ],
    }


def _print(history: Sequence[Calibration]) -> None:
    from rich.console import Console
    from rich.table import Table

    from compression_boot_control.core.units import MMHG
    from compression_boot_control.hardware.calibration import drift_warnings

    newest = history[-1]
    dates = [calibration.made_on.isoformat() for calibration in history[-4:]]
    table = Table('chamber', 'span', 'residual', *(f'zero on {day}' for day in dates))
    for chamber, name in enumerate(newest.chamber_names):
        zeros = (f'{float(made.zero[chamber]) / MMHG:.2f}' for made in history[-4:])
        residual = f'{float(newest.residual[chamber]) / MMHG:.2f} mmHg'
        table.add_row(name, f'{float(newest.span[chamber]):.4f}', residual, *zeros)
    console = Console()
    console.print(f'device {newest.serial_number}, calibrated on {newest.made_on}', highlight=False)
    console.print(table)
    for warning in drift_warnings(history):
        console.print(f'warning: {warning}', style='yellow')
