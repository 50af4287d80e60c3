"""Makes a damaged bag complete again, so that every tool opens it.

`bag_reader.open_bag` reads a damaged bag as it is. Other tools want an index and ``metadata.yaml``;
this writes both, by copying all whole messages into a new file that takes the old one's place.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compression_boot_control.analysis.bag_files import bag_files
from compression_boot_control.analysis.bag_metadata import (
    METADATA_FILE,
    PROVENANCE_RECORD,
    SUMMARY_RECORD,
    BagContents,
    BagDescription,
    FileDescription,
    TopicDescription,
    write_metadata,
)
from compression_boot_control.analysis.bag_segment import BagSegment
from compression_boot_control.analysis.bag_writer import CHUNK_SIZE
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
    """Make a bag complete, in its place; files of it that are whole are left alone.

    Parameters
    ----------
    folder : str or Path
        Folder of the bag.

    Raises
    ------
    BagError
        There is no bag, it is still being recorded, nothing of it can be read, or the disk does not
        take the copy. The bag is then as it was.
    """
    folder = Path(folder).absolute()
    files, _ = bag_files(folder)
    if files == (folder,):
        raise BagError(f'{folder} is a file; name the folder of the bag')
    try:
        if any(is_being_written(file) for file in files):
            raise BagError(f'{folder} is still being recorded; stop the recording first')
        return _recover(folder, files)
    except OSError as error:
        raise BagError.from_os('cannot recover', folder, error) from error
    finally:
        shutil.rmtree(folder / DRAFT_FOLDER, ignore_errors=True)


def _recover(folder: Path, files: Sequence[Path]) -> Recovery:
    surveys = [_survey(file) for file in files]
    notes = tuple(
        note if len(files) == 1 else f'{survey.path.name}: {note}'
        for survey in surveys
        for note in survey.records.damage.notes
    )
    count = sum(survey.description.message_count for survey in surveys)
    ends = [survey.description.end_ns for survey in surveys]
    last = max((end for end in ends if end is not None), default=None)
    if not notes and (folder / METADATA_FILE).is_file():
        return Recovery(folder, False, count, 0, last, None, ())
    damaged = [survey for survey in surveys if survey.records.damage.notes]
    readable = any(survey.records.channels for survey in surveys)
    if not readable and any(survey.records.damage.cut for survey in damaged):
        raise BagError(f'{files[0]} holds no whole message; nothing can be recovered')
    shutil.rmtree(folder / DRAFT_FOLDER, ignore_errors=True)
    (folder / DRAFT_FOLDER).mkdir()
    bag = BagDescription(
        [survey.description for survey in surveys],
        _topics(surveys),
        {name: text for survey in surveys for name, text in survey.provenance.items()},
    )
    # all drafts first: until they are written the bag is as it was
    drafts = [_draft(survey, folder / DRAFT_FOLDER, bag) for survey in damaged]
    kept = None
    for survey, draft in zip(damaged, drafts, strict=True):
        damage = survey.records.damage
        if len(damage.notes) > damage.cut:
            kept = survey.path.rename(survey.path.with_name(survey.path.name + DAMAGED_SUFFIX))
        draft.replace(survey.path)
    write_metadata(folder, bag)
    lost = sum(survey.records.damage.lost_bytes for survey in damaged)
    return Recovery(folder, True, count, lost, last, kept, notes)


@dataclass(frozen=True)
class _Survey:
    """What a pass over a file found."""

    path: Path
    records: McapRecords
    description: FileDescription

    @property
    def provenance(self) -> Mapping[str, str]:
        return self.records.metadata.get(PROVENANCE_RECORD, {})

    @property
    def summary(self) -> Mapping[str, str] | None:
        return self.records.metadata.get(SUMMARY_RECORD)


def _survey(path: Path) -> _Survey:
    records = McapRecords(path)
    contents = BagContents()
    for message in records.messages():
        topic = records.channels[message.channel].topic
        contents.counts.setdefault(topic, 0)
        contents.add(topic, message.log_time)
    return _Survey(
        path,
        records,
        FileDescription(path.name, contents.counts, contents.start_ns, contents.end_ns),
    )


def _topics(surveys: Sequence[_Survey]) -> list[TopicDescription]:
    topics: dict[str, TopicDescription] = {}
    for survey in surveys:
        for channel_id, channel in survey.records.channels.items():
            definition = _definition(survey.records, channel_id)
            qos = channel.metadata.get('offered_qos_profiles', '')
            topics[channel.topic] = TopicDescription(
                channel.topic, definition.type_name, definition.type_hash, qos
            )
    return list(topics.values())


def _draft(survey: _Survey, folder: Path, bag: BagDescription) -> Path:
    """Copy all whole messages of a file into a new one, and the topics that have none."""
    segment = BagSegment(folder / survey.path.name, survey.provenance)
    try:
        records = McapRecords(survey.path)
        known: set[int] = set()
        for message in records.messages():
            if message.channel not in known:
                known.add(message.channel)
                _add_topic(segment, records, message.channel)
            topic = records.channels[message.channel].topic
            segment.write(topic, message.data, message.log_time, message.publish_time)
            if segment.open_size >= CHUNK_SIZE:
                segment.flush()
        for channel in records.channels:
            if channel not in known:
                _add_topic(segment, records, channel)
        segment.finish(bag, survey.summary)
    except OSError:
        segment.abandon()
        raise
    return segment.path


def _add_topic(segment: BagSegment, records: McapRecords, channel_id: int) -> None:
    channel = records.channels[channel_id]
    qos = channel.metadata.get('offered_qos_profiles', '')
    segment.add_topic(channel.topic, _definition(records, channel_id), qos)


def _definition(records: McapRecords, channel_id: int) -> MessageDefinition:
    """Definition of a topic's type, as the file has it."""
    channel = records.channels[channel_id]
    schema = records.schemas.get(channel.schema_id)
    if schema is None or schema.encoding != 'ros2msg' or channel.message_encoding != 'cdr':
        raise BagError(
            f'{channel.topic} in {records.path} is no topic of rosbag2; '
            'recover the file with: mcap recover'
        )
    type_hash = channel.metadata.get('topic_type_hash', '')
    return MessageDefinition(schema.name, schema.data.decode(), type_hash)
