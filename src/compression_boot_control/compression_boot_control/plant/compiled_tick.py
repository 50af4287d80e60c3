"""One tick of sensing, sequence and control as compiled code, for whole sessions at a time.

It compiles the functions of core/ themselves, for one chamber's numbers, and walks over chambers
and garments; the nodes run the very same functions on arrays. It holds no law of its own.
"""

# mypy reads what stands here as arrays, but numba compiles it for numbers:
# mypy: disable-error-code="no-untyped-call, no-untyped-def, arg-type, assignment, operator"

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit, types
from numba.extending import overload, register_jitable

from compression_boot_control.core import (
    capacity_learning,
    chamber_control,
    chambers,
    pid,
    pneumatics,
    sensing,
    sequence,
    session_errors,
    signals,
)
from compression_boot_control.core.chamber_control import (
    ControlParameters,
    ControlState,
    Demand,
    chamber_actuation,
    chamber_demand,
    pump_drive,
)
from compression_boot_control.core.sensing import (
    SensingParameters,
    SensingState,
    in_use,
    sensing_law,
)
from compression_boot_control.core.sequence import (
    ChamberSigns,
    SequenceParameters,
    SequenceState,
    SequenceTable,
    SessionProgress,
    StageGoal,
)
from compression_boot_control.core.sequence_step import (
    DONE,
    chamber_order,
    chamber_signs,
    exposure,
    progress_of,
    ramped,
    scaled_target,
    session_progress,
    skipped,
)
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.kernel import advance_function
from compression_boot_control.plant.kernel import fingerprint as kernel_fingerprint

_MODULES = (
    capacity_learning,
    chamber_control,
    chambers,
    pid,
    pneumatics,
    sensing,
    sequence,
    session_errors,
    signals,
)
_FUNCTIONS = (
    pneumatics.orifice_flow,
    pneumatics.hose_drop,
    pneumatics.chamber_capacity,
    pid.pid_step,
    chamber_control.opening_for,
    chamber_control.beyond_dead_band,
    chamber_control.rail_guard,
    chamber_control.inflow_of,
    capacity_learning.learned_capacity,
    chamber_demand,
    chamber_actuation,
    pump_drive,
    in_use,
    sensing_law,
    ramped,
    skipped,
    scaled_target,
    chamber_signs,
    session_progress,
    chamber_order,
    exposure,
)
for _function in _FUNCTIONS:
    register_jitable(_function)


@overload(chambers.where)
def _where(condition, yes, no):
    if not isinstance(condition, types.Boolean):
        return None

    def choose(condition, yes, no):
        return yes if condition else no

    return choose


def fingerprint() -> str:
    """Digest of the sources that the tick is compiled from: numba watches this file only."""
    digest = hashlib.sha256()
    for module in _MODULES:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


# Named tuples of arrays hold what lasts; the functions of core/ take named tuples of numbers. These
# two go between, field by field; numba makes their code from the fields of the type that it meets.


def pick(values, garment, chamber):
    """Numbers of one chamber, from arrays (B, N) or (N,) and from plain numbers."""
    raise TypeError('pick is for compiled code')


def put(values, garment, chamber, numbers):
    """Write the numbers of one chamber into arrays (B, N)."""
    raise TypeError('put is for compiled code')


def _leaf(kind: Any, path: str) -> str:
    if isinstance(kind, types.BaseNamedTuple):
        fields = (_leaf(field, f'{path}[{place}]') for place, field in enumerate(kind.types))
        return f'{kind.instance_class.__name__}({", ".join(fields)})'
    if not isinstance(kind, types.Array):
        return path
    return f'{path}[chamber]' if kind.ndim == 1 else f'{path}[garment, chamber]'


def _assignments(kind: Any, target: str, source: str) -> list[str]:
    if isinstance(kind, types.BaseNamedTuple):
        return [
            line
            for place, field in enumerate(kind.types)
            for line in _assignments(field, f'{target}[{place}]', f'{source}[{place}]')
        ]
    return [f'    {target}[garment, chamber] = {source}']


def _classes(kind: Any) -> dict[str, type]:
    if not isinstance(kind, types.BaseNamedTuple):
        return {}
    found = {kind.instance_class.__name__: kind.instance_class}
    for field in kind.types:
        found |= _classes(field)
    return found


def _made(source: str, names: dict[str, Any]) -> Any:
    exec(source, names)  # of field places alone
    return names['made']


@overload(pick)
def _pick(values, garment, chamber):
    body = _leaf(values, 'values')
    return _made(f'def made(values, garment, chamber):\n    return {body}\n', _classes(values))


@overload(put)
def _put(values, garment, chamber, numbers):
    lines = '\n'.join(_assignments(values, 'values', 'numbers'))
    return _made(f'def made(values, garment, chamber, numbers):\n{lines}\n', {})


