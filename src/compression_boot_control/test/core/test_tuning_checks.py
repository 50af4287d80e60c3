"""A sample that the experiment of `boots tune` cannot use is told of in one line with its cure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from compression_boot_control.core.signals import Readings
from compression_boot_control.core.tuning_checks import PORT_LIMIT, unusable

NAMES = ('left_foot', 'left_calf')
SOUND = Readings(
    pressure=np.array([0.0, 0.9 * PORT_LIMIT]),
    inlet=np.zeros(2),
    exhaust=np.zeros(2),
    supply_pressure=np.array(1000.0),
    pump=np.array(0.0),
)


def told(readings: Readings, *, faulty: bool = False, emergency_input: bool = False) -> str:
    return unusable(NAMES, readings, faulty=faulty, emergency_input=emergency_input)


def test_sound_sample_is_used() -> None:
    assert told(SOUND) == ''


@pytest.mark.parametrize(
    ('spoiled', 'says'),
    [
        ({'pressure': np.array([0.0, np.nan])}, 'left_calf: its sensor reads nothing'),
        ({'pressure': np.array([1.1 * PORT_LIMIT, 0.0])}, 'left_foot: reads 110 mmHg'),
        ({'supply_pressure': np.array(np.nan)}, 'the pressure of the rail is not measured'),
    ],
)
def test_reading_that_cannot_be_used_is_told_of(spoiled: dict[str, object], says: str) -> None:
    assert told(replace(SOUND, **spoiled)).startswith(says)


def test_device_that_does_not_obey_is_told_of() -> None:
    assert told(SOUND, faulty=True).startswith('the device does not obey')


def test_emergency_stop_is_told_of() -> None:
    assert told(SOUND, emergency_input=True).startswith('the emergency stop is pressed')
