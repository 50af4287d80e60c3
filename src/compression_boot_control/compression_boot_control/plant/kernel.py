"""The simulated boots advanced by compiled code: what ``step.py`` does, some hundred times faster.

It compiles the functions of ``equations.py`` themselves and holds no equation of its own. Its inner
loops run over the garments of a block, whose numbers lie side by side, several at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numba import njit
from numba.extending import register_jitable
from numpy.lib.stride_tricks import as_strided

from compression_boot_control.core.signals import Actuation, FloatArray, IntArray, Readings
from compression_boot_control.plant import equations as eq
from compression_boot_control.plant import kernel_parts as parts
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.memory import Memory

Kernel = Callable[..., None]


def advance(memory: Memory, actuation: Actuation, noise: FloatArray, substeps: int) -> Readings:
    """Advance the boots by some substeps and read the sensors once; see ``step.advance``."""
    flat, garments = (memory.count, memory.chambers), (memory.count,)
    chambers = np.empty((3, *memory.shape))
    scalars = np.empty((2, *memory.shape[:-1]))
    kernel(memory.width)(
        memory.cells,
        memory.neighbours,
        _as(flat, actuation.inlet, memory.shape),
        _as(flat, actuation.exhaust, memory.shape),
        _as(garments, actuation.pump, memory.shape[:-1]),
        noise.reshape(memory.count, memory.chambers + 1),
        chambers.reshape(3, *flat),
        scalars.reshape(2, *garments),
        memory.substep,
        substeps,
    )
    pressure, inlet, exhaust = chambers
    return Readings(pressure, inlet, exhaust, scalars[0, ...], scalars[1, ...])


def _as(flat: tuple[int, ...], values: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Bring values to one axis of garments, contiguous, as the kernel has been compiled for."""
    array = np.asarray(values, dtype=np.float64, order='C')
    if array.shape != shape or not array.flags.writeable:
        array = np.array(np.broadcast_to(array, shape), order='C')
    return array.reshape(flat)


OPTIONS = {'error_model': 'numpy', 'forceinline': True}
"""Numbers divide as numpy's do, and all becomes one function, which vectorises."""

for _function in (*parts.SHARED, *parts.PARTS):
    register_jitable(**OPTIONS)(_function)


def fingerprint(functions: tuple[Any, ...] = (*parts.SHARED, *parts.PARTS)) -> str:
    """Digest of what the kernel is compiled from.

    Numba notices changes of this file only; the digest notices those of the functions and numbers
    of other modules.
    """
    digest = hashlib.sha256()
    for function in functions:
        code = function.__code__
        numbers = [
            value
            for name in code.co_names
            if isinstance(value := function.__globals__.get(name), int | float)
        ]
        seen = (code.co_code, code.co_consts, code.co_names, function.__defaults__, numbers)
        digest.update(repr(seen).encode())
    rows = {name: value for name, value in vars(at).items() if name.isupper()}
    digest.update(repr(sorted(rows.items())).encode())
    return digest.hexdigest()


@lru_cache
def kernel(width: int) -> Kernel:
    """Compile the kernel, or load it from numba's cache, for blocks of so many garments.

    The cache lies beside this file, or in the user's cache directory where that cannot be written,
    or where NUMBA_CACHE_DIR says. Where none can be written, it compiles anew in each process.
    """
    version = fingerprint()
    step = advance_function(width)

    def advance(
        cells: FloatArray,
        neighbours: IntArray,
        inlet: FloatArray,
        exhaust: FloatArray,
        pump: FloatArray,
        noise: FloatArray,
        chambers: FloatArray,
        scalars: FloatArray,
        substep: float,
        substeps: int,
    ) -> None:
        version  # noqa: B018  as a part of this closure it is one of the key of numba's cache
        step(cells, neighbours, inlet, exhaust, pump, noise, chambers, scalars, substep, substeps)

    return compiled(advance, _example(width))


