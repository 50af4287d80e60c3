"""Reductions over the chamber axis, the last one, that keep it with length one.

A garment-level value of shape (..., 1) broadcasts against chambers without further ado. These few
names are also where a compiler that lacks numpy's ``axis`` arguments is given its own version.
"""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.signals import BoolArray, FloatArray


def any_chamber(condition: BoolArray) -> BoolArray:
    """Tell per garment whether a condition holds in any chamber; (..., N) to (..., 1)."""
    return np.any(condition, axis=-1, keepdims=True)


def every_chamber(condition: BoolArray) -> BoolArray:
    """Tell per garment whether a condition holds in every chamber; (..., N) to (..., 1)."""
    return np.all(condition, axis=-1, keepdims=True)


def highest(values: FloatArray) -> FloatArray:
    """Largest value over the chambers of a garment; (..., N) to (..., 1)."""
    return np.max(values, axis=-1, keepdims=True)


def garment_level(values: FloatArray) -> FloatArray:
    """Give a garment-level value its chamber axis; (...) to (..., 1)."""
    return np.expand_dims(values, -1)


def without_chamber_axis(values: FloatArray) -> FloatArray:
    """Take the chamber axis of length one away; (..., 1) to (...)."""
    return values[..., 0]
