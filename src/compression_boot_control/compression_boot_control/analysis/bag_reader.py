"""Opens bags: those of this project and others, whole and damaged, without writing to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rosbags.interfaces.typing import Typesdict
from rosbags.typesys import get_types_from_idl, get_types_from_msg
from rosbags.typesys.base import TypesysError

from compression_boot_control.analysis.bag_files import stored_bag
from compression_boot_control.analysis.bag_metadata import (
    PROVENANCE_RECORD,
    SUMMARY_RECORD,
)
from compression_boot_control.analysis.bag_storage import Records, opened_records, unpacked
from compression_boot_control.analysis.cdr_columns import Column, decode_columns
from compression_boot_control.analysis.cdr_layout import LayoutError
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.mcap_records import Batch
from compression_boot_control.analysis.message_definitions import as_message
from compression_boot_control.analysis.series import Series

LATEST = 2**63 - 1
"""Last time that fits the arrays [ns]."""


@dataclass
class Topic:
    """A topic of a bag, with its messages if they were asked for.

    Attributes
    ----------
    name, type_name, type_hash : str
    definition, encoding : str
        The type's full definition and its form, ``ros2msg`` or ``ros2idl``.
    message_encoding : str
        ``cdr``.
    qos : str
        Offered QoS profiles as YAML.
    message_count : int
    messages : Batch
    """

    name: str
    type_name: str
    type_hash: str
    definition: str
    encoding: str
    message_encoding: str
    qos: str
    message_count: int = 0
    messages: Batch = field(default_factory=Batch)


@dataclass(frozen=True)
class Bag:
    """An opened bag.

    Attributes
    ----------
    path : Path
        What was opened.
    files : tuple of Path
        Its files, of MCAP or SQLite.
    topics : mapping of str to Topic
    start_ns, end_ns : int or None
        Log time of the first and the last message; None without messages [ns].
    provenance, summary : mapping of str to str
        What made the bag, and what became of the session; empty in bags of others.
    recovered : bool
        The bag is damaged, and what is here is what could be read.
    notes : tuple of str
        One line for each thing that a person should know.
    """

    path: Path
    files: tuple[Path, ...]
    topics: Mapping[str, Topic]
    start_ns: int | None
    end_ns: int | None
    provenance: Mapping[str, str]
    summary: Mapping[str, str]
    recovered: bool
    notes: tuple[str, ...]

    def series(self, topic: str) -> Series:
        """Decode a topic's messages.

        Raises
        ------
        BagError
            The bag lacks the topic or its messages, or they do not fit their definition.
        """
        found = self.topics.get(topic)
        if found is None:
            known = ', '.join(sorted(self.topics)) or 'none'
            raise BagError(f'{self.path} has no topic {topic}; its topics: {known}')
        if not found.messages:
            raise BagError(f'{self.path} has no message of {topic}')
        messages = found.messages
        log_time = times_of(messages.log_time)
        order = np.argsort(log_time, kind='stable')
        return Series(
            topic=topic,
            type_name=found.type_name,
            log_time=log_time[order],
            publish_time=times_of(messages.publish_time)[order],
            columns=decoded(self.path, found, [messages.data[row] for row in order.tolist()]),
        )

    def topics_of(self, type_name: str) -> tuple[str, ...]:
        """Names of the topics of a type."""
        return tuple(name for name, topic in self.topics.items() if topic.type_name == type_name)


def open_bag(path: str | Path, topics: Collection[str] | None = None) -> Bag:
    """Open a bag and read it as far as it is whole.

    Parameters
    ----------
    path : str or Path
        Folder of the bag, or one of its files.
    topics : collection of str, optional
        Topics or types whose messages are kept; all by default.

    Raises
    ------
    BagError
        There is no bag, it is none of ROS 2, or nothing of it can be read.
    """
    path = Path(path)
    stored = stored_bag(path)
    notes = stored.notes
    found: dict[str, Topic] = {}
    provenance: dict[str, str] = {}
    summary: dict[str, str] = {}
    first, last = LATEST, -1
    damaged = False
    for file in stored.files:
        with opened_records(stored, file) as records:

            def is_kept(channel: int, records: Records = records) -> bool:
                topic = topic_of(records, channel, found)
                return topics is None or topic.name in topics or topic.type_name in topics

            for batches in records.batches(is_kept):
                for channel, batch in batches.items():
                    topic = topic_of(records, channel, found)
                    topic.message_count += len(batch.log_time)
                    first = min(first, *batch.log_time)
                    last = max(last, *batch.log_time)
                    if stored.compression == 'message':
                        batch.data = [unpacked(stored, each) for each in batch.data]
                    if batch:
                        topic.messages.extend(batch)
        for channel in records.channels:
            topic_of(records, channel, found)
        provenance |= records.metadata.get(PROVENANCE_RECORD, {})
        summary |= records.metadata.get(SUMMARY_RECORD, {})
        damage = records.damage
        damaged = damaged or damage.cut or bool(damage.notes)
        notes += tuple(f'{file.name}: {note}' for note in damage.notes)
    return Bag(
        path=path,
        files=stored.files,
        topics=found,
        start_ns=first if last >= 0 else None,
        end_ns=last if last >= 0 else None,
        provenance=provenance,
        summary=summary,
        recovered=damaged,
        notes=notes,
    )


def read_series(path: str | Path, topics: Iterable[str]) -> dict[str, Series]:
    """Read topics of a bag as columns.

    Parameters
    ----------
    path : str or Path
        Folder of the bag, or one of its files.
    topics : iterable of str
        Full names, e.g. ``/boots/pressures``.

    Raises
    ------
    BagError
        The bag cannot be read, or lacks one of the topics.
    """
    wanted = tuple(topics)
    bag = open_bag(path, wanted)
    return {topic: bag.series(topic) for topic in wanted}


def topic_of(records: Records, channel_id: int, found: dict[str, Topic]) -> Topic:
    """Topic of a channel; made, and put into `found`, if it is new."""
    channel = records.channels[channel_id]
    topic = found.get(channel.topic)
    if topic is None:
        schema = records.schemas.get(channel.schema_id)
        topic = found[channel.topic] = Topic(
            name=channel.topic,
            type_name=schema.name if schema else '',
            type_hash=channel.metadata.get('topic_type_hash', ''),
            definition=schema.data.decode(errors='replace') if schema else '',
            encoding=schema.encoding if schema else '',
            message_encoding=channel.message_encoding,
            qos=channel.metadata.get('offered_qos_profiles', ''),
        )
    return topic


def times_of(times: Sequence[int]) -> NDArray[np.int64]:
    """Times as an array; none is later than `LATEST`."""
    return np.array([min(time, LATEST) for time in times], np.int64)


def decoded(
    path: Path, topic: Topic, messages: Sequence[bytes], fields: Collection[str] | None = None
) -> dict[str, Column]:
    """Columns of a topic's messages, of some fields or of all.

    Raises
    ------
    BagError
        The messages do not fit their definition, or have none.
    """
    if topic.message_encoding != 'cdr':
        raise BagError(
            f'{topic.name} in {path} is encoded as {topic.message_encoding or "nothing known"}, '
            'not as cdr; it is no topic of ROS 2'
        )
    try:
        types = _types(topic.encoding, topic.definition, topic.type_name)
        return decode_columns(messages, as_message(topic.type_name), types, fields)
    except (TypesysError, KeyError) as error:
        raise BagError(
            f'{topic.name} in {path}: the definition of {topic.type_name or "its type"} '
            'is missing or malformed'
        ) from error
    except LayoutError as error:
        raise BagError(
            f'{topic.name} in {path}: a message does not fit {topic.type_name}: {error}'
        ) from error


@lru_cache(maxsize=64)
def _types(encoding: str, definition: str, type_name: str) -> Typesdict:
    """Types in a topic's definition."""
    if encoding == 'ros2msg':
        return get_types_from_msg(definition, as_message(type_name))
    if encoding == 'ros2idl':
        return get_types_from_idl(definition)
    raise TypesysError(f'unknown form {encoding}')
