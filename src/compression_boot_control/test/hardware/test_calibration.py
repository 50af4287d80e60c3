"""Calibration of the sensors."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.calibrated import CalibratedManifold
from compression_boot_control.hardware.calibration import (
    EXPIRED_DAYS,
    OLD_DAYS,
    Calibration,
    CalibrationError,
    calibrate,
    drift_warnings,
    warnings_of,
)
from compression_boot_control.hardware.calibration_file import (
    load_calibrations,
    store_calibrations,
)
from compression_boot_control.hardware.emulated_device import SERIAL_NUMBER, EmulatedDevice
from compression_boot_control.hardware.manifold import ManifoldError
from compression_boot_control.hardware.modbus import ModbusManifold
from compression_boot_control.hardware.profile_file import load_profile
from compression_boot_control.hardware.virtual_link import VirtualClock, VirtualLink

TODAY = date(2026, 5, 1)
NAMES = ('foot', 'calf')
REFERENCE = np.array([0.0, 50.0, 100.0]) * MMHG
ZERO = np.array([3.0, -2.0]) * MMHG
SPAN = np.array([1.02, 0.98])


def made(on: date = TODAY, serial_number: int = 7) -> Calibration:
    return calibrate(ZERO + np.outer(REFERENCE, SPAN), REFERENCE, NAMES, serial_number, on)


def test_zero_and_span_are_found_and_taken_out() -> None:
    calibration = made()
    np.testing.assert_allclose(calibration.zero, ZERO)
    np.testing.assert_allclose(calibration.span, SPAN)
    np.testing.assert_allclose(calibration.correct(ZERO + 40.0 * MMHG * SPAN), 40.0 * MMHG)


def test_a_missing_reading_stays_missing() -> None:
    assert np.isnan(made().correct(np.array([np.nan, 0.0]))[0])


def test_points_too_close_together_are_refused() -> None:
    with pytest.raises(CalibrationError, match='mmHg apart'):
        calibrate(np.zeros((2, 2)), np.array([0.0, 10.0 * MMHG]), NAMES, 7, TODAY)


def test_a_sensor_that_does_not_follow_is_named() -> None:
    readings = np.outer(REFERENCE, [1.0, 0.5])
    with pytest.raises(CalibrationError, match=r'calf has a span of 0\.5'):
        calibrate(readings, REFERENCE, NAMES, 7, TODAY)


def test_a_curved_sensor_is_named() -> None:
    readings = np.outer(REFERENCE, [1.0, 1.0])
    readings[1, 0] += 5.0 * MMHG
    with pytest.raises(CalibrationError, match='foot is off by'):
        calibrate(readings, REFERENCE, NAMES, 7, TODAY)


def test_a_file_gives_back_what_was_stored(tmp_path: Path) -> None:
    path = tmp_path / 'calibration.yaml'
    store_calibrations(path, [made(TODAY - timedelta(days=90)), made()])
    first, last = load_calibrations(path)
    assert last.made_on == TODAY
    assert first.serial_number == 7
    np.testing.assert_allclose(last.zero, ZERO, atol=0.001 * MMHG)


def test_a_calibration_of_another_device_is_refused() -> None:
    with pytest.raises(CalibrationError, match='for device 7, this one is 8'):
        warnings_of(made(), 8, NAMES, TODAY)


def test_a_calibration_of_other_chambers_is_refused() -> None:
    with pytest.raises(CalibrationError, match='other chambers'):
        warnings_of(made(), 7, ('foot', 'thigh'), TODAY)


@pytest.mark.parametrize('days', [EXPIRED_DAYS + 1, -1])
def test_an_expired_calibration_and_one_from_the_future_are_refused(days: int) -> None:
    with pytest.raises(CalibrationError, match=r'old|future'):
        warnings_of(made(TODAY - timedelta(days=days)), 7, NAMES, TODAY)


def test_an_old_calibration_is_warned_about() -> None:
    assert warnings_of(made(), 7, NAMES, TODAY) == ()
    (warning,) = warnings_of(made(TODAY - timedelta(days=OLD_DAYS + 1)), 7, NAMES, TODAY)
    assert 'days old' in warning


def test_a_zero_that_has_moved_is_named() -> None:
    moved = calibrate(
        ZERO + np.array([0.0, 4.0 * MMHG]) + np.outer(REFERENCE, SPAN), REFERENCE, NAMES, 7, TODAY
    )
    (warning,) = drift_warnings([made(), moved])
    assert 'calf' in warning


def test_a_manifold_corrects_its_readings_and_refuses_a_foreign_calibration(
    garment: Garment,
) -> None:
    profile, clock, count = load_profile('generic_tcp'), VirtualClock(), len(garment)

    def history(serial_number: int) -> list[Calibration]:
        ones = np.ones(count)
        names = garment.chamber_names
        return [Calibration(TODAY, serial_number, names, 5.0 * MMHG * ones, ones, 0.0 * ones)]

    link = VirtualLink(EmulatedDevice(garment, profile), clock)
    inner = ModbusManifold(garment, profile, link, clock)
    with pytest.raises(ManifoldError, match='for device 1'):
        CalibratedManifold(inner, history(1), lambda: TODAY).open()
    manifold = CalibratedManifold(inner, history(SERIAL_NUMBER), lambda: TODAY)
    manifold.open()
    clock.wait(0.02)
    np.testing.assert_allclose(manifold.read().readings.pressure, -5.0 * MMHG, atol=MMHG)
