"""The contract of the PID, one test for each promise of the module."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core.pid import MAX_GAP, PidGains, PidState, bumpless, pid_step
from compression_boot_control.core.signals import FloatArray

DT = 0.01
EXAMPLES = settings(derandomize=True, deadline=None)
ZERO = np.zeros(1)


def gains(
    kp: float = 2.0, ki: float = 1.0, kd: float = 0.5, low: float = -20.0, high: float = 20.0
) -> PidGains:
    """Return gains of one chamber."""
    return PidGains(*(np.array([value]) for value in (kp, ki, kd, low, high)))


def state(integral: float = 0.0, output: float = 0.0) -> PidState:
    """Return what the PID of one chamber remembers."""
    return PidState(np.array([integral]), np.array([output]))


def run(
    law: PidGains, start: PidState, error: float, steps: int, dt: float = DT
) -> tuple[PidState, FloatArray]:
    """Apply the same error for some samples, at least one."""
    for _ in range(steps):
        start, output = pid_step(law, start, np.array([error]), ZERO, ZERO, dt)
    return start, output


# -- the law


def test_output_is_the_sum_of_its_three_parts() -> None:
    after, output = pid_step(
        gains(), state(integral=1.0), np.array([5.0]), np.array([3.0]), np.array([0.5]), DT
    )
    assert output[0] == pytest.approx(2.0 * 2.0 + (1.0 + 2.0 * DT) - 0.5 * 0.5)
    assert after.output[0] == output[0]


@pytest.mark.parametrize(('error', 'limit'), [(1000.0, 20.0), (-1000.0, -20.0)])
def test_output_stays_within_its_limits(error: float, limit: float) -> None:
    _, output = run(gains(), state(), error, steps=1)
    assert output[0] == limit


# -- dt <= 0


@pytest.mark.parametrize('dt', [0.0, -0.0, -DT, -math.inf])
def test_no_time_repeats_the_last_output(dt: float) -> None:
    _, output = pid_step(gains(), state(1.0, 7.0), np.array([5.0]), ZERO, ZERO, dt)
    assert output[0] == 7.0


@pytest.mark.parametrize('dt', [0.0, -0.0, -DT, -math.inf])
def test_no_time_keeps_the_state(dt: float) -> None:
    after, _ = pid_step(gains(), state(1.0, 7.0), np.array([5.0]), ZERO, ZERO, dt)
    assert after == state(1.0, 7.0)


def test_no_time_does_not_answer_nan_with_the_last_output() -> None:
    _, output = pid_step(gains(), state(1.0, 7.0), np.array([np.nan]), ZERO, ZERO, 0.0)
    assert np.isnan(output[0])


# -- NaN


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize('place', range(3), ids=['target', 'measurement', 'rate'])
class TestInputThatIsNoNumber:
    @staticmethod
    def step(place: int, value: float) -> tuple[PidState, FloatArray]:
        inputs = [np.array([5.0, 5.0]), np.zeros(2), np.zeros(2)]
        inputs[place][0] = value
        start = PidState(np.array([1.0, 1.0]), np.array([7.0, 7.0]))
        with np.errstate(invalid='ignore'):
            return pid_step(gains(), start, *inputs, DT)

    def test_gives_nan(self, place: int, value: float) -> None:
        _, output = self.step(place, value)
        assert np.isnan(output[0])

    def test_keeps_the_state(self, place: int, value: float) -> None:
        after, _ = self.step(place, value)
        assert (after.integral[0], after.output[0]) == (1.0, 7.0)

    def test_leaves_the_other_chambers_alone(self, place: int, value: float) -> None:
        _, output = self.step(place, value)
        assert output[1] == pytest.approx(2.0 * 5.0 + 1.0 + 5.0 * DT)


def test_control_goes_on_after_nan_where_it_was() -> None:
    before, _ = run(gains(), state(), 2.0, steps=10)
    during, _ = run(gains(), before, math.nan, steps=10)
    after, output = run(gains(), during, 2.0, steps=1)
    expected, expected_output = run(gains(), before, 2.0, steps=1)
    assert (after, output) == (expected, expected_output)


# -- jitter


@EXAMPLES
@given(st.lists(st.floats(1e-4, MAX_GAP), min_size=1, max_size=50))
def test_jitter_does_not_change_the_integral(intervals: list[float]) -> None:
    after = state()
    for dt in intervals:
        after, _ = run(gains(ki=3.0), after, 0.5, steps=1, dt=dt)
    assert after.integral[0] == pytest.approx(3.0 * 0.5 * math.fsum(intervals), rel=1e-12)


@EXAMPLES
@given(st.floats(1e-4, MAX_GAP))
def test_jitter_does_not_change_proportional_and_derivative_part(dt: float) -> None:
    inputs = np.array([5.0]), np.array([3.0]), np.array([0.5])
    _, output = pid_step(gains(ki=0.0), state(), *inputs, dt)
    _, regular = pid_step(gains(ki=0.0), state(), *inputs, DT)
    assert output == regular


# -- missed samples


@pytest.mark.parametrize('dt', [math.nextafter(MAX_GAP, 1.0), 1.0, 3600.0, math.inf, math.nan])
def test_gap_is_not_integrated(dt: float) -> None:
    after, _ = run(gains(), state(integral=1.0), 3.0, steps=1, dt=dt)
    assert after.integral[0] == 1.0


@pytest.mark.parametrize('dt', [math.nextafter(MAX_GAP, 1.0), 1.0, 3600.0, math.inf, math.nan])
def test_output_after_a_gap_answers_the_present_error(dt: float) -> None:
    _, output = run(gains(), state(integral=1.0, output=-4.0), 3.0, steps=1, dt=dt)
    assert output[0] == 2.0 * 3.0 + 1.0


def test_longest_interval_is_still_integrated() -> None:
    after, _ = run(gains(), state(integral=1.0), 3.0, steps=1, dt=MAX_GAP)
    assert after.integral[0] == pytest.approx(1.0 + 3.0 * MAX_GAP)


# -- bumpless start and mode change


@pytest.mark.parametrize('in_force', [-15.0, 0.0, 6.0, 15.0])
def test_start_continues_the_output_in_force(in_force: float) -> None:
    law = gains(ki=0.0)
    inputs = np.array([5.0]), np.array([4.0]), np.array([2.0])
    start = bumpless(law, *inputs, np.array([in_force]))
    _, output = pid_step(law, start, *inputs, DT)
    assert output[0] == pytest.approx(in_force)


def test_start_moves_only_by_the_integral_of_the_first_sample() -> None:
    law = gains(ki=1.0)
    inputs = np.array([5.0]), np.array([4.0]), np.array([2.0])
    _, output = pid_step(law, bumpless(law, *inputs, np.array([6.0])), *inputs, DT)
    assert output[0] - 6.0 == pytest.approx(1.0 * DT)


def test_change_of_gains_does_not_jump() -> None:
    before, output = run(gains(kp=2.0, ki=0.0), state(integral=3.0), 1.0, steps=5)
    stiffer = gains(kp=8.0, ki=0.0)
    changed = bumpless(stiffer, np.array([1.0]), ZERO, ZERO, before.output)
    _, continued = run(stiffer, changed, 1.0, steps=1)
    assert continued[0] == pytest.approx(output[0])


@pytest.mark.parametrize(('in_force', 'limit'), [(1e6, 20.0), (-1e6, -20.0)])
def test_start_from_beyond_the_limits_is_at_the_limit(in_force: float, limit: float) -> None:
    start = bumpless(gains(), ZERO, ZERO, ZERO, np.array([in_force]))
    assert (start.integral[0], start.output[0]) == (limit, limit)


# -- anti-windup


@pytest.mark.parametrize('error', [15.0, -15.0])
def test_integral_does_not_wind_up_in_saturation(error: float) -> None:
    after, output = run(gains(), state(), error, steps=1_000)
    assert abs(output[0]) == 20.0
    assert after.integral[0] == 0.0


@pytest.mark.parametrize('error', [4.0, -4.0])
def test_integral_stops_where_the_output_reaches_its_limit(error: float) -> None:
    after, output = run(gains(), state(), error, steps=3_000)
    assert abs(output[0]) <= 20.0
    assert abs(after.integral[0]) == pytest.approx(20.0 - 2.0 * 4.0, abs=4.0 * DT)


@pytest.mark.parametrize('error', [15.0, -15.0])
def test_output_leaves_saturation_with_the_first_sample_on_the_other_side(error: float) -> None:
    saturated, _ = run(gains(), state(), error, steps=1_000)
    _, output = run(gains(), saturated, -error / 15.0, steps=1)
    assert output[0] == pytest.approx(-error / 15.0 * (2.0 + DT))


@pytest.mark.parametrize('sign', [1.0, -1.0])
def test_integral_does_not_wind_up_when_the_derivative_saturates_the_output(sign: float) -> None:
    after, output = pid_step(
        gains(), state(), np.array([sign]), ZERO, np.array([-100.0 * sign]), DT
    )
    assert output[0] == 20.0 * sign
    assert after.integral[0] == 0.0


@pytest.mark.parametrize(('integral', 'error'), [(30.0, -0.5), (-30.0, 0.5)])
def test_integral_beyond_the_limits_runs_back(integral: float, error: float) -> None:
    after, _ = run(gains(), state(integral=integral), error, steps=1)
    assert after.integral[0] == pytest.approx(integral + error * DT)


# -- derivative


def test_step_of_the_set_point_does_not_kick() -> None:
    law = gains(kp=1.0, ki=0.0, kd=100.0)
    measurement, rate = np.array([3.0]), np.array([0.02])
    before, first = pid_step(law, state(), np.array([3.0]), measurement, rate, DT)
    _, second = pid_step(law, before, np.array([8.0]), measurement, rate, DT)
    assert second[0] - first[0] == pytest.approx(1.0 * 5.0)


def test_derivative_acts_on_the_rate_that_is_given_not_on_differences() -> None:
    law = gains(kp=0.0, ki=0.0, kd=1.0)
    before, _ = pid_step(law, state(), ZERO, np.array([0.0]), ZERO, DT)
    _, output = pid_step(law, before, ZERO, np.array([50.0]), np.array([2.0]), DT)
    assert output[0] == -2.0


# -- arrays


def test_every_chamber_has_its_own_limits() -> None:
    law = gains()._replace(low=np.array([-1.0, -2.0, -3.0]), high=np.array([4.0, 5.0, 6.0]))
    start = PidState.at_rest((3,))
    _, up = pid_step(law, start, np.full(3, 100.0), np.zeros(3), np.zeros(3), DT)
    _, down = pid_step(law, start, np.full(3, -100.0), np.zeros(3), np.zeros(3), DT)
    assert up.tolist() == [4.0, 5.0, 6.0]
    assert down.tolist() == [-1.0, -2.0, -3.0]


def test_chamber_that_saturates_does_not_stop_the_integral_of_another() -> None:
    after, _ = pid_step(
        gains(), PidState.at_rest((2,)), np.array([100.0, 1.0]), np.zeros(2), np.zeros(2), DT
    )
    assert after.integral.tolist() == [0.0, DT]


def test_batch_equals_single_loops() -> None:
    rng = np.random.default_rng(1)
    law = PidGains(*rng.uniform(0.1, 2.0, (3, 4)), np.full(4, -3.0), np.full(4, 3.0))
    target, measurement, rate = rng.normal(0.0, 2.0, (3, 20, 5, 4))
    measurement[7, 2, 1] = np.nan
    batch = PidState.at_rest((5, 4))
    singles = [PidState.at_rest((4,)) for _ in range(5)]
    for step in range(20):
        batch, output = pid_step(law, batch, target[step], measurement[step], rate[step], DT)
        for i, single in enumerate(singles):
            singles[i], alone = pid_step(
                law, single, target[step, i], measurement[step, i], rate[step, i], DT
            )
            np.testing.assert_array_equal(output[i], alone)


def test_step_writes_into_none_of_its_inputs() -> None:
    law, start = gains(), state(1.0, 2.0)
    inputs = [np.array([5.0]), np.array([4.0]), np.array([0.1])]
    for array in (*law, *start, *inputs):
        array.setflags(write=False)
    after, _ = pid_step(law, start, *inputs, DT)
    assert after.integral[0] != start.integral[0]
