from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from compression_boot_control.views.posture import (
    FOOT,
    SHANK,
    THIGH,
    Posture,
    leg_length,
    leg_segments,
)


def end(segment):
    """Where a segment ends in space."""
    return (segment.frame @ np.array([segment.length, 0.0, 0.0, 1.0]))[:3]


@pytest.mark.parametrize('leg', ['left', 'right'])
@pytest.mark.parametrize('knee', [0.0, 0.3, math.pi / 2.0, 2.0])
def test_segments_join_and_turn_as_rigid_bodies(leg: str, knee: float) -> None:
    segments = leg_segments(leg, Posture(knee))
    assert [segment.length for segment in segments] == [THIGH, SHANK, FOOT]
    for upper, lower in pairwise(segments):
        np.testing.assert_allclose(end(upper), lower.frame[:3, 3], atol=1e-12)
        assert upper.start + upper.length == pytest.approx(lower.start)
    for segment in segments:
        turn = segment.frame[:3, :3]
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1.0)


def test_seated_shanks_hang_down_and_feet_point_forward() -> None:
    _, shank, foot = leg_segments('left', Posture.seated())
    np.testing.assert_allclose(end(shank) - shank.frame[:3, 3], [0.0, 0.0, -SHANK], atol=1e-12)
    np.testing.assert_allclose(end(foot) - foot.frame[:3, 3], [FOOT, 0.0, 0.0], atol=1e-12)


def test_lying_toes_point_up() -> None:
    _, shank, foot = leg_segments('left', Posture(0.0))
    np.testing.assert_allclose(end(shank)[2], 0.0, atol=1e-12)
    np.testing.assert_allclose(end(foot) - foot.frame[:3, 3], [0.0, 0.0, FOOT], atol=1e-12)


def test_left_leg_is_to_the_left() -> None:
    left, right = (leg_segments(leg, Posture.lying())[0].frame[1, 3] for leg in ('left', 'right'))
    assert left > 0.0 > right
    assert left == -right


def test_length_of_a_leg_is_that_of_its_segments() -> None:
    assert leg_length() == pytest.approx(THIGH + SHANK + FOOT)
