"""Draws what a protocol asks of the zones, and the pressures predicted in simulated boots."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.units import MINUTE, MMHG
from compression_boot_control.hardware.simulated import wearer
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD, SessionTrace, simulate_session

COLOURS = ('#0b3c5d', '#1d7a8c', '#5aa469', '#d9a441', '#c8553d', '#7d2e68', '#4a4e69', '#9a8c98')
"""Distal to proximal; told apart in grey too."""

LINES = {'left': '-', 'right': '--'}

COARSE = 0.5
"""Time from one point to the next where the whole session is drawn [s]."""


def predict(plan: Plan, garment: Garment, seed: int = 0) -> SessionTrace:
    """Run a plan on simulated boots; the seed draws the leg and the noise."""
    return simulate_session(SimulatedBoots(wearer(garment, seed), seed), garment, plan)


def plot_protocol(title: str, plan: Plan, garment: Garment, predicted: SessionTrace) -> Figure:
    """Draw one cycle of all zones together, and the session with a lane for each zone."""
    drawn = drawn_chambers(plan, garment)
    figure = Figure(figsize=(11.0, 8.0), layout='constrained')
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.0, 1.15))
    over_cycle = upper.subplots()
    lanes = lower.subplots(len(drawn), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    first, last = one_cycle(plan, predicted)
    _draw_cycle(over_cycle, plan, garment, predicted, slice(first, last))
    over_cycle.set_title(f'{title}: one cycle (thin: set-point, thick: predicted pressure)')
    step = max(round(COARSE / SAMPLE_PERIOD), 1)
    # the thigh is on top, as it is in a wave that climbs the leg
    for lane, chamber in zip(lanes, reversed(drawn), strict=True):
        _draw_lane(lane, garment, predicted, chamber, step)
        lane.set_ylabel(
            _label(plan, garment, chamber), rotation=0, ha='right', va='center', fontsize=9
        )
    began = predicted.warm_up_time
    if began > 0.0:
        for lane in lanes:
            lane.axvline(began / MINUTE, color='black', linestyle=':', linewidth=1.2)
    clock = "; dotted: the session's clock starts" if began > 0.0 else ''
    lanes[0].set_title(f'the session (line: set-point, filled: predicted pressure{clock}) [mmHg]')
    lanes[0].set_ylim(0.0, 1.1 * max(float(plan.target.max()) / MMHG, 1.0))
    lanes[-1].set(xlabel='time [min]', xlim=(0.0, predicted.time[-1] / MINUTE))
    handles, labels = over_cycle.get_legend_handles_labels()
    figure.legend(handles, labels, loc='outside right upper', title=garment.name)
    return figure


def one_cycle(plan: Plan, predicted: SessionTrace) -> tuple[int, int]:
    """First sample of a cycle of the loop and the first after it; of all samples if there is none.

    It is the second cycle where there is one, as the sleeves keep their slack air from then on.
    """
    entered = (predicted.stage[1:] == plan.loop_start) & (predicted.stage[:-1] != plan.loop_start)
    starts = (np.flatnonzero(entered) + 1).tolist()
    if predicted.stage[0] == plan.loop_start:
        starts.insert(0, 0)
    left = np.flatnonzero(predicted.stage >= plan.loop_end)
    ends = [*starts[1:], int(left[0]) if len(left) else len(predicted.stage)]
    if not starts:
        return 0, len(predicted.stage)
    # the last cycle may have been cut short by the end of the session's time
    chosen = 1 if len(starts) > 2 else 0
    return starts[chosen], ends[chosen]


def drawn_chambers(plan: Plan, garment: Garment) -> list[int]:
    """Chambers to draw, distal to proximal: of two legs that do the same, one is enough."""
    inflated = (plan.target > 0.0).any(axis=0)
    legs = garment.legs[:1] if _legs_alike(plan, garment) else garment.legs
    chosen = np.flatnonzero(inflated & np.isin(garment.legs, legs)).tolist()
    return sorted(chosen, key=lambda chamber: (garment.legs[chamber], garment.zone_rank[chamber]))


def _draw_cycle(
    axes: Axes, plan: Plan, garment: Garment, predicted: SessionTrace, cycle: slice
) -> None:
    time = predicted.time[cycle] - predicted.time[cycle][0]
    for chamber in drawn_chambers(plan, garment):
        colour = COLOURS[int(garment.zone_rank[chamber]) % len(COLOURS)]
        axes.step(
            time,
            predicted.target[cycle, chamber] / MMHG,
            where='post',
            color=colour,
            linewidth=0.7,
            alpha=0.8,
        )
        axes.plot(
            time,
            predicted.true_pressure[cycle, chamber] / MMHG,
            color=colour,
            linestyle=LINES[garment.legs[chamber]],
            linewidth=1.8,
            label=_label(plan, garment, chamber),
        )
    axes.set(xlabel='time [s]', ylabel='pressure [mmHg]', xlim=(0.0, time[-1]))
    axes.set_ylim(bottom=0.0)
    axes.grid(alpha=0.3)


def _draw_lane(
    axes: Axes, garment: Garment, predicted: SessionTrace, chamber: int, step: int
) -> None:
    colour = COLOURS[int(garment.zone_rank[chamber]) % len(COLOURS)]
    minutes = predicted.time[::step] / MINUTE
    pressure = predicted.true_pressure[::step, chamber] / MMHG
    axes.fill_between(minutes, np.maximum(pressure, 0.0), color=colour, alpha=0.55, linewidth=0.0)
    axes.step(
        minutes,
        predicted.target[::step, chamber] / MMHG,
        where='post',
        color=colour,
        linewidth=0.8,
    )
    axes.tick_params(labelsize=8)
    axes.grid(axis='x', alpha=0.3)


def _legs_alike(plan: Plan, garment: Garment) -> bool:
    left, right = garment.on_leg('left'), garment.on_leg('right')
    return bool(
        left and right and np.array_equal(plan.target[:, list(left)], plan.target[:, list(right)])
    )


def _label(plan: Plan, garment: Garment, chamber: int) -> str:
    zone = garment.zones[chamber].replace('_', ' ')
    return zone if _legs_alike(plan, garment) else f'{garment.legs[chamber]} {zone}'
