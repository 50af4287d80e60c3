"""The safe experiment by which chambers are identified: simulated boots, many at once, or a device.

One chamber after another: its rail is emptied into it, it is filled in steps with rests, and
vented. Nothing but that chamber is ever under pressure, and never above the highest step.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import NamedTuple, Protocol, TypeVar

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
    Mode,
    Readings,
    Setpoints,
)
from compression_boot_control.core.units import CONDUCTANCE, MMHG
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD

STEPS = (15.0 * MMHG, 30.0 * MMHG, 45.0 * MMHG)
"""Pressures at which a chamber rests [Pa]."""

LOWEST_SET_POINT = 16.0 * MMHG
"""Set-point of a fill, at least [Pa]: of one of 15 mmHg the supervisor does not judge whether the
chamber inflates, since a vented chamber may be there too.
"""

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

EMPTYING_TIME = 0.8
"""Time for which the rail is emptied through all chambers before the experiment [s].

Shorter than a reading may stand still while its inlet is open, by the supervisor. Some of that air,
15 ml at most, stays in the slack of all chambers together.
"""

ZERO_TIME = 2.0
"""Time in which the zeros of the sensors are measured [s]."""


class Rig(Protocol):
    """What the experiment drives; readings and commands have the shape (B, N)."""

    def readings(self) -> Readings:
        """Return the readings of the last step."""

    def step(self, actuation: Actuation, dt: float) -> Readings:
        """Apply a command for a time, and read the sensors at its end."""


class ExperimentStep(NamedTuple):
    """What the experiment asks for, from one sample to the next.

    Attributes
    ----------
    chamber : int or None
        Position of the chamber under test; None: the zeros are measured, all is vented.
    phase : (B,) array
        Where the experiment on it is; see `core.chamber_record`.
    level : float
        Pressure to which it is filled in this step, the lowest while the rail is charged and
        emptied, 0 while vented [Pa].
    actuation : Actuation
        Of arrays (B, N) and (B,).
    setpoints : Setpoints
        Of arrays (B, N): what each chamber is to be at, for a supervisor to judge by.
    """

    chamber: int | None
    phase: IntArray
    level: float
    actuation: Actuation
    setpoints: Setpoints


Result = TypeVar('Result')

Course = Generator[ExperimentStep, Readings, Result]
"""Part of the experiment: gives what it asks for, and takes the readings of the moment."""


class Experiment:
    """The experiment on a batch of B garments of N chambers, in step with each other.

    Parameters
    ----------
    believed : Garment
        What the garment file says; arrays (N,) or (B, N).
    batch : int
        Number of garments.
    dt : float
        Time from one sample to the next [s].

    Attributes
    ----------
    records : list of list of ChamberRecord
        Of the chambers that are through, in their order, and of all garments.
    """

    def __init__(self, believed: Garment, batch: int = 1, dt: float = SAMPLE_PERIOD) -> None:
        self._shape = batch, len(believed)
        self._believed = believed
        self._dt = dt
        self.records: list[list[ChamberRecord]] = []
        self._course = self._run()
        self._following: ExperimentStep | None = next(self._course)

    @property
    def done(self) -> bool:
        """Whether all chambers are through."""
        return self._following is None

    def step(self, readings: Readings) -> ExperimentStep:
        """Take a sample; what to do until the next one.

        Parameters
        ----------
        readings : Readings
            Of arrays (B, N); before the first, and between the chambers, the garment is vented, its
            chambers flat and the rail empty.

        Raises
        ------
        ValueError
            The experiment is done.
        """
        asked = self._following
        if asked is None:
            raise ValueError('the experiment is done: it takes no more samples')
        try:
            self._following = self._course.send(readings)
        except StopIteration:
            self._following = None
        return asked

    def _run(self) -> Course[None]:
        zeros: list[Readings] = []
        while len(zeros) < round(ZERO_TIME / self._dt):
            zeros.append((yield vented_step(self._shape)))
        settled = zeros[len(zeros) // 2 :]
        self._port_zero = np.mean([readings.pressure for readings in settled], axis=0)
        self._supply_zero = np.mean([readings.supply_pressure for readings in settled], axis=0)
        for chamber in range(self._shape[1]):
            self.records.append((yield from self._chamber(chamber)))

    def _chamber(self, i: int) -> Course[list[ChamberRecord]]:
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
            phase: IntArray,
            level: float,
            inlet: FloatArray,
            exhaust: FloatArray,
            pump: FloatArray,
        ) -> Course[tuple[FloatArray, FloatArray]]:
            readings = yield self._tested(i, phase, level, inlet, exhaust, pump)
            port = readings.pressure[:, i] - self._port_zero[:, i]
            rail = readings.supply_pressure - self._supply_zero
            samples.append((phase, port, rail, inlet, exhaust))
            return port, rail

        def everywhere(phase: int) -> IntArray:
            return np.full(count, phase)

        for _ in range(round(CHARGE_TIME / self._dt)):
            drive = np.where(supply < CHARGE, 0.5, 0.0)
            _, supply = yield from go(everywhere(END), STEPS[0], none, none, drive)
        for _ in range(round(DISCHARGE_TIME / self._dt)):
            _, supply = yield from go(everywhere(DISCHARGE), STEPS[0], small, none, none)
        for level, rest in zip(STEPS, RESTS, strict=True):
            resting = np.zeros(count)
            up: BoolArray = np.zeros(count, dtype=np.bool_)
            for _ in range(round((FILL_LIMIT + rest) / self._dt)):
                filling = ~up
                phase = np.where(filling, FILL, np.where(resting < rest, RELAX, END))
                inlet = np.where(filling, ajar, 0.0)
                port, supply = yield from go(phase, level, inlet, none, filling.astype(np.float64))
                resting = np.where(up, resting + self._dt, 0.0)
                up = up | (port - self._expected_drop(i, supply, port, share) >= level)
                if (resting >= rest).all():
                    break
        for _ in range(round(VENT_TIME / self._dt)):
            yield from go(everywhere(VENT), 0.0, none, full, none)
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

    def _tested(
        self,
        i: int,
        phase: IntArray,
        level: float,
        inlet: FloatArray,
        exhaust: FloatArray,
        pump: FloatArray,
    ) -> ExperimentStep:
        """One chamber as said, the others vented."""
        asked = vented_step(self._shape)
        asked.actuation.inlet[:, i], asked.actuation.exhaust[:, i] = inlet, exhaust
        fills = np.isin(phase, (FILL, RELAX))
        asked.setpoints.mode[:, i] = Mode.TRACK if level > 0.0 else Mode.VENT
        asked.setpoints.target[:, i] = np.where(fills, max(level, LOWEST_SET_POINT), level)
        return asked._replace(
            chamber=i,
            phase=phase,
            level=level,
            actuation=Actuation(asked.actuation.inlet, asked.actuation.exhaust, pump),
        )


def emptying(shape: tuple[int, int], dt: float) -> list[ExperimentStep]:
    """What to ask for before the experiment, sample by sample: the rail may hold air of before.

    Parameters
    ----------
    shape : (B, N)
    dt : float
        Time from one sample to the next [s].
    """
    through = Actuation(np.ones(shape), np.ones(shape), np.zeros(shape[0]))
    asked = vented_step(shape)._replace(actuation=through)
    return [asked] * round(EMPTYING_TIME / dt)


def vented_step(shape: tuple[int, int]) -> ExperimentStep:
    """Ask for a vent of everything, of arrays (B, N)."""
    setpoints = Setpoints(np.full(shape, Mode.VENT), np.zeros(shape))
    phase = np.full(shape[0], END)
    return ExperimentStep(None, phase, 0.0, Actuation.vented(shape), setpoints)


def run_experiment(
    boots: Rig, believed: Garment, dt: float = SAMPLE_PERIOD
) -> Iterator[tuple[int, list[ChamberRecord]]]:
    """Run the experiment; yields each chamber's position and the records of all garments.

    Parameters
    ----------
    boots : Rig
        Vented, with flat chambers and an empty rail.
    believed : Garment
    dt : float
        Time from one sample to the next [s].
    """
    experiment = Experiment(believed, len(boots.readings().pressure), dt)
    through = 0
    while not experiment.done:
        boots.step(experiment.step(boots.readings()).actuation, dt)
        if len(experiment.records) > through:
            yield through, experiment.records[through]
            through += 1
