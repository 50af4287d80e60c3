"""What a bag holds after the death of its writer, a cut, a flipped bit, or a full disk."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from rosbags.rosbag2 import Reader

from compression_boot_control.analysis import bag_writer
from compression_boot_control.analysis.bag_reader import open_bag, read_series
from compression_boot_control.analysis.bag_recovery import recover_bag
from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.mcap_records import McapRecords

ZSTD_MAGIC = b'\x28\xb5\x2f\xfd'
PRESSURES = 'compression_boot_msgs/msg/ChamberPressures'

ENDLESS_WRITER = """
import sys, time
from functools import partial
from pathlib import Path
from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.message_definitions import message_definition

folder, source, sample = map(Path, sys.argv[1:])
data = sample.read_bytes()
bag = BagWriter(folder, {'version': '1'}, definition_of=partial(
    message_definition, folders=(source,)))
bag.add_topic('/pressures', 'compression_boot_msgs/msg/ChamberPressures')
while True:
    now = time.time_ns()
    bag.write('/pressures', data, now, now)
    print(now, flush=True)
    time.sleep(0.002)
"""


def read_all(path):
    """Every message of a file as far as it is whole: topic, log time, bytes."""
    records = McapRecords(path)
    read = [(records.channels[m.channel].topic, m.log_time, m.data) for m in records.messages()]
    return read, records


def start_writer(folder, tmp_path, messages):
    sample = tmp_path / 'sample'
    sample.write_bytes(messages.pressures(0, range(10)))
    source = Path(__file__).resolve().parents[3]
    environment = os.environ | {'PYTHONPATH': str(source / 'compression_boot_control')}
    return subprocess.Popen(
        [sys.executable, '-c', ENDLESS_WRITER, folder, source, sample],
        stdout=subprocess.PIPE,
        env=environment,
    )


def test_kill_loses_half_a_second(tmp_path, messages):
    writer = start_writer(tmp_path / 'bag', tmp_path, messages)
    try:
        written = [int(writer.stdout.readline()) for _ in range(400)]
        with pytest.raises(BagError, match='still being recorded'):
            recover_bag(tmp_path / 'bag')
    finally:
        writer.send_signal(signal.SIGKILL)
    written += [int(line) for line in writer.stdout.read().splitlines()]
    writer.wait()
    bag = open_bag(tmp_path / 'bag')
    assert bag.recovered
    assert bag.provenance == {'version': '1'}
    assert not (tmp_path / 'bag' / 'metadata.yaml').exists(), 'reading leaves the bag alone'
    # a loaded machine may hold the writer up between two messages
    assert written[-1] - bag.end_ns < 0.65e9

    recovery = recover_bag(tmp_path / 'bag')
    assert recovery.message_count == bag.topics['/pressures'].message_count > 0
    assert recovery.kept is None
    with Reader(tmp_path / 'bag') as reader:
        assert reader.message_count == recovery.message_count
        assert reader.end_time - 1 == bag.end_ns
    with (tmp_path / 'bag' / 'bag_0.mcap').open('rb') as file:
        statistics = make_reader(file).get_summary().statistics
    assert statistics.message_count == recovery.message_count
    assert not recover_bag(tmp_path / 'bag').changed
    assert sorted(path.name for path in (tmp_path / 'bag').iterdir()) == [
        'bag_0.mcap',
        'metadata.yaml',
    ]


@settings(max_examples=150, deadline=None)
@given(part=st.floats(0, 1))
def test_a_cut_file_gives_its_first_messages(tmp_path_factory, short_bag, part):
    folder, expected = short_bag
    data = (folder / 'short_0.mcap').read_bytes()
    cut = tmp_path_factory.mktemp('cut') / 'cut.mcap'
    cut.write_bytes(data[: int(part * len(data))])
    try:
        read, records = read_all(cut)
    except BagError:
        assert int(part * len(data)) == 0
        return
    assert read == expected[: len(read)]
    assert records.damage.cut == (int(part * len(data)) < len(data))
    # nothing but the open chunk is lost: the messages of a quarter of a second
    whole_part = part * len(data) / len(data)
    assert len(read) >= 300 * min(whole_part, 0.5) - 60
    try:
        series = read_series(cut, ['/boots/pressures'])['/boots/pressures']
    except BagError:
        assert not any(topic == '/boots/pressures' for topic, _, _ in read)
        return
    assert (series['pressure'][:, 0] == [i for i in range(len(read)) if i % 10]).all()


@settings(max_examples=150, deadline=None)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_never_gives_a_wrong_message(tmp_path_factory, short_bag, where, bit):
    folder, expected = short_bag
    data = bytearray((folder / 'short_0.mcap').read_bytes())
    data[int(where * len(data))] ^= 1 << bit
    path = tmp_path_factory.mktemp('flipped') / 'flipped.mcap'
    path.write_bytes(data)
    try:
        read, records = read_all(path)
        bag = open_bag(path)
        for topic in bag.topics.values():
            if topic.messages:
                bag.series(topic.name)
    except BagError:
        return
    wanted = iter(expected)
    assert all(message in wanted for message in read), 'in order, and none that was not written'
    assert len(read) == len(expected) or records.damage.notes


@settings(max_examples=30, deadline=None)
@given(garbage=st.binary(max_size=400), magic=st.booleans())
def test_garbage_is_no_bag(tmp_path_factory, garbage, magic):
    path = tmp_path_factory.mktemp('garbage') / 'garbage.mcap'
    path.write_bytes((b'\x89MCAP0\r\n' if magic else b'') + garbage)
    try:
        bag = open_bag(path)
    except BagError:
        return
    assert bag.recovered
    assert not bag.topics


def test_damage_in_the_middle_keeps_the_old_file(tmp_path, short_bag):
    folder, expected = short_bag
    shutil.copytree(folder, tmp_path / 'short')
    path = tmp_path / 'short' / 'short_0.mcap'
    data = bytearray(path.read_bytes())
    second_chunk = data.index(ZSTD_MAGIC, data.index(ZSTD_MAGIC) + 1)
    data[second_chunk + 40] ^= 0xFF
    path.write_bytes(data)
    recovery = recover_bag(tmp_path / 'short')
    assert recovery.kept.read_bytes() == data
    assert recovery.lost_bytes > 0
    assert 200 < recovery.message_count < 300
    with Reader(tmp_path / 'short') as reader:
        read = [(link.topic, stamp, bytes(data)) for link, stamp, data in reader.messages()]
    assert len(read) == recovery.message_count
    assert set(read) < set(expected)


def test_nothing_to_recover_is_said(tmp_path):
    (tmp_path / 'bag').mkdir()
    with pytest.raises(BagError, match='holds no MCAP file'):
        recover_bag(tmp_path / 'bag')
    (tmp_path / 'bag' / 'bag_0.mcap').write_bytes(b'\x89MCAP0\r\n')
    with pytest.raises(BagError, match='no whole message'):
        recover_bag(tmp_path / 'bag')


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 MiB."""
    disk = tmp_path / 'disk'
    disk.mkdir()
    mounted = subprocess.run(
        ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip('needs the right to mount a small disk')
    yield disk
    subprocess.run(['umount', disk], check=True)


def fill(bag, data):
    """Write until it fails; the number of messages that were taken, and the error."""
    bag.add_topic('/pressures', PRESSURES)
    for i in range(1_000_000):
        try:
            bag.write('/pressures', data(i), i, i)
        except BagError as error:
            return i, error
    raise AssertionError('the disk is never full')


@pytest.fixture
def noise(messages):
    """Messages that compress badly."""
    import numpy as np

    generator = np.random.default_rng(1)
    return lambda i: messages.pressures(i / 100, generator.normal(size=10))


def test_a_full_disk_ends_the_bag_and_leaves_it_readable(small_disk, noise, definition_of):
    bag = BagWriter(small_disk / 'bag', definition_of=definition_of, free_space=0)
    count, error = fill(bag, noise)
    assert 'disk is full; free space' in str(error)
    assert bag.closed
    bag.close()
    read, _ = read_all(bag.path)
    assert 0.5 * count < len(read) <= count
    assert [stamp for _, stamp, _ in read] == list(range(len(read)))


def test_a_nearly_full_disk_ends_the_bag_complete(small_disk, noise, definition_of):
    bag = BagWriter(small_disk / 'bag', definition_of=definition_of, free_space=100_000)
    count, error = fill(bag, noise)
    assert 'bag complete' in str(error)
    with Reader(small_disk / 'bag') as reader:
        assert reader.message_count == count + 1, 'the message that met the full disk is in'


def test_a_full_disk_starts_no_bag(small_disk):
    with pytest.raises(BagError, match='disk is full'):
        BagWriter(small_disk / 'bag')
    assert list(small_disk.iterdir()) == [], 'no empty folder stays behind'


def test_a_file_size_limit_ends_the_bag_and_leaves_it_readable(tmp_path, noise, definition_of):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    bag = BagWriter(tmp_path / 'bag', definition_of=definition_of)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, hard))
    try:
        count, error = fill(bag, noise)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert 'as large as the system allows' in str(error)
    with Reader(tmp_path / 'bag') as reader:
        assert 0.5 * count < reader.message_count <= count
        assert len(list(reader.messages())) == reader.message_count


