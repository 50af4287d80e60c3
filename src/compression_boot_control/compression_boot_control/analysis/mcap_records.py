"""Reads an MCAP file record by record, as far as it is whole.

Readers in libraries go by the index at the end of the file, which a file that was cut does not
have. This one goes from the start, checks every length and checksum, and says what it left out.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Header, Metadata, Schema
from mcap.writer import MCAP0_MAGIC

from compression_boot_control.analysis.errors import BagError

RECORD_HEADER = struct.Struct('<BQ')
"""Kind and length of a record."""

MESSAGE_HEADER = struct.Struct('<HIQQ')
"""Channel, sequence, log time and publish time of a message."""

MESSAGE_RECORD = struct.Struct('<BQHIQQ')
"""The two before in one."""

CHUNK_HEADER = struct.Struct('<QQQII')
"""Start, end, uncompressed size, checksum, and length of the compression's name."""

LARGEST_CHUNK = 2**30
"""Chunks that claim to be larger are taken for damaged [bytes]."""

READ_WHOLE = {Opcode.HEADER, Opcode.SCHEMA, Opcode.CHANNEL, Opcode.MESSAGE, Opcode.CHUNK}
READ_WHOLE |= {Opcode.METADATA, Opcode.STATISTICS}
"""Records that are read; indexes and attachments are passed over."""


Item = TypeVar('Item')


class StoredMessage(NamedTuple):
    """A message as the file has it: its channel, its count, its times [ns] and its bytes."""

    channel: int
    sequence: int
    log_time: int
    publish_time: int
    data: bytes


class Message(NamedTuple):
    """An encoded message; times in [ns]."""

    log_time: int
    publish_time: int
    data: bytes


@dataclass
class Batch:
    """Messages of one channel in a row; its length counts those whose data are there.

    Attributes
    ----------
    log_time, publish_time : list of int
        [ns]
    data : list of bytes
        Left empty if the channel is not wanted, as are the publish times.
    """

    log_time: list[int] = field(default_factory=list)
    publish_time: list[int] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Message]:
        return map(Message, self.log_time, self.publish_time, self.data)

    def extend(self, other: Batch) -> None:
        """Append the messages of another one."""
        self.log_time += other.log_time
        self.publish_time += other.publish_time
        self.data += other.data


class DamagedRecordError(Exception):
    """A record contradicts itself."""


@dataclass(frozen=True)
class Damage:
    """What a file lacks.

    Attributes
    ----------
    cut : bool
        The file has no end: its recording was cut, or still goes on.
    lost_bytes : int
        Bytes that could not be used.
    notes : tuple of str
        One line for each loss.
    """

    cut: bool
    lost_bytes: int
    notes: tuple[str, ...]


