"""Serializes many messages of one layout at once: the inverse of `cdr_columns`.

One message is the pattern; the numbers of its fields are replaced row by row. Names and lengths
stay those of the pattern.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rosbags.interfaces.typing import Typesdict

from compression_boot_control.analysis.cdr_columns import NANOSECONDS
from compression_boot_control.analysis.cdr_layout import (
    LayoutError,
    Node,
    Numbers,
    Record,
    Time,
    layout_of,
)


def encode_rows(
    pattern: bytes, type_name: str, types: Typesdict, columns: Mapping[str, ArrayLike]
) -> list[bytes]:
    """Serialize messages that are like a pattern but for some of their numbers.

    Parameters
    ----------
    pattern : bytes
        One message as CDR.
    type_name : str
    types : Typesdict
        Parsed definitions of the type and of those inside it.
    columns : mapping of str to array
        By field, ``outer.inner`` for fields of messages inside: M values, or M rows of as many
        numbers as the pattern has there. A time is nanoseconds.

    Returns
    -------
    list of bytes
        M messages.

    Raises
    ------
    LayoutError
        The pattern does not fit its definition, or a field holds no numbers.
    """
    root = layout_of(pattern, type_name, types).root
    arrays = {name: np.asarray(column) for name, column in columns.items()}
    (count,) = {len(array) for array in arrays.values()}
    matrix = np.tile(np.frombuffer(pattern, np.uint8), (count, 1))
    for name, array in arrays.items():
        node = _node(root, name)
        if isinstance(node, Time):
            _put(matrix, node.start, (array // NANOSECONDS).astype('<i4'))
            _put(matrix, node.start + 4, (array % NANOSECONDS).astype('<u4'))
        elif isinstance(node, Numbers):
            _put(matrix, node.start, array.astype(node.dtype))
        else:
            raise LayoutError(f'its field {name} holds no numbers')
    data, size = matrix.tobytes(), len(pattern)
    return [data[start : start + size] for start in range(0, count * size, size)]


def _node(record: Record, name: str) -> Node:
    node: Node = record
    for part in name.split('.'):
        if not isinstance(node, Record) or part not in node.fields:
            raise LayoutError(f'it has no field {name}')
        node = node.fields[part]
    return node


def _put(matrix: NDArray[np.uint8], start: int, values: NDArray[np.generic]) -> None:
    """Write numbers into the bytes of their field."""
    raw = np.ascontiguousarray(values).view(np.uint8).reshape(len(matrix), -1)
    matrix[:, start : start + raw.shape[1]] = raw
