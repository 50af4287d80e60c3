"""The table of hazards: complete, unambiguous, and tied to limits that exist."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from compression_boot_control.core.safety.hazards import (
    EMERGENCY_STOP,
    HAZARDS,
    OVER_PRESSURE,
    Hazard,
    Priority,
    Scope,
)
from compression_boot_control.core.safety.limits import HARD_LIMITS, SafetyLimits

LIMITS = {field.name for field in fields(SafetyLimits)}
BY_ID = pytest.mark.parametrize('hazard', HAZARDS, ids=lambda hazard: hazard.id)


def test_ids_are_unique() -> None:
    ids = [hazard.id for hazard in HAZARDS]
    assert len(set(ids)) == len(ids)


def test_texts_are_unique() -> None:
    texts = [hazard.text for hazard in HAZARDS]
    assert len(set(texts)) == len(texts)


@BY_ID
def test_id_has_the_form_of_a_requirement(hazard: Hazard) -> None:
    assert re.fullmatch(r'SR-\d\d', hazard.id)


@BY_ID
def test_hazard_says_what_is_required_what_is_wrong_and_what_to_do(hazard: Hazard) -> None:
    assert hazard.requirement.endswith('.')
    assert hazard.text
    assert hazard.advice


@BY_ID
def test_limit_and_debounce_name_limits_that_exist(hazard: Hazard) -> None:
    assert {hazard.limit, hazard.debounce} - {None} <= LIMITS


@BY_ID
def test_hazard_that_vents_everything_is_of_high_priority(hazard: Hazard) -> None:
    assert hazard.scope != Scope.ALL or hazard.priority == Priority.HIGH


def test_emergency_stop_and_over_pressure_stay_until_a_reset() -> None:
    assert EMERGENCY_STOP.latched
    assert OVER_PRESSURE.latched


def test_debounce_comes_from_the_limits() -> None:
    tight = HARD_LIMITS.tightened(over_pressure_time=0.125)
    assert OVER_PRESSURE.debounce_time(tight) == 0.125


def test_hazard_without_debounce_acts_at_once() -> None:
    assert EMERGENCY_STOP.debounce_time(HARD_LIMITS) == 0.0
