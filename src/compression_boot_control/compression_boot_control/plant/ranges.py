"""Numbers of the simulated boots that no garment file has, and the ranges that all may vary over.

Numbers marked [P] are proposals, where nothing could be read.
"""

from __future__ import annotations

from dataclasses import dataclass

from compression_boot_control.core.units import (
    CONDUCTANCE,
    LITRE_PER_MINUTE,
    MILLILITRE,
    MILLIMETRE,
    MINUTE,
    MMHG,
)

SLACK_PRESSURE = 0.0
"""Gauge pressure of a chamber filled just to its rest volume [Pa] [P]."""

COUPLING = 0.05
"""Share of a neighbour's bulge that a chamber loses of its own volume [-] [P]."""

CREEP_FRACTION = 0.1
"""Volume that the limb yields in the long run, as a share of the elastic one [-] [P]."""

CREEP_TIME = 20.0
"""Time constant of the limb's creep [s] [P]."""

THERMAL_RISE = 3.0 / (12.0 * LITRE_PER_MINUTE)
"""Steady temperature rise of a chamber per inflow [K s/m3] [P]: 3 K at 12 L/min."""

THERMAL_TIME = 2.0
"""Time constant of the gas temperature [s] [P]."""

PUMP_RESPONSE = 0.05
"""Time constant of the pump's spin-up and run-down [s] [P]."""

RELIEF_BAND = 10.0 * MMHG
"""Pressure above the opening of the relief valve at which it is fully open [Pa] [P]."""

RELIEF_CONDUCTANCE = 1.0 * CONDUCTANCE
"""Sonic conductance of the relief valve, fully open [m3/(s Pa)] [P]."""

SENSOR_LAG = 5e-3
"""Time constant of a pressure sensor [s] [P]."""

SENSOR_NOISE = 0.1 * MMHG
"""Standard deviation of a pressure sensor's noise [Pa] [P]."""

SENSOR_STEP = 0.1 * MMHG
"""Resolution of a pressure sensor [Pa] [P]."""

SENSOR_MINIMUM = -10.0 * MMHG
"""Lowest reading of a pressure sensor [Pa].

Its range begins at 0, but the raw reading goes a little below: cut at 0, the noise of a vented
chamber would be rectified, and its mean would hide a negative offset.
"""

SENSOR_MAXIMUM = 300.0 * MMHG
"""Highest reading of a pressure sensor [Pa] [P]; what lies above saturates."""


@dataclass(frozen=True)
class Range:
    """Range of one parameter.

    Attributes
    ----------
    low, high : float
        Ends of the range.
    relative : bool
        The ends are factors on the nominal value; otherwise they replace it.
    logarithmic : bool
        Even in the logarithm, otherwise in the value.
    common : float
        Share of the variation that all chambers of a garment have in common [0..1]: one leg is
        larger than another in all zones, while leaks have nothing to do with each other.
    """

    low: float
    high: float
    relative: bool = False
    logarithmic: bool = False
    common: float = 0.0


_LEG_AND_WORKSHOP = {
    'rest_volume': Range(0.8, 1.2, relative=True, common=0.7),
    'compliance': Range(0.5, 2.0, relative=True, logarithmic=True, common=0.7),
    'coupling': Range(0.02, 0.1, common=0.7),
    'creep_fraction': Range(0.5, 1.5, relative=True, common=1.0),
    'creep_time': Range(0.5, 2.0, relative=True, logarithmic=True, common=1.0),
    'thermal_time': Range(1.0, 5.0, common=1.0),
    'valve_response': Range(5e-3, 20e-3, common=0.5),
    'leak': Range(5.0 * MILLILITRE / MINUTE, 20.0 * MILLILITRE / MINUTE),
    'sensor_offset': Range(-5.0 * MMHG, 5.0 * MMHG),
    'supply_sensor_offset': Range(-5.0 * MMHG, 5.0 * MMHG),
    'relief_pressure': Range(140.0 * MMHG, 150.0 * MMHG),
}

MODEST_RANGES = _LEG_AND_WORKSHOP | {
    'inlet_conductance': Range(0.9, 1.1, relative=True),
    'exhaust_conductance': Range(0.9, 1.1, relative=True),
    'hose_length': Range(0.95, 1.05, relative=True),
    'hose_bore': Range(0.97, 1.03, relative=True),
    'pump_free_flow': Range(0.9, 1.1, relative=True),
    'pump_shut_off': Range(0.9, 1.1, relative=True),
}
"""Legs of many people in copies of one device: what its garment file names, to a workshop's
tolerance."""

FULL_RANGES = _LEG_AND_WORKSHOP | {
    'slack_pressure': Range(0.0, 2.0 * MMHG, common=1.0),
    'inlet_conductance': Range(0.05 * CONDUCTANCE, 0.8 * CONDUCTANCE, logarithmic=True, common=0.9),
    'exhaust_conductance': Range(
        0.05 * CONDUCTANCE, 0.8 * CONDUCTANCE, logarithmic=True, common=0.9
    ),
    'hose_length': Range(0.5, 1.5, relative=True, common=0.9),
    'hose_bore': Range(3.0 * MILLIMETRE, 8.0 * MILLIMETRE, common=0.9),
    'pump_free_flow': Range(6.0 * LITRE_PER_MINUTE, 40.0 * LITRE_PER_MINUTE, logarithmic=True),
    'pump_shut_off': Range(300.0 * MMHG, 600.0 * MMHG),
}
"""Devices of all kinds: some are too slow for a usual session."""
