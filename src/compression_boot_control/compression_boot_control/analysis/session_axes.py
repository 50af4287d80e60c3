"""Draws one axis of a session's picture: the pressures of a leg, its set-points and alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from compression_boot_control.analysis.metrics import (
    DOSE_THRESHOLD,
    ChamberTrace,
    under_pressure,
)
from compression_boot_control.analysis.session_trace import AlarmMark, Sleeves
from compression_boot_control.core.signals import BoolArray, FloatArray
from compression_boot_control.core.units import MMHG

INK = '#1b1f24'
QUIET = '#6b7280'
RULE = '#d9dde3'
BAND = '#f1f3f6'
PRIORITY_COLOURS = {1: '#0891b2', 2: '#d97706', 3: '#dc2626'}
"""Low cyan, medium yellow (darker, to be seen on white), high red."""

POINTS = 3000
"""Points of a line; more do not show."""

DASHES, DOTS = (0, (4.0, 2.5)), (0, (1.0, 3.0))

LABEL_WIDTH = 0.05
"""Width of an alarm's label, as a part of an axis [-]."""

DARKEST, LIGHTEST = 0.02, 0.86
"""Part of the colour map that shows on white."""

Colours = Mapping[str, tuple[float, float, float, float]]
"""By zone."""


@dataclass(frozen=True)
class Window:
    """What an axis shows.

    Attributes
    ----------
    leg : str
    start, end : float
        Span of time [s].
    origin : float
        Time at which the axis has its 0 [s].
    scale : float
        Seconds to the axis' unit.
    label : str
        Heading of the axis.
    detailed : bool
        Close up: with set-points, and wider lines.
    """

    leg: str
    start: float
    end: float
    origin: float
    scale: float
    label: str
    detailed: bool

    def place(self, time: FloatArray) -> FloatArray:
        """Place on the axis of a time."""
        return (time - self.origin) / self.scale


def zone_colours(zone_order: Sequence[str]) -> dict[str, tuple[float, float, float, float]]:
    """Colour of each zone, dark for the foot and light for the thigh."""
    places = np.linspace(DARKEST, LIGHTEST, max(len(zone_order), 2))
    return {
        zone: mpl.colormaps['viridis'](place)
        for zone, place in zip(zone_order, places, strict=False)
    }


def thinned(values: FloatArray, points: int = POINTS) -> BoolArray:
    """Samples that show a line's shape: lowest, highest and unknown ones of each short stretch."""
    count = len(values)
    keep = np.zeros(count, bool)
    step = -(-2 * count // points)
    if step < 2:
        return ~keep
    starts = np.arange(0, count, step)
    known = np.isfinite(values)
    for start in starts:
        stretch = values[start : start + step]
        if known[start : start + step].any():
            keep[start + np.nanargmin(stretch)] = keep[start + np.nanargmax(stretch)] = True
        else:
            keep[start] = True
    keep[0] = keep[-1] = True
    return keep


def draw_pressures(
    axis: Axes,
    trace: ChamberTrace,
    sleeves: Sleeves,
    colours: Colours,
    window: Window,
    highest: float,
) -> None:
    """Draw a leg's pressures and, close up, its set-points."""
    rows = (trace.time >= window.start) & (trace.time <= window.end)
    place = window.place(trace.time[rows])
    pressed = under_pressure(trace)[rows]
    for i, name in enumerate(trace.chamber_names):
        if sleeves.legs[name] != window.leg:
            continue
        colour = colours[sleeves.zones[name]]
        pressure = trace.pressure[rows, i] / MMHG
        keep = thinned(pressure)
        width = 2.0 if window.detailed else 0.9
        axis.plot(place[keep], pressure[keep], color=colour, linewidth=width, zorder=3)
        if window.detailed:
            target = np.where(pressed[:, i], trace.target[rows, i] / MMHG, np.nan)
            axis.step(
                place, target, where='post', color=INK, linewidth=0.9, linestyle=DASHES, zorder=4
            )
            axis.fill_between(place[keep], pressure[keep], color=colour, alpha=0.05, linewidth=0)
    axis.set_xlim(*window.place(np.array([window.start, window.end])))
    axis.set_ylim(-0.02 * highest, 1.1 * highest)
    axis.grid(axis='y', color=RULE, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[['top', 'right', 'left']].set_visible(False)
    axis.tick_params(length=0)
    axis.set_title(
        window.label.strip().capitalize(), loc='left', fontsize=10, fontweight='bold', pad=5
    )
    axis.axhline(DOSE_THRESHOLD / MMHG, color=QUIET, linewidth=0.7, linestyle=DOTS, zorder=1)


def mark_alarms(
    axis: Axes,
    alarms: Sequence[AlarmMark],
    window: Window,
    sleeves: Sleeves,
    highest: float,
) -> None:
    """Mark the alarms that concern the window's leg or the whole garment."""
    width = LABEL_WIDTH * (window.end - window.start)
    row, previous = 0, -np.inf
    for alarm in sorted(alarms, key=lambda own: own.time):
        legs = {sleeves.legs.get(name) for name in alarm.chamber_names}
        if not window.start <= alarm.time <= window.end or (legs and window.leg not in legs):
            continue
        row = row + 1 if alarm.time - previous < width else 0  # labels in a rush go below
        previous = alarm.time
        colour = PRIORITY_COLOURS.get(alarm.priority, PRIORITY_COLOURS[3])
        place = float(window.place(np.array(alarm.time)))
        axis.axvline(place, color=colour, linewidth=1.2, zorder=4)
        axis.annotate(
            alarm.hazard_id,
            (place, 1.1 * highest),
            xytext=(3, -2 - 11 * row),
            textcoords='offset points',
            va='top',
            fontsize=8,
            fontweight='bold',
            color=colour,
            bbox={'facecolor': 'white', 'edgecolor': 'none', 'alpha': 0.8, 'pad': 1.0},
            zorder=5,
        )
