"""Faults of every part of the simulated boots, which a test switches on and off at any time."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

import numpy as np

from compression_boot_control.core.pneumatics import REFERENCE_DENSITY
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray
from compression_boot_control.core.units import LITRE_PER_MINUTE, MILLILITRE, MINUTE, MMHG


class FaultKind(Enum):
    """What can break; in brackets what the magnitude of a `Fault` means."""

    INLET_STUCK_OPEN = 'inlet_stuck_open'
    """Inlet valve stays open [opening 0..1]."""
    INLET_STUCK_SHUT = 'inlet_stuck_shut'
    """Inlet valve stays shut."""
    EXHAUST_STUCK_OPEN = 'exhaust_stuck_open'
    """Exhaust valve stays open [opening 0..1]."""
    EXHAUST_STUCK_SHUT = 'exhaust_stuck_shut'
    """Exhaust valve stays shut."""
    HOSE_KINK = 'hose_kink'
    """Hose lets through only a part of the flow [share 0..1]."""
    HOSE_BURST = 'hose_burst'
    """Hose has come off, or has burst at the manifold [share of the bore that is open, 0..1]."""
    LEAK = 'leak'
    """Chamber leaks more [m3/s at 60 mmHg]."""
    PUMP_WEAK = 'pump_weak'
    """Pump delivers only a part of its flow [share 0..1]."""
    PUMP_DEAD = 'pump_dead'
    """Pump delivers nothing."""
    RELIEF_STUCK_SHUT = 'relief_stuck_shut'
    """Relief valve of the supply does not open."""
    SENSOR_OFFSET = 'sensor_offset'
    """Sensor reads too high [Pa]."""
    SENSOR_DRIFT = 'sensor_drift'
    """Sensor drifts away, from the moment of the fault [Pa/s]."""
    SENSOR_STUCK = 'sensor_stuck'
    """Sensor repeats its last reading."""
    SENSOR_NOISY = 'sensor_noisy'
    """Sensor has more noise [standard deviation, Pa]."""
    SENSOR_NAN = 'sensor_nan'
    """Sensor gives no reading, which is NaN."""
    SENSOR_DEAD = 'sensor_dead'
    """Wire to the sensor is broken: it reads `DEAD_READING`, out of its range."""
    SUPPLY_SENSOR_NAN = 'supply_sensor_nan'
    """Sensor of the supply gives no reading, which is NaN."""
    HOSES_SWAPPED = 'hoses_swapped'
    """Hose is plugged in at another chamber's port, and that one's here [its position]."""


DEAD_READING = -37.5 * MMHG
"""Reading of a sensor without a signal [Pa].

A transmitter of 0.5 to 4.5 V over 0 to 300 mmHg, read at 0 V.
"""

BURST_CONDUCTANCE = 0.0404 * 0.8 / (REFERENCE_DENSITY * 293.15**0.5)
"""Sonic conductance of an open hose end per area [m3/(s Pa m2)].

