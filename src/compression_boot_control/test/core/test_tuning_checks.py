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


SOUND_DEVICE = {'faulty': False, 'dead_man_acts': False, 'emergency_input': False}


def told(readings: Readings, **device: bool) -> str:
    return unusable(NAMES, readings, **(SOUND_DEVICE | device))


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


@pytest.mark.parametrize(
    ('state', 'says'),
    [
        ('faulty', 'the device reports a fault'),
        ('dead_man_acts', 'the device vents by itself'),
        ('emergency_input', 'the emergency stop is pressed'),
    ],
)
def test_device_that_does_not_obey_is_told_of(state: str, says: str) -> None:
    assert told(SOUND, **{state: True}).startswith(says)
