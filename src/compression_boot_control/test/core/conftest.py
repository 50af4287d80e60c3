"""The garment that the tests of the core share."""

from __future__ import annotations

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

ZONES = ('foot', 'ankle', 'calf', 'knee', 'thigh')


@pytest.fixture(scope='session')
def garment() -> Garment:
    """Two sleeves of five zones with the default pneumatics; nobody may write into its arrays."""
    count = len(LEGS) * len(ZONES)

    def fixed(values: np.ndarray) -> np.ndarray:
        values.setflags(write=False)
        return values

    def each(value: float) -> np.ndarray:
        return fixed(np.full(count, value))

    return Garment(
        name='five_zone',
        zone_order=ZONES,
        chamber_names=tuple(f'{leg}_{zone}' for leg in LEGS for zone in ZONES),
        legs=tuple(leg for leg in LEGS for _ in ZONES),
        zones=ZONES * len(LEGS),
        rest_volume=fixed(np.tile([0.6, 0.8, 1.2, 1.4, 1.8], 2) * LITRE),
        compliance=fixed(np.tile([1.2, 1.5, 2.5, 3.0, 4.0], 2) * MILLILITRE_PER_MMHG),
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
