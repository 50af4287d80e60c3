"""Keeps two set-ups of one checkout from working at once."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(guard: Path, on_wait: Callable[[], None]) -> Iterator[int]:
    """Hold a lock on a file, waiting for whoever holds it.

    Parameters
    ----------
    guard : Path
        The file, made if missing. It stays: to remove it would let a third one slip in.
    on_wait : callable
        Called once if another process holds the lock.

    Yields
    ------
    int
        The file descriptor. Children that inherit it keep the lock, so that a set-up which is
        killed while its pip still writes does not let the next one in.
    """
    descriptor = os.open(guard, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
