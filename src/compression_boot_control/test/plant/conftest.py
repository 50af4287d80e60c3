"""Garments and boots that the tests of the simulated boots share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from compression_boot_control.core.garment import LEGS, Garment, Pump, Supply
from compression_boot_control.core.units import (
    CONDUCTANCE,
    LITRE,
    LITRE_PER_MINUTE,
    MILLILITRE,
    MILLILITRE_PER_MMHG,
    MILLIMETRE,
    MINUTE,
    MMHG,
)
from compression_boot_control.plant.parameters import PlantParameters

ZONES = ('foot', 'ankle', 'calf', 'knee', 'thigh')


@pytest.fixture(scope='session')
def garment() -> Garment:
    """Two sleeves of five zones, the values of config/garments/five_zone.yaml."""
    count = 2 * len(ZONES)

    def each(value: float) -> np.ndarray:
        return np.full(count, value)

    return Garment(
        name='five_zone',
        zone_order=ZONES,
        chamber_names=tuple(f'{leg}_{zone}' for leg in LEGS for zone in ZONES),
        legs=tuple(leg for leg in LEGS for _ in ZONES),
        zones=ZONES * 2,
        rest_volume=np.tile([0.6, 0.8, 1.2, 1.4, 1.8], 2) * LITRE,
        compliance=np.tile([1.2, 1.5, 2.5, 3.0, 4.0], 2) * MILLILITRE_PER_MMHG,
        inlet_conductance=each(0.3 * CONDUCTANCE),
        exhaust_conductance=each(0.4 * CONDUCTANCE),
        valve_response=each(10e-3),
        valve_dead_band=each(0.05),
        hose_length=each(1.5),
        hose_bore=each(4.0 * MILLIMETRE),
        leak=each(10.0 * MILLILITRE / MINUTE),
        pump=Pump(free_flow=25.0 * LITRE_PER_MINUTE, shut_off_pressure=400.0 * MMHG),
        supply=Supply(volume=0.1 * LITRE, relief_pressure=145.0 * MMHG),
    )


@pytest.fixture(scope='session')
def nominal(garment: Garment) -> PlantParameters:
    """The five-zone garment on an average leg."""
    return PlantParameters.from_garment(garment)


@pytest.fixture(scope='session')
def quiet(nominal: PlantParameters) -> PlantParameters:
    """The same with sensors that neither make noise nor round."""
    return replace(nominal, sensor_noise=np.array(0.0), sensor_step=np.array(1e-3))


@pytest.fixture(scope='session')
def one_chamber() -> Callable[..., PlantParameters]:
    """Make one chamber of a litre behind valves and a hose that do not restrict.

    A pump of constant flow, instant valves, volumes outside the chamber too small to matter; no
    leak, creep, heat nor neighbours; perfect sensors. Arguments replace parameters.
    """
    simple = Garment(
        name='one_chamber',
        zone_order=('calf',),
        chamber_names=('left_calf',),
        legs=('left',),
        zones=('calf',),
        rest_volume=np.array([1.0 * LITRE]),
        compliance=np.array([2.0 * MILLILITRE_PER_MMHG]),
        inlet_conductance=np.array([50.0 * CONDUCTANCE]),
        exhaust_conductance=np.array([50.0 * CONDUCTANCE]),
        valve_response=np.zeros(1),
        valve_dead_band=np.zeros(1),
        hose_length=np.array([20.0 * MILLIMETRE]),
        hose_bore=np.array([10.0 * MILLIMETRE]),
        leak=np.zeros(1),
        pump=Pump(free_flow=12.0 * LITRE_PER_MINUTE, shut_off_pressure=1e6 * MMHG),
        supply=Supply(volume=1e-3 * LITRE, relief_pressure=1000.0 * MMHG),
    )
    nothing = np.zeros(1)
    parameters = replace(
        PlantParameters.from_garment(simple),
        coupling=nothing,
        creep_fraction=nothing,
        thermal_rise=nothing,
        pump_response=np.array(0.0),
        sensor_noise=np.array(0.0),
        sensor_step=np.array(1e-3),
    )

    def make(**changes: float) -> PlantParameters:
        arrays = {
            name: np.broadcast_to(float(value), getattr(parameters, name).shape).copy()
            for name, value in changes.items()
        }
        return replace(parameters, **arrays)

    return make
