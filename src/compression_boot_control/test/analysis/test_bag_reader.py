"""Columns hold what the messages hold, and every unreadable bag is one clear line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.writer import Writer as McapWriter
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from compression_boot_control.analysis.bag_files import bag_files
from compression_boot_control.analysis.bag_reader import open_bag, read_series
from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.cdr_columns import decode_columns
from compression_boot_control.analysis.cdr_layout import LayoutError, exact_message
from compression_boot_control.analysis.errors import BagError

PACKAGE = 'compression_boot_msgs/msg/'

TEXTS = st.text(st.characters(codec='utf-8', exclude_characters='\0'), max_size=6)


def test_columns_of_a_bag(short_bag):
    folder, expected = short_bag
    series = read_series(folder, ['/boots/pressures', '/boots/setpoints'])
    pressures = series['/boots/pressures']
    assert len(pressures) == 270
    assert pressures['pressure'].shape == (270, 10)
    assert pressures['pressure'][:, 3].tolist() == [i for i in range(300) if i % 10]
    assert pressures['sequence'].dtype == np.uint64
    assert pressures.stamp == pytest.approx([i / 100 for i in range(300) if i % 10])
    assert series['/boots/setpoints']['mode'].tolist() == [[1] * 10] * 30
    assert series['/boots/setpoints'].log_time.tolist() == [
        stamp for topic, stamp, _ in expected if topic == '/boots/setpoints'
    ]


def test_a_bag_says_what_it_is(short_bag):
    folder, _ = short_bag
    bag = open_bag(folder)
    assert not bag.recovered
    assert bag.notes == ()
    assert bag.provenance == {'version': '1.2'}
    assert bag.topics_of(PACKAGE + 'Setpoints') == ('/boots/setpoints',)
    assert (bag.start_ns, bag.end_ns) == (0, 2_990_000_000)
    assert open_bag(folder / 'short_0.mcap').topics.keys() == bag.topics.keys()


def test_what_a_serializer_left_behind_a_message_is_cut_off():
    store = get_typestore(Stores.ROS2_JAZZY)
    type_name = 'std_msgs/msg/String'
    message = bytes(store.serialize_cdr(store.types[type_name]('text'), type_name))
    assert exact_message(message + bytes(12), type_name, store.fielddefs) == message
    with pytest.raises(LayoutError, match='shorter'):
        exact_message(message[:-2], type_name, store.fielddefs)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_columns_agree_with_another_decoder(messages, data):
    """Alarms nest texts, sequences and times: decoded like `rosbags` does, whatever the lengths."""
    type_name = PACKAGE + 'SafetyState'
    store = messages.typestore(type_name)
    types = store.types
    time = st.builds(
        types['builtin_interfaces/msg/Time'],
        st.integers(-(2**31), 2**31 - 1),
        st.integers(0, 999_999_999),
    )
    number = st.floats(allow_nan=False)
    alarm = st.builds(
        types[PACKAGE + 'Alarm'],
        *(TEXTS, TEXTS, st.integers(0, 255), st.integers(0, 255), st.lists(TEXTS, max_size=3)),
        *(st.booleans(), st.booleans(), st.booleans(), number, st.booleans()),
        *(time, number, number, TEXTS),
    )
    state = st.builds(
        types[type_name],
        st.builds(types['std_msgs/msg/Header'], time, TEXTS),
        *(st.integers(0, 255), TEXTS, st.booleans()),
        st.lists(TEXTS, max_size=3),
        st.lists(alarm, max_size=3),
    )
    states = data.draw(st.lists(state, min_size=1, max_size=8))
    raw = [bytes(store.serialize_cdr(state, type_name)) for state in states]
    columns = decode_columns(raw, type_name, store.fielddefs)

    def nanoseconds(time):
        return time.sec * 10**9 + time.nanosec

    assert columns['header.stamp'].tolist() == [nanoseconds(s.header.stamp) for s in states]
    assert columns['header.frame_id'].tolist() == [s.header.frame_id for s in states]
    assert columns['state'].tolist() == [s.state for s in states]
    assert columns['vented'].tolist() == [s.vented for s in states]
    assert columns['vented_name'].tolist() == [tuple(s.vented_name) for s in states]
    for decoded, state in zip(columns['alarms'], states, strict=True):
        assert len(decoded) == len(state.alarms)
        for own, alarm in zip(decoded, state.alarms, strict=True):
            assert own == {
                'id': alarm.id,
                'text': alarm.text,
                'priority': alarm.priority,
                'initial_priority': alarm.initial_priority,
                'name': tuple(alarm.name),
                'active': alarm.active,
                'latched': alarm.latched,
                'acknowledged': alarm.acknowledged,
                'silence_left': alarm.silence_left,
                'announced': alarm.announced,
                'since': nanoseconds(alarm.since),
                'expected': alarm.expected,
                'measured': alarm.measured,
                'advice': alarm.advice,
            }


@settings(max_examples=80, deadline=None)
@given(size=st.integers(0, 400), fill=st.binary(min_size=400, max_size=400))
def test_bytes_that_are_no_message_are_refused(messages, size, fill):
    type_name = PACKAGE + 'ChamberPressures'
    data = b'\x00\x01\x00\x00' + fill[:size]
    try:
        columns = decode_columns([data], type_name, messages.typestore(type_name).fielddefs)
    except LayoutError:
        return
    assert all(len(column) == 1 for column in columns.values())


def test_lengths_that_change_give_rows_of_their_own(messages):
    type_name = PACKAGE + 'Setpoints'
    raw = [
        messages.setpoints(0, [1], [5.0], ['a']),
        messages.setpoints(1, [1, 2], [6.0, 7.0], ['b', 'a']),
        messages.setpoints(2, [], [], []),
    ]
    columns = decode_columns(raw, type_name, messages.typestore(type_name).fielddefs)
    assert [row.tolist() for row in columns['target']] == [[5.0], [6.0, 7.0], []]
    assert columns['name'].tolist() == [('a',), ('b', 'a'), ()]


def test_chambers_are_matched_by_name(tmp_path, messages, definition_of):
    with BagWriter(tmp_path / 'bag', definition_of=definition_of) as bag:
        bag.add_topic('/pressures', PACKAGE + 'ChamberPressures')
        bag.write('/pressures', messages.pressures(0, [1, 2], ['foot', 'calf']), 0, 0)
        bag.write('/pressures', messages.pressures(1, [20, 10], ['calf', 'foot']), 1, 1)
        bag.write('/pressures', messages.pressures(2, [300], ['thigh']), 2, 2)
        bag.write('/pressures', messages.pressures(3, [7, 8], ['foot', 'calf']), 3, 3)
    chambers = read_series(tmp_path / 'bag', ['/pressures'])['/pressures'].chambers('pressure')
    assert chambers.chamber_names == ('foot', 'calf', 'thigh')
    nan = np.nan
    wanted = [[1, 2, nan], [10, 20, nan], [nan, nan, 300], [7, 8, nan]]
    assert np.array_equal(chambers.values, wanted, equal_nan=True)


@pytest.mark.parametrize(
    ('names', 'pressure'), [(['foot', 'foot'], [1, 2]), (['foot', 'calf'], [1, 2, 3])]
)
def test_names_that_do_not_fit_are_refused(tmp_path, messages, definition_of, names, pressure):
    with BagWriter(tmp_path / 'bag', definition_of=definition_of) as bag:
        bag.add_topic('/pressures', PACKAGE + 'ChamberPressures')
        bag.write('/pressures', messages.pressures(0, pressure, names), 0, 0)
    series = read_series(tmp_path / 'bag', ['/pressures'])['/pressures']
    with pytest.raises(BagError, match='do not fit its field pressure'):
        series.chambers('pressure')


def test_missing_things_are_named(tmp_path, short_bag, definition_of):
    folder, _ = short_bag
    with pytest.raises(BagError, match='has no topic /other; its topics: /boots/pressures'):
        read_series(folder, ['/other'])
    with pytest.raises(BagError, match=r'has no field flow; it has header\.stamp'):
        read_series(folder, ['/boots/pressures'])['/boots/pressures']['flow']
    with pytest.raises(BagError, match='there is no bag'):
        open_bag(tmp_path / 'nowhere')
    with pytest.raises(BagError, match='holds no MCAP file'):
        open_bag(tmp_path)
    (tmp_path / 'a.mcap').touch()
    with pytest.raises(BagError, match='is empty'):
        open_bag(tmp_path / 'a.mcap')
    (tmp_path / 'a.mcap').write_text('something else')
    with pytest.raises(BagError, match='is no MCAP file'):
        open_bag(tmp_path / 'a.mcap')
    with BagWriter(tmp_path / 'bag', definition_of=definition_of) as bag:
        bag.add_topic('/pressures', PACKAGE + 'ChamberPressures')
    with pytest.raises(BagError, match='has no message of /pressures'):
        read_series(tmp_path / 'bag', ['/pressures'])


def test_bags_of_other_tools(tmp_path):
    """A bag that `rosbags` wrote is read, of MCAP and of SQLite; other encodings are refused."""
    store = get_typestore(Stores.ROS2_JAZZY)
    text = store.types['std_msgs/msg/String']
    for plugin in StoragePlugin:
        with Writer(tmp_path / plugin.name, version=9, storage_plugin=plugin) as writer:
            link = writer.add_connection('/text', 'std_msgs/msg/String', typestore=store)
            for word in ('one', 'two', 'three'):
                data = store.serialize_cdr(text(word), 'std_msgs/msg/String')
                writer.write(link, 5, data)
    for plugin in StoragePlugin:
        series = read_series(tmp_path / plugin.name, ['/text'])['/text']
        assert series['data'].tolist() == ['one', 'two', 'three']
        assert series.stamp.tolist() == [5e-9] * 3
    with pytest.raises(BagError, match=r'stored as sqlite3.*ros2 bag convert'):
        bag_files(tmp_path / 'SQLITE3')

    with (tmp_path / 'json.mcap').open('wb') as file:
        writer = McapWriter(file)
        writer.start()
        writer.add_message(writer.register_channel('/text', 'json', 0), 0, b'{}', 0)
        writer.finish()
    with pytest.raises(BagError, match='encoded as json'):
        read_series(tmp_path / 'json.mcap', ['/text'])


def test_a_lost_or_damaged_description_is_noted(tmp_path, short_bag):
    import shutil

    folder, _ = short_bag
    shutil.copytree(folder, tmp_path / 'short')
    (tmp_path / 'short' / 'metadata.yaml').write_text('{[')
    assert open_bag(tmp_path / 'short').notes == ('metadata.yaml is damaged',)
    (tmp_path / 'short' / 'metadata.yaml').unlink()
    bag = open_bag(tmp_path / 'short')
    assert 'metadata.yaml is missing' in bag.notes[0]
    assert len(bag.series('/boots/pressures')) == 270