@pytest.fixture
def forbidden(tmp_path):
    """A folder that may not be written, read or searched; a root process becomes nobody for it."""
    user = os.geteuid()
    folder = tmp_path / 'forbidden'
    folder.mkdir()
    closed = [each for each in tmp_path.parents if not each.stat().st_mode & stat.S_IXOTH]
    for parent in (tmp_path, *closed):
        parent.chmod(0o755)
    if user == 0:
        os.chown(folder, 65534, 65534)
    folder.chmod(0)
    try:
        if user == 0:
            os.seteuid(65534)
        yield folder
    finally:
        os.seteuid(user)
        folder.chmod(0o700)


def test_a_folder_without_permission_is_refused(forbidden):
    for action in (BagWriter, open_bag, recover_bag):
        with pytest.raises(BagError, match='no permission'):
            action(forbidden / 'bag')


def test_messages_wait_no_longer_than_the_flush_period(tmp_path, messages, definition_of):
    now = time.monotonic()
    bag = BagWriter(tmp_path / 'bag', definition_of=definition_of, clock=lambda: now)
    bag.add_topic('/pressures', PRESSURES)
    bag.write('/pressures', messages.pressures(0, range(10)), 1, 1)
    bag.flush_if_due()
    assert read_all(bag.path)[0] == []
    now += bag_writer.FLUSH_PERIOD
    bag.flush_if_due()
    assert len(read_all(bag.path)[0]) == 1
    bag.close()
