from __future__ import annotations

import pytest

from compression_boot_control.core.sample_interval import SampleInterval


def test_stamps_say_how_far_apart_two_samples_were_taken() -> None:
    interval = SampleInterval(nominal=0.02)
    assert not interval.heard
    assert interval.next(5.0, 1) == 0.02, 'the first sample has the nominal interval'
    assert interval.heard
    assert interval.next(5.013, 2) == pytest.approx(0.013)


def test_repeated_and_old_samples_are_left_out() -> None:
    interval = SampleInterval()
    interval.next(5.0, 7)
    assert interval.next(5.01, 7) is None
    assert interval.next(5.02, 3) is None
    assert interval.next(5.03, 8) == pytest.approx(0.03)


def test_sender_that_was_started_again_counts_from_one() -> None:
    interval = SampleInterval()
    interval.next(5.0, 700)
    assert interval.next(5.01, 1) == pytest.approx(0.01)
    assert interval.next(5.02, 2) == pytest.approx(0.01)


@pytest.mark.parametrize('jump', [-3600.0, 0.0, 3600.0, SampleInterval.LONGEST * 1.01])
def test_clock_that_jumps_gives_the_last_good_interval(jump: float) -> None:
    interval = SampleInterval()
    interval.next(5.0, 1)
    interval.next(5.02, 2)
    assert interval.next(5.02 + jump, 3) == pytest.approx(0.02)
    assert interval.next(5.03 + jump, 4) == pytest.approx(0.01)


def test_SR_24_sender_that_counts_lower_is_heard_after_so_many_samples_in_a_row() -> None:
    interval = SampleInterval()
    interval.next(5.0, 2**63)
    later = [interval.next(5.0 + 0.01 * n, 500 + n) for n in range(40)]
    assert later[: SampleInterval.RETURNING] == [None] * SampleInterval.RETURNING
    assert None not in later[SampleInterval.RETURNING + 1 :]


def test_SR_24_one_old_sample_that_comes_again_and_again_is_never_heard() -> None:
    interval = SampleInterval()
    interval.next(5.0, 700)
    assert all(interval.next(5.0, 500) is None for _ in range(100))
