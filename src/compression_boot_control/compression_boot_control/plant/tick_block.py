"""What a block of garments holds of its chambers while compiled code advances it, see `lanes`."""

# mypy reads what stands here as arrays, but numba compiles it for numbers:
# mypy: disable-error-code="no-untyped-call, no-untyped-def, arg-type, assignment"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numba.extending import register_jitable

from compression_boot_control.core.control_parameters import ControlParameters, ControlState, Demand
from compression_boot_control.core.pid import PidState
from compression_boot_control.core.sensing_parameters import SensingParameters, SensingState
from compression_boot_control.core.sequence import ChamberSigns
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray
from compression_boot_control.plant.compiled_control import ControlInputs
from compression_boot_control.plant.lanes import load, rows, side_by_side, store, without_arrays


class ChamberWish(NamedTuple):
    """What a person wants of each chamber; see `SequenceRequest`."""

    offset: FloatArray
    skip: BoolArray


class ChamberCourse(NamedTuple):
    """What a session has made of each chamber; see `SequenceState`."""

    offset: FloatArray
    skip: BoolArray
    dose: FloatArray
    peak: FloatArray


class ChamberSample(NamedTuple):
    """What a tick knows of each chamber before it looks at its pressure.

    Attributes
    ----------
    raw, inlet, exhaust : array
        Readings of the sample.
    at_ease : bool array
        All chambers of the garment are open to the atmosphere.
    kind, status, intensity : array
        Of the garment's session; see `StageGoal` and `SequenceState`.
    begins : bool array
        It stands at its start; see `at_start`.
    planned, awaited, cap : array
        Of the present stage; see `SequenceTable`.
    """

    raw: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    at_ease: BoolArray
    kind: IntArray
    status: IntArray
    begins: BoolArray
    intensity: FloatArray
    planned: FloatArray
    awaited: BoolArray
    cap: FloatArray


class FixedChambers(NamedTuple):
    """What no tick changes."""

    sensing: SensingParameters
    control: ControlParameters
    wish: ChamberWish


class KeptChambers(NamedTuple):
    """What lasts from tick to tick, and what was estimated and ordered last."""

    sensing: SensingState
    control: ControlState
    course: ChamberCourse
    inputs: ControlInputs


class ChamberRoom(NamedTuple):
    """What one part of a tick leaves to the next; for the last two see `garments_control`."""

    sample: ChamberSample
    signs: ChamberSigns
    demand: Demand
    supplies: FloatArray
    needs: FloatArray


class BlockKinds(NamedTuple):
    """Plain numbers and types of what a block holds: `without_arrays`."""

    fixed: FixedChambers
    kept: KeptChambers
    room: ChamberRoom


jitable = register_jitable(error_model='numpy', forceinline=True)


@jitable
def fixed_chambers(model, request):
    """Put together what no tick changes of `TickModel` and `SequenceRequest`."""
    return FixedChambers(model.sensing, model.control, ChamberWish(request.offset, request.skip))


@jitable
def kept_chambers(memory):
    """Put together what `TickMemory` keeps of each chamber."""
    return KeptChambers(
        memory.sensing,
        memory.control,
        ChamberCourse(memory.offset, memory.skip, memory.dose, memory.peak),
        ControlInputs(memory.pressure, memory.rate, memory.mode, memory.target),
    )


@jitable
def block_kinds(fixed, kept):
    """Say what a block holds."""
    real, truth, whole = np.float64, np.bool_, np.int64
    sample = ChamberSample(real, real, real, truth, whole, whole, truth, real, real, truth, real)
    signs = ChamberSigns(truth, truth, truth, truth)
    demand = Demand(PidState(real, real), real, truth, truth, truth, truth, real, real, real, real)
    room = ChamberRoom(sample, signs, demand, real, real)
    return BlockKinds(without_arrays(fixed), without_arrays(kept), room)


@jitable
def block_rows(kinds):
    """Count the rows of a block."""
    return rows(kinds.fixed) + rows(kinds.kept) + rows(kinds.room)


@jitable
def block_parts(kinds, cells, width):
    """Name what the cells of a block hold: `FixedChambers` and so on, of `Lanes`."""
    total, fixed, kept = block_rows(kinds), rows(kinds.fixed), rows(kinds.kept)
    return (
        side_by_side(kinds.fixed, cells, width, total, 0),
        side_by_side(kinds.kept, cells, width, total, fixed),
        side_by_side(kinds.room, cells, width, total, fixed + kept),
    )


def load_block(fixed, kept, cells, chambers, width, first, garments):
    """Bring the garments from `first` on into the lanes of a block.

    Lanes without a garment of their own go along as copies of the last one.
    """
    total = block_rows(block_kinds(fixed, kept))
    for lane in range(width):
        garment = first + min(lane, garments - 1)
        for i in range(chambers):
            place = i * total * width + lane
            load(fixed, cells, place, width, garment, i)
            load(kept, cells, place + rows(fixed) * width, width, garment, i)


def store_block(fixed, kept, cells, chambers, width, first, garments):
    """Bring what ticks have changed back from the lanes of a block."""
    total = block_rows(block_kinds(fixed, kept))
    for lane in range(garments):
        for i in range(chambers):
            place = (i * total + rows(fixed)) * width + lane
            store(kept, cells, place, width, first + lane, i)


load_block, store_block = (
    njit(error_model='numpy', _nrt=False)(function) for function in (load_block, store_block)
)
