"""What goes into the lanes of a block comes out of them, in its own type."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray
from compression_boot_control.plant.compiled_law import pick, put
from compression_boot_control.plant.lanes import load, rows, side_by_side, store, without_arrays

GARMENTS, CHAMBERS, WIDTH = 3, 4, 3


class Part(NamedTuple):
    pressure: FloatArray
    count: IntArray
    open: BoolArray
    limit: float


class Parts(NamedTuple):
    part: Part
    alone: FloatArray
    each: FloatArray


@njit(error_model='numpy')
def loaded(parts, cells):  # type: ignore[no-untyped-def]
    for g in range(GARMENTS):
        for i in range(CHAMBERS):
            load(parts, cells, i * rows(parts) * WIDTH + g, WIDTH, g, i)


@njit(error_model='numpy')
def stored(parts, cells):  # type: ignore[no-untyped-def]
    for g in range(GARMENTS):
        for i in range(CHAMBERS):
            store(parts, cells, i * rows(parts) * WIDTH + g, WIDTH, g, i)


@njit(error_model='numpy')
def picked(parts, cells, g, i):  # type: ignore[no-untyped-def]
    block = side_by_side(without_arrays(parts), cells, WIDTH, rows(parts), 0)
    return pick(block.part, g, i), pick(block.alone, g, i), pick(block.each, g, i)


@njit(error_model='numpy')
def doubled(parts, cells):  # type: ignore[no-untyped-def]
    block = side_by_side(without_arrays(parts), cells, WIDTH, rows(parts), 0)
    for i in range(CHAMBERS):
        for g in range(GARMENTS):
            part = pick(block.part, g, i)
            opposite = Part(2.0 * part.pressure, 2 * part.count, not part.open, part.limit)
            put(block.part, g, i, opposite)


def example() -> tuple[Parts, FloatArray]:
    """Parts with other numbers in every place, and cells that hold nothing yet."""
    shape = (GARMENTS, CHAMBERS)
    numbers = np.arange(GARMENTS * CHAMBERS).reshape(shape)
    part = Part(0.5 + numbers, 100 + numbers, numbers % 2 == 0, 7.0)
    parts = Parts(part, 0.25 + numbers, np.linspace(-1.0, -4.0, CHAMBERS))
    return parts, np.full(5 * GARMENTS * CHAMBERS, np.nan)


def test_each_array_has_a_row_and_plain_numbers_have_none() -> None:
    parts, cells = example()
    loaded(parts, cells)
    assert np.isfinite(cells).all()


def test_each_lane_has_the_numbers_of_its_garment() -> None:
    parts, cells = example()
    loaded(parts, cells)
    for g in range(GARMENTS):
        for i in range(CHAMBERS):
            part, alone, each = picked(parts, cells, g, i)
            expected: Any = (*(field[g, i] for field in parts.part[:3]), parts.part.limit)
            assert tuple(part) == expected
            assert isinstance(part.count, int)
            assert isinstance(part.open, bool)
            assert (alone, each) == (parts.alone[g, i], parts.each[i])


def test_what_is_put_into_lanes_is_stored() -> None:
    parts, cells = example()
    before = example()[0]
    loaded(parts, cells)
    doubled(parts, cells)
    stored(parts, cells)
    np.testing.assert_array_equal(parts.part.pressure, 2.0 * before.part.pressure)
    np.testing.assert_array_equal(parts.part.count, 2 * before.part.count)
    np.testing.assert_array_equal(parts.part.open, ~before.part.open)
    np.testing.assert_array_equal(parts.alone, before.alone)
