"""Any bag is analysed as far as it goes: each figure has a value or the reason why not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from compression_boot_control.analysis.analysis_documents import session_document
from compression_boot_control.analysis.bag_analysis import (
    AnalysisOptions,
    analysed_sessions,
)
from compression_boot_control.analysis.bag_files import find_bags
from compression_boot_control.analysis.bag_reader import open_bag
from compression_boot_control.analysis.bag_stream import BagStream
from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.message_definitions import MessageDefinition
from compression_boot_control.analysis.session_split import (
    AFTER,
    BEFORE,
    SessionBuffer,
    role_of,
    wanted_fields,
)
from compression_boot_control.analysis.simulated_bag import write_simulated_bag
from compression_boot_control.analysis.simulated_recording import (
    SimulatedRecording,
    simulate_recording,
)
from compression_boot_control.cli.main import main
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol

GARMENT = load_garment()
MINUTES = 1.1


def plan():
    return compile_protocol(load_protocol('demonstration'), GARMENT, minutes=MINUTES)


@pytest.fixture(scope='module')
def recording() -> SimulatedRecording:
    return simulate_recording(GARMENT, plan(), seed=2)


@pytest.fixture(scope='module')
def bag(tmp_path_factory, recording, definition_of) -> Path:
    folder = tmp_path_factory.mktemp('analysed') / 'bag'
    options = {'recording': recording, 'definition_of': definition_of}
    write_simulated_bag(folder, GARMENT, plan(), **options)
    return folder


@pytest.fixture(scope='module')
def document(bag):
    return figures(bag)


def figures(path, **options):
    """Document of the first session of a bag, without its notes."""
    _, sessions = analysed_sessions(path, AnalysisOptions(**options))
    found = session_document(sessions[0])
    del found['notes']
    return found


def copied(bag, target, change=None, definition_of=None, **options):
    """Copy a bag message by message, as `change` gives topic, data and times; None drops it."""
    source = open_bag(bag)
    with BagWriter(target, source.provenance, definition_of=definition_of, **options) as writer:
        for topic in source.topics.values():
            for message in topic.messages:
                entry = (topic.name, message.data, message.log_time, message.publish_time)
                entry = entry if change is None else change(*entry)
                if entry is not None:
                    writer.add_topic(entry[0], topic.type_name)
                    writer.write(*entry)
    return target


def test_a_simulated_session_is_what_its_protocol_asks_for(document):
    found = document['metrics']
    assert found['protocol_match_percent'] == pytest.approx(100.0, abs=0.1)
    assert found['dwell_error_s'] < 0.05
    assert found['cycles'] >= 2
    assert found['order_violations'] == found['rising_target_s'] == found['alarms'] == 0
    for chamber in document['chambers'].values():
        assert chamber['overshoot_mmhg'] < 2.0
        assert chamber['rise_limit_s'] < chamber['rise_time_s']
        assert chamber['fill_limit_s'] < chamber['fill_time_s']


@pytest.mark.parametrize('storage', [StoragePlugin.MCAP, StoragePlugin.SQLITE3], ids=str)
@pytest.mark.parametrize('mode', [None, CompressionMode.FILE, CompressionMode.MESSAGE], ids=str)
def test_bags_of_ros2_bag_record_give_the_same_figures(bag, document, tmp_path, storage, mode):
    source = open_bag(bag)
    writer = Writer(tmp_path / 'other', version=9, storage_plugin=storage)
    if mode is not None:
        writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        for topic in source.topics.values():
            link = writer.add_connection(
                topic.name, topic.type_name, msgdef=topic.definition, rihs01=topic.type_hash
            )
            for message in topic.messages:
                writer.write(link, message.log_time, message.data)
    assert figures(tmp_path / 'other') == document


GAPS = {
    'layout': ('leak_ml_per_min', 'fill_limit_s', 'wave_limit_s'),
    'manifold/state': ('pump_duty_percent', 'inlet_openings', 'latency_median_ms', 'rate_hz'),
    'pressures': ('peak_mmhg', 'cycles', 'dose_mmhg_min'),
    'setpoints': ('cycles', 'overshoot_mmhg', 'fill_time_s', 'order_violations'),
    'valves/requested': ('latency_median_ms', 'missed'),
    'valves/permitted': ('latency_median_ms', 'missed'),
    'safety/state': ('alarms',),
    'session/state': ('protocol_match_percent',),
}


@pytest.mark.parametrize('topic', GAPS)
def test_without_a_topic_the_rest_is_analysed_and_the_gap_is_stated(
    bag, document, tmp_path, definition_of, topic
):
    def without(name, *rest):
        return None if name == f'/boots/{topic}' else (name, *rest)

    found = figures(copied(bag, tmp_path / 'bag', without, definition_of))
    missing = {gap['metric']: gap['reason'] for gap in found['missing']}
    for metric in GAPS[topic]:
        assert missing[metric]
    reason = f'the bag has no {topic}'
    if topic == 'session/state':
        reason = 'the bag names no protocol'
    assert any(reason in text for text in missing.values())
    if topic not in ('pressures', 'setpoints'):
        assert found['metrics']['cycles'] == document['metrics']['cycles']
        peaks = [own['peak_mmhg'] for own in found['chambers'].values()]
        assert peaks == [own['peak_mmhg'] for own in document['chambers'].values()]


def test_a_bag_of_several_files_gives_the_same_figures(bag, document, tmp_path, definition_of):
    split = copied(bag, tmp_path / 'bag', None, definition_of, split_time=20.0)
    assert len(list(split.glob('*.mcap'))) > 2
    assert figures(split) == document


def test_two_garments_in_a_bag_need_a_choice(bag, document, tmp_path, definition_of):
    both = tmp_path / 'bag'
    source = open_bag(bag)
    with BagWriter(both, definition_of=definition_of) as writer:
        for topic in source.topics.values():
            for message in topic.messages:
                for name in (topic.name, topic.name.replace('/boots/', '/two/')):
                    writer.add_topic(name, topic.type_name)
                    writer.write(name, message.data, message.log_time, message.publish_time)
    with pytest.raises(BagError, match=r'several garments, /boots, /two; choose one'):
        analysed_sessions(both)
    assert figures(both, namespace='/two') == document
    with pytest.raises(BagError, match='nothing in the namespace /three'):
        analysed_sessions(both, AnalysisOptions(namespace='/three'))


def test_a_bag_that_was_cut_is_analysed_up_to_the_cut(bag, tmp_path):
    shutil.copytree(bag, tmp_path / 'bag')
    (file,) = (tmp_path / 'bag').glob('*.mcap')
    data = file.read_bytes()
    file.write_bytes(data[: len(data) * 2 // 3])
    facts, (session,) = analysed_sessions(tmp_path / 'bag')
    assert facts.recovered
    assert any('ends without its end mark' in note for note in facts.notes)
    assert session.value('peak_mmhg', 'left_foot') > 30.0


def test_a_clock_that_jumps_back_is_stated_and_counts_for_nothing(
    bag, document, tmp_path, definition_of
):
    def jumped(name, data, log_time, publish_time):
        if name == '/boots/pressures' and log_time % 10 == 3:
            seconds = int.from_bytes(data[4:8], 'little') - 100
            data = data[:4] + seconds.to_bytes(4, 'little') + data[8:]
        return name, data, log_time, publish_time

    _, (session,) = analysed_sessions(copied(bag, tmp_path / 'bag', jumped, definition_of))
    assert any('does not increase' in note for note in session.data.notes)
    wanted = document['chambers']['left_foot']['dose_mmhg_min']
    assert session.value('dose_mmhg_min', 'left_foot') == pytest.approx(wanted, rel=0.01)


def test_a_definition_that_is_not_ours_is_a_gap(bag, tmp_path, definition_of):
    """Somebody else's message of the same name, without the quality and with another pressure."""
    name = 'compression_boot_msgs/msg/ChamberPressures'

    def theirs(type_name):
        own = definition_of(type_name)
        if type_name != name:
            return own
        return MessageDefinition(
            name, own.text.replace('float64[] pressure', 'float64[] level'), ''
        )

    found = figures(copied(bag, tmp_path / 'bag', None, theirs))
    reasons = {gap['reason'] for gap in found['missing']}
    assert any('has no field pressure' in reason for reason in reasons)
    assert found['chambers'] == {}
    assert found['paths']['permit']['latency_median_ms'] is not None


