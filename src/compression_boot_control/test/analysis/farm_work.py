"""Tasks of the tests of the farm; Dask imports them by name in its workers."""

from __future__ import annotations

import os

import pyarrow as pa


def squared(number: int) -> pa.Table:
    """Table with the square; some numbers do not end well."""
    if number == 13:
        raise ValueError('thirteen brings\nno luck')
    if number == 4:
        os._exit(9)
    return pa.table({'square': [number * number]})


def code() -> str:
    """What a worker says that its code is."""
    return f'code of {os.getpid()}'
