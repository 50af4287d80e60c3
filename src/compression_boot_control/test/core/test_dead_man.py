"""The dead-man: expired until a permit comes, and again as soon as no fresh one does."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core.dead_man import PERMIT_AGE_LIMIT, DeadMan

NEVER_PERMITTED = DeadMan()


def test_limit_is_a_quarter_of_a_second() -> None:
    assert PERMIT_AGE_LIMIT == 0.25


@pytest.mark.parametrize('now', [-1.0, 0.0, 1e9])
def test_expired_before_the_first_permit(now: float) -> None:
    assert NEVER_PERMITTED.expired(now)


@pytest.mark.parametrize('age', [0.0, 0.125, 0.25])
def test_holds_up_to_the_limit(age: float) -> None:
    assert not NEVER_PERMITTED.permitted(8.0).expired(8.0 + age)


def test_expires_past_the_limit() -> None:
    assert NEVER_PERMITTED.permitted(8.0).expired(math.nextafter(8.25, math.inf))


def test_fresh_permit_revives_it() -> None:
    expired = NEVER_PERMITTED.permitted(8.0)
    assert expired.expired(9.0)
    assert not expired.permitted(9.0).expired(9.1)


def test_clock_that_runs_backwards_expires_it() -> None:
    assert NEVER_PERMITTED.permitted(8.0).expired(math.nextafter(8.0, 0.0))


@pytest.mark.parametrize('now', [math.nan, math.inf, -math.inf])
def test_clock_that_says_nothing_expires_it(now: float) -> None:
    assert NEVER_PERMITTED.permitted(8.0).expired(now)


@pytest.mark.parametrize('permit', [math.nan, math.inf, -math.inf])
def test_permit_at_no_time_is_none(permit: float) -> None:
    assert NEVER_PERMITTED.permitted(permit).expired(8.0)


def test_limit_can_be_tightened() -> None:
    tight = DeadMan(limit=0.125).permitted(8.0)
    assert not tight.expired(8.125)
    assert tight.expired(8.1875)


@pytest.mark.parametrize(
    'limit', [math.nextafter(PERMIT_AGE_LIMIT, 1.0), 1.0, math.inf, 0.0, -0.1, math.nan]
)
def test_limit_cannot_be_loosened_or_meaningless(limit: float) -> None:
    with pytest.raises(ValueError, match='must act within'):
        DeadMan(limit=limit)


def test_noting_a_permit_leaves_the_earlier_state_alone() -> None:
    NEVER_PERMITTED.permitted(8.0)
    assert NEVER_PERMITTED.last_permit is None


@settings(derandomize=True, deadline=None)
@given(
    permits=st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=5),
    now=st.floats(allow_nan=True, allow_infinity=True),
)
def test_never_holds_without_a_permit_within_the_limit(permits: list[float], now: float) -> None:
    dead_man = DeadMan()
    for permit in permits:
        dead_man = dead_man.permitted(permit)
    fresh = bool(permits) and 0.0 <= now - permits[-1] <= PERMIT_AGE_LIMIT
    assert dead_man.expired(now) is not fresh
