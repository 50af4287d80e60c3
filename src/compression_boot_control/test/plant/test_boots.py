"""The boots as their users see them: stepping, readings, what a driver does with commands."""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Actuation
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.parameters import PlantParameters


def test_first_reading_is_that_of_a_vented_garment(garment: Garment) -> None:
    readings = SimulatedBoots(PlantParameters.from_garment(garment)).readings()
    assert np.abs(readings.pressure).max() < 1.0 * MMHG
    assert (readings.inlet == 0).all()
    assert (readings.exhaust == 1).all()
    assert readings.pump == 0


def test_chamber_with_an_open_inlet_fills(garment: Garment) -> None:
    boots = SimulatedBoots(PlantParameters.from_garment(garment))
    inlet = np.zeros(10)
    inlet[0] = 1.0
    for _ in range(400):
        boots.step(Actuation(inlet, np.zeros(10), np.array(1.0)), 10e-3)
    assert boots.true_pressure[0] > 20 * MMHG
    assert np.abs(boots.true_pressure[1:]).max() < 1.0
