"""The description of a bag, as rosbag2 of ROS 2 Jazzy writes it (``metadata.yaml``, version 9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

VERSION = 9
METADATA_FILE = 'metadata.yaml'
NO_START = 2**63 - 1
"""Start of a bag without messages, as rosbag2 has it [ns]."""

PROVENANCE_RECORD = 'compression_boots/provenance'
"""MCAP metadata record at the start of the file: what made the bag."""

SUMMARY_RECORD = 'compression_boots/summary'
"""MCAP metadata record at the end of the file: what became of the session."""

ROSBAG2_RECORD = 'rosbag2'
"""MCAP metadata record that holds this description; rosbag2 looks there if the file is missing."""


@dataclass(frozen=True)
class TopicDescription:
    """A topic of a bag.

    Attributes
    ----------
    name, type_name, type_hash : str
        Topic, its type and the type's RIHS01 hash.
    qos : str
        Offered QoS profiles as YAML text, empty if unknown.
    """

    name: str
    type_name: str
    type_hash: str
    qos: str


@dataclass(frozen=True)
class FileDescription:
    """One MCAP file of a bag.

    Attributes
    ----------
    name : str
        In the bag's folder.
    counts : mapping of str to int
        Messages per topic.
    start_ns, end_ns : int or None
        Log time of the first and the last message; None without messages [ns].
    """

    name: str
    counts: Mapping[str, int]
    start_ns: int | None
    end_ns: int | None

    @property
    def message_count(self) -> int:
        """Messages of all topics."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class BagDescription:
    """What rosbag2 needs to know of a bag.

    Attributes
    ----------
    files : sequence of FileDescription
        In their order.
    topics : sequence of TopicDescription
    custom : mapping of str to str
        Provenance.
    """

    files: Sequence[FileDescription]
    topics: Sequence[TopicDescription]
    custom: Mapping[str, str]


@dataclass
class BagContents:
    """What a bag holds so far.

    Attributes
    ----------
    counts : dict of str to int
        Messages per topic.
    start_ns, end_ns : int or None
        Log time of the earliest and the latest message; None without messages [ns].
    """

    counts: dict[str, int] = field(default_factory=dict)
    start_ns: int | None = None
    end_ns: int | None = None

    def add(self, topic: str, log_time_ns: int) -> None:
        """Count a message of a topic that is in `counts`."""
        self.counts[topic] += 1
        if self.start_ns is None or log_time_ns < self.start_ns:
            self.start_ns = log_time_ns
        if self.end_ns is None or log_time_ns > self.end_ns:
            self.end_ns = log_time_ns


def _span(start_ns: int | None, end_ns: int | None) -> dict[str, Any]:
    """Starting time and duration, in mappings of their own: YAML would refer to shared ones."""
    return {
        'starting_time': {'nanoseconds_since_epoch': NO_START if start_ns is None else start_ns},
        'duration': {'nanoseconds': (end_ns or 0) - (start_ns or 0)},
    }


def bag_information(bag: BagDescription) -> dict[str, Any]:
    """The content of ``rosbag2_bagfile_information``."""
    starts = [file.start_ns for file in bag.files if file.start_ns is not None]
    ends = [file.end_ns for file in bag.files if file.end_ns is not None]
    return {
        'version': VERSION,
        'storage_identifier': 'mcap',
        **_span(min(starts, default=None), max(ends, default=None)),
        'message_count': sum(file.message_count for file in bag.files),
        'topics_with_message_count': [
            {
                'topic_metadata': {
                    'name': topic.name,
                    'type': topic.type_name,
                    'serialization_format': 'cdr',
                    'offered_qos_profiles': yaml.safe_load(topic.qos) or [],
                    'type_description_hash': topic.type_hash,
                },
                'message_count': sum(file.counts.get(topic.name, 0) for file in bag.files),
            }
            for topic in bag.topics
        ],
        'compression_format': '',
        'compression_mode': '',
        'relative_file_paths': [file.name for file in bag.files],
        'files': [
            {
                'path': file.name,
                **_span(file.start_ns, file.end_ns),
                'message_count': file.message_count,
            }
            for file in bag.files
        ],
        'custom_data': dict(bag.custom) or None,
        'ros_distro': bag.custom.get('ros_distro', 'unknown'),
    }


def write_metadata(folder: Path, bag: BagDescription) -> None:
    """Write ``metadata.yaml`` into the bag's folder, whole or not at all."""
    text = yaml.safe_dump(
        {'rosbag2_bagfile_information': bag_information(bag)}, sort_keys=False, allow_unicode=True
    )
    draft = folder / f'{METADATA_FILE}.tmp'
    draft.write_text(text, encoding='utf-8')
    draft.replace(folder / METADATA_FILE)


def qos_text(
    *,
    reliable: bool,
    transient_local: bool = False,
    depth: int = 1,
) -> str:
    """QoS profile of a topic as rosbag2 writes it, for `BagWriter.add_topic`.

    Parameters
    ----------
    reliable : bool
        Reliable, else best effort.
    transient_local : bool
        Late subscribers get the last messages, else not.
    depth : int
        Messages kept.
    """
    infinite = {'sec': 9223372036, 'nsec': 854775807}
    profile = {
        'history': 'keep_last',
        'depth': depth,
        'reliability': 'reliable' if reliable else 'best_effort',
        'durability': 'transient_local' if transient_local else 'volatile',
        'deadline': dict(infinite),
        'lifespan': dict(infinite),
        'liveliness': 'automatic',
        'liveliness_lease_duration': dict(infinite),
        'avoid_ros_namespace_conventions': False,
    }
    return yaml.safe_dump([profile], sort_keys=False)
