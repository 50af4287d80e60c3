"""Writes a session into a rosbag2 folder that survives the death of the process that writes it.

The MCAP file is written in small compressed chunks, without a buffer between this process and the
kernel, so that a kill loses what the open chunk holds, a quarter of a second, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

import yaml
from mcap.writer import CompressionType, Writer

from compression_boot_control.analysis.bag_metadata import (
    PROVENANCE_RECORD,
    ROSBAG2_RECORD,
    SUMMARY_RECORD,
    BagContents,
    BagDescription,
    TopicDescription,
    bag_information,
    write_metadata,
)
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.message_definitions import (
    MessageDefinition,
    message_definition,
)
from compression_boot_control.analysis.record_file import (
    RecordFile,
    check_free_space,
    shortest_ending,
)

CHUNK_SIZE = 48 * 1024
"""Size of the messages at which a chunk is closed [bytes]."""

FLUSH_PERIOD = 0.25
"""Longest time that a message waits in an open chunk while others come [s]."""

FREE_SPACE = 16 * 1024 * 1024
"""Free space below which a bag is not started, and one in progress is closed [bytes]."""

UNLIMITED_CHUNK = 2**31
"""Chunk size for the MCAP library that it never reaches: this module closes the chunks."""


class BagWriter:
    """Writes one bag. Not thread-safe.

    Parameters
    ----------
    folder : str or Path
        Folder of the bag, which must not exist; its parents are made.
    provenance : mapping of str to str, optional
        What made the bag; kept at the start of the file and in ``custom_data``.
    definition_of : callable, optional
        Gives the `MessageDefinition` of a type name.
    clock : callable, optional
        Steady clock [s].
    free_space : int, optional
        Free space to leave on the disk [bytes].

    Raises
    ------
    BagError
        The folder exists or cannot be written, or the disk is full.
    """

    def __init__(
        self,
        folder: str | Path,
        provenance: Mapping[str, str] | None = None,
        *,
        definition_of: Callable[[str], MessageDefinition] = message_definition,
        clock: Callable[[], float] = time.monotonic,
        free_space: int = FREE_SPACE,
    ) -> None:
        self.folder = Path(folder).absolute()
        self.path = self.folder / f'{self.folder.name}_0.mcap'
        self._provenance = dict(provenance or {})
        self._definition_of = definition_of
        self._clock = clock
        self._free_space = free_space
        self._channels: dict[str, int] = {}
        self._schemas: dict[str, int] = {}
        self._topics: dict[str, TopicDescription] = {}
        self._taken = BagContents()
        self._written = BagContents()
        self._open_size = 0
        self._due = 0.0
        self._closed = False
        try:
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise BagError.from_os('cannot write the bag', self.folder, error) from error
        try:
            check_free_space(self.folder, self._free_space)
            self._file = RecordFile(self.path)
        except OSError as error:
            self.folder.rmdir()
            raise BagError.from_os('cannot write the bag', self.folder, error) from error
        self._writer = Writer(
            cast(IO[Any], self._file),
            chunk_size=UNLIMITED_CHUNK,
            compression=CompressionType.ZSTD,
        )
        try:
            self._writer.start('ros2', 'compression_boots')
            self._writer.add_metadata(PROVENANCE_RECORD, self._provenance)
        except OSError as error:
            raise self._stopped_by(error) from error

    @property
    def message_count(self) -> int:
        """Messages taken so far."""
        return sum(self._taken.counts.values())

    @property
    def closed(self) -> bool:
        """Whether the bag takes no more messages."""
        return self._closed

    def add_topic(self, topic: str, type_name: str, qos: str = '') -> None:
        """Make a topic known; a second time with the same type does nothing.

        Parameters
        ----------
        topic : str
            Full name, e.g. ``/boots/pressures``.
        type_name : str
            For example ``compression_boot_msgs/msg/ChamberPressures``.
        qos : str, optional
            Offered QoS profiles as YAML, e.g. from `bag_metadata.qos_text`.

        Raises
        ------
        BagError
            The type is unknown, or is not the one that the topic had before.
        """
        self._check_open()
        known = self._topics.get(topic)
        if known is not None:
            if known.type_name != type_name:
                raise BagError(f'{topic} has two types, {known.type_name} and {type_name}')
            return
        definition = self._definition_of(type_name)
        if type_name not in self._schemas:
            self._schemas[type_name] = self._writer.register_schema(
                type_name, 'ros2msg', definition.text.encode()
            )
        self._channels[topic] = self._writer.register_channel(
            topic,
            'cdr',
            self._schemas[type_name],
            {'offered_qos_profiles': qos, 'topic_type_hash': definition.type_hash},
        )
        self._topics[topic] = TopicDescription(topic, type_name, definition.type_hash, qos, 0)
        self._taken.counts[topic] = 0

    def write(self, topic: str, data: bytes, log_time_ns: int, publish_time_ns: int) -> None:
        """Take one serialized message.

        Parameters
        ----------
        topic : str
            A topic that `add_topic` made known.
        data : bytes
            The message as CDR, with its encapsulation header.
        log_time_ns, publish_time_ns : int
            When it was received and sent, by the node's clock [ns].

        Raises
        ------
        BagError
            The bag could not be written any further, and is closed: what it has is readable. Or the
            topic is unknown, or a time is negative; then the bag goes on.
        """
        self._check_open()
        channel = self._channels.get(topic)
        if channel is None:
            raise BagError(f'{topic} is not in the bag; add it with add_topic before its messages')
        if log_time_ns < 0 or publish_time_ns < 0:
            raise BagError(f'a message of {topic} has a negative time; check the clock')
        sequence = self._taken.counts[topic] + 1
        self._writer.add_message(channel, log_time_ns, data, publish_time_ns, sequence)
        self._taken.add(topic, log_time_ns)
        now = self._clock()
        if self._open_size == 0:
            self._due = now + FLUSH_PERIOD
        self._open_size += len(data)
        if self._open_size >= CHUNK_SIZE or now >= self._due:
            self.flush()

    def flush_if_due(self) -> None:
        """Flush when a message has waited for `FLUSH_PERIOD`; for a timer, as traffic may stop."""
        if self._open_size and self._clock() >= self._due:
            self.flush()

    def flush(self) -> None:
        """Close the chunk and hand it to the kernel: a kill from here on does not lose it.

        Raises
        ------
        BagError
            See `write`.
        """
        self._check_open()
        try:
            self._writer.flush()  # type: ignore[no-untyped-call]
        except OSError as error:
            raise self._stopped_by(error) from error
        self._open_size = 0
        self._written = deepcopy(self._taken)
        try:
            check_free_space(self.folder, self._free_space)
        except OSError as error:
            self.close()
            raise BagError.from_os(
                'recording ended, bag complete in', self.folder, error
            ) from error

    def close(self, summary: Mapping[str, str] | None = None) -> None:
        """Write the rest, the index and ``metadata.yaml``; again does nothing.

        Parameters
        ----------
        summary : mapping of str to str, optional
            What became of the session; kept at the end of the file.

        Raises
        ------
        BagError
            It could not all be written; what is written is readable.
        """
        if self._closed:
            return
        try:
            self._writer.flush()  # type: ignore[no-untyped-call]
            self._written = deepcopy(self._taken)
            description = self._description()
            if summary is not None:
                self._writer.add_metadata(SUMMARY_RECORD, dict(summary))
            information = yaml.safe_dump(bag_information(description), sort_keys=False)
            self._writer.add_metadata(ROSBAG2_RECORD, {'serialized_metadata': information})
            self._writer.finish()  # type: ignore[no-untyped-call]
            self._file.synchronise()
            write_metadata(self.folder, description)
        except OSError as error:
            raise self._stopped_by(error) from error
        self._closed = True
        self._file.close()

    def _description(self) -> BagDescription:
        counts = self._written.counts
        return BagDescription(
            file_name=self.path.name,
            topics=[
                replace(topic, message_count=counts.get(name, 0))
                for name, topic in self._topics.items()
            ],
            start_ns=self._written.start_ns,
            end_ns=self._written.end_ns,
            custom=self._provenance,
        )

    def _stopped_by(self, error: OSError) -> BagError:
        """Close what can be closed after a failed write, and give the error to raise."""
        self._closed = True
        with suppress(OSError):
            self._file.write(shortest_ending())
        self._file.close()
        with suppress(OSError):
            write_metadata(self.folder, self._description())
        return BagError.from_os('recording ended, readable up to here,', self.folder, error)

    def _check_open(self) -> None:
        if self._closed:
            raise BagError(f'the bag {self.folder} is closed; start a new one')

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