def test_a_bag_of_a_later_version_is_read_and_this_is_told(bag, document, tmp_path):
    shutil.copytree(bag, tmp_path / 'bag')
    file = tmp_path / 'bag' / 'metadata.yaml'
    information = yaml.safe_load(file.read_text())
    information['rosbag2_bagfile_information']['version'] = 12
    file.write_text(yaml.safe_dump(information))
    facts, (session,) = analysed_sessions(tmp_path / 'bag')
    assert 'version 12' in facts.notes[0]
    assert session.value('cycles') == document['metrics']['cycles']


def test_another_garment_gives_no_limits_and_no_agreement(bag):
    found = figures(bag, garment='four_zone')
    reasons = {gap['metric']: gap['reason'] for gap in found['missing']}
    for metric in ('fill_limit_s', 'protocol_match_percent'):
        assert 'four_zone has other chambers than the bag' in reasons[metric]
    assert found['metrics']['cycles'] >= 2


def test_simulated_time_gives_no_latency(bag, tmp_path, definition_of):
    def stepped(name, data, log_time, publish_time):
        stamp = log_time // 50_000_000 * 50_000_000
        return name, data, stamp, stamp

    def standing(name, data, log_time, publish_time):
        name, data, log_time, publish_time = stepped(name, data, log_time, publish_time)
        if name.endswith(('valves/permitted', 'setpoints')):
            seconds, rest = divmod(log_time, 10**9)
            data = data[:4] + seconds.to_bytes(4, 'little') + rest.to_bytes(4, 'little') + data[12:]
        return name, data, log_time, publish_time

    found = figures(copied(bag, tmp_path / 'bag', standing, definition_of))
    assert found['simulated_clock']
    assert found['paths']['permit']['latency_median_ms'] is None
    assert found['metrics']['cycles'] >= 2


