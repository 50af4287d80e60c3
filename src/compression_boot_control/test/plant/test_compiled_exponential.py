"""The exponential of compiled code is the exponential."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from compression_boot_control.core.first_order import covered_share
from compression_boot_control.plant.compiled_exponential import exponential

compiled_exponential = njit(lambda x: exponential(x))
compiled_share = njit(lambda time, time_constant: covered_share(time, time_constant))

UNIT_IN_THE_LAST_PLACE = np.finfo(np.float64).eps


@pytest.mark.parametrize('span', [1e-9, 1.0, 30.0, 700.0])
def test_it_differs_from_numpys_by_little_more_than_rounding(span: float) -> None:
    x = -span * np.random.default_rng(1).random(2000)
    found = np.array([compiled_exponential(value) for value in x])
    np.testing.assert_allclose(found, np.exp(x), rtol=2.0 * UNIT_IN_THE_LAST_PLACE)


def test_exponential_of_nothing_is_one() -> None:
    assert compiled_exponential(0.0) == 1.0


def test_what_is_too_small_for_a_number_is_almost_nothing() -> None:
    assert 0.0 <= compiled_exponential(-1e9) < 1e-300
    assert 0.0 <= compiled_exponential(-np.inf) < 1e-300


def test_nan_of_nan() -> None:
    assert np.isnan(compiled_exponential(np.nan))


@pytest.mark.parametrize(('time', 'time_constant'), [(0.01, 0.02), (0.0, 1.0), (10.0, 1e-3)])
def test_share_that_a_lag_covers_is_that_of_numpy(time: float, time_constant: float) -> None:
    found = compiled_share(time, time_constant)
    assert found == pytest.approx(covered_share(time, time_constant), rel=1e-14, abs=1e-16)


def test_lag_without_a_time_constant_is_there_at_once() -> None:
    assert compiled_share(0.01, 0.0) == 1.0
