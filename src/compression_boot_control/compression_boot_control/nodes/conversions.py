"""Between messages and the core's arrays."""

from __future__ import annotations

import array
from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Time
from compression_boot_msgs.msg import ManifoldState, ValveCommand
from numpy.typing import NDArray

from compression_boot_control.core.chamber_order import ChamberOrder
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
    setpoints_sequence: int,
) -> ValveCommand:
    """Write a command."""
    message = ValveCommand(
        sequence=sequence,
        source_sequence=source_sequence,
        name=names,
        inlet=to_wire(actuation.inlet),
        exhaust=to_wire(actuation.exhaust),
        pump=float(actuation.pump),
        setpoints_sequence=setpoints_sequence,
    )
    message.header.stamp = stamp
    return message


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
