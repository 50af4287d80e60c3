"""Writes everything that the system says into a rosbag2 folder, with its provenance.

Messages are taken as bytes and written as they came. They wait in queues of DDS, which also notes
when each was received, and are fetched in batches: to wake up for each one would cost four times as
much. A recorder that cannot write any more ends, and with it the system: a session that nobody can
look at later is not run on. One that missed something says so at once, in /diagnostics, and in the
summary at the end of the bag.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from compression_boot_msgs.msg import SafetyState, SessionState
from compression_boot_msgs.srv import StartRecording, StopRecording
from rcl_interfaces.msg import ParameterEvent
from rclpy.serialization import deserialize_message, serialize_message
from rclpy.subscription import Subscription
from rosbags.typesys import get_types_from_msg

from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.cdr_layout import exact_message
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.message_definitions import message_definition
from compression_boot_control.analysis.session_tally import (
    MissingCounts,
    SessionTally,
    stamp_in,
)
from compression_boot_control.nodes.interfaces import (
    SAFETY_STATE,
    SESSION_STATE,
    START_RECORDING,
    STOP_RECORDING,
)
from compression_boot_control.nodes.parameter_inquiry import ParameterInquiry
from compression_boot_control.nodes.parameters import Parameter
from compression_boot_control.nodes.recorded_topics import (
    PARAMETER_EVENTS,
    RECORDED_TOPICS,
    SIMULATED_CLOCK,
    RecordedTopic,
)
from compression_boot_control.nodes.runtime import ConfigurationError, SafeNode, run

PARAMETERS = (
    Parameter('record', True, 'record from the start'),
    Parameter('directory', 'bags', 'folder in which the bags are made'),
    Parameter('bag', '', 'folder of the first bag; empty: named by date and time'),
    Parameter('provenance', '{}', 'what made the bag, as JSON with text values'),
    Parameter('split_size', 256, 'size at which another file is begun [MB]; 0: never', 0, 100_000),
    Parameter(
        'split_time', 3600.0, 'time after which another file is begun [s]; 0: never', 0.0, 1e6
    ),
)

FETCH_PERIOD = 0.1
"""Period in which what waits is fetched and written [s]."""

MEGABYTE = 1_000_000

PARAMETER_EVENT = 'rcl_interfaces/msg/ParameterEvent'

LOOK_FOR_NODES = 2.0
"""Period in which nodes are looked for whose parameters are not in the bag yet [s]."""


def new_folder(directory: str) -> Path:
    """Folder for a bag that starts now."""
    return Path(directory) / datetime.now().astimezone().strftime('session_%Y-%m-%d_%H-%M-%S')


def _never_called(_data: bytes) -> None:
    """Stand where rclpy wants a callback; the recorder fetches instead."""


@dataclass(frozen=True)
class _Source:
    """A topic with its full name and the subscription that holds its messages."""

    topic: RecordedTopic
    name: str
    subscription: Subscription

    def fetch(self) -> Iterator[_Fetched]:
        """Take the messages that wait."""
        handle = self.subscription.handle
        with handle:
            while (taken := handle.take_message(self.topic.type, True)) is not None:
                data, info = taken
                sent = int(info['source_timestamp'])
                yield _Fetched(
                    self,
                    data,
                    # where the middleware does not say, it was received when it was sent
                    int(info['received_timestamp']) or sent,
                    sent,
                    info['publication_sequence_number'],
                )


class _Fetched(NamedTuple):
    """A message, when it was received and sent by the system's clock [ns], its sender's count."""

    source: _Source
    data: bytes
    received: int
    sent: int
    number: int | None


class SessionRecorderNode(SafeNode):
    """The recorder node; see the module."""

    def __init__(self) -> None:
        self._sources: list[_Source] = []
        super().__init__('session_recorder', PARAMETERS)
        try:
            self._provenance = json.loads(self.settings['provenance'])
        except json.JSONDecodeError as error:
            raise ConfigurationError(f'parameter provenance is not JSON: {error}') from error
        self._bag: BagWriter | None = None
        self._missing = MissingCounts()
        self._tally = SessionTally()
        self._inquiry = ParameterInquiry(self, self._write_parameters)
        self._simulated_time = bool(self.get_parameter('use_sim_time').value)
        self._simulated_now = 0
        self._parameter_topic = self.resolve_topic_name(PARAMETER_EVENTS)
        if self.settings['record']:
            folder = self.settings['bag'] or new_folder(self.settings['directory'])
            try:
                self._start(Path(folder))
            except BagError as error:
                raise ConfigurationError(str(error)) from error
        for topic in RECORDED_TOPICS:
            subscription = self.create_subscription(
                topic.type, topic.name, _never_called, topic.qos, raw=True
            )
            self._sources.append(_Source(topic, self.resolve_topic_name(topic.name), subscription))
        self.serve(START_RECORDING, self._on_start)
        self.serve(STOP_RECORDING, self._on_stop)
        self.every(FETCH_PERIOD, self._fetch)
        self.every(LOOK_FOR_NODES, self._ask_for_parameters)

    @property
    def subscriptions(self) -> Iterator[Subscription]:
        """Subscriptions that the executor calls back for: not those that are fetched from."""
        fetched = {id(source.subscription) for source in self._sources}
        return (each for each in super().subscriptions if id(each) not in fetched)

    def make_safe(self, reason: str) -> None:
        """Close the bag when the node ends; nothing here moves a valve."""
        if reason == 'shut down' and self._bag is not None:
            self._fetch()
            if self._bag is not None:
                self._close(self._bag)

    def health(self) -> tuple[bool, str, dict[str, str]]:
        """Report the bag and how much is in it."""
        if self._bag is None:
            return True, 'not recording', {}
        values = {
            'bag': str(self._bag.folder),
            'messages': str(self._bag.message_count),
            'missing messages': str(self._missing.total),
        }
        return True, 'recording', values

    def _start(self, folder: Path) -> None:
        self._bag = BagWriter(
            folder,
            provenance=self._provenance,
            split_size=self.settings['split_size'] * MEGABYTE,
            split_time=self.settings['split_time'],
        )
        self._missing, self._tally = MissingCounts(), SessionTally()
        self._inquiry.forget()
        for topic in RECORDED_TOPICS:
            self._bag.add_topic(
                self.resolve_topic_name(topic.name),
                topic.type_name,
                topic.qos_text,
                latched=topic.latched,
            )

    def _close(self, bag: BagWriter) -> None:
        self._bag = None
        try:
            bag.close(self._tally.summary(self._missing.missing))
        except BagError as error:
            self.end(f'bag not closed: {error}')

    def _fetch(self) -> None:
        """Take everything that waits, and write it in the order in which it was received."""
        waiting = [message for source in self._sources for message in source.fetch()]
        if self._bag is None:
            return
        waiting.sort(key=lambda message: message.received)
        for message in waiting:
            self._record(message)
        self._write(lambda bag: bag.flush_if_due())

    def _record(self, message: _Fetched) -> None:
        topic, name = message.source.topic, message.source.name
        stamp = 0 if topic.stamp_at is None else stamp_in(message.data, topic.stamp_at)
        received, sent = message.received, message.sent
        if self._simulated_time:
            if topic.name == SIMULATED_CLOCK:
                self._simulated_now = stamp
            # a stamp may be ahead of the clock, which moves in steps
            received = sent = max(self._simulated_now, stamp)
        self._write(lambda bag: bag.write(name, message.data, received, sent))
        if topic.counted and message.number is not None:
            missing = self._missing.note(name, message.number)
            if missing:
                self.get_logger().warning(
                    f'{missing} messages of {name} did not come: the machine is too busy',
                    throttle_duration_sec=1.0,
                )
        if topic.name == SESSION_STATE.name:
            self._note_session(message.data)
        elif topic.name == SAFETY_STATE.name:
            self._note_safety(message.data)

    def _note_session(self, data: bytes) -> None:
        state = deserialize_message(data, SessionState)
        self._tally.note_session(
            state.protocol,
            state.warm_up + state.elapsed,
            state.cycles_done,
            state.pressure,
            bench=state.bench,
        )

    def _note_safety(self, data: bytes) -> None:
        state = deserialize_message(data, SafetyState)
        self._tally.note_alarms(alarm.id for alarm in state.alarms)

    def _ask_for_parameters(self) -> None:
        if self._bag is not None:
            self._inquiry.look()

    def _write_parameters(self, event: ParameterEvent) -> None:
        """Write what a node declared before this one listened."""
        now = self.get_clock().now().nanoseconds
        definition = message_definition(PARAMETER_EVENT)
        types = get_types_from_msg(definition.text, PARAMETER_EVENT)
        data = exact_message(serialize_message(event), PARAMETER_EVENT, types)
        self._write(lambda bag: bag.write(self._parameter_topic, data, now, now))

    def _write(self, write: Callable[[BagWriter], None]) -> None:
        if self._bag is None:
            return
        try:
            write(self._bag)
        except BagError as error:
            self._bag = None
            self.get_logger().error(str(error))
            self.end(f'the recorder cannot go on: {error}')

    def _on_start(
        self, request: StartRecording.Request, response: StartRecording.Response
    ) -> StartRecording.Response:
        if self._bag is not None:
            response.error_code = StartRecording.Response.ERROR_ALREADY_RECORDING
            response.error_msg = f'already recording into {self._bag.folder}: stop that first'
            return response
        folder = Path(request.directory or new_folder(self.settings['directory']))
        try:
            self._start(folder)
        except BagError as error:
            response.error_code = StartRecording.Response.ERROR_CANNOT_WRITE
            response.error_msg = str(error)
        response.directory = str(folder)
        return response

    def _on_stop(
        self, _request: StopRecording.Request, response: StopRecording.Response
    ) -> StopRecording.Response:
        if self._bag is None:
            response.error_code = StopRecording.Response.ERROR_NOT_RECORDING
            response.error_msg = 'nothing is being recorded'
            return response
        response.directory = str(self._bag.folder)
        response.messages = self._bag.message_count
        self._close(self._bag)
        return response


def main() -> None:
    """Run the node."""
    run(SessionRecorderNode)
