"""Runs the laws of sensing and control over recorded samples, sample after sample.

`interpreted` calls the core's step functions, as the nodes do. `compiled` makes one loop of the
very same laws, which takes some seconds to compile once, and pays for long recordings.
"""

# mypy reads what stands here as arrays, but numba compiles it for numbers:
# mypy: disable-error-code="no-untyped-call, no-untyped-def, arg-type, assignment, operator"

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from compression_boot_control.core.chamber_control import control_step
from compression_boot_control.core.control_parameters import ControlParameters, ControlState, Demand
from compression_boot_control.core.safety.supervision import SupervisorStep
from compression_boot_control.core.safety.supervisor import supervisor_step
from compression_boot_control.core.sensing import in_use, sensing_law, sensing_step
from compression_boot_control.core.sensing_parameters import SensingParameters, SensingState
from compression_boot_control.core.signals import (
    BoolArray,
    FloatArray,
    IntArray,
    Pressures,
    Readings,
    Setpoints,
)
from compression_boot_control.plant.compiled_control import ControlInputs, garments_control
from compression_boot_control.plant.compiled_law import fingerprint, owned, pick, put
from compression_boot_control.plant.compiled_supervisor import CompiledSupervisor


class SensingRun(NamedTuple):
    """T samples for sensing, of N chambers.

    Attributes
    ----------
    pressure, inlet, exhaust : (T, N) array
    supply, dt : (T,) array
    told : (T,) bool array
        Where the state is taken from the record, since what was before is not in it.
    told_pressure, told_rate, told_zero : (T, N) array
        What sensing said there [Pa], [Pa/s], [Pa]; NaN where it said nothing.
    told_zeroed : (T, N) bool array
        Whether it had found its zero there.
    """

    pressure: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    supply: FloatArray
    dt: FloatArray
    told: BoolArray
    told_pressure: FloatArray
    told_rate: FloatArray
    told_zero: FloatArray
    told_zeroed: BoolArray


class Sensed(NamedTuple):
    """What sensing says: (T, N) arrays."""

    pressure: FloatArray
    rate: FloatArray
    quality: IntArray
    reason: IntArray


class ControlRun(NamedTuple):
    """T samples for control, of N chambers.

    Attributes
    ----------
    pressure, rate : (T, N) array
    supply, dt : (T,) array
    mode, target : (T, N) array
        Set-points in force at each sample.
    rest : (T,) bool array
        Where the controller starts over from rest before the sample.
    """

    pressure: FloatArray
    rate: FloatArray
    supply: FloatArray
    dt: FloatArray
    mode: IntArray
    target: FloatArray
    rest: BoolArray


class Asked(NamedTuple):
    """What control asks for: (T, N), (T, N) and (T,) arrays."""

    inlet: FloatArray
    exhaust: FloatArray
    pump: FloatArray


class LoopLaws(NamedTuple):
    """The laws of the loop in one of their forms."""

    sense: Callable[[SensingParameters, SensingRun], Sensed]
    control: Callable[[ControlParameters, ControlRun], Asked]
    make_supervisor: Callable[[], SupervisorStep]


def interpreted() -> LoopLaws:
    """The laws as the nodes call them."""
    return LoopLaws(_sense, _control, lambda: supervisor_step)


def compiled() -> LoopLaws:
    """The laws compiled."""
    return LoopLaws(_sense_compiled, _control_compiled, CompiledSupervisor)


def _sense(parameters: SensingParameters, run: SensingRun) -> Sensed:
    shape = run.pressure.shape
    said = _room(shape)
    state = SensingState.initial(shape[1:])
    for t in range(shape[0]):
        readings = Readings(
            run.pressure[t], run.inlet[t], run.exhaust[t], run.supply[t], np.asarray(np.nan)
        )
        state, pressures = sensing_step(parameters, state, readings, float(run.dt[t]))
        if run.told[t]:
            state = _told(parameters, state, run, t)
            pressures = Pressures(
                run.told_pressure[t],
                run.told_rate[t],
                pressures.quality,
                pressures.reason,
                run.supply[t],
            )
        said.pressure[t], said.rate[t] = pressures.pressure, pressures.rate
        said.quality[t], said.reason[t] = pressures.quality, pressures.reason
    return said


def _told(
    parameters: SensingParameters, state: SensingState, run: SensingRun, t: int
) -> SensingState:
    """State as it follows from what sensing said at a sample."""
    known = np.isfinite(run.told_pressure[t])
    zeroed_time = np.where(run.told_zeroed[t], parameters.zero_time, 0.0)
    return state._replace(
        started=known,
        pressure=np.where(known, run.told_pressure[t], state.pressure),
        rate=np.where(known, run.told_rate[t], 0.0),
        offset=np.where(np.isfinite(run.told_zero[t]), run.told_zero[t], state.offset),
        zeroed_time=np.maximum(state.zeroed_time, zeroed_time),
    )


