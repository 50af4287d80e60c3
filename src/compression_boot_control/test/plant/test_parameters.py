"""Nominal parameters and their variation."""

from __future__ import annotations

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant.parameters import PlantParameters, random_garments, vary
from compression_boot_control.plant.ranges import FULL_RANGES, MODEST_RANGES


def test_nominal_parameters_are_the_garments(garment: Garment) -> None:
    parameters = PlantParameters.from_garment(garment, batch=(3,))
    assert parameters.shape == (3, 10)
    assert (parameters.compliance == garment.compliance).all()


def test_neighbours_are_the_zones_of_one_leg_that_touch(garment: Garment) -> None:
    neighbours = PlantParameters.from_garment(garment).neighbours
    assert set(neighbours[4]) == {3, 10}  # left thigh: the knee, and nobody
    assert set(neighbours[5]) == {6, 10}  # right foot: the ankle, not the left thigh
    assert set(neighbours[1]) == {0, 2}


@pytest.mark.parametrize('ranges', [MODEST_RANGES, FULL_RANGES], ids=['modest', 'full'])
def test_draws_stay_in_their_ranges_and_reach_their_ends(garment: Garment, ranges) -> None:
    nominal = PlantParameters.from_garment(garment, batch=(20_000,))
    drawn = vary(nominal, np.random.default_rng(0), ranges)
    for name, limits in ranges.items():
        values = getattr(drawn, name)
        if limits.relative:
            values = values / getattr(nominal, name)
        span = limits.high - limits.low
        assert values.min() >= limits.low, name
        assert values.max() <= limits.high, name
        assert values.min() < limits.low + 0.1 * span, name
        assert values.max() > limits.high - 0.1 * span, name


def test_parameters_without_a_range_stay_nominal(garment: Garment) -> None:
    nominal = PlantParameters.from_garment(garment)
    drawn = vary(nominal, np.random.default_rng(0))
    assert (drawn.slack_pressure == nominal.slack_pressure).all()
    assert drawn.relief_band == nominal.relief_band


def test_equal_seeds_draw_equal_garments(garment: Garment) -> None:
    one, other = (random_garments(garment, np.random.default_rng(3), (4,)) for _ in range(2))
    assert (one.compliance == other.compliance).all()
    assert (one.leak == other.leak).all()


def test_one_member_has_its_own_parameters_only(garment: Garment) -> None:
    drawn = random_garments(garment, np.random.default_rng(3), (4,))
    member = drawn.member(2)
    assert member.shape == (10,)
    assert (member.sensor_offset == drawn.sensor_offset[2]).all()
    assert np.abs(member.sensor_offset).max() <= 5 * MMHG
