"""Messages of one topic as columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
        groups: dict[tuple[str, ...], list[int]] = {}
        for row, own in enumerate(names):
            groups.setdefault(own, []).append(row)
            if len(groups[own]) == 1:
                for name in own:
                    order.setdefault(name, len(order))
        table = np.full((len(self), len(order)), np.nan)
        for own, rows in groups.items():
            block = [values[row] for row in rows] if values.dtype == object else values[rows]
            if len(set(own)) != len(own) or any(len(row) != len(own) for row in block):
                raise BagError(f'{self.topic}: its chamber names do not fit its field {field}')
            if own:
                places = [order[name] for name in own]
                table[np.ix_(rows, places)] = np.asarray(block, float)
        return ChamberColumns(tuple(order), table)
