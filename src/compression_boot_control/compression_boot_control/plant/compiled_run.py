"""Boots and tick in one compiled loop, for whole sessions of a batch."""

# mypy reads what stands here as arrays, but numba compiles it for numbers:
# mypy: disable-error-code="no-untyped-call, no-untyped-def, arg-type, assignment, operator"

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit

from compression_boot_control.core.sequence_step import DONE
from compression_boot_control.core.signals import FloatArray, IntArray
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.compiled_law import fingerprint, pick
from compression_boot_control.plant.compiled_tick import (
    BlockCommands,
    BlockReadings,
    advance_block,
    sessions_of,
)
from compression_boot_control.plant.kernel import advance_function
from compression_boot_control.plant.kernel import fingerprint as kernel_fingerprint
from compression_boot_control.plant.tick_block import (
    block_kinds,
    block_parts,
    block_rows,
    fixed_chambers,
    kept_chambers,
    load_block,
    store_block,
)


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


def note(kinds, held, width, progress, cell, supply, first, trace, t):
    """Write a tick of a block into a trace."""
    _fixed, kept, _room = block_parts(kinds, held, width)
    for lane in range(len(supply)):
        g = first + lane
        trace.cycle[t, g] = progress.cycle[g, 0]
        trace.stage[t, g] = progress.stage[g, 0]
        trace.supply_pressure[t, g] = supply[lane]
        for i in range(trace.mode.shape[2]):
            inputs = pick(kept.inputs, lane, i)
            trace.mode[t, g, i] = inputs.mode
            trace.target[t, g, i] = inputs.target
            trace.pressure[t, g, i] = inputs.pressure
            trace.true_pressure[t, g, i] = cell[i + 1, at.PRESSURE, lane]


note = njit(error_model='numpy', _nrt=False)(note)


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
        fixed, kept = fixed_chambers(model, request), kept_chambers(memory)
        kinds, sessions = block_kinds(fixed, kept), sessions_of(memory, request)
        held = np.zeros(count * block_rows(kinds) * width)
        pumps = np.zeros(width)
        # block by block through all ticks: what one block needs stays in the processor's cache
        for block in range(blocks):
            first = block * width
            last = min(first + width, garments)
            readings = np.empty((3, last - first, count))
            scalars = np.empty((2, last - first))
            finished = 1
            load_block(fixed, kept, held, count, width, first, last - first)
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
                advance_block(
                    kinds,
                    held,
                    width,
                    model.table,
                    model.sequence,
                    sessions,
                    BlockReadings(readings[0], readings[1], readings[2], scalars[0]),
                    BlockCommands(
                        memory.inlet[first:last],
                        memory.exhaust[first:last],
                        memory.pump[first:last],
                    ),
                    pumps,
                    dt,
                    first,
                )
                note(
                    kinds, held, width, sessions.progress, cells[block], scalars[0], first, trace, t
                )
                going = False
                for g in range(first, last):
                    going |= memory.progress.status[g, 0] != DONE
                if going:
                    finished = min(t + 2, noise.shape[0])
                elif blocks == 1:
                    break
            store_block(fixed, kept, held, count, width, first, last - first)
            ticks = max(ticks, finished)
        return ticks

    compiled: Callable[..., int] = njit(cache=True, error_model='numpy')(run)
    return compiled
