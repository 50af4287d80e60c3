from __future__ import annotations

import math
import struct

from compression_boot_control.analysis.session_tally import MissingCounts, SessionTally, stamp_in


def test_stamp_is_read_where_it_stands() -> None:
    data = b'\x00\x01\x00\x00' + struct.pack('<B3xiI', 1, 12, 5)
    assert stamp_in(data, 8) == 12_000_000_005


def test_jump_in_a_count_is_messages_that_are_missing() -> None:
    counts = MissingCounts()
    assert [counts.note('a', count) for count in (7, 8, 11, 12)] == [0, 0, 2, 0]
    assert counts.missing == {'a': 2}
    assert counts.total == 2


def test_sender_that_was_started_again_has_lost_nothing() -> None:
    counts = MissingCounts()
    assert [counts.note('a', count) for count in (500, 1, 2)] == [0, 0, 0]
    assert counts.total == 0


def test_topics_are_counted_apart() -> None:
    counts = MissingCounts()
    assert [counts.note(topic, count) for topic, count in (('a', 1), ('b', 5), ('a', 2))] == [0] * 3
    assert counts.missing == {'a': 0, 'b': 0}


def test_summary_says_what_became_of_the_sessions() -> None:
    tally = SessionTally()
    tally.note_session('', 0.0, 0, [0.0], bench=False)
    tally.note_session('beginner', 60.0, 1, [4000.0, math.nan], bench=True)
    tally.note_session('beginner', 120.0, 2, [5332.88, 100.0], bench=True)
    tally.note_session('', 0.0, 0, [0.0], bench=False)
    tally.note_session('lymphatic', 30.0, 1, [100.0], bench=False)
    tally.note_alarms(['SR-08'])
    tally.note_alarms(['SR-08', 'SR-01'])
    assert tally.summary({'/boots/pressures': 3, '/boots/setpoints': 0}) == {
        'protocols': 'beginner, lymphatic',
        'session_minutes': '2.500',
        'cycles': '3',
        'highest_pressure_mmhg': '40.0',
        'alarms': 'SR-08, SR-01',
        'bench': 'true',
        'missing_messages': '3',
        'missing_by_topic': '/boots/pressures 3',
    }
