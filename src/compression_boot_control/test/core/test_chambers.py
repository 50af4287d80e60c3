"""Reductions over the chamber axis: one value a garment, which broadcasts against its chambers."""

from __future__ import annotations

import numpy as np
import pytest

from compression_boot_control.core.chambers import (
    any_chamber,
    every_chamber,
    garment_level,
    highest,
    where,
    without_chamber_axis,
)

CONDITIONS = np.array([[True, True], [True, False], [False, False]])


def test_any_chamber_is_enough() -> None:
    assert any_chamber(CONDITIONS).tolist() == [[True], [True], [False]]


def test_every_chamber_is_needed() -> None:
    assert every_chamber(CONDITIONS).tolist() == [[True], [False], [False]]


def test_highest_of_each_garment() -> None:
    assert highest(np.array([[1.0, 3.0], [5.0, 2.0]])).tolist() == [[3.0], [5.0]]


def test_where_chooses_for_each_chamber() -> None:
    assert where(CONDITIONS[1], 1.0, 2.0).tolist() == [1.0, 2.0]


@pytest.mark.parametrize('batch', [(), (4,), (2, 3)])
def test_chamber_axis_comes_and_goes(batch: tuple[int, ...]) -> None:
    values = np.ones(batch)
    level = garment_level(values)
    assert level.shape == (*batch, 1)
    assert np.shape(without_chamber_axis(level)) == batch


@pytest.mark.parametrize('batch', [(), (4,), (2, 3)])
def test_reduction_keeps_the_axis(batch: tuple[int, ...]) -> None:
    assert any_chamber(np.zeros((*batch, 10), dtype=np.bool_)).shape == (*batch, 1)
