"""Where the fields of a serialized message are.

CDR has no tags: a field's place follows from the lengths of the strings and sequences before it.
Messages of one type whose lengths agree therefore have one layout, and their fields lie in the
same columns of bytes. `cdr_columns` decodes thousands of messages at once on this ground.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from rosbags.interfaces import Nodetype
from rosbags.interfaces.typing import FieldDesc, Typesdict

ENCAPSULATION = 4
"""Bytes before the message, which name its byte order; alignment counts from their end."""

LITTLE_ENDIAN = b'\x00\x01'
"""Encapsulation of every ROS 2 message on today's machines: plain CDR, little-endian."""

LONGEST_PADDING = 3
"""A serializer may fill a message up to a multiple of four bytes."""

NUMBERS = {
    'bool': np.dtype('?'),
    'byte': np.dtype('u1'),
    'octet': np.dtype('u1'),
    'char': np.dtype('u1'),
    'int8': np.dtype('i1'),
    'uint8': np.dtype('u1'),
    'int16': np.dtype('<i2'),
    'uint16': np.dtype('<u2'),
    'int32': np.dtype('<i4'),
    'uint32': np.dtype('<u4'),
    'int64': np.dtype('<i8'),
    'uint64': np.dtype('<u8'),
    'float32': np.dtype('<f4'),
    'float64': np.dtype('<f8'),
}

LENGTH = struct.Struct('<I')

TIME_TYPES = {'builtin_interfaces/msg/Time', 'builtin_interfaces/msg/Duration'}


class LayoutError(Exception):
    """A message does not fit its definition."""


@dataclass(frozen=True)
class Numbers:
    """`count` numbers in a row, or one if `count` is None."""

    start: int
    dtype: np.dtype[np.generic]
    count: int | None


@dataclass(frozen=True)
class Text:
    """A string."""

    start: int
    size: int


@dataclass(frozen=True)
class Time:
    """Seconds and nanoseconds."""

    start: int


@dataclass(frozen=True)
class Sequence:
    """Several strings or messages, in the bytes from `start` to `end`."""

    elements: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Record:
    """A message, by field."""

    fields: Mapping[str, Node]


Node = Numbers | Text | Time | Sequence | Record


@dataclass(frozen=True)
class Layout:
    """Layout of a message.

    Attributes
    ----------
    root : Record
        Its fields.
    lengths : tuple of int
        Start of every length in the message. Messages of the same size with the same lengths have
        this layout.
    """

    root: Record
    lengths: tuple[int, ...]


def layout_of(message: bytes, type_name: str, types: Typesdict) -> Layout:
    """Find the layout of a message.

    Parameters
    ----------
    message : bytes
        With its encapsulation.
    type_name : str
    types : Typesdict
        Parsed definitions, as `rosbags` has them.

    Raises
    ------
    LayoutError
        The message does not fit its definition.
    """
    if message[:2] != LITTLE_ENDIAN:
        raise LayoutError('it is not plain little-endian CDR')
    walk = _Walk(message, types)
    root = walk.record(type_name)
    if len(message) - walk.position > LONGEST_PADDING:
        raise LayoutError('it is longer than its definition')
    return Layout(root, tuple(walk.lengths))


def exact_message(message: bytes, type_name: str, types: Typesdict) -> bytes:
    """Cut off what is behind a message.

    rmw_fastrtps hands a serialized message out with the size that it estimated, which is too long
    where an empty sequence of 8-byte numbers comes last; strict readers refuse the rest.

    Parameters
    ----------
    message : bytes
        With its encapsulation, little-endian.
    type_name : str
    types : Typesdict

    Raises
    ------
    LayoutError
        The message is shorter than its definition.
    """
    walk = _Walk(message, types)
    walk.record(type_name)
    return message[: walk.position]


@dataclass
class _Walk:
    """Position in a message on the way through its fields."""

    message: bytes
    types: Typesdict
    position: int = ENCAPSULATION
    lengths: list[int] = field(default_factory=list)

    def record(self, type_name: str) -> Record:
        _, fields = self.types[type_name]
        nodes = {name: self.node(description) for name, description in fields}
        if not nodes:
            self.numbers(NUMBERS['uint8'], None)  # a message without fields takes a byte
        return Record(nodes)

    def node(self, description: FieldDesc) -> Node:
        if description[0] == Nodetype.BASE:
            name = description[1][0]
            return self.text() if name == 'string' else self.numbers(_number(name), None)
        if description[0] == Nodetype.NAME:
            inner = description[1]
            return self.time() if inner in TIME_TYPES else self.record(inner)
        element, size = description[1]
        count = self.length() if description[0] == Nodetype.SEQUENCE else size
        if element[0] == Nodetype.BASE and element[1][0] != 'string':
            return self.numbers(_number(element[1][0]), count)
        if count > len(self.message):
            raise LayoutError('a sequence in it is longer than the message')
        start = self.position
        elements = tuple(self.node(element) for _ in range(count))
        return Sequence(elements, start, self.position)

    def numbers(self, dtype: np.dtype[np.generic], count: int | None) -> Numbers:
        size = dtype.itemsize * (1 if count is None else count)
        start = self.take(size, dtype.itemsize) if size else self.position
        return Numbers(start, dtype, count)

    def text(self) -> Text:
        size = self.length()
        # the length counts a closing zero; some serializers leave it out of an empty string
        return Text(self.take(size, 1), max(size - 1, 0))

    def time(self) -> Time:
        return Time(self.take(8, 4))

    def length(self) -> int:
        start = self.take(LENGTH.size, LENGTH.size)
        self.lengths.append(start)
        (value,) = LENGTH.unpack_from(self.message, start)
        return int(value)

    def take(self, size: int, alignment: int) -> int:
        """Step over `size` bytes; their start."""
        start = self.position + (ENCAPSULATION - self.position) % alignment
        self.position = start + size
        if self.position > len(self.message):
            raise LayoutError('it is shorter than its definition')
        return start


def _number(name: str) -> np.dtype[np.generic]:
    try:
        return NUMBERS[name]
    except KeyError:
        raise LayoutError(f'it has a field of the unsupported type {name}') from None
