"""Figures of pressure control over a batch of simulated garments, against what physics allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from compression_boot_control.core.plan import Plan, StageKind
from compression_boot_control.core.sequence import SequenceParameters
from compression_boot_control.core.signals import FloatArray, IntArray
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant.batch_run import BatchRun
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD
from compression_boot_control.plant.limits import WaveRules, fastest_fill_time, fastest_vent_time
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.state import PlantState

REACHED = 1.0 * MMHG
"""A chamber is up when its pressure is this close below its target [Pa]."""

OVERSHOOT_TIME = 3.0
"""Overshoot is looked for this long after a chamber is up [s]."""

SETTLING_TIME = 1.0
"""Time after a chamber is up, or a dwell begins, after which it counts as held [s]."""

VENTED = 15.0 * MMHG
"""A chamber counts as vented below this [Pa]."""


HAND_OVER = SequenceParameters().arrival_band
AS_ORDERED = WaveRules(keep=True, hand_over=HAND_OVER, waiting_exhaust=1.0)
"""The orders that the controller gets too: zones that wait are vented, the next ones begin as the
last are within the arrival band, and those that are there stay there."""

SEALED = WaveRules(keep=True, hand_over=HAND_OVER)
"""The same, but nothing is lost from the zones that wait, although they are ordered to vent."""


@dataclass(frozen=True)
class ControlFigures:
    """Samples of each figure; NaN where a chamber did not get there.

    Attributes
    ----------
    overshoot : (K,) array
        Highest pressure over the target after each fill [Pa].
    plateau_rms : (K,) array
        Root mean square of the error in each chamber's dwell [Pa].
    wave_ratio : (2, B) array
        Time of the first wave, into empty chambers, and of the second one, over the limit by the
        orders that the controller gets, `AS_ORDERED`.
    sealed_ratio : (B,) array
        Time of the second wave over the limit `SEALED`, which no controller that obeys can reach.
    hold_error : (H,) array
        Largest error of a held chamber while a neighbour fills [Pa].
    vent_ratio : (K,) array
        Time to below 15 mmHg over the limit of exhaust valve and hose.
    vent_excess : (K,) array
        That time less the limit [s].
    switches : (B * N,) array
        Openings of valves per chamber and cycle.
    """

    overshoot: FloatArray
    plateau_rms: FloatArray
    wave_ratio: FloatArray
    sealed_ratio: FloatArray
    hold_error: FloatArray
    vent_ratio: FloatArray
    vent_excess: FloatArray
    switches: FloatArray

    @staticmethod
    def joined(parts: list[ControlFigures]) -> ControlFigures:
        """All samples of several batches."""
        return ControlFigures(
            *(
                np.concatenate([getattr(part, name) for part in parts], axis=-1)
                for name in ControlFigures.__dataclass_fields__
            )
        )


@dataclass(frozen=True)
class _CycleRows:
    """Rows of a plan that belong to one cycle."""

    inflate: IntArray
    dwell: int
    release: int


def cycle_rows(plan: Plan) -> list[_CycleRows]:
    """Rows of each cycle of a plan's loop: inflations, then one dwell, then one release."""
    loop = np.arange(plan.loop_start, plan.loop_end)
    releases = loop[plan.kind[loop] == StageKind.RELEASE]
    found, start = [], plan.loop_start
    for release in releases.tolist():
        rows = np.arange(start, release)
        inflate = rows[plan.kind[rows] == StageKind.INFLATE]
        found.append(_CycleRows(inflate, release - 1, release))
        start = release + 1
    return found


def control_figures(
    run: BatchRun, plan: Plan, parameters: PlantParameters, neighbours: FloatArray
) -> ControlFigures:
    """Judge a run of two cycles.

    Parameters
    ----------
    run : BatchRun
    plan : Plan
        Two cycles in its loop.
    parameters : PlantParameters
        Of the boots.
    neighbours : (N, N) array
        Which chambers touch.
    """
    cycles = cycle_rows(plan)
    fills = [
        sample
        for g in range(run.trace.stage.shape[1])
        for cycle in cycles
        for sample in _fills(run, plan, cycle, g, neighbours)
    ]
    overshoot, rms = (np.array([fill[k] for fill in fills]) for k in (0, 1))
    holds = np.array([error for fill in fills for error in fill[2]])
    ratios, excess = [], []
    for cycle in cycles:
        begin, needed = _vent_times(run, cycle.release)
        limit = fastest_vent_time(parameters, np.nan_to_num(begin), VENTED, together=True)
        counted = (begin > 2.0 * VENTED) & np.isfinite(limit)
        ratios.append((needed / limit)[counted])
        excess.append((needed - limit)[counted])
    starts = (PlantState.vented(parameters), run.rested)
    times = [_wave_times(run, plan, cycle) for cycle in cycles]
    limits = [
        wave_limit(parameters, plan, cycle, start)
        for cycle, start in zip(cycles, starts, strict=True)
    ]
    sealed = times[-1] / wave_limit(parameters, plan, cycles[-1], starts[-1], SEALED)
    return ControlFigures(
        overshoot=overshoot,
        plateau_rms=rms,
        wave_ratio=np.array(times) / np.array(limits),
        sealed_ratio=sealed,
        hold_error=holds,
        vent_ratio=np.concatenate(ratios),
        vent_excess=np.concatenate(excess),
        switches=run.switches.reshape(-1) / len(cycles),
    )