class McapRecords:
    """One pass over an MCAP file.

    Iterate `messages` to its end; then the other attributes are complete. Schemas and channels of a
    message are known when the message comes.

    Parameters
    ----------
    path : Path
        The file.

    Attributes
    ----------
    profile : str
        ``ros2`` in a bag.
    schemas, channels : dict of int to record
    metadata : dict of str to dict of str to str
        Metadata records by name; of several with one name, the last.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.profile = ''
        self.schemas: dict[int, Schema] = {}
        self.channels: dict[int, Channel] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self._stated_count: int | None = None
        self._count = 0
        self._complete = False
        self._lost_bytes = 0
        self._notes: list[str] = []

    @property
    def damage(self) -> Damage:
        """What the file lacks, known after the pass."""
        return Damage(not self._complete, self._lost_bytes, tuple(self._notes))

    def messages(self) -> Iterator[StoredMessage]:
        """All whole messages, in the order of the file.

        Raises
        ------
        BagError
            The file cannot be opened, or is no MCAP file.
        """
        yield from self._pass(self._record)

    def batches(self, wanted: Callable[[int], bool]) -> Iterator[dict[int, Batch]]:
        """The same messages by channel, a chunk at a time: several times as fast.

        Parameters
        ----------
        wanted : callable
            Whether the data of a channel are wanted; asked once a chunk, when the channel is known.

        Raises
        ------
        BagError
            See `messages`.
        """
        yield from self._pass(lambda opcode, body: self._batch(opcode, body, wanted))

    def _pass(self, read: Callable[[int, bytes], Iterator[Item]]) -> Iterator[Item]:
        """What `read` makes of each whole record of the file."""
        try:
            with self.path.open('rb') as file:
                yield from self._read(file, read)
        except OSError as error:
            raise BagError.from_os('cannot read', self.path, error) from error

    def _read(self, file: BinaryIO, read: Callable[[int, bytes], Iterator[Item]]) -> Iterator[Item]:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise BagError(f'{self.path} is empty: its recording was cut before it began')
        magic = file.read(len(MCAP0_MAGIC))
        if magic[:5] == MCAP0_MAGIC[:5] and magic[5:6] > MCAP0_MAGIC[5:6]:
            raise BagError(
                f'{self.path} is an MCAP file of a later version than this program reads; '
                'record it as MCAP version 0, or update this program'
            )
        if not MCAP0_MAGIC.startswith(magic):
            raise BagError(f'{self.path} is no MCAP file; name a rosbag2 folder or its .mcap file')
        for opcode, start, body in self._records(file, size):
            try:
                yield from read(opcode, body)
            except (DamagedRecordError, McapError, struct.error, UnicodeDecodeError) as error:
                self._lose(len(body), f'record at byte {start} is damaged: {error}')
        if self._stated_count is not None and self._count < self._stated_count:
            missing = self._stated_count - self._count
            self._notes.append(f'{missing} of {self._stated_count} messages are missing')

    def _records(self, file: BinaryIO, size: int) -> Iterator[tuple[int, int, bytes]]:
        """Kind, start and body of the file's records, up to its end or the cut."""
        while True:
            start = file.tell()
            head = file.read(RECORD_HEADER.size)
            if len(head) < RECORD_HEADER.size:
                break
            opcode, length = RECORD_HEADER.unpack(head)
            if length > size - file.tell():
                break
            if opcode == Opcode.FOOTER:
                file.seek(length, os.SEEK_CUR)
                if file.read(len(MCAP0_MAGIC)) == MCAP0_MAGIC:
                    self._complete = True
                    return
                break
            if opcode in READ_WHOLE:
                body = file.read(length)
                if len(body) < length:
                    break
                yield opcode, start, body
            else:
                file.seek(length, os.SEEK_CUR)
        self._lose(size - start, f'the file ends without its end mark, after byte {start}')

    def _record(self, opcode: int, body: bytes) -> Iterator[StoredMessage]:
        if opcode == Opcode.CHUNK:
            contents = _decompressed(body)
            for inner, start, end in _inner_records(contents):
                yield from self._plain_record(inner, contents[start:end])
        else:
            yield from self._plain_record(opcode, body)

    def _batch(
        self, opcode: int, body: bytes, wanted: Callable[[int], bool]
    ) -> Iterator[dict[int, Batch]]:
        found: dict[int, Batch] = {}
        if opcode == Opcode.CHUNK:
            try:
                self._collect(_decompressed(body), wanted, found)
            except DamagedRecordError:
                if found:
                    yield found
                raise
        else:
            for message in self._plain_record(opcode, body):
                batch = found[message.channel] = Batch([message.log_time])
                if wanted(message.channel):
                    batch.publish_time.append(message.publish_time)
                    batch.data.append(message.data)
        if found:
            yield found

    def _collect(
        self, contents: bytes, wanted: Callable[[int], bool], found: dict[int, Batch]
    ) -> None:
        """Put a chunk's messages into `found`."""
        size = len(contents)
        padded = contents + bytes(MESSAGE_RECORD.size)  # any record can then be read as a message
        unpack, own = MESSAGE_RECORD.unpack_from, set()
        position = 0
        while position < size:
            opcode, length, channel, _, log_time, publish_time = unpack(padded, position)
            start = position + RECORD_HEADER.size
            position = start + length
            if position > size:
                raise DamagedRecordError('its chunk ends within a record')
            if opcode != Opcode.MESSAGE:
                list(self._plain_record(opcode, contents[start:position]))
                continue
            batch = found.get(channel)
            if batch is None:
                if channel not in self.channels or length < MESSAGE_HEADER.size:
                    raise DamagedRecordError('its message belongs to no channel')
                batch = found[channel] = Batch()
                if wanted(channel):
                    own.add(channel)
            self._count += 1
            batch.log_time.append(log_time)
            if channel in own:
                batch.publish_time.append(publish_time)
                batch.data.append(contents[start + MESSAGE_HEADER.size : position])

    def _plain_record(self, opcode: int, body: bytes) -> Iterator[StoredMessage]:
        if opcode == Opcode.MESSAGE:
            channel, sequence, log_time, publish_time = MESSAGE_HEADER.unpack_from(body)
            data = body[MESSAGE_HEADER.size :]
            message = StoredMessage(channel, sequence, log_time, publish_time, data)
            if message.channel not in self.channels:
                raise DamagedRecordError('its message belongs to no channel')
            self._count += 1
            yield message
        elif opcode == Opcode.SCHEMA:
            schema = Schema.read(_stream(body))
            self.schemas[schema.id] = schema
        elif opcode == Opcode.CHANNEL:
            channel = Channel.read(_stream(body))
            self.channels[channel.id] = channel
        elif opcode == Opcode.METADATA:
            metadata = Metadata.read(_stream(body))
            self.metadata[metadata.name] = metadata.metadata
        elif opcode == Opcode.HEADER:
            self.profile = Header.read(_stream(body)).profile
        elif opcode == Opcode.STATISTICS:
            (self._stated_count,) = struct.unpack_from('<Q', body)

    def _lose(self, size: int, note: str) -> None:
        self._lost_bytes += size
        self._notes.append(note)


