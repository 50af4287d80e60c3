"""A session of a bag as the arrays that metrics work on, and why something is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compression_boot_control.analysis.metrics import ChamberTrace
from compression_boot_control.analysis.session_trace import (
    Sleeves,
)
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray

SHUT, WIDE = 0.01, 0.99
"""A chamber is vented with its inlet opened less and its exhaust more than this [-]."""


@dataclass(frozen=True)
class MessageTimes:
    """When the M messages of a topic were sent and recorded, and their numbers.

    Attributes
    ----------
    sequence, source_sequence : (M,) array of int64, or None
        Own number, and number of the sample that is answered; None if the messages have none.
    stamp_ns, log_ns : (M,) array of int64
        By the header and by the recorder [ns].
    """

    sequence: IntArray | None
    source_sequence: IntArray | None
    stamp_ns: NDArray[np.int64]
    log_ns: NDArray[np.int64]


@dataclass(frozen=True)
class ValveTrace:
    """What the device did: M samples of N chambers.

    Attributes
    ----------
    time : (M,) array
        In the time of the session [s].
    inlet, exhaust : (M, N) array
        Openings [0..1].
    """

    time: FloatArray
    inlet: FloatArray
    exhaust: FloatArray


@dataclass(frozen=True)
class VentOrders:
    """Which chambers were to be vented: M commands for N chambers.

    Attributes
    ----------
    time : (M,) array
        In the time of the session [s].
    vents : (M, N) bool array
        Inlet shut and exhaust wide open.
    """

    time: FloatArray
    vents: BoolArray


@dataclass(frozen=True)
class SupplyTrace:
    """Pump and rail: M samples.

    Attributes
    ----------
    time : (M,) array
        In the time of the session [s].
    pressure : (M,) array
        Gauge pressure of the rail [Pa]; NaN where not measured.
    pump : (M,) array
        Drive [0..1].
    """

    time: FloatArray
    pressure: FloatArray
    pump: FloatArray


@dataclass(frozen=True)
class AlarmTimes:
    """An alarm of a session.

    Attributes
    ----------
    hazard_id, text, advice : str
    priority : int
        1 low, 2 medium, 3 high.
    chamber_names : tuple of str
        Chambers concerned; empty for the garment.
    since, told, ended : float
        When its condition was confirmed, when it was first published, and when it was first
        published without it, NaN if never [s].
    latched : bool
    """

    hazard_id: str
    text: str
    advice: str
    priority: int
    chamber_names: tuple[str, ...]
    since: float
    told: float
    ended: float
    latched: bool


@dataclass(frozen=True)
class Pneumatics:
    """What the layout says of the garment, in the order of the trace's chambers.

    Attributes
    ----------
    garment, backend : str
    rest_volume, compliance : (N,) array
        [m3], [m3/Pa]; NaN for chambers that the layout lacks.
    pump_free_flow, pump_shut_off_pressure : float
        [m3/s], [Pa]
    """

    garment: str
    backend: str
    rest_volume: FloatArray
    compliance: FloatArray
    pump_free_flow: float
    pump_shut_off_pressure: float


@dataclass(frozen=True)
class SessionData:
    """A session as arrays; None where the bag does not give them, with a reason in `gaps`.

    Attributes
    ----------
    number : int
    origin : float
        Stamp at which the session's time is 0 [s].
    trace : ChamberTrace or None
    quality : (T, N) array or None
        `Quality` of the trace's samples.
    sleeves : Sleeves
    valves : ValveTrace or None
        As the device reports them.
    permitted : VentOrders or None
    supply : SupplyTrace or None
    messages : mapping of str to MessageTimes
        By role; see `session_split.ROLES`.
    applied_sequence : (M,) array of int64, or None
        Number of the permit that each sample of the device reports as applied.
    simulated_clock : bool
        The clock stands still between messages, so it cannot time them.
    alarms : tuple of AlarmTimes or None
    pneumatics : Pneumatics or None
    protocols : tuple of str
    intensities : tuple of float
        That were in force while it ran.
    skipped : tuple of str
        Chambers that were left out at some time.
    cycles_done : int or None
        As the planner counted them.
    gaps : mapping of str to str
        Why a role is missing.
    notes : tuple of str
    """

    number: int
    origin: float
    trace: ChamberTrace | None
    quality: FloatArray | None
    sleeves: Sleeves
    valves: ValveTrace | None
    permitted: VentOrders | None
    supply: SupplyTrace | None
    messages: Mapping[str, MessageTimes]
    applied_sequence: IntArray | None
    simulated_clock: bool
    alarms: tuple[AlarmTimes, ...] | None
    pneumatics: Pneumatics | None
    protocols: tuple[str, ...]
    intensities: tuple[float, ...]
    skipped: tuple[str, ...]
    cycles_done: int | None
    gaps: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def chamber_names(self) -> tuple[str, ...]:
        """Chambers of the trace; none without one."""
        return () if self.trace is None else self.trace.chamber_names


def vents(valves: ValveTrace) -> BoolArray:
    """Which chambers the valves vent at each sample; (M, N)."""
    return np.asarray((valves.inlet < SHUT) & (valves.exhaust > WIDE))
