"""The wave over time: a strip for each leg, a row per zone, a column per second."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

from rich.text import Text

from compression_boot_control.cli.legs_picture import (
    PictureSize,
    chambers_of,
    colour_of,
    shade_of,
)
from compression_boot_control.cli.views import SleeveView

LONGEST_STRIP = 60
"""Columns that are kept."""


class WaveStrip:
    """Remembers the pressures of a session.

    Parameters
    ----------
    column_time : float
        Time of the session, warm-up included, that one column stands for [s].
    """

    def __init__(self, column_time: float = 1.0) -> None:
        self.column_time = column_time
        self._columns: deque[dict[str, float]] = deque(maxlen=LONGEST_STRIP)
        self._number = -1

    def add(self, under_way: float, pressure: Mapping[str, float]) -> None:
        """Take the pressures at a time under way; of one column the highest is kept."""
        number = int(under_way / self.column_time)
        if number < self._number:
            self._columns.clear()
        if number != self._number:
            self._columns.append({})
            self._number = number
        column = self._columns[-1]
        for name, value in pressure.items():
            if math.isfinite(value):
                column[name] = max(value, column.get(name, 0.0))

    def lines(self, sleeves: SleeveView, size: PictureSize) -> list[Text]:
        """Draw the strips of both legs side by side, newest column on the right."""
        legs = [leg for leg in ('left', 'right') if leg in sleeves.legs.values()]
        columns = [self._leg(sleeves, leg, size) for leg in legs]
        if len(columns) == 1:
            return columns[0]
        return [left + Text('  ') + right for left, right in zip(*columns, strict=True)]

    def _leg(self, sleeves: SleeveView, leg: str, size: PictureSize) -> list[Text]:
        chambers = chambers_of(sleeves, leg)
        name_width = min(max(len(zone) for zone in chambers), 8)
        width = min((size.width - 2) // 2 - name_width - 1, LONGEST_STRIP)
        shown = list(self._columns)[-width:]
        lines = []
        for zone, name in chambers.items():
            strip = Text(' ' * (width - len(shown)))
            for column in shown:
                strip.append_text(_cell(column.get(name), size))
            label = Text(zone.replace('_', ' ')[:name_width].ljust(name_width), style='dim')
            parts = [label, strip] if leg == 'left' else [strip, label]
            lines.append(Text(' ').join(parts))
        return lines


def _cell(pressure: float | None, size: PictureSize) -> Text:
    if pressure is None:
        return Text(' ')
    if not size.colours:
        return Text(shade_of(pressure))
    return Text('█', style=colour_of(pressure))
