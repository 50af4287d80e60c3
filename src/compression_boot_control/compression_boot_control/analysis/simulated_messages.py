"""The messages that the nodes would have sent in a simulated session.

What the nodes compute comes from the recording; what depends on processes and a network, delays,
is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from compression_boot_control.analysis.message_serializer import PACKAGE, MessageSerializer
from compression_boot_control.analysis.simulated_recording import SimulatedRecording
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.sensing import told
from compression_boot_control.core.sequence import SessionStatus
from compression_boot_control.core.signals import BoolArray, IntArray, Pressures
from compression_boot_control.hardware.garment_layout import layout_fields
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD

DELAYS = {'pressures': 0.4e-3, 'requested': 0.8e-3, 'permitted': 1.2e-3, 'recorded': 0.3e-3}
"""Mean time from the sample to each message, and from a message to its recording [s] [P]."""

SPREAD = 0.1
"""Part of a delay that is drawn anew for each message [-]."""

SETPOINTS_EVERY, SAFETY_EVERY, STATE_EVERY = 5, 10, 20
"""Samples from one message that only repeats to the next."""

TOPICS = (
    ('layout', 'Layout', True, True),
    ('manifold/state', 'ManifoldState', False, False),
    ('pressures', 'ChamberPressures', False, False),
    ('setpoints', 'Setpoints', True, False),
    ('valves/requested', 'ValveCommand', True, False),
    ('valves/permitted', 'ValveCommand', True, False),
    ('safety/state', 'SafetyState', True, True),
    ('session/state', 'SessionState', True, True),
)
"""Topic, type, and whether it is reliable and latched."""

SESSION_STATES = {
    SessionStatus.RUNNING: 2,
    SessionStatus.PAUSED: 3,
    SessionStatus.ENDING: 4,
    SessionStatus.DONE: 1,
}


@dataclass(frozen=True)
class MessageBatch:
    """Messages of one topic in the order of their time [ns]."""

    topic: str
    log_time: IntArray
    publish_time: IntArray
    data: list[bytes]


class SimulatedMessages:
    """Makes the messages of a recording, a stretch of its samples at a time.

    Parameters
    ----------
    serializer : MessageSerializer
    garment : Garment
    plan : Plan
    recording : SimulatedRecording
    start : float
        Stamp of the first sample [s].
    rng : numpy Generator
        Draws the delays.
    """

    def __init__(
        self,
        serializer: MessageSerializer,
        garment: Garment,
        plan: Plan,
        recording: SimulatedRecording,
        start: float,
        rng: np.random.Generator,
    ) -> None:
        self._serializer = serializer
        self._garment = garment
        self._plan = plan
        self._recording = recording
        self._start_ns = round(start * 1e9)
        self._rng = rng
        self._names = list(garment.chamber_names)
        self._none = np.zeros(len(garment))
        self._codes = np.zeros(len(garment), np.uint8)
        spoken = _changed(recording) | (np.arange(len(recording.status)) % SETPOINTS_EVERY == 0)
        self._spoken = spoken
        self._counts = np.cumsum(spoken)

    def batches(self, rows: IntArray, session: int) -> Iterator[MessageBatch]:
        """Messages of all topics at some samples.

        Parameters
        ----------
        rows : (R,) array
            Samples of the recording, in a row.
        session : int
            How often the recording has been told before.
        """
        earlier = session * len(self._recording.status)
        sampled = self._start_ns + np.rint(SAMPLE_PERIOD * 1e9 * (earlier + rows))
        stamp = sampled.astype(np.int64)
        sequence = earlier + rows + 1
        followed = self._counts[rows] + session * int(self._counts[-1])
        if sequence[0] == 1:
            yield self._layout(stamp[:1])
        yield self._samples(rows, stamp, sequence)
        yield self._pressures(rows, stamp, sequence)
        yield from self._commands(rows, stamp, sequence, followed)
        yield self._setpoints(rows, stamp, followed)
        yield self._verdicts(rows, stamp)
        yield from self._session_states(rows, stamp)

    def _layout(self, stamp: IntArray) -> MessageBatch:
        fields = layout_fields(self._garment, 'sim', SAMPLE_PERIOD)
        return self._batch('layout', 'Layout', stamp, {'header.stamp': stamp}, fields)

    def _samples(self, rows: IntArray, stamp: IntArray, sequence: IntArray) -> MessageBatch:
        recording = self._recording
        columns = {
            'header.stamp': stamp,
            'sequence': sequence,
            'pressure': recording.raw[rows],
            'inlet': recording.inlet[rows],
            'exhaust': recording.exhaust[rows],
            'supply_pressure': recording.supply[rows],
            'pump': recording.pump[rows],
            'permitted_sequence': sequence - 1,
        }
        fields = {
            'sequence': 1,
            'name': self._names,
            'pressure': self._none,
            'inlet': self._none,
            'exhaust': self._none,
            'second_pressure': np.empty(0),
        }
        return self._batch('manifold/state', 'ManifoldState', stamp, columns, fields)

    def _pressures(self, rows: IntArray, stamp: IntArray, sequence: IntArray) -> MessageBatch:
        recording = self._recording
        codes = np.zeros(recording.pressure[rows].shape, np.int64)
        known = recording.pressure[rows], recording.rate[rows]
        estimates = told(Pressures(*known, codes, codes, recording.supply[rows]))
        columns = {
            'header.stamp': stamp,
            'sequence': sequence,
            'pressure': estimates.pressure,
            'rate': estimates.rate,
            'supply_pressure': estimates.supply_pressure,
            'zero': recording.zero[rows],
        }
        fields = {
            'sequence': 1,
            'name': self._names,
            'pressure': self._none,
            'rate': self._none,
            'quality': self._codes,
            'reason': self._codes,
            'zero': self._none,
        }
        sent = stamp + self._delay('pressures', len(stamp))
        return self._batch('pressures', 'ChamberPressures', sent, columns, fields)

    def _commands(
        self, rows: IntArray, stamp: IntArray, sequence: IntArray, followed: IntArray
    ) -> Iterator[MessageBatch]:
        """Requests, and permits that let all of them through."""
        recording = self._recording
        columns = {
            'sequence': sequence,
            'source_sequence': sequence,
            'inlet': recording.wanted_inlet[rows],
            'exhaust': recording.wanted_exhaust[rows],
            'pump': recording.wanted_pump[rows],
            'setpoints_sequence': followed,
        }
        fields = {
            'sequence': 1,
            'source_sequence': 1,
            'name': self._names,
            'inlet': self._none,
            'exhaust': self._none,
        }
        requested = stamp + self._delay('requested', len(stamp))
        own = {'header.stamp': stamp, **columns}
        yield self._batch('valves/requested', 'ValveCommand', requested, own, fields)
        permitted = stamp + self._delay('permitted', len(stamp))
        own = {'header.stamp': permitted, **columns}
        yield self._batch('valves/permitted', 'ValveCommand', permitted, own, fields)

    def _setpoints(self, rows: IntArray, stamp: IntArray, followed: IntArray) -> MessageBatch:
        recording, spoken = self._recording, self._spoken[rows]
        when = stamp[spoken] + self._delay('pressures', int(spoken.sum()))
        columns = {
            'header.stamp': when,
            'sequence': followed[spoken],
            'mode': recording.mode[rows[spoken]],
            'target': recording.target[rows[spoken]],
        }
        fields = {'sequence': 1, 'name': self._names, 'mode': self._codes, 'target': self._none}
        return self._batch('setpoints', 'Setpoints', when, columns, fields)

    def _verdicts(self, rows: IntArray, stamp: IntArray) -> MessageBatch:
        spoken = rows % SAFETY_EVERY == 0
        when = stamp[spoken] + self._delay('permitted', int(spoken.sum()))
        columns = {'header.stamp': when}
        return self._batch('safety/state', 'SafetyState', when, columns, {'state': 1})

    def _session_states(self, rows: IntArray, stamp: IntArray) -> Iterator[MessageBatch]:
        """``session/state``, in one batch for each stretch with the same words."""
        recording = self._recording
        spoken = rows[rows % STATE_EVERY == 0]
        stage, status = recording.stage[spoken], recording.status[spoken]
        edges = np.flatnonzero((np.diff(stage) != 0) | (np.diff(status) != 0)) + 1
        for first, last in pairwise([0, *edges.tolist(), len(spoken)]):
            if last > first:
                own = spoken[first:last]
                yield self._session_state(own, stamp[own - rows[0]] + 500_000)

    def _session_state(self, own: IntArray, when: IntArray) -> MessageBatch:
        recording, plan = self._recording, self._plan
        status = SessionStatus(int(recording.status[own[0]]))
        running = status != SessionStatus.DONE
        elapsed = recording.elapsed[own]
        columns = {
            'header.stamp': when,
            'cycle': recording.cycle[own],
            'progress': np.minimum(elapsed / plan.session_time, 1.0),
            'elapsed': elapsed,
            'warm_up': recording.warm_up[own],
            'remaining': np.maximum(plan.session_time - elapsed, 0.0),
            'target': recording.target[own],
            'pressure': recording.pressure[own],
            'dose': recording.dose[own],
            'cycles_done': recording.cycles_done[own],
        }
        fields = {
            'state': SESSION_STATES[status],
            'protocol': plan.protocol if running else '',
            'phase': plan.stage_names[recording.stage[own[0]]] if running else '',
            'intensity': 1.0,
            'name': self._names,
            'target': self._none,
            'pressure': self._none,
            'dose': self._none,
            'bench': True,
        }
        return self._batch('session/state', 'SessionState', when, columns, fields)

    def _batch(
        self,
        topic: str,
        kind: str,
        sent: IntArray,
        columns: Mapping[str, ArrayLike],
        fields: Mapping[str, Any],
    ) -> MessageBatch:
        """Messages like one with these fields, with columns in their place."""
        pattern = self._serializer.message(PACKAGE + kind, **fields)
        data = self._serializer.rows(PACKAGE + kind, pattern, columns)
        received = sent + self._delay('recorded', len(sent))
        return MessageBatch(topic, received, sent, data)

    def _delay(self, name: str, count: int) -> IntArray:
        mean = DELAYS[name]
        extra = self._rng.exponential(SPREAD * mean, count)
        return np.rint(((1.0 - SPREAD) * mean + extra) * 1e9).astype(np.int64)


def _changed(recording: SimulatedRecording) -> BoolArray:
    """Samples at which the set-points are others than before."""
    modes = np.diff(recording.mode, axis=0, prepend=-1) != 0
    targets = np.diff(recording.target, axis=0, prepend=-1.0) != 0.0
    changed: BoolArray = (modes | targets).any(axis=1)
    return changed
