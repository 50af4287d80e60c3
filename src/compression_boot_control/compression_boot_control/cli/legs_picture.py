"""Both legs in a terminal: a cuff per zone, thigh on top, coloured by its pressure, with a gauge.

Outside of each cuff stand the zone, what it does, its pressure and target, and the gauge with a
mark at the target. All pressures in Pa.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from rich.text import Text

from compression_boot_control.cli.views import SleeveView
from compression_boot_control.core.units import MMHG

COLOURS = (
    (0.0, (52, 62, 76)),
    (10.0, (38, 100, 140)),
    (20.0, (24, 148, 170)),
    (30.0, (46, 178, 130)),
    (40.0, (150, 200, 70)),
    (55.0, (244, 182, 66)),
    (75.0, (232, 100, 60)),
    (110.0, (192, 40, 60)),
)
"""Pressure [mmHg] and its colour, told apart by brightness too."""

SHADES = '·░▒▓█'
"""The same without colours, each for 12 mmHg more."""

SHADE_STEP = 12.0

CUFF_WIDTHS = ((0.0, 12), (0.25, 10), (0.5, 11), (0.75, 6), (1.0, 9))
"""Width of a cuff by its place between thigh (0) and foot (1)."""

LEG_WIDTH = 12
FIGURES_WIDTH = 14
"""Symbol, pressure, target, and the spaces between name, figures, gauge and cuff."""

FOOT_SHIFT = 1
"""The foot points outwards by this much more than the ankle."""

NEAR = 2.0 * MMHG
"""A zone is at its target this close to it [Pa]."""

VENTED = 5.0 * MMHG
"""Below this a zone without a target looks vented [Pa]."""

FULL_SCALE = 60.0 * MMHG
"""End of the gauges, unless a target is higher [Pa]."""

EIGHTHS = ' ▏▎▍▌▋▊▉'


@dataclass(frozen=True)
class PictureSize:
    """How much room there is.

    Attributes
    ----------
    width : int
        Columns.
    tall : bool
        Two lines per zone instead of one.
    colours : bool
        Whether the terminal shows colours.
    """

    width: int = 80
    tall: bool = True
    colours: bool = True


def colour_of(pressure: float) -> str:
    """Colour of a pressure as rich knows it."""
    mmhg = min(max(pressure / MMHG, 0.0), COLOURS[-1][0])
    for (low, start), (high, end) in pairwise(COLOURS):
        if mmhg <= high:
            share = (mmhg - low) / (high - low)
            red, green, blue = (round(a + share * (b - a)) for a, b in zip(start, end, strict=True))
            return f'rgb({red},{green},{blue})'
    raise AssertionError('a number is within the range that it was limited to')


def shade_of(pressure: float) -> str:
    """Character for a pressure where there are no colours."""
    step = int(max(pressure / MMHG, 0.0) / SHADE_STEP + 0.5)
    return SHADES[min(step, len(SHADES) - 1)]


def colour_key(size: PictureSize) -> Text:
    """Say which colour is which pressure."""
    key = Text()
    key.append('0 ', style='dim')
    for mmhg in range(2, 60, 4):
        pressure = mmhg * MMHG
        if size.colours:
            key.append('█', style=colour_of(pressure))
        else:
            key.append(shade_of(pressure))
        if mmhg in (18, 38):
            key.append(f' {mmhg + 2} ', style='dim')
    key.append(' 60 mmHg ', style='dim')
    return key


def legs_lines(
    sleeves: SleeveView,
    pressure: Mapping[str, float],
    target: Mapping[str, float],
    size: PictureSize,
) -> list[Text]:
    """Draw both legs side by side, or the one that the garment has."""
    legs = [leg for leg in ('left', 'right') if leg in sleeves.legs.values()]
    scale = max([FULL_SCALE, *(1.15 * value for value in target.values())])
    columns = [_leg(sleeves, leg, pressure, target, scale, size) for leg in legs]
    if len(columns) == 1:
        return columns[0]
    return [left + Text('  ') + right for left, right in zip(*columns, strict=True)]


def chambers_of(sleeves: SleeveView, leg: str) -> dict[str, str]:
    """Chamber names of a leg by zone, thigh first."""
    by_zone = {
        sleeves.zones[name]: name for name, own_leg in sleeves.legs.items() if own_leg == leg
    }
    return {zone: by_zone[zone] for zone in reversed(sleeves.zone_order) if zone in by_zone}


def activity(pressure: float, target: float) -> tuple[str, str]:
    """Symbol and style of what a zone does."""
    if math.isnan(pressure):
        return '?', 'bold red'
    if target > 0.0 and pressure < target - NEAR:
        return '▲', 'yellow'
    if target > 0.0 and pressure <= target + NEAR:
        return '●', 'green'
    return ('▼', 'cyan') if pressure > VENTED else ('·', 'dim')


def _leg(
    sleeves: SleeveView,
    leg: str,
    pressure: Mapping[str, float],
    target: Mapping[str, float],
    scale: float,
    size: PictureSize,
) -> list[Text]:
    chambers = chambers_of(sleeves, leg)
    mirrored = leg == 'right'
    width = (size.width - 2) // 2
    name_width = min(max(len(zone) for zone in chambers), 8)
    gauge_width = min(max(width - LEG_WIDTH - name_width - FIGURES_WIDTH, 3), 22)
    used = gauge_width + LEG_WIDTH + name_width + FIGURES_WIDTH
    title = Text(leg.center(LEG_WIDTH), style='bold')
    pad = ' ' * (used - LEG_WIDTH)
    lines = [_beside(Text(pad), title, mirrored, width)]
    places = max(len(chambers) - 1, 1)
    for rank, (zone, name) in enumerate(chambers.items()):
        value, wanted = pressure.get(name, math.nan), target.get(name, math.nan)
        gauge = Text(' ').join(
            [
                Text(_shown_name(zone, name_width), style='bold' if wanted > 0.0 else 'dim'),
                _figures(value, wanted),
                _gauge(value, wanted, scale, gauge_width),
            ]
        )
        gauge.append(' ')
        if mirrored:
            gauge = Text(' ') + Text(' ').join(
                [
                    _gauge(value, wanted, scale, gauge_width),
                    _figures(value, wanted),
                    Text(_shown_name(zone, name_width), style='bold' if wanted > 0.0 else 'dim'),
                ]
            )
        first, second = _cuff(value, rank / places, size, mirrored=mirrored)
        lines.append(_beside(gauge, first, mirrored, width))
        if size.tall:
            lines.append(_beside(Text(' ' * (used - LEG_WIDTH)), second, mirrored, width))
    return lines


def _beside(gauge: Text, cuff: Text, mirrored: bool, width: int) -> Text:
    line = cuff + gauge if mirrored else gauge + cuff
    spare = ' ' * max(width - line.cell_len, 0)
    return line + Text(spare) if mirrored else Text(spare) + line


def _rounded(pressure: float, digits: int) -> float:
    """Pressure in mmHg, without a minus before a zero."""
    return round(pressure / MMHG, digits) + 0.0


def _shown_name(zone: str, width: int) -> str:
    return zone.replace('_', ' ')[:width].ljust(width)


def _figures(pressure: float, target: float) -> Text:
    symbol, style = activity(pressure, target)
    known = '  ?  ' if math.isnan(pressure) else f'{_rounded(pressure, 1):5.1f}'
    figures = Text(f'{symbol} ', style=style)
    figures.append(known, style='bold')
    wanted = f'/{target / MMHG:<3.0f}' if target > 0.0 else '    '
    figures.append(wanted, style='dim')
    return figures


def _gauge(pressure: float, target: float, scale: float, width: int) -> Text:
    """Bar of a pressure with a mark at the target."""
    if math.isnan(pressure):
        return Text('?' * width, style='red')
    eighths = round(8 * width * min(max(pressure / scale, 0.0), 1.0))
    whole, rest = divmod(eighths, 8)
    cells = ['█'] * whole + ([EIGHTHS[rest]] if rest else [])
    cells += ['·'] * (width - len(cells))
    bar = Text()
    mark = min(int(width * target / scale), width - 1) if target > 0.0 else None
    for place, cell in enumerate(cells):
        if place == mark:
            bar.append('┃', style='bold')
        else:
            bar.append(cell, style='dim' if cell == '·' else colour_of(pressure))
    return bar


def _cuff(pressure: float, place: float, size: PictureSize, *, mirrored: bool) -> tuple[Text, Text]:
    """Two lines of a cuff; the lower one is half as high, which sets it off from the next."""
    width = _cuff_width(place)
    shift = FOOT_SHIFT if place == 1.0 else 0
    before = max((LEG_WIDTH - width) // 2 - shift, 0)
    after = LEG_WIDTH - width - before
    if mirrored:
        before, after = after, before
    label = ('?' if math.isnan(pressure) else f'{_rounded(pressure, 0):.0f}').center(width)
    if not size.colours:
        filled = '?' if math.isnan(pressure) else shade_of(pressure)
        text = ''.join(filled if letter == ' ' else letter for letter in label)
        upper, lower = Text(text), Text(filled * width)
    elif math.isnan(pressure):
        upper, lower = Text(label, style='bold white on red'), Text('▀' * width, style='red')
    else:
        colour = colour_of(pressure)
        ink = 'rgb(235,240,245)' if pressure < 12.0 * MMHG else 'rgb(10,16,22)'
        upper = Text(label, style=f'{ink} on {colour}')
        lower = Text('▀' * width, style=colour)
    left, right = Text(' ' * before), Text(' ' * after)
    return left + upper + right, left + lower + right


def _cuff_width(place: float) -> int:
    for (low, start), (high, end) in pairwise(CUFF_WIDTHS):
        if place <= high:
            return round(start + (place - low) / (high - low) * (end - start))
    return CUFF_WIDTHS[-1][1]
