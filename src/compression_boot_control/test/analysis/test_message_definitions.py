"""Definitions explain a type in full, and hashes are those of ROS 2."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.message_definitions import (
    SEPARATOR,
    message_definition,
    share_folders,
)

SOURCE = Path(__file__).resolve().parents[3]
FEEDBACK = 'compression_boot_msgs/action/RunSession_FeedbackMessage'

# as ROS 2 Jazzy's own generator gives it, in the .json beside the installed file
HEADER_HASH = 'RIHS01_f49fb3ae2cf070f793645ff749683ac6b06203e41c891e17701b1cb597ce6a01'


def test_a_definition_has_every_type_once():
    text = message_definition('compression_boot_msgs/msg/SafetyState', (SOURCE,)).text
    own, *inner = text.split(SEPARATOR + '\n')
    assert own.startswith('# The supervisor')
    assert own.endswith('\n')
    names = [part.partition('\n')[0] for part in inner]
    assert names == [
        'MSG: std_msgs/Header',
        'MSG: compression_boot_msgs/Alarm',
        'MSG: builtin_interfaces/Time',
    ]
    types = get_types_from_msg(text, 'compression_boot_msgs/msg/SafetyState')
    get_typestore(Stores.EMPTY).register(types)


def test_the_hash_is_that_of_ros():
    definition = message_definition('std_msgs/msg/Header', ())
    assert definition.type_hash == HEADER_HASH


def test_the_feedback_of_an_action_is_derived():
    definition = message_definition(FEEDBACK, (SOURCE,))
    own, *inner = definition.text.split(SEPARATOR + '\n')
    assert own.splitlines() == [
        'unique_identifier_msgs/UUID goal_id',
        'compression_boot_msgs/RunSession_Feedback feedback',
    ]
    assert 'MSG: compression_boot_msgs/SessionState' in [part.partition('\n')[0] for part in inner]
    result = message_definition('compression_boot_msgs/action/RunSession_Result', (SOURCE,))
    assert 'float64[] peak' in result.text
    assert 'goal_id' not in result.text


def test_what_an_action_or_a_service_implies_has_no_hash_that_a_reader_would_not_get():
    for implied in (FEEDBACK, 'compression_boot_msgs/srv/StopSession_Event'):
        assert message_definition(implied, (SOURCE,)).type_hash == ''


def test_status_of_actions_is_a_standard_type():
    text = message_definition('action_msgs/msg/GoalStatusArray', (SOURCE,)).text
    assert 'MSG: unique_identifier_msgs/UUID' in text


def package(folder, **files):
    """A share folder with one package; files by name, with `__` for the dot."""
    for name, text in files.items():
        path = folder / 'some_msgs' / 'msg' / name.replace('__', '.')
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_the_first_folder_wins_and_its_hash_is_taken(tmp_path):
    stated = {'type_hashes': [{'type_name': 'some_msgs/msg/One', 'hash_string': 'RIHS01_stated'}]}
    overlay = package(tmp_path / 'a', One__msg='int8 x', One__json=json.dumps(stated))
    underlay = package(tmp_path / 'b', One__msg='int8 y', Two__msg='One one\n')
    one = message_definition('some_msgs/msg/One', (overlay, underlay))
    assert one.text == 'int8 x\n'
    assert one.type_hash == 'RIHS01_stated'
    two = message_definition('some_msgs/msg/Two', (overlay, underlay))
    assert two.text == f'One one\n{SEPARATOR}\nMSG: some_msgs/One\nint8 x\n'


@pytest.mark.parametrize(
    ('type_name', 'message'),
    [
        ('some_msgs/msg/Bad', 'definition of some_msgs/msg/Bad is malformed'),
        ('some_msgs/msg/Needy', 'no definition of other_msgs/msg/Thing found; source the'),
        ('some_msgs/action/Run_Goal', 'no definition of some_msgs/action/Run_Goal'),
        ('some_msgs/action/Run', 'no definition of some_msgs/action/Run'),
        ('Bad', 'is no type name'),
    ],
)
def test_what_is_wrong_is_named(tmp_path, type_name, message):
    folder = package(tmp_path, Bad__msg='int8 8x', Needy__msg='other_msgs/Thing thing')
    with pytest.raises(BagError, match=message):
        message_definition(type_name, (folder,))


def test_folders_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv('AMENT_PREFIX_PATH', os.pathsep.join(['/one', '', '/two']))
    assert share_folders() == (Path('/one/share'), Path('/two/share'))
    monkeypatch.delenv('AMENT_PREFIX_PATH')
    assert share_folders() == ()
