"""Calibration of the pressure sensors: zero and span against a reference, and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MMHG

LEAST_SPAN = 40.0 * MMHG
"""Reference pressures must be this far apart [Pa] [P]."""

RESIDUAL_LIMIT = 1.0 * MMHG
"""Largest residual of a sensor that can be calibrated [Pa] [P]."""

SPAN_RANGE = (0.9, 1.1)
"""Spans of a sensor that is not broken [-] [P]."""

OLD_DAYS = 180
"""Older than this is warned about [days] [P]."""

EXPIRED_DAYS = 400
"""Older than this is refused [days] [P]."""

DRIFT_LIMIT = 3.0 * MMHG
"""Change of a zero from one calibration to the next that is warned about [Pa] [P]."""


class CalibrationError(ValueError):
    """A calibration that must not be used; one line with a cure."""


@dataclass(frozen=True)
class Calibration:
    """Zero and span of each sensor.

    Attributes
    ----------
    made_on : date
    serial_number : int
        Of the device.
    chamber_names : tuple of str
    zero : (N,) array
        Reading without pressure [Pa].
    span : (N,) array
        Change of the reading per change of the pressure [-].
    residual : (N,) array
        Largest error that remains at a reference point [Pa].
    """

    made_on: date
    serial_number: int
    chamber_names: tuple[str, ...]
    zero: FloatArray
    span: FloatArray
    residual: FloatArray

    def correct(self, reading: FloatArray) -> FloatArray:
        """Pressure from a reading [Pa]; NaN stays NaN."""
        corrected: FloatArray = (reading - self.zero) / self.span
        return corrected

    def text(self) -> str:
        """Date, device, and zero and span of each sensor, in one line for a record."""
        columns = zip(self.chamber_names, self.zero / MMHG, self.span, strict=True)
        sensors = ', '.join(f'{name} {zero:.2f} mmHg x {span:.4f}' for name, zero, span in columns)
        return f'{self.made_on} device {self.serial_number}: {sensors}'

    def drift(self, earlier: Calibration) -> FloatArray:
        """(N,) change of the zeros since an earlier calibration of the same device [Pa]."""
        change: FloatArray = self.zero - earlier.zero
        return change


def calibrate(
    readings: FloatArray,
    reference: FloatArray,
    chamber_names: Sequence[str],
    serial_number: int,
    made_on: date,
) -> Calibration:
    """Fit zero and span by least squares.

    Parameters
    ----------
    readings : (K, N) array
        Mean reading of each sensor at each reference pressure [Pa].
    reference : (K,) array
        [Pa]

    Raises
    ------
    CalibrationError
        The points do not suffice, or a sensor does not follow the reference.
    """
    if len(reference) < 2 or np.ptp(reference) < LEAST_SPAN:
        raise CalibrationError(
            f'reference points span {np.ptp(reference) / MMHG:.0f} mmHg; allowed: two or more, '
            f'{LEAST_SPAN / MMHG:.0f} mmHg apart'
        )
    if not (np.all(np.isfinite(readings)) and np.all(np.isfinite(reference))):
        raise CalibrationError('a sensor gave no reading: repair it, then calibrate')
    span, zero = np.polyfit(reference, readings, 1)
    error = (readings - zero) / span - reference[:, None]
    made = Calibration(
        made_on, serial_number, tuple(chamber_names), zero, span, np.abs(error).max(axis=0)
    )
    _check_sensors(made)
    return made


def _check_sensors(calibration: Calibration) -> None:
    low, high = SPAN_RANGE
    for chamber, name in enumerate(calibration.chamber_names):
        span, residual = float(calibration.span[chamber]), float(calibration.residual[chamber])
        if not low <= span <= high:
            raise CalibrationError(
                f'sensor of {name} has a span of {span:.3f}; allowed: {low} to {high}: check its '
                'type and that the reference was connected to it'
            )
        if not residual <= RESIDUAL_LIMIT:
            raise CalibrationError(
                f'sensor of {name} is off by {residual / MMHG:.1f} mmHg after calibration; '
                f'allowed: up to {RESIDUAL_LIMIT / MMHG:g}: replace it'
            )


def warnings_of(
    calibration: Calibration,
    serial_number: int | None,
    chamber_names: Sequence[str],
    today: date,
) -> tuple[str, ...]:
    """Say what is doubtful about a calibration for a device.

    Raises
    ------
    CalibrationError
        It is of another device or garment, has expired, or is from the future.
    """
    if calibration.chamber_names != tuple(chamber_names):
        raise CalibrationError('the calibration is for other chambers: calibrate this garment')
    if serial_number is not None and calibration.serial_number != serial_number:
        raise CalibrationError(
            f'the calibration is for device {calibration.serial_number}, this one is '
            f'{serial_number}: use its own, or calibrate'
        )
    _check_sensors(calibration)
    age = (today - calibration.made_on).days
    if age < 0:
        raise CalibrationError(
            f'the calibration is from {calibration.made_on}, in the future: set the clock'
        )
    if age > EXPIRED_DAYS:
        raise CalibrationError(
            f'the calibration is {age} days old; allowed: up to {EXPIRED_DAYS}: calibrate again'
        )
    found = []
    if age > OLD_DAYS:
        found.append(f'the calibration is {age} days old: calibrate again soon')
    if serial_number is None:
        found.append('the device gives no serial number: make sure that the calibration is its own')
    return tuple(found)


def drift_warnings(history: Sequence[Calibration]) -> tuple[str, ...]:
    """Name sensors whose zero has moved between the last two calibrations."""
    if len(history) < 2:
        return ()
    change = history[-1].drift(history[-2])
    return tuple(
        f'zero of {name} has moved by {moved / MMHG:.1f} mmHg since {history[-2].made_on}: watch it'
        for name, moved in zip(history[-1].chamber_names, change, strict=True)
        if abs(moved) > DRIFT_LIMIT
    )