def test_memory_does_not_grow_with_the_bag(tmp_path, recording, definition_of):
    """However many sessions a bag has, at most one of them and its margins are held."""
    options = {'recording': recording, 'definition_of': definition_of}
    write_simulated_bag(tmp_path / 'bag', GARMENT, plan(), sessions=3, **options)
    stream = BagStream(tmp_path / 'bag', wanted_fields(), piece=1_000_000)
    buffer, held, numbers = SessionBuffer(), [], []
    for piece in stream:
        buffer.add({role_of(topic, own.type_name)[1]: own for topic, own in piece.items()})
        held.append(buffer.held)
        numbers += [record.number for record in buffer.finished()]
    whole = sum(topic.message_count for topic in stream.topics.values())
    per_second = whole / (3 * len(recording.status) * 0.01)
    numbers += [record.number for record in buffer.rest()]
    assert numbers == [1, 2, 3]
    longest = len(recording.status) * 0.01 + BEFORE + AFTER
    assert max(held) < per_second * longest + 3000  # and a piece


def test_a_bag_without_a_session_says_so(tmp_path, messages, definition_of):
    with BagWriter(tmp_path / 'bag', definition_of=definition_of) as bag:
        bag.add_topic('/boots/pressures', 'compression_boot_msgs/msg/ChamberPressures')
        bag.add_topic('/boots/setpoints', 'compression_boot_msgs/msg/Setpoints')
        for i in range(100):
            time = 10_000_000 * i
            bag.write('/boots/pressures', messages.pressures(i / 100, [0.0] * 10), time, time)
            bag.write(
                '/boots/setpoints', messages.setpoints(i / 100, [0] * 10, [0] * 10), time, time
            )
    found = figures(tmp_path / 'bag')
    assert found['metrics']['cycles'] is None
    assert any(gap['reason'] == 'no set-point asked for pressure' for gap in found['missing'])
    assert found['chambers']['left_foot']['dose_mmhg_min'] == 0.0


def foreign(folder: Path) -> Path:
    store = get_typestore(Stores.ROS2_JAZZY)
    text = store.types['std_msgs/msg/String']
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        link = writer.add_connection('/chatter', 'std_msgs/msg/String', typestore=store)
        writer.write(link, 5, store.serialize_cdr(text('hello'), 'std_msgs/msg/String'))
    return folder


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


