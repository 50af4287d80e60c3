"""Draws a session: the whole of it for each leg, and one cycle close up, where the wave shows.

The same picture is made of a bag and of a simulation. Zones are coloured along a map of even
lightness steps (viridis), from foot to thigh, which colour-blind people can order as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D

from compression_boot_control.analysis.bag_reader import Bag, open_bag
from compression_boot_control.analysis.cycles import find_cycles, full_cycles
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.metrics import (
    ChamberTrace,
    under_pressure,
)
from compression_boot_control.analysis.session_axes import (
    BAND,
    DASHES,
    DOTS,
    INK,
    QUIET,
    RULE,
    Colours,
    Window,
    draw_pressures,
    mark_alarms,
    zone_colours,
)
from compression_boot_control.analysis.session_summary import headline, summarize
from compression_boot_control.analysis.session_trace import (
    NEEDED_TYPES,
    AlarmMark,
    Sleeves,
    recorded_session,
    sleeves_by_name,
)
from compression_boot_control.core.units import MINUTE, MMHG

LEFT, RIGHT = 0.05, 0.985
"""Edges of the axes in the figure."""

SHORT_SESSION = 180.0
"""Sessions up to this are drawn in seconds, longer ones in minutes [s]."""

AFTERMATH = 0.35
"""Time shown after a cycle's end, as a part of its length [-]."""

STYLE: dict[Any, Any] = {
    'font.family': 'sans-serif',
    'font.sans-serif': ['DejaVu Sans'],  # comes with matplotlib: one picture everywhere
    'font.size': 9.5,
    'axes.edgecolor': RULE,
    'axes.labelcolor': QUIET,
    'axes.linewidth': 0.8,
    'xtick.color': QUIET,
    'ytick.color': QUIET,
    'text.color': INK,
}


def session_figure(
    trace: ChamberTrace,
    *,
    sleeves: Sleeves | None = None,
    alarms: Sequence[AlarmMark] = (),
    title: str = 'Compression session',
    subtitle: str = '',
    cycle: int | None = None,
) -> Figure:
    """Draw a session.

    Parameters
    ----------
    trace : ChamberTrace
        At least one sample.
    sleeves : Sleeves, optional
        Where the chambers are; by their names by default.
    alarms : sequence of AlarmMark
        Marked at their time.
    title, subtitle : str
        Above the picture.
    cycle : int, optional
        Number of the cycle to show close up, from 1; by default the full one with the longest wave.

    Returns
    -------
    matplotlib.figure.Figure
        With a canvas of its own: no display and no global state is touched.
    """
    sleeves = sleeves or sleeves_by_name(trace.chamber_names)
    legs = list(dict.fromkeys(sleeves.legs[name] for name in trace.chamber_names))
    colours = zone_colours(sleeves.zone_order)
    close_up = close_up_span(trace, cycle)
    highest = _highest(trace)
    with mpl.rc_context(STYLE):
        figure, overviews, details = _axes(len(legs), close_up is not None)
        for overview, leg in zip(overviews, legs, strict=True):
            window = _whole(trace, leg)
            draw_pressures(overview, trace, sleeves, colours, window, highest)
            mark_alarms(overview, alarms, window, sleeves, highest)
            if close_up is not None:
                span = np.array([close_up.start, close_up.end])
                overview.axvspan(*window.place(span), color=BAND, zorder=0)
        overviews[-1].set_xlabel('time [s]' if window.scale == 1.0 else 'time [min]', labelpad=1)
        for detail, leg in zip(details, legs, strict=False):
            assert close_up is not None
            label = f'{leg} leg, cycle {close_up.number} close up'
            window = Window(
                leg, close_up.start, close_up.end, close_up.origin, 1.0, label, detailed=True
            )
            high = _highest(trace, close_up.start, close_up.end)
            draw_pressures(detail, trace, sleeves, colours, window, high)
            mark_alarms(detail, alarms, window, sleeves, high)
            detail.set_xlabel('time in the cycle [s]', labelpad=1)
        _head(figure, title, subtitle, colours)
    return figure


def plot_bag(bag: Bag | str | Path, *, namespace: str | None = None, title: str = '') -> Figure:
    """Draw the session in a bag, with its alarms and its figures.

    Parameters
    ----------
    bag : Bag or str or Path
        An opened bag, or the path of one.
    namespace : str, optional
        Namespace of the garment; needed only if the bag has several.
    title : str, optional
        By default the protocol that ran and the garment, or the bag's name.

    Raises
    ------
    BagError
        The bag cannot be read, or holds no session.
    """
    opened = bag if isinstance(bag, Bag) else open_bag(bag, NEEDED_TYPES)
    session = recorded_session(opened, namespace)
    names = [', '.join(session.protocols), opened.provenance.get('garment', '')]
    return session_figure(
        session.trace,
        sleeves=session.sleeves,
        alarms=session.alarms,
        title=title or ' on '.join(filter(None, names)) or opened.path.name,
        subtitle=headline(summarize(session.trace)),
    )


