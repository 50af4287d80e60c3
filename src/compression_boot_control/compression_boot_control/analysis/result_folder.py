"""A folder of results that a run fills part by part, and that a later run goes on with.

It holds ``run.json``, which says what the run is, ``parts/KEY.parquet`` for every part that is
done, and ``failed/KEY.txt`` with the reason for every part that failed. A part appears whole or not
at all, so that a run may be killed at any time.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from compression_boot_control.analysis.errors import CURES

_RUN = 'run.json'


class ResultFolderError(Exception):
    """A folder that cannot hold the results; the text names cause and cure in one line."""


def _cure(error: OSError) -> str:
    return CURES.get(error.errno or 0, error.strerror or str(error))


class ResultFolder:
    """Results of one run, part by part; one process at a time works on it.

    Parameters
    ----------
    path : Path
        Made where it is missing.
    identity : mapping
        What the run is, in values that JSON knows: parts of runs that differ in it must not be
        mixed.

    Raises
    ------
    ResultFolderError
        The folder cannot be written, another process works on it, or it holds another run.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path = path
        self._parts = path / 'parts'
        self._failed = path / 'failed'
        try:
            self._parts.mkdir(parents=True, exist_ok=True)
            self._failed.mkdir(exist_ok=True)
            self._lock = self._locked()
        except OSError as error:
            raise ResultFolderError(f'cannot write {path}: {_cure(error)}') from error
        try:
            self._claim(dict(identity))
        except BaseException:
            self.close()
            raise

    def _locked(self) -> IO[str]:
        file = (self.path / _RUN).open('a+', encoding='utf-8')
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise ResultFolderError(
                f'{self.path}: another run is working on this folder; wait for it, or name another'
            ) from None
        return file

    def _claim(self, identity: dict[str, Any]) -> None:
        """Write what the run is into a new folder, or compare it with what an old one holds."""
        self._lock.seek(0)
        text = self._lock.read()
        identity = json.loads(json.dumps(identity))
        if not text.strip():
            try:
                self._lock.write(json.dumps(identity, indent=2) + '\n')
                self._lock.flush()
            except OSError as error:
                raise ResultFolderError(f'cannot write {self.path}: {_cure(error)}') from error
            return
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise ResultFolderError(
                f'{self.path / _RUN} is not of a run of this command; name another folder'
            )
        if found != identity:
            differing = sorted(
                name
                for name in found.keys() | identity.keys()
                if found.get(name) != identity.get(name)
            )
            what = ', '.join(
                f'{name} {found.get(name)} there, {identity.get(name)} here' for name in differing
            )
            raise ResultFolderError(
                f'{self.path} holds another run ({what}); name another folder, or remove this one'
            )

    def __enter__(self) -> ResultFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let other processes work on the folder."""
        self._lock.close()

    def done(self) -> frozenset[str]:
        """Keys of the parts that are there."""
        return frozenset(file.stem for file in self._parts.glob('*.parquet'))

    def write(self, key: str, table: pa.Table) -> None:
        """Keep the result of a part, on the disk when this returns.

        Raises
        ------
        ResultFolderError
            For a full disk, say.
        """
        unfinished = self._parts / f'{key}.unfinished'
        try:
            with unfinished.open('wb') as file:
                pq.write_table(table, file, compression='zstd')
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(self._parts / f'{key}.parquet')
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink()
            raise ResultFolderError(
                f'cannot write {self._parts}: {_cure(error)}; the parts so far are kept: run the '
                'same command again to go on'
            ) from error
        (self._failed / f'{key}.txt').unlink(missing_ok=True)

    def fail(self, key: str, reason: str) -> None:
        """Keep the reason why a part failed; it will be tried again by the next run."""
        (self._failed / f'{key}.txt').write_text(reason.strip() + '\n', encoding='utf-8')

    def failures(self) -> dict[str, str]:
        """Reasons of the parts that failed, by key."""
        files = sorted(self._failed.glob('*.txt'))
        return {file.stem: file.read_text(encoding='utf-8').strip() for file in files}

    def tables(self, keys: Iterable[str] | None = None) -> dict[str, pa.Table]:
        """Tables of the parts by key, in the order of `keys`, or sorted if there are none given.

        A key whose part is not done is left out.
        """
        done = self.done()
        wanted = sorted(done) if keys is None else [key for key in keys if key in done]
        return {key: pq.read_table(self._parts / f'{key}.parquet') for key in wanted}