def wave_limit(
    parameters: PlantParameters,
    plan: Plan,
    cycle: _CycleRows,
    start: PlantState,
    rules: WaveRules = AS_ORDERED,
) -> FloatArray:
    """Shortest time of a cycle's wave; the last zones need only be up, as in the measured one."""
    awaited = plan.awaited[cycle.inflate]
    target = plan.target[cycle.dwell] - REACHED * awaited[-1]
    groups = [np.flatnonzero(row).tolist() for row in awaited]
    return fastest_fill_time(parameters, target, groups, start, rules=rules)


def _span(run: BatchRun, garment: int, row: int) -> tuple[int, int]:
    inside = np.flatnonzero(run.trace.stage[:, garment] == row)
    return (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0)


def _fills(
    run: BatchRun, plan: Plan, cycle: _CycleRows, g: int, neighbours: FloatArray
) -> Iterator[tuple[float, float, list[float]]]:
    """Overshoot, error on the plateau, and errors while neighbours fill; per chamber."""
    trace = run.trace
    spans = {int(row): _span(run, g, int(row)) for row in cycle.inflate}
    dwell, release = _span(run, g, cycle.dwell), _span(run, g, cycle.release)[0]
    settling = round(SETTLING_TIME / SAMPLE_PERIOD)
    for row, (begin, _) in spans.items():
        for i in np.flatnonzero(plan.awaited[row]).tolist():
            error = trace.true_pressure[:, g, i] - plan.target[row, i]
            up = begin + np.flatnonzero(error[begin:release] >= -REACHED)
            if not len(up) or not release:
                yield float('nan'), float('nan'), []
                continue
            last = up[0] + round(OVERSHOOT_TIME / SAMPLE_PERIOD)
            overshoot = max(float(error[up[0] : min(last, release)].max()), 0.0)
            steady = error[dwell[0] + settling : dwell[1]]
            rms = float(np.sqrt(np.mean(steady**2))) if len(steady) else float('nan')
            held = []
            for other, (start, stop) in spans.items():
                touching = (neighbours[i] * plan.awaited[other]).any() and other > row
                during = error[max(start, int(up[0]) + settling) : stop]
                if touching and len(during):
                    held.append(float(np.abs(during).max()))
            yield overshoot, rms, held


def _wave_times(run: BatchRun, plan: Plan, cycle: _CycleRows) -> FloatArray:
    """From the first set-point of a cycle until its last chamber is up [s]; (B,)."""
    trace = run.trace
    times = np.full(trace.stage.shape[1], np.nan)
    for g in range(len(times)):
        begin, _ = _span(run, g, int(cycle.inflate[0]))
        release = _span(run, g, cycle.release)[0]
        if not release:
            continue
        target = plan.target[cycle.dwell]
        pressed = target > 0.0
        up = trace.true_pressure[begin:release, g, pressed] >= (target - REACHED)[pressed]
        if up.any(axis=0).all():
            times[g] = SAMPLE_PERIOD * up.argmax(axis=0).max()
    return times


def _vent_times(run: BatchRun, row: int) -> tuple[FloatArray, FloatArray]:
    """Pressure when the release began [Pa], and time from there to `VENTED` [s]; (B, N)."""
    pressure = run.trace.true_pressure
    begin = np.full(pressure.shape[1:], np.nan)
    needed = np.full(pressure.shape[1:], np.nan)
    for g in range(pressure.shape[1]):
        first, _ = _span(run, g, row)
        if not first:
            continue
        begin[g] = pressure[first, g]
        below = pressure[first:, g] < VENTED
        place = first + below.argmax(axis=0)
        for i in np.flatnonzero(below.any(axis=0) & (place > first)).tolist():
            high, low = pressure[place[i] - 1, g, i], pressure[place[i], g, i]
            share = (high - VENTED) / (high - low)
            needed[g, i] = SAMPLE_PERIOD * (place[i] - 1 - first + share)
    return begin, needed
