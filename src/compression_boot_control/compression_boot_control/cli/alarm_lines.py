"""Alarms as lines for a person, in the colours of their priority.

Colours follow IEC 60601-1-8 usage: high red and medium yellow, both flashing while announced, low
cyan and steady.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

if TYPE_CHECKING:
    from compression_boot_control.cli.views import AlarmView

PRIORITIES = {1: 'low', 2: 'medium', 3: 'high'}
COLOURS = {1: 'cyan', 2: 'yellow', 3: 'red'}


def alarm_style(alarm: AlarmView) -> str:
    """Style of an alarm's line; one of an unknown priority is as urgent as any."""
    colour = COLOURS.get(alarm.priority, COLOURS[3])
    if not alarm.announced:
        return colour
    return f'bold {colour}' if colour == COLOURS[1] else f'bold blink {colour}'


def alarm_line(alarm: AlarmView) -> Text:
    """One alarm in one line."""
    chambers = f' ({", ".join(alarm.chamber_names)})' if alarm.chamber_names else ''
    text = Text(
        f'{alarm.hazard_id} {alarm.text}{chambers}: {alarm.advice}', style=alarm_style(alarm)
    )
    if note := answer_note(alarm):
        text.append(f'  [{note}]', style='dim')
    return text


def answer_note(alarm: AlarmView) -> str:
    """How it stands with an alarm, in a few words; empty while it is announced as it began."""
    notes = []
    if alarm.risen:
        notes.append(f'risen to {PRIORITIES.get(alarm.priority, "high")}: unattended')
    if alarm.acknowledged:
        notes.append('acknowledged')
    if alarm.silence_left > 0.0:
        notes.append(f'silent for {alarm.silence_left:.0f} s')
    return ', '.join(notes)


def alarm_document(alarm: AlarmView) -> dict[str, Any]:
    """Write an alarm for a script."""
    return {
        'id': alarm.hazard_id,
        'text': alarm.text,
        'priority': PRIORITIES.get(alarm.priority, 'high'),
        'active': alarm.active,
        'latched': alarm.latched,
        'announced': alarm.announced,
        'acknowledged': alarm.acknowledged,
        'silence_left_s': round(alarm.silence_left, 1),
        'risen': alarm.risen,
        'advice': alarm.advice,
        'chambers': list(alarm.chamber_names),
    }