class TickMemory(NamedTuple):
    """All that lasts from tick to tick, and what a tick says; B garments of N chambers.

    Attributes
    ----------
    sensing, control, demand : SensingState, ControlState, Demand
        Of arrays (B, N).
    progress : SessionProgress
        Of arrays (B, 1).
    intensity : (B, 1) array
    offset, skip, dose, peak : (B, N) array
        See `SequenceState`.
    pressure, rate, mode, target : (B, N) array
        What was estimated and ordered.
    inlet, exhaust, pump : (B, N), (B, N), (B,) array
        The command.
    """

    sensing: SensingState
    control: ControlState
    demand: Demand
    progress: SessionProgress
    intensity: FloatArray
    offset: FloatArray
    skip: BoolArray
    dose: FloatArray
    peak: FloatArray
    pressure: FloatArray
    rate: FloatArray
    mode: IntArray
    target: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    pump: FloatArray

    @staticmethod
    def initial(shape: tuple[int, int]) -> TickMemory:
        """Sessions that begin on vented garments."""

        def zeros() -> FloatArray:
            return np.zeros(shape)

        def no() -> BoolArray:
            return np.zeros(shape, dtype=np.bool_)

        return TickMemory(
            sensing=owned(SensingState.initial(shape)),
            control=owned(ControlState.initial(shape)),
            demand=owned(Demand.nothing(shape)),
            progress=owned(progress_of(SequenceState.initial(shape))),
            intensity=np.ones((shape[0], 1)),
            offset=zeros(),
            skip=no(),
            dose=zeros(),
            peak=zeros(),
            pressure=zeros(),
            rate=zeros(),
            mode=np.zeros(shape, dtype=np.int64),
            target=zeros(),
            inlet=zeros(),
            exhaust=np.ones(shape),
            pump=np.zeros(shape[0]),
        )


Owned = TypeVar('Owned')


def owned(values: Owned) -> Owned:
    """Copy of a named tuple in which no two fields share an array, for writing in place."""
    if isinstance(values, tuple):
        return cast(Owned, type(values)(*(owned(value) for value in values)))
    return cast(Owned, np.array(values))


class TickModel(NamedTuple):
    """What does not change while sessions run.

    Attributes
    ----------
    sensing, control : SensingParameters, ControlParameters
        Of arrays (N,) or (B, N).
    sequence : SequenceParameters
    table : SequenceTable
    """

    sensing: SensingParameters
    control: ControlParameters
    sequence: SequenceParameters
    table: SequenceTable


def tick(model, memory, request, raw, inlet, exhaust, supply, dt, first=0):
    """Advance a batch by one sample: sensing, then sequence, then control.

    Parameters
    ----------
    model : TickModel
    memory : TickMemory
        Advanced in place.
    request : SequenceRequest
        Of arrays (B, 1) and (B, N).
    raw, inlet, exhaust : (B, N) array
        Readings.
    supply : (B,) array
        Pressure of the rail [Pa].
    dt : float
        Time since the last sample [s].
    first : int
        Garment that the readings begin with; they may be those of a part of the batch.
    """
    table, rules = model.table, model.sequence
    course = (table.loop_start, table.loop_end, len(table.kind), table.session_time)
    for place in range(raw.shape[0]):
        g = first + place
        before = pick(memory.progress, g, 0)
        row = before.stage
        goal = StageGoal(table.kind[row], table.duration[row], table.timeout[row])
        intensity = ramped(
            memory.intensity[g, 0], request.intensity[g, 0], rules.intensity_ramp * dt
        )
        memory.intensity[g, 0] = intensity
        known = arrived = released = vented = at_ease = True
        for i in range(raw.shape[1]):
            at_ease &= not in_use(inlet[place, i], exhaust[place, i])
        for i in range(raw.shape[1]):
            state, pressure, rate, _quality, _reason = sensing_law(
                pick(model.sensing, g, i),
                pick(memory.sensing, g, i),
                raw[place, i],
                inlet[place, i],
                exhaust[place, i],
                supply[place],
                at_ease,
                dt,
            )
            put(memory.sensing, g, i, state)
            memory.pressure[g, i], memory.rate[g, i] = pressure, rate
            offset = ramped(memory.offset[g, i], request.offset[g, i], rules.offset_ramp * dt)
            skip = skipped(goal.kind, before.session_time, memory.skip[g, i], request.skip[g, i])
            memory.offset[g, i], memory.skip[g, i] = offset, skip
            target = scaled_target(table.target[row, i], intensity, offset, table.caps[i])
            signs = chamber_signs(rules.arrival_band, target, table.awaited[row, i], skip, pressure)
            known &= signs.known
            arrived &= signs.arrived
            released &= signs.released
            vented &= signs.vented
            memory.dose[g, i], memory.peak[g, i] = exposure(
                before.status, memory.dose[g, i], memory.peak[g, i], pressure, dt
            )
        now = session_progress(
            rules,
            course,
            goal,
            before,
            (request.stop[g, 0], request.pause[g, 0], request.resume[g, 0]),
            ChamberSigns(known, arrived, released, vented),
            dt,
        )
        put(memory.progress, g, 0, now)
        need = highest = 0.0
        hungry = active = False
        for i in range(raw.shape[1]):
            target = scaled_target(
                table.target[now.stage, i], intensity, memory.offset[g, i], table.caps[i]
            )
            mode, target = chamber_order(
                now.status, memory.skip[g, i], table.mode[now.stage, i], target
            )
            memory.mode[g, i], memory.target[g, i] = mode, target
            demand = chamber_demand(
                pick(model.control, g, i),
                pick(memory.control, g, i),
                memory.pressure[g, i],
                memory.rate[g, i],
                supply[place],
                mode,
                target,
                dt,
            )
            put(memory.demand, g, i, demand)
            highest = max(highest, demand.target)
            active |= not demand.vent
            hungry |= demand.hungry
            if demand.hungry:
                need = max(need, demand.pressure)
        for i in range(raw.shape[1]):
            control = chamber_actuation(
                pick(model.control, g, i),
                pick(memory.control, g, i),
                pick(memory.demand, g, i),
                need,
            )
            put(memory.control, g, i, control)
            memory.inlet[g, i], memory.exhaust[g, i] = control.inlet, control.exhaust
        memory.pump[g] = pump_drive(
            model.control.supply_margin, supply[place], highest, hungry, active
        )


