"""Reads garment files: the chambers of both sleeves and their pneumatics, in a workshop's units."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field, field_validator, model_validator

from compression_boot_control.core.garment import LEGS, Garment, Pump, Supply
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import (
    CONDUCTANCE,
    LITRE,
    LITRE_PER_MINUTE,
    MILLILITRE,
    MILLILITRE_PER_MMHG,
    MILLIMETRE,
    MINUTE,
    MMHG,
)
from compression_boot_control.file_validation import (
    FileModel,
    Format,
    Range,
    Text,
    Word,
    near_name,
    shown,
    validate,
)
from compression_boot_control.resources import garment_directory, yaml_files
from compression_boot_control.yaml_file import Document, MissingFileError, parse_yaml, read_yaml

MILLISECOND = 1e-3

# Ranges are wide around what is usual; they catch slips of unit, not odd designs.
Volume = Annotated[float, Range(0, 10, 'l', above=True)]
Compliance = Annotated[float, Range(0, 50, 'ml/mmHg', above=True)]
Conductance = Annotated[float, Range(0, 10, 'dm3/(s bar)', above=True)]
Response = Annotated[float, Range(0, 1000, 'ms', above=True)]
DeadBand = Annotated[float, Range(0, 0.9)]
Length = Annotated[float, Range(0, 20, 'm', above=True)]
Bore = Annotated[float, Range(0, 50, 'mm', above=True)]
Leak = Annotated[float, Range(0, 5000, 'ml/min')]
ProportionalGain = Annotated[float, Range(0, 50, '1/s', above=True)]
IntegralGain = Annotated[float, Range(0, 50, '1/s2')]
DerivativeGain = Annotated[float, Range(0, 1)]
FreeFlow = Annotated[float, Range(0, 500, 'l/min', above=True)]
ShutOff = Annotated[float, Range(120, 5000, 'mmHg')]
ReliefPressure = Annotated[float, Range(120, 150, 'mmHg')]


class PumpPart(FileModel):
    """The pump: a straight curve from free flow to shut-off."""

    free_flow_l_per_min: FreeFlow
    """Volume flow against no pressure."""

    shut_off_mmhg: ShutOff
    """Gauge pressure at which the flow ends."""


class SupplyPart(FileModel):
    """The rail between pump and inlet valves."""

    volume_l: Volume
    """Volume of the rail."""

    relief_mmhg: ReliefPressure
    """Gauge pressure at which the mechanical relief valve opens."""


class ChamberDefaults(FileModel):
    """Valves and hose of every chamber whose zone does not say otherwise."""

    inlet_dm3_per_s_bar: Conductance = 0.3
    """Sonic conductance of the inlet valve, fully open (ISO 6358)."""

    exhaust_dm3_per_s_bar: Conductance = 0.4
    """Sonic conductance of the exhaust valve, fully open (ISO 6358)."""

    valve_response_ms: Response = 10.0
    """Time constant of both valves."""

    valve_dead_band: DeadBand = 0.05
    """Command below which a valve stays shut."""

    hose_length_m: Length = 1.5
    """Length of the hose between manifold and chamber."""

    hose_bore_mm: Bore = 4.0
    """Inner diameter of the hose."""

    leak_ml_per_min: Leak = 10.0
    """Leak at 60 mmHg."""


class ZonePart(FileModel):
    """One zone, and what differs from the defaults of all chambers."""

    name: Word
    """Name of the zone, e.g. calf."""

    rest_volume_l: Volume
    """Volume that fills before the pressure rises."""

    compliance_ml_per_mmhg: Compliance
    """Volume per pressure beyond the rest volume, wall and limb."""

    inlet_dm3_per_s_bar: Conductance | None = None
    exhaust_dm3_per_s_bar: Conductance | None = None
    valve_response_ms: Response | None = None
    valve_dead_band: DeadBand | None = None
    hose_length_m: Length | None = None
    hose_bore_mm: Bore | None = None
    leak_ml_per_min: Leak | None = None


class ChamberPart(FileModel):
    """One chamber as `boots tune` has measured it; it goes before its zone and the defaults."""

    name: Word
    """Leg and zone, e.g. left_calf."""

    rest_volume_l: Volume | None = None
    compliance_ml_per_mmhg: Compliance | None = None
    inlet_dm3_per_s_bar: Conductance | None = None
    exhaust_dm3_per_s_bar: Conductance | None = None
    valve_response_ms: Response | None = None
    hose_bore_mm: Bore | None = None
    leak_ml_per_min: Leak | None = None
    kp_per_s: ProportionalGain | None = None
    """Gain from pressure to rate of pressure; all three gains of all chambers, or none."""

    ki_per_s2: IntegralGain | None = None
    kd: DerivativeGain | None = None


def _no_repeats(legs: list[str]) -> list[str]:
    if len(set(legs)) != len(legs):
        raise ValueError(f'names a leg twice; allowed: each of {", ".join(LEGS)} once')
    return legs


class GarmentFile(FileModel):
    """A garment: two sleeves, or one, of zones that are alike on both legs."""

    format: Format
    """Version of the file format."""

    name: Word
    """Name of the garment; the file is called the same."""

    description: Text
    """For a person who chooses."""

    pump: PumpPart
    supply: SupplyPart

    legs: Annotated[
        list[Literal['left', 'right']], Field(min_length=1), AfterValidator(_no_repeats)
    ]
    """Legs that have a sleeve."""

    zones: Annotated[list[ZonePart], Field(min_length=1, max_length=12)]
    """Distal (foot) to proximal (thigh)."""

    chamber_defaults: ChamberDefaults = ChamberDefaults()

    chambers: Annotated[list[ChamberPart], Field(max_length=24, default_factory=list)]
    """Chambers that were measured one by one."""

    @model_validator(mode='after')
    def _chambers_are_there(self) -> GarmentFile:
        there = [f'{leg}_{zone.name}' for leg in self.legs for zone in self.zones]
        for chamber in self.chambers:
            if chamber.name not in there:
                raise ValueError(
                    f'chamber {chamber.name} is not one of the garment'
                    f'{near_name(chamber.name, there)}; allowed: {", ".join(there)}'
                )
        names = [chamber.name for chamber in self.chambers]
        if len(set(names)) != len(names):
            raise ValueError('chambers names one twice; give each chamber once')
        gains = [(part.kp_per_s, part.ki_per_s2, part.kd) for part in self.chambers]
        given = [gain is not None for three in gains for gain in three]
        if any(given) and not (all(given) and len(names) == len(there)):
            raise ValueError(
                'gains are given for some chambers only; give kp_per_s, ki_per_s2 and '
                'kd for all chambers, or for none'
            )
        return self

    @field_validator('zones')
    @classmethod
    def _zone_names_differ(cls, zones: list[ZonePart]) -> list[ZonePart]:
        names = [zone.name for zone in zones]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f'name {", ".join(sorted(twice))} twice; give each zone its own name')
        return zones


def list_garments() -> tuple[str, ...]:
    """Names of the garments that come with the project."""
    return tuple(yaml_files(garment_directory()))


def load_garment(name_or_path: str | Path = 'five_zone') -> Garment:
    """Read a garment by name or by path.

    Raises
    ------
    MissingFileError
        There is no such garment.
    FileError
        Its file is wrong.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, str) and not _is_path(text):
        known = yaml_files(garment_directory())
        if text not in known:
            hint = near_name(text, known) or f'; allowed: {", ".join(known)}, or a path'
            raise MissingFileError(f'garment:1:name: there is no garment {shown(text)}{hint}')
        return _garment(read_yaml(known[text]))
    return _garment(read_yaml(Path(text).expanduser()))


