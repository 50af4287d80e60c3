"""What a supervisor's verdict says to a person, in one line."""

from __future__ import annotations

from compression_boot_msgs.msg import SafetyState


def trip_line(message: SafetyState) -> str:
    """Name the most urgent hazard with its id, its chambers and the advice."""
    if not message.alarms:
        return f'the safety supervisor vents: {message.reason or "it does not say why"}'
    alarm = message.alarms[0]
    where = f' ({", ".join(name.replace("_", " ") for name in alarm.name)})' if alarm.name else ''
    return f'{alarm.id}: {alarm.text}{where}; {alarm.advice}'
