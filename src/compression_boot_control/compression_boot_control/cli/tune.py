"""`boots tune`: identifies the chambers by a safe experiment, designs gains, proves margins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compression_boot_control.cli.errors import CommandFailed, WrongUse
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
    from compression_boot_control.core.chamber_record import ChamberRecord
    from compression_boot_control.core.garment import Garment
    from compression_boot_control.hardware.backends import HardwareOptions
    from compression_boot_control.system import SystemOptions

SIMULATED_SPEED = 1000.0
"""Simulated boots are measured at most so much faster than real: as fast as the machine can."""


def tune(
    garment: GarmentOption = 'five_zone',
    seed: SeedOption = 0,
    backend: BackendOption = Backend.SIM,
    hardware: HardwareOption = '',
    host: HostOption = '',
    port: PortOption = '',
    calibration: CalibrationOption = None,
    namespace: NamespaceOption = 'boots',
    record: Annotated[
        Path | None,
        typer.Option('--record', metavar='BAG', help='Record the experiment: folder to make.'),
    ] = None,
    bag: Annotated[
        Path | None,
        typer.Option('--bag', metavar='BAG', help='Take a recorded experiment, and move nothing.'),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option('--output', metavar='FILE', help='Garment file to write, *.yaml.'),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option('--plot', metavar='FILE', help='Picture of fit, step and open loop, *.png.'),
    ] = None,
    force: Annotated[
        bool, typer.Option('--force', help='Write gains that lack their margins too.')
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Identify the chambers of the boots, design gains, prove their margins; Ctrl-C vents and ends.

    One chamber after another is filled to 45 mmHg and vented, some 40 s each; all must be flat
    before, and the person whose legs are in them awake. It starts nodes of its own, with the safety
    supervisor between the experiment and the valves: what ends a session ends it too, and nothing
    is written. A system that is up is to be ended before, since a device has one master. Writes a
    garment file that `boots up --garment FILE` takes. What --record keeps, --bag takes in the place
    of the boots, with the same results.
    """
    import numpy as np

    from compression_boot_control.analysis.control_tuning import chamber_file, hose_bore_of
    from compression_boot_control.analysis.tuning_bag import recorded_experiment
    from compression_boot_control.core.chamber_record import NotIdentifiable
    from compression_boot_control.core.control_design import design
    from compression_boot_control.core.identification import identify
    from compression_boot_control.core.loop_margins import GAIN_MARGIN, PHASE_MARGIN
    from compression_boot_control.core.units import MILLILITRE_PER_MMHG
    from compression_boot_control.hardware.backends import HardwareOptions
    from compression_boot_control.hardware.garment_file import load_garment
    from compression_boot_control.hardware.tuned_garment import (
        chamber_data,
        garment_data,
        tuned_text,
    )

    if output is not None and output.suffix not in ('.yaml', '.yml'):
        raise WrongUse(f'{output} is not the name of a garment file: end it in .yaml')
    worn = load_garment(garment)
    options = HardwareOptions(
        backend.value,
        absolute(hardware),
        host,
        port,
        calibration=str(calibration or ''),
        seed=seed,
    )
    if bag is not None and (record is not None or options != HardwareOptions()):
        raise WrongUse('a bag is measured already: leave --backend, its options and --record out')
    if bag is not None:
        records = recorded_experiment(bag, worn)
    else:
        records = _measured(worn, _system(options, absolute(garment), namespace, record, worn.name))
    chambers, refused = [], []
    for i, found in enumerate(records):
        try:
            chambers.append(identify(found, chamber_file(worn, i)))
        except NotIdentifiable as reason:
            refused.append(str(reason))
    if refused:
        raise CommandFailed('nothing is written: ' + '; '.join(refused))
    designs = [design(chamber) for chamber in chambers]
    weak = [
        f'{chamber.name} {20 * np.log10(own.margins.gain):.1f} dB, {own.margins.phase:.0f} deg'
        for chamber, own in zip(chambers, designs, strict=True)
        if not own.margins.sufficient
    ]
    if weak and not force:
        raise CommandFailed(
            f'the margins fall short of 6 dB and {PHASE_MARGIN:g} deg: {"; ".join(weak)}; find '
            'quicker valves, or write them anyway with --force'
        )
    name = f'{worn.name}_tuned'[:40] if output is None else output.stem
    entries = [
        chamber_data(chamber, own, hose_bore_of(float(bore), chamber.hose_factor.value))
        for chamber, own, bore in zip(chambers, designs, worn.hose_bore, strict=True)
    ]
    text = tuned_text(garment_data(garment), entries, name)
    target = output or Path(f'{name}.yaml')
    target.write_text(text, encoding='utf-8')
    if picture is not None:
        from compression_boot_control.analysis.tune_plot import draw

        draw(picture, chambers, designs, records)
    rows = [
        entry
        | {
            'gain_margin_db': round(float(20 * np.log10(own.margins.gain)), 2),
            'phase_margin_deg': round(own.margins.phase, 1),
            'rest_volume_half_width_l': round(chamber.rest_volume.half_width * 1e3, 4),
            'compliance_half_width_ml_per_mmhg': round(
                chamber.compliance.half_width / MILLILITRE_PER_MMHG, 3
            ),
        }
        for entry, own, chamber in zip(entries, designs, chambers, strict=True)
    ]
    if as_json:
        report = {'ok': True, 'file': str(target), 'forced': bool(weak), 'chambers': rows}
        typer.echo(json.dumps(report, indent=2))
        return
    _print(rows)
    if weak:
        typer.echo(f'forced: the margins fall short: {"; ".join(weak)}', err=True)
    typer.echo(
        f'margins hold: at least {20 * np.log10(GAIN_MARGIN):.0f} dB and {PHASE_MARGIN:g} deg'
        if not weak
        else ''
    )
    typer.echo(f'wrote {target}; use it with: boots up --garment {target.resolve()}')


