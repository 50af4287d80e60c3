"""One MCAP file of a bag while it is written.

It is written in small compressed chunks, without a buffer between this process and the kernel, so
that a kill loses what the open chunk holds and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import IO, Any, cast

import yaml
from mcap.writer import CompressionType, Writer

from compression_boot_control.analysis.bag_metadata import (
    PROVENANCE_RECORD,
    ROSBAG2_RECORD,
    SUMMARY_RECORD,
    BagContents,
    BagDescription,
    FileDescription,
    bag_information,
)
from compression_boot_control.analysis.message_definitions import MessageDefinition
from compression_boot_control.analysis.record_file import RecordFile, shortest_ending

UNLIMITED_CHUNK = 2**31
"""Chunk size for the MCAP library that it never reaches: the chunks are closed from here."""


class BagSegment:
    """Writes one file. Every method that writes raises OSError where the disk does not take it.

    Parameters
    ----------
    path : Path
        File to create.
    provenance : mapping of str to str
        What made the bag; kept at the start of the file.

    Attributes
    ----------
    taken, written : BagContents
        Messages so far, and those of them that a kill does not lose any more.
    open_size : int
        Size of the messages in the open chunk [bytes].
    """

    def __init__(self, path: Path, provenance: Mapping[str, str]) -> None:
        self.path = path
        self.taken = BagContents()
        self.written = BagContents()
        self.open_size = 0
        self._channels: dict[str, int] = {}
        self._schemas: dict[str, int] = {}
        self._file = RecordFile(path)
        self._writer = Writer(
            cast(IO[Any], self._file),
            chunk_size=UNLIMITED_CHUNK,
            compression=CompressionType.ZSTD,
        )
        try:
            self._writer.start('ros2', 'compression_boots')
            self._writer.add_metadata(PROVENANCE_RECORD, dict(provenance))
        except OSError:
            self.abandon()
            raise

    @property
    def size(self) -> int:
        """Size of the file so far [bytes]."""
        return self._file.tell()

    def add_topic(self, topic: str, definition: MessageDefinition, qos: str) -> None:
        """Make a topic known that is not known yet; see `bag_writer.BagWriter.add_topic`."""
        type_name = definition.type_name
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
        self.taken.counts[topic] = 0

    def write(self, topic: str, data: bytes, log_time_ns: int, publish_time_ns: int) -> None:
        """Take one message into the open chunk."""
        sequence = self.taken.counts[topic] + 1
        self._writer.add_message(
            self._channels[topic], log_time_ns, data, publish_time_ns, sequence
        )
        self.taken.add(topic, log_time_ns)
        self.open_size += len(data)

    def flush(self) -> None:
        """Close the chunk and hand it to the kernel."""
        self._writer.flush()  # type: ignore[no-untyped-call]
        self.open_size = 0
        self.written = deepcopy(self.taken)

    def synchronise_behind(self) -> None:
        """Have the disk take what was handed over, without waiting for it."""
        self._file.synchronise_behind()

    def finish(self, bag: BagDescription, summary: Mapping[str, str] | None = None) -> None:
        """Write the rest and the index, and wait until the disk has it all."""
        self.flush()
        if summary is not None:
            self._writer.add_metadata(SUMMARY_RECORD, dict(summary))
        information = yaml.safe_dump(bag_information(bag), sort_keys=False)
        self._writer.add_metadata(ROSBAG2_RECORD, {'serialized_metadata': information})
        self._writer.finish()  # type: ignore[no-untyped-call]
        self._file.synchronise()
        self._file.close()

    def abandon(self) -> None:
        """Close what can be closed after a write that failed."""
        with suppress(OSError):
            self._file.write(shortest_ending())
        self._file.close()

    def description(self) -> FileDescription:
        """What a kill does not lose any more."""
        contents = self.written
        return FileDescription(
            self.path.name, dict(contents.counts), contents.start_ns, contents.end_ns
        )
