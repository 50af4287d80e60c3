"""Records of the experiment of `boots tune` as messages, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from compression_boot_msgs.msg import ChamberRecord as ChamberRecordMessage

from compression_boot_control.core.chamber_record import ChamberRecord
from compression_boot_control.nodes.conversions import bytes_to_wire, to_wire


def record_message(name: str, record: ChamberRecord) -> ChamberRecordMessage:
    """Write the record of a chamber."""
    return ChamberRecordMessage(
        name=name,
        sample_period=record.dt,
        phase=bytes_to_wire(record.phase),
        port=to_wire(record.port),
        supply=to_wire(record.supply),
        inlet=to_wire(record.inlet),
        exhaust=to_wire(record.exhaust),
    )


def record_of(message: Any) -> ChamberRecord:
    """Read the record of a chamber."""
    return ChamberRecord(
        phase=np.array(message.phase, dtype=np.int64),
        port=np.array(message.port),
        supply=np.array(message.supply),
        inlet=np.array(message.inlet),
        exhaust=np.array(message.exhaust),
        dt=float(message.sample_period),
    )
