"""How a protocol file gives the pressures of the zones, and the rules that they follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, model_validator

from compression_boot_control.core.units import MMHG
from compression_boot_control.file_validation import (
    FileModel,
    PartError,
    Word,
    a_number,
    near_name,
)
from compression_boot_control.sessions.limits import GRADIENT, PASCAL_LIKE, PRESSURE

ANATOMICAL_ORDER = (
    'toes',
    'foot',
    'ankle',
    'lower_calf',
    'calf',
    'upper_calf',
    'knee',
    'lower_thigh',
    'thigh',
    'upper_thigh',
    'hip',
)
"""Usual names of zones, distal to proximal: what a file is checked by before a garment is known."""


def a_pressure(value: object) -> object:
    """Refuse what no boots should be set to, and say which slip it looks like."""
    number = a_number(value)
    if PRESSURE.holds(number):
        return number
    if number >= PASCAL_LIKE:
        raise ValueError(
            f'{number:g} looks like pascals, and would be {number / MMHG:.0f} mmHg; '
            f'allowed: {PRESSURE}'
        )
    if number > PRESSURE.high:
        raise ValueError(f'{number:g} mmHg is over the highest pressure; allowed: {PRESSURE}')
    raise ValueError(f'{number:g} mmHg is under the lowest pressure; allowed: {PRESSURE}')


def a_zone_pressure(value: object) -> object:
    """As `a_pressure`; 0 is allowed too, for a zone that stays vented."""
    number = a_number(value)
    if number == 0:
        return number
    try:
        return a_pressure(value)
    except ValueError as error:
        raise ValueError(f'{error}, or 0 for a zone that stays vented') from None


IN_RANGE = {'type': 'number', 'minimum': PRESSURE.low, 'maximum': PRESSURE.high}

Pressure = Annotated[float, BeforeValidator(a_pressure), WithJsonSchema(IN_RANGE)]
ZonePressure = Annotated[
    float,
    BeforeValidator(a_zone_pressure),
    WithJsonSchema({'anyOf': [{'const': 0}, IN_RANGE]}),
]


def rising_pair(pressures: Sequence[float]) -> tuple[int, int] | None:
    """Positions of two zones, distal first, of which the proximal has the higher pressure.

    Zones at 0 are vented and do not count.
    """
    last: int | None = None
    for position, pressure in enumerate(pressures):
        if pressure <= 0:
            continue
        if last is not None and pressure > pressures[last]:
            return last, position
        last = position
    return None


class ZonePressures(FileModel):
    """Pressures of the zones, in one of three ways.

    Either ``zones_mmhg``, or ``foot_mmhg`` with ``gradient_mmhg_per_zone``, or ``foot_mmhg`` with
    ``thigh_mmhg``, which suits garments of any number of zones.
    """

    zones_mmhg: Annotated[dict[Word, ZonePressure], Field(min_length=1)] | None = None
    """Each zone by name; 0 leaves a zone vented."""

    foot_mmhg: Pressure | None = None
    """Pressure of the most distal zone."""

    thigh_mmhg: Pressure | None = None
    """Pressure of the most proximal zone; the steps in between are equal."""

    gradient_mmhg_per_zone: Annotated[float, GRADIENT] | None = None
    """So much less from zone to zone towards the thigh."""

    @model_validator(mode='before')
    @classmethod
    def _explain_short_form(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValueError(
                'is not a mapping; allowed: {foot_mmhg: 40, thigh_mmhg: 30}, '
                '{foot_mmhg: 40, gradient_mmhg_per_zone: 5} or {zones_mmhg: {foot: 40}}'
            )
        reversed_gradient = data.get('gradient_mmhg_per_zone')
        if isinstance(reversed_gradient, int | float) and reversed_gradient < 0:
            raise PartError(
                f'{reversed_gradient:g} is a reversed gradient, pressure would rise towards the '
                f'thigh; allowed: {GRADIENT}',
                'gradient_mmhg_per_zone',
            )
        return data

    @model_validator(mode='after')
    def _one_way(self) -> ZonePressures:
        ends = [self.thigh_mmhg is not None, self.gradient_mmhg_per_zone is not None]
        if self.zones_mmhg is not None:
            if self.foot_mmhg is not None or any(ends):
                raise ValueError('gives pressures in two ways; keep zones_mmhg or foot_mmhg')
        elif self.foot_mmhg is None or sum(ends) != 1:
            raise ValueError(
                'is not complete; allowed: zones_mmhg, or foot_mmhg with one of thigh_mmhg and '
                'gradient_mmhg_per_zone'
            )
        return self

    @model_validator(mode='after')
    def _never_rising(self, info: ValidationInfo) -> ZonePressures:
        foot, thigh = self.foot_mmhg, self.thigh_mmhg
        if foot is not None and thigh is not None and thigh > foot:
            raise PartError(
                f'{thigh:g} is a reversed gradient; allowed: up to foot_mmhg, {foot:g}',
                'thigh_mmhg',
            )
        if self.zones_mmhg is not None:
            order = (info.context or {}).get('zone_order')
            if order is not None:
                check_zones(self.zones_mmhg, order)
            check_order(self.zones_mmhg, order or ANATOMICAL_ORDER)
        return self

    def along(self, zone_order: Sequence[str]) -> tuple[float, ...]:
        """Pressure of each zone of a garment, distal to proximal [mmHg]; 0 for a vented one.

        Raises
        ------
        PartError
            The garment's zones do not fit, or a zone falls under the lowest pressure.
        """
        if self.zones_mmhg is not None:
            check_zones(self.zones_mmhg, zone_order)
            check_order(self.zones_mmhg, zone_order)
            return tuple(self.zones_mmhg[zone] for zone in zone_order)
        assert self.foot_mmhg is not None
        if self.gradient_mmhg_per_zone is not None:
            step = self.gradient_mmhg_per_zone
        else:
            assert self.thigh_mmhg is not None
            step = (self.foot_mmhg - self.thigh_mmhg) / max(len(zone_order) - 1, 1)
        pressures = tuple(self.foot_mmhg - step * place for place in range(len(zone_order)))
        if pressures[-1] < PRESSURE.low:
            raise PartError(
                f'{zone_order[-1]} would get {pressures[-1]:g} mmHg; allowed: {PRESSURE}; '
                'lower gradient_mmhg_per_zone',
                'gradient_mmhg_per_zone',
            )
        return pressures


def check_zones(zones: dict[str, float], zone_order: Sequence[str]) -> None:
    """Raise `PartError` unless `zones` names exactly the zones of a garment."""
    for zone in zones:
        if zone not in zone_order:
            hint = near_name(zone, zone_order)
            raise PartError(
                f'zone {zone} is not in the garment{hint}; allowed: {", ".join(zone_order)}',
                'zones_mmhg',
                zone,
            )
    missing = [zone for zone in zone_order if zone not in zones]
    if missing:
        raise PartError(
            f'has no pressure for zone {", ".join(missing)}; add it, 0 leaves a zone vented',
            'zones_mmhg',
        )


def check_order(zones: dict[str, float], zone_order: Sequence[str]) -> None:
    """Raise `PartError` where pressure rises towards the thigh, as far as zones are known."""
    known = [zone for zone in zone_order if zone in zones]
    pair = rising_pair([zones[zone] for zone in known])
    if pair is not None:
        distal, proximal = known[pair[0]], known[pair[1]]
        raise PartError(
            f'{zones[proximal]:g} is a reversed gradient: more than {distal} below it; '
            f'allowed: up to {zones[distal]:g}',
            'zones_mmhg',
            proximal,
        )


def changed_zones(
    pressures: Sequence[float],
    zone_order: Sequence[str],
    boosts: Mapping[str, float],
    skipped: Sequence[str],
) -> tuple[float, ...]:
    """Pressures with some zones boosted [mmHg] and some left vented.

    Raises
    ------
    PartError
        A zone is not in the garment, or a pressure would be too high or rise towards the thigh.
    """
    for field, zones in (('boost_mmhg', boosts), ('skip_zones', skipped)):
        for zone in zones:
            if zone not in zone_order:
                raise PartError(
                    f'zone {zone} is not in the garment{near_name(zone, zone_order)}; '
                    f'allowed: {", ".join(zone_order)}',
                    field,
                )
    changed = [
        0.0 if zone in skipped or pressure <= 0.0 else pressure + boosts.get(zone, 0.0)
        for zone, pressure in zip(zone_order, pressures, strict=True)
    ]
    if max(changed, default=0.0) > PRESSURE.high:
        raise PartError(
            f'a boost leads to {max(changed):g} mmHg; allowed: {PRESSURE}', 'boost_mmhg'
        )
    pair = rising_pair(changed)
    if pair is not None:
        distal, proximal = pair
        raise PartError(
            f'boosted, {zone_order[proximal]} would get {changed[proximal]:g} mmHg, more than '
            f'{zone_order[distal]} below it; boost {zone_order[distal]} too, or by less',
            'boost_mmhg',
            zone_order[proximal],
        )
    return tuple(changed)
