"""Makes a damaged bag complete again, so that every tool opens it.

`bag_reader.open_bag` reads a damaged bag as it is. Other tools want an index and ``metadata.yaml``;
this writes both, by copying all whole messages into a new file that takes the old one's place.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compression_boot_control.analysis.bag_files import bag_files
from compression_boot_control.analysis.bag_metadata import (
    METADATA_FILE,
    PROVENANCE_RECORD,
    SUMMARY_RECORD,
)
from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.mcap_records import McapRecords
from compression_boot_control.analysis.message_definitions import MessageDefinition
from compression_boot_control.analysis.record_file import is_being_written

DRAFT_FOLDER = '.recovery'
"""Folder in the bag's folder in which the new file is written."""

DAMAGED_SUFFIX = '.damaged'
"""Added to the old file's name where it may hold more than a person of skill could save."""


@dataclass(frozen=True)
class Recovery:
    """What was saved, and what was lost.

    Attributes
    ----------
    folder : Path
        The bag.
    changed : bool
        False if the bag was whole and was left alone.
    message_count : int
        Messages saved.
    lost_bytes : int
        Bytes of the old file that could not be used.
    last_ns : int or None
        Log time of the last message saved [ns].
    kept : Path or None
        The old file, kept if it is damaged before its end.
    notes : tuple of str
        One line for each loss.
    """

    folder: Path
    changed: bool
    message_count: int
    lost_bytes: int
    last_ns: int | None
    kept: Path | None
    notes: tuple[str, ...]

    def __str__(self) -> str:
        if not self.changed:
            return f'{self.folder} is whole; nothing to do'
        last = 'none' if self.last_ns is None else f'{self.last_ns / 1e9:.3f} s'
        return (
            f'{self.folder}: {self.message_count} messages saved, the last at {last}; '
            f'{self.lost_bytes} bytes lost'
        )


def recover_bag(folder: str | Path) -> Recovery:
    """Make a bag of one file complete, in its place.

    Parameters
    ----------
    folder : str or Path
        Folder of the bag.

    Raises
    ------
    BagError
        There is no bag, it is still being recorded, holds several files, nothing of it can be read,
        or the disk does not take the copy. The bag is then as it was.
    """
    folder = Path(folder).absolute()
    files, _ = bag_files(folder)
    if files == (folder,):
        raise BagError(f'{folder} is a file; name the folder of the bag')
    if len(files) > 1:
        raise BagError(f'{folder} holds {len(files)} files; recover them with: mcap recover')
    (damaged,) = files
    try:
        if is_being_written(damaged):
            raise BagError(f'{folder} is still being recorded; stop the recording first')
        return _recover(folder, damaged)
    except OSError as error:
        raise BagError.from_os('cannot recover', folder, error) from error
    finally:
        shutil.rmtree(folder / DRAFT_FOLDER, ignore_errors=True)


def _recover(folder: Path, old: Path) -> Recovery:
    provenance, summary, message_count, last_ns, records = _survey(old)
    damage = records.damage
    whole = not damage.notes and (folder / METADATA_FILE).is_file()
    if whole:
        return Recovery(folder, False, message_count, 0, last_ns, None, ())
    if message_count == 0 and not records.channels and damage.cut:
        raise BagError(f'{old} holds no whole message; nothing can be recovered')
    definitions: dict[str, MessageDefinition] = {}
    shutil.rmtree(folder / DRAFT_FOLDER, ignore_errors=True)
    draft = BagWriter(
        folder / DRAFT_FOLDER / folder.name, provenance, definition_of=definitions.__getitem__
    )
    try:
        _copy(old, draft, definitions)
    finally:
        draft.close(summary)
    kept = None
    if len(damage.notes) > damage.cut:
        kept = old.rename(old.with_name(old.name + DAMAGED_SUFFIX))
    draft.path.replace(folder / draft.path.name)
    (draft.folder / METADATA_FILE).replace(folder / METADATA_FILE)
    if kept is None and old.name != draft.path.name:
        old.unlink()
    return Recovery(folder, True, message_count, damage.lost_bytes, last_ns, kept, damage.notes)


def _survey(
    path: Path,
) -> tuple[Mapping[str, str], Mapping[str, str] | None, int, int | None, McapRecords]:
    """Provenance, summary, number of messages, last log time [ns], and the records of a pass."""
    records = McapRecords(path)
    count, last = 0, None
    for message in records.messages():
        count += 1
        last = message.log_time if last is None else max(last, message.log_time)
    provenance = records.metadata.get(PROVENANCE_RECORD, {})
    return provenance, records.metadata.get(SUMMARY_RECORD), count, last, records


def _copy(path: Path, bag: BagWriter, definitions: dict[str, MessageDefinition]) -> None:
    """Copy all whole messages of a file, and the topics that have none."""
    records = McapRecords(path)
    topics: dict[int, str] = {}
    for message in records.messages():
        if message.channel not in topics:
            topics[message.channel] = _add_topic(records, message.channel, bag, definitions)
        topic = topics[message.channel]
        bag.write(topic, message.data, message.log_time, message.publish_time)
    for channel in records.channels:
        if channel not in topics:
            _add_topic(records, channel, bag, definitions)


def _add_topic(
    records: McapRecords,
    channel_id: int,
    bag: BagWriter,
    definitions: dict[str, MessageDefinition],
) -> str:
    channel = records.channels[channel_id]
    schema = records.schemas.get(channel.schema_id)
    if schema is None or schema.encoding != 'ros2msg' or channel.message_encoding != 'cdr':
        raise BagError(
            f'{channel.topic} in {records.path} is no topic of rosbag2; '
            'recover the file with: mcap recover'
        )
    type_hash = channel.metadata.get('topic_type_hash', '')
    definitions[schema.name] = MessageDefinition(schema.name, schema.data.decode(), type_hash)
    bag.add_topic(channel.topic, schema.name, channel.metadata.get('offered_qos_profiles', ''))
    return channel.topic
