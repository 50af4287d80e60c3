"""Time between samples, by what the samples say themselves."""

from __future__ import annotations


class SampleInterval:
    """Time between samples by their stamps, with repeated and old samples left out.

    Stamps, not arrival, say how far apart two samples were taken. A clock that jumps gives an
    interval that says nothing, so that one is replaced by the last good one.

    Parameters
    ----------
    nominal : float
        Interval that the first sample is taken to have [s].
    """

    LONGEST = 0.5
    """An interval beyond this is a jump of the clock or a new beginning [s]."""

    RETURNING = 25
    """So many older samples in a row, each after the one before, are of a sender that counts anew.

    Its first ones may have been missed; and an impostor that has counted far ahead may be gone.
    """

    def __init__(self, nominal: float = 0.01) -> None:
        self._sequence = 0
        self._refused_sequence = 0
        self._refused_in_a_row = 0
        self._time: float | None = None
        self._last = nominal

    @property
    def heard(self) -> bool:
        """Whether there was a sample at all."""
        return self._time is not None

    def next(self, time: float, sequence: int) -> float | None:
        """Interval since the last sample [s]; None if this one is repeated or old.

        A sequence that starts again from 1 is a sender that was started again.

        Parameters
        ----------
        time : float
            Stamp of the sample [s].
        sequence : int
            Its count.
        """
        if sequence <= self._sequence and sequence != 1 and not self._returned(sequence):
            return None
        self._refused_in_a_row = 0
        if self._time is not None and 0.0 < time - self._time <= self.LONGEST:
            self._last = time - self._time
        self._sequence, self._time = sequence, time
        return self._last

    def _returned(self, sequence: int) -> bool:
        """Whether samples that count lower have come for long enough to hear their sender again."""
        onward = sequence > self._refused_sequence
        self._refused_in_a_row = self._refused_in_a_row + 1 if onward else 0
        self._refused_sequence = sequence
        return self._refused_in_a_row > self.RETURNING