def _stream(body: bytes) -> ReadDataStream:
    return ReadDataStream(BytesIO(body))


def _inner_records(contents: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind, start and end of the bodies of a chunk's records."""
    position, size = 0, len(contents)
    while position < size:
        if size - position < RECORD_HEADER.size:
            raise DamagedRecordError('its chunk ends within a record')
        opcode, length = RECORD_HEADER.unpack_from(contents, position)
        start = position + RECORD_HEADER.size
        position = start + length
        if position > size:
            raise DamagedRecordError('its chunk ends within a record')
        yield opcode, start, position


def _decompressed(body: bytes) -> bytes:
    """Contents of a chunk, checked against its size and checksum."""
    _, _, size, checksum, name_length = CHUNK_HEADER.unpack_from(body)
    name_end = CHUNK_HEADER.size + name_length
    compression = body[CHUNK_HEADER.size : name_end].decode()
    (length,) = struct.unpack_from('<Q', body, name_end)
    data = body[name_end + 8 : name_end + 8 + length]
    if len(data) != length or size > LARGEST_CHUNK:
        raise DamagedRecordError('its chunk has an impossible size')
    if compression == 'zstd':
        contents = _zstd(data, size)
    elif compression == 'lz4':
        contents = _lz4(data)
    elif compression == '':
        contents = data
    else:
        raise DamagedRecordError(f'its chunk has the unknown compression {compression!r}')
    if len(contents) != size or (checksum and zlib.crc32(contents) != checksum):
        raise DamagedRecordError('its chunk does not match its checksum')
    return contents


def _zstd(data: bytes, size: int) -> bytes:
    try:
        # a damaged frame may claim any size, which would be allocated first
        stated = zstandard.frame_content_size(data)
        if stated not in (size, -1, zstandard.CONTENTSIZE_UNKNOWN):
            raise DamagedRecordError('its chunk has an impossible size')
        return zstandard.decompress(data, size)
    except zstandard.ZstdError as error:
        raise DamagedRecordError(f'its chunk does not decompress ({error})') from error


def _lz4(data: bytes) -> bytes:
    import lz4.frame  # type: ignore[import-untyped]

    try:
        return bytes(lz4.frame.decompress(data))
    except RuntimeError as error:
        raise DamagedRecordError(f'its chunk does not decompress ({error})') from error
