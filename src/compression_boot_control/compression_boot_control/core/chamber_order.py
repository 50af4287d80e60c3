"""Chambers are matched by name, never by position."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from compression_boot_control.core.signals import FloatArray


class ChamberOrder:
    """Puts a message's chambers into the garment's order, by name.

    Parameters
    ----------
    names : tuple of str
        The garment's chambers.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = list(names)

    def arranged(self, names: Sequence[str], *columns: Sequence[float]) -> list[FloatArray]:
        """Columns as arrays in the garment's order; NaN for chambers that the message lacks.

        Values of chambers that the garment has not are left out. A chamber that comes twice, or a
        column of the wrong length, makes all of that chamber or column NaN: nothing is guessed.
        """
        names = list(names)
        whole = [
            np.array(column, dtype=np.float64)
            if len(column) == len(names)
            else np.full(len(names), np.nan)
            for column in columns
        ]
        if names == self._names:
            return whole
        missing = len(names)
        place = [names.index(own) if names.count(own) == 1 else missing for own in self._names]
        return [np.append(column, np.nan)[place] for column in whole]
