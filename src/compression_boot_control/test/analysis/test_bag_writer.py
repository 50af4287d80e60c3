"""A bag holds what was written, for rosbag2's tools and for MCAP's own."""

from __future__ import annotations

import time

import numpy as np
import pytest
import yaml
from mcap.reader import make_reader
from rosbags.rosbag2 import Reader

from compression_boot_control.analysis.bag_metadata import qos_text
from compression_boot_control.analysis.bag_reader import open_bag
from compression_boot_control.analysis.bag_recovery import recover_bag
from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.errors import BagError

PRESSURES = 'compression_boot_msgs/msg/ChamberPressures'
SETPOINTS = 'compression_boot_msgs/msg/Setpoints'
MILLISECOND = 1_000_000


@pytest.fixture
def written(tmp_path, messages, definition_of):
    """A bag of two topics, and what is in it."""
    expected = []
    with BagWriter(
        tmp_path / 'session', {'version': '1.2', 'ros_distro': 'jazzy'}, definition_of=definition_of
    ) as bag:
        bag.add_topic('/boots/pressures', PRESSURES, qos_text(reliable=False))
        bag.add_topic('/boots/setpoints', SETPOINTS, qos_text(reliable=True))
        for i in range(300):
            topic = '/boots/setpoints' if i % 10 == 0 else '/boots/pressures'
            data = (
                messages.setpoints(i / 100, [1] * 10, [i] * 10)
                if i % 10 == 0
                else messages.pressures(i / 100, [i] * 10)
            )
            bag.write(topic, data, 10 * i * MILLISECOND + 7, 10 * i * MILLISECOND)
            expected.append((topic, 10 * i * MILLISECOND + 7, data))
        bag.close({'outcome': 'done'})
    return tmp_path / 'session', expected


def test_rosbags_reads_every_message(written, definition_of):
    folder, expected = written
    with Reader(folder) as reader:
        read = [(link.topic, stamp, bytes(data)) for link, stamp, data in reader.messages()]
        links = {link.topic: link for link in reader.connections}
        assert reader.message_count == 300
        assert reader.start_time == 7
        assert reader.ros_distro == 'jazzy'
    assert read == expected
    assert links['/boots/pressures'].digest == definition_of(PRESSURES).type_hash
    assert links['/boots/pressures'].msgdef.data == definition_of(PRESSURES).text
    assert links['/boots/setpoints'].ext.offered_qos_profiles[0].reliability.name == 'RELIABLE'


def test_mcap_reads_every_message_and_both_records(written):
    folder, expected = written
    with (folder / 'session_0.mcap').open('rb') as file:
        reader = make_reader(file, validate_crcs=True)
        read = [(channel.topic, m.log_time, m.data) for _, channel, m in reader.iter_messages()]
        records = {record.name: record.metadata for record in reader.iter_metadata()}
        assert reader.get_header().profile == 'ros2'
        assert reader.get_summary().statistics.message_count == 300
    assert read == expected
    assert records['compression_boots/provenance'] == {'version': '1.2', 'ros_distro': 'jazzy'}
    assert records['compression_boots/summary'] == {'outcome': 'done'}
    inside = yaml.safe_load(records['rosbag2']['serialized_metadata'])
    outside = yaml.safe_load((folder / 'metadata.yaml').read_text())
    assert outside['rosbag2_bagfile_information'] == inside


def test_a_bag_without_messages_is_complete(tmp_path):
    BagWriter(tmp_path / 'empty').close()
    with Reader(tmp_path / 'empty') as reader:
        assert reader.message_count == 0


def test_an_existing_folder_is_refused(tmp_path):
    with pytest.raises(BagError, match='exists already; choose another name'):
        BagWriter(tmp_path)


