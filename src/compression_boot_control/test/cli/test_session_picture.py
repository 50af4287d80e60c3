"""The live picture: fits the terminal, and shows what is unknown as unknown."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from compression_boot_control.cli.legs_picture import activity, colour_of, shade_of
from compression_boot_control.cli.session_display import LineDisplay, progress_line
from compression_boot_control.cli.session_picture import SessionPicture, SpeedMeter
from compression_boot_control.cli.views import (
    AlarmView,
    SafetyView,
    SessionStage,
    SessionView,
    SleeveView,
    Snapshot,
    Verdict,
)
from compression_boot_control.cli.wave_strip import WaveStrip
from compression_boot_control.core.units import MMHG

ZONES = ('foot', 'ankle', 'lower_calf', 'upper_calf', 'knee', 'thigh')


def sleeves(legs: tuple[str, ...] = ('left', 'right'), zones: int = 5) -> SleeveView:
    chosen = [*ZONES[: zones - 1], 'thigh']
    names = {f'{leg}_{zone}': (leg, zone) for leg in legs for zone in chosen}
    return SleeveView(
        garment='some',
        backend='sim',
        legs={name: leg for name, (leg, _) in names.items()},
        zones={name: zone for name, (_, zone) in names.items()},
        zone_order=tuple(chosen),
    )


def snapshot(
    pressure: float = 30.0 * MMHG,
    target: float = 40.0 * MMHG,
    worn: SleeveView | None = None,
    **changes: Any,
) -> Snapshot:
    worn = worn or sleeves()
    session = SessionView(
        stage=SessionStage.RUNNING,
        status='inflate calf',
        protocol='beginner',
        phase='inflate calf',
        cycle=3,
        progress=0.37,
        elapsed=420.0,
        remaining=779.6,
        intensity=1.0,
        target=dict.fromkeys(worn.legs, target),
        pressure=dict.fromkeys(worn.legs, pressure),
        dose={},
    )
    safety = SafetyView(Verdict.PERMITTING, '', vented=False, vented_names=(), alarms=())
    parts: dict[str, Any] = {'session': session, 'safety': safety, 'sleeves': worn} | changes
    return Snapshot('/boots', (), **parts)


def drawn(shown: Snapshot, width: int = 100, height: int = 40, *, colours: bool = False) -> str:
    output = io.StringIO()
    console = Console(
        file=output,
        width=width,
        height=height,
        force_terminal=True,
        color_system='truecolor' if colours else None,
    )
    console.print(SessionPicture('title', 'note').draw(shown, console))
    return output.getvalue()


@given(
    width=st.integers(20, 200),
    height=st.integers(5, 60),
    zones=st.integers(4, 6),
    legs=st.sampled_from([('left',), ('right',), ('left', 'right')]),
    pressure=st.one_of(st.floats(-1e5, 1e5), st.just(math.nan)),
)
def test_picture_fits_any_terminal(
    width: int, height: int, zones: int, legs: tuple[str, ...], pressure: float
) -> None:
    lines = drawn(snapshot(pressure, worn=sleeves(legs, zones)), width, height).splitlines()
    assert len(lines) <= height - 1
    assert all(len(line) <= width for line in lines)


def test_zones_stand_from_thigh_to_foot() -> None:
    text = drawn(snapshot())
    places = [text.index(zone.replace('_', ' ')[:8]) for zone in ('thigh', 'ankle', 'foot')]
    assert places == sorted(places)


def test_picture_says_where_the_session_is() -> None:
    text = drawn(snapshot())
    for part in ('title', 'note', '37%', 'cycle 3', '13:00 left', 'inflate calf', 'permitting'):
        assert part in text
    assert '30.0/40' in text


def warming_up(under_way: float) -> Snapshot:
    shown = snapshot()
    assert shown.session is not None
    session = replace(
        shown.session, progress=0.0, elapsed=0.0, warm_up=under_way, remaining=1200.0, cycle=1
    )
    return replace(shown, session=session)


def test_picture_says_that_the_boots_fit_to_the_legs_while_the_clock_stands_still() -> None:
    assert 'fitting to the legs 1:05, then 20:00' in drawn(warming_up(65.0))
    assert 'fitting' not in drawn(snapshot())


def test_picture_moves_on_while_the_clock_stands_still() -> None:
    console = Console(file=io.StringIO(), width=100, height=40, color_system=None)
    picture, shade = SessionPicture('title'), shade_of(30.0 * MMHG)
    columns = []
    for under_way in (1.0, 2.0, 3.0):
        lines = picture.draw(warming_up(under_way), console).renderables
        columns.append(sum(str(line).count(shade) for line in lines))
    assert columns[0] < columns[1] < columns[2]


def test_line_says_that_the_boots_fit_to_the_legs_while_the_clock_stands_still() -> None:
    session = warming_up(65.0).session
    assert session is not None
    assert 'fitting to the legs 1:05, then 20:00' in progress_line(session)


def test_check_before_the_session_is_no_fitting_to_the_legs() -> None:
    session = warming_up(0.0).session
    assert session is not None
    assert replace(session, checking=True).time_text == '20:00 left'


def test_what_is_unknown_is_shown_as_such() -> None:
    assert '?' in drawn(snapshot(pressure=math.nan))
    silent = drawn(snapshot(session=None, safety=None))
    assert 'nothing heard from the planner' in silent
    assert 'supervisor: nothing heard' in silent
    assert '30.0' not in silent


def test_alarms_are_shown_with_their_advice() -> None:
    alarm = AlarmView('SR-01', 'too much', 3, (), active=True, latched=True, advice='vent it')
    safety = SafetyView(Verdict.TRIPPED, 'too much', False, (), (alarm,))
    text = drawn(snapshot(safety=safety))
    assert 'SR-01 too much: vent it' in text
    assert 'tripped' in text


def test_colours_only_where_the_terminal_has_them() -> None:
    assert '\x1b[38;2;' in drawn(snapshot(), colours=True)
    assert '38;2;' not in drawn(snapshot(), colours=False)


@pytest.mark.parametrize(
    ('pressure', 'target', 'symbol'),
    [(0.0, 0.0, '·'), (10.0, 40.0, '▲'), (39.0, 40.0, '●'), (30.0, 0.0, '▼'), (math.nan, 0.0, '?')],
)
def test_symbols_say_what_a_zone_does(pressure: float, target: float, symbol: str) -> None:
    assert activity(pressure * MMHG, target * MMHG)[0] == symbol


@given(st.floats(-1e6, 1e6))
def test_every_pressure_has_a_colour_and_a_shade(pressure: float) -> None:
    assert colour_of(pressure).startswith('rgb(')
    assert len(shade_of(pressure)) == 1


def test_strip_keeps_the_highest_of_a_column_and_starts_over() -> None:
    strip = WaveStrip(column_time=1.0)
    worn = sleeves(('left',))
    for elapsed, mmhg in ((0.0, 5.0), (0.2, 45.0), (0.9, 5.0), (1.1, 5.0)):
        strip.add(elapsed, {'left_foot': mmhg * MMHG})
    from compression_boot_control.cli.legs_picture import PictureSize

    size = PictureSize(80, colours=False)
    assert strip.lines(worn, size)[-1].plain.rstrip().endswith('█·')
    strip.add(0.0, {'left_foot': 0.0})
    assert strip.lines(worn, size)[-1].plain.rstrip().endswith('·')
    assert '█' not in strip.lines(worn, size)[-1].plain


def test_speed_is_that_of_the_session() -> None:
    meter = SpeedMeter()
    meter.add(0.0, 100.0)
    assert meter.factor is None
    for second in range(1, 20):
        meter.add(float(second), 100.0 + 8.0 * second)
    assert meter.factor == pytest.approx(8.0)
    meter.add(20.0, 0.0)
    assert meter.factor is None


def test_lines_come_now_and_then() -> None:
    output = io.StringIO()
    display = LineDisplay(Console(file=output, width=200), snapshot)
    for _ in range(100):
        display.update()
    assert output.getvalue().splitlines() == [progress_line(snapshot().session)]  # type: ignore[arg-type]
    assert 'highest pressure 30 mmHg' in output.getvalue()


def test_line_knows_no_pressure() -> None:
    shown = snapshot(pressure=math.nan).session
    assert shown is not None
    assert 'highest pressure unknown' in progress_line(shown)
