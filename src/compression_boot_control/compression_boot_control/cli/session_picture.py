"""The whole picture of a running session: where it is, both legs, the wave, and what is wrong."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.text import Text

from compression_boot_control.cli.alarm_lines import alarm_line
from compression_boot_control.cli.legs_picture import PictureSize, colour_key, legs_lines
from compression_boot_control.cli.views import (
    SafetyView,
    SessionStage,
    SessionView,
    Snapshot,
    Verdict,
)
from compression_boot_control.cli.wave_strip import WaveStrip

BENCH = 'bench: nobody is in the boots'
"""Said on every surface while a session runs that asked nobody's screening."""

SMALLEST_WIDTH = 74
HEADER_LINES = 5
"""Lines around the legs."""

WIDEST = 120
"""More columns make the picture harder to read."""

SPEED_WINDOW = 5.0
"""Time over which the speed of a session is measured [s]."""

VERDICT_STYLES = {
    Verdict.STARTING: 'yellow',
    Verdict.PERMITTING: 'green',
    Verdict.RESTRICTED: 'bold yellow',
    Verdict.VENTING: 'bold yellow',
    Verdict.TRIPPED: 'bold white on red',
}


@dataclass
class SpeedMeter:
    """How fast a session goes on against the clock on the wall."""

    _points: deque[tuple[float, float]] = field(default_factory=deque)

    def add(self, now: float, under_way: float) -> None:
        """Take a reading of both times [s]."""
        if self._points and under_way < self._points[-1][1]:
            self._points.clear()
        self._points.append((now, under_way))
        while now - self._points[0][0] > SPEED_WINDOW:
            self._points.popleft()

    @property
    def factor(self) -> float | None:
        """Session seconds per second; None while that is not known."""
        (start, first), (end, last) = self._points[0], self._points[-1]
        return (last - first) / (end - start) if end - start > 1.0 and last > first else None


class SessionPicture:
    """Draws snapshots of a session one after the other.

    Parameters
    ----------
    title : str
        What is shown, for a person.
    note : str
        What else a person must know, e.g. that the boots are simulated.
    footer : callable
        Gives the last line: which keys there are, or what came of one; empty for none.
    """

    def __init__(self, title: str, note: str = '', footer: Callable[[], str] = lambda: '') -> None:
        self._title = title
        self._note = note
        self._footer = footer
        self._strip = WaveStrip()
        self._speed = SpeedMeter()
        self._session: SessionView | None = None

    def draw(self, snapshot: Snapshot, console: Console) -> RenderableType:
        """Draw a snapshot as large as the terminal allows."""
        session = snapshot.session
        if session is not None and session.stage.occupied:
            self._session = session
            self._strip.add(session.under_way, session.pressure)
            self._speed.add(time.monotonic(), session.under_way)
        elif session is None:
            # what is not known any more must not look as if it were
            self._session = None
        footer = [Text(f' {text}', style='cyan')] if (text := self._footer()) else []
        lines = self._lines(snapshot, console)[: max(console.height - 1 - len(footer), 1)]
        lines += footer
        for line in lines:
            line.truncate(console.width)
        return Group(*lines)

    def _lines(self, snapshot: Snapshot, console: Console) -> list[Text]:
        session = snapshot.session
        if console.width < SMALLEST_WIDTH or snapshot.sleeves is None:
            return self._header(snapshot, console.width)
        width = min(console.width, WIDEST)
        zones = len(snapshot.sleeves.zone_order)
        room = console.height - HEADER_LINES - 2
        size = PictureSize(
            width=width,
            tall=room >= 2 * zones + 2,
            colours=not console.no_color and console.color_system is not None,
        )
        lines = self._header(snapshot, width)
        if room >= zones + 1:
            pressure = session.pressure if session else {}
            target = session.target if session else {}
            lines += [Text(), *legs_lines(snapshot.sleeves, pressure, target, size)]
        if room >= 3 * zones + 4 and session is not None:
            caption = Text(' a column per second of the session', style='dim')
            lines += [Text(), _spread(caption, colour_key(size), width)]
            lines += self._strip.lines(snapshot.sleeves, size)
        return lines

    # -- header

    def _header(self, snapshot: Snapshot, width: int) -> list[Text]:
        session = self._session if snapshot.session else None
        first = Text(' ')
        first.append(self._title, style='bold')
        if self._note:
            first.append(f'  {self._note}', style='dim')
        if session is not None and session.bench:
            first.append(f'  {BENCH}', style='bold yellow')
        factor = self._speed.factor if session else None
        speed = f'{factor:.1f}× real time ' if factor and abs(factor - 1.0) > 0.2 else ''
        lines = [_spread(first, Text(speed, style='cyan'), width)]
        lines.append(_session_line(session, snapshot.session, width))
        lines.append(_spread(_phase(snapshot.session), _verdict(snapshot.safety), width))
        return lines + _alarm_lines(snapshot.safety, width)


def _spread(left: Text, right: Text, width: int) -> Text:
    left = left.copy()
    left.truncate(max(width - right.cell_len - 1, 0), overflow='ellipsis')
    return left + Text(' ' * max(width - left.cell_len - right.cell_len, 1)) + right


def _session_line(session: SessionView | None, now: SessionView | None, width: int) -> Text:
    if now is None:
        return Text(' nothing heard from the planner', style='bold red')
    if session is None:
        return Text(' no session yet', style='dim')
    figures = f' {session.progress:4.0%}  cycle {max(session.cycle, 1)}  {session.time_text} '
    room = max(width - len(figures) - 1, 4)
    done = round(2 * room * min(max(session.progress, 0.0), 1.0))
    bar = Text(' ')
    bar.append('━' * (done // 2) + ('╸' if done % 2 else ''), style='green')
    bar.append('─' * (room - done // 2 - done % 2), style='dim')
    bar.append(figures)
    return bar


def _phase(session: SessionView | None) -> Text:
    if session is None:
        return Text(' ')
    style = 'bold'
    if session.stage == SessionStage.PAUSED or session.presence_asked:
        style = 'bold yellow'
    text = session.status
    if abs(session.intensity - 1.0) > 1e-6 and session.stage.occupied:
        text += f'  ({session.intensity:.0%})'
    if session.skipped and session.stage.occupied:
        text += f'  without {", ".join(session.skipped).replace("_", " ")}'
    return Text(f' {text}', style=style)


def _verdict(safety: SafetyView | None) -> Text:
    if safety is None:
        return Text('supervisor: nothing heard ', style='bold white on red')
    vented = ', vented' if safety.vented else ''
    text = f'supervisor: {safety.verdict.name.lower()}{vented} '
    return Text(text, style=VERDICT_STYLES[safety.verdict])


def _alarm_lines(safety: SafetyView | None, width: int) -> list[Text]:
    if safety is None:
        return []
    lines = []
    for alarm in safety.alarms[:2]:
        text = Text(' ') + alarm_line(alarm)
        text.truncate(width, overflow='ellipsis')
        lines.append(text)
    return lines
