"""The safe experiment by which chambers are identified: simulated boots, many at once, or a device.

One chamber after another: its rail is emptied into it, it is filled in steps with rests, and
vented. Nothing but that chamber is ever under pressure, and never above the highest step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from compression_boot_control.core.chamber_record import (
    DISCHARGE,
    END,
    FILL,
    RELAX,
    VENT,
    ChamberRecord,
)
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.pneumatics import REFERENCE_DENSITY, hose_coefficients, hose_drop
from compression_boot_control.core.pneumatics import orifice_flow as flow_through
from compression_boot_control.core.signals import (
    Actuation,
    BoolArray,
    FloatArray,
    IntArray,
    Readings,
)
from compression_boot_control.core.units import CONDUCTANCE, MMHG
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD

STEPS = (15.0 * MMHG, 30.0 * MMHG, 45.0 * MMHG)
"""Pressures at which a chamber rests [Pa]."""

RESTS = (5.0, 4.0, 5.0)
"""Length of the rests [s]."""

CHARGE = 110.0 * MMHG
"""Pressure to which the rail is charged [Pa]."""

CHARGE_TIME, DISCHARGE_TIME = 0.6, 3.0
"""Time for charging and for emptying the rail [s]."""

DISCHARGE_CONDUCTANCE = 0.02 * CONDUCTANCE
"""Opening at which the rail empties in about a second [m3/(s Pa)]."""

FILL_CONDUCTANCE = 0.12 * CONDUCTANCE
"""Opening at which chambers are filled [m3/(s Pa)].

Wider, rail and port would read nearly the same, and the flow between them be lost in the sensors'
errors.
"""

FILL_LIMIT = 60.0
"""A step that takes longer has failed [s]."""

VENT_TIME = 8.0
"""Time vented after each chamber [s]."""

ZERO_TIME = 2.0
"""Time in which the zeros of the sensors are measured [s]."""


class Rig(Protocol):
    """What the experiment drives; readings and commands have the shape (B, N)."""

    def readings(self) -> Readings:
        """Return the readings of the last step."""

    def step(self, actuation: Actuation, dt: float) -> Readings:
        """Apply a command for a time, and read the sensors at its end."""


class Experiment:
    """The experiment on a batch of B garments of N chambers, in step with each other.

    Parameters
    ----------
    boots : Rig
        Vented, with flat chambers and an empty rail.
    believed : Garment
        What the garment file says; arrays (N,) or (B, N).
    dt : float
        Time from one sample to the next [s].
    """

    def __init__(self, boots: Rig, believed: Garment, dt: float = SAMPLE_PERIOD) -> None:
        self._boots = boots
        count, chambers = boots.readings().pressure.shape
        self._shape = (count, chambers)
        self._believed = believed
        self._dt = dt

    def run(self) -> Iterator[tuple[int, list[ChamberRecord]]]:
        """Run it; yields each chamber's position and the records of all garments."""
        zeros = [self._step(None, END)[:2] for _ in range(round(ZERO_TIME / self._dt))]
        settled = zeros[len(zeros) // 2 :]
        self._port_zero = np.mean([port for port, _ in settled], axis=0)
        self._supply_zero = np.mean([supply for _, supply in settled], axis=0)
        for chamber in range(self._shape[1]):
            yield chamber, self._chamber(chamber)

    def _chamber(self, i: int) -> list[ChamberRecord]:
        samples: list[tuple[IntArray, FloatArray, FloatArray, FloatArray, FloatArray]] = []
        count = self._shape[0]
        believed = self._believed
        dead_band = self._of(believed.valve_dead_band, i)
        conductance = self._of(believed.inlet_conductance, i)
        share = np.minimum(FILL_CONDUCTANCE / conductance, 1.0)
        ajar = dead_band + (1.0 - dead_band) * share
        small = np.minimum(DISCHARGE_CONDUCTANCE / conductance, 1.0)
        small = dead_band + (1.0 - dead_band) * small
        none, full = np.zeros(count), np.ones(count)
        supply = np.zeros(count)

        def go(
            phase: IntArray, inlet: FloatArray, exhaust: FloatArray, pump: FloatArray
        ) -> tuple[FloatArray, FloatArray]:
            port, rail = self._step((i, inlet, exhaust, pump), END)
            port, rail = port[:, i] - self._port_zero[:, i], rail - self._supply_zero
            samples.append((phase, port, rail, inlet, exhaust))
            return port, rail

        def everywhere(phase: int) -> IntArray:
            return np.full(count, phase)

        for _ in range(round(CHARGE_TIME / self._dt)):
            drive = np.where(supply < CHARGE, 0.5, 0.0)
            _, supply = go(everywhere(END), none, none, drive)
        for _ in range(round(DISCHARGE_TIME / self._dt)):
            _, supply = go(everywhere(DISCHARGE), small, none, none)
        for level, rest in zip(STEPS, RESTS, strict=True):
            resting = np.zeros(count)
            up: BoolArray = np.zeros(count, dtype=np.bool_)
            for _ in range(round((FILL_LIMIT + rest) / self._dt)):
                filling = ~up
                phase = np.where(filling, FILL, np.where(resting < rest, RELAX, END))
                inlet = np.where(filling, ajar, 0.0)
                port, supply = go(phase, inlet, none, filling.astype(np.float64))
                resting = np.where(up, resting + self._dt, 0.0)
                up = up | (port - self._expected_drop(i, supply, port, share) >= level)
                if (resting >= rest).all():
                    break
        for _ in range(round(VENT_TIME / self._dt)):
            go(everywhere(VENT), none, full, none)
        columns = [np.array(column) for column in zip(*samples, strict=True)]
        phases, ports, rails, inlets, exhausts = columns
        return [
            ChamberRecord(
                phase=phases[:, g],
                port=ports[:, g],
                supply=rails[:, g],
                inlet=inlets[:, g],
                exhaust=exhausts[:, g],
                dt=self._dt,
            )
            for g in range(count)
        ]

    def _of(self, values: FloatArray, chamber: int) -> FloatArray:
        return np.broadcast_to(values, self._shape)[:, chamber]

    def _expected_drop(
        self, i: int, supply: FloatArray, port: FloatArray, share: FloatArray
    ) -> FloatArray:
        believed = self._believed
        linear, quadratic = hose_coefficients(
            self._of(believed.hose_length, i), self._of(believed.hose_bore, i)
        )
        inflow = np.maximum(
            flow_through(supply, port, share * self._of(believed.inlet_conductance, i)), 0.0
        )
        return np.asarray(hose_drop(inflow / REFERENCE_DENSITY, linear, quadratic))

    def _step(
        self, chamber: tuple[int, FloatArray, FloatArray, FloatArray] | None, phase: int
    ) -> tuple[FloatArray, FloatArray]:
        """Readings before a command, and the command for one sample."""
        readings = self._boots.readings()
        inlet, exhaust, pump = np.zeros(self._shape), np.ones(self._shape), np.zeros(self._shape[0])
        if chamber is not None:
            i, inlet[:, i], exhaust[:, i], pump = chamber[0], chamber[1], chamber[2], chamber[3]
        self._boots.step(Actuation(inlet, exhaust, pump), self._dt)
        return readings.pressure, readings.supply_pressure
