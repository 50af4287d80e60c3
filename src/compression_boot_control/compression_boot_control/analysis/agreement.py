"""How far the set-points of a session are those of its protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compression_boot_control.analysis.metrics import ChamberTrace, under_pressure
from compression_boot_control.core.plan import Plan, StageKind
from compression_boot_control.core.sequence_step import scaled_target
from compression_boot_control.core.signals import FloatArray, IntArray, Mode
from compression_boot_control.core.units import MMHG

TARGET_TOLERANCE = 0.5 * MMHG
"""Targets closer than this are the same [Pa]."""


@dataclass(frozen=True)
class Agreement:
    """A session beside its plan.

    Attributes
    ----------
    matched : float
        Part of the session's time in which the set-points are those of a stage of the plan [0..1].
    dwell_error : float
        Median over the dwells that were completed of ``|t - t_planned|`` [s]; NaN without any.
    dwells : tuple of (float, float)
        Begin and ``t - t_planned`` of each [s].
    """

    matched: float
    dwell_error: float
    dwells: tuple[tuple[float, float], ...]


def agreement(trace: ChamberTrace, plan: Plan, intensities: Sequence[float] = (1.0,)) -> Agreement:
    """Compare the set-points of a session with a plan.

    Parameters
    ----------
    trace : ChamberTrace
        Its chambers are those of the plan, in the same order.
    plan : Plan
    intensities : sequence of float
        Scales on the plan's targets that were in force.
    """
    active = np.flatnonzero(under_pressure(trace).any(axis=1))
    if not len(active):
        return Agreement(float('nan'), float('nan'), ())
    first, last = int(active[0]), int(active[-1]) + 1
    starts, rows = _stretches(trace.mode[first:last], trace.target[first:last])
    starts = starts + first
    ends = np.append(starts[1:], min(last, len(trace.time) - 1))
    lengths = trace.time[ends] - trace.time[starts]
    stages = [_stages(mode, target, plan, intensities) for mode, target in rows]
    known = np.array([bool(len(own)) for own in stages])
    total = float(lengths.sum())
    dwells = [
        (float(trace.time[starts[i]]), float(lengths[i]) - planned)
        for i in range(len(stages) - 1)
        if (planned := _planned_dwell(stages[i], plan, float(lengths[i]))) is not None
        and len(stages[i + 1])  # else it was broken off
    ]
    return Agreement(
        matched=float(lengths[known].sum()) / total if total > 0.0 else float('nan'),
        dwell_error=float(np.median([abs(error) for _, error in dwells]))
        if dwells
        else float('nan'),
        dwells=tuple(dwells),
    )


def _stretches(
    mode: IntArray, target: FloatArray
) -> tuple[IntArray, list[tuple[IntArray, FloatArray]]]:
    """Starts of the stretches with constant set-points, and these."""
    told = np.where(mode == Mode.VENT, 0.0, target)
    changed = (np.diff(mode, axis=0) != 0).any(axis=1) | (np.diff(told, axis=0) != 0.0).any(axis=1)
    starts = np.concatenate(([0], np.flatnonzero(changed) + 1))
    return starts, [(mode[i], told[i]) for i in starts.tolist()]


def _stages(
    mode: IntArray, target: FloatArray, plan: Plan, intensities: Sequence[float]
) -> IntArray:
    """Rows of the plan with these set-points."""
    same = np.zeros(len(plan.kind), dtype=bool)
    for intensity in intensities or (1.0,):
        planned = scaled_target(plan.target, np.array(intensity), np.array(0.0), plan.caps)
        asked = np.where(plan.mode == Mode.VENT, 0.0, planned)
        near = np.abs(np.nan_to_num(target, nan=-1e9) - asked) <= TARGET_TOLERANCE
        same |= (near & (plan.mode == mode)).all(axis=1)
    return np.flatnonzero(same)


def _planned_dwell(stages: IntArray, plan: Plan, length: float) -> float | None:
    """Planned time of a dwell; None if the stages are, or may be, something else."""
    if not len(stages) or (plan.kind[stages] != StageKind.DWELL).any():
        return None
    planned = plan.duration[stages]
    return float(planned[np.argmin(np.abs(planned - length))])
