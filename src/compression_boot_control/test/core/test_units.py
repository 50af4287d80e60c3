"""Units at the edge: each factor takes a value of its unit into SI, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core import units

FACTORS = {name: value for name, value in vars(units).items() if name.isupper() and name[0] != '_'}


@pytest.mark.parametrize(
    ('quantity', 'expected'),
    [
        pytest.param(760.0 * units.MMHG, 101_325.0, id='an atmosphere in mmHg'),
        pytest.param(20.0 * units.MINUTE, 1200.0, id='a session in minutes'),
        pytest.param(1.2 * units.LITRE, 1.2e-3, id='a chamber in litres'),
        pytest.param(1000.0 * units.MILLILITRE, units.LITRE, id='a thousand millilitres'),
        pytest.param(60.0 * units.LITRE_PER_MINUTE, units.LITRE, id='sixty litres a minute'),
        pytest.param(
            2.5 * units.MILLILITRE_PER_MMHG * (60.0 * units.MMHG), 150e-6, id='a compliance'
        ),
        pytest.param(units.CONDUCTANCE * 1e5, units.LITRE, id='1 dm3/(s bar) at 1 bar'),
        pytest.param(4.0 * units.MILLIMETRE, 0.004, id='a bore in millimetres'),
    ],
)
def test_quantity_in_si(quantity: float, expected: float) -> None:
    assert quantity == pytest.approx(expected, rel=5e-6)


@pytest.mark.parametrize('name', FACTORS)
@settings(derandomize=True, deadline=None, max_examples=25)
@given(value=st.floats(-1e6, 1e6))
def test_there_and_back_changes_nothing(name: str, value: float) -> None:
    assert value * FACTORS[name] / FACTORS[name] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize('name', FACTORS)
def test_arrays_convert_elementwise(name: str) -> None:
    converted = np.array([1.0, 2.0]) * FACTORS[name]
    assert converted.tolist() == [FACTORS[name], 2.0 * FACTORS[name]]