def _control(parameters: ControlParameters, run: ControlRun) -> Asked:
    shape = run.pressure.shape
    asked = Asked(np.empty(shape), np.empty(shape), np.empty(shape[0]))
    unused = np.zeros(shape[1:], dtype=np.int64)
    state = ControlState.initial(shape[1:])
    for t in range(shape[0]):
        if run.rest[t]:
            state = ControlState.initial(shape[1:])
        pressures = Pressures(run.pressure[t], run.rate[t], unused, unused, run.supply[t])
        setpoints = Setpoints(run.mode[t], run.target[t])
        state, actuation = control_step(parameters, state, pressures, setpoints, float(run.dt[t]))
        asked.inlet[t], asked.exhaust[t] = actuation.inlet, actuation.exhaust
        asked.pump[t] = actuation.pump
    return asked


def _room(shape: tuple[int, ...]) -> Sensed:
    whole = np.zeros(shape, dtype=np.int64)
    return Sensed(np.empty(shape), np.empty(shape), whole, whole.copy())


def _sense_compiled(parameters: SensingParameters, run: SensingRun) -> Sensed:
    said = _room(run.pressure.shape)
    state = owned(SensingState.initial((1, run.pressure.shape[1])))
    _sensing_loop()(parameters, state, run, said)
    return said


def _control_compiled(parameters: ControlParameters, run: ControlRun) -> Asked:
    shape = run.pressure.shape
    asked = Asked(np.empty(shape), np.empty(shape), np.empty(shape[0]))
    one = (1, shape[1])
    demand = owned(Demand.nothing(one))
    initial = owned(ControlState.initial(one))
    needs = np.zeros(one)
    _control_loop()(parameters, owned(initial), initial, demand, needs, run, asked)
    return asked


@lru_cache
def _sensing_loop() -> Callable[..., None]:
    """Compile the loop of sensing, or load it from numba's cache."""
    version = fingerprint()

    def loop(parameters, memory, run, said):
        version  # noqa: B018  as a part of this closure it is one of the key of numba's cache
        for t in range(run.pressure.shape[0]):
            at_ease = True
            for i in range(run.pressure.shape[1]):
                at_ease &= not in_use(run.inlet[t, i], run.exhaust[t, i])
            for i in range(run.pressure.shape[1]):
                state, pressure, rate, quality, reason = sensing_law(
                    pick(parameters, 0, i),
                    pick(memory, 0, i),
                    run.pressure[t, i],
                    run.inlet[t, i],
                    run.exhaust[t, i],
                    run.supply[t],
                    at_ease,
                    run.dt[t],
                )
                put(memory, 0, i, state)
                if run.told[t]:
                    pressure, rate = run.told_pressure[t, i], run.told_rate[t, i]
                    known = np.isfinite(pressure)
                    memory.started[0, i] = known
                    memory.rate[0, i] = rate if known else 0.0
                    if known:
                        memory.pressure[0, i] = pressure
                    if np.isfinite(run.told_zero[t, i]):
                        memory.offset[0, i] = run.told_zero[t, i]
                    if run.told_zeroed[t, i]:
                        zeroed = max(memory.zeroed_time[0, i], parameters.zero_time)
                        memory.zeroed_time[0, i] = zeroed
                said.pressure[t, i], said.rate[t, i] = pressure, rate
                said.quality[t, i], said.reason[t, i] = quality, reason

    return _jit(loop)


@lru_cache
def _control_loop() -> Callable[..., None]:
    """Compile the loop of control, or load it from numba's cache."""
    version = fingerprint()

    def loop(parameters, memory, initial, between, needs, run, asked):
        version  # noqa: B018  as above
        for t in range(run.pressure.shape[0]):
            if run.rest[t]:
                for i in range(run.pressure.shape[1]):
                    put(memory, 0, i, pick(initial, 0, i))
            inputs = ControlInputs(run.pressure[t], run.rate[t], run.mode[t], run.target[t])
            garments_control(
                parameters,
                memory,
                between,
                inputs,
                run.supply[t],
                needs,
                asked.pump[t : t + 1],
                run.pressure.shape[1],
                run.dt[t],
            )
            asked.inlet[t], asked.exhaust[t] = memory.inlet[0], memory.exhaust[0]

    return _jit(loop)


def _jit(loop: Callable[..., Any]) -> Callable[..., None]:
    made: Callable[..., None] = njit(cache=True, error_model='numpy')(loop)
    return made
