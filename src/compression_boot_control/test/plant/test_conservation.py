"""Gas is neither made nor lost, and the length of the substep does not show."""

from __future__ import annotations

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Actuation
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant import step
from compression_boot_control.plant.boots import MAXIMUM_SUBSTEP, SimulatedBoots
from compression_boot_control.plant.faults import Fault, FaultKind
from compression_boot_control.plant.kernel import advance
from compression_boot_control.plant.limits import arrival_times
from compression_boot_control.plant.parameters import PlantParameters, random_garments

DT = 10e-3


@pytest.mark.parametrize('integrator', [advance, step.advance], ids=['kernel', 'reference'])
def test_mass_balances_to_rounding_over_a_random_run_with_faults(
    garment: Garment, integrator
) -> None:
    rng = np.random.default_rng(1)
    parameters = random_garments(garment, rng, (9,))
    boots = SimulatedBoots(parameters, integrator=integrator)
    beginning = boots.state.stored_mass
    kinds = [kind for kind in FaultKind if kind is not FaultKind.HOSES_SWAPPED]
    for _ in range(25):
        chamber, member = int(rng.integers(10)), int(rng.integers(9))
        boots.set_fault(
            Fault(kinds[rng.integers(len(kinds))], chamber, batch=member),
            Fault(FaultKind.HOSES_SWAPPED, chamber, float(rng.integers(10)), member),
        )
        actuation = Actuation(rng.random((9, 10)), rng.random((9, 10)) ** 3, rng.random(9))
        for _ in range(10):
            boots.step(actuation, DT)
    state = boots.state
    # one part in 1e12 of what has flowed, after some ten thousand additions
    rounding = 1e-12 * (state.pumped + state.stored_mass)
    assert (np.abs(state.stored_mass - beginning - state.net_mass) < rounding).all()


def wave(boots: SimulatedBoots, durations: np.ndarray) -> np.ndarray:
    """Fill the chambers one by one, hold, top up in short pulses, vent; returns pressures."""
    trace = []

    def apply(inlet: np.ndarray, exhaust: np.ndarray, pump: float, duration: float) -> None:
        for _ in range(round(duration / DT)):
            boots.step(Actuation(inlet, exhaust, np.array(pump)), DT)
            trace.append(boots.true_pressure)

    nothing = np.zeros(10)
    for chamber, duration in enumerate(durations):
        apply(np.eye(10)[chamber], nothing, 1.0, duration)
    for chamber in range(10):
        apply(np.eye(10)[chamber], nothing, 1.0, 3 * DT)
        apply(nothing, 0.3 * np.eye(10)[chamber], 1.0, 3 * DT)
    apply(nothing, nothing, 0.0, 1.0)
    apply(nothing, np.ones(10), 0.0, 8.0)
    return np.array(trace)


def test_half_the_substep_changes_no_pressure_by_a_tenth_of_a_mmhg(
    nominal: PlantParameters,
) -> None:
    arrivals = arrival_times(nominal, 60 * MMHG, [(i,) for i in range(10)])
    durations = np.diff(arrivals, prepend=0.0)
    usual, fine = (
        wave(SimulatedBoots(nominal, maximum_substep=substep), durations)
        for substep in (MAXIMUM_SUBSTEP, MAXIMUM_SUBSTEP / 2)
    )
    assert usual.max() > 55 * MMHG
    assert usual[-1].max() < 1 * MMHG
    assert np.abs(usual - fine).max() < 0.1 * MMHG


def test_substep_of_any_length_is_stable(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal, maximum_substep=1.0)
    for _ in range(20):
        boots.step(Actuation(np.ones(10), np.zeros(10), np.array(1.0)), 1.0)
        assert (boots.true_pressure >= 0).all()
        assert (boots.state.supply_pressure < 160 * MMHG).all()
    assert np.isfinite(boots.true_pressure).all()
