"""Makes curves small enough for a page without hiding a peak."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compression_boot_control.analysis.cycles import Cycle
from compression_boot_control.analysis.metrics import ChamberTrace
from compression_boot_control.core.signals import FloatArray

BINS = 1200
"""Stretches of a curve; each shows its lowest and its highest value."""

GRID = 240
"""Points of a cycle."""

LEAD = 1.0
"""Time shown before a cycle's first set-point [s]."""

LONGEST_GAP = 1.0
"""Over a longer gap between known samples nothing is drawn [s]."""


def packed(values: NDArray[Any]) -> dict[str, str]:
    """Numbers as plotly.js reads them fastest: 32-bit floats in base64, row by row."""
    data = np.ascontiguousarray(values, dtype='<f4').tobytes()
    document = {'dtype': 'f4', 'bdata': base64.b64encode(data).decode()}
    if values.ndim > 1:
        document['shape'] = ','.join(map(str, values.shape))
    return document


def envelope(
    time: FloatArray, values: FloatArray, bins: int = BINS
) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest value of each stretch of a curve, at their times.

    Stretches in which nothing is known give one NaN, so that the curve has a gap there.

    Parameters
    ----------
    time, values : (T,) array
    bins : int
        Stretches.
    """
    count = len(values)
    if count <= 2 * bins:
        return time, values
    step = -(-count // bins)
    padded = np.full(step * -(-count // step), np.nan)
    padded[:count] = values
    block = padded.reshape(-1, step)
    known = np.isfinite(block)
    low = np.where(known, block, np.inf).argmin(axis=1)
    high = np.where(known, block, -np.inf).argmax(axis=1)
    picks = np.sort(np.stack([low, high], axis=1), axis=1) + step * np.arange(len(block))[:, None]
    picks = np.minimum(picks.ravel(), count - 1)
    return time[picks], padded[picks]


def highest(
    time: FloatArray, values: FloatArray, bins: int = BINS
) -> tuple[FloatArray, FloatArray]:
    """Highest value of each stretch of several curves, and the stretches' starts.

    Parameters
    ----------
    time : (T,) array
    values : (T, N) array
    bins : int
        Stretches of equal time.

    Returns
    -------
    (B,) array, (B, N) array
        NaN where nothing is known.
    """
    edges = np.linspace(time[0], time[-1], min(bins, max(len(time) // 2, 1)) + 1)
    starts = np.searchsorted(time, edges[:-1])
    low = np.where(np.isfinite(values), values, -np.inf)
    peaks = np.maximum.reduceat(low, np.minimum(starts, len(time) - 1), axis=0)
    empty = np.diff(np.append(starts, len(time))) == 0
    peaks[empty] = -np.inf
    return edges[:-1], np.where(np.isfinite(peaks), peaks, np.nan)


def mean_of_stretches(
    time: FloatArray, values: FloatArray, bins: int = BINS // 4
) -> tuple[FloatArray, FloatArray]:
    """Mean of the known values of each stretch of a curve, at the stretch's start."""
    edges = np.linspace(time[0], time[-1], min(bins, max(len(time) // 2, 1)) + 1)
    starts = np.minimum(np.searchsorted(time, edges[:-1]), len(time) - 1)
    known = np.isfinite(values)
    total = np.add.reduceat(np.where(known, values, 0.0), starts)
    count = np.add.reduceat(known.astype(float), starts)
    return edges[:-1], total / np.where(count > 0.0, count, np.nan)


def steps(time: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Values where they change, and the last: enough to draw a curve of steps."""
    same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    keep = np.concatenate(([True], ~same))
    keep[-1] = True
    return time[keep], values[keep]


def cycle_curves(
    trace: ChamberTrace, cycles: Sequence[Cycle], points: int = GRID
) -> tuple[FloatArray, FloatArray]:
    """Pressures of all cycles over the time since each cycle's first set-point.

    Returns
    -------
    (G,) array
        Time in the cycle, from -`LEAD` [s].
    (K, N, G) array
        Pressures [Pa]; NaN after the next cycle's start, and where unknown.
    """
    starts = [float(trace.time[cycle.start]) for cycle in cycles]
    ends = [*starts[1:], float(trace.time[-1])]
    lengths = [
        min(end - start, (float(trace.time[min(c.stop, len(trace.time) - 1)]) - start) * 1.3 + 2.0)
        for c, start, end in zip(cycles, starts, ends, strict=True)
    ]
    grid = np.linspace(-LEAD, max(lengths, default=1.0), points)
    curves = np.full((len(cycles), trace.pressure.shape[1], points), np.nan)
    for k, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        rows = np.searchsorted(trace.time, start + grid)
        inside = (grid <= length) & (rows < len(trace.time))
        nearest = np.minimum(rows, len(trace.time) - 1)
        near = np.abs(trace.time[nearest] - start - grid) <= LONGEST_GAP
        curves[k] = np.where((inside & near)[:, None], trace.pressure[nearest], np.nan).T
    return grid, curves
