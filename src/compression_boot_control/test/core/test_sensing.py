"""Sensing: zero, hose drop, filter and quality, from readings made up or simulated."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.sensing import sensing_step
from compression_boot_control.core.sensing_parameters import SensingParameters, SensingState
from compression_boot_control.core.signals import (
    Actuation,
    FloatArray,
    Pressures,
    Quality,
    Readings,
    Reason,
)
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant import step as reference
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.parameters import PlantParameters

DT = 0.01
SHUT = {'inlet': 0.0, 'exhaust': 0.0}
VENTED = {'inlet': 0.0, 'exhaust': 1.0}
FILLING = {'inlet': 1.0, 'exhaust': 0.0, 'supply': 140.0}


class Bench:
    """Sensing fed with made-up readings, the same for all chambers unless given per chamber."""

    def __init__(self, parameters: SensingParameters, shape: tuple[int, ...]) -> None:
        self.parameters = parameters
        self.shape = shape
        self.state = SensingState.initial(shape)

    def feed(
        self,
        raw_mmhg: float | FloatArray,
        seconds: float = DT,
        *,
        inlet: float | FloatArray,
        exhaust: float | FloatArray,
        supply: float = math.nan,
        dt: float = DT,
    ) -> Pressures:
        """Repeat one reading for some time; pressures in mmHg."""

        def each(value: float | FloatArray) -> FloatArray:
            return np.array(np.broadcast_to(value, self.shape), dtype=np.float64)

        garments = self.shape[:-1]
        readings = Readings(
            pressure=each(raw_mmhg) * MMHG,
            inlet=each(inlet),
            exhaust=each(exhaust),
            supply_pressure=np.full(garments, supply * MMHG),
            pump=np.ones(garments),
        )
        for _ in range(max(round(seconds / DT), 1)):
            self.state, pressures = sensing_step(self.parameters, self.state, readings, dt)
        return pressures


@pytest.fixture(scope='module')
def parameters(garment: Garment) -> SensingParameters:
    return SensingParameters.from_garment(garment)


@pytest.fixture
def bench(parameters: SensingParameters) -> Bench:
    """Sensing that has just started."""
    return Bench(parameters, (10,))


@pytest.fixture(scope='module')
def zero_found(parameters: SensingParameters) -> SensingState:
    """Return the state after a vented time on exact sensors."""
    bench = Bench(parameters, (10,))
    bench.feed(0.0, 3.0, **VENTED)
    return bench.state


@pytest.fixture
def zeroed(bench: Bench, zero_found: SensingState) -> Bench:
    """Sensing that has found its zero on exact sensors."""
    bench.state = zero_found
    return bench


# -- zero


def test_constant_pressure_is_exact_once_the_zero_is_known(parameters: SensingParameters) -> None:
    offset = np.linspace(-4.9, 4.9, 10)
    bench = Bench(parameters, (10,))
    bench.feed(offset, 15.0, **VENTED)
    pressures = bench.feed(60.0 + offset, 1.0, **SHUT)
    assert pressures.pressure / MMHG == pytest.approx(60.0, abs=1e-3)
    assert pressures.rate == pytest.approx(0.0, abs=1.0)


def test_pressure_is_uncertain_until_the_zero_is_known(bench: Bench) -> None:
    pressures = bench.feed(0.0, 1.4, **VENTED)
    assert set(pressures.quality) == {Quality.UNCERTAIN}
    assert set(pressures.reason) == {Reason.NOT_ZEROED}


def test_pressure_is_good_once_the_zero_is_known(bench: Bench) -> None:
    pressures = bench.feed(0.0, 3.0, **VENTED)
    assert set(pressures.quality) == {Quality.GOOD}
    assert set(pressures.reason) == {Reason.NONE}


def test_uncertain_pressure_is_given(bench: Bench) -> None:
    pressures = bench.feed(40.0, 1.0, **SHUT)
    assert set(pressures.quality) == {Quality.UNCERTAIN}
    assert pressures.pressure == pytest.approx(40.0 * MMHG, abs=0.1)


@pytest.mark.parametrize(
    ('inlet', 'exhaust'),
    [(0.0, 0.0), (0.0, 0.9), (0.1, 1.0)],
    ids=['exhaust shut', 'exhaust not fully open', 'inlet open'],
)
def test_zero_is_not_learned_unless_vented(bench: Bench, inlet: float, exhaust: float) -> None:
    bench.feed(4.0, 5.0, inlet=inlet, exhaust=exhaust)
    assert set(bench.state.offset) == {0.0}


def test_zero_is_not_learned_while_the_pressure_falls(bench: Bench) -> None:
    for raw in np.arange(100.0, 0.0, -10.0 * DT):
        bench.feed(raw, **VENTED)
    assert set(bench.state.offset) == {0.0}


def test_wait_for_the_zero_starts_again_with_every_fill(bench: Bench) -> None:
    for _ in range(5):
        bench.feed(4.0, 0.9, **VENTED)
        bench.feed(4.0, 0.1, **FILLING)
    assert set(bench.state.offset) == {0.0}


def test_zero_survives_the_fill_that_follows(zeroed: Bench) -> None:
    zeroed.feed(3.0, 10.0, **VENTED)
    zeroed.feed(60.0, 5.0, **SHUT)
    assert zeroed.state.offset / MMHG == pytest.approx(3.0, abs=1e-3)


@pytest.mark.parametrize(('raw', 'limit'), [(8.0, 5.0), (-8.0, -5.0)])
def test_no_more_than_the_offset_limit_is_taken_off(bench: Bench, raw: float, limit: float) -> None:
    pressures = bench.feed(raw, 10.0, **VENTED)
    assert bench.state.offset / MMHG == pytest.approx(limit)
    assert set(pressures.quality) == {Quality.UNCERTAIN}
    assert set(pressures.reason) == {Reason.OFFSET}


# -- readings that are none


IMPOSSIBLE = [
    pytest.param('pressure', math.nan, Reason.MISSING, id='pressure nan'),
    pytest.param('pressure', math.inf, Reason.MISSING, id='pressure inf'),
    pytest.param('pressure', -math.inf, Reason.MISSING, id='pressure -inf'),
    pytest.param('pressure', 299.0 * MMHG, Reason.OUT_OF_RANGE, id='pressure at the top'),
    pytest.param('pressure', -9.5 * MMHG, Reason.OUT_OF_RANGE, id='pressure at the bottom'),
    pytest.param('pressure', 1e300, Reason.OUT_OF_RANGE, id='pressure huge'),
    pytest.param('inlet', math.nan, Reason.MISSING, id='inlet nan'),
    pytest.param('inlet', math.inf, Reason.MISSING, id='inlet inf'),
    pytest.param('inlet', 1.01, Reason.OUT_OF_RANGE, id='inlet beyond open'),
    pytest.param('inlet', -0.01, Reason.OUT_OF_RANGE, id='inlet beyond shut'),
    pytest.param('exhaust', math.nan, Reason.MISSING, id='exhaust nan'),
    pytest.param('exhaust', 1e300, Reason.OUT_OF_RANGE, id='exhaust huge'),
]


def spoiled(field: str, value: float) -> Readings:
    """Return readings of 60 mmHg with shut valves, one of chamber 3 replaced."""
    readings = Readings(
        pressure=np.full(10, 60.0 * MMHG),
        inlet=np.zeros(10),
        exhaust=np.zeros(10),
        supply_pressure=np.array(140.0 * MMHG),
        pump=np.array(1.0),
    )
    values = getattr(readings, field).copy()
    values[3] = value
    return replace(readings, **{field: values})


@pytest.mark.parametrize(('field', 'value', 'reason'), IMPOSSIBLE)
class TestImpossibleReading:
    @staticmethod
    def step(zeroed: Bench, field: str, value: float) -> Pressures:
        zeroed.feed(60.0, 0.5, **SHUT)
        zeroed.state, pressures = sensing_step(
            zeroed.parameters, zeroed.state, spoiled(field, value), DT
        )
        return pressures

    def test_is_bad_and_says_why(
        self, zeroed: Bench, field: str, value: float, reason: Reason
    ) -> None:
        pressures = self.step(zeroed, field, value)
        assert (pressures.quality[3], pressures.reason[3]) == (Quality.BAD, reason)

    def test_reads_nan_and_not_the_last_value(
        self, zeroed: Bench, field: str, value: float, reason: Reason
    ) -> None:
        pressures = self.step(zeroed, field, value)
        assert np.isnan(pressures.pressure[3])
        assert np.isnan(pressures.rate[3])

    def test_leaves_the_other_chambers_good(
        self, zeroed: Bench, field: str, value: float, reason: Reason
    ) -> None:
        pressures = self.step(zeroed, field, value)
        others = np.arange(10) != 3
        assert set(pressures.quality[others]) == {Quality.GOOD}
        assert pressures.pressure[others] == pytest.approx(60.0 * MMHG, abs=0.1)

    def test_is_forgotten_with_the_next_good_one(
        self, zeroed: Bench, field: str, value: float, reason: Reason
    ) -> None:
        self.step(zeroed, field, value)
        pressures = zeroed.feed(60.0, **SHUT)
        assert pressures.quality[3] == Quality.GOOD
        assert pressures.pressure[3] == pytest.approx(60.0 * MMHG, abs=0.1)


def test_reading_after_a_gap_is_not_filtered_with_the_one_before(zeroed: Bench) -> None:
    zeroed.feed(60.0, 0.5, **SHUT)
    zeroed.feed(math.nan, 0.5, **SHUT)
    pressures = zeroed.feed(20.0, **SHUT)
    assert pressures.pressure == pytest.approx(20.0 * MMHG, abs=0.1)
    assert set(pressures.rate) == {0.0}


def test_gap_does_not_cost_the_zero(zeroed: Bench) -> None:
    zeroed.feed(3.0, 10.0, **VENTED)
    zeroed.feed(math.nan, 5.0, **VENTED)
    assert zeroed.state.offset / MMHG == pytest.approx(3.0, abs=1e-3)


# -- a sensor that is stuck


@pytest.fixture
def stuck(zeroed: Bench) -> Bench:
    """Sensing that has found all sensors stuck at 20 mmHg during a fill."""
    pressures = zeroed.feed(20.0, 1.7, **FILLING)
    assert set(pressures.reason) == {Reason.STUCK}
    return zeroed


def test_reading_that_does_not_move_during_a_fill_is_bad(zeroed: Bench) -> None:
    pressures = zeroed.feed(20.0, 1.7, **FILLING)
    assert set(pressures.quality) == {Quality.BAD}
    assert np.isnan(pressures.pressure).all()


def test_reading_may_stand_still_for_more_than_a_second(zeroed: Bench) -> None:
    pressures = zeroed.feed(20.0, 1.4, **FILLING)
    assert set(pressures.quality) == {Quality.GOOD}


@pytest.mark.parametrize('valves', [SHUT, VENTED], ids=['valves shut', 'vented'])
def test_reading_may_stand_still_while_no_air_has_to_flow(
    zeroed: Bench, valves: dict[str, float]
) -> None:
    pressures = zeroed.feed(20.0, 1.4, **valves)
    assert Reason.STUCK not in set(pressures.reason)


def test_reading_that_moves_is_not_stuck(zeroed: Bench) -> None:
    for step in range(200):
        pressures = zeroed.feed(20.0 + 0.1 * (step % 2), **FILLING)
    assert set(pressures.quality) == {Quality.GOOD}


def test_vent_does_not_clear_a_stuck_sensor(stuck: Bench) -> None:
    pressures = stuck.feed(20.0, 5.0, **VENTED)
    assert set(pressures.reason) == {Reason.STUCK}


def test_dropped_samples_do_not_clear_a_stuck_sensor(stuck: Bench) -> None:
    stuck.feed(math.nan, 0.5, **VENTED)
    pressures = stuck.feed(20.0, **VENTED)
    assert set(pressures.reason) == {Reason.STUCK}


def test_reading_that_moves_again_is_good(stuck: Bench) -> None:
    pressures = stuck.feed(18.0, **VENTED)
    assert set(pressures.quality) == {Quality.GOOD}


# -- filter


def test_step_of_the_reading_does_not_kick_the_rate(zeroed: Bench) -> None:
    zeroed.feed(60.0, 2.0, **SHUT)
    pressures = zeroed.feed(61.0, **SHUT)
    difference = 1.0 * MMHG / DT
    assert (np.abs(pressures.rate) < 0.1 * difference).all()


def test_rate_follows_a_ramp(zeroed: Bench) -> None:
    for raw in np.arange(20.0, 50.0, 10.0 * DT):
        pressures = zeroed.feed(raw, **SHUT)
    assert pressures.rate / MMHG == pytest.approx(10.0, rel=0.01)


@pytest.mark.parametrize('dt', [0.0, -0.01, -1e9, math.nan, math.inf])
def test_interval_that_is_none_does_not_move_the_estimate(zeroed: Bench, dt: float) -> None:
    before = zeroed.feed(60.0, 0.5, **SHUT)
    pressures = zeroed.feed(80.0, dt=dt, **SHUT)
    np.testing.assert_array_equal(pressures.pressure, before.pressure)


# -- supply


def test_supply_pressure_is_passed_on(bench: Bench) -> None:
    assert bench.feed(0.0, supply=140.0, **SHUT).supply_pressure == pytest.approx(140.0 * MMHG)


UNKNOWN_SUPPLY = [math.nan, math.inf, -math.inf, 300.0, -10.0, 1e300]


@pytest.mark.parametrize('supply', UNKNOWN_SUPPLY)
def test_fill_without_a_known_supply_reads_high_and_never_low(
    zeroed: Bench, parameters: SensingParameters, supply: float
) -> None:
    informed = Bench(parameters, (10,))
    informed.state = zeroed.state
    raw = 20.0 + np.arange(50) * 0.5
    for value in raw:
        corrected = informed.feed(value, **FILLING)
        pressures = zeroed.feed(value, **(FILLING | {'supply': supply}))
    assert set(pressures.quality) == {Quality.GOOD}
    assert (pressures.pressure > corrected.pressure + 5.0 * MMHG).all()


@pytest.mark.parametrize('supply', UNKNOWN_SUPPLY)
def test_chamber_at_rest_needs_no_supply_sensor(zeroed: Bench, supply: float) -> None:
    pressures = zeroed.feed(60.0, 1.0, supply=supply, **SHUT)
    assert pressures.pressure == pytest.approx(60.0 * MMHG, abs=0.1)


# -- hose drop, against the simulated boots


@dataclass(frozen=True)
class Fill:
    """Errors of three estimates of one calf chamber, and of the sensor at its manifold [mmHg].

    Attributes
    ----------
    exact, thin, thick : (T,) array
        With the hose's own parameters, with a drop modelled 30 % too small, and 30 % too large.
    uncorrected : (T,) array
        The raw reading.
    stop : int
        First sample after the valve was shut.
    """

    exact: FloatArray
    thin: FloatArray
    thick: FloatArray
    uncorrected: FloatArray
    stop: int


@pytest.fixture(scope='module')
def fill(garment: Garment, parameters: SensingParameters) -> Fill:
    """Fill one chamber from slack with its inlet fully open, then shut it."""
    variants = np.array([[1.0], [0.7], [1.3]])
    parameters = parameters._replace(
        hose_linear=parameters.hose_linear * variants,
        hose_quadratic=parameters.hose_quadratic * variants,
    )
    boots = SimulatedBoots(
        PlantParameters.from_garment(garment), integrator=reference.advance, maximum_substep=5e-3
    )
    state = SensingState.initial((3, 10))
    calf = garment.index('left_calf')
    inlet = np.zeros(10)
    inlet[calf] = 1.0
    program = (
        (300, Actuation.vented((10,))),
        (700, Actuation(inlet, np.zeros(10), np.array(1.0))),
        (100, Actuation(np.zeros(10), np.zeros(10), np.array(0.0))),
    )
    errors = []
    for samples, actuation in program:
        for _ in range(samples):
            raw = boots.step(actuation, DT)
            readings = Readings(
                *(
                    np.broadcast_to(values, (3, *values.shape))
                    for values in (
                        raw.pressure,
                        raw.inlet,
                        raw.exhaust,
                        raw.supply_pressure,
                        raw.pump,
                    )
                )
            )
            state, pressures = sensing_step(parameters, state, readings, DT)
            known = np.append(pressures.pressure[:, calf], raw.pressure[calf])
            errors.append((known - boots.true_pressure[calf]) / MMHG)
    assert boots.true_pressure[calf] > 30.0 * MMHG
    return Fill(*np.array(errors[300:]).T, stop=700)


def test_raw_reading_is_some_20_mmhg_high_during_a_fill(fill: Fill) -> None:
    assert fill.uncorrected[: fill.stop].max() > 18.0


def test_hose_drop_is_removed_during_a_fill(fill: Fill) -> None:
    assert np.abs(fill.exact[: fill.stop]).max() < 2.5


def test_hose_drop_is_removed_in_the_slack(fill: Fill) -> None:
    assert np.abs(fill.exact[100:500]).max() < 0.5


@pytest.mark.parametrize('variant', ['thin', 'thick'])
def test_hose_30_percent_off_keeps_a_fill_within_15_mmhg(fill: Fill, variant: str) -> None:
    assert np.abs(getattr(fill, variant)[: fill.stop]).max() < 15.0


@pytest.mark.parametrize('variant', ['exact', 'thin', 'thick'])
def test_estimate_is_right_a_fifth_of_a_second_after_the_fill(fill: Fill, variant: str) -> None:
    assert np.abs(getattr(fill, variant)[fill.stop + 20 :]).max() < 0.5


# -- arrays


def test_batch_equals_single_garments(parameters: SensingParameters) -> None:
    rng = np.random.default_rng(2)
    raw = rng.normal(40.0, 10.0, (60, 3, 10)) * MMHG
    raw[10:15, 1, 4] = np.nan
    inlet = rng.integers(0, 2, (60, 3, 10)).astype(float)
    supply = rng.uniform(60.0, 140.0, (60, 3)) * MMHG
    supply[20:30, 2] = np.nan
    batch = SensingState.initial((3, 10))
    singles = [SensingState.initial((10,)) for _ in range(3)]
    for step in range(60):
        inputs = (raw[step], inlet[step], 1.0 - inlet[step], supply[step], supply[step])
        batch, together = sensing_step(parameters, batch, Readings(*inputs), DT)
        for i, single in enumerate(singles):
            singles[i], alone = sensing_step(
                parameters, single, Readings(*(values[i] for values in inputs)), DT
            )
            np.testing.assert_array_equal(together.pressure[i], alone.pressure)
            np.testing.assert_array_equal(together.rate[i], alone.rate)
            np.testing.assert_array_equal(together.reason[i], alone.reason)


def test_step_writes_into_none_of_its_inputs(parameters: SensingParameters) -> None:
    state = SensingState.initial((10,))
    readings = spoiled('pressure', math.nan)
    inputs = [getattr(readings, name) for name in ('pressure', 'inlet', 'exhaust')]
    for array in (*state, *inputs):
        array.setflags(write=False)
    after, _ = sensing_step(parameters, state, readings, DT)
    assert after.started.any()
    assert not state.started.any()


# -- property

anything = st.one_of(
    st.floats(-1.0, 2.0),
    st.floats(-20.0 * MMHG, 320.0 * MMHG),
    st.floats(allow_nan=True, allow_infinity=True),
)
reading = st.fixed_dictionaries(
    {'raw': anything, 'inlet': anything, 'exhaust': anything, 'supply': anything, 'dt': anything}
)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(reading, min_size=1, max_size=8))
def test_whatever_comes_a_pressure_is_a_number_or_bad(
    parameters: SensingParameters, readings: list[dict[str, float]]
) -> None:
    state = SensingState.initial((10,))
    for value in readings:
        sample = Readings(
            np.full(10, value['raw']),
            np.full(10, value['inlet']),
            np.full(10, value['exhaust']),
            np.array(value['supply']),
            np.array(1.0),
        )
        with np.errstate(all='ignore'):
            state, pressures = sensing_step(parameters, state, sample, value['dt'])
        bad = pressures.quality == Quality.BAD
        possible = (
            -9.5 * MMHG < value['raw'] < 299.0 * MMHG
            and 0.0 <= value['inlet'] <= 1.0
            and 0.0 <= value['exhaust'] <= 1.0
        )
        assert bad.all() or possible
        np.testing.assert_array_equal(np.isnan(pressures.pressure), bad)
        assert np.isfinite(pressures.pressure[~bad]).all()
        assert np.isfinite(pressures.rate[~bad]).all()


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(reading, min_size=1, max_size=8))
def test_whatever_came_sensing_recovers(
    parameters: SensingParameters, readings: list[dict[str, float]]
) -> None:
    bench = Bench(parameters, (10,))
    for value in readings:
        with np.errstate(all='ignore'):
            bench.feed(
                value['raw'] / MMHG,
                inlet=value['inlet'],
                exhaust=value['exhaust'],
                supply=value['supply'] / MMHG,
                dt=value['dt'],
            )
    bench.feed(30.0, **SHUT)
    pressures = bench.feed(40.0, 0.5, **SHUT)
    offset = bench.state.offset
    assert Quality.BAD not in set(pressures.quality)
    assert pressures.pressure + offset == pytest.approx(40.0 * MMHG, abs=1.0)
