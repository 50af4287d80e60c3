"""The one error of the recording layer."""

from __future__ import annotations

import errno
from pathlib import Path

CURES = {
    errno.ENOSPC: 'the disk is full; free space or choose another disk',
    errno.EDQUOT: 'your disk quota is used up; free space or choose another disk',
    errno.EFBIG: 'the file is as large as the system allows; raise the limit (ulimit -f)',
    errno.EROFS: 'the disk is read-only; choose another folder',
    errno.EACCES: 'no permission; choose another folder or change its permissions',
    errno.EPERM: 'no permission; choose another folder or change its permissions',
    errno.EEXIST: 'it exists already; choose another name or move it away',
    errno.ENOTDIR: 'a part of the path is a file; choose another folder',
    errno.EISDIR: 'it is a folder; name a file',
    errno.ENOENT: 'it does not exist; check the path',
    errno.ENAMETOOLONG: 'the name is too long; choose a shorter one',
    errno.EIO: 'the disk reports an error; check it and choose another',
}


class BagError(Exception):
    """A bag cannot be written or read; the text is one line that names the cause and the cure."""

    @staticmethod
    def from_os(action: str, path: Path, error: OSError) -> BagError:
        """The error for an action on a path that the system refused, e.g. ``cannot write``."""
        cause = CURES.get(error.errno or 0, error.strerror or str(error))
        return BagError(f'{action} {path}: {cause}')
