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
from compression_boot_control.plant.lanes import ARRAYS, Lanes, made

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
_COMPILED = (
    'lanes.py',
    'compiled_law.py',
    'compiled_control.py',
    'tick_block.py',
    'compiled_tick.py',
)
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
    """Numbers of one chamber, from arrays (B, N) or (N,), from `Lanes`, and from plain numbers."""
    raise TypeError('pick is for compiled code')


def put(values, garment, chamber, numbers):
    """Write the numbers of one chamber into arrays (B, N) or (N,), or into `Lanes`."""
    raise TypeError('put is for compiled code')


class _Places:
    """Where the numbers of one chamber are: in arrays, or in a row of `Lanes` for each array."""

    def __init__(self, kind: Any) -> None:
        self._lanes = getattr(kind, 'instance_class', None) is Lanes
        self._rows = 0
        self.values = kind.types[0] if self._lanes else kind
        self.path = 'values[0]' if self._lanes else 'values'

    def place(self, kind: Any, path: str) -> str:
        """Name the place of the next array's number."""
        if not self._lanes:
            return f'{path}[chamber]' if kind.ndim == 1 else f'{path}[garment, chamber]'
        self._rows += 1
        return f'cells[row{self._rows - 1}]'

    def number(self, kind: Any, path: str) -> str:
        """Read the next array's number, in its own type."""
        place = self.place(kind, path)
        if self._lanes and isinstance(kind.dtype, types.Boolean):
            return f'{place} != 0.0'
        return f'int({place})' if self._lanes and isinstance(kind.dtype, types.Integer) else place

    @property
    def opening(self) -> list[str]:
        """Lines that find the rows that were named."""
        if not self._rows:
            return []
        return [
            '_, cells, rows, width, first = values',
            # a place that cannot be negative needs no look at the array's end
            'step = uintp(width)',
            'row0 = uintp((chamber * rows + first) * width + garment)',
            *(f'row{row} = row{row - 1} + step' for row in range(1, self._rows)),
        ]


def _numbers(kind: Any, path: str, places: _Places) -> str:
    if isinstance(kind, types.BaseNamedTuple):
        fields = (_numbers(each, f'{path}[{k}]', places) for k, each in enumerate(kind.types))
        return f'{kind.instance_class.__name__}({", ".join(fields)})'
    return places.number(kind, path) if isinstance(kind, ARRAYS) else path


def _assignments(kind: Any, path: str, source: str, places: _Places) -> list[str]:
    if isinstance(kind, types.BaseNamedTuple):
        return [
            line
            for k, each in enumerate(kind.types)
            for line in _assignments(each, f'{path}[{k}]', f'{source}[{k}]', places)
        ]
    if not isinstance(kind, ARRAYS):
        return []
    return [f'{places.place(kind, path)} = {source}']


def _classes(kind: Any) -> dict[str, Any]:
    if not isinstance(kind, types.BaseNamedTuple):
        return {}
    found: dict[str, Any] = {kind.instance_class.__name__: kind.instance_class}
    for field in kind.types:
        found |= _classes(field)
    return found


@overload(pick, jit_options={'forceinline': True})
def _pick(values, garment, chamber):
    places = _Places(values)
    body = _numbers(places.values, places.path, places)
    return made(
        'values, garment, chamber',
        [*places.opening, f'return {body}'],
        {'uintp': np.uintp, **_classes(places.values)},
    )


@overload(put, jit_options={'forceinline': True})
def _put(values, garment, chamber, numbers):
    places = _Places(values)
    lines = _assignments(places.values, places.path, 'numbers', places)
    return made('values, garment, chamber, numbers', [*places.opening, *lines], {'uintp': np.uintp})


Owned = TypeVar('Owned')


def owned(values: Owned) -> Owned:
    """Copy of a named tuple in which no two fields share an array, for writing in place."""
    if isinstance(values, tuple):
        return cast(Owned, type(values)(*(owned(value) for value in values)))
    return cast(Owned, np.array(values))
