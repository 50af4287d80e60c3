"""Hard limits: what they are, and that nothing loosens them."""

from __future__ import annotations

import math
from dataclasses import asdict, fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core.safety.limits import HARD_LIMITS, LOWEST_RAW, SafetyLimits
from compression_boot_control.core.units import MMHG

NAMES = [field.name for field in fields(SafetyLimits)]


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('over_pressure', 125.0 * MMHG),
        ('over_pressure_time', 0.3),
        ('highest_raw', 299.0 * MMHG),
        ('state_age', 0.2),
        ('request_age', 0.2),
        ('cycle_time', 0.2),
        ('vented_pressure', 15.0 * MMHG),
        ('excess', 15.0 * MMHG),
        ('excess_time', 1.0),
        ('pressure_time', 180.0),
        ('deflate_time', 10.0),
        ('inflate_share', 1.5),
        ('leak_share', 3.0),
        ('leak_time', 7.0),
        ('kink_share', 0.3),
        ('zero_offset', 5.0 * MMHG),
        ('zero_time', 5.8),
        ('stuck_time', 1.0),
        ('rate', 400.0 * MMHG),
        ('sensors_apart', 10.0 * MMHG),
        ('sensors_apart_time', 1.0),
        ('supply', 175.0 * MMHG),
    ],
)
def test_hard_limit(name: str, expected: float) -> None:
    assert getattr(HARD_LIMITS, name) == expected


def test_bottom_of_the_sensors_range() -> None:
    assert LOWEST_RAW == -9.5 * MMHG


@pytest.mark.parametrize('name', NAMES)
def test_limit_can_be_lowered(name: str) -> None:
    lower = 0.5 * getattr(HARD_LIMITS, name)
    assert getattr(HARD_LIMITS.tightened(**{name: lower}), name) == lower


@pytest.mark.parametrize('name', NAMES)
def test_limit_can_be_set_to_what_it_is(name: str) -> None:
    same = {name: getattr(HARD_LIMITS, name)}
    assert HARD_LIMITS.tightened(**same) == HARD_LIMITS


@pytest.mark.parametrize('name', NAMES)
def test_limit_cannot_be_raised(name: str) -> None:
    higher = math.nextafter(getattr(HARD_LIMITS, name), math.inf)
    with pytest.raises(ValueError, match=f'{name} may only be tightened'):
        HARD_LIMITS.tightened(**{name: higher})


@pytest.mark.parametrize('value', [0.0, -0.0, -1.0, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize('name', NAMES)
def test_limit_must_be_a_positive_number(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f'{name} must be a positive number'):
        HARD_LIMITS.tightened(**{name: value})


def test_unknown_limit_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(
        ValueError, match=r'no safety limit is called overpressure; .*over_pressure'
    ):
        HARD_LIMITS.tightened(overpressure=1.0)


def test_one_wrong_limit_refuses_them_all() -> None:
    with pytest.raises(ValueError, match='state_age'):
        HARD_LIMITS.tightened(request_age=0.1, state_age=1.0)


def test_limit_that_was_tightened_cannot_be_loosened_again() -> None:
    tight = HARD_LIMITS.tightened(state_age=0.1)
    with pytest.raises(ValueError, match='may only be tightened'):
        tight.tightened(state_age=0.2)


def test_tightening_leaves_the_hard_limits_alone() -> None:
    before = asdict(HARD_LIMITS)
    HARD_LIMITS.tightened(state_age=0.1)
    assert asdict(HARD_LIMITS) == before


@settings(derandomize=True, deadline=None)
@given(name=st.sampled_from(NAMES), value=st.floats(allow_nan=True, allow_infinity=True))
def test_whatever_is_asked_no_limit_becomes_looser(name: str, value: float) -> None:
    try:
        limits = HARD_LIMITS.tightened(**{name: value})
    except ValueError:
        limits = HARD_LIMITS
    assert 0.0 < getattr(limits, name) <= getattr(HARD_LIMITS, name)
