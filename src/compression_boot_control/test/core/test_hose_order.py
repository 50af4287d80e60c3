"""Which hose is on which port, from falls that are made up."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.hose_order import RESPONSE, hose_order
from compression_boot_control.core.signals import BoolArray, FloatArray
from compression_boot_control.core.units import MMHG

ANSWER = 1.0 * MMHG


def falls_of(touching: BoolArray, port: list[int]) -> tuple[BoolArray, FloatArray]:
    """Falls as every port is vented in turn, from the last to the first.

    `port` says which chamber is on each port.
    """
    count = len(port)
    vented = np.zeros((count, count), dtype=np.bool_)
    falls = np.full((count, count), np.nan)
    for step, gone in enumerate(reversed(range(count))):
        vented[step, gone] = True
        for left in range(gone):
            falls[step, left] = ANSWER if touching[port[gone], port[left]] else 0.0
    return vented, falls


@pytest.fixture
def touching(garment: Garment) -> BoolArray:
    return garment.neighbours() > 0.0


def test_hoses_in_their_places_are_not_called_swapped(touching: BoolArray) -> None:
    vented, falls = falls_of(touching, list(range(10)))
    found = hose_order(vented, falls, touching)
    assert found.swapped == ()
    assert found.answered
    assert found.score == pytest.approx(8 * ANSWER)


@pytest.mark.parametrize('pair', list(combinations(range(10), 2)), ids=str)
def test_SR_30_every_swapped_pair_is_among_those_named(
    touching: BoolArray, pair: tuple[int, int]
) -> None:
    port = list(range(10))
    port[pair[0]], port[pair[1]] = pair[1], pair[0]
    vented, falls = falls_of(touching, port)
    found = hose_order(vented, falls, touching)
    assert pair in found.swapped


def test_nobody_answers_so_nothing_is_told(touching: BoolArray) -> None:
    vented, falls = falls_of(touching, list(range(10)))
    found = hose_order(vented, np.minimum(falls, 0.9 * RESPONSE), touching)
    assert not found.answered
    assert found.swapped == ()


def test_falls_that_were_not_measured_count_for_nothing(touching: BoolArray) -> None:
    vented, falls = falls_of(touching, list(range(10)))
    found = hose_order(vented, np.full_like(falls, np.nan), touching)
    assert not found.answered
    assert found.score == 0.0


def test_garment_of_one_chamber_has_nothing_to_swap() -> None:
    alone = np.zeros((1, 1), dtype=np.bool_)
    assert hose_order(~alone, np.full((1, 1), np.nan), alone).swapped == ()
