"""Draws what a protocol asks of the zones: over one cycle and over the whole session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.signals import BoolArray, FloatArray
from compression_boot_control.core.units import MINUTE, MMHG
from compression_boot_control.sessions.plan_estimate import Timeline

COLOURS = ('#0b3c5d', '#1d7a8c', '#5aa469', '#d9a441', '#c8553d', '#7d2e68', '#4a4e69', '#9a8c98')
"""Distal to proximal; told apart in grey too."""

LINES = {'left': '-', 'right': '--'}


@dataclass(frozen=True)
class Prediction:
    """Pressures that a simulation expects.

    Attributes
    ----------
    time : (T,) array
        [s]
    pressure : (T, N) array
        [Pa]
    """

    time: FloatArray
    pressure: FloatArray


def plot_protocol(
    title: str,
    plan: Plan,
    garment: Garment,
    timeline: Timeline,
    prediction: Prediction | None = None,
) -> Figure:
    """Draw the set-points of all zones, and a prediction over them if there is one."""
    figure = Figure(figsize=(11.0, 7.0), layout='constrained')
    over_cycle, over_session = figure.subplots(2, 1)
    first, last = _one_cycle(plan, timeline)
    _draw(over_cycle, plan, garment, timeline, prediction, 1.0)
    over_cycle.set(
        title=f'{title}: one cycle',
        xlabel='time [s]',
        xlim=(timeline.start[first], timeline.start[last]),
    )
    _draw(over_session, plan, garment, timeline, prediction, MINUTE)
    over_session.set(
        title='the session', xlabel='time [min]', xlim=(0.0, timeline.start[-1] / MINUTE)
    )
    handles, labels = over_cycle.get_legend_handles_labels()
    figure.legend(handles, labels, loc='outside right upper', title=garment.name)
    return figure


def _one_cycle(plan: Plan, timeline: Timeline) -> tuple[int, int]:
    """First and last boundary of the first cycle of the loop; of everything if there is none."""
    passes = np.flatnonzero(timeline.row == plan.loop_start)
    if not len(passes):
        return 0, len(timeline.row)
    first = int(passes[0])
    return first, min(first + plan.loop_end - plan.loop_start, len(timeline.row))


def _draw(
    axes: Axes,
    plan: Plan,
    garment: Garment,
    timeline: Timeline,
    prediction: Prediction | None,
    unit: float,
) -> None:
    rank = garment.zone_rank
    for chamber in np.flatnonzero(_drawn(plan, garment)):
        colour = COLOURS[int(rank[chamber]) % len(COLOURS)]
        line = LINES[garment.legs[chamber]]
        target = plan.target[timeline.row, chamber] / MMHG
        # the faintest line where a prediction is what one wants to read
        axes.stairs(
            target,
            timeline.start / unit,
            color=colour,
            linestyle=line,
            linewidth=1.6 if prediction is None else 0.8,
            baseline=None,
            label=_label(plan, garment, int(chamber)),
        )
        if prediction is not None:
            pressure = prediction.pressure[:, chamber] / MMHG
            axes.plot(prediction.time / unit, pressure, color=colour, linestyle=line)
    axes.set_ylabel('set-point [mmHg]' if prediction is None else 'pressure [mmHg]')
    axes.set_ylim(bottom=0.0)
    axes.grid(alpha=0.3)


def _drawn(plan: Plan, garment: Garment) -> BoolArray:
    """Chambers to draw: of two legs that do the same, one is enough."""
    inflated: BoolArray = np.any(plan.target > 0.0, axis=0)
    if not _legs_alike(plan, garment):
        return inflated
    one_leg: BoolArray = np.isin(garment.legs, garment.legs[:1])
    return np.logical_and(inflated, one_leg)


def _legs_alike(plan: Plan, garment: Garment) -> bool:
    left, right = garment.on_leg('left'), garment.on_leg('right')
    return bool(
        left and right and np.array_equal(plan.target[:, list(left)], plan.target[:, list(right)])
    )


def _label(plan: Plan, garment: Garment, chamber: int) -> str:
    zone = garment.zones[chamber].replace('_', ' ')
    return zone if _legs_alike(plan, garment) else f'{garment.legs[chamber]} {zone}'
