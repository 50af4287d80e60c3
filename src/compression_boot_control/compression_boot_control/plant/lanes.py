"""The numbers of a block of garments side by side, so that a processor works on several at once.

Laws keep what they know in named tuples of arrays (B, N), more than a hundred of them, apart from
each other. While compiled code works on a block of garments, their numbers lie in one flat array of
*cells* instead::

    cells[(chamber * rows + row) * width + lane]

A row for each array, in the order of the named tuples' fields, and a lane for each garment of the
block. A loop over lanes reads and writes rows at distances that the compiler knows: it sees that no
two overlap, and makes one instruction of eight lanes. Truths and whole numbers are numbers like all
others there; `pick` gives them their type back.
"""

# mypy reads what stands here as arrays, but numba compiles it for numbers:
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import overload
from numba.np.numpy_support import as_dtype

from compression_boot_control.core.signals import FloatArray


class Lanes(NamedTuple):
    """A named tuple of a block of garments; `pick` and `put` take a lane of it for the garment.

    Attributes
    ----------
    values : named tuple
        Of plain numbers, and in the place of each array the type of its numbers.
    cells : (N * rows * width,) array
    rows, width, first : int
        Of the block, and the row of its first array.
    """

    values: Any
    cells: FloatArray
    rows: int
    width: int
    first: int


def rows(parts):
    """Count the rows of a block that holds all arrays of a named tuple."""
    raise TypeError('rows is for compiled code')


def without_arrays(parts):
    """Take a named tuple's plain numbers, and the types of its arrays' numbers."""
    raise TypeError('without_arrays is for compiled code')


def side_by_side(parts, cells, width, total, first):
    """Name the parts of a named tuple in cells.

    Parameters
    ----------
    parts : named tuple
        Of named tuples of arrays, and of arrays; or what `without_arrays` took of them.
    cells : (N * total * width,) array
    width, total, first : int
        Lanes and rows of the block, and the row of the first array; constants where this is
        compiled.

    Returns
    -------
    named tuple
        Of `Lanes`.
    """
    raise TypeError('side_by_side is for compiled code')


def load(parts, cells, place, width, garment, chamber):
    """Copy one chamber's numbers from arrays into cells.

    Parameters
    ----------
    parts : named tuple
        Of named tuples of arrays (B, N) or (N,), and of such arrays.
    cells : array
    place : int
        Of the first number; the others follow, `width` cells apart.
    width, garment, chamber : int
    """
    raise TypeError('load is for compiled code')


def store(parts, cells, place, width, garment, chamber):
    """Copy one chamber's numbers back into arrays; see `load`."""
    raise TypeError('store is for compiled code')


ARRAYS = types.Array, types.NumberClass
"""Numba's types of an array, and of what stands for one in `Lanes`."""


def _count(kind: Any) -> int:
    if isinstance(kind, types.BaseTuple):
        return sum(_count(field) for field in kind.types)
    return int(isinstance(kind, ARRAYS))


def made(arguments: str, lines: Iterable[str], names: dict[str, Any]) -> Any:
    """Make a function of lines of source, which are of field places alone."""
    body = '\n    '.join(lines)
    exec(f'def made({arguments}):\n    {body}\n', names)
    return names['made']


@overload(rows)
def _rows(parts):
    count = _count(parts)
    return lambda parts: count


@overload(without_arrays, jit_options={'forceinline': True})
def _without_arrays(parts):
    names: dict[str, Any] = {}
    body = _values(parts, 'parts', names)
    return made('parts', [f'return {body}'], names)


@overload(side_by_side, jit_options={'forceinline': True})
def _side_by_side(parts, cells, width, total, first):
    names: dict[str, Any] = {'Lanes': Lanes, parts.instance_class.__name__: parts.instance_class}
    pieces, row = [], 0
    for place, part in enumerate(parts.types):
        values = _values(part, f'parts[{place}]', names)
        pieces.append(f'Lanes({values}, cells, total, width, first + {row})')
        row += _count(part)
    whole = f'{parts.instance_class.__name__}({", ".join(pieces)})'
    return made('parts, cells, width, total, first', [f'return {whole}'], names)


@overload(load, jit_options={'forceinline': True})
def _load(parts, cells, place, width, garment, chamber):
    return _copying(f'cells[place] = {number}' for number in _numbers(parts))


@overload(store, jit_options={'forceinline': True})
def _store(parts, cells, place, width, garment, chamber):
    return _copying(f'{number} = cells[place]' for number in _numbers(parts))


def _copying(copies: Iterable[str]) -> Any:
    lines = ['place, step = uintp(place), uintp(width)']
    for copy in copies:
        lines += [copy, 'place = place + step']
    return made('parts, cells, place, width, garment, chamber', lines, {'uintp': np.uintp})


def _numbers(parts: Any) -> Iterator[str]:
    """Source of a chamber's numbers in the arrays of a named tuple."""
    for kind, path in _leaves(parts, 'parts'):
        yield f'{path}[chamber]' if kind.ndim == 1 else f'{path}[garment, chamber]'


def _leaves(kind: Any, path: str) -> Iterator[tuple[Any, str]]:
    if isinstance(kind, types.BaseTuple):
        for place, field in enumerate(kind.types):
            yield from _leaves(field, f'{path}[{place}]')
    elif isinstance(kind, types.Array):
        yield kind, path


def _values(kind: Any, path: str, names: dict[str, Any]) -> str:
    """Source of a named tuple in which an array's place has the type of its numbers."""
    if isinstance(kind, types.BaseNamedTuple):
        fields = (_values(each, f'{path}[{k}]', names) for k, each in enumerate(kind.types))
        names[kind.instance_class.__name__] = kind.instance_class
        return f'{kind.instance_class.__name__}({", ".join(fields)})'
    if not isinstance(kind, types.Array):
        return path
    names[str(kind.dtype)] = as_dtype(kind.dtype).type
    return str(kind.dtype)
