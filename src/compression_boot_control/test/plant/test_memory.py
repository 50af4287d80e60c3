"""The memory gives back what it is given, whatever its blocks."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.plant import layout
from compression_boot_control.plant.faults import Fault, FaultKind, FaultState
from compression_boot_control.plant.memory import Memory, decay, mean_decay
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.state import PlantState


@pytest.mark.parametrize('width', [1, 4, 8])
@pytest.mark.parametrize('batch', [(), (5,), (3, 4)], ids=str)
@pytest.mark.parametrize('swapped', [False, True], ids=['sound', 'swapped'])
def test_state_comes_back_as_it_went_in(garment: Garment, width, batch, swapped) -> None:
    rng = np.random.default_rng(0)
    parameters = PlantParameters.from_garment(garment, batch)
    memory = Memory(parameters, width)
    if swapped:
        swap = Fault(FaultKind.HOSES_SWAPPED, 2, 7.0)
        memory.set_faults(FaultState.none(parameters.shape).with_faults(swap))
    vented = PlantState.vented(parameters)
    state = PlantState(
        **{field.name: rng.random(getattr(vented, field.name).shape) for field in fields(vented)}
    )
    memory.state = state
    for field in fields(state):
        assert (getattr(memory.state, field.name) == getattr(state, field.name)).all(), field.name


def test_rows_are_all_different() -> None:
    rows = {name: value for name, value in vars(layout).items() if name.isupper()}
    boundary = list(rows).index('ROWS')
    of_chamber = list(rows.values())[:boundary]
    of_garment = list(rows.values())[boundary + 1 :]
    shared = list(range(5))
    assert of_chamber == list(range(layout.ROWS))
    assert of_garment == list(range(len(shared), len(shared) + len(of_garment)))


@pytest.mark.parametrize('time_constant', [1e-3, 10e-3, 20.0])
def test_mean_decay_is_the_mean_of_the_decay(time_constant: float) -> None:
    middle = (np.arange(2000) + 0.5) / 2000 * 2e-3
    expected = decay(middle, np.array(time_constant)).mean()
    assert mean_decay(2e-3, np.array(time_constant)) == pytest.approx(expected, rel=1e-6)


def test_without_a_lag_nothing_is_left_of_the_distance() -> None:
    assert decay(2e-3, np.array(0.0)) == 0
    assert mean_decay(2e-3, np.array(0.0)) == 0
