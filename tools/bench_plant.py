"""How fast boots and their control are computed: time of a step, and garment-seconds per second.

Run it with the package on the path::

    PYTHONPATH=src/compression_boot_control python tools/bench_plant.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

_BEGIN = time.perf_counter()

import numpy as np  # noqa: E402

from compression_boot_control.analysis.control_bench import (  # noqa: E402
    CYCLES,
    bench_batch,
    bench_plan,
)
from compression_boot_control.core.chamber_control import control_step  # noqa: E402
from compression_boot_control.core.control_parameters import (  # noqa: E402
    ControlParameters,
    ControlState,
)
from compression_boot_control.core.garment import LEGS, Garment, Pump, Supply  # noqa: E402
from compression_boot_control.core.signals import (  # noqa: E402
    Actuation,
    Mode,
    Pressures,
    Setpoints,
)
from compression_boot_control.core.units import (  # noqa: E402
    CONDUCTANCE,
    LITRE,
    LITRE_PER_MINUTE,
    MILLILITRE,
    MILLILITRE_PER_MMHG,
    MINUTE,
    MMHG,
)
from compression_boot_control.hardware.garment_file import load_garment  # noqa: E402
from compression_boot_control.plant.batch_run import run_batch  # noqa: E402
from compression_boot_control.plant.boots import SimulatedBoots  # noqa: E402
from compression_boot_control.plant.compiled_control import CompiledControl  # noqa: E402
from compression_boot_control.plant.parameters import (  # noqa: E402
    PlantParameters,
    random_garments,
)

DT = 10e-3
"""Length of a step [s]."""

BATCHES = (1, 10, 100, 1000)
"""Numbers of garments that are stepped together."""

SPANS = (1.0, 2.0, 6.0)
"""Lengths of closed loops that are timed [s]."""

REPEATS = 300
"""Timed calls; the fastest counts, because all else is another process's doing."""


def five_zones() -> Garment:
    """Two sleeves of five zones, as in config/garments/five_zone.yaml."""
    zones = ('foot', 'ankle', 'calf', 'knee', 'thigh')
    each = np.ones(10)
    return Garment(
        name='five_zone',
        zone_order=zones,
        chamber_names=tuple(f'{leg}_{zone}' for leg in LEGS for zone in zones),
        legs=tuple(leg for leg in LEGS for _ in zones),
        zones=zones * 2,
        rest_volume=np.tile([0.6, 0.8, 1.2, 1.4, 1.8], 2) * LITRE,
        compliance=np.tile([1.2, 1.5, 2.5, 3.0, 4.0], 2) * MILLILITRE_PER_MMHG,
        inlet_conductance=0.3 * CONDUCTANCE * each,
        exhaust_conductance=0.4 * CONDUCTANCE * each,
        valve_response=10e-3 * each,
        valve_dead_band=0.05 * each,
        hose_length=1.5 * each,
        hose_bore=4e-3 * each,
        leak=10 * MILLILITRE / MINUTE * each,
        pump=Pump(25 * LITRE_PER_MINUTE, 400 * MMHG),
        supply=Supply(0.1 * LITRE, 145 * MMHG),
    )


def step_time(boots: SimulatedBoots, shape: tuple[int, ...]) -> float:
    """Shortest time of a step with valves partly open [s]."""
    rng = np.random.default_rng(0)
    actuation = Actuation(rng.random(shape), 0.3 * rng.random(shape), np.ones(shape[:-1]))
    fastest = np.inf
    for _ in range(REPEATS):
        begin = time.perf_counter()
        boots.step(actuation, DT)
        fastest = min(fastest, time.perf_counter() - begin)
    return float(fastest)


def control_step_times(chambers: int = 12) -> tuple[float, float]:
    """Shortest time of a step of control for one garment, on numpy and as the node takes it [s]."""
    parameters = ControlParameters.from_garment(load_garment('six_zone'))
    shape = (chambers,)
    zeros = np.zeros(chambers, dtype=np.int64)
    level = np.linspace(20.0, 50.0, chambers) * MMHG
    pressures = Pressures(level, np.zeros(shape), zeros, zeros, np.asarray(90.0 * MMHG))
    setpoints = Setpoints(np.full(shape, int(Mode.TRACK)), np.full(shape, 45.0 * MMHG))
    state, node = ControlState.initial(shape), CompiledControl(parameters)
    reference = fastest(lambda: control_step(parameters, state, pressures, setpoints, DT))
    return reference, fastest(lambda: node.step(pressures, setpoints, DT))


def fastest(call: Callable[[], object]) -> float:
    """Shortest time of a call [s]."""
    shortest = np.inf
    for _ in range(3000):
        begin = time.perf_counter()
        call()
        shortest = min(shortest, time.perf_counter() - begin)
    return float(shortest)


def closed_loop_speed(count: int) -> float:
    """Garment-seconds per second of one core, of whole closed loops [1]."""
    garment = load_garment('five_zone')
    batch = bench_batch(garment, 25.0, count, 0)
    plan = bench_plan(garment, 60.0)
    spent = []
    # the first compiles; the others differ by what is simulated alone
    for length in SPANS:
        begin = time.process_time()
        run_batch(batch.parameters, batch.believed, plan, CYCLES, longest=length)
        spent.append(time.process_time() - begin)
    return count * (SPANS[-1] - SPANS[-2]) / (spent[-1] - spent[-2])


def main() -> None:
    """Print the time to the first step, and a line for each number of garments."""
    garment = five_zones()
    nominal = PlantParameters.from_garment(garment)
    imported = time.perf_counter() - _BEGIN
    SimulatedBoots(nominal).step(Actuation.vented((10,)), DT)
    print(
        f'first step after {time.perf_counter() - _BEGIN:.2f} s, of which imports {imported:.2f} s'
    )
    print(f'{"garments":>8} {"us per step":>12} {"garment-seconds per second":>28}')
    for count in BATCHES:
        batch = () if count == 1 else (count,)
        parameters = random_garments(garment, np.random.default_rng(0), batch)
        duration = step_time(SimulatedBoots(parameters), parameters.shape)
        print(f'{count:>8} {duration * 1e6:>12.1f} {count * DT / duration:>28,.0f}')
    reference, node = control_step_times()
    print(
        f'control step for 12 chambers: {1e6 * node:.0f} us as the node takes it, '
        f'{1e6 * reference:.0f} us on numpy'
    )
    count = BATCHES[-1]
    speed = closed_loop_speed(count)
    print(f'closed loop of {count} garments: {speed:,.0f} garment-seconds per second of one core')


if __name__ == '__main__':
    main()
