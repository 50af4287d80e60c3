"""A batch of simulated boots with sensing, sequence, control and the safety supervisor around them.

The compiled tick makes the request, the supervisor's own code permits it, and the boots get what
is permitted, sample by sample as the nodes do it.
"""

# mypy reads what stands in the compiled tick as arrays, but numba compiles it for numbers:
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

from compression_boot_control.core.control_parameters import ControlParameters
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.safety.gate import restricted
from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.safety.supervisor import (
    SafetyState,
    SafetyTable,
    supervisor_step,
)
from compression_boot_control.core.sensing_parameters import SensingParameters
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceRequest,
    SequenceTable,
    SessionStatus,
)
from compression_boot_control.core.signals import (
    Actuation,
    BoolArray,
    FloatArray,
    IntArray,
    Readings,
)
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD, zeroed
from compression_boot_control.plant.compiled_law import fingerprint, owned
from compression_boot_control.plant.compiled_tick import (
    BlockCommands,
    BlockReadings,
    TickMemory,
    TickModel,
    advance_block,
    sessions_of,
)
from compression_boot_control.plant.faults import Fault
from compression_boot_control.plant.memory import BLOCK
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.supervised_boots import inputs_of
from compression_boot_control.plant.tick_block import (
    block_kinds,
    block_rows,
    fixed_chambers,
    kept_chambers,
    load_block,
    store_block,
)

WATCHED_TIME = 6.0
"""Time vented before a session that the supervisor has watched [s]."""

Arrays = TypeVar('Arrays', bound=tuple[Any, ...])
Kept = TypeVar('Kept')
Described = TypeVar('Described')


@lru_cache
def compiled_tick() -> Callable[..., None]:
    """Compile the tick alone, or load it from numba's cache."""
    version = fingerprint()

    def one_tick(model, memory, request, raw, inlet, exhaust, supply, dt):
        version  # noqa: B018  as a part of this closure it is one of the key of numba's cache
        garments, chambers = raw.shape
        fixed, kept = fixed_chambers(model, request), kept_chambers(memory)
        kinds, sessions = block_kinds(fixed, kept), sessions_of(memory, request)
        held = np.zeros(chambers * block_rows(kinds) * BLOCK)
        pumps = np.zeros(BLOCK)
        for first in range(0, garments, BLOCK):
            last = min(first + BLOCK, garments)
            load_block(fixed, kept, held, chambers, BLOCK, first, last - first)
            advance_block(
                kinds,
                held,
                BLOCK,
                model.table,
                model.sequence,
                sessions,
                BlockReadings(
                    raw[first:last], inlet[first:last], exhaust[first:last], supply[first:last]
                ),
                BlockCommands(
                    memory.inlet[first:last], memory.exhaust[first:last], memory.pump[first:last]
                ),
                pumps,
                dt,
                first,
            )
            store_block(fixed, kept, held, chambers, BLOCK, first, last - first)

    compiled: Callable[..., None] = njit(cache=True, error_model='numpy')(one_tick)
    return compiled


class SupervisedBatch:
    """B sessions on B garments of N chambers, each under a supervisor.

    `rows` says which of the first B sessions each row is.

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
        self.rows = np.arange(batch[0])
        self.boots = SimulatedBoots(parameters, seed)
        self._believed = believed
        self._faults: dict[int, tuple[Fault, ...]] = {}
        self._seed = seed
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
        # as in the nodes, the supervisor has looked at vented boots when a session begins
        for _ in range(round(WATCHED_TIME / SAMPLE_PERIOD)):
            self._judge(self.boots.step(self._permitted, SAMPLE_PERIOD), np.zeros(batch))

    def strike(self, row: int, faults: tuple[Fault, ...]) -> None:
        """Switch faults on in one session, the one that is at `row` now."""
        self._faults[int(self.rows[row])] = faults
        self.boots.set_fault(*(replace(fault, batch=(row,)) for fault in faults))

    def narrow(self, kept: IntArray) -> None:
        """Go on with some of the sessions; `rows` then says which of the first ones they are.

        The noise of the sensors is another from here on.
        """
        self.rows = self.rows[kept]
        parameters = _rows_of(self.boots.parameters, kept)
        self._seed += 1
        state = _rows_of(self.boots.state, kept)
        self.boots = SimulatedBoots(parameters, self._seed, state=state)
        for row, session in enumerate(self.rows):
            if int(session) in self._faults:
                self.strike(row, self._faults[int(session)])
        # drift and stuck readings are as they were, which new boots without faults cannot know
        self.boots.memory.state = state
        self._believed = _rows_of(self._believed, kept)
        self._table = SafetyTable.build(HARD_LIMITS, self._believed.legs, self._believed)
        self.memory = _kept(self.memory, kept)
        self.request = _kept(self.request, kept)
        self._model = self._model._replace(
            sensing=_kept(self._model.sensing, kept), control=_kept(self._model.control, kept)
        )
        self.safety = _kept(self.safety, kept)
        self._permitted = _rows_of(self._permitted, kept)

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
        self._judge(readings, memory.target)
        vent = self.safety.vent
        self._permitted = restricted(Actuation(memory.inlet, memory.exhaust, memory.pump), vent)
        # the planner ends a session that has lost a zone
        self.request.stop[:] |= vent.any(axis=-1, keepdims=True)

    def _judge(self, readings: Readings, target: FloatArray) -> None:
        """Let the supervisor judge a sample, by the command that it permitted before."""
        inputs = inputs_of(readings, self._permitted, target)
        self.safety = supervisor_step(self._table, self.safety, inputs, SAMPLE_PERIOD)


def _kept(values: Kept, rows: IntArray) -> Kept:
    """Rows of all arrays of a named tuple; numbers are the same for all rows."""
    if isinstance(values, tuple):
        return cast(Kept, type(values)(*(_kept(value, rows) for value in values)))
    return cast(Kept, values[rows]) if isinstance(values, np.ndarray) else values


def _rows_of(values: Described, rows: IntArray) -> Described:
    """Rows of what a dataclass says of each of many garments; the rest is the same for all."""
    taken: dict[str, Any] = {}
    for field in fields(values):  # type: ignore[arg-type]
        value = getattr(values, field.name)
        if is_dataclass(value):
            taken[field.name] = _rows_of(value, rows)
        elif isinstance(value, np.ndarray) and value.ndim and field.name != 'neighbours':
            taken[field.name] = value[rows]
    return replace(values, **taken)  # type: ignore[type-var]


def _spread(values: Arrays, shape: tuple[int, int]) -> Arrays:
    """Give all arrays the shape (B, N), for one compiled version."""
    columns: Iterable[Any] = (
        value if np.ndim(value) == 0 else np.array(np.broadcast_to(value, shape))
        for value in values
    )
    return type(values)(*columns)
