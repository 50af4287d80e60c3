"""Messages of one topic as columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compression_boot_control.analysis.cdr_columns import NANOSECONDS, Column
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.core.signals import FloatArray


@dataclass(frozen=True)
class ChamberColumns:
    """Values of chambers, matched by name.

    Attributes
    ----------
    chamber_names : tuple of str
        In the order of their first appearance.
    values : (M, N) array
        NaN where a message lacks the chamber.
    """

    chamber_names: tuple[str, ...]
    values: FloatArray


@dataclass(frozen=True)
class Series:
    """M messages of one topic.

    Attributes
    ----------
    topic, type_name : str
    log_time, publish_time : (M,) array of int64
        When they were received and sent [ns].
    columns : mapping of str to array
        By field, see `cdr_columns.decode_columns`.
    """

    topic: str
    type_name: str
    log_time: NDArray[np.int64]
    publish_time: NDArray[np.int64]
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.log_time)

    def __getitem__(self, field: str) -> Column:
        """Column of a field; BagError if the messages have none of this name."""
        try:
            return self.columns[field]
        except KeyError:
            fields = ', '.join(self.columns)
            raise BagError(
                f'{self.topic} ({self.type_name}) has no field {field}; it has {fields}'
            ) from None

    def rows(self, keep: NDArray[Any] | slice) -> Series:
        """Some of the messages: by a mask, by positions, or a slice of them without a copy."""
        return Series(
            topic=self.topic,
            type_name=self.type_name,
            log_time=self.log_time[keep],
            publish_time=self.publish_time[keep],
            columns={name: column[keep] for name, column in self.columns.items()},
        )

    def only(self, fields: Collection[str]) -> Series:
        """The messages with some of their fields, messages inside by the name of the outer one."""
        columns = {n: c for n, c in self.columns.items() if n.partition('.')[0] in fields}
        return replace(self, columns=columns)

    @property
    def stamp_ns(self) -> NDArray[np.int64]:
        """Time of the messages [ns]: of their header, or of their reception without one."""
        return np.asarray(self.columns.get('header.stamp', self.log_time), np.int64)

    @property
    def stamp(self) -> FloatArray:
        """Time of the messages [s]: of their header, or of their reception where they have none."""
        stamp = self.columns.get('header.stamp', self.log_time)
        return np.asarray(stamp, np.int64) / NANOSECONDS

    def chambers(self, field: str) -> ChamberColumns:
        """Values of an array field by chamber name, whatever order each message has them in.

        Raises
        ------
        BagError
            There is no such field, or names and values differ in number or repeat.
        """
        names, values = self['name'], self[field]
        order: dict[str, int] = {}
        groups = _rows_by_names(names)
        for own in groups:
            for name in own:
                order.setdefault(name, len(order))
        ragged = values.dtype == object
        if len(groups) == 1 and not ragged and len(order) == values.shape[1] > 0:
            return ChamberColumns(tuple(order), np.asarray(values, float))  # nothing to arrange
        table = np.full((len(self), len(order)), np.nan)
        for own, rows in groups.items():
            whole = rows if len(rows) < len(self) else slice(None)
            block = values[whole]
            sizes = {len(row) for row in block} if ragged else {block.shape[1]}
            if len(set(own)) != len(own) or sizes != {len(own)}:
                raise BagError(f'{self.topic}: its chamber names do not fit its field {field}')
            if own:
                places = [order[name] for name in own]
                block = np.stack(list(block)) if ragged else block
                if places == list(range(len(order))):
                    table[whole] = block
                else:
                    table[np.ix_(rows, np.array(places))] = block
        return ChamberColumns(tuple(order), table)


def joined(parts: Sequence[Series]) -> Series:
    """Messages of one topic that came in several parts, in their order; at least one part.

    Fields that a part lacks are left out.
    """
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    fields = [name for name in first.columns if all(name in part.columns for part in parts)]
    return Series(
        topic=first.topic,
        type_name=first.type_name,
        log_time=np.concatenate([part.log_time for part in parts]),
        publish_time=np.concatenate([part.publish_time for part in parts]),
        columns={name: _stacked([part.columns[name] for part in parts]) for name in fields},
    )


def _stacked(columns: Sequence[Column]) -> Column:
    """Columns end to end; rows of different lengths become objects."""
    if len({column.shape[1:] for column in columns}) == 1:
        return np.concatenate(columns)
    rows = [row for column in columns for row in column]
    return np.fromiter(rows, object, len(rows))


def _rows_by_names(names: Column) -> dict[tuple[str, ...], NDArray[np.int64]]:
    """Rows that have the same names in the same order, by these names."""
    identity = np.fromiter(map(id, names), np.int64, len(names))
    changes = np.flatnonzero(np.diff(identity, prepend=-1))
    spans: dict[tuple[str, ...], list[NDArray[np.int64]]] = {}
    for start, stop in zip(changes, np.append(changes[1:], len(names)), strict=True):
        spans.setdefault(names[start], []).append(np.arange(start, stop))
    return {own: np.concatenate(rows) for own, rows in spans.items()}
