"""The control law as compiled code, for one garment or for those of a block.

`chamber_demand` and `chamber_actuation` are those of core/, compiled for one chamber's numbers. The
control node takes its step from here: on a dozen chambers numpy spends its time on the calls, not
on the numbers.
"""

# mypy reads what stands here as arrays, but numba compiles it for numbers:
# mypy: disable-error-code="no-untyped-call, no-untyped-def, arg-type, assignment, operator"

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from compression_boot_control.core.chamber_control import (
    chamber_actuation,
    chamber_demand,
    pump_drive,
)
from compression_boot_control.core.control_parameters import ControlParameters, ControlState, Demand
from compression_boot_control.core.signals import (
    Actuation,
    FloatArray,
    IntArray,
    Pressures,
    Setpoints,
)
from compression_boot_control.plant.compiled_law import fingerprint, owned, pick, put
from compression_boot_control.plant.kernel import compiled


class ControlInputs(NamedTuple):
    """What control gets of each chamber; see `chamber_demand`.

    Attributes
    ----------
    pressure, rate, mode, target : (N,) or (B, N) array
    """

    pressure: FloatArray
    rate: FloatArray
    mode: IntArray
    target: FloatArray


def garments_control(parameters, state, between, inputs, supplies, needs, pumps, chambers, dt):
    """Advance the control of the first garments by one sample.

    Named tuples may be of arrays (N,), for one garment, of arrays (B, N), or of `Lanes`. The inner
    loops run over the garments, whose numbers lie side by side there.

    Parameters
    ----------
    parameters : ControlParameters
    state : ControlState
        Advanced in place. Its inlet and exhaust are the commands.
    between : Demand
        Room for what is asked for, of arrays like those of the state.
    inputs : ControlInputs
    supplies : array or float
        Pressure of the rail [Pa]; NaN if not measured.
    needs : array
        Room for the highest pressure of a hungry chamber of the garment.
    pumps : (B,) array
        Gets the pumps' drive [0..1]; as many garments are advanced as there are pumps.
    chambers : int
    dt : float
        Time since the last sample [s].
    """
    garments = len(pumps)
    for i in range(chambers):
        for g in range(garments):
            seen = pick(inputs, g, i)
            demand = chamber_demand(
                pick(parameters, g, i),
                pick(state, g, i),
                seen.pressure,
                seen.rate,
                pick(supplies, g, i),
                seen.mode,
                seen.target,
                dt,
            )
            put(between, g, i, demand)
    for g in range(garments):
        need = highest = 0.0
        hungry = active = False
        for i in range(chambers):
            demand = pick(between, g, i)
            highest = max(highest, demand.target)
            active |= not demand.vent
            hungry |= demand.hungry
            if demand.hungry:
                need = max(need, demand.pressure)
        supply, margin = pick(supplies, g, 0), pick(parameters, g, 0).supply_margin
        pumps[g] = pump_drive(margin, supply, highest, hungry, active)
        for i in range(chambers):
            put(needs, g, i, need)
    for i in range(chambers):
        for g in range(garments):
            control = chamber_actuation(
                pick(parameters, g, i),
                pick(state, g, i),
                pick(between, g, i),
                pick(needs, g, i),
            )
            put(state, g, i, control)


register_jitable(error_model='numpy', forceinline=True)(garments_control)


def _compiled_step(example: tuple[Any, ...]) -> Callable[..., None]:
    """Compile the step of one garment, or load it from numba's cache."""
    version = fingerprint()

    def step(parameters, state, between, inputs, supply, needs, pump, dt):
        version  # noqa: B018  as a part of this closure it is one of the key of numba's cache
        garments_control(parameters, state, between, inputs, supply, needs, pump, len(needs), dt)

    made: Callable[..., None] = compiled(step, example)
    return made


class CompiledControl:
    """`control_step` of one garment, with its state.

    The first one that is made compiles the law, some seconds, or loads it from numba's cache.

    Parameters
    ----------
    parameters : ControlParameters
        Of arrays (N,).

    Attributes
    ----------
    state : ControlState
        Of arrays (N,), which each step overwrites.
    """

    def __init__(self, parameters: ControlParameters) -> None:
        self._parameters = parameters
        self._shape = parameters.rest_volume.shape
        self._between = owned(Demand.nothing(self._shape))
        self._needs, self._pump = np.zeros(self._shape), np.zeros(1)
        self.rest()
        unknown = np.full(self._shape, np.nan)
        vent = np.zeros(self._shape, dtype=np.int64)
        self._law = _compiled_step(self._arguments(unknown, unknown, np.nan, vent, unknown, 0.0))
        self.rest()

    def rest(self) -> None:
        """Start over: vented, nothing switched yet."""
        self.state = owned(ControlState.initial(self._shape))

    def step(self, pressures: Pressures, setpoints: Setpoints, dt: float) -> Actuation:
        """Advance by one sample; see `control_step`."""
        self._law(
            *self._arguments(
                pressures.pressure,
                pressures.rate,
                pressures.supply_pressure,
                setpoints.mode,
                setpoints.target,
                dt,
            )
        )
        return Actuation(
            self.state.inlet.copy(), self.state.exhaust.copy(), np.asarray(self._pump[0])
        )

    def _arguments(self, pressure, rate, supply, mode, target, dt) -> tuple[Any, ...]:
        # of one type each, or numba would compile anew while chambers wait
        return (
            self._parameters,
            self.state,
            self._between,
            ControlInputs(
                np.array(pressure, dtype=np.float64),
                np.array(rate, dtype=np.float64),
                np.array(mode, dtype=np.int64),
                np.array(target, dtype=np.float64),
            ),
            float(supply),
            self._needs,
            self._pump,
            float(dt),
        )
