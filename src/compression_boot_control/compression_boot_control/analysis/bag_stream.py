"""Reads a bag from its start to its end in pieces of bounded size, decoded into columns.

`bag_reader.open_bag` holds all messages in memory; this holds a few megabytes, however large the
bag is, and decodes nothing that is not asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from compression_boot_control.analysis.bag_files import StoredBag, stored_bag
from compression_boot_control.analysis.bag_metadata import PROVENANCE_RECORD, SUMMARY_RECORD
from compression_boot_control.analysis.bag_reader import (
    LATEST,
    Topic,
    decoded,
    times_of,
    topic_of,
)
from compression_boot_control.analysis.bag_storage import Records, opened_records, unpacked
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.mcap_records import Batch
from compression_boot_control.analysis.series import Series

PIECE = 8_000_000
"""Bytes of messages that are decoded together."""

Piece = Mapping[str, Series]
"""By topic: messages that follow those of the last piece."""


class BagStream:
    """One pass over a bag.

    Iterate it to its end; then the attributes are complete.

    Parameters
    ----------
    path : str or Path
        Folder of the bag, or one of its files.
    wanted : mapping of str to collection of str
        Types that are read, and the fields of each that are decoded.
    piece : int
        Bytes of messages that are decoded together.

    Attributes
    ----------
    topics : dict of str to Topic
        All topics of the bag, without messages.
    start_ns, end_ns : int or None
        Log time of the first and the last message [ns].
    provenance, summary : dict of str to str
    notes : list of str
        One line for each thing that a person should know.
    problems : dict of str to str
        By topic: why its messages cannot be decoded.
    recovered : bool
        The bag is damaged, and what is here is what could be read.

    Raises
    ------
    BagError
        There is no bag, or it cannot be read at all.
    """

    def __init__(
        self,
        path: str | Path,
        wanted: Mapping[str, Collection[str]],
        *,
        piece: int = PIECE,
    ) -> None:
        self.path = Path(path)
        self._wanted = wanted
        self._piece = piece
        self._stored: StoredBag = stored_bag(self.path)
        self.topics: dict[str, Topic] = {}
        self.provenance: dict[str, str] = {}
        self.summary: dict[str, str] = {}
        self.notes: list[str] = list(self._stored.notes)
        self.problems: dict[str, str] = {}
        self.recovered = False
        self._first, self._last = LATEST, -1

    @property
    def start_ns(self) -> int | None:
        """Log time of the first message [ns]."""
        return self._first if self._last >= 0 else None

    @property
    def end_ns(self) -> int | None:
        """Log time of the last message [ns]."""
        return self._last if self._last >= 0 else None

    def __iter__(self) -> Iterator[Piece]:
        waiting: dict[str, Batch] = {}
        size = 0
        for file in self._stored.files:
            with opened_records(self._stored, file) as records:
                for batches in records.batches(lambda channel: self._is_wanted(records, channel)):
                    size += self._take(records, batches, waiting)
                    if size >= self._piece:
                        yield self._decoded(waiting)
                        waiting, size = {}, 0
            self._conclude(file, records)
        if waiting:
            yield self._decoded(waiting)

    def _is_wanted(self, records: Records, channel: int) -> bool:
        return topic_of(records, channel, self.topics).type_name in self._wanted

    def _take(
        self, records: Records, batches: Mapping[int, Batch], waiting: dict[str, Batch]
    ) -> int:
        """Put what came to what waits; how many bytes that were."""
        size = 0
        for channel, batch in batches.items():
            topic = topic_of(records, channel, self.topics)
            topic.message_count += len(batch.log_time)
            self._first = min(self._first, *batch.log_time, LATEST)
            self._last = max(self._last, *batch.log_time, -1)
            if not batch.data:
                continue
            waiting.setdefault(topic.name, Batch()).extend(batch)
            size += sum(map(len, batch.data))
        return size

    def _decoded(self, waiting: Mapping[str, Batch]) -> dict[str, Series]:
        piece = {}
        for name, batch in waiting.items():
            topic = self.topics[name]
            try:
                data = batch.data
                if self._stored.compression == 'message':
                    data = [unpacked(self._stored, each) for each in data]
                columns = decoded(self.path, topic, data, self._wanted[topic.type_name])
            except BagError as error:
                self.problems.setdefault(name, str(error))
                continue
            piece[name] = Series(
                topic=name,
                type_name=topic.type_name,
                log_time=times_of(batch.log_time),
                publish_time=times_of(batch.publish_time),
                columns=columns,
            )
        return piece

    def _conclude(self, file: Path, records: Records) -> None:
        for channel in records.channels:
            topic_of(records, channel, self.topics)
        self.provenance |= records.metadata.get(PROVENANCE_RECORD, {})
        self.summary |= records.metadata.get(SUMMARY_RECORD, {})
        damage = records.damage
        self.recovered = self.recovered or damage.cut or bool(damage.notes)
        self.notes += [f'{file.name}: {note}' for note in damage.notes]
