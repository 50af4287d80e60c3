"""Between messages and the core's arrays."""

from __future__ import annotations

import array
from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Time
from compression_boot_msgs.msg import ManifoldState, ValveCommand
from numpy.typing import NDArray

from compression_boot_control.core.safety.gate import Command
from compression_boot_control.core.signals import Actuation, FloatArray, Readings


def seconds(stamp: Time) -> float:
    """Read a stamp as seconds."""
    return float(stamp.sec) + 1e-9 * float(stamp.nanosec)


def to_wire(values: FloatArray) -> array.array[float]:
    """Give an array as the buffer that a float64[] field takes without a check per element."""
    return array.array('d', np.asarray(values, dtype=np.float64).tobytes())


def bytes_to_wire(values: NDArray[np.int64]) -> array.array[int]:
    """Give small codes as the buffer that a uint8[] field takes."""
    return array.array('B', values.astype(np.uint8).tobytes())


def command_from(message: ValveCommand) -> Command:
    """Read a command; nothing is checked yet."""
    return Command(
        sequence=message.sequence,
        names=message.name,
        inlet=np.array(message.inlet),
        exhaust=np.array(message.exhaust),
        pump=message.pump,
    )


def command_message(
    stamp: Time,
    sequence: int,
    source_sequence: int,
    names: Sequence[str],
    actuation: Actuation,
) -> ValveCommand:
    """Write a command."""
    message = ValveCommand(
        sequence=sequence,
        source_sequence=source_sequence,
        name=names,
        inlet=to_wire(actuation.inlet),
        exhaust=to_wire(actuation.exhaust),
        pump=float(actuation.pump),
    )
    message.header.stamp = stamp
    return message


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


def readings_from(message: ManifoldState, order: ChamberOrder) -> Readings:
    """Read a raw sample; chambers that it lacks read NaN."""
    pressure, inlet, exhaust = order.arranged(
        message.name, message.pressure, message.inlet, message.exhaust
    )
    return Readings(
        pressure=pressure,
        inlet=inlet,
        exhaust=exhaust,
        supply_pressure=np.asarray(message.supply_pressure),
        pump=np.asarray(message.pump),
    )


class SampleInterval:
    """Time between samples by their stamps, with repeated and old samples left out.

    Stamps, not arrival, say how far apart two samples were taken. A clock that jumps gives an
    interval that says nothing, so that one is replaced by the last good one.
    """

    LONGEST = 0.5
    """An interval beyond this is a jump of the clock or a new beginning [s]."""

    def __init__(self, nominal: float = 0.01) -> None:
        self._sequence = 0
        self._time: float | None = None
        self._last = nominal

    @property
    def heard(self) -> bool:
        """Whether there was a sample at all."""
        return self._time is not None

    def next(self, stamp: Time, sequence: int) -> float | None:
        """Interval since the last sample [s]; None if this one is repeated or old.

        A sequence that starts again from 1 is a sender that was started again.
        """
        if sequence <= self._sequence and sequence != 1:
            return None
        time = seconds(stamp)
        if self._time is not None and 0.0 < time - self._time <= self.LONGEST:
            self._last = time - self._time
        self._sequence, self._time = sequence, time
        return self._last
