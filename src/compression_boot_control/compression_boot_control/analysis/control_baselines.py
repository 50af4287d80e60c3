"""What others do to control the pressure, on the same boots, sensors and plans.

* On-off with hysteresis on the reading, as plain devices do.
* Fill, pause, read: a burst of air, a pause until hose and chamber are at one pressure, a reading.
* One PID of the ``simple-pid`` library per chamber, from pressure to opening.
* The structure of Ctrl-P's firmware (a PI on the error in psi, its integral cleared while the error
  is large, and the output's sign choosing the valve), with the gains of its pneumatic configuration
  (github.com/cbteeple/pressure_controller); written anew from that description.

All see the readings at the ports less their zeros, and a pump that runs while anything is to be
under pressure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from simple_pid import PID

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan, StageKind
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceRequest,
    SequenceState,
    SequenceTable,
    SessionStatus,
)
from compression_boot_control.core.sequence_step import (
    sequence_step,
)
from compression_boot_control.core.signals import Actuation, BoolArray, FloatArray, Mode
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant.batch_run import LONGEST_RUN, BatchRun, copy_rows
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD, zeroed
from compression_boot_control.plant.compiled_run import Trace
from compression_boot_control.plant.parameters import PlantParameters

PSI = 6894.757
"""One pound per square inch [Pa]."""


class Law(Protocol):
    """A controller of all chambers of a batch."""

    def __call__(
        self, port: FloatArray, target: FloatArray, active: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the demand [-1..1], positive to fill, and the pressure that it goes by [Pa]."""


