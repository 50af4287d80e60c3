"""Simulated boots: what a manifold and two sleeves on two legs would do, stepped by the caller."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from compression_boot_control.core.signals import Actuation, FloatArray, Readings
from compression_boot_control.plant import kernel
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.faults import Fault, FaultState
from compression_boot_control.plant.memory import Memory
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.state import PlantState

Integrator = Callable[[Memory, Actuation, FloatArray, int], Readings]

MAXIMUM_SUBSTEP = 2e-3
"""Longest substep [s].

Halving it changes no chamber pressure of the five-zone garment by 0.1 mmHg, and none of the
extremes of ``ranges.FULL_RANGES`` by 0.4 mmHg.
"""


class SimulatedBoots:
    """One garment, or a batch of them, that is stepped through time.

    Nothing changes but by `step` and the faults that are set; equal seeds, faults and actuations
    give equal readings.

    Parameters
    ----------
    parameters : PlantParameters
    seed : int
        Seed of the sensors' noise.
    integrator : callable
        What advances the boots: the compiled kernel, or the reference in ``step.py``.
    maximum_substep : float
        Longest substep of the integration [s].
    state : PlantState, optional
        Where to begin; vented if not given.
    """

    def __init__(
        self,
        parameters: PlantParameters,
        seed: int = 0,
        integrator: Integrator = kernel.advance,
        maximum_substep: float = MAXIMUM_SUBSTEP,
        state: PlantState | None = None,
    ) -> None:
        self.parameters = parameters
        self.maximum_substep = maximum_substep
        self._advance = integrator
        self._rng = np.random.default_rng(seed)
        self._memory = Memory(parameters)
        if state is not None:
            self._memory.state = state
        self._faults: list[Fault] = []
        self._fault_state = FaultState.none(parameters.shape)
        self._interval = 0.0
        self._substeps = 0
        self._time = 0.0
        self._set_interval(maximum_substep)
        self._readings = self._run(Actuation.vented(parameters.shape), 0)

    @property
    def time(self) -> float:
        """Time that the boots have run [s]."""
        return self._time

    @property
    def state(self) -> PlantState:
        """A copy of the state."""
        return self._memory.state

    @property
    def true_pressure(self) -> FloatArray:
        """Gauge pressure in the chambers [Pa], (..., N)."""
        return self._memory.chamber(at.PRESSURE).copy()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Faults that are on, in the order in which they were set."""
        return tuple(self._faults)

    def readings(self) -> Readings:
        """Return the readings of the last step; of the initial state before the first."""
        return self._readings

    def step(self, actuation: Actuation, dt: float) -> Readings:
        """Apply a command for a time, and read the sensors at its end.

        Parameters
        ----------
        actuation : Actuation
            Command, of the garments' shape or broadcast to it. A valve driver cannot apply NaN:
            the inlet shuts, the exhaust opens, the pump stops. Other values are cut to 0..1.
        dt : float
            Time [s], more than 0.

        Returns
        -------
        Readings
            Pressures at the ports, and the command as the driver has applied it.

        Raises
        ------
        ValueError
            `dt` is not a positive number.
        """
        if dt != self._interval:
            self._set_interval(dt)
        self._readings = self._run(actuation, self._substeps)
        self._time += dt
        return self._readings

    @property
    def memory(self) -> Memory:
        """Memory that compiled code advances in the place of `step`; see `draw_noise`."""
        return self._memory

    @property
    def substeps(self) -> int:
        """Substeps of the interval that was last stepped or announced."""
        return self._substeps

    def draw_noise(self, ticks: int, dt: float) -> FloatArray:
        """Announce steps that compiled code takes itself, and draw their noise.

        The same noise as `step` would draw; the readings are then the caller's to keep.

        Parameters
        ----------
        ticks : int
            Number of steps.
        dt : float
            Length of each [s].

        Returns
        -------
        (ticks, ..., N + 1) array
        """
        if dt != self._interval:
            self._set_interval(dt)
        self._time += ticks * dt
        shape = self.parameters.shape
        return self._rng.standard_normal((ticks, *shape[:-1], shape[-1] + 1))

    def set_fault(self, *faults: Fault) -> None:
        """Switch faults on, from the next step."""
        state = self._fault_state.with_faults(*faults)
        self._faults.extend(faults)
        self._fault_state = state
        self._memory.set_faults(state)

    def clear_faults(self, *faults: Fault) -> None:
        """Switch faults off, from the next step; all of them if none is named."""
        self._faults = [fault for fault in self._faults if faults and fault not in faults]
        self._apply_faults()

    def _apply_faults(self) -> None:
        self._fault_state = FaultState.none(self.parameters.shape).with_faults(*self._faults)
        self._memory.set_faults(self._fault_state)

    def _set_interval(self, interval: float) -> None:
        if not 0.0 < interval < np.inf:
            raise ValueError(f'dt is {interval} s; it must be more than 0')
        self._interval = interval
        # the small part keeps a rounding error in dt from costing one more substep
        self._substeps = int(np.ceil(interval / self.maximum_substep - 1e-6))
        self._memory.set_substep(interval / self._substeps)

    def _run(self, actuation: Actuation, substeps: int) -> Readings:
        shape = self.parameters.shape
        noise = self._rng.standard_normal((*shape[:-1], shape[-1] + 1))
        return self._advance(self._memory, actuation, noise, substeps)
