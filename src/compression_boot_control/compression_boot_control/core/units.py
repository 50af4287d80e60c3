"""Conversions at the edge: SI inside and on the wire, mmHg, minutes and litres for people.

Each factor turns a value in the unit of its name into SI when multiplied, and back when divided:
``pressure = 40 * MMHG`` and ``pressure_mmhg = pressure / MMHG``. Factors work on floats and arrays
alike, which functions of one type would not.
"""

MMHG = 133.322
"""One millimetre of mercury [Pa]."""

MINUTE = 60.0
"""One minute [s]."""

LITRE = 1e-3
"""One litre [m3]."""

MILLILITRE = 1e-6
"""One millilitre [m3]."""

LITRE_PER_MINUTE = LITRE / MINUTE
"""One litre a minute [m3/s]."""

MILLILITRE_PER_MMHG = MILLILITRE / MMHG
"""One millilitre per mmHg, the unit of compliance in garment files [m3/Pa]."""

CONDUCTANCE = 1e-8
"""One dm3/(s bar), the unit of sonic conductance in data sheets (ISO 6358) [m3/(s Pa)]."""

MILLIMETRE = 1e-3
"""One millimetre [m]."""
