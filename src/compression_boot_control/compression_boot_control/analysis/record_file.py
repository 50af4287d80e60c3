"""A file that ends after a whole record at any time."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import cast

from mcap.data_stream import RecordBuilder
from mcap.records import DataEnd, Footer
from mcap.writer import MCAP0_MAGIC


class RecordFile:
    """Unbuffered file for MCAP records; a write that fails leaves no part of it behind.

    It has the methods that `mcap.writer.Writer` calls on its output. Each call of `write` has whole
    records, so that the file stays readable up to its end after a full disk.

    Parameters
    ----------
    path : Path
        File to create.

    Raises
    ------
    OSError
        The file exists or cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._size = 0
        self._synchronising: Thread | None = None
        with suppress(OSError):  # some network disks know no locks
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def write(self, data: bytes) -> int:
        """Append all of `data`, or nothing and raise OSError."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            os.lseek(self._descriptor, self._size, os.SEEK_SET)
            raise
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        """Size so far [bytes]."""
        return self._size

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def synchronise(self) -> None:
        """Wait until the disk has what was written."""
        os.fsync(self._descriptor)

    def synchronise_behind(self) -> None:
        """Have the disk take what was written, in a thread: a slow disk holds nobody up."""
        if self._synchronising is None or not self._synchronising.is_alive():
            self._synchronising = Thread(target=_synchronise, args=(self._descriptor,))
            self._synchronising.start()

    def close(self) -> None:
        """Close the file; again does no harm."""
        if self._synchronising is not None:
            self._synchronising.join()
            self._synchronising = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _synchronise(descriptor: int) -> None:
    with suppress(OSError):  # a write, or the end, tells of it
        os.fdatasync(descriptor)


def is_being_written(path: Path) -> bool:
    """Whether a `RecordFile` is open on this file, in any process; OSError if it is unreadable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno == errno.EWOULDBLOCK
    finally:
        os.close(descriptor)
    return False


def check_free_space(folder: Path, needed: int) -> None:
    """Raise OSError if the disk of a folder has less than `needed` bytes left."""
    system = os.statvfs(folder)
    if system.f_bavail * system.f_frsize < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def shortest_ending() -> bytes:
    """Shortest valid end of an MCAP file: no index, which readers then build themselves."""
    builder = RecordBuilder()
    DataEnd(0).write(builder)
    Footer(summary_start=0, summary_offset_start=0, summary_crc=0).write(builder)
    return cast(bytes, builder.end()) + MCAP0_MAGIC  # type: ignore[no-untyped-call]