class OnOff:
    """Opens a valve outside of a band, and shuts it at the target."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._way = np.zeros(shape)

    def __call__(
        self, port: FloatArray, target: FloatArray, active: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        """See `Law`."""
        error = target - port
        done = self._way * error <= 0.0
        way = np.where(done, 0.0, self._way)
        way = np.where(error > 1.0 * MMHG, 1.0, np.where(error < -2.0 * MMHG, -1.0, way))
        self._way = np.where(active, way, 0.0)
        return self._way, port


class FillPauseRead:
    """Bursts, with a reading in the pause after each; the last step's rise sets the next length."""

    PAUSE, LONGEST, SHORTEST = 0.3, 1.0, 0.02

    def __init__(self, shape: tuple[int, int]) -> None:
        self._left = np.zeros(shape)
        self._wait = np.zeros(shape)
        self._burst = np.full(shape, 0.2)
        self._way = np.ones(shape)
        self._read = np.zeros(shape)

    def __call__(
        self, port: FloatArray, target: FloatArray, active: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        """See `Law`."""
        reading = active & (self._left <= 0.0) & (self._wait <= 0.0)
        rate = (port - self._read) * self._way / self._burst
        error = target - port
        rate = np.where(rate > 1.0 * MMHG, rate, 1.0 * MMHG)
        wanted = np.where(np.abs(error) < 1.0 * MMHG, 0.0, 0.8 * np.abs(error) / rate)
        burst = np.clip(wanted, self.SHORTEST, self.LONGEST)
        burst = np.where(error < 0.0, np.minimum(burst, 0.05), burst)
        self._way = np.where(reading, np.sign(error), self._way)
        self._burst = np.where(reading, burst, self._burst)
        self._left = np.where(reading, np.where(wanted > 0.0, burst, 0.0), self._left)
        self._wait = np.where(reading, self.PAUSE, self._wait)
        self._read = np.where(reading, port, np.where(active, self._read, 0.0))
        filling = active & (self._left > 0.0)
        self._left = np.where(filling, self._left - SAMPLE_PERIOD, 0.0)
        self._wait = np.where(filling, self._wait, self._wait - SAMPLE_PERIOD)
        return np.where(filling, self._way, 0.0), self._read


class SimplePid:
    """One ``simple_pid.PID`` per chamber, from mmHg to opening."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape
        self._loops = [
            PID(0.1, 0.02, 0.005, sample_time=None, output_limits=(-1.0, 1.0))
            for _ in range(shape[0] * shape[1])
        ]

    def __call__(
        self, port: FloatArray, target: FloatArray, active: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        """See `Law`."""
        out = np.zeros(port.size)
        rows = zip(self._loops, port.flat, target.flat, active.flat, strict=True)
        for k, (loop, pressure, wanted, on) in enumerate(rows):
            if on:
                loop.setpoint = wanted / MMHG
                out[k] = loop(pressure / MMHG, dt=SAMPLE_PERIOD)
            else:
                loop.reset()
        return out.reshape(self._shape), port


class CtrlP:
    """PI on psi, with the integral cleared beyond 5 psi; gains 0.6 and 0.03."""

    KP, KI, INTEGRAL_START = 0.6, 0.03, 5.0

    def __init__(self, shape: tuple[int, int]) -> None:
        self._integral = np.zeros(shape)

    def __call__(
        self, port: FloatArray, target: FloatArray, active: BoolArray
    ) -> tuple[FloatArray, FloatArray]:
        """See `Law`."""
        error = np.where(active, target - port, 0.0) / PSI
        self._integral = self._integral + error * SAMPLE_PERIOD
        self._integral = np.where(np.abs(error) > self.INTEGRAL_START, 0.0, self._integral)
        return np.clip(self.KP * error + self.KI * self._integral, -1.0, 1.0), port


BASELINES: dict[str, Callable[[tuple[int, int]], Law]] = {
    'on-off': OnOff,
    'fill-pause-read': FillPauseRead,
    'simple-pid': SimplePid,
    'Ctrl-P': CtrlP,
}


def run_baseline(
    make: Callable[[tuple[int, int]], Law],
    parameters: PlantParameters,
    believed: Garment,
    plan: Plan,
    cycles: int,
    seed: int = 0,
) -> BatchRun:
    """Run cycles of a plan with a law of this module; see `run_batch`."""
    shape = (parameters.shape[0], parameters.shape[1])
    boots = SimulatedBoots(parameters, seed)
    zero = zeroed(boots, believed).offset
    law, table = make(shape), SequenceTable.of_plan(plan)
    state, request = SequenceState.initial(shape), SequenceRequest.nothing(shape)
    actuation = Actuation.vented(shape)
    dead_band = parameters.valve_dead_band
    rest = int(np.flatnonzero(plan.kind == StageKind.REST)[0])
    rested, rows = boots.state, []
    open_before = np.zeros((2, *shape), dtype=np.bool_)
    switches = np.zeros(shape, dtype=np.int64)
    demand, seen = np.zeros(shape), np.zeros(shape)
    for tick in range(round(LONGEST_RUN / SAMPLE_PERIOD)):
        readings = boots.step(actuation, SAMPLE_PERIOD)
        state, setpoints = sequence_step(
            SequenceParameters(), table, state, request, seen, SAMPLE_PERIOD
        )
        active = setpoints.mode != Mode.VENT
        demand, seen = law(readings.pressure - zero, setpoints.target, active)
        opening = np.where(demand != 0.0, dead_band + (1.0 - dead_band) * np.abs(demand), 0.0)
        inlet = np.where(active & (demand > 0.0), opening, 0.0)
        exhaust = np.where(active, np.where(demand < 0.0, opening, 0.0), 1.0)
        actuation = Actuation(inlet, exhaust, active.any(axis=-1).astype(np.float64))
        is_open = np.array([inlet > 0.0, exhaust > 0.0])
        switches += (is_open & ~open_before).sum(axis=0)
        open_before = is_open
        rows.append(
            (
                state.cycle[:, 0],
                state.stage[:, 0],
                setpoints.mode,
                setpoints.target,
                seen,
                boots.true_pressure,
                readings.supply_pressure,
            )
        )
        resting = state.stage[:, 0] == rest
        if tick % 100 == 0 and resting.any():
            copy_rows(rested, boots.state, resting)
        request = request._replace(stop=state.cycles_done >= cycles)
        if (state.status == SessionStatus.DONE).all():
            break
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return BatchRun(Trace(*columns), rested, switches)
