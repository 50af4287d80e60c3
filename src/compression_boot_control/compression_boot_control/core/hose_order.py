"""Which hose is on which port: read from who answers whom.

Sleeves are worn tight, so a chamber that is vented gives its neighbours a little room, and their
pressure falls. A port's valve and sensor agree with each other whatever hose is on it; so it is
only this, who falls when another vents, that tells a swapped pair of hoses.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray
from compression_boot_control.core.units import MMHG

RESPONSE = 0.25 * MMHG
"""Least fall in a neighbour that counts as an answer, and least gain of an exchange [Pa] [P]."""


class HoseOrder(NamedTuple):
    """What the falls say.

    Attributes
    ----------
    swapped : tuple of pairs of int
        Pairs of chambers whose hoses may be exchanged, the likeliest first: one that explains the
        falls best, and those that explain them as well. Empty if the hoses are where they belong.
    score : float
        How much neighbours fell more than others, in sum, as the hoses should be [Pa].
    answered : bool
        Whether any neighbour answered at all; without that nothing can be told.
    """

    swapped: tuple[tuple[int, int], ...]
    score: float
    answered: bool


def hose_order(vented: BoolArray, falls: FloatArray, touching: BoolArray) -> HoseOrder:
    """Find the pairs of hoses whose exchange explains the falls better than the order on paper.

    A sleeve reads the same from foot to thigh as from thigh to foot, so some exchanges cannot be
    told from others.

    Parameters
    ----------
    vented : (S, N) bool array
        Ports vented in each step.
    falls : (S, N) array
        Fall at each port in the step [Pa]; NaN where it was not under pressure.
    touching : (N, N) bool array
        Chambers that are neighbours on a leg.
    """
    measured = np.isfinite(falls)
    known = np.where(measured, falls, 0.0)
    strongest = float(known.max(initial=0.0))

    def score(order: IntArray) -> float:
        neighbours = touching[np.ix_(order, order)]
        expected = (vented[:, :, None] & neighbours[None]).any(axis=1)
        own, others = known[measured & expected], known[measured & ~expected]
        return float(own.sum() - others.clip(min=0.0).sum())

    count = len(touching)
    identity = np.arange(count)
    scores = {}
    for pair in combinations(range(count), 2):
        order = identity.copy()
        order[list(pair)] = order[list(pair)[::-1]]
        scores[pair] = score(order)
    own_score = score(identity)
    best = max(scores.values(), default=own_score)
    if strongest < RESPONSE or best - own_score < RESPONSE:
        return HoseOrder((), own_score, strongest >= RESPONSE)
    alike = [pair for pair in scores if best - scores[pair] < RESPONSE]
    alike.sort(key=lambda pair: -scores[pair])
    return HoseOrder(tuple(alike), own_score, answered=True)
