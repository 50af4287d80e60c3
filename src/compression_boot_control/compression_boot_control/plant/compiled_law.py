"""The laws of core/ for compiled code, and the way from arrays to the numbers of one chamber.

It hands the functions of core/ themselves to numba; the nodes and tests run the very same functions
on arrays. It holds no law of its own.
"""

# mypy reads what stands here as arrays, but numba compiles it for numbers:
# mypy: disable-error-code="no-untyped-call, no-untyped-def, arg-type, assignment, operator"

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numba import types
from numba.extending import overload, register_jitable

from compression_boot_control.core import (
    capacity_learning,
    chamber_control,
    chambers,
    control_parameters,
    pid,
    pneumatics,
    sensing,
    sensing_parameters,
    sequence,
    sequence_step,
    session_errors,
    signals,
)

_MODULES = (
    capacity_learning,
    chamber_control,
    chambers,
    control_parameters,
    pid,
    pneumatics,
    sensing,
    sensing_parameters,
    sequence,
    sequence_step,
    session_errors,
    signals,
)
_COMPILED = ('compiled_law.py', 'compiled_control.py', 'compiled_tick.py')
"""Files beside this one whose functions go into compiled code elsewhere."""

_FUNCTIONS = (
    pneumatics.orifice_flow,
    pneumatics.hose_drop,
    pneumatics.chamber_capacity,
    pid.pid_step,
    chamber_control.opening_for,
    chamber_control.beyond_dead_band,
    chamber_control.rail_guard,
    chamber_control.inflow_of,
    chamber_control.chamber_demand,
    chamber_control.chamber_actuation,
    chamber_control.pump_drive,
    capacity_learning.learned_capacity,
    sensing.in_use,
    sensing.sensing_law,
    sequence_step.at_start,
    sequence_step.course_of,
    sequence_step.ramped,
    sequence_step.skipped,
    sequence_step.scaled_target,
    sequence_step.chamber_signs,
    sequence_step.session_progress,
    sequence_step.warming_up,
    sequence_step.chamber_order,
    sequence_step.exposure,
)
for _function in _FUNCTIONS:
    # one function in the end: handing over a chamber's hundred numbers costs as much as a law
    register_jitable(error_model='numpy', forceinline=True)(_function)


@overload(chambers.where)
def _where(condition, yes, no):
    if not isinstance(condition, types.Boolean):
        return None

    def choose(condition, yes, no):
        return yes if condition else no

    return choose


def fingerprint() -> str:
    """Digest of the sources that a law is compiled from: numba watches the caller's file only."""
    digest = hashlib.sha256()
    beside = [Path(__file__).with_name(name) for name in _COMPILED]
    for path in (*(Path(str(module.__file__)) for module in _MODULES), *beside):
        digest.update(path.read_bytes())
    return digest.hexdigest()


# Named tuples of arrays hold what lasts; the functions of core/ take named tuples of numbers. These
# two go between, field by field; numba makes their code from the fields of the type that it meets.


def pick(values, garment, chamber):
    """Numbers of one chamber, from arrays (B, N) or (N,) and from plain numbers."""
    raise TypeError('pick is for compiled code')


def put(values, garment, chamber, numbers):
    """Write the numbers of one chamber into arrays (B, N) or (N,)."""
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
    place = 'chamber' if kind.ndim == 1 else 'garment, chamber'
    return [f'    {target}[{place}] = {source}']


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


Owned = TypeVar('Owned')


def owned(values: Owned) -> Owned:
    """Copy of a named tuple in which no two fields share an array, for writing in place."""
    if isinstance(values, tuple):
        return cast(Owned, type(values)(*(owned(value) for value in values)))
    return cast(Owned, np.array(values))
