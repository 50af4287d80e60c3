from __future__ import annotations

import math

import numpy as np

from compression_boot_control.core.control_inputs import SETPOINT_AGE_LIMIT, HeldSetpoints
from compression_boot_control.core.signals import Mode


def held(mode: list[float], target: list[float]) -> HeldSetpoints:
    setpoints = HeldSetpoints(len(mode))
    setpoints.hear(10.0, 7, np.array(mode), np.array(target))
    return setpoints


def test_before_the_first_everything_vents() -> None:
    setpoints = HeldSetpoints(2)
    assert setpoints.sequence == 0
    assert setpoints.in_force(0.0).mode.tolist() == [Mode.VENT, Mode.VENT]


def test_last_ones_are_followed() -> None:
    setpoints = held([Mode.TRACK, Mode.HOLD], [4000.0, 3000.0])
    assert setpoints.sequence == 7
    assert setpoints.in_force(10.1).mode.tolist() == [Mode.TRACK, Mode.HOLD]
    assert setpoints.in_force(10.1).target.tolist() == [4000.0, 3000.0]


def test_old_ones_vent() -> None:
    setpoints = held([Mode.TRACK], [4000.0])
    assert setpoints.fresh(10.0 + 0.99 * SETPOINT_AGE_LIMIT)
    late = 10.0 + 1.01 * SETPOINT_AGE_LIMIT
    assert not setpoints.fresh(late)
    assert setpoints.in_force(late).mode.tolist() == [Mode.VENT]


def test_chamber_without_a_number_or_with_an_unknown_mode_vents() -> None:
    setpoints = held(
        [Mode.TRACK, Mode.TRACK, math.nan, 9.0], [math.nan, 4000.0, 4000.0, 4000.0]
    ).in_force(10.0)
    assert setpoints.mode.tolist() == [Mode.VENT, Mode.TRACK, Mode.VENT, Mode.VENT]
    assert setpoints.target.tolist() == [0.0, 4000.0, 0.0, 0.0]
