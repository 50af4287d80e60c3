"""The equations satisfy the laws that they come from."""

from __future__ import annotations

import numpy as np
import pytest

from compression_boot_control.core.pneumatics import (
    ATMOSPHERE,
    GAS_CONSTANT,
    REFERENCE_TEMPERATURE,
    hose_flow,
    orifice_flow,
)
from compression_boot_control.core.units import CONDUCTANCE, LITRE, MILLILITRE_PER_MMHG, MMHG
from compression_boot_control.plant import equations as eq

ENERGY = GAS_CONSTANT * REFERENCE_TEMPERATURE
REST = 1.2 * LITRE
SLACK = 2.0 * MMHG
FULL = (ATMOSPHERE + SLACK) * REST / ENERGY
"""Mass in a chamber at the end of its slack [kg]."""

COMPLIANCES = [0.0, 2.5 * MILLILITRE_PER_MMHG, 20 * MILLILITRE_PER_MMHG]


@pytest.mark.parametrize('compliance', COMPLIANCES)
def test_taut_chamber_satisfies_the_gas_law(compliance: float) -> None:
    mass = FULL * np.linspace(1.0, 1.6, 50)
    pressure, _ = eq.chamber_gas(mass, ENERGY, REST, compliance, SLACK)
    volume = REST + compliance * (pressure - SLACK)
    assert (ATMOSPHERE + pressure) * volume == pytest.approx(mass * ENERGY, rel=1e-12)


def test_slack_chamber_rises_with_its_content() -> None:
    mass = FULL * np.linspace(0.0, 1.0, 50)
    pressure, _ = eq.chamber_gas(mass, ENERGY, REST, COMPLIANCES[1], SLACK)
    assert pressure == pytest.approx(SLACK * mass / FULL, rel=1e-9, abs=1e-9)


def test_limp_chamber_has_no_pressure_until_it_is_full() -> None:
    full = ATMOSPHERE * REST / ENERGY
    mass = full * np.array([0.0, 0.5, 0.999, 1.001])
    pressure, slope = eq.chamber_gas(mass, ENERGY, REST, COMPLIANCES[1], 0.0)
    assert (pressure[:3] == 0).all()
    assert (slope[:3] == 0).all()
    assert pressure[3] > 0


@pytest.mark.parametrize('compliance', COMPLIANCES)
@pytest.mark.parametrize('filled', [0.3, 0.9, 1.05, 1.5])
def test_slope_is_the_derivative_of_the_pressure(compliance: float, filled: float) -> None:
    mass, step = filled * FULL, 1e-5 * FULL
    ends = [
        eq.chamber_gas(mass + sign * step, ENERGY, REST, compliance, SLACK)[0] for sign in (-1, 1)
    ]
    _, slope = eq.chamber_gas(mass, ENERGY, REST, compliance, SLACK)
    assert slope == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-4)


@pytest.mark.parametrize('drop', [-80.0, -5.0, 5.0, 80.0])
def test_secant_times_drop_is_the_flow(drop: float) -> None:
    low, high = 20 * MMHG, (20 + drop) * MMHG
    conductance = 0.3 * CONDUCTANCE
    secant = eq.valve_secant(high, low, conductance)
    assert secant * (high - low) == pytest.approx(orifice_flow(high, low, conductance), rel=1e-12)
    secant = eq.hose_secant(high, low, 4e6, 1e10)
    assert secant * (high - low) == pytest.approx(hose_flow(high, low, 4e6, 1e10), rel=1e-12)


def test_secant_without_a_drop_is_the_slope_at_zero() -> None:
    conductance = 0.3 * CONDUCTANCE
    secant = eq.valve_secant(5.0, 5.0, conductance)
    assert secant == pytest.approx(orifice_flow(5.1, 5.0, conductance) / 0.1, rel=1e-3)
    assert eq.hose_secant(5.0, 5.0, 4e6, 1e10) == pytest.approx(
        hose_flow(0.1, 0.0, 4e6, 1e10) / 0.1, rel=1e-2
    )


@pytest.mark.parametrize(
    ('excess', 'opening'), [(-5.0, 0.0), (2.5, 0.25), (10.0, 1.0), (30.0, 1.0)]
)
def test_relief_valve_opens_over_its_band(excess: float, opening: float) -> None:
    relief, band, conductance = 145 * MMHG, 10 * MMHG, 1.0 * CONDUCTANCE
    pressure = relief + excess * MMHG
    flow = eq.relief_secant(pressure, relief, band, conductance) * (pressure - relief)
    assert flow == pytest.approx(orifice_flow(pressure, 0.0, opening * conductance), rel=1e-9)


def test_neighbours_leave_a_tenth_of_the_rest_volume() -> None:
    assert eq.squeezed_volume(REST, 0.0, 5 * REST) == pytest.approx(0.1 * REST)


@pytest.mark.parametrize('decay', [0.2, 0.8, 0.999])
def test_relax_ends_in_no_subnormal_numbers(decay: float) -> None:
    left = np.ones(1)
    for _ in range(round(-1000.0 / np.log(decay))):
        left = eq.relax(left, 0.0, decay)
    assert left[0] == 0.0 or left[0] >= np.finfo(np.float64).tiny


def test_relax_is_the_exact_response() -> None:
    assert eq.relax(1.0, 3.0, np.exp(-0.5)) == pytest.approx(3.0 - 2.0 * np.exp(-0.5))
