"""Writes everything that the system says into a rosbag2 folder, with its provenance.

Messages are taken as bytes and written as they came. A recorder that cannot write any more ends,
and with it the system: a session that nobody can look at later is not run on.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from compression_boot_msgs.srv import StartRecording, StopRecording
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy

from compression_boot_control.analysis.bag_metadata import qos_text
from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.nodes.interfaces import (
    RECORDED_TOPICS,
    START_RECORDING,
    STOP_RECORDING,
    Topic,
)
from compression_boot_control.nodes.parameters import Parameter
from compression_boot_control.nodes.runtime import ConfigurationError, SafeNode, run

PARAMETERS = (
    Parameter('record', True, 'record from the start'),
    Parameter('directory', 'bags', 'folder in which the bags are made'),
    Parameter('bag', '', 'folder of the first bag; empty: named by date and time'),
    Parameter('provenance', '{}', 'what made the bag, as JSON with text values'),
)

FLUSH_PERIOD = 0.1
"""Period of the steady timer that writes what waits [s]."""

NANOSECONDS = 1_000_000_000


def new_folder(directory: str) -> Path:
    """Folder for a bag that starts now."""
    return Path(directory) / datetime.now().astimezone().strftime('session_%Y-%m-%d_%H-%M-%S')


def stamp_of(data: bytes) -> int:
    """Stamp of a serialized message that begins with a header [ns]; little-endian CDR."""
    seconds, nanoseconds = struct.unpack_from('<iI', data, 4)
    return int(seconds) * NANOSECONDS + int(nanoseconds)


class SessionRecorderNode(SafeNode):
    """The recorder node; see the module."""

    def __init__(self) -> None:
        super().__init__('session_recorder', PARAMETERS)
        try:
            self._provenance = json.loads(self.settings['provenance'])
        except json.JSONDecodeError as error:
            raise ConfigurationError(f'parameter provenance is not JSON: {error}') from error
        self._bag: BagWriter | None = None
        if self.settings['record']:
            folder = self.settings['bag'] or new_folder(self.settings['directory'])
            try:
                self._start(Path(folder))
            except BagError as error:
                raise ConfigurationError(str(error)) from error
        for topic in RECORDED_TOPICS:
            self.create_subscription(
                topic.type, topic.name, self._recording(topic), topic.qos, raw=True
            )
        self.serve(START_RECORDING, self._on_start)
        self.serve(STOP_RECORDING, self._on_stop)
        self.every(FLUSH_PERIOD, self._on_timer)

    def make_safe(self, reason: str) -> None:
        """Close the bag when the node ends; nothing here moves a valve."""
        if reason == 'shut down' and self._bag is not None:
            self._close(self._bag)

    def health(self) -> tuple[bool, str, dict[str, str]]:
        """Report the bag and how much is in it."""
        if self._bag is None:
            return True, 'not recording', {}
        values = {'bag': str(self._bag.folder), 'messages': str(self._bag.message_count)}
        return True, 'recording', values

    def _start(self, folder: Path) -> None:
        self._bag = BagWriter(folder, provenance=self._provenance)
        for topic in RECORDED_TOPICS:
            kind = f'{topic.type.__module__.split(".")[0]}/msg/{topic.type.__name__}'
            self._bag.add_topic(self.resolve_topic_name(topic.name), kind, _qos_text(topic))

    def _close(self, bag: BagWriter) -> None:
        self._bag = None
        try:
            bag.close()
        except BagError as error:
            self.end(f'bag not closed: {error}')

    def _recording(self, topic: Topic) -> Callable[[bytes], None]:
        name = self.resolve_topic_name(topic.name)

        def record(data: bytes) -> None:
            if self._bag is None:
                return
            sent = stamp_of(data)
            received = max(self.get_clock().now().nanoseconds, sent)
            if received == 0:
                # simulated time has not begun yet
                return
            self._write(lambda bag: bag.write(name, data, received, sent))

        return self.guard(record)

    def _write(self, write: Callable[[BagWriter], None]) -> None:
        if self._bag is None:
            return
        try:
            write(self._bag)
        except BagError as error:
            self._bag = None
            self.get_logger().error(str(error))
            self.end(f'the recorder cannot go on: {error}')

    def _on_timer(self) -> None:
        self._write(lambda bag: bag.flush_if_due())

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


def _qos_text(topic: Topic) -> str:
    qos = topic.qos
    return qos_text(
        reliable=qos.reliability == ReliabilityPolicy.RELIABLE,
        transient_local=qos.durability == DurabilityPolicy.TRANSIENT_LOCAL,
        depth=qos.depth,
    )


def main() -> None:
    """Run the node."""
    run(SessionRecorderNode)
