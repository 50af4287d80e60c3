"""Proves that the supervisor lets `boots tune` pass: ``python tools/bench_tuning.py``.

Runs the experiment, with the safety supervisor before the valves, on random legs in the project's
garments and on random devices with them, and prints every hazard that is told of. All of them are
sound, so each one is a false trip.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import numpy as np

from compression_boot_control.analysis.control_bench import PUMPS_L_PER_MIN, Batch, bench_batch
from compression_boot_control.analysis.control_tuning import hazards_told
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.plant.batch_run import beliefs
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.parameters import PlantParameters, vary
from compression_boot_control.resources import garment_directory


def batches(count: int, seed: int) -> Iterator[tuple[str, Batch]]:
    """What is tuned: a name, and boots with what their garment files say of them."""
    for path in sorted(garment_directory().glob('*.yaml')):
        garment = load_garment(path.stem)
        nominal = PlantParameters.from_garment(garment, (count,))
        legs = vary(nominal, np.random.default_rng(seed))
        yield f'{path.stem}, other legs', Batch(legs, beliefs(garment, nominal))
    for pump in PUMPS_L_PER_MIN:
        batch = bench_batch(load_garment('five_zone'), pump, count, seed)
        yield f'five_zone, other devices and legs, {pump:g} L/min', batch


def main() -> int:
    """Tune all; 1 if a hazard was told of."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--garments', type=int, default=48, help='in each batch')
    parser.add_argument('--seed', type=int, default=1)
    arguments = parser.parse_args()
    tripped = tuned = 0
    for name, batch in batches(arguments.garments, arguments.seed):
        began = time.process_time()
        boots = SimulatedBoots(batch.parameters, arguments.seed)
        told = hazards_told(boots, batch.believed)
        for asked, garment, chamber, hazard in told:
            print(
                f'  {garment}: {hazard.id} {hazard.text}, {batch.believed.chamber_names[chamber]}, '
                f'at {asked.level / MMHG:.0f} mmHg in chamber {asked.chamber}'
            )
        tripped += len({garment for _, garment, _, _ in told})
        tuned += arguments.garments
        spent = time.process_time() - began
        print(f'{name}: {len(told)} hazards in {arguments.garments} garments, {spent:.0f} s')
    print(f'{tripped} of {tuned} sound garments tripped the supervisor')
    return int(tripped > 0)


if __name__ == '__main__':
    sys.exit(main())
