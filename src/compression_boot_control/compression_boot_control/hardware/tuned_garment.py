"""Writes what `boots tune` has found as a garment file that all nodes load."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from compression_boot_control.core.chamber_record import IdentifiedChamber
from compression_boot_control.core.control_design import Design
from compression_boot_control.core.units import (
    CONDUCTANCE,
    LITRE,
    MILLILITRE,
    MILLILITRE_PER_MMHG,
    MILLIMETRE,
    MINUTE,
)
from compression_boot_control.hardware.garment_file import MILLISECOND, parse_garment
from compression_boot_control.resources import garment_directory, yaml_files
from compression_boot_control.yaml_file import read_yaml

HEADER = '# Chambers as measured by boots tune; the rest as in the garment file before.\n'

DIGITS = 5
"""Significant digits of a number in the file."""


def garment_data(name_or_path: str) -> dict[str, Any]:
    """Data of a garment file, by name or path."""
    known = yaml_files(garment_directory())
    return dict(read_yaml(known.get(name_or_path, Path(name_or_path).expanduser())).data)


def chamber_data(chamber: IdentifiedChamber, design: Design, bore: float) -> dict[str, Any]:
    """One entry of ``chambers`` in a garment file."""
    values = {
        'rest_volume_l': chamber.rest_volume.value / LITRE,
        'compliance_ml_per_mmhg': chamber.compliance.value / MILLILITRE_PER_MMHG,
        'inlet_dm3_per_s_bar': chamber.inlet_conductance.value / CONDUCTANCE,
        'exhaust_dm3_per_s_bar': chamber.exhaust_conductance.value / CONDUCTANCE,
        'valve_response_ms': chamber.valve_response.value / MILLISECOND,
        'hose_bore_mm': bore / MILLIMETRE,
        'leak_ml_per_min': chamber.leak.value / MILLILITRE * MINUTE,
        'kp_per_s': design.gains.kp,
        'ki_per_s2': design.gains.ki,
        'kd': design.gains.kd,
    }
    rounded = {name: float(f'{value:.{DIGITS}g}') for name, value in values.items()}
    return {'name': chamber.name} | rounded


def tuned_text(data: dict[str, Any], chambers: Sequence[dict[str, Any]], name: str) -> str:
    """Text of a garment file with measured chambers; checked by reading it back.

    Raises
    ------
    FileError
        A number is beyond what a garment file may hold.
    """
    whole = {**data, 'name': name, 'chambers': list(chambers)}
    text = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=100)
    parse_garment(text, f'{name}.yaml')
    return HEADER + text
