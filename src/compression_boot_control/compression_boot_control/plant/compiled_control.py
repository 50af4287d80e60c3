"""The control law as compiled code, for one garment of a batch at a time.

`chamber_demand` and `chamber_actuation` are those of core/, compiled for one chamber's numbers. The
control node takes its step from here: on a dozen chambers numpy spends its time on the calls, not
on the numbers.
"""

# mypy reads what stands here as arrays, but numba compiles it for numbers:
# mypy: disable-error-code="no-untyped-call, no-untyped-def, arg-type, assignment, operator"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.extending import register_jitable

from compression_boot_control.core.chamber_control import (
    chamber_actuation,
    chamber_demand,
    pump_drive,
)
from compression_boot_control.core.control_parameters import ControlParameters, ControlState, Demand
from compression_boot_control.core.signals import Actuation, Pressures, Setpoints
from compression_boot_control.plant.compiled_law import fingerprint, owned, pick, put
from compression_boot_control.plant.kernel import compiled


def garment_control(parameters, state, between, garment, pressure, rate, supply, mode, target, dt):
    """Advance the control of one garment by one sample; tells the pump's drive [0..1].

    Parameters
    ----------
    parameters : ControlParameters
        Of arrays (N,) or (B, N).
    state : ControlState
        Of arrays (N,) or (B, N); advanced in place. Its inlet and exhaust are the commands.
    between : Demand
        Room for what is asked for, of arrays like those of the state.
    garment : int
        Row of the batch.
    pressure, rate, mode, target : (N,) array
        Of this garment; see `chamber_demand`.
    supply : float
        Pressure of the rail [Pa]; NaN if not measured.
    dt : float
        Time since the last sample [s].
    """
    need = highest = 0.0
    hungry = active = False
    for i in range(len(pressure)):
        demand = chamber_demand(
            pick(parameters, garment, i),
            pick(state, garment, i),
            pressure[i],
            rate[i],
            supply,
            mode[i],
            target[i],
            dt,
        )
        put(between, garment, i, demand)
        highest = max(highest, demand.target)
        active |= not demand.vent
        hungry |= demand.hungry
        if demand.hungry:
            need = max(need, demand.pressure)
    for i in range(len(pressure)):
        control = chamber_actuation(
            pick(parameters, garment, i),
            pick(state, garment, i),
            pick(between, garment, i),
            need,
        )
        put(state, garment, i, control)
    return pump_drive(parameters.supply_margin, supply, highest, hungry, active)


register_jitable(garment_control)


def _compiled_step(example: tuple[Any, ...]) -> Callable[..., float]:
    """Compile the step of one garment, or load it from numba's cache."""
    version = fingerprint()

    def step(parameters, state, between, pressure, rate, supply, mode, target, dt):
        version  # noqa: B018  as a part of this closure it is one of the key of numba's cache
        return garment_control(
            parameters, state, between, 0, pressure, rate, supply, mode, target, dt
        )

    made: Callable[..., float] = compiled(step, example)
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
        pump = self._law(
            *self._arguments(
                pressures.pressure,
                pressures.rate,
                pressures.supply_pressure,
                setpoints.mode,
                setpoints.target,
                dt,
            )
        )
        return Actuation(self.state.inlet.copy(), self.state.exhaust.copy(), np.asarray(pump))

    def _arguments(self, pressure, rate, supply, mode, target, dt) -> tuple[Any, ...]:
        # of one type each, or numba would compile anew while chambers wait
        return (
            self._parameters,
            self.state,
            self._between,
            np.array(pressure, dtype=np.float64),
            np.array(rate, dtype=np.float64),
            float(supply),
            np.array(mode, dtype=np.int64),
            np.array(target, dtype=np.float64),
            float(dt),
        )
