"""The picture shows every chamber, set-point and alarm, whatever the session lacks."""

from __future__ import annotations

from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest

from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.metrics import ChamberTrace
from compression_boot_control.analysis.session_axes import thinned, zone_colours
from compression_boot_control.analysis.session_plot import (
    close_up_span,
    save_session_plot,
    session_figure,
)
from compression_boot_control.analysis.session_trace import AlarmMark, sleeves_by_name


def drawn(figure, path):
    """The figure as an image (rows, columns, 4)."""
    save_session_plot(path, figure)
    return matplotlib.image.imread(path)


def test_a_session_is_drawn_with_both_legs_and_a_cycle(tmp_path, synthetic):
    figure = session_figure(synthetic(3), title='Wave', subtitle='3 cycles')
    image = drawn(figure, tmp_path / 'session.png')
    assert image.shape[1] == 1800
    assert image.std() > 0.05
    left, right, *details = figure.axes
    assert [axis.get_title(loc='left') for axis in (left, right)] == ['Left leg', 'Right leg']
    assert len(details) == 2
    # 5 zones and the line below which a chamber counts as vented; close up set-points as well
    assert len(left.lines) == 6
    assert len(details[0].lines) == 11
    assert details[0].get_xlim()[1] == pytest.approx(27 * 1.35, abs=0.6)


def test_alarms_are_marked_on_their_leg(tmp_path, synthetic):
    trace = synthetic(2)
    alarms = [
        AlarmMark(10.0, 'SR-07', 'leak', 1, ('left_calf',)),
        AlarmMark(20.0, 'SR-01', 'over-pressure', 3, ()),
        AlarmMark(1e6, 'SR-02', 'after the end', 3, ()),
    ]
    left, right, *_ = session_figure(trace, alarms=alarms).axes
    assert [text.get_text() for text in left.texts] == ['SR-07', 'SR-01']
    assert [text.get_text() for text in right.texts] == ['SR-01']


@pytest.mark.parametrize('case', ['unknown', 'idle', 'one sample', 'one chamber', 'no legs'])
def test_poor_sessions_are_drawn_too(tmp_path, synthetic, case):
    trace = synthetic(1, dt=0.1)
    if case == 'unknown':
        trace = replace(trace, pressure=np.full_like(trace.pressure, np.nan))
    elif case == 'idle':
        trace = replace(trace, mode=np.zeros_like(trace.mode))
    elif case == 'one sample':
        columns = (trace.time, trace.pressure, trace.mode, trace.target)
        trace = ChamberTrace(trace.chamber_names, *(column[:1] for column in columns))
    elif case == 'one chamber':
        columns = (trace.pressure, trace.mode, trace.target)
        trace = ChamberTrace(('left_foot',), trace.time, *(column[:, :1] for column in columns))
    else:
        trace = replace(trace, chamber_names=tuple('abcdefghij'))
    assert drawn(session_figure(trace), tmp_path / 'session.png').std() > 0.01


def test_a_place_that_cannot_be_written_is_named(tmp_path, synthetic):
    with pytest.raises(BagError, match=r'cannot write the plot .*does not exist'):
        save_session_plot(tmp_path / 'no' / 'plot.png', session_figure(synthetic(1)))


def test_the_close_up_ends_before_the_next_cycle(synthetic):
    trace = synthetic(3)
    second = close_up_span(trace, 2)
    assert second.number == 2
    assert second.origin == pytest.approx(2 + 37)
    assert second.start < second.origin
    assert second.origin + 27 < second.end <= 2 + 2 * 37
    assert close_up_span(trace, 99).number == 3


def test_the_close_up_is_of_the_longest_wave(synthetic):
    trace = synthetic(3)
    pressure = trace.pressure.copy()
    slow = (trace.time > 2 + 37 + 12) & (trace.time < 2 + 37 + 16)
    pressure[slow, 4] = 0.0
    assert close_up_span(replace(trace, pressure=pressure)).number == 2


def test_thinning_keeps_peaks_and_gaps():
    values = np.sin(np.arange(100_000) / 50)
    values[12_345] = 9.0
    values[54_321] = -9.0
    values[70_000:71_000] = np.nan
    keep = thinned(values, 1000)
    assert keep.sum() <= 1010
    assert keep[[0, 12_345, 54_321, 99_999]].all()
    assert np.isnan(values[keep]).any()
    assert thinned(values[:100], 1000).all()


def test_zones_get_lighter_towards_the_thigh():
    colours = zone_colours(('foot', 'ankle', 'calf', 'knee', 'thigh'))
    lightness = [np.dot(colour[:3], (0.299, 0.587, 0.114)) for colour in colours.values()]
    assert (np.diff(lightness) > 0.05).all()


def test_chambers_without_a_leg_in_their_name_are_drawn_together():
    sleeves = sleeves_by_name(('a', 'b'))
    assert sleeves.legs == {'a': '', 'b': ''}
    assert sleeves.zone_order == ('a', 'b')