def parse_garment(text: str, source: str = 'garment') -> Garment:
    """Read a garment from YAML text.

    Raises
    ------
    FileError
    """
    return _garment(parse_yaml(text, source))


def _is_path(text: str) -> bool:
    return '/' in text or text.endswith(('.yaml', '.yml'))


def _garment(document: Document) -> Garment:
    return to_garment(validate(document, GarmentFile))


def to_garment(file: GarmentFile) -> Garment:
    """Chambers leg by leg, each from foot to thigh, in SI units."""
    defaults = file.chamber_defaults
    chambers = [(leg, zone) for leg in file.legs for zone in file.zones]
    measured = {part.name: part for part in file.chambers}
    parts = [measured.get(f'{leg}_{zone.name}') for leg, zone in chambers]

    def column(field: str, unit: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        values = [
            _first(getattr(measured.get(f'{leg}_{zone.name}'), field, None), getattr(zone, field))
            for leg, zone in chambers
        ]
        default = getattr(defaults, field, None)
        return np.array([default if value is None else value for value in values]) * unit

    return Garment(
        name=file.name,
        zone_order=tuple(zone.name for zone in file.zones),
        chamber_names=tuple(f'{leg}_{zone.name}' for leg, zone in chambers),
        legs=tuple(leg for leg, _ in chambers),
        zones=tuple(zone.name for _, zone in chambers),
        rest_volume=column('rest_volume_l', LITRE),
        compliance=column('compliance_ml_per_mmhg', MILLILITRE_PER_MMHG),
        inlet_conductance=column('inlet_dm3_per_s_bar', CONDUCTANCE),
        exhaust_conductance=column('exhaust_dm3_per_s_bar', CONDUCTANCE),
        valve_response=column('valve_response_ms', MILLISECOND),
        valve_dead_band=column('valve_dead_band', 1.0),
        hose_length=column('hose_length_m', 1.0),
        hose_bore=column('hose_bore_mm', MILLIMETRE),
        leak=column('leak_ml_per_min', MILLILITRE / MINUTE),
        pump=Pump(
            free_flow=file.pump.free_flow_l_per_min * LITRE_PER_MINUTE,
            shut_off_pressure=file.pump.shut_off_mmhg * MMHG,
        ),
        supply=Supply(
            volume=file.supply.volume_l * LITRE,
            relief_pressure=file.supply.relief_mmhg * MMHG,
        ),
        gains=_gains(parts),
    )


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _gains(parts: list[ChamberPart | None]) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Gains of all chambers, or None where the file has none."""
    found = [(part.kp_per_s, part.ki_per_s2, part.kd) for part in parts if part and part.kp_per_s]
    if not found:
        return None
    kp, ki, kd = np.array(found, dtype=np.float64).T
    return kp, ki, kd


def garment_schema() -> dict[str, Any]:
    """JSON Schema of the garment file, for editors."""
    return {'$schema': 'https://json-schema.org/draft/2020-12/schema'} | (
        GarmentFile.model_json_schema()
    )
