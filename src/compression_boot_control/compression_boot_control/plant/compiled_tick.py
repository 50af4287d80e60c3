"""One tick of sensing, sequence and control as compiled code, for whole sessions at a time.

It compiles the functions of core/ themselves, for one chamber's numbers, and walks over chambers
and garments; the nodes run the very same functions on arrays. It holds no law of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import njit, types
from numba.extending import overload, register_jitable
from numba.typed import List as TypedList

from compression_boot_control.core import (
    chamber_control,
    chambers,
    pid,
    pneumatics,
    sensing,
    sequence,
    session_errors,
    signals,
)
from compression_boot_control.core.chamber_control import ControlParameters, ControlState, Demand
from compression_boot_control.core.pid import PidState
from compression_boot_control.core.sensing import SensingParameters, SensingState
from compression_boot_control.core.sequence import (
    ChamberSigns,
    SequenceParameters,
    SequenceState,
    SequenceTable,
    SessionProgress,
    StageGoal,
)
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray

Tick = Callable[..., None]

_MODULES = (chamber_control, chambers, pid, pneumatics, sensing, sequence, session_errors, signals)
_FUNCTIONS = (
    pneumatics.orifice_flow,
    pneumatics.hose_drop,
    pneumatics.chamber_capacity,
    pid.pid_step,
    chamber_control.opening_for,
    chamber_control.beyond_dead_band,
    chamber_control.rail_guard,
    chamber_control.chamber_demand,
    chamber_control.chamber_actuation,
    chamber_control.pump_drive,
    sensing.sensing_law,
    sequence.ramped,
    sequence.skipped,
    sequence.scaled_target,
    sequence.chamber_signs,
    sequence.session_progress,
    sequence.chamber_order,
    sequence.exposure,
)
for _function in _FUNCTIONS:
    register_jitable(_function)


@overload(chambers.where)
def _where(condition, yes, no):  # type: ignore[no-untyped-def]
    if not isinstance(condition, types.Boolean):
        return None

    def choose(condition, yes, no):  # type: ignore[no-untyped-def]
        return yes if condition else no

    return choose


def fingerprint() -> str:
    """Digest of the sources that the tick is compiled from: numba watches this file only."""
    digest = hashlib.sha256()
    for module in _MODULES:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


def cells(values: Any, shape: tuple[int, int]) -> Any:
    """Lay a named tuple of arrays out as one named tuple of numbers per chamber, as the tick reads.

    Parameters
    ----------
    values : NamedTuple
        Of numbers, arrays that broadcast to `shape`, and such tuples.
    shape : (int, int)
        Garments and chambers; (B, 1) for what belongs to garments.

    Returns
    -------
    numba.typed.List
        Of B * N tuples, chamber by chamber.
    """
    flat = _flattened(values, shape)
    laid_out = TypedList()
    for index in range(shape[0] * shape[1]):
        laid_out.append(_picked(flat, index))
    return laid_out


def _flattened(values: Any, shape: tuple[int, int]) -> Any:
    if isinstance(values, tuple):
        return type(values)(*(_flattened(value, shape) for value in values))  # type: ignore[call-arg]
    return np.broadcast_to(values, shape).reshape(-1)


def _picked(values: Any, index: int) -> Any:
    if isinstance(values, tuple):
        return type(values)(*(_picked(value, index) for value in values))  # type: ignore[call-arg]
    return values[index].item()


class TickMemory(NamedTuple):
    """All that lasts from tick to tick, and what a tick says; B garments of N chambers.

    Attributes
    ----------
    sensing, control, demand : typed list of SensingState, ControlState, Demand
        Per chamber.
    progress : typed list of SessionProgress
        Per garment.
    intensity : (B,) array
    offset, skip, dose, peak : (B, N) array
        See `SequenceState`.
    pressure, rate, mode, target : (B, N) array
        What was estimated and ordered.
    inlet, exhaust, pump : (B, N), (B, N), (B,) array
        The command.
    """

    sensing: Any
    control: Any
    demand: Any
    progress: Any
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
        zeros = np.zeros(shape)
        rest = PidState(zeros, zeros)
        nothing = np.zeros(shape, dtype=np.bool_)
        demand = Demand(rest, nothing, nothing, zeros, zeros, zeros, zeros)
        start = SequenceState.initial(shape)
        return TickMemory(
            sensing=cells(SensingState.initial(shape), shape),
            control=cells(ControlState.initial(shape), shape),
            demand=cells(demand, shape),
            progress=cells(SessionProgress(*start[: len(SessionProgress._fields)]), (shape[0], 1)),
            intensity=np.ones(shape[0]),
            offset=np.zeros(shape),
            skip=np.zeros(shape, dtype=np.bool_),
            dose=np.zeros(shape),
            peak=np.zeros(shape),
            pressure=np.zeros(shape),
            rate=np.zeros(shape),
            mode=np.zeros(shape, dtype=np.int64),
            target=np.zeros(shape),
            inlet=np.zeros(shape),
            exhaust=np.ones(shape),
            pump=np.zeros(shape[0]),
        )


class TickModel(NamedTuple):
    """What does not change while sessions run.

    Attributes
    ----------
    sensing, control : typed list of SensingParameters, ControlParameters
        Per chamber.
    sequence : SequenceParameters
    table : SequenceTable
    """

    sensing: Any
    control: Any
    sequence: SequenceParameters
    table: SequenceTable

    @staticmethod
    def of(
        sensing: SensingParameters,
        control: ControlParameters,
        sequence: SequenceParameters,
        table: SequenceTable,
        shape: tuple[int, int],
    ) -> TickModel:
        """Lay the parameters out for a batch of `shape`."""
        return TickModel(cells(sensing, shape), cells(control, shape), sequence, table)


@lru_cache
def compiled_tick() -> Tick:
    """Compile the tick, or load it from numba's cache.

    Returns
    -------
    callable
        ``tick(model, memory, request, pressure, inlet, exhaust, supply, dt)`` with a `TickModel`,
        a `TickMemory` that it advances in place, a `SequenceRequest` with garment-level values of
        shape (B, 1), raw readings (B, N), supply pressure (B,) and the time step [s].
    """
    version = fingerprint()
    sense, demand_of = sensing.sensing_law, chamber_control.chamber_demand
    actuate, drive_of = chamber_control.chamber_actuation, chamber_control.pump_drive
    ramped, skipped, scaled = sequence.ramped, sequence.skipped, sequence.scaled_target
    signs_of, advance = sequence.chamber_signs, sequence.session_progress
    order_of, expose = sequence.chamber_order, sequence.exposure

    def tick(model, memory, request, raw, inlet, exhaust, supply, dt):  # type: ignore[no-untyped-def]
        version  # noqa: B018  as a part of this closure it is one of the key of numba's cache
        table, rules = model.table, model.sequence
        course = (table.loop_start, table.loop_end, len(table.kind), table.session_time)
        chambers_each = raw.shape[1]
        for g in range(raw.shape[0]):
            before = memory.progress[g]
            row = before.stage
            goal = StageGoal(table.kind[row], table.duration[row], table.timeout[row])
            intensity = ramped(
                memory.intensity[g], request.intensity[g, 0], rules.intensity_ramp * dt
            )
            memory.intensity[g] = intensity
            known = arrived = released = vented = True
            for i in range(chambers_each):
                k = g * chambers_each + i
                memory.sensing[k], pressure, rate, _quality, _reason = sense(
                    model.sensing[k],
                    memory.sensing[k],
                    raw[g, i],
                    inlet[g, i],
                    exhaust[g, i],
                    supply[g],
                    dt,
                )
                memory.pressure[g, i], memory.rate[g, i] = pressure, rate
                offset = ramped(memory.offset[g, i], request.offset[g, i], rules.offset_ramp * dt)
                skip = skipped(
                    goal.kind, before.session_time, memory.skip[g, i], request.skip[g, i]
                )
                memory.offset[g, i], memory.skip[g, i] = offset, skip
                target = scaled(table.target[row, i], intensity, offset, table.caps[i])
                signs = signs_of(rules.arrival_band, target, table.awaited[row, i], skip, pressure)
                known &= signs.known
                arrived &= signs.arrived
                released &= signs.released
                vented &= signs.vented
                memory.dose[g, i], memory.peak[g, i] = expose(
                    before.status, memory.dose[g, i], memory.peak[g, i], pressure, dt
                )
            now = advance(
                rules,
                course,
                goal,
                before,
                (request.stop[g, 0], request.pause[g, 0], request.resume[g, 0]),
                ChamberSigns(known, arrived, released, vented),
                dt,
            )
            memory.progress[g] = now
            need = highest = 0.0
            filling = active = False
            for i in range(chambers_each):
                k = g * chambers_each + i
                target = scaled(
                    table.target[now.stage, i], intensity, memory.offset[g, i], table.caps[i]
                )
                mode, target = order_of(
                    now.status, memory.skip[g, i], table.mode[now.stage, i], target
                )
                memory.mode[g, i], memory.target[g, i] = mode, target
                demand = demand_of(
                    model.control[k],
                    memory.control[k],
                    memory.pressure[g, i],
                    memory.rate[g, i],
                    supply[g],
                    mode,
                    target,
                    dt,
                )
                memory.demand[k] = demand
                highest = max(highest, demand.target)
                active |= not demand.vent
                filling |= demand.flow > 0.0
                if demand.flow > 0.0:
                    need = max(need, demand.pressure)
            for i in range(chambers_each):
                k = g * chambers_each + i
                memory.control[k] = actuate(
                    model.control[k], memory.control[k], memory.demand[k], need
                )
                memory.inlet[g, i] = memory.control[k].inlet
                memory.exhaust[g, i] = memory.control[k].exhaust
            memory.pump[g] = drive_of(
                model.control[g * chambers_each].supply_margin,
                supply[g],
                highest,
                filling,
                active,
            )

    compiled: Tick = njit(cache=True)(tick)
    return compiled
