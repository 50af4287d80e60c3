"""What a recorder notes of a session while it goes by, for the summary at the end of the bag."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

_STAMP = struct.Struct('<iI')
NANOSECONDS = 1_000_000_000


def stamp_in(data: bytes, place: int) -> int:
    """Stamp of a serialized message [ns]: seconds and nanoseconds at a byte, little-endian CDR."""
    seconds, nanoseconds = _STAMP.unpack_from(data, place)
    return int(seconds) * NANOSECONDS + int(nanoseconds)


class MissingCounts:
    """Finds messages that did not come, by the counts of those that did.

    Attributes
    ----------
    missing : dict of str to int
        Messages that did not come, by topic.
    """

    def __init__(self) -> None:
        self.missing: dict[str, int] = {}
        self._last: dict[str, int] = {}

    @property
    def total(self) -> int:
        """Messages that did not come, of all topics."""
        return sum(self.missing.values())

    def note(self, topic: str, count: int) -> int:
        """Take the count of a message; how many before it are missing.

        A sender that was started again counts from 1, and has lost nothing by that.
        """
        last = self._last.get(topic)
        self._last[topic] = count
        self.missing.setdefault(topic, 0)
        if last is None or count <= last + 1:
            return 0
        self.missing[topic] += count - last - 1
        return count - last - 1


class SessionTally:
    """Notes what the system says of its sessions."""

    def __init__(self) -> None:
        self._protocols: dict[str, None] = {}
        self._minutes = 0.0
        self._cycles = 0
        self._running = False
        self._done_minutes = 0.0
        self._done_cycles = 0
        self._peak = 0.0
        self._alarms: dict[str, None] = {}
        self._bench = False

    def note_session(
        self,
        protocol: str,
        under_way: float,
        cycles: int,
        pressures: Iterable[float],
        *,
        bench: bool,
    ) -> None:
        """Take a session state.

        Parameters
        ----------
        protocol : str
            Its name; empty when idle.
        under_way : float
            Time so far, with the warm-up and without pauses [s].
        cycles : int
            Full cycles.
        pressures : iterable of float
            Of the chambers [Pa]; NaN where it is unknown.
        bench : bool
            Nobody is in the garment.
        """
        if self._running and not protocol:
            self._done_minutes += self._minutes
            self._done_cycles += self._cycles
            self._minutes, self._cycles = 0.0, 0
        self._running = bool(protocol)
        if protocol:
            self._protocols[protocol] = None
            self._minutes, self._cycles = under_way / 60.0, cycles
            self._bench = self._bench or bench
        # a missing pressure is none
        self._peak = max((self._peak, *(p for p in pressures if p == p)))

    def note_alarms(self, ids: Iterable[str]) -> None:
        """Take the alarms of a safety state."""
        self._alarms.update(dict.fromkeys(ids))

    def summary(self, counts: Mapping[str, int]) -> dict[str, str]:
        """Everything as texts.

        Parameters
        ----------
        counts : mapping of str to int
            Missing messages by topic.
        """
        lost = {topic: count for topic, count in counts.items() if count}
        return {
            'protocols': ', '.join(self._protocols),
            'session_minutes': f'{self._done_minutes + self._minutes:.3f}',
            'cycles': str(self._done_cycles + self._cycles),
            'highest_pressure_mmhg': f'{self._peak / 133.322:.1f}',
            'alarms': ', '.join(self._alarms),
            'bench': str(self._bench).lower(),
            'missing_messages': str(sum(lost.values())),
            'missing_by_topic': ', '.join(f'{topic} {count}' for topic, count in lost.items()),
        }
