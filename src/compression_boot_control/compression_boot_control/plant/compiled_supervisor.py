"""The supervisor's step as compiled code, for recordings that are judged again.

It compiles the functions of core/safety/ themselves, for the arrays of one garment, as
`compiled_tick` does with those of sensing and control. It holds no law of its own.
"""

# mypy reads what stands here as Python, but numba compiles it:
# mypy: disable-error-code="no-untyped-call, no-untyped-def, arg-type, assignment, operator"

from __future__ import annotations

import hashlib
from collections import namedtuple
from collections.abc import Callable
from dataclasses import astuple, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload, register_jitable

from compression_boot_control.core.safety import air_account, expectation, supervisor, watch
from compression_boot_control.core.safety.limits import SafetyLimits
from compression_boot_control.core.safety.supervisor import (
    SafetyInputs,
    SafetyState,
    SafetyTable,
    condition_rows,
    verdict,
)
from compression_boot_control.core.safety.watch import signs, watch_step
from compression_boot_control.plant.compiled_law import owned

_MODULES = (air_account, expectation, supervisor, watch)
_FUNCTIONS = (
    expectation.air_beyond_slack,
    expectation.air_needed,
    expectation.least_air_beyond_slack,
    expectation.most_air,
    expectation.most_air_beyond_slack,
    expectation.most_topping,
    expectation.beyond_dead_band,
    expectation.orifice_flow,
    expectation.flow_bounds,
    expectation.most_outflow,
    expectation.valve_flow,
    expectation.expected_flow,
    expectation.hose_rise,
    expectation.vented,
    air_account.expected_air,
    air_account.most_inside,
    air_account.passed_air,
    air_account.explained_air,
    air_account.account_step,
    air_account.inside_by_expectation,
    air_account.hold_of,
    watch_step,
    watch.kinked,
    watch.without_inflating,
    signs,
    condition_rows,
    verdict,
)
for _function in _FUNCTIONS:
    register_jitable(_function)

CompiledLimits = namedtuple('CompiledLimits', [field.name for field in fields(SafetyLimits)])  # type: ignore[misc]
"""The limits in a form that numba knows."""


@overload(expectation.across_chambers)
def _across_chambers(values):
    def across_chambers(values):
        return np.array([values.sum()])

    return across_chambers


@overload(expectation.around_chambers)
def _around_chambers(touching, values):
    def around_chambers(touching, values):
        summed = np.zeros_like(values)
        for chamber in range(len(values)):
            for other in range(len(values)):
                summed[chamber] += touching[chamber, other] * values[other]
        return summed

    return around_chambers


@overload(supervisor.any_hazard)
def _any_hazard(found):
    def any_hazard(found):
        told = np.zeros(found.shape[0], dtype=np.bool_)
        for chamber in range(found.shape[0]):
            told[chamber] = found[chamber].any()
        return told

    return any_hazard


@overload(supervisor.on_same_leg)
def _on_same_leg(same_leg, found):
    def on_same_leg(same_leg, found):
        told = np.zeros(found.shape[0], dtype=np.bool_)
        for chamber in range(found.shape[0]):
            told[chamber] = (found & same_leg[chamber]).any()
        return told

    return on_same_leg


@overload(supervisor.anywhere)
def _anywhere(found):
    def anywhere(found):
        return np.array([found.any()])

    return anywhere


def fingerprint() -> str:
    """Digest of the sources that the step is compiled from: numba watches this file only."""
    digest = hashlib.sha256()
    for module in _MODULES:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


def overwrite(arrays, values):
    """Write the arrays of a named tuple into those of another."""
    raise TypeError('overwrite is for compiled code')


def _assignments(kind: Any, place: str) -> list[str]:
    if isinstance(kind, types.BaseNamedTuple):
        fields_of = (_assignments(field, f'{place}[{i}]') for i, field in enumerate(kind.types))
        return [line for lines in fields_of for line in lines]
    return [f'    arrays{place}[:] = values{place}']


@overload(overwrite)
def _overwrite(arrays, values):
    names: dict[str, Any] = {}
    exec('\n'.join(['def made(arrays, values):', *_assignments(arrays, '')]), names)
    return names['made']


@lru_cache
def _compiled() -> Callable[..., None]:
    """Compile the step, or load it from numba's cache; it writes into the arrays of the state."""
    version = fingerprint()

    def step(table, limits, belief, state, inputs, dt, sample_dt):
        version  # noqa: B018  as a part of this closure it is one of the key of numba's cache
        watched = state.watch
        if sample_dt > 0.0:
            watched = watch_step(belief, watched, inputs.raw, inputs.orders, sample_dt)
        found = signs(limits, belief, watched, inputs.orders)
        rows = condition_rows(limits, inputs, inputs.rival, inputs.second, found)
        present = np.empty((len(inputs.raw), len(rows)), dtype=np.bool_)
        for place in range(len(rows)):
            present[:, place] = rows[place]
        heard = np.isfinite(inputs.state_age) & np.isfinite(inputs.request_age)
        overwrite(state.watch, watched)
        overwrite(state, verdict(table, state, present, heard, dt))

    compiled: Callable[..., None] = njit(cache=True, error_model='numpy')(step)
    return compiled


class CompiledSupervisor:
    """`supervisor_step` for one garment, compiled; the state that it gives lives in its arrays.

    It does what `core.safety.supervision.Supervision` wants of its `step`. Everything that
    `SafetyInputs` may leave out must be there.
    """

    def __init__(self) -> None:
        self._step = _compiled()
        self._state: SafetyState | None = None
        self._constants: tuple[Any, ...] = ()

    def __call__(
        self,
        table: SafetyTable,
        state: SafetyState,
        inputs: SafetyInputs,
        dt: float,
        sample_dt: float | None = None,
    ) -> SafetyState:
        """Advance by one cycle; see `supervisor_step`."""
        if state is not self._state:
            self._state = state = owned(state)
            limits = CompiledLimits(*astuple(table.limits))
            belief = owned(table.expectation)
            self._constants = (owned(table._replace(limits=(), expectation=())), limits, belief)
        elapsed = dt if sample_dt is None else sample_dt
        self._step(*self._constants, state, inputs, dt, elapsed)
        return state
