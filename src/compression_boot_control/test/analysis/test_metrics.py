"""Figures of merit against sessions whose figures are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.analysis import metrics
from compression_boot_control.analysis.cycles import find_cycles, full_cycles, wave_time
from compression_boot_control.analysis.metrics import ChamberTrace
from compression_boot_control.core.signals import Mode
from compression_boot_control.core.units import MMHG

TRACK, HOLD, VENT = Mode.TRACK, Mode.HOLD, Mode.VENT


def one_chamber(pressure_mmhg, target_mmhg, mode=None, dt=0.1):
    """A trace of one chamber; VENT where the target is 0 unless a mode is given."""
    target = np.array(target_mmhg, float)
    modes = np.where(target > 0, TRACK, VENT) if mode is None else np.array(mode)
    return ChamberTrace(
        chamber_names=('foot',),
        time=np.arange(len(target)) * dt,
        pressure=np.array(pressure_mmhg, float)[:, None] * MMHG,
        mode=modes.astype(int)[:, None],
        target=target[:, None] * MMHG,
    )


def mmhg(value):
    return np.ravel(value)[0] / MMHG


def test_peak_is_the_highest_measured_pressure():
    pressure = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan], [2.0, np.nan]])
    assert np.array_equal(metrics.peak(pressure), [3.0, np.nan], equal_nan=True)


def test_dose_is_the_integral_above_15_mmhg():
    time = np.linspace(0, 60, 601)
    pressure = np.column_stack([np.full(601, 40.0), np.full(601, 10.0), 15 + time]) * MMHG
    dose = metrics.dose(time, pressure) / MMHG / 60
    assert dose == pytest.approx([25.0, 0.0, 30.0])


def test_dose_bridges_short_gaps_and_no_long_ones():
    time = np.linspace(0, 60, 601)
    pressure = np.full((601, 4), 40.0 * MMHG)
    pressure[100:109, 0] = np.nan
    pressure[100:120, 1] = np.nan
    pressure[:50, 2] = np.nan
    pressure[:, 3] = np.nan
    dose = metrics.dose(time, pressure) / MMHG / 60
    assert np.allclose(dose, [25.0, np.nan, np.nan, np.nan], equal_nan=True)
    assert metrics.unknown_time(time, pressure) == pytest.approx([0.0, 2.1, 5.0, 60.0])


def test_overshoot_is_over_the_held_target():
    trace = one_chamber([0, 20, 43, 41, 40, 40, 55, 0], [0, 40, 40, 40, 40, 60, 60, 0])
    assert mmhg(metrics.overshoot(trace)) == pytest.approx(3.0)


def test_a_change_of_mode_does_not_end_the_target():
    trace = one_chamber([20, 30, 42, 40], [40] * 4, [TRACK, TRACK, HOLD, HOLD])
    assert mmhg(metrics.overshoot(trace)) == pytest.approx(2.0)


def test_coming_down_to_a_lower_target_is_no_overshoot():
    trace = one_chamber([20, 60, 60, 55, 45, 40.5, 41.2, 40], [60, 60, 60, 40, 40, 40, 40, 40])
    assert mmhg(metrics.overshoot(trace)) == pytest.approx(1.2)


def test_a_pressure_that_stays_below_has_no_overshoot():
    assert mmhg(metrics.overshoot(one_chamber([10, 20, 30], [40, 40, 40]))) == 0.0


def test_without_target_or_pressure_there_is_no_overshoot():
    nan = np.nan
    assert np.isnan(metrics.overshoot(one_chamber([1, 2, 3], [0, 0, 0]))).all()
    assert np.isnan(metrics.overshoot(one_chamber([nan, nan, nan], [40, 40, 40]))).all()


def test_steady_error_starts_a_second_after_the_pressure_came_near():
    pressure = [20.0] * 5 + [39.5] * 10 + [42.0, 38.0] * 10
    errors = metrics.plateau_errors(one_chamber(pressure, [40.0] * 35), 0)
    assert len(errors) == 20
    assert metrics.steady_rms(errors) / MMHG == pytest.approx(2.0)
    assert metrics.steady_bias(errors) == pytest.approx(0.0, abs=1e-9)


def test_a_target_that_is_never_reached_has_no_plateau():
    errors = metrics.plateau_errors(one_chamber([30.0] * 50, [40.0] * 50), 0)
    assert np.isnan(metrics.steady_rms(errors))
    assert np.isnan(metrics.steady_bias(errors))


def test_a_plateau_ignores_what_is_unknown():
    pressure = [40.0] * 12 + [np.nan] * 5 + [41.0] * 13
    errors = metrics.plateau_errors(one_chamber(pressure, [40.0] * 30), 0)
    assert len(errors) == 15
    assert metrics.steady_rms(errors) / MMHG == pytest.approx(np.sqrt(13 / 15))


def test_vented_at_end_needs_every_chamber(synthetic):
    trace = synthetic(1)
    assert metrics.vented_at_end(trace) is True
    pressure = trace.pressure.copy()
    pressure[-1, 3] = 20 * MMHG
    assert metrics.vented_at_end(replace(trace, pressure=pressure)) is False
    pressure[-60:, 4] = np.nan
    assert metrics.vented_at_end(replace(trace, pressure=pressure)) is False
    pressure[-1, 3] = 0
    assert metrics.vented_at_end(replace(trace, pressure=pressure)) is None
    pressure[-5:] = np.nan
    pressure[-60:, 4] = 0
    assert metrics.vented_at_end(replace(trace, pressure=pressure)) is True
    assert metrics.vented_at_end(one_chamber([], [])) is None


def test_synthetic_session(synthetic):
    trace = synthetic(3)
    cycles = full_cycles(trace)
    assert len(cycles) == 3
    # the thigh starts after 12 s, and is within 2 mmHg of 40 at 38 / 41.5 of its rise of 2.8 s
    assert wave_time(cycles) == pytest.approx(12 + 2.8 * 38 / 41.5, abs=0.03)
    held = 27 - 12 - 2.8 * 38 / 41.5
    assert [cycle.held_time for cycle in cycles] == pytest.approx([held] * 3, abs=0.05)
    assert cycles[0].targets_mmhg == (60, 55, 50, 45, 40) * 2
    assert metrics.overshoot(trace) / MMHG == pytest.approx(1.5, abs=0.1)
    start, end = metrics.session_span(trace)
    assert trace.time[start] == pytest.approx(2.0)
    # the foot falls from 60 to 15 mmHg in 0.8 ln 4 seconds
    assert trace.time[end] == pytest.approx(2 * 37 + 29 + 0.8 * np.log(4), abs=0.04)


def cut(trace, time):
    """The trace up to a time, all chambers vented from there on."""
    late = trace.time >= time
    mode, pressure = trace.mode.copy(), trace.pressure.copy()
    mode[late] = VENT
    pressure[late] = 0.0
    return replace(trace, mode=mode, pressure=pressure)


@pytest.mark.parametrize('time', [2 + 2 * 37 + 5, 2 + 2 * 37 + 20])
def test_a_cycle_that_is_broken_off_does_not_count(synthetic, time):
    trace = cut(synthetic(3), time)
    assert len(find_cycles(trace)) == 3
    assert len(full_cycles(trace)) == 2


def test_a_short_cycle_at_other_targets_counts(synthetic):
    """A warm-up holds shorter, at lower targets: that is its plan, and no break."""
    trace = cut(synthetic(3), 2 + 2 * 37 + 20)
    warm_up = np.where(trace.time > 2 + 2 * 37, 0.6, 1.0)[:, None]
    trace = replace(trace, pressure=trace.pressure * warm_up, target=trace.target * warm_up)
    assert len(full_cycles(trace)) == 3


def test_a_cycle_that_is_not_released_does_not_count(synthetic):
    trace = synthetic(2)
    rows = trace.time < 2 + 37 + 26
    short = ChamberTrace(
        trace.chamber_names,
        *(column[rows] for column in (trace.time, trace.pressure, trace.mode, trace.target)),
    )
    assert len(full_cycles(short)) == 1


def test_legs_that_take_turns_make_one_cycle(synthetic):
    both = synthetic(4)
    mode = both.mode.copy()
    number = np.floor((both.time - 2) / 37).astype(int)
    mode[number % 2 == 0, 5:] = VENT
    mode[number % 2 == 1, :5] = VENT
    cycles = full_cycles(replace(both, mode=mode))
    assert len(cycles) == 2
    assert wave_time(cycles) == pytest.approx(37 + 12 + 2.8 * 38 / 41.5, abs=0.03)


def test_a_zone_that_is_not_reached_gives_no_wave_time(synthetic):
    trace = synthetic(2)
    pressure = trace.pressure.copy()
    pressure[:, 2] *= 0.8
    short = replace(trace, pressure=pressure)
    assert full_cycles(short) == ()
    assert np.isnan(wave_time(()))


def test_an_arrival_that_nobody_saw_gives_no_wave_time(synthetic):
    trace = synthetic(1)
    pressure = trace.pressure.copy()
    pressure[(trace.time > 16) & (trace.time < 18), 4] = np.nan
    cycles = full_cycles(replace(trace, pressure=pressure))
    assert len(cycles) == 1
    assert np.isnan(wave_time(cycles))


def test_a_ramp_is_not_an_arrival():
    """A target that rises in steps is followed all the time, and reached when it stays."""
    target = np.minimum(np.arange(100) * 1.0, 40.0)
    trace = one_chamber(np.concatenate((target, [0.0])), np.concatenate((target, [0.0])))
    (cycle,) = find_cycles(trace)
    assert cycle.wave_time == pytest.approx(3.9)


def test_what_was_set_last_holds():
    held = metrics.in_force(
        np.array([0.0, 1.0, 1.5, 2.0, 9.0]), np.array([1.0, 2.0]), np.array([[5.0], [6.0]]), np.nan
    )
    assert np.array_equal(held[:, 0], [np.nan, 5, 5, 6, 6], equal_nan=True)


def test_shapes_and_time_are_checked():
    good = one_chamber([1, 2], [3, 4])
    with pytest.raises(ValueError, match='shape'):
        replace(good, pressure=np.zeros((2, 2)))
    with pytest.raises(ValueError, match='increase'):
        replace(good, time=np.zeros(2))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_gaps_never_make_a_figure_larger_than_it_is(synthetic, data):
    """Whatever is missing: figures are those of the whole session, smaller peaks, or unknown."""
    trace = synthetic(1, dt=0.1)
    gaps = data.draw(st.lists(st.tuples(st.integers(0, 390), st.integers(1, 40)), max_size=6))
    pressure = trace.pressure.copy()
    for start, size in gaps:
        pressure[start : start + size] = np.nan
    holed = replace(trace, pressure=pressure)
    whole_dose = metrics.dose(trace.time, trace.pressure)
    dose = metrics.dose(holed.time, holed.pressure)
    assert (np.isnan(dose) | (np.abs(dose - whole_dose) < 0.08 * whole_dose)).all()
    assert not (metrics.peak(pressure) > metrics.peak(trace.pressure)).any()
    assert not (metrics.overshoot(holed) > metrics.overshoot(trace)).any()
    found = full_cycles(holed)
    assert len(found) <= 1
    known = wave_time(found)
    assert np.isnan(known) or known == pytest.approx(12 + 2.8 * 38 / 41.5, abs=0.6)
