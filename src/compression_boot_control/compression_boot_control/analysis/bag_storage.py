"""Opens the files of a bag, whatever their storage and compression."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import zstandard
from mcap.records import Channel, Schema

from compression_boot_control.analysis.bag_files import COMPRESSED_SUFFIX, StoredBag
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.mcap_records import (
    Batch,
    Damage,
    McapRecords,
    StoredMessage,
)
from compression_boot_control.analysis.sqlite_records import SqliteRecords


class Records(Protocol):
    """One pass over a file; see `McapRecords`."""

    schemas: dict[int, Schema]
    channels: dict[int, Channel]
    metadata: dict[str, dict[str, str]]

    @property
    def damage(self) -> Damage:
        """What the file lacks, known after the pass."""

    def messages(self) -> Iterator[StoredMessage]:
        """All whole messages."""

    def batches(self, wanted: Callable[[int], bool]) -> Iterator[dict[int, Batch]]:
        """The same by channel, many at a time."""


KINDS: dict[str, Callable[[Path], Records]] = {'mcap': McapRecords, 'sqlite3': SqliteRecords}


@contextmanager
def opened_records(bag: StoredBag, file: Path) -> Iterator[Records]:
    """Records of one file of a bag; a compressed file is unpacked beside, for that long.

    Raises
    ------
    BagError
        The file cannot be read, or unpacked.
    """
    kind = KINDS[bag.storage]
    if file.suffix != COMPRESSED_SUFFIX:
        yield kind(file)
        return
    with tempfile.TemporaryDirectory(prefix='boots_bag_') as folder:
        plain = Path(folder) / file.stem
        try:
            with file.open('rb') as packed, plain.open('wb') as unpacked:
                reader = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)
                shutil.copyfileobj(reader, unpacked, 2**20)
        except OSError as error:
            raise BagError.from_os('cannot unpack', file, error) from error
        except zstandard.ZstdError as error:
            raise BagError(f'{file} does not unpack ({error}); copy it again') from error
        yield kind(plain)


def unpacked(bag: StoredBag, data: bytes) -> bytes:
    """A message's bytes, unpacked if the bag compresses each message.

    Raises
    ------
    BagError
        They do not unpack.
    """
    if bag.compression != 'message':
        return data
    try:
        return zstandard.decompress(data, 2**28)
    except zstandard.ZstdError as error:
        raise BagError(f'a message does not unpack ({error}); copy the bag again') from error
