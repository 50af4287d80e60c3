"""Flow laws: ISO 6358 valves, hoses, the pump and the capacity of a chamber."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core.pneumatics import (
    AIR_VISCOSITY,
    ATMOSPHERE,
    CRITICAL_RATIO,
    GAS_CONSTANT,
    LAMINAR_RATIO,
    REFERENCE_DENSITY,
    REFERENCE_TEMPERATURE,
    chamber_capacity,
    hose_coefficients,
    hose_drop,
    hose_flow,
    orifice_flow,
    pump_flow,
)
from compression_boot_control.core.units import (
    CONDUCTANCE,
    LITRE,
    LITRE_PER_MINUTE,
    MILLILITRE_PER_MMHG,
    MILLIMETRE,
    MMHG,
)

VALVE = 0.3 * CONDUCTANCE
EXAMPLES = settings(derandomize=True, deadline=None)

gauge = st.floats(-90_000.0, 1e6)


def downstream_at(ratio: float, upstream: float) -> float:
    """Gauge pressure at a ratio of absolute pressures."""
    return ratio * (upstream + ATMOSPHERE) - ATMOSPHERE


# -- valves


@pytest.mark.parametrize('ratio', [0.0, 0.1, 0.29, CRITICAL_RATIO])
def test_choked_flow_does_not_depend_on_downstream(ratio: float) -> None:
    upstream = 5e5
    expected = VALVE * REFERENCE_DENSITY * (upstream + ATMOSPHERE)
    assert orifice_flow(upstream, downstream_at(ratio, upstream), VALVE) == pytest.approx(
        expected, rel=1e-12
    )


def test_subsonic_flow_follows_the_ellipse_of_iso_6358() -> None:
    upstream, ratio, critical = 60.0 * MMHG, 0.95, 0.4
    expected = (
        VALVE
        * REFERENCE_DENSITY
        * (upstream + ATMOSPHERE)
        * np.sqrt(1.0 - ((ratio - critical) / (1.0 - critical)) ** 2)
    )
    flow = orifice_flow(upstream, downstream_at(ratio, upstream), VALVE, critical)
    assert flow == pytest.approx(expected, rel=1e-12)


def test_laminar_flow_is_linear_in_the_drop() -> None:
    upstream = 60.0 * MMHG
    drop = (1.0 - LAMINAR_RATIO) * (upstream + ATMOSPHERE)
    drops = np.array([0.25, 0.5, 1.0]) * drop
    flow = orifice_flow(upstream, upstream - drops, VALVE)
    assert flow / flow[-1] == pytest.approx([0.25, 0.5, 1.0], rel=1e-9)


@pytest.mark.parametrize('ratio', [CRITICAL_RATIO, LAMINAR_RATIO])
def test_regimes_meet_without_a_step(ratio: float) -> None:
    upstream = 60.0 * MMHG
    below = orifice_flow(upstream, downstream_at(ratio - 1e-9, upstream), VALVE)
    above = orifice_flow(upstream, downstream_at(ratio + 1e-9, upstream), VALVE)
    assert above == pytest.approx(below, rel=2e-6)


@EXAMPLES
@given(pressure=gauge)
def test_no_flow_at_equal_pressures(pressure: float) -> None:
    assert orifice_flow(pressure, pressure, VALVE) == 0.0


@EXAMPLES
@given(one=gauge, other=gauge)
def test_flow_turns_round_with_the_pressures(one: float, other: float) -> None:
    assert orifice_flow(one, other, VALVE) == -orifice_flow(other, one, VALVE)


@EXAMPLES
@given(upstream=gauge, low=gauge, high=gauge)
def test_flow_never_grows_with_the_pressure_downstream(
    upstream: float, low: float, high: float
) -> None:
    low, high = sorted((low, high))
    less, more = orifice_flow(upstream, high, VALVE), orifice_flow(upstream, low, VALVE)
    assert less <= more + 1e-12 * abs(more)


@EXAMPLES
@given(downstream=gauge, low=gauge, high=gauge)
def test_flow_never_falls_with_the_pressure_upstream(
    downstream: float, low: float, high: float
) -> None:
    low, high = sorted((low, high))
    less, more = orifice_flow(low, downstream, VALVE), orifice_flow(high, downstream, VALVE)
    assert less <= more + 1e-12 * abs(more)


def test_shut_valve_passes_nothing() -> None:
    assert orifice_flow(60.0 * MMHG, 0.0, 0.0) == 0.0


def test_valves_work_on_arrays_of_chambers() -> None:
    pressure = np.array([[10.0, 40.0], [60.0, 110.0]]) * MMHG
    flow = orifice_flow(pressure, 0.0, VALVE)
    each = [[float(orifice_flow(value, 0.0, VALVE)) for value in row] for row in pressure]
    assert flow.tolist() == each


# -- hoses


def blasius_drop(flow: float, length: float, bore: float) -> float:
    """Blasius friction and 1.5 velocity heads [Pa]."""
    speed = flow / (np.pi * bore**2 / 4.0)
    reynolds = REFERENCE_DENSITY * speed * bore / AIR_VISCOSITY
    head = 0.5 * REFERENCE_DENSITY * speed**2
    return float(head * (0.316 / reynolds**0.25 * length / bore + 1.5))


def test_hose_drop_is_exact_at_12_litres_a_minute() -> None:
    flow = 12.0 * LITRE_PER_MINUTE
    drop = hose_drop(flow, *hose_coefficients(1.5, 4.0 * MILLIMETRE))
    assert drop == pytest.approx(blasius_drop(flow, 1.5, 4.0 * MILLIMETRE), rel=1e-12)


@pytest.mark.parametrize('litres_per_minute', [10, 15, 20, 25, 30])
@pytest.mark.parametrize('length', [1.0, 1.5, 2.0])
def test_hose_drop_is_within_4_percent_of_blasius(litres_per_minute: int, length: float) -> None:
    flow = litres_per_minute * LITRE_PER_MINUTE
    drop = hose_drop(flow, *hose_coefficients(length, 4.0 * MILLIMETRE))
    assert drop == pytest.approx(blasius_drop(flow, length, 4.0 * MILLIMETRE), rel=0.04)


def test_thin_hose_drops_19_mmhg_at_12_litres_a_minute() -> None:
    drop = hose_drop(12.0 * LITRE_PER_MINUTE, *hose_coefficients(1.5, 4.0 * MILLIMETRE))
    assert drop / MMHG == pytest.approx(19.0, abs=1.0)


def test_slow_flow_drops_by_hagen_poiseuille() -> None:
    length, bore, flow = 1.5, 4.0 * MILLIMETRE, 1e-9
    drop = hose_drop(flow, *hose_coefficients(length, bore))
    expected = 128.0 * AIR_VISCOSITY * length * flow / (np.pi * bore**4)
    assert drop == pytest.approx(expected, rel=1e-3)


def test_wide_hose_has_no_negative_quadratic_part() -> None:
    _, quadratic = hose_coefficients(20.0, 50.0 * MILLIMETRE)
    assert quadratic >= 0.0


@EXAMPLES
@given(
    drop=st.floats(-150.0 * MMHG, 150.0 * MMHG),
    length=st.floats(0.1, 5.0),
    bore=st.floats(2.0 * MILLIMETRE, 12.0 * MILLIMETRE),
)
def test_hose_flow_is_the_inverse_of_the_drop(drop: float, length: float, bore: float) -> None:
    coefficients = hose_coefficients(length, bore)
    flow = hose_flow(drop, 0.0, *coefficients) / REFERENCE_DENSITY
    assert hose_drop(flow, *coefficients) == pytest.approx(drop, rel=1e-9, abs=1e-9)


def test_hose_flow_is_exact_without_a_quadratic_part() -> None:
    assert hose_flow(100.0, 0.0, 50.0, 0.0) == pytest.approx(2.0 * REFERENCE_DENSITY, rel=1e-15)


@EXAMPLES
@given(one=gauge, other=gauge)
def test_hose_flow_turns_round_with_the_pressures(one: float, other: float) -> None:
    coefficients = hose_coefficients(1.5, 4.0 * MILLIMETRE)
    assert hose_flow(one, other, *coefficients) == -hose_flow(other, one, *coefficients)


# -- pump and chamber

FREE_FLOW, SHUT_OFF = 25.0 * LITRE_PER_MINUTE, 400.0 * MMHG


@pytest.mark.parametrize(
    ('supply_mmhg', 'share'), [(0.0, 1.0), (100.0, 0.75), (400.0, 0.0), (500.0, 0.0)]
)
def test_pump_curve_is_straight_and_never_negative(supply_mmhg: float, share: float) -> None:
    flow = pump_flow(1.0, supply_mmhg * MMHG, FREE_FLOW, SHUT_OFF)
    assert flow == pytest.approx(share * FREE_FLOW * REFERENCE_DENSITY, rel=1e-12, abs=1e-15)


def test_pump_flow_is_proportional_to_the_drive() -> None:
    half, full = (pump_flow(drive, 100.0 * MMHG, FREE_FLOW, SHUT_OFF) for drive in (0.5, 1.0))
    assert half == pytest.approx(0.5 * full, rel=1e-12)


def test_stopped_pump_delivers_nothing() -> None:
    assert pump_flow(0.0, 0.0, FREE_FLOW, SHUT_OFF) == 0.0


@EXAMPLES
@given(
    rest_volume=st.floats(0.5 * LITRE, 3.0 * LITRE),
    compliance=st.floats(0.5 * MILLILITRE_PER_MMHG, 8.0 * MILLILITRE_PER_MMHG),
    pressure=st.floats(10.0, 150.0 * MMHG),
)
def test_chamber_capacity_is_the_slope_of_the_gas_law(
    rest_volume: float, compliance: float, pressure: float
) -> None:
    def mass(gauge_pressure: float) -> float:
        volume = rest_volume + compliance * gauge_pressure
        return (ATMOSPHERE + gauge_pressure) * volume / (GAS_CONSTANT * REFERENCE_TEMPERATURE)

    slope = (mass(pressure + 10.0) - mass(pressure - 10.0)) / 20.0
    assert chamber_capacity(rest_volume, compliance, pressure) == pytest.approx(slope, rel=1e-6)


def test_chamber_below_ambient_has_the_capacity_at_ambient() -> None:
    at_zero = chamber_capacity(LITRE, MILLILITRE_PER_MMHG, 0.0)
    assert chamber_capacity(LITRE, MILLILITRE_PER_MMHG, -10.0 * MMHG) == at_zero
