"""SR-29: alarms as a person and as a script see them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compression_boot_control.cli.alarm_lines import (
    alarm_document,
    alarm_line,
    alarm_style,
    answer_note,
)
from compression_boot_control.cli.views import AlarmView

ALARM = AlarmView(
    hazard_id='SR-08',
    text='pressure far above the set-point',
    priority=2,
    chamber_names=('left_calf',),
    active=True,
    latched=True,
    advice='do not use this zone',
)


@pytest.mark.parametrize(
    ('priority', 'style'), [(1, 'bold cyan'), (2, 'bold blink yellow'), (3, 'bold blink red')]
)
def test_SR_29_colours_are_those_of_iec_60601_1_8(priority: int, style: str) -> None:
    assert alarm_style(replace(ALARM, priority=priority)) == style


def test_priority_that_nobody_knows_is_as_urgent_as_any() -> None:
    assert 'red' in alarm_style(replace(ALARM, priority=9))


def test_SR_29_answered_alarm_keeps_its_colour_and_does_not_flash() -> None:
    assert alarm_style(replace(ALARM, acknowledged=True, announced=False)) == 'yellow'


def test_line_says_what_where_and_what_to_do() -> None:
    line = alarm_line(ALARM).plain
    assert line == 'SR-08 pressure far above the set-point (left_calf): do not use this zone'


@pytest.mark.parametrize(
    ('changes', 'note'),
    [
        ({}, ''),
        ({'acknowledged': True, 'announced': False}, 'acknowledged'),
        ({'silence_left': 29.7, 'announced': False}, 'silent for 30 s'),
        ({'risen': True, 'priority': 3}, 'risen to high: unattended'),
    ],
)
def test_SR_29_line_says_how_it_stands_with_the_alarm(
    changes: dict[str, object], note: str
) -> None:
    assert answer_note(replace(ALARM, **changes)) == note  # type: ignore[arg-type]


def test_document_of_an_alarm() -> None:
    document = alarm_document(ALARM)
    assert document['id'] == 'SR-08'
    assert document['priority'] == 'medium'
    assert document['chambers'] == ['left_calf']
    assert document['announced'] is True