register_jitable(tick)


class Trace(NamedTuple):
    """What a run leaves of each of T ticks: (T, B) and (T, B, N) arrays."""

    cycle: IntArray
    stage: IntArray
    mode: IntArray
    target: FloatArray
    pressure: FloatArray
    true_pressure: FloatArray
    supply_pressure: FloatArray

    @staticmethod
    def empty(ticks: int, shape: tuple[int, int]) -> Trace:
        """Room for so many ticks."""
        garments, chambers_each = (ticks, shape[0]), (ticks, *shape)
        return Trace(
            cycle=np.zeros(garments, dtype=np.int64),
            stage=np.zeros(garments, dtype=np.int64),
            mode=np.zeros(chambers_each, dtype=np.int64),
            target=np.zeros(chambers_each),
            pressure=np.zeros(chambers_each),
            true_pressure=np.zeros(chambers_each),
            supply_pressure=np.zeros(garments),
        )


@lru_cache
def compiled_run(width: int) -> Callable[..., int]:
    """Compile the loop of boots and tick, or load it from numba's cache.

    Parameters
    ----------
    width : int
        Of the boots' memory.

    Returns
    -------
    callable
        ``run(model, memory, request, cells, neighbours, noise, substep, substeps, dt, trace)``
        advances until every session is done or the noise is used up, and tells how many ticks.
    """
    version = fingerprint() + kernel_fingerprint()
    advance = advance_function(width)

    def run(model, memory, request, cells, neighbours, noise, substep, substeps, dt, trace):
        version  # noqa: B018  as a part of this closure it is one of the key of numba's cache
        garments, count = memory.pressure.shape
        blocks, ticks = cells.shape[0], 0
        # block by block through all ticks: what one block needs stays in the processor's cache
        for block in range(blocks):
            first = block * width
            last = min(first + width, garments)
            readings = np.empty((3, last - first, count))
            scalars = np.empty((2, last - first))
            finished = 1
            for t in range(noise.shape[0]):
                advance(
                    cells[block : block + 1],
                    neighbours,
                    memory.inlet[first:last],
                    memory.exhaust[first:last],
                    memory.pump[first:last],
                    noise[t, first:last],
                    readings,
                    scalars,
                    substep,
                    substeps,
                )
                tick(
                    model,
                    memory,
                    request,
                    readings[0],
                    readings[1],
                    readings[2],
                    scalars[0],
                    dt,
                    first,
                )
                going = False
                for g in range(first, last):
                    going |= memory.progress.status[g, 0] != DONE
                    trace.cycle[t, g] = memory.progress.cycle[g, 0]
                    trace.stage[t, g] = memory.progress.stage[g, 0]
                    trace.supply_pressure[t, g] = scalars[0, g - first]
                    for i in range(count):
                        trace.mode[t, g, i] = memory.mode[g, i]
                        trace.target[t, g, i] = memory.target[g, i]
                        trace.pressure[t, g, i] = memory.pressure[g, i]
                        true = cells[block, i + 1, at.PRESSURE, g - first]
                        trace.true_pressure[t, g, i] = true
                if going:
                    finished = min(t + 2, noise.shape[0])
                elif blocks == 1:
                    break
            ticks = max(ticks, finished)
        return ticks

    compiled: Callable[..., int] = njit(cache=True, error_model='numpy')(run)
    return compiled
