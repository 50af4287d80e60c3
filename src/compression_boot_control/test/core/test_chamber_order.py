from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from compression_boot_control.core.chamber_order import ChamberOrder

NAMES = ('left_foot', 'left_calf', 'right_foot', 'right_calf')
ORDER = ChamberOrder(NAMES)


@given(st.permutations(range(4)))
def test_any_order_of_a_message_gives_the_garments_order(places: list[int]) -> None:
    names = [NAMES[i] for i in places]
    (values,) = ORDER.arranged(names, [float(i) for i in places])
    assert values.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_chamber_that_is_missing_reads_nan_and_a_strange_one_is_left_out() -> None:
    (values,) = ORDER.arranged(['right_calf', 'tail', 'left_foot'], [3.0, 9.0, 0.0])
    np.testing.assert_array_equal(values, [0.0, np.nan, np.nan, 3.0])


def test_chamber_that_comes_twice_reads_nan() -> None:
    (values,) = ORDER.arranged([*NAMES, 'left_foot'], [0.0, 1.0, 2.0, 3.0, 0.0])
    np.testing.assert_array_equal(values, [np.nan, 1.0, 2.0, 3.0])


def test_column_of_the_wrong_length_reads_nan_and_spoils_no_other() -> None:
    first, second = ORDER.arranged(NAMES, [0.0, 1.0, 2.0], [0.0, 1.0, 2.0, 3.0])
    assert np.isnan(first).all()
    assert second.tolist() == [0.0, 1.0, 2.0, 3.0]
