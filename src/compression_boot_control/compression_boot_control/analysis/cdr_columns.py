"""Decodes all messages of a topic at once into columns of numbers and texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rosbags.interfaces.typing import Typesdict

from compression_boot_control.analysis import cdr_layout
from compression_boot_control.analysis.cdr_layout import Layout, LayoutError, layout_of

Column = NDArray[Any]
ByteRows = NDArray[np.uint8]

NANOSECONDS = 1_000_000_000


def decode_columns(
    messages: Sequence[bytes],
    type_name: str,
    types: Typesdict,
    fields: Collection[str] | None = None,
) -> dict[str, Column]:
    """Decode messages of one type.

    Parameters
    ----------
    messages : sequence of bytes
        M messages as CDR.
    type_name : str
    types : Typesdict
        Parsed definitions of the type and of those inside it.
    fields : collection of str, optional
        Fields to decode, those of messages inside by the name of the outer one; all by default.

    Returns
    -------
    dict of str to array
        By field, fields inside messages by ``outer.inner``; M values each. A time is nanoseconds
        in int64, a text is a str. An array of numbers is a row of a 2-D array if all messages have
        as many, else an array in an array of objects. Sequences of texts and of messages are
        tuples, in an array of objects; a message in one is a dict.

    Raises
    ------
    LayoutError
        A message does not fit the definition.
    """
    pieces: dict[str, list[tuple[NDArray[np.int64], Column]]] = {}
    for rows, layout, matrix in _of_one_layout(messages, type_name, types):
        root = layout.root
        if fields is not None:
            root = cdr_layout.Record({n: node for n, node in root.fields.items() if n in fields})
        for name, column in _columns(root, matrix):
            pieces.setdefault(name, []).append((rows, column))
    return {name: _joined(parts, len(messages)) for name, parts in pieces.items()}


def _of_one_layout(
    messages: Sequence[bytes], type_name: str, types: Typesdict
) -> Iterator[tuple[NDArray[np.int64], Layout, ByteRows]]:
    """Groups of messages with one layout: their positions, the layout, and their bytes as rows."""
    sizes = np.fromiter((len(message) for message in messages), np.int64, len(messages))
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        joined = b''.join([messages[row] for row in rows.tolist()])
        matrix = np.frombuffer(joined, np.uint8).reshape(len(rows), size)
        while len(rows):
            layout = layout_of(matrix[0].tobytes(), type_name, types)
            places = np.add.outer(np.array(layout.lengths, int), np.arange(4)).ravel()
            # the encapsulation's first half says the byte order, its second half is free to use
            places = np.concatenate(([0, 1], places)).astype(np.int64)
            alike = (matrix[:, places] == matrix[0, places]).all(axis=1)
            if alike.all():
                yield rows, layout, matrix
                break
            yield rows[alike], layout, matrix[alike]
            rows, matrix = rows[~alike], matrix[~alike]


def _columns(
    record: cdr_layout.Record, matrix: ByteRows, prefix: str = ''
) -> Iterator[tuple[str, Column]]:
    """Columns of a message's fields by name; fields of inner messages by ``outer.inner``."""
    for name, node in record.fields.items():
        if isinstance(node, cdr_layout.Record):
            yield from _columns(node, matrix, f'{prefix}{name}.')
        else:
            yield prefix + name, _column(node, matrix)


def _column(node: cdr_layout.Node, matrix: ByteRows) -> Column:
    """Column of one field; M values."""
    if isinstance(node, cdr_layout.Numbers):
        numbers = _numbers(matrix, node.start, node.dtype, 1 if node.count is None else node.count)
        return numbers[:, 0] if node.count is None else numbers
    if isinstance(node, cdr_layout.Time):
        seconds = _numbers(matrix, node.start, np.dtype('<i4'), 1)[:, 0]
        rest = _numbers(matrix, node.start + 4, np.dtype('<u4'), 1)[:, 0]
        return seconds.astype(np.int64) * NANOSECONDS + rest
    if isinstance(node, cdr_layout.Text):
        return _texts(matrix[:, node.start : node.start + node.size])
    if isinstance(node, cdr_layout.Sequence):
        block = matrix[:, node.start : node.end]
        if len(matrix) > 1 and (block == block[0]).all():  # names, mostly: decode them once
            return _objects([_column(node, matrix[:1])[0]] * len(matrix))
        elements = [_column(element, matrix) for element in node.elements]
        return _objects(zip(*elements, strict=True) if elements else [()] * len(matrix))
    columns = dict(_columns(node, matrix))
    rows = zip(*columns.values(), strict=True) if columns else [()] * len(matrix)
    return _objects(dict(zip(columns, row, strict=True)) for row in rows)


def _numbers(matrix: ByteRows, start: int, dtype: np.dtype[Any], count: int) -> Column:
    size = dtype.itemsize * count
    block = np.ascontiguousarray(matrix[:, start : start + size])
    if dtype == np.bool_:
        return block.astype(np.bool_)
    return block.view(dtype) if size else np.empty((len(matrix), 0), dtype)


def _texts(block: ByteRows) -> Column:
    """Texts from their bytes, each different one decoded once."""
    if block.shape[1] == 0:
        return _objects([''] * len(block))
    rows = np.ascontiguousarray(block).view(np.dtype((np.void, block.shape[1])))[:, 0]
    if (block == block[0]).all():
        return _objects([_text(rows[0].tobytes())] * len(block))
    known: dict[bytes, str] = {}
    values = []
    for row in rows.tolist():
        if row not in known:
            known[row] = _text(row)
        values.append(known[row])
    return _objects(values)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise LayoutError('a text in it is not UTF-8') from None


def _objects(values: Iterable[object]) -> Column:
    """One-dimensional array of objects, also of those that numpy would take for rows."""
    listed = list(values)
    return np.fromiter(listed, object, len(listed))


def _joined(parts: Sequence[tuple[NDArray[np.int64], Column]], count: int) -> Column:
    """One column of `count` values from parts with their positions."""
    first = parts[0][1]
    if len(parts) == 1:
        return first
    if any(column.shape[1:] != first.shape[1:] for _, column in parts):
        parts = [(rows, _objects(column)) for rows, column in parts]
        first = parts[0][1]
    joined = np.empty((count, *first.shape[1:]), first.dtype)
    for rows, column in parts:
        joined[rows] = column
    return joined