def test_a_path_through_a_file_is_refused(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(BagError, match='part of the path is a file'):
        BagWriter(tmp_path / 'file' / 'bag')


def test_wrong_use_names_the_topic_and_leaves_the_bag_whole(tmp_path, messages, definition_of):
    with BagWriter(tmp_path / 'bag', definition_of=definition_of) as bag:
        with pytest.raises(BagError, match='/other is not in the bag'):
            bag.write('/other', b'', 1, 1)
        bag.add_topic('/pressures', PRESSURES)
        bag.add_topic('/pressures', PRESSURES)
        with pytest.raises(BagError, match='two types'):
            bag.add_topic('/pressures', SETPOINTS)
        with pytest.raises(BagError, match='no definition of nobody_msgs/msg/None'):
            bag.add_topic('/unknown', 'nobody_msgs/msg/None')
        with pytest.raises(BagError, match='negative time'):
            bag.write('/pressures', b'', -1, 1)
        bag.write('/pressures', messages.pressures(0, [0] * 10), 1, 1)
    with Reader(tmp_path / 'bag') as reader:
        assert reader.message_count == 1


def test_a_closed_bag_takes_nothing(tmp_path, definition_of):
    bag = BagWriter(tmp_path / 'bag', definition_of=definition_of)
    bag.close()
    bag.close()
    assert bag.closed
    with pytest.raises(BagError, match='is closed'):
        bag.add_topic('/pressures', PRESSURES)


def test_a_message_costs_little(tmp_path, messages, definition_of):
    """A session at 100 Hz on ten topics is 1000 messages a second: under 10 % of a processor."""
    data = messages.pressures(0, range(10))
    with BagWriter(tmp_path / 'bag', definition_of=definition_of) as bag:
        bag.add_topic('/pressures', PRESSURES)
        start = time.process_time()
        for i in range(10_000):
            bag.write('/pressures', data, i * MILLISECOND, i * MILLISECOND)
        bag.close()
        assert (time.process_time() - start) / 10_000 < 100e-6


def test_bag_is_split_by_size_into_files_that_explain_themselves(tmp_path, messages, definition_of):
    folder = tmp_path / 'bag'
    with BagWriter(folder, {'version': '1'}, definition_of=definition_of, split_size=30_000) as bag:
        bag.add_topic('/boots/pressures', PRESSURES)
        bag.add_topic('/boots/setpoints', SETPOINTS, latched=True)
        bag.write('/boots/setpoints', messages.setpoints(0, [1] * 10, range(10)), 0, 0)
        noise = np.random.default_rng(1)
        for i in range(400):
            bag.write('/boots/pressures', messages.pressures(i / 100, noise.normal(size=10)), i, i)
    files = sorted(folder.glob('*.mcap'))
    assert len(files) > 2
    for file in files:
        alone = open_bag(file)
        assert alone.provenance == {'version': '1'}
        assert alone.topics['/boots/setpoints'].message_count == 1, 'what holds on is in each file'
    with Reader(folder) as reader:
        read = [link.topic for link, _, _ in reader.messages()]
    assert read.count('/boots/pressures') == 400
    assert not recover_bag(folder).changed


def test_bag_is_split_by_time(tmp_path, messages, definition_of):
    folder = tmp_path / 'bag'
    with BagWriter(folder, definition_of=definition_of, split_time=1.0) as bag:
        bag.add_topic('/boots/pressures', PRESSURES)
        for i in range(250):
            bag.write('/boots/pressures', messages.pressures(i / 100, range(10)), i * 10**7, i)
    spans = [open_bag(file) for file in sorted(folder.glob('*.mcap'))]
    assert [round((bag.end_ns - bag.start_ns) / 1e9, 2) for bag in spans] == [0.99, 0.99, 0.49]


def test_bag_of_several_files_whose_writer_died_is_recovered(tmp_path, messages, definition_of):
    folder = tmp_path / 'bag'
    bag = BagWriter(folder, definition_of=definition_of, split_time=1.0)
    bag.add_topic('/boots/pressures', PRESSURES)
    for i in range(250):
        bag.write('/boots/pressures', messages.pressures(i / 100, range(10)), i * 10**7, i)
    bag.flush()
    bag._segment._file.close()
    recovery = recover_bag(folder)
    assert recovery.changed
    assert recovery.message_count == 250
    assert any('bag_2.mcap' in note for note in recovery.notes)
    with Reader(folder) as reader:
        assert reader.message_count == 250


def test_power_cut_that_leaves_zeros_loses_only_those(tmp_path, messages, definition_of):
    """A file system may have enlarged a file, and not yet have what was written into it."""
    folder = tmp_path / 'bag'
    with BagWriter(folder, definition_of=definition_of) as bag:
        bag.add_topic('/boots/pressures', PRESSURES)
        for i in range(100):
            bag.write('/boots/pressures', messages.pressures(i / 100, range(10)), i, i)
            if i == 49:
                bag.flush()
                whole = bag.path.stat().st_size
    (folder / 'metadata.yaml').unlink()
    data = bag.path.read_bytes()
    bag.path.write_bytes(data[:whole] + bytes(len(data) - whole))
    found = open_bag(folder)
    assert found.recovered
    assert found.topics['/boots/pressures'].message_count == 50
    assert recover_bag(folder).message_count == 50
