from __future__ import annotations

import math

import numpy as np
import pytest
from transforms3d.quaternions import quat2mat

from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.views.posture import Posture
from compression_boot_control.views.sleeve_geometry import (
    UNKNOWN_COLOUR,
    Known,
    Tube,
    colour_of,
    sleeve_chambers,
    tube,
)

GARMENT = load_garment('five_zone')
CHAMBERS = sleeve_chambers(
    GARMENT.chamber_names,
    GARMENT.legs,
    GARMENT.zones,
    GARMENT.zone_order,
    GARMENT.rest_volume,
    GARMENT.compliance,
)


def shown(
    name: str, pressure_mmhg: float = 40.0, known: Known = Known.FRESH, knee: float = 0.0
) -> Tube:
    (chamber,) = (chamber for chamber in CHAMBERS if chamber.name == name)
    return tube(chamber, pressure_mmhg * MMHG, known, Posture(knee))


def test_zones_follow_each_other_from_the_foot_to_the_hip() -> None:
    along = [shown(f'left_{zone}').position[0] for zone in ('thigh', 'knee', 'calf', 'ankle')]
    assert along == sorted(along)
    assert shown('left_foot').position[2] > shown('left_ankle').position[2], 'toes point up'


def test_legs_mirror_each_other() -> None:
    for zone in GARMENT.zone_order:
        left, right = shown(f'left_{zone}'), shown(f'right_{zone}')
        assert left.position[1] == -right.position[1]
        assert left.radius == right.radius


@pytest.mark.parametrize('knee', [0.0, 0.5, math.pi / 2.0])
@pytest.mark.parametrize('zone', ['ankle', 'calf'])
def test_tube_lies_along_the_shank(knee: float, zone: str) -> None:
    axis = quat2mat(shown(f'left_{zone}', knee=knee).orientation) @ np.array([0.0, 0.0, 1.0])
    np.testing.assert_allclose(axis, [math.cos(knee), 0.0, -math.sin(knee)], atol=1e-9)


def test_orientation_is_a_unit_quaternion() -> None:
    for chamber in CHAMBERS:
        turned = shown(chamber.name, knee=1.0).orientation
        assert np.linalg.norm(turned) == pytest.approx(1.0)


def test_chamber_grows_with_the_volume_of_its_air() -> None:
    (chamber,) = (chamber for chamber in CHAMBERS if chamber.name == 'left_calf')
    flat, full = shown('left_calf', 0.0), shown('left_calf', 60.0)
    grown = math.pi * (full.radius**2 - flat.radius**2) * (full.length + 0.006)
    assert grown == pytest.approx(chamber.compliance * 60.0 * MMHG, rel=1e-6)


def test_unknown_pressure_is_grey_and_never_a_number() -> None:
    for pressure, known in ((math.nan, Known.FRESH), (40.0, Known.UNKNOWN)):
        view = shown('left_calf', pressure, known)
        assert view.label == '?'
        assert view.colour == UNKNOWN_COLOUR
        assert view.radius == shown('left_calf', 0.0).radius, 'it claims no volume'


def test_stale_pressure_is_pale_and_in_brackets() -> None:
    fresh, stale = shown('left_calf'), shown('left_calf', known=Known.STALE)
    assert stale.colour[:3] == fresh.colour[:3]
    assert stale.colour[3] < fresh.colour[3]
    assert (fresh.label, stale.label) == ('40', '(40)')


def test_colours_tell_pressures_apart_and_end_at_the_ends_of_the_scale() -> None:
    colours = [colour_of(p * MMHG, Known.FRESH) for p in (0.0, 30.0, 60.0, 90.0, 110.0)]
    assert len(set(colours)) == len(colours)
    assert colour_of(300.0 * MMHG, Known.FRESH) == colours[-1]
    assert colour_of(-5.0 * MMHG, Known.FRESH) == colours[0]
    assert all(0.0 <= part <= 1.0 for colour in colours for part in colour)
