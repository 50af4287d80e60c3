"""A folder counts as made only if it is complete and made from the same things."""

import pytest

from set_up.stamps import STAMP, reason_to_redo, remove_stamp, write_stamp

FACTS = {'Python': '3.12.1', 'sources': 'abc'}


def test_a_missing_folder_is_made(tmp_path):
    assert reason_to_redo(tmp_path / 'none', FACTS).reason == 'not there yet'


@pytest.mark.parametrize('content', [None, '', '{"Python": "3.1', '[]', 'null'])
def test_a_folder_without_a_whole_stamp_is_made_again(tmp_path, content):
    if content is not None:
        (tmp_path / STAMP).write_text(content)

    assert reason_to_redo(tmp_path, FACTS).reason == 'an earlier set-up did not finish'


def test_the_same_facts_leave_a_folder_alone(tmp_path):
    write_stamp(tmp_path, FACTS)

    assert reason_to_redo(tmp_path, dict(FACTS)) is None


def test_a_removed_stamp_marks_a_folder_as_incomplete(tmp_path):
    write_stamp(tmp_path, FACTS)
    remove_stamp(tmp_path)
    remove_stamp(tmp_path)

    assert reason_to_redo(tmp_path, FACTS) is not None


def test_what_changed_is_named(tmp_path):
    write_stamp(tmp_path, FACTS)

    redo = reason_to_redo(tmp_path, FACTS | {'sources': 'new'})

    assert redo.reason == 'changed: sources'
    assert redo.is_only('sources', 'links')
    assert not redo.is_only('links')


def test_an_incomplete_folder_has_not_only_changed_sources(tmp_path):
    assert not reason_to_redo(tmp_path, FACTS).is_only('sources')
