"""What the safety path expects of a garment; its own arithmetic agrees with the shared one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core import pneumatics
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.safety.expectation import (
    Expectation,
    air_at_rest,
    air_beyond_slack,
    air_needed,
    expected_flow,
    hose_rise,
    valve_flow,
    vented,
)
from compression_boot_control.core.units import LITRE, LITRE_PER_MINUTE, MMHG

EXAMPLES = settings(derandomize=True, deadline=None, max_examples=50)
ALL_OPEN = np.ones(10)


@pytest.fixture(scope='module')
def expectation(garment: Garment) -> Expectation:
    return Expectation.of(garment)


# -- air


@EXAMPLES
@given(st.floats(0.0, 110.0))
def test_air_follows_the_gas_law(expectation: Expectation, pressure_mmhg: float) -> None:
    pressure = pressure_mmhg * MMHG
    volume = expectation.rest_volume + expectation.compliance * pressure
    at_atmosphere = (pneumatics.ATMOSPHERE + pressure) / pneumatics.ATMOSPHERE * volume
    needed = air_needed(expectation, np.full(10, pressure))
    assert needed == pytest.approx(at_atmosphere, rel=1e-12)


def test_slack_chamber_holds_its_rest_volume(expectation: Expectation) -> None:
    assert air_needed(expectation, np.zeros(10)).tolist() == expectation.rest_volume.tolist()


def test_air_beyond_the_slack_begins_at_nothing(expectation: Expectation) -> None:
    assert set(air_beyond_slack(expectation, np.zeros(10))) == {0.0}


def test_chamber_at_rest_may_take_up_less_than_a_fifth_of_its_air(
    expectation: Expectation,
) -> None:
    pressure = np.full(10, 60.0 * MMHG)
    assert (air_at_rest(expectation, pressure) < 0.2 * air_needed(expectation, pressure)).all()


# -- flow


@EXAMPLES
@given(supply=st.floats(20.0, 150.0), below=st.floats(5.0, 100.0))
def test_valve_flow_agrees_with_the_shared_law(
    expectation: Expectation, supply: float, below: float
) -> None:
    raw = np.full(10, (supply - below) * MMHG)
    rail = np.array([supply * MMHG])
    shared = pneumatics.orifice_flow(rail, raw, expectation.inlet_conductance)
    own = valve_flow(expectation, ALL_OPEN, rail, raw)
    assert own == pytest.approx(shared / pneumatics.REFERENCE_DENSITY, rel=1e-9)


def test_valve_flow_does_not_turn_round(expectation: Expectation) -> None:
    flow = valve_flow(expectation, ALL_OPEN, np.array([20.0 * MMHG]), np.full(10, 60.0 * MMHG))
    assert set(flow) == {0.0}


@pytest.mark.parametrize('inlet', [0.0, 0.05])
def test_valve_in_its_dead_band_passes_nothing(expectation: Expectation, inlet: float) -> None:
    flow = valve_flow(expectation, np.full(10, inlet), np.array([140.0 * MMHG]), np.zeros(10))
    assert set(flow) == {0.0}


def test_hose_rise_agrees_with_the_shared_law_at_12_litres_a_minute(
    garment: Garment, expectation: Expectation
) -> None:
    flow = np.full(10, 12.0 * LITRE_PER_MINUTE)
    coefficients = pneumatics.hose_coefficients(garment.hose_length, garment.hose_bore)
    shared = pneumatics.hose_drop(flow, *coefficients)
    assert hose_rise(expectation, flow) == pytest.approx(shared, rel=1e-9)


def expected(
    expectation: Expectation, inlet: np.ndarray, supply_mmhg: float, drive: float = 1.0
) -> np.ndarray:
    """Return the expected flow into slack chambers."""
    supply = np.array([supply_mmhg * MMHG])
    through = valve_flow(expectation, inlet, supply, np.zeros(10))
    return expected_flow(expectation, inlet, np.array([drive]), supply, through)


def test_one_open_chamber_gets_all_of_the_pumps_air(expectation: Expectation) -> None:
    inlet = np.zeros(10)
    inlet[3] = 1.0
    flow = expected(expectation, inlet, 40.0)
    assert flow[3] == pytest.approx(25.0 * LITRE_PER_MINUTE * (1.0 - 40.0 / 400.0))
    assert not np.delete(flow, 3).any()


def test_open_chambers_share_by_their_openings(expectation: Expectation) -> None:
    inlet = np.zeros(10)
    inlet[:2] = 1.0, 0.5
    flow = expected(expectation, inlet, 40.0)
    assert flow[0] == pytest.approx(2.0 * flow[1])


@pytest.mark.parametrize(('inlet', 'drive'), [(np.zeros(10), 1.0), (ALL_OPEN, 0.0)])
def test_no_flow_is_expected_of_a_shut_valve_or_a_still_pump(
    expectation: Expectation, inlet: np.ndarray, drive: float
) -> None:
    assert set(expected(expectation, inlet, 40.0, drive)) == {0.0}


def test_no_flow_is_expected_beyond_the_shut_off(expectation: Expectation) -> None:
    assert set(expected(expectation, ALL_OPEN, 400.0)) == {0.0}


def test_valves_bound_the_flow_once_the_supply_is_high(expectation: Expectation) -> None:
    inlet = np.zeros(10)
    inlet[0] = 0.2
    flow = expected(expectation, inlet, 140.0)
    through = valve_flow(expectation, inlet, np.array([140.0 * MMHG]), np.zeros(10))
    assert flow[0] == pytest.approx(through[0])
    assert flow[0] < 25.0 * LITRE_PER_MINUTE * (1.0 - 140.0 / 400.0)


# -- commands


@pytest.mark.parametrize(
    ('inlet', 'exhaust', 'verdict'),
    [(0.0, 1.0, True), (0.0, 0.99, True), (0.0, 0.98, False), (0.1, 1.0, False), (0.0, 0.0, False)],
)
def test_chamber_is_vented_by_a_shut_inlet_and_an_open_exhaust(
    inlet: float, exhaust: float, verdict: bool
) -> None:
    assert bool(vented(np.array([inlet]), np.array([exhaust]))[0]) is verdict


def test_batch_of_garments_is_expected_like_single_ones(expectation: Expectation) -> None:
    rng = np.random.default_rng(6)
    inlet, raw = rng.random((3, 10)), rng.uniform(0.0, 60.0, (3, 10)) * MMHG
    supply, pump = rng.uniform(60.0, 140.0, (3, 1)) * MMHG, rng.random((3, 1))
    through = valve_flow(expectation, inlet, supply, raw)
    flow = expected_flow(expectation, inlet, pump, supply, through)
    for i in range(3):
        alone = valve_flow(expectation, inlet[i], supply[i], raw[i])
        np.testing.assert_array_equal(through[i], alone)
        np.testing.assert_array_equal(
            flow[i], expected_flow(expectation, inlet[i], pump[i], supply[i], alone)
        )


def test_full_garment_takes_some_15_litres(expectation: Expectation) -> None:
    total = air_needed(expectation, np.full(10, 60.0 * MMHG)).sum()
    assert total == pytest.approx(14.3 * LITRE, rel=0.05)