BAD = {
    'not there': (lambda folder: folder / 'nowhere', 2, 'there is no bag'),
    'foreign': (lambda folder: foreign(folder / 'bag'), 1, 'its topics: /chatter'),
    'empty file': (lambda folder: written(folder / 'a.mcap', b''), 1, 'is empty'),
    'text': (lambda folder: written(folder / 'a.mcap', b'something'), 1, 'is no MCAP file'),
    'later MCAP': (lambda folder: written(folder / 'a.mcap', b'\x89MCAP1\r\n'), 1, 'later version'),
    'text as SQLite': (lambda folder: written(folder / 'a.db3', b'some'), 1, 'is no SQLite file'),
    'empty folder': (lambda folder: folder, 1, 'is no bag and holds none'),
    'other zstd': (lambda folder: written(folder / 'a.mcap.zstd', b'abc'), 1, 'does not unpack'),
}


@pytest.mark.parametrize('case', BAD)
def test_what_is_no_bag_gives_one_line(tmp_path, capsys, case):
    make, code, text = BAD[case]
    assert main(['analyze', str(make(tmp_path))]) == code
    lines = capsys.readouterr().err.strip().splitlines()
    assert len([line for line in lines if line.startswith('error: ')]) == 1
    assert text in lines[-1]


def test_a_bag_that_may_not_be_read_gives_one_line(bag, monkeypatch):
    def refused(*_args, **_options):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(Path, 'open', refused)
    with pytest.raises(BagError, match='no permission; choose another folder'):
        analysed_sessions(bag)


def test_json_parquet_and_page_are_written(bag, tmp_path, capsys):
    import pyarrow.parquet as pq

    html, parquet = tmp_path / 'report.html', tmp_path / 'figures.parquet'
    words = ['analyze', str(bag), '--json', '--html', str(html), '--parquet', str(parquet)]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found['ok']
    assert found['sessions'][0]['metrics']['cycles'] >= 2
    rows = pq.read_table(parquet).to_pylist()
    cycles = [r for r in rows if (r['metric'], r['subject']) == ('fill_time_s', 'left_foot')]
    assert [row['part'] for row in cycles][:3] == [0, 1, 2]
    assert all((row['value'] is None) == bool(row['reason']) for row in rows)
    text = html.read_text()
    assert 'Session 1: demonstration on five_zone' in text
    # it works without a network
    assert 'src="http' not in text
    assert '<link' not in text


def test_figures_of_the_page_are_ones_that_plotly_knows(bag):
    from plotly.graph_objects import Figure

    from compression_boot_control.analysis.report.figures import figure_documents

    _, (session,) = analysed_sessions(bag)
    for name, figure in figure_documents(session).items():
        assert figure is not None, name
        assert len(Figure(figure).data) > 0  # refuses properties that do not exist


def test_bags_of_a_folder_are_found_and_their_files_are_not_taken_for_bags(bag, tmp_path):
    shutil.copytree(bag, tmp_path / 'deep' / 'one')
    (file,) = bag.glob('*.mcap')
    (tmp_path / 'loose').mkdir()
    for name in ('monday.mcap', 'tuesday.mcap'):
        shutil.copy(file, tmp_path / 'loose' / name)
    names = [str(path.relative_to(tmp_path)) for path in find_bags(tmp_path)]
    assert names == ['deep/one', 'loose/monday.mcap', 'loose/tuesday.mcap']


def test_a_peak_is_not_lost_in_a_picture():
    from compression_boot_control.analysis.report.sampling import envelope, highest

    time = np.arange(100_000) / 100.0
    values = np.sin(time / 50.0)
    values[54_321], values[60_000:61_000] = 9.0, np.nan
    when, drawn = envelope(time, values, bins=500)
    assert len(drawn) <= 1000
    assert np.nanmax(drawn) == 9.0
    assert when[np.nanargmax(drawn)] == time[54_321]
    assert np.isnan(drawn).any()
    _, peaks = highest(time, values[:, None], bins=500)
    assert np.nanmax(peaks) == 9.0
