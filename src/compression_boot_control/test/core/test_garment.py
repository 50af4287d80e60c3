"""The garment: its chambers in one order, and what follows from their legs and zones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment


def reordered(garment: Garment, order: list[int]) -> Garment:
    """Return the same sleeves, their chambers listed in another order."""
    return replace(
        garment,
        chamber_names=tuple(garment.chamber_names[i] for i in order),
        legs=tuple(garment.legs[i] for i in order),
        zones=tuple(garment.zones[i] for i in order),
    )


def test_length_is_the_number_of_chambers(garment: Garment) -> None:
    assert len(garment) == 10


def test_chamber_is_found_by_name(garment: Garment) -> None:
    assert garment.index('right_calf') == 7


def test_unknown_chamber_is_an_error(garment: Garment) -> None:
    with pytest.raises(ValueError, match='not in tuple'):
        garment.index('left_hip')


def test_zone_rank_counts_from_the_foot(garment: Garment) -> None:
    assert garment.zone_rank.tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ('leg', 'positions'), [('left', (0, 1, 2, 3, 4)), ('right', (5, 6, 7, 8, 9))]
)
def test_chambers_on_a_leg_run_from_foot_to_thigh(
    garment: Garment, leg: str, positions: tuple[int, ...]
) -> None:
    assert garment.on_leg(leg) == positions


def test_order_on_a_leg_does_not_depend_on_the_order_of_the_chambers(garment: Garment) -> None:
    backwards = reordered(garment, list(range(9, -1, -1)))
    assert backwards.on_leg('left') == (9, 8, 7, 6, 5)


def test_leg_without_a_sleeve_has_no_chambers(garment: Garment) -> None:
    assert reordered(garment, [0, 1, 2]).on_leg('right') == ()


def test_adjacent_zones_of_a_leg_touch(garment: Garment) -> None:
    chain = np.eye(5, k=1) + np.eye(5, k=-1)
    assert np.array_equal(garment.neighbours()[:5, :5], chain)


def test_legs_do_not_touch(garment: Garment) -> None:
    assert not garment.neighbours()[:5, 5:].any()


def test_neighbours_follow_the_zones_not_the_order(garment: Garment) -> None:
    order = [4, 0, 3, 1, 2, 9, 5, 8, 6, 7]
    expected = garment.neighbours()[np.ix_(order, order)]
    assert np.array_equal(reordered(garment, order).neighbours(), expected)
