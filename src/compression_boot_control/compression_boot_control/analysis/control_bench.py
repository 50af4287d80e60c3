"""The same waves for every controller: devices, legs and plans of the benchmark of control."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from compression_boot_control.analysis.control_figures import ControlFigures, control_figures
from compression_boot_control.core.control_parameters import ControlParameters
from compression_boot_control.core.garment import LEGS, Garment, Pump
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.units import CONDUCTANCE, LITRE_PER_MINUTE, MILLIMETRE, MMHG
from compression_boot_control.plant.batch_run import BatchRun, beliefs, run_batch
from compression_boot_control.plant.parameters import PlantParameters, vary
from compression_boot_control.plant.ranges import MODEST_RANGES, Range
from compression_boot_control.sessions.waves import (
    Wave,
    release_stage,
    rest_stage,
    sequential_gradient_hold,
)
from compression_boot_control.sessions.zone_pressures import ZonePressures

PRESSURES_MMHG = (30.0, 45.0, 60.0, 100.0)
"""Pressures at the foot [mmHg]; the highest is beyond what runs without an unlock."""

PUMPS_L_PER_MIN = (12.0, 25.0)

GRADIENT = 0.75
"""Pressure at the thigh over that at the foot."""

DWELL, REST = 12.0, 10.0
"""Times of each cycle [s]."""

TIMEOUT = 600.0
"""No stage fails: a slow device is slow for its limit too [s]."""

CYCLES = 2

DEVICE_RANGES = {
    'inlet_conductance': Range(0.15 * CONDUCTANCE, 0.8 * CONDUCTANCE, logarithmic=True, common=0.9),
    'exhaust_conductance': Range(
        0.15 * CONDUCTANCE, 0.8 * CONDUCTANCE, logarithmic=True, common=0.9
    ),
    'hose_length': Range(0.5, 1.5, relative=True, common=0.9),
    'hose_bore': Range(3.0 * MILLIMETRE, 8.0 * MILLIMETRE, common=0.9),
}
"""Devices whose valves let a thigh vent in time; each comes with a garment file that says so."""


@dataclass(frozen=True)
class Batch:
    """Boots of one pump, and what their garment files say of them."""

    parameters: PlantParameters
    believed: Garment


def bench_plan(garment: Garment, pressure_mmhg: float) -> Plan:
    """Two cycles of a sequential gradient hold, both legs together."""
    level = ZonePressures(foot_mmhg=pressure_mmhg, thigh_mmhg=GRADIENT * pressure_mmhg)
    target = np.array(level.along(garment.zone_order))[garment.zone_rank] * MMHG
    wave = Wave(garment, target, 1.0, DWELL)
    release = release_stage(garment, 'release')
    cycle = [*sequential_gradient_hold(wave, LEGS), release, rest_stage(garment, 'rest', REST)]
    plan = Plan.of_stages(
        'bench',
        [],
        cycle * CYCLES,
        [release_stage(garment, 'final release')],
        TIMEOUT * CYCLES,
        np.full(len(garment), 110.0 * MMHG),
    )
    return replace(plan, timeout=np.full(len(plan.timeout), TIMEOUT))


def bench_batch(garment: Garment, pump_l_per_min: float, count: int, seed: int) -> Batch:
    """Draw devices, and for each a leg and a workshop's tolerance.

    Parameters
    ----------
    garment : Garment
        Nominal volumes.
    pump_l_per_min : float
        Free flow of the pump.
    count : int
        Number of boots.
    seed : int
    """
    rng = np.random.default_rng(seed)
    pump = Pump(pump_l_per_min * LITRE_PER_MINUTE, garment.pump.shut_off_pressure)
    device = replace(garment, pump=pump)
    nominal = vary(PlantParameters.from_garment(device, (count,)), rng, DEVICE_RANGES)
    return Batch(vary(nominal, rng, MODEST_RANGES), beliefs(device, nominal))


def figures_of(
    batch: Batch,
    garment: Garment,
    pressure_mmhg: float,
    control: ControlParameters | None = None,
    seed: int = 0,
) -> tuple[ControlFigures, BatchRun]:
    """Run one batch at one pressure and judge it."""
    plan = bench_plan(garment, pressure_mmhg)
    run = run_batch(batch.parameters, batch.believed, plan, CYCLES, control=control, seed=seed)
    return control_figures(run, plan, batch.parameters, garment.neighbours()), run
