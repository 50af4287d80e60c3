"""Stores calibrations of a device in one file, the newest last, so that drift can be followed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import numpy as np
import yaml
from pydantic import Field, field_validator

from compression_boot_control.core.units import MMHG
from compression_boot_control.file_validation import FileModel, Format, Range, validate
from compression_boot_control.hardware.calibration import Calibration
from compression_boot_control.yaml_file import read_yaml

Zero = Annotated[float, Range(-50, 50, 'mmHg')]
Span = Annotated[float, Range(0.5, 2)]
Residual = Annotated[float, Range(0, 50, 'mmHg')]


class SensorPart(FileModel):
    """One sensor."""

    chamber: str
    zero_mmhg: Zero
    span: Span
    residual_mmhg: Residual


class CalibrationPart(FileModel):
    """One calibration."""

    made_on: str
    serial_number: Annotated[int, Range(0, 4_294_967_295)]
    sensors: Annotated[list[SensorPart], Field(min_length=1)]

    @field_validator('made_on')
    @classmethod
    def _is_a_date(cls, text: str) -> str:
        try:
            date.fromisoformat(text)
        except ValueError:
            raise ValueError(f'{text!r} is not a date; allowed: YYYY-MM-DD') from None
        return text


class CalibrationFile(FileModel):
    """All calibrations of a device, the newest last."""

    format: Format
    calibrations: Annotated[list[CalibrationPart], Field(min_length=1)]


def load_calibrations(path: Path) -> tuple[Calibration, ...]:
    """Read all calibrations of a file, the newest last.

    Raises
    ------
    FileError
    """
    file = validate(read_yaml(path), CalibrationFile)
    return tuple(
        Calibration(
            date.fromisoformat(part.made_on),
            part.serial_number,
            tuple(sensor.chamber for sensor in part.sensors),
            np.array([sensor.zero_mmhg for sensor in part.sensors]) * MMHG,
            np.array([sensor.span for sensor in part.sensors]),
            np.array([sensor.residual_mmhg for sensor in part.sensors]) * MMHG,
        )
        for part in file.calibrations
    )


def store_calibrations(path: Path, history: Sequence[Calibration]) -> None:
    """Write all calibrations; the file is whole at every moment."""
    document = {'format': 1, 'calibrations': [_part(calibration) for calibration in history]}
    unfinished = path.with_name(f'{path.name}.part')
    unfinished.write_text(yaml.safe_dump(document, sort_keys=False), encoding='utf-8')
    unfinished.replace(path)


def _part(calibration: Calibration) -> dict[str, object]:
    columns = zip(
        calibration.chamber_names,
        calibration.zero / MMHG,
        calibration.span,
        calibration.residual / MMHG,
        strict=True,
    )
    return {
        'made_on': calibration.made_on.isoformat(),
        'serial_number': calibration.serial_number,
        'sensors': [
            {
                'chamber': name,
                'zero_mmhg': round(float(zero), 3),
                'span': round(float(span), 5),
                'residual_mmhg': round(float(residual), 3),
            }
            for name, zero, span, residual in columns
        ],
    }
