"""A batch of simulated boots with sensing, sequence, control and the safety supervisor around them.

The compiled tick makes the request, the supervisor's own code permits it, and the boots get what
is permitted, sample by sample as the nodes do it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numba import njit

from compression_boot_control.core.chamber_control import ControlParameters
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.safety.gate import restricted
from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.safety.supervisor import (
    SafetyInputs,
    SafetyState,
    SafetyTable,
    supervisor_step,
)
from compression_boot_control.core.safety.watch import Orders
from compression_boot_control.core.sensing import SensingParameters
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceRequest,
    SequenceTable,
    SessionStatus,
)
from compression_boot_control.core.signals import Actuation, BoolArray, FloatArray
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD, zeroed
from compression_boot_control.plant.compiled_tick import (
    TickMemory,
    TickModel,
    fingerprint,
    owned,
    tick,
)
from compression_boot_control.plant.parameters import PlantParameters

Arrays = TypeVar('Arrays', bound=tuple[Any, ...])


@lru_cache
def compiled_tick() -> Callable[..., None]:
    """Compile the tick alone, or load it from numba's cache."""
    version = fingerprint()

    def one_tick(model, memory, request, raw, inlet, exhaust, supply, dt):  # type: ignore[no-untyped-def]
        version  # noqa: B018  as a part of this closure it is one of the key of numba's cache
        tick(model, memory, request, raw, inlet, exhaust, supply, dt)  # type: ignore[no-untyped-call]

    compiled: Callable[..., None] = njit(cache=True, error_model='numpy')(one_tick)
    return compiled


class SupervisedBatch:
    """B sessions on B garments of N chambers, each under a supervisor.

    Parameters
    ----------
    parameters : PlantParameters
        Of B garments.
    believed : Garment
        What sensing, control and supervisor believe; arrays (N,) or (B, N).
    plan : Plan
    intensity : (B, 1) array
        Scale on the plan's targets.
    seed : int
        Seed of the sensors' noise.
    """

    def __init__(
        self,
        parameters: PlantParameters,
        believed: Garment,
        plan: Plan,
        intensity: FloatArray,
        seed: int,
    ) -> None:
        batch = (parameters.shape[0], parameters.shape[1])
        self.boots = SimulatedBoots(parameters, seed)
        sensing = _spread(zeroed(self.boots, believed), batch)
        self.memory = TickMemory.initial(batch)._replace(sensing=sensing, intensity=intensity * 1.0)
        self.request = owned(SequenceRequest.nothing(batch))._replace(intensity=intensity * 1.0)
        self._model = TickModel(
            _spread(SensingParameters.from_garment(believed), batch),
            _spread(ControlParameters.from_garment(believed), batch),
            SequenceParameters(),
            SequenceTable.of_plan(plan),
        )
        self._tick = compiled_tick()
        self._table = SafetyTable.build(HARD_LIMITS, believed.legs, believed)
        self.safety = SafetyState.initial(batch)
        self._permitted = Actuation.vented(batch)
        self._now = np.zeros((batch[0], 1))
        self._no = np.zeros((batch[0], 1), dtype=np.bool_)

    @property
    def done(self) -> BoolArray:
        """Sessions that are over; (B,)."""
        over: BoolArray = self.memory.progress.status[:, 0] == SessionStatus.DONE
        return over

    def step(self) -> None:
        """Let one sample period pass."""
        readings = self.boots.step(self._permitted, SAMPLE_PERIOD)
        memory = self.memory
        self._tick(
            self._model,
            memory,
            self.request,
            readings.pressure,
            readings.inlet,
            readings.exhaust,
            readings.supply_pressure,
            SAMPLE_PERIOD,
        )
        before = self._permitted
        inputs = SafetyInputs(
            raw=readings.pressure,
            state_age=self._now,
            request_age=self._now,
            cycle_age=self._now,
            emergency=self._no,
            device_fault=self._no,
            orders=Orders(
                target=memory.target,
                inlet=before.inlet,
                exhaust=before.exhaust,
                pump=before.pump[:, None],
                supply=readings.supply_pressure[:, None],
            ),
        )
        self.safety = supervisor_step(self._table, self.safety, inputs, SAMPLE_PERIOD)
        vent = self.safety.vent
        self._permitted = restricted(Actuation(memory.inlet, memory.exhaust, memory.pump), vent)
        # the planner ends a session that has lost a zone
        self.request.stop[:] |= vent.any(axis=-1, keepdims=True)


def _spread(values: Arrays, shape: tuple[int, int]) -> Arrays:
    """Give all arrays the shape (B, N), for one compiled version."""
    columns: Iterable[Any] = (
        value if np.ndim(value) == 0 else np.array(np.broadcast_to(value, shape))
        for value in values
    )
    return type(values)(*columns)
