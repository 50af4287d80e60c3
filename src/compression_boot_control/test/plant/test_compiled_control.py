"""The control that the node runs is the numpy law, whatever comes in."""

from __future__ import annotations

import numpy as np
import pytest

from compression_boot_control.core.chamber_control import control_step
from compression_boot_control.core.control_parameters import ControlParameters, ControlState
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import FloatArray, Mode, Pressures, Setpoints
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant.compiled_control import CompiledControl

DT = 0.01


@pytest.fixture(scope='module')
def rng() -> np.random.Generator:
    """Draws that are the same each time."""
    return np.random.default_rng(1)


def broken(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Values of which some are missing."""
    return np.where(rng.random(values.shape) < 0.02, np.nan, values)


@pytest.mark.parametrize('supply_known', [True, False], ids=['rail measured', 'rail not measured'])
def test_every_step_is_that_of_the_numpy_law(
    garment: Garment, rng: np.random.Generator, supply_known: bool
) -> None:
    parameters = ControlParameters.from_garment(garment)
    shape = (len(garment),)
    compiled, state = CompiledControl(parameters), ControlState.initial(shape)
    level = rng.uniform(0.0, 60.0, shape) * MMHG
    modes = [int(Mode.TRACK)] * 6 + [int(mode) for mode in Mode] + [77]
    codes = np.zeros(shape, dtype=np.int64)
    for step in range(600):
        if step % 60 == 0:
            target = rng.uniform(-5.0, 115.0, shape) * MMHG
            mode = rng.choice(modes, shape)
        level = level + np.clip(target - level, -30.0, 30.0) + rng.normal(0.0, 15.0, shape)
        supply = rng.uniform(20.0, 140.0) * MMHG if supply_known else np.nan
        pressures = Pressures(
            broken(level, rng),
            broken(rng.normal(0.0, 10.0 * MMHG, shape), rng),
            codes,
            codes,
            np.asarray(supply),
        )
        setpoints = Setpoints(mode, broken(target, rng))
        dt = float(rng.choice([DT, DT, DT, 0.0, 0.3]))
        state, expected = control_step(parameters, state, pressures, setpoints, dt)
        found = compiled.step(pressures, setpoints, dt)
        np.testing.assert_allclose(found.inlet, expected.inlet, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.exhaust, expected.exhaust, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.pump, expected.pump, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(compiled.state.inlet_switches, state.inlet_switches)
    np.testing.assert_allclose(compiled.state.learned, state.learned, rtol=1e-9)


def test_a_command_stays_what_it_was_when_the_next_one_is_made(garment: Garment) -> None:
    compiled = CompiledControl(ControlParameters.from_garment(garment))
    shape = (len(garment),)
    codes = np.zeros(shape, dtype=np.int64)
    low = Pressures(np.zeros(shape), np.zeros(shape), codes, codes, np.asarray(90.0 * MMHG))
    filling = Setpoints(np.full(shape, int(Mode.TRACK)), np.full(shape, 40.0 * MMHG))
    venting = Setpoints(np.full(shape, int(Mode.VENT)), np.zeros(shape))
    first = compiled.step(low, filling, DT)
    opened = first.inlet.copy()
    assert (opened > 0.0).all()
    compiled.step(low, venting, DT)
    np.testing.assert_array_equal(first.inlet, opened)


def test_after_a_rest_nothing_is_remembered(garment: Garment) -> None:
    parameters = ControlParameters.from_garment(garment)
    compiled = CompiledControl(parameters)
    shape = (len(garment),)
    codes = np.zeros(shape, dtype=np.int64)
    low = Pressures(np.zeros(shape), np.zeros(shape), codes, codes, np.asarray(90.0 * MMHG))
    filling = Setpoints(np.full(shape, int(Mode.TRACK)), np.full(shape, 40.0 * MMHG))
    compiled.step(low, filling, DT)
    compiled.rest()
    for kept, initial in zip(compiled.state[1:], ControlState.initial(shape)[1:], strict=True):
        np.testing.assert_array_equal(kept, initial)
