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
    Hold,
    air_beyond_slack,
    air_needed,
    expected_flow,
    flow_bounds,
    hose_rise,
    most_air,
    most_air_beyond_slack,
    most_outflow,
    most_topping,
    valve_flow,
    vented,
)
from compression_boot_control.core.units import LITRE, LITRE_PER_MINUTE, MMHG

EXAMPLES = settings(derandomize=True, deadline=None, max_examples=50)
ALL_OPEN = np.ones(10)
NOBODY = np.zeros(10, dtype=np.bool_)


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


@EXAMPLES
@given(st.floats(0.0, 110.0), st.floats(0.8, 1.2), st.floats(0.5, 2.0), st.floats(1.0, 1.1))
def test_no_leg_and_no_pump_of_the_ranges_holds_more_than_the_most(
    expectation: Expectation, pressure_mmhg: float, larger: float, softer: float, pump: float
) -> None:
    pressure = np.full(10, pressure_mmhg * MMHG)
    own = expectation._replace(
        rest_volume=larger * expectation.rest_volume, compliance=softer * expectation.compliance
    )
    close = 1.0 + 1e-9
    assert (pump * air_needed(own, pressure) <= close * most_air(expectation, pressure)).all()
    beyond = most_air_beyond_slack(expectation, pressure)
    assert (air_beyond_slack(own, pressure) <= close * beyond).all()


def hold(**values: float) -> Hold:
    """Return a hold in which nothing happened but what is said."""
    nothing = dict.fromkeys(Hold._fields, np.zeros(10))
    return Hold(**nothing | {name: np.full(10, value) for name, value in values.items()})


AT_60 = np.full(10, 60.0 * MMHG)


def test_chamber_that_just_arrived_may_take_next_to_nothing(expectation: Expectation) -> None:
    most = most_topping(expectation, AT_60, hold(), 3.0)
    assert (most < 0.02 * air_needed(expectation, AT_60)).all()


@pytest.mark.parametrize(
    'what',
    [
        {'time': 20.0},
        {'rise': 3.0 * MMHG},
        {'neighbours_fall': 60.0 * MMHG},
        {'warm_flow': 12.0 * LITRE_PER_MINUTE},
        {'let_out': 1e-5},
    ],
    ids=lambda what: next(iter(what)),
)
def test_all_that_takes_air_from_a_sound_chamber_is_granted(
    expectation: Expectation, what: dict[str, float]
) -> None:
    granted = most_topping(expectation, AT_60, hold(**what), 3.0)
    assert (granted > most_topping(expectation, AT_60, hold(), 3.0)).all()


def test_what_yields_and_cools_is_granted_once_and_a_leak_for_ever(
    expectation: Expectation,
) -> None:
    after = [most_topping(expectation, AT_60, hold(time=t), 3.0) for t in (100.0, 200.0, 300.0)]
    assert after[2] - after[1] == pytest.approx(after[1] - after[0], rel=1e-3)
    assert after[2] - after[1] == pytest.approx(3.0 * expectation.leak * 100.0, rel=1e-3)


def test_falling_pressure_and_rising_neighbours_take_nothing(expectation: Expectation) -> None:
    falls = hold(rise=-5.0 * MMHG, neighbours_fall=-60.0 * MMHG)
    np.testing.assert_array_equal(
        most_topping(expectation, AT_60, falls, 3.0), most_topping(expectation, AT_60, hold(), 3.0)
    )


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
    return expected_flow(expectation, inlet, np.array([drive]), supply, through, NOBODY)


def test_one_open_chamber_gets_all_of_the_pumps_air(expectation: Expectation) -> None:
    inlet = np.zeros(10)
    inlet[3] = 1.0
    flow = expected(expectation, inlet, 40.0)
    assert flow[3] == pytest.approx(25.0 * LITRE_PER_MINUTE * (1.0 - 40.0 / 400.0))
    assert not np.delete(flow, 3).any()


def test_starved_chambers_share_the_air_that_no_inlet_is_open_for(
    expectation: Expectation,
) -> None:
    starved = np.arange(10) < 4
    shut, one = np.zeros(10), np.zeros(10)
    one[7] = 0.5
    drive, rail = np.ones(1), np.zeros(1)
    flow = expected_flow(expectation, shut, drive, rail, shut, starved)
    assert flow[:4] == pytest.approx(np.full(4, 25.0 / 4.0 * LITRE_PER_MINUTE))
    assert not flow[4:].any()
    # an open one gets it all
    flow = expected_flow(expectation, one, drive, rail, shut, starved)
    assert flow[7] == pytest.approx(25.0 * LITRE_PER_MINUTE, rel=1e-4)


@EXAMPLES
@given(
    rail=st.floats(20.0, 150.0),
    port=st.floats(0.0, 100.0),
    errors=st.tuples(st.floats(-5.0, 5.0), st.floats(-1.0, 1.0), st.floats(0.91, 1.1)),
)
def test_real_flow_lies_within_the_bounds_of_what_is_measured(
    expectation: Expectation, rail: float, port: float, errors: tuple[float, float, float]
) -> None:
    of_rail, of_port, of_valve = errors
    real = of_valve * valve_flow(
        expectation, ALL_OPEN, np.array([rail * MMHG]), np.full(10, port * MMHG)
    )
    least, most = flow_bounds(
        expectation,
        ALL_OPEN,
        np.array([(rail + of_rail) * MMHG]),
        np.full(10, (port + of_port) * MMHG),
    )
    assert (least <= real * (1.0 + 1e-9)).all()
    assert (real <= most * (1.0 + 1e-9)).all()


def test_without_a_supply_sensor_nothing_certain_flows(expectation: Expectation) -> None:
    least, most = flow_bounds(expectation, ALL_OPEN, np.array([np.nan]), np.zeros(10))
    assert set(least) == {0.0}
    full = valve_flow(expectation, ALL_OPEN, np.array([145.0 * MMHG]), np.zeros(10))
    assert (most > full).all()


def test_shut_exhaust_lets_nothing_out(expectation: Expectation) -> None:
    assert set(most_outflow(expectation, np.zeros(10), AT_60)) == {0.0}
    assert (most_outflow(expectation, ALL_OPEN, AT_60) > 0.0).all()


def test_open_chambers_share_by_what_passes_their_dead_band(expectation: Expectation) -> None:
    inlet = np.zeros(10)
    inlet[:2] = 1.0, 0.525
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
    flow = expected_flow(expectation, inlet, pump, supply, through, NOBODY)
    for i in range(3):
        alone = valve_flow(expectation, inlet[i], supply[i], raw[i])
        np.testing.assert_array_equal(through[i], alone)
        np.testing.assert_array_equal(
            flow[i], expected_flow(expectation, inlet[i], pump[i], supply[i], alone, NOBODY)
        )


def test_full_garment_takes_some_15_litres(expectation: Expectation) -> None:
    total = air_needed(expectation, np.full(10, 60.0 * MMHG)).sum()
    assert total == pytest.approx(14.3 * LITRE, rel=0.05)