Choked flow of air through an orifice, ``0.0404 Cd A p / sqrt(T)``, with a discharge coefficient
of 0.8.
"""

DEFAULT_MAGNITUDE = {
    FaultKind.INLET_STUCK_OPEN: 1.0,
    FaultKind.EXHAUST_STUCK_OPEN: 1.0,
    FaultKind.HOSE_KINK: 0.02,
    FaultKind.HOSE_BURST: 1.0,
    FaultKind.LEAK: 200.0 * MILLILITRE / MINUTE,
    FaultKind.PUMP_WEAK: 6.0 * LITRE_PER_MINUTE / (25.0 * LITRE_PER_MINUTE),
    FaultKind.SENSOR_OFFSET: 10.0 * MMHG,
    FaultKind.SENSOR_DRIFT: 0.2 * MMHG,
    FaultKind.SENSOR_NOISY: 5.0 * MMHG,
}
"""Magnitude of a fault that does not say its own [P]."""

OF_THE_GARMENT = frozenset(
    {
        FaultKind.PUMP_WEAK,
        FaultKind.PUMP_DEAD,
        FaultKind.RELIEF_STUCK_SHUT,
        FaultKind.SUPPLY_SENSOR_NAN,
    }
)
"""Faults that no single chamber has."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes
    ----------
    kind : FaultKind
    chamber : int, optional
        Position of the chamber; None for all of them, or for a fault of the garment.
    magnitude : float, optional
        In the unit that `FaultKind` names; None for `DEFAULT_MAGNITUDE`.
    batch : int or tuple of int, optional
        Which garment of a batch; None for all of them.
    """

    kind: FaultKind
    chamber: int | None = None
    magnitude: float | None = None
    batch: int | tuple[int, ...] | None = None


@dataclass(frozen=True)
class FaultState:
    """All faults together, in the form that a step reads.

    Attributes
    ----------
    inlet_stuck, exhaust_stuck : (..., N) array
        Opening at which the valve is stuck [0..1]; NaN for a sound one.
    hose_factor : (..., N) array
        Share of the flow that the chamber's hose lets through [-].
    burst : (..., N) array
        Share of the bore of the chamber's hose that is open to the room [-].
    leak : (..., N) array
        Leak of the chamber beyond its own [m3/s at 60 mmHg].
    port : (..., N) array
        Position of the port that the chamber's hose is plugged into.
    sensor_offset, sensor_drift, sensor_noise : (..., N) array
        Error [Pa], its growth [Pa/s], and the standard deviation of noise beyond the usual [Pa].
    sensor_stuck, sensor_missing, sensor_dead : (..., N) array of bool
        Sensors that repeat themselves, give NaN, or give `DEAD_READING`.
    pump_factor, relief_factor : (...) array
        Share of the pump's flow and of the relief valve's conductance that are left [-].
    supply_missing : (...) array of bool
        Garments whose supply sensor gives NaN.
    """

    inlet_stuck: FloatArray
    exhaust_stuck: FloatArray
    hose_factor: FloatArray
    burst: FloatArray
    leak: FloatArray
    port: IntArray
    sensor_offset: FloatArray
    sensor_drift: FloatArray
    sensor_noise: FloatArray
    sensor_stuck: BoolArray
    sensor_missing: BoolArray
    sensor_dead: BoolArray
    pump_factor: FloatArray
    relief_factor: FloatArray
    supply_missing: BoolArray

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> FaultState:
        """Sound boots, for arrays of `shape` (..., N)."""
        batch = shape[:-1]
        return cls(
            inlet_stuck=np.full(shape, np.nan),
            exhaust_stuck=np.full(shape, np.nan),
            hose_factor=np.ones(shape),
            burst=np.zeros(shape),
            leak=np.zeros(shape),
            port=np.array(np.broadcast_to(np.arange(shape[-1]), shape)),
            sensor_offset=np.zeros(shape),
            sensor_drift=np.zeros(shape),
            sensor_noise=np.zeros(shape),
            sensor_stuck=np.zeros(shape, bool),
            sensor_missing=np.zeros(shape, bool),
            sensor_dead=np.zeros(shape, bool),
            pump_factor=np.ones(batch),
            relief_factor=np.ones(batch),
            supply_missing=np.zeros(batch, bool),
        )

    def with_faults(self, *faults: Fault) -> FaultState:
        """Return these faults and more; a later fault of the same part replaces an earlier one.

        Only swaps add up: hoses that are swapped twice are where they were.

        Raises
        ------
        ValueError
            A fault has a position or a magnitude that it cannot have.
        """
        state = FaultState(*(getattr(self, field.name).copy() for field in fields(self)))
        for fault in faults:
            _set(state, fault)
        return state


_PARTS = {
    FaultKind.INLET_STUCK_OPEN: ('inlet_stuck', None),
    FaultKind.INLET_STUCK_SHUT: ('inlet_stuck', 0.0),
    FaultKind.EXHAUST_STUCK_OPEN: ('exhaust_stuck', None),
    FaultKind.EXHAUST_STUCK_SHUT: ('exhaust_stuck', 0.0),
    FaultKind.HOSE_KINK: ('hose_factor', None),
    FaultKind.HOSE_BURST: ('burst', None),
    FaultKind.LEAK: ('leak', None),
    FaultKind.PUMP_WEAK: ('pump_factor', None),
    FaultKind.PUMP_DEAD: ('pump_factor', 0.0),
    FaultKind.RELIEF_STUCK_SHUT: ('relief_factor', 0.0),
    FaultKind.SENSOR_OFFSET: ('sensor_offset', None),
    FaultKind.SENSOR_DRIFT: ('sensor_drift', None),
    FaultKind.SENSOR_STUCK: ('sensor_stuck', True),
    FaultKind.SENSOR_NOISY: ('sensor_noise', None),
    FaultKind.SENSOR_NAN: ('sensor_missing', True),
    FaultKind.SENSOR_DEAD: ('sensor_dead', True),
    FaultKind.SUPPLY_SENSOR_NAN: ('supply_missing', True),
}
"""Array of `FaultState` that a fault sets, and the value; None for its magnitude."""

_SHARES = frozenset({'inlet_stuck', 'exhaust_stuck', 'hose_factor', 'burst', 'pump_factor'})


def _set(state: FaultState, fault: Fault) -> None:
    """Write one fault into the arrays of `state`."""
    count = state.port.shape[-1]
    if fault.chamber is not None and not 0 <= fault.chamber < count:
        raise ValueError(f'{fault.kind.value}: chamber {fault.chamber} is not in 0..{count - 1}')
    members: Any = Ellipsis if fault.batch is None else fault.batch
    if fault.kind is FaultKind.HOSES_SWAPPED:
        _swap(state.port, members, fault)
        return
    part, value = _PARTS[fault.kind]
    if value is None:
        value = DEFAULT_MAGNITUDE[fault.kind] if fault.magnitude is None else fault.magnitude
        if not np.isfinite(value) or (part in _SHARES and not 0.0 <= value <= 1.0):
            raise ValueError(f'{fault.kind.value}: magnitude {value} is not possible')
    array = getattr(state, part)
    if fault.kind in OF_THE_GARMENT:
        array[members] = value
    else:
        array[members][..., slice(None) if fault.chamber is None else fault.chamber] = value


def _swap(port: IntArray, members: Any, fault: Fault) -> None:
    """Exchange the ports of two chambers' hoses."""
    count = port.shape[-1]
    if fault.chamber is None or fault.magnitude is None or fault.magnitude not in range(count):
        raise ValueError('hoses_swapped: needs a chamber, and another as its magnitude')
    pair = [fault.chamber, int(fault.magnitude)]
    chosen = port[members]
    chosen[..., pair] = chosen[..., pair[::-1]]
