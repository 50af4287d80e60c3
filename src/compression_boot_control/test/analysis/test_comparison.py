"""A comparison finds what differs, and takes noise for what it is."""

from __future__ import annotations

import numpy as np
import pytest

from compression_boot_control.analysis.comparison import (
    Method,
    Verdict,
    compare,
    count_verdicts,
    mean_interval,
    verdict,
)
from compression_boot_control.analysis.findings import Finding

CHAMBERS = tuple(f'{leg}_{zone}' for leg in ('left', 'right') for zone in range(5))
METRICS = ('fill_time_s', 'rise_time_s', 'vent_time_s', 'peak_mmhg', 'dose_mmhg_min')


def findings(rng, *, shift=0.0, noise=0.02, cycles=12):
    """Findings of a session: values near 5, the first cycle far slower, and noise."""
    found = []
    for metric in METRICS:
        for chamber in CHAMBERS:
            values = 5.0 + shift + noise * rng.standard_normal(cycles)
            values[0] += 8.0
            parts = tuple((number, float(v)) for number, v in enumerate(values, 1))
            found.append(Finding(metric, chamber, float(np.median(values)), '', parts))
    found.append(Finding('cycles', '', float(cycles)))
    return tuple(found)


def test_the_same_session_is_the_same():
    one = findings(np.random.default_rng(1))
    assert {difference.verdict for difference in compare(one, one, paired=True)} == {Verdict.SAME}


def test_a_shift_is_found_in_each_chamber_and_measured():
    one = findings(np.random.default_rng(1))
    other = findings(np.random.default_rng(2), shift=0.6)
    rows = compare(one, other, paired=True)
    fills = [row for row in rows if row.metric == 'fill_time_s']
    assert {row.verdict for row in fills} == {Verdict.DIFFERS}
    for row in fills:
        assert row.method == Method.PAIRED
        assert row.low < 0.6 < row.high
        assert row.difference == pytest.approx(0.6, abs=0.03)


def test_intervals_hold_for_all_rows_together():
    """With nothing but noise, one session in twenty at most has an interval without the zero."""
    rng = np.random.default_rng(7)
    broken = 0
    sessions = 80
    for _ in range(sessions):
        rows = compare(findings(rng, noise=0.3), findings(rng, noise=0.3), paired=True)
        broken += any(row.low > 0.0 or row.high < 0.0 for row in rows if row.low is not None)
    assert broken <= 0.05 * sessions + 2.0 * (0.05 * 0.95 * sessions) ** 0.5


def test_pairing_takes_the_first_cycle_out():
    rng = np.random.default_rng(3)
    one, other = findings(rng), findings(rng, shift=0.6)
    paired, means = (
        next(row for row in compare(one, other, paired=way) if row.metric == 'fill_time_s')
        for way in (True, False)
    )
    assert (paired.method, means.method) == (Method.PAIRED, Method.MEANS)
    assert paired.high - paired.low < 0.1 * (means.high - means.low)


def test_interval_of_a_mean_is_students():
    reference, other = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 3.5, 4.0, 5.5])
    middle, low, high = mean_interval(reference, other, 0.95, paired=True)
    # d = 1, 1.5, 1, 1.5: mean 1.25, s = 0.288675, t(3, 97.5 %) = 3.18245
    assert middle == 1.25
    assert high - middle == pytest.approx(3.18245 * 0.288675 / 2.0, rel=1e-4)
    assert middle - low == pytest.approx(high - middle)
    middle, low, high = mean_interval(reference, other, 0.95, paired=False)
    # Welch: s1^2 / 4 = 0.416667, s2^2 / 4 = 0.520833, 5.928 degrees of freedom, t = 2.4537
    assert high - middle == pytest.approx(2.4537 * (0.416667 + 0.520833) ** 0.5, rel=1e-3)


@pytest.mark.parametrize(
    ('low', 'high', 'wanted'),
    [
        (-0.1, 0.1, Verdict.SAME),
        (1.1, 1.3, Verdict.DIFFERS),
        (-2.0, -1.1, Verdict.DIFFERS),
        (0.9, 1.3, Verdict.UNCLEAR),
        (-5.0, 5.0, Verdict.UNCLEAR),
    ],
)
def test_verdict_of_an_interval(low, high, wanted):
    assert verdict(low, high, 1.0) == wanted


def test_counts_differ_if_they_are_not_equal():
    one, other = (Finding('cycles', '', 12.0),), (Finding('cycles', '', 11.0),)
    (row,) = compare(one, other, paired=True)
    assert (row.verdict, row.method, row.low) == (Verdict.DIFFERS, Method.VALUE, None)


def test_what_only_one_bag_has_is_no_difference():
    one = (Finding('leak_ml_per_min', 'left_foot', 8.0), Finding('peak_mmhg', 'left_knee', 40.0))
    other = (Finding('leak_ml_per_min', 'left_foot', None, 'no stretch'),)
    rows = compare(one, other, paired=True)
    assert count_verdicts(rows)[Verdict.MISSING] == 2
    assert {row.reason for row in rows} == {
        'not in the other bag: no stretch',
        'only in the reference',
    }
