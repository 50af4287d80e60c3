"""Sensors: lag, offset, noise, resolution, range."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from compression_boot_control.core.signals import Actuation
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.state import PlantState

DT = 10e-3
VENTED = Actuation.vented((10,))
SHUT = Actuation(np.zeros(10), np.zeros(10), np.array(0.0))


def readings(boots: SimulatedBoots, actuation: Actuation, count: int) -> np.ndarray:
    return np.array([boots.step(actuation, DT).pressure for _ in range(count)])


def test_noise_is_unbiased_normal_and_of_its_standard_deviation(nominal: PlantParameters) -> None:
    fine = replace(nominal, sensor_step=np.array(1e-3))
    sample = readings(SimulatedBoots(fine, seed=1), VENTED, 2000).ravel() / MMHG
    count = len(sample)
    assert abs(sample.mean()) < 4 * 0.1 / np.sqrt(count)
    assert sample.std() == pytest.approx(0.1, rel=4 / np.sqrt(2 * count))
    assert (np.abs(sample) > 0.2).mean() == pytest.approx(0.0455, abs=0.007)


def test_noise_is_independent_between_sensors_and_samples(nominal: PlantParameters) -> None:
    sample = readings(SimulatedBoots(nominal, seed=1), VENTED, 2000)
    between = np.corrcoef(sample.T) - np.eye(10)
    assert np.abs(between).max() < 0.1
    later = [np.corrcoef(sample[1:, i], sample[:-1, i])[0, 1] for i in range(10)]
    assert np.abs(later).max() < 0.1


def test_readings_come_in_steps_of_a_tenth_of_a_mmhg(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal, state=PlantState.inflated(nominal, 40 * MMHG))
    steps = readings(boots, SHUT, 50) / (0.1 * MMHG)
    assert np.abs(steps - np.rint(steps)).max() < 1e-6
    assert len(np.unique(np.rint(steps))) > 3


def test_offset_adds_to_the_reading_only(quiet: PlantParameters) -> None:
    offset = np.linspace(-5, 5, 10) * MMHG
    boots = SimulatedBoots(replace(quiet, sensor_offset=offset))
    assert readings(boots, VENTED, 1)[0] == pytest.approx(offset, abs=1e-3)
    assert (boots.true_pressure == 0).all()


def test_reading_saturates_above_300_mmhg(quiet: PlantParameters) -> None:
    boots = SimulatedBoots(quiet, state=PlantState.inflated(quiet, 320 * MMHG))
    assert readings(boots, SHUT, 1)[0] == pytest.approx(np.full(10, 300 * MMHG), abs=1e-3)


def test_reading_goes_below_0_but_not_below_minus_10_mmhg(quiet: PlantParameters) -> None:
    offset = np.array([-8.0, -20.0] + 8 * [0.0]) * MMHG
    sample = readings(SimulatedBoots(replace(quiet, sensor_offset=offset)), VENTED, 1)[0]
    assert sample[0] == pytest.approx(-8 * MMHG, abs=1e-3)
    assert sample[1] == pytest.approx(-10 * MMHG, abs=1e-3)


def test_sensor_lags_by_5_ms(quiet: PlantParameters) -> None:
    state = replace(PlantState.inflated(quiet, 40 * MMHG), sensed=np.zeros(10))
    boots = SimulatedBoots(replace(quiet, leak=np.zeros(10)), state=state)
    for count in (1, 2, 3):
        reading = boots.step(SHUT, 5e-3).pressure
        expected = 40 * MMHG * (1 - np.exp(-count))
        assert reading == pytest.approx(np.full(10, expected), rel=2e-3)


def test_supply_sensor_reads_the_rail(quiet: PlantParameters) -> None:
    boots = SimulatedBoots(replace(quiet, supply_sensor_offset=np.array(2 * MMHG)))
    pumping = Actuation(np.zeros(10), np.zeros(10), np.array(1.0))
    for _ in range(100):
        supply = boots.step(pumping, DT).supply_pressure
    assert supply == pytest.approx(boots.state.supply_pressure + 2 * MMHG, abs=0.01 * MMHG)


def test_sample_in_between_leaves_the_readings_alone(nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal)
    reading = boots.step(VENTED, DT)
    assert boots.readings() is reading
