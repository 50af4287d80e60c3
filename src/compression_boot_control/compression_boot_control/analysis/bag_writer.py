"""Writes a session into a rosbag2 folder that survives the death of the process that writes it.

A kill loses half a second, and a power cut some seconds more; what is there stays readable.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from compression_boot_control.analysis.bag_metadata import (
    BagDescription,
    FileDescription,
    TopicDescription,
    write_metadata,
)
from compression_boot_control.analysis.bag_segment import BagSegment
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.message_definitions import (
    MessageDefinition,
    message_definition,
)
from compression_boot_control.analysis.record_file import check_free_space

CHUNK_SIZE = 256 * 1024
"""Size of the messages at which a chunk is closed in any case [bytes]."""

FLUSH_PERIOD = 0.5
"""Longest time that a message waits in an open chunk while others come [s]: with half of that a bag
is 7 % larger."""

SYNCHRONISE_PERIOD = 2.0
"""Time from one request to the disk to have what was handed over to the next [s]."""

FREE_SPACE = 16 * 1024 * 1024
"""Free space below which a bag is not started, and one in progress is closed [bytes]."""

NANOSECONDS = 1_000_000_000


class BagWriter:
    """Writes one bag. Not thread-safe.

    Parameters
    ----------
    folder : str or Path
        Folder of the bag, which must not exist; its parents are made.
    provenance : mapping of str to str, optional
        What made the bag; kept at the start of each file and in ``custom_data``.
    definition_of : callable, optional
        Gives the `MessageDefinition` of a type name.
    clock : callable, optional
        Steady clock [s].
    free_space : int, optional
        Free space to leave on the disk [bytes].
    split_size, split_time : int, float, optional
        Size [bytes], and time of its messages [s], at which another file is begun; 0: never.

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
        split_size: int = 0,
        split_time: float = 0.0,
    ) -> None:
        self.folder = Path(folder).absolute()
        self._provenance = dict(provenance or {})
        self._definition_of = definition_of
        self._clock = clock
        self._free_space = free_space
        self._split_size = split_size
        self._split_time = split_time
        self._topics: dict[str, TopicDescription] = {}
        self._latched: dict[str, tuple[bytes, int] | None] = {}
        self._files: list[FileDescription] = []
        self._due = 0.0
        self._synchronised_at = clock()
        self._closed = False
        try:
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise BagError.from_os('cannot write the bag', self.folder, error) from error
        try:
            check_free_space(self.folder, self._free_space)
            self._segment = self._new_segment()
        except OSError as error:
            for path in self.folder.iterdir():
                path.unlink()
            self.folder.rmdir()
            raise BagError.from_os('cannot write the bag', self.folder, error) from error

    @property
    def path(self) -> Path:
        """The file that is being written."""
        return self._segment.path

    @property
    def message_count(self) -> int:
        """Messages taken so far."""
        closed = sum(file.message_count for file in self._files)
        return closed + (0 if self._closed else sum(self._segment.taken.counts.values()))

    @property
    def closed(self) -> bool:
        """Whether the bag takes no more messages."""
        return self._closed

    def add_topic(
        self, topic: str, type_name: str, qos: str = '', *, latched: bool = False
    ) -> None:
        """Make a topic known; a second time with the same type does nothing.

        Parameters
        ----------
        topic : str
            Full name, e.g. ``/boots/pressures``.
        type_name : str
            For example ``compression_boot_msgs/msg/ChamberPressures``.
        qos : str, optional
            Offered QoS profiles as YAML, e.g. from `bag_metadata.qos_text`.
        latched : bool, optional
            Its last message holds on: it is written again at the start of another file.

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
        self._segment.add_topic(topic, definition, qos)
        self._topics[topic] = TopicDescription(topic, type_name, definition.type_hash, qos)
        if latched:
            self._latched[topic] = None

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
        if topic not in self._topics:
            raise BagError(f'{topic} is not in the bag; add it with add_topic before its messages')
        if log_time_ns < 0 or publish_time_ns < 0:
            raise BagError(f'a message of {topic} has a negative time; check the clock')
        if self._split_due(log_time_ns):
            self._split(log_time_ns)
        now = self._clock()
        if self._segment.open_size == 0:
            self._due = now + FLUSH_PERIOD
        self._segment.write(topic, data, log_time_ns, publish_time_ns)
        if topic in self._latched:
            self._latched[topic] = data, publish_time_ns
        if self._segment.open_size >= CHUNK_SIZE or now >= self._due:
            self.flush()

    def flush_if_due(self) -> None:
        """Flush when a message has waited for `FLUSH_PERIOD`; for a timer, as traffic may stop."""
        if self._segment.open_size and self._clock() >= self._due:
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
            self._segment.flush()
            now = self._clock()
            if now - self._synchronised_at >= SYNCHRONISE_PERIOD:
                self._synchronised_at = now
                self._segment.synchronise_behind()
        except OSError as error:
            raise self._stopped_by(error) from error
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
            What became of the session; kept at the end of the last file.

        Raises
        ------
        BagError
            It could not all be written; what is written is readable.
        """
        if self._closed:
            return
        try:
            self._segment.flush()
            description = self._description()
            self._segment.finish(description, summary)
            write_metadata(self.folder, description)
        except OSError as error:
            raise self._stopped_by(error) from error
        self._files.append(self._segment.description())
        self._closed = True

    def _new_segment(self) -> BagSegment:
        path = self.folder / f'{self.folder.name}_{len(self._files)}.mcap'
        segment = BagSegment(path, self._provenance)
        for topic in self._topics.values():
            segment.add_topic(topic.name, self._definition_of(topic.type_name), topic.qos)
        _synchronise_folder(self.folder)
        return segment

    def _split_due(self, log_time_ns: int) -> bool:
        segment = self._segment
        if self._split_size and segment.size + segment.open_size >= self._split_size:
            return True
        start = segment.taken.start_ns
        if not self._split_time or start is None:
            return False
        return log_time_ns - start >= self._split_time * NANOSECONDS

    def _split(self, log_time_ns: int) -> None:
        """Finish the file, and begin another one with what holds on."""
        try:
            self._segment.flush()
            self._segment.finish(self._description())
            self._files.append(self._segment.description())
            self._segment = self._new_segment()
        except OSError as error:
            raise self._stopped_by(error) from error
        for topic, last in self._latched.items():
            if last is not None:
                self._segment.write(topic, last[0], log_time_ns, last[1])

    def _description(self) -> BagDescription:
        files = list(self._files)
        if self._segment.path.name not in {file.name for file in files}:
            files.append(self._segment.description())
        return BagDescription(
            files=files,
            topics=list(self._topics.values()),
            custom=self._provenance,
        )

    def _stopped_by(self, error: OSError) -> BagError:
        """Close what can be closed after a failed write, and give the error to raise."""
        self._closed = True
        self._segment.abandon()
        description = self._description()
        with suppress(OSError):
            write_metadata(self.folder, description)
        self._files = list(description.files)
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


def _synchronise_folder(folder: Path) -> None:
    """Have the disk know of a new file; without it a power cut loses the file's name."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network disks do not know this
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
