"""Reductions over the chamber axis, and the choice between values, for arrays and for scalars.

A garment-level value of shape (..., 1) broadcasts against chambers without further ado. What acts
on one chamber at a time is written with `where` and elementwise functions of numpy alone: the
same source runs on arrays as it stands, and compiles for the numbers of one chamber.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from compression_boot_control.core.signals import BoolArray, FloatArray

Number = TypeVar('Number', np.float64, np.int64)


def where(condition: BoolArray, yes: Any, no: Any) -> Any:
    """Choose elementwise, as `numpy.where`; a compiler gives scalars a version of their own."""
    return np.where(condition, yes, no)


def any_chamber(condition: BoolArray) -> BoolArray:
    """Tell per garment whether a condition holds in any chamber; (..., N) to (..., 1)."""
    found: BoolArray = np.logical_or.reduce(condition, axis=-1, keepdims=True)
    return found


def every_chamber(condition: BoolArray) -> BoolArray:
    """Tell per garment whether a condition holds in every chamber; (..., N) to (..., 1)."""
    found: BoolArray = np.logical_and.reduce(condition, axis=-1, keepdims=True)
    return found


def highest(values: FloatArray) -> FloatArray:
    """Largest value over the chambers of a garment; (..., N) to (..., 1)."""
    largest: FloatArray = values.max(axis=-1, keepdims=True)
    return largest


def garment_level(values: FloatArray) -> FloatArray:
    """Give a garment-level value its chamber axis; (...) to (..., 1)."""
    levelled: FloatArray = np.asarray(values)[..., None]
    return levelled


def without_chamber_axis(values: NDArray[Number]) -> NDArray[Number]:
    """Take the chamber axis of length one away; (..., 1) to (...)."""
    return values[..., 0]
