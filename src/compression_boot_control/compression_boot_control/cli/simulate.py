"""`boots simulate`: predicts a session on simulated boots, without ROS."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compression_boot_control.cli.errors import CommandFailed, WrongUse
from compression_boot_control.cli.options import (
    GarmentOption,
    IntensityOption,
    JsonOption,
    Leg,
    LegOption,
    MinutesOption,
    ProtocolArgument,
    SeedOption,
)

if TYPE_CHECKING:
    from compression_boot_control.analysis.metrics import ChamberTrace
    from compression_boot_control.analysis.session_summary import SessionSummary
    from compression_boot_control.core.garment import Garment
    from compression_boot_control.core.plan import Plan
    from compression_boot_control.core.session_errors import SessionError
    from compression_boot_control.plant.boots import SimulatedBoots
    from compression_boot_control.plant.closed_loop import SessionTrace

KINDS = ('.png', '.svg', '.pdf')
PUMP = 'Free flow of the pump instead of the one in the garment file.'


def simulate(
    protocol: ProtocolArgument,
    garment: GarmentOption = 'five_zone',
    pump: Annotated[
        float | None, typer.Option('--pump', metavar='L/min', min=0.1, max=500.0, help=PUMP)
    ] = None,
    seed: SeedOption = 0,
    intensity: IntensityOption = 100.0,
    minutes: MinutesOption = None,
    leg: LegOption = Leg.BOTH,
    plot: Annotated[
        Path | None, typer.Option('--plot', metavar='FILE', help='Draw it: .png, .svg or .pdf.')
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Predict a session: pressures, times, dose; needs neither ROS nor hardware."""
    from rich.console import Console

    from compression_boot_control.analysis.session_summary import (
        duration_text,
        render_summary,
        summarize,
    )
    from compression_boot_control.core.units import LITRE_PER_MINUTE
    from compression_boot_control.hardware.garment_file import load_garment
    from compression_boot_control.hardware.simulated import wearer
    from compression_boot_control.plant.boots import SimulatedBoots
    from compression_boot_control.sessions.protocol_compiler import compile_protocol
    from compression_boot_control.sessions.protocol_library import load_protocol

    if plot is not None and plot.suffix not in KINDS:
        raise WrongUse(f'{plot}: the kind of picture is not known; name it {", ".join(KINDS)}')
    worn = load_garment(garment)
    if pump is not None:
        worn = with_pump(worn, pump * LITRE_PER_MINUTE)
    loaded = load_protocol(protocol, zone_order=worn.zone_order)
    plan = compile_protocol(
        loaded, worn, intensity=intensity / 100.0, minutes=minutes, leg=leg.value
    )
    boots = SimulatedBoots(wearer(worn, seed), seed)
    run = predicted(boots, worn, plan)
    trace = chamber_trace(run, worn)
    summary = summarize(trace)
    limit = _wave_limit(plan, boots, summary.cycles)
    title = f'{loaded.title}, simulated on {worn.name}'
    if plot is not None:
        _draw(plot, trace, worn, title)
    failed = _ending(run.error, plan)
    if as_json:
        document: dict[str, Any] = {
            'ok': not failed,
            'errors': [failed] if failed else [],
            'error_code': int(run.error),
            'protocol': loaded.name,
            'garment': worn.name,
            'seed': seed,
            'pump_l_per_min': round(worn.pump.free_flow / LITRE_PER_MINUTE, 3),
            **summary.to_json(),
            'warm_up_s': round(run.warm_up_time, 3),
            'wave_time_limit_s': round(limit, 3) if math.isfinite(limit) else None,
        }
        if failed:
            raise CommandFailed(failed, document)
        typer.echo(json.dumps(document, indent=2))
        return
    console = Console()
    console.print(render_summary(summary, title))
    if run.warm_up_time > 0.0:
        console.print(
            f'warm-up: {duration_text(run.warm_up_time)} of it, before the clock of the session '
            'runs',
            highlight=False,
            soft_wrap=True,
        )
    console.print(_wave_text(summary, limit), highlight=False, soft_wrap=True)
    if plot is not None:
        console.print(f'drawn in {plot}', highlight=False, soft_wrap=True)
    if failed:
        raise CommandFailed(failed)


def with_pump(garment: Garment, free_flow: float) -> Garment:
    """The garment with another pump: its free flow in m3/s."""
    from dataclasses import replace

    return replace(garment, pump=replace(garment.pump, free_flow=free_flow))


def predicted(boots: SimulatedBoots, garment: Garment, plan: Plan) -> SessionTrace:
    """Run the plan, with a progress bar."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from compression_boot_control.plant.closed_loop import simulate_session

    bar = Progress(
        TextColumn('{task.description}'),
        BarColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        # the laws are compiled at their first use; after that there is nothing to get ready
        task = bar.add_task('getting ready', total=1.0)
        return simulate_session(
            boots,
            garment,
            plan,
            on_progress=lambda done: bar.update(task, completed=done, description='simulating'),
        )


def chamber_trace(run: SessionTrace, garment: Garment) -> ChamberTrace:
    """Take the true pressures and the set-points of a run."""
    from compression_boot_control.analysis.metrics import ChamberTrace

    return ChamberTrace(
        chamber_names=garment.chamber_names,
        time=run.time,
        pressure=run.true_pressure,
        mode=run.mode,
        target=run.target,
    )


def _wave_limit(plan: Plan, boots: SimulatedBoots, cycles: int) -> float:
    """Limit of the median wave: the first finds flat chambers, the later ones slack air in them."""
    from statistics import median

    from compression_boot_control.cli.wave_limit import limp_state, wave_time_limit

    first = wave_time_limit(plan, boots.parameters, None)
    if cycles < 2:
        return first
    later = wave_time_limit(plan, boots.parameters, limp_state(boots))
    return median([first] + [later] * (cycles - 1))


def _wave_text(summary: SessionSummary, limit: float) -> str:
    if summary.wave_time_s is None or not math.isfinite(limit):
        return 'no full wave'
    return (
        f'wave: {summary.wave_time_s:.1f} s, and {limit:.1f} s at least with this pump, valves and '
        'hoses'
    )


def _ending(error: SessionError, plan: Plan) -> str:
    from compression_boot_control.core.session_errors import SessionError

    return {
        SessionError.NONE: '',
        SessionError.NOT_REACHED: (
            f'a zone of {plan.protocol} did not reach its pressure in time: use a larger pump, '
            'one leg at a time, or a lower intensity'
        ),
        SessionError.NOT_VENTED: (
            'a zone was not vented in time: the exhausts or hoses are too narrow for these volumes'
        ),
    }.get(error, f'the session ended early: {error.name.lower()}')


def _draw(path: Path, trace: ChamberTrace, garment: Garment, title: str) -> None:
    from compression_boot_control.analysis.session_plot import save_session_plot, session_figure
    from compression_boot_control.analysis.session_trace import Sleeves

    sleeves = Sleeves(
        legs=dict(zip(garment.chamber_names, garment.legs, strict=True)),
        zones=dict(zip(garment.chamber_names, garment.zones, strict=True)),
        zone_order=garment.zone_order,
    )
    save_session_plot(path, session_figure(trace, sleeves=sleeves, title=title))
