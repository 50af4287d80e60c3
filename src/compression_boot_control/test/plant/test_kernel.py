"""The compiled kernel does what the numpy reference does."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Actuation
from compression_boot_control.plant import kernel, step
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.faults import Fault, FaultKind
from compression_boot_control.plant.parameters import random_garments
from compression_boot_control.plant.ranges import FULL_RANGES

CHAMBER_FAULTS = [kind for kind in FaultKind if kind is not FaultKind.HOSES_SWAPPED]


def random_actuation(rng: np.random.Generator, shape: tuple[int, ...]) -> Actuation:
    """Valves that are often fully open or shut, and sometimes not driven at all."""
    inlet, exhaust = np.clip(rng.normal(0.5, 1.0, (2, *shape)), 0.0, 1.0)
    inlet[rng.random(shape) < 0.05] = np.nan
    exhaust[rng.random(shape) < 0.05] = np.nan
    return Actuation(inlet, exhaust, rng.random(shape[:-1]))


@pytest.mark.parametrize('batch', [(), (3,), (2, 9)], ids=['one', 'three', 'two_by_nine'])
@pytest.mark.parametrize('seed', range(4))
def test_kernel_agrees_with_the_reference_to_rounding(garment: Garment, batch, seed) -> None:
    rng = np.random.default_rng(seed)
    parameters = random_garments(garment, rng, batch, FULL_RANGES)
    members = list(np.ndindex(batch))
    compiled, reference = (
        SimulatedBoots(parameters, seed, integrator=integrator)
        for integrator in (kernel.advance, step.advance)
    )
    for _ in range(12):
        fault = Fault(
            CHAMBER_FAULTS[rng.integers(len(CHAMBER_FAULTS))],
            chamber=int(rng.integers(10)),
            batch=members[rng.integers(len(members))],
        )
        swap = Fault(FaultKind.HOSES_SWAPPED, int(rng.integers(10)), float(rng.integers(10)))
        sound = rng.integers(4) == 0
        for boots in (compiled, reference):
            boots.clear_faults() if sound else boots.set_fault(fault, swap)
        actuation = random_actuation(rng, parameters.shape)
        dt = float(rng.choice([1e-3, 10e-3, 37e-3]))
        for _ in range(5):
            compiled.step(actuation, dt)
            reference.step(actuation, dt)
    for field in fields(compiled.state):
        one, other = (getattr(boots.state, field.name) for boots in (compiled, reference))
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9, err_msg=field.name)
    for field in fields(compiled.readings()):
        one, other = (getattr(boots.readings(), field.name) for boots in (compiled, reference))
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9, err_msg=field.name)