@lru_cache
def advance_function(width: int) -> Callable[..., None]:
    """Function that the kernel consists of, for compiled code to call."""
    row = 8 * width

    def advance(
        cells: FloatArray,
        neighbours: IntArray,
        inlet: FloatArray,
        exhaust: FloatArray,
        pump: FloatArray,
        noise: FloatArray,
        chambers: FloatArray,
        scalars: FloatArray,
        substep: float,
        substeps: int,
    ) -> None:
        records, garments = cells.shape[1], inlet.shape[0]
        # a loop of unknown length is vectorised, a short known one would be unrolled instead
        lanes = cells.shape[3] if width > 1 else 1
        for block in range(cells.shape[0]):
            cell = cells[block]
            # with all distances known in advance, the compiler sees that no two numbers overlap
            first = as_strided(cell[0], (1, at.ROWS, width), (at.ROWS * row, row, 8))
            for lane in range(lanes):
                garment = min(block * width + lane, garments - 1)
                drive = eq.inlet_command(pump[garment])
                cell[0, at.PUMP_COMMAND, lane] = drive
                scalars[1, garment] = drive
                for record in range(1, records):
                    port = int(cell[record, at.PORT, lane])
                    fill = eq.inlet_command(inlet[garment, port])
                    vent = eq.exhaust_command(exhaust[garment, port])
                    parts.command(cell, record, lane, fill, vent)
                    chambers[1, garment, port] = fill
                    chambers[2, garment, port] = vent
            for _ in range(substeps):
                for record in range(1, records):
                    one, other = neighbours[record - 1, 0], neighbours[record - 1, 1]
                    for lane in range(lanes):
                        parts.feel_neighbours(cell, record, lane, one, other)
                for record in range(1, records):
                    pair = as_strided(
                        cell[record - 1], (2, at.ROWS, width), (at.ROWS * row, row, 8)
                    )
                    for lane in range(lanes):
                        parts.balance_chamber(pair, lane, substep)
                for lane in range(lanes):
                    cell[0, at.INLETS, lane] = cell[records - 1, at.INLET_SUM, lane]
                    cell[0, at.INLET_BASES, lane] = cell[records - 1, at.INLET_BASE_SUM, lane]
                for lane in range(lanes):
                    parts.balance_supply(first, lane, substep)
                for record in range(1, records):
                    pair = as_strided(
                        cell[record - 1], (2, at.ROWS, width), (at.ROWS * row, row, 8)
                    )
                    for lane in range(lanes):
                        parts.move_gas(pair, lane, substep)
                for lane in range(lanes):
                    cell[0, at.FILLED, lane] = cell[records - 1, at.FILLED_SUM, lane]
                for lane in range(lanes):
                    parts.empty_supply(first, lane)
            for lane in range(lanes):
                garment = min(block * width + lane, garments - 1)
                scalars[0, garment] = parts.read_supply(cell, lane, noise[garment, records - 1])
                for record in range(1, records):
                    port = int(cell[record, at.PORT, lane])
                    chambers[0, garment, port] = parts.read_port(
                        cell, record, lane, noise[garment, port], substeps * substep
                    )

    return cast(Callable[..., None], register_jitable(**OPTIONS)(advance))


def _example(width: int) -> tuple[Any, ...]:
    """Arguments of the kernel, for one chamber and no substep."""
    return (
        np.zeros((1, 2, at.ROWS, width)),
        np.zeros((1, 2), dtype=np.int64),
        *(np.zeros((1, 1)) for _ in range(2)),
        np.zeros(1),
        np.zeros((1, 2)),
        np.zeros((3, 1, 1)),
        np.zeros((2, 1)),
        0.0,
        0,
    )


def compiled(function: Callable[..., Any], example: tuple[Any, ...]) -> Kernel:
    """Compile a function for arguments like these, with numba's cache where there is one."""
    try:
        kernel = njit(cache=True, error_model='numpy')(function)
        kernel(*example)
    except (RuntimeError, OSError):  # no directory that can be written, or a full disk
        kernel = njit(error_model='numpy')(function)
        kernel(*example)
    return kernel  # type: ignore[no-any-return]
