"""The presence prompt, by its times alone."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compression_boot_control.core.presence import GRACE_TIME, PROMPT_EVERY, Presence


def test_SR_31_nobody_is_asked_before_15_minutes() -> None:
    presence = Presence().step(PROMPT_EVERY - 0.01)
    assert not presence.asked
    assert presence.left == 0.0
    assert presence.next_prompt == pytest.approx(0.01)


def test_SR_31_after_15_minutes_the_person_is_asked_and_told_how_long() -> None:
    presence = Presence().step(PROMPT_EVERY)
    assert presence.asked
    assert presence.left == GRACE_TIME
    assert presence.next_prompt == 0.0


def test_SR_31_no_answer_in_the_grace_time_is_no_presence() -> None:
    presence = Presence().step(PROMPT_EVERY + GRACE_TIME - 0.01)
    assert not presence.unanswered
    assert presence.step(0.01).unanswered


def test_SR_31_answer_begins_the_next_interval() -> None:
    presence = Presence().step(PROMPT_EVERY + 30.0).confirmed()
    assert not presence.asked
    assert presence.next_prompt == PROMPT_EVERY


def test_answer_before_the_prompt_counts_too() -> None:
    assert Presence().step(600.0).confirmed().next_prompt == PROMPT_EVERY


@pytest.mark.parametrize('dt', [0.0, -1.0, math.nan], ids=str)
def test_time_that_is_no_time_changes_nothing(dt: float) -> None:
    presence = Presence().step(5.0)
    assert presence.step(dt) == presence


def test_time_without_end_is_no_presence() -> None:
    assert Presence().step(math.inf).unanswered


@pytest.mark.parametrize('value', [0.0, -1.0, math.nan, math.inf], ids=str)
@pytest.mark.parametrize('name', ['every', 'grace'])
def test_SR_31_prompt_can_come_sooner_but_not_later_or_never(name: str, value: float) -> None:
    with pytest.raises(ValueError, match='may only come sooner'):
        Presence(**{name: value})


@given(st.lists(st.floats(0.0, 2000.0) | st.just(math.nan), max_size=40))
def test_SR_31_without_an_answer_it_ends_in_time_however_time_is_cut(steps: list[float]) -> None:
    presence = Presence()
    for dt in steps:
        presence = presence.step(dt)
    total = sum(dt for dt in steps if dt > 0.0)
    margin = 1e-6
    if total > PROMPT_EVERY + GRACE_TIME + margin:
        assert presence.unanswered
    if total < PROMPT_EVERY - margin:
        assert not presence.asked
