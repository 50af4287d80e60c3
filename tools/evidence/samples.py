"""What the hardware of a live system reports, judged sample by sample."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from compression_boot_msgs.msg import ManifoldState

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.pneumatics import (
    REFERENCE_DENSITY,
    hose_coefficients,
    hose_drop,
    orifice_flow,
)
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MMHG
from compression_boot_control.nodes.conversions import seconds

VENTED = 15.0 * MMHG
"""Below it a chamber counts as vented [Pa]."""

UNDER_PRESSURE = 1.5 * VENTED
"""Above it, its exhaust shut, a chamber is under pressure [Pa]."""


class Chambers:
    """Tells the pressure in the chambers from that at the ports, which reads low during a vent."""

    def __init__(self, garment: Garment) -> None:
        self._conductance = garment.exhaust_conductance
        self._hose = hose_coefficients(garment.hose_length, garment.hose_bore)

    def pressure(self, port: FloatArray, exhaust: FloatArray) -> FloatArray:
        """Pressure in each chamber, from the flow that its exhaust lets out [Pa]."""
        flow = orifice_flow(np.maximum(port, 0.0), 0.0, exhaust * self._conductance)
        chamber: FloatArray = port + hose_drop(flow / REFERENCE_DENSITY, *self._hose)
        return chamber


class Sample(NamedTuple):
    """What the hardware reported at one time.

    Attributes
    ----------
    taken : float
        Time of the sample by the machine's clock [s].
    heard : float
        Steady time at which the witness had it [s].
    open : bool
        Every exhaust open, every inlet shut, the pump off.
    pressed : bool
        A chamber is under pressure with its exhaust shut.
    highest : float
        Highest pressure in a chamber [Pa].
    """

    taken: float
    heard: float
    open: bool
    pressed: bool
    highest: float

    @property
    def vented(self) -> bool:
        """Whether every chamber is below 15 mmHg."""
        return self.highest < VENTED


def sample_of(message: ManifoldState, chambers: Chambers) -> Sample:
    """Judge a state of the hardware."""
    exhaust = np.array(message.exhaust)
    pressure = chambers.pressure(np.array(message.pressure), exhaust)
    return Sample(
        taken=seconds(message.header.stamp),
        heard=time.monotonic(),
        open=bool(exhaust.min() >= 0.99 and max(message.inlet) <= 0.0 and message.pump <= 0.0),
        pressed=bool(np.any((pressure > UNDER_PRESSURE) & (exhaust < 0.5))),
        highest=float(pressure.max()),
    )
