"""First-order lags, for arrays and for the numbers of one chamber."""

from __future__ import annotations

from typing import Any

import numpy as np


def covered_share(time: Any, time_constant: Any) -> Any:
    """Share of the way to its target that a first-order lag covers in a time [0..1].

    A compiler gives scalars a version of their own, equal to one or two units in the last place of
    the exponential.

    Parameters
    ----------
    time : float or array
        At least 0 [s].
    time_constant : float or array
        At least 0 [s].
    """
    return 1.0 - np.exp(-time / time_constant)
