"""Reads a bag file of SQLite, with the interface of `mcap_records.McapRecords`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from mcap.records import Channel, Schema

from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.mcap_records import Batch, Damage, StoredMessage
from compression_boot_control.analysis.message_definitions import message_definition

MAGIC = b'SQLite format 3\x00'

BATCH = 4096
"""Messages that are read together."""


class SqliteRecords:
    """One pass over a file.

    Bags before ROS 2 Iron carry no definitions; theirs are looked up in the sourced workspaces.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    schemas, channels : dict of int to record
    metadata : dict
        Empty: only MCAP files carry records of it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.schemas: dict[int, Schema] = {}
        self.channels: dict[int, Channel] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self._notes: list[str] = []

    @property
    def damage(self) -> Damage:
        """What the file lacks, known after the pass."""
        return Damage(bool(self._notes), 0, tuple(self._notes))

    def messages(self) -> Iterator[StoredMessage]:
        """All messages that can be read, in the order in which they were written.

        Raises
        ------
        BagError
            The file cannot be opened, or is no bag.
        """
        for rows in self._rows():
            for channel, time, data in rows:
                yield StoredMessage(channel, 0, time, time, data)

    def batches(self, wanted: Callable[[int], bool]) -> Iterator[dict[int, Batch]]:
        """The same messages by channel, some thousand at a time; see `McapRecords.batches`."""
        for rows in self._rows():
            found: dict[int, Batch] = {}
            for channel, time, data in rows:
                batch = found.get(channel)
                if batch is None:
                    batch = found[channel] = Batch()
                batch.log_time.append(time)
                if wanted(channel):
                    batch.publish_time.append(time)
                    batch.data.append(data)
            yield found

    def _rows(self) -> Iterator[list[tuple[int, int, bytes]]]:
        try:
            with self.path.open('rb') as file:
                magic = file.read(len(MAGIC))
        except OSError as error:
            raise BagError.from_os('cannot read', self.path, error) from error
        if not magic:
            raise BagError(f'{self.path} is empty: its recording was cut before it began')
        if magic != MAGIC:
            raise BagError(f'{self.path} is no SQLite file; name a rosbag2 folder or its file')
        # a bag is only looked at: nothing is written beside it, not even a journal
        address = f'file:{quote(str(self.path))}?mode=ro&immutable=1'
        try:
            with closing(sqlite3.connect(address, uri=True)) as database:
                self._read_topics(database)
                cursor = database.execute('SELECT topic_id, timestamp, data FROM messages')
                while rows := cursor.fetchmany(BATCH):
                    yield [row for row in rows if row[0] in self.channels]
        except sqlite3.Error as error:
            if not self.channels:
                raise BagError(f'{self.path} is no bag of ROS 2 ({error}); check the path') from (
                    error
                )
            self._notes.append(f'the file is damaged: {error}')

    def _read_topics(self, database: sqlite3.Connection) -> None:
        definitions = _definitions(database)
        topics = database.execute(
            'SELECT id, name, type, serialization_format, offered_qos_profiles FROM topics'
        )
        for number, name, type_name, form, qos in topics:
            encoding, text = definitions.get(type_name) or _looked_up(type_name)
            self.schemas[number] = Schema(number, text.encode(), encoding, type_name)
            metadata = {'offered_qos_profiles': qos or ''}
            self.channels[number] = Channel(number, name, form, metadata, number)


def _definitions(database: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """Encoding and text of the definitions in the file, by type; empty in old files."""
    try:
        rows = database.execute(
            'SELECT topic_type, encoding, encoded_message_definition FROM message_definitions'
        )
        return {kind: (encoding, text) for kind, encoding, text in rows if text}
    except sqlite3.OperationalError:
        return {}


def _looked_up(type_name: str) -> tuple[str, str]:
    """Definition of a type that the file does not define; empty if nobody knows it."""
    try:
        return 'ros2msg', message_definition(type_name).text
    except BagError:
        return '', ''
