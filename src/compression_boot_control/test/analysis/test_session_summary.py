"""A bag's session and a simulated one give the same figures, and the figures reach JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from compression_boot_control.analysis.bag_reader import open_bag
from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.session_plot import plot_bag
from compression_boot_control.analysis.session_summary import (
    render_summary,
    summarize,
    summarize_bag,
)
from compression_boot_control.analysis.session_trace import AlarmMark, recorded_session
from compression_boot_control.core.units import MMHG

PACKAGE = 'compression_boot_msgs/msg/'
START = 1_700_000_000


def write_session(folder, trace, messages, definition_of, *, namespace='/boots', alarm_at=None):
    """Record a trace: pressures at each sample, set-points at each tenth and at each change."""
    types = messages.typestore(PACKAGE + 'SafetyState').types
    with BagWriter(folder, definition_of=definition_of) as bag:
        bag.add_topic(f'{namespace}/pressures', PACKAGE + 'ChamberPressures')
        bag.add_topic(f'{namespace}/setpoints', PACKAGE + 'Setpoints')
        bag.add_topic(f'{namespace}/safety/state', PACKAGE + 'SafetyState')
        for i, time in enumerate(trace.time):
            stamp = START + time
            log_time = round(stamp * 1e9)
            changed = i == 0 or (trace.mode[i] != trace.mode[i - 1]).any()
            if changed or i % 10 == 0:
                data = messages.setpoints(stamp, trace.mode[i], trace.target[i])
                bag.write(f'{namespace}/setpoints', data, log_time, log_time)
            # every second message has its chambers the other way round
            turn = slice(None, None, -1 if i % 2 else 1)
            data = messages.pressures(stamp, trace.pressure[i][turn], messages.chambers[turn])
            bag.write(f'{namespace}/pressures', data, log_time, log_time)
            if alarm_at is not None and i % 5 == 0:
                active = alarm_at <= time < alarm_at + 1
                since = types['builtin_interfaces/msg/Time'](0, 0)
                alarm = types[PACKAGE + 'Alarm'](
                    id='SR-07',
                    text='leak at left calf',
                    priority=1,
                    initial_priority=1,
                    name=['left_calf'],
                    active=True,
                    latched=False,
                    acknowledged=False,
                    silence_left=0.0,
                    announced=True,
                    since=since,
                    expected=1.0,
                    measured=2.0,
                    advice='',
                )
                data = messages.serialize(
                    PACKAGE + 'SafetyState',
                    stamp=stamp,
                    state=1,
                    reason='',
                    vented=False,
                    vented_name=[],
                    alarms=[alarm] if active else [],
                )
                bag.write(f'{namespace}/safety/state', data, log_time, log_time)


def test_a_bag_gives_the_figures_of_its_session(tmp_path, messages, definition_of, synthetic):
    trace = synthetic(2)
    write_session(tmp_path / 'bag', trace, messages, definition_of)
    summary = summarize_bag(tmp_path / 'bag')
    # stamps are in nanoseconds, and seconds since 1970 are doubles: a microsecond is lost
    recorded = summary.to_json()
    simulated = summarize(trace).to_json()
    for key in ('duration_s', 'wave_time_s'):
        assert recorded.pop(key) == pytest.approx(simulated.pop(key), abs=1e-3)
    for own, other in zip(recorded.pop('chambers'), simulated.pop('chambers'), strict=True):
        assert own.pop('name') == other.pop('name')
        assert own == pytest.approx(other, abs=0.02)
    assert recorded == simulated


def test_figures_of_a_known_session(synthetic):
    summary = summarize(synthetic(2))
    assert summary.cycles == 2
    assert summary.wave_time_s == pytest.approx(14.56, abs=0.03)
    assert summary.vented_at_end is True
    foot, thigh = summary.chambers[0], summary.chambers[4]
    assert (foot.name, thigh.name) == ('left_foot', 'left_thigh')
    assert foot.peak_mmhg == pytest.approx(61.5, abs=0.1)
    assert foot.overshoot_mmhg == pytest.approx(1.5, abs=0.1)
    assert foot.steady_rms_mmhg < 0.1
    # 24.2 s of dwell at 45 mmHg over the threshold, and less while it rises and falls
    assert 2 * 24 * 45 / 60 < foot.dose_mmhg_min < 2 * 27 * 46 / 60
    assert thigh.dose_mmhg_min < foot.dose_mmhg_min


def test_json_has_the_keys_that_scripts_rely_on(synthetic):
    data = json.loads(json.dumps(summarize(synthetic(1)).to_json(), allow_nan=False))
    assert data.keys() >= {'duration_s', 'cycles', 'wave_time_s', 'vented_at_end', 'chambers'}
    assert data['chambers'][0].keys() >= {
        'name',
        'overshoot_mmhg',
        'steady_rms_mmhg',
        'peak_mmhg',
        'dose_mmhg_min',
    }


def test_unknown_figures_are_none(synthetic):
    trace = synthetic(1)
    blind = summarize(replace(trace, pressure=np.full_like(trace.pressure, np.nan)))
    data = json.loads(json.dumps(blind.to_json(), allow_nan=False))
    assert data['wave_time_s'] is None
    assert data['vented_at_end'] is None
    assert data['cycles'] == 0
    for chamber in data['chambers']:
        assert {value for key, value in chamber.items() if key.endswith(('mmhg', 'min'))} == {None}
        assert chamber['unknown_s'] > 30


def test_an_idle_recording_has_no_session(synthetic):
    trace = synthetic(1)
    idle = summarize(replace(trace, mode=np.zeros_like(trace.mode)))
    assert (idle.duration_s, idle.cycles, idle.wave_time_s) == (0.0, 0, None)


def test_alarms_are_told_once(tmp_path, messages, definition_of, synthetic):
    write_session(tmp_path / 'bag', synthetic(1), messages, definition_of, alarm_at=10.0)
    (alarm,) = summarize_bag(tmp_path / 'bag').alarms
    assert (alarm.hazard_id, alarm.priority, alarm.chamber_names) == ('SR-07', 1, ('left_calf',))
    assert alarm.time == pytest.approx(10.0, abs=0.1)


def test_the_picture_of_a_bag_has_its_figures(tmp_path, messages, definition_of, synthetic):
    write_session(tmp_path / 'bag', synthetic(1), messages, definition_of, alarm_at=10.0)
    figure = plot_bag(tmp_path / 'bag')
    texts = [text.get_text() for text in figure.texts]
    assert texts[0] == 'bag'
    assert '1 full cycle · wave 14.6 s · highest pressure 61.' in texts[1]
    assert figure.axes[0].texts[0].get_text() == 'SR-07'


def test_a_bag_knows_its_protocol(tmp_path, messages, definition_of):
    with BagWriter(tmp_path / 'bag', {'garment': 'demo'}, definition_of=definition_of) as bag:
        bag.add_topic('/pressures', PACKAGE + 'ChamberPressures')
        bag.add_topic('/setpoints', PACKAGE + 'Setpoints')
        bag.add_topic('/session/state', PACKAGE + 'SessionState')
        bag.write('/setpoints', messages.setpoints(0, [0] * 10, [0] * 10), 0, 0)
        for stamp, protocol in enumerate(('', 'beginner', 'beginner', '')):
            bag.write('/pressures', messages.pressures(stamp, [0] * 10), stamp, stamp)
            data = messages.serialize(
                PACKAGE + 'SessionState',
                stamp=stamp,
                state=2,
                status='',
                protocol=protocol,
                phase='',
                cycle=1,
                progress=0.0,
                elapsed=0.0,
                warm_up=0.0,
                remaining=0.0,
                intensity=1.0,
                skipped=[],
                cycles_done=0,
                bench=True,
                checking=False,
                presence_asked=False,
                presence_left=0.0,
                name=[],
                target=np.empty(0),
                pressure=np.empty(0),
                dose=np.empty(0),
            )
            bag.write('/session/state', data, stamp, stamp)
    assert recorded_session(open_bag(tmp_path / 'bag')).protocols == ('beginner',)
    assert plot_bag(tmp_path / 'bag').texts[0].get_text() == 'beginner on demo'


def test_pre_use_check_is_no_cycle_of_the_session(tmp_path, messages, definition_of):
    with BagWriter(tmp_path / 'bag', definition_of=definition_of) as bag:
        bag.add_topic('/pressures', PACKAGE + 'ChamberPressures')
        bag.add_topic('/setpoints', PACKAGE + 'Setpoints')
        bag.add_topic('/session/check', PACKAGE + 'PreUseCheck')
        bag.write('/setpoints', messages.setpoints(0.0, [3] * 10, [30.0 * MMHG] * 10), 0, 0)
        for stamp in range(6):
            bag.write('/pressures', messages.pressures(stamp, [0.0] * 10), stamp, stamp)
        for stamp, outcome in ((1.0, 0), (3.0, 0), (4.0, 1)):
            data = messages.serialize(
                PACKAGE + 'PreUseCheck',
                stamp=stamp,
                protocol='beginner',
                outcome=outcome,
                duration=0.0,
                text='',
                items=[],
            )
            bag.write('/session/check', data, 0, 0)
    pressed = recorded_session(open_bag(tmp_path / 'bag')).trace.mode[:, 0]
    assert pressed.tolist() == [3, 0, 0, 0, 3, 3]


def test_two_garments_need_a_choice(tmp_path, messages, definition_of):
    with BagWriter(tmp_path / 'bag', definition_of=definition_of) as bag:
        for namespace, pressure in (('/one', 1.0), ('/two', 2.0)):
            bag.add_topic(f'{namespace}/pressures', PACKAGE + 'ChamberPressures')
            bag.add_topic(f'{namespace}/setpoints', PACKAGE + 'Setpoints')
            data = messages.pressures(1, [pressure * MMHG] * 10)
            bag.write(f'{namespace}/pressures', data, 1, 1)
            bag.write(f'{namespace}/setpoints', messages.setpoints(1, [0] * 10, [0] * 10), 1, 1)
    bag = open_bag(tmp_path / 'bag')
    with pytest.raises(BagError, match='several garments'):
        recorded_session(bag)
    assert recorded_session(bag, '/two').trace.pressure[0, 0] == 2.0 * MMHG
    with pytest.raises(BagError, match='no ChamberPressures in the namespace /three'):
        recorded_session(bag, '/three')


def test_a_clock_that_jumps_back_is_noted(tmp_path, messages, definition_of):
    with BagWriter(tmp_path / 'bag', definition_of=definition_of) as bag:
        bag.add_topic('/pressures', PACKAGE + 'ChamberPressures')
        bag.add_topic('/setpoints', PACKAGE + 'Setpoints')
        bag.write('/setpoints', messages.setpoints(0, [0] * 10, [0] * 10), 0, 0)
        for i, stamp in enumerate((5.0, 6.0, 5.5, 5.9, 7.0)):
            bag.write('/pressures', messages.pressures(stamp, [i] * 10), i, i)
    session = recorded_session(open_bag(tmp_path / 'bag'))
    assert session.trace.time.tolist() == [0.0, 1.0, 2.0]
    assert session.trace.pressure[:, 0].tolist() == [0, 1, 4]
    assert '2 pressures with a stamp that does not increase' in session.notes[0]


def test_a_chamber_that_a_set_point_leaves_out_is_vented(tmp_path, messages, definition_of):
    with BagWriter(tmp_path / 'bag', definition_of=definition_of) as bag:
        bag.add_topic('/pressures', PACKAGE + 'ChamberPressures')
        bag.add_topic('/setpoints', PACKAGE + 'Setpoints')
        bag.write('/setpoints', messages.setpoints(0, [1], [5000], ['left_foot']), 0, 0)
        bag.write('/pressures', messages.pressures(1, [0] * 10), 1, 1)
    trace = recorded_session(open_bag(tmp_path / 'bag')).trace
    assert trace.mode[0].tolist() == [1] + [0] * 9
    assert trace.target[0, 0] == 5000


def test_the_rendering_shows_each_chamber_and_alarm(synthetic):
    alarm = AlarmMark(12.0, 'SR-07', 'leak at [left] calf, text that is not markup', 1, ())
    summary = summarize(synthetic(1), [alarm], ('the recording was cut',))
    console = Console(width=100, file=StringIO())
    console.print(render_summary(summary))
    text = console.file.getvalue()
    assert 'left foot' in text
    assert '61.5' in text
    assert 'vented at the end' in text
    assert '12.0 s  SR-07  leak at [left] calf' in text
    assert 'the recording was cut' in text