def save_session_plot(path: str | Path, figure: Figure) -> None:
    """Write a figure; its kind follows from the file's extension, e.g. ``.png`` or ``.svg``.

    Raises
    ------
    BagError
        The file cannot be written.
    """
    path = Path(path)
    try:
        figure.savefig(path)
    except OSError as error:
        raise BagError.from_os('cannot write the plot', path, error) from error


@dataclass(frozen=True)
class CloseUp:
    """The cycle to show close up.

    Attributes
    ----------
    number : int
        From 1.
    start, origin, end : float
        Start of what is shown, first set-point of the cycle, and end, which has the release and
        nothing of the next cycle [s].
    """

    number: int
    start: float
    origin: float
    end: float


def close_up_span(trace: ChamberTrace, number: int | None = None) -> CloseUp | None:
    """Span of a cycle, by default of the full one with the longest wave; None without any."""
    cycles = find_cycles(trace)
    if not cycles:
        return None
    if number is None:
        candidates = full_cycles(trace) or cycles
        cycle = max(candidates, key=lambda own: np.nan_to_num(own.wave_time))
        number = cycles.index(cycle) + 1
    number = min(max(number, 1), len(cycles))
    cycle = cycles[number - 1]
    last = len(trace.time) - 1
    start, stop = float(trace.time[cycle.start]), float(trace.time[min(cycle.stop, last)])
    later = np.asarray(under_pressure(trace)[cycle.stop :]).any(axis=1)
    next_start = trace.time[cycle.stop + int(np.argmax(later))] if later.any() else trace.time[-1]
    length = stop - start
    end = min(float(next_start), stop + AFTERMATH * length)
    return CloseUp(number, start - 0.02 * length, start, end)


def _whole(trace: ChamberTrace, leg: str) -> Window:
    """A leg over all the time, in minutes if it is long."""
    start, end = float(trace.time[0]), float(trace.time[-1])
    scale = MINUTE if end - start > SHORT_SESSION else 1.0
    label = f'{leg} leg'.strip()
    return Window(leg, start, max(end, start + 1.0), start, scale, label, detailed=False)


def _axes(leg_count: int, with_details: bool) -> tuple[Figure, list[Axes], list[Axes]]:
    """A figure with an axis a leg, one below the other, and close-ups side by side below them."""
    height = 0.95 + 1.75 * leg_count + (3.6 if with_details else 0.3)
    figure = Figure(figsize=(12.0, height), dpi=150, facecolor='white')
    FigureCanvasAgg(figure)
    top = 1.0 - 1.12 / height
    middle = (4.0 if with_details else 0.55) / height
    over = GridSpec(
        leg_count, 1, figure=figure, left=LEFT, right=RIGHT, top=top, bottom=middle, hspace=0.28
    )
    overviews = [figure.add_subplot(over[i, 0]) for i in range(leg_count)]
    for axis in overviews[:-1]:
        axis.tick_params(labelbottom=False)
    details: list[Axes] = []
    if with_details:
        bottom, top = 0.5 / height, 3.15 / height
        under = GridSpec(
            1, leg_count, figure=figure, left=LEFT, right=RIGHT, top=top, bottom=bottom, wspace=0.06
        )
        details = [figure.add_subplot(under[0, i]) for i in range(leg_count)]
        for axis in details[1:]:
            axis.tick_params(labelleft=False)
    for axis in (*overviews, *details[:1]):
        axis.set_ylabel('mmHg')
    return figure, overviews, details


def _head(
    figure: Figure,
    title: str,
    subtitle: str,
    colours: Colours,
) -> None:
    """Title on the left, legend on the right."""
    height = figure.get_figheight()
    figure.text(LEFT, 1.0 - 0.34 / height, title, fontsize=15, fontweight='bold', va='center')
    figure.text(LEFT, 1.0 - 0.6 / height, subtitle, fontsize=9.5, color=QUIET, va='center')
    handles = [Line2D([], [], color=colour, linewidth=3) for colour in colours.values()]
    handles.append(Line2D([], [], color=INK, linewidth=0.9, linestyle=DASHES))
    handles.append(Line2D([], [], color=QUIET, linewidth=0.9, linestyle=DOTS))
    figure.legend(
        handles,
        [*colours, 'set-point', 'vented'],
        loc='center right',
        bbox_to_anchor=(RIGHT + 0.005, 1.0 - 1.0 / height),
        ncols=len(handles),
        frameon=False,
        handlelength=1.5,
        columnspacing=1.4,
        fontsize=9.5,
    )


def _highest(trace: ChamberTrace, start: float = -np.inf, end: float = np.inf) -> float:
    """Upper end of what the axes show from `start` to `end` [mmHg]."""
    rows = (trace.time >= start) & (trace.time <= end)
    targets = np.where(under_pressure(trace)[rows], trace.target[rows], np.nan)
    shown = np.concatenate((trace.pressure[rows].ravel(), targets.ravel()))
    known = shown[np.isfinite(shown)] / MMHG
    return max(float(known.max()), 20.0) if len(known) else 20.0