def _system(
    hardware: HardwareOptions, garment: str, namespace: str, bag: Path | None, name: str
) -> SystemOptions:
    """Describe the system in which the experiment runs."""
    from compression_boot_control.analysis.provenance import provenance
    from compression_boot_control.analysis.tuning_bag import EXPERIMENT
    from compression_boot_control.system import SystemOptions

    simulated = hardware.backend == Backend.SIM
    return SystemOptions(
        backend=hardware.backend,
        hardware=hardware.profile,
        host=hardware.host,
        port=hardware.port,
        calibration=hardware.calibration,
        garment=garment,
        namespace=namespace,
        record=bag is not None,
        bag=str(bag or ''),
        speed=SIMULATED_SPEED if simulated else 1.0,
        seed=hardware.seed,
        log_level=LogLevel.WARN.value,
        provenance=provenance(garment=name, seed=hardware.seed) | dict([EXPERIMENT]),
    )


def _measured(garment: Garment, system: SystemOptions) -> list[ChamberRecord]:
    """Run the experiment, and show how far it is."""
    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.cli.tune_run import run_experiment

    with Interruption() as interruption, _progress(garment) as on_progress:
        return run_experiment(system, interruption, on_progress)


@contextmanager
def _progress(garment: Garment) -> Iterator[Callable[[str, float, str], None]]:
    """A bar on a terminal, a line for each chamber elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    told: set[str] = set()

    def in_lines(chamber: str, _share: float, _text: str) -> None:
        if chamber and chamber not in told:
            told.add(chamber)
            line = f'chamber {len(told)} of {len(garment)}: {chamber.replace("_", " ")}'
            typer.echo(line, err=True)

    if not console.is_terminal:
        yield in_lines
        return
    columns = (BarColumn(), TimeElapsedColumn(), TextColumn('{task.description}'))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task('the nodes are starting', total=1.0)
        yield lambda chamber, share, text: progress.update(
            task, completed=share, description=f'{chamber.replace("_", " ")}  {text}'.strip()
        )


def _print(rows: list[dict[str, object]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None)
    columns = (
        ('chamber', '{name}'),
        ('rest volume [l]', '{rest_volume_l:.3f} ± {rest_volume_half_width_l:.3f}'),
        (
            'compliance [ml/mmHg]',
            '{compliance_ml_per_mmhg:.2f} ± {compliance_half_width_ml_per_mmhg:.2f}',
        ),
        ('leak [ml/min]', '{leak_ml_per_min:.0f}'),
        ('valve [ms]', '{valve_response_ms:.0f}'),
        ('kp [1/s]', '{kp_per_s:.1f}'),
        ('margins', '{gain_margin_db:.1f} dB, {phase_margin_deg:.0f} deg'),
    )
    for title, _ in columns:
        table.add_column(title)
    for row in rows:
        table.add_row(*(text.format(**row) for _, text in columns))
    Console().print(table)
