"""A compiled protocol: a table of stages that the sequence walks through.

The table has a prefix, a loop that repeats until the session's time is up, and a suffix:
``stages[:loop_start]``, ``stages[loop_start:loop_end]``, ``stages[loop_end:]``. A protocol file is
compiled into it for one garment; the sequence knows nothing of files, patterns or zones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray


class StageKind(IntEnum):
    """What ends a stage."""

    INFLATE = 0
    """Every awaited chamber is within the arrival band of its target."""

    DWELL = 1
    """The stage's duration is over; chambers under pressure."""

    RELEASE = 2
    """Every chamber that the stage vents is below the vented pressure."""

    REST = 3
    """The stage's duration is over; chambers vented."""


@dataclass(frozen=True)
class Stage:
    """One row of the table.

    Attributes
    ----------
    kind : StageKind
    name : str
        For a person, e.g. ``inflate calf``.
    mode : (N,) array of `Mode`
    target : (N,) array
        Gauge pressure of the chambers that are not vented [Pa]; 0 for those that are.
    awaited : (N,) array of bool
        Chambers that the stage waits for; all False for stages that end by time.
    duration : float
        Length of a DWELL or REST; shortest length of the others [s].
    timeout : float
        Time after which an INFLATE or RELEASE has failed [s].
    """

    kind: StageKind
    name: str
    mode: IntArray
    target: FloatArray
    awaited: BoolArray
    duration: float
    timeout: float


@dataclass(frozen=True)
class Plan:
    """A compiled protocol as arrays: S stages, N chambers.

    Attributes
    ----------
    protocol : str
        Name of the protocol.
    stage_names : tuple of str
        Per stage.
    kind : (S,) array of `StageKind`
    mode, target, awaited : (S, N) array
    duration, timeout : (S,) array
        See `Stage`.
    loop_start, loop_end : int
        The loop is ``[loop_start, loop_end)``.
    session_time : float
        Time of the session's clock after which the loop is left [s].
    caps : (N,) array
        Highest gauge pressure that any change while running may lead to [Pa].
    clock_start : int
        Row from which on the session's clock runs; the rows before it are the warm-up.
    warm_up_limit : float
        Time for which that clock waits for the warm-up at the most [s].
    """

    protocol: str
    stage_names: tuple[str, ...]
    kind: IntArray
    mode: IntArray
    target: FloatArray
    awaited: BoolArray
    duration: FloatArray
    timeout: FloatArray
    loop_start: int
    loop_end: int
    session_time: float
    caps: FloatArray
    clock_start: int = 0
    warm_up_limit: float = 0.0

    @staticmethod
    def of_stages(
        protocol: str,
        prefix: Sequence[Stage],
        loop: Sequence[Stage],
        suffix: Sequence[Stage],
        session_time: float,
        caps: FloatArray,
        clock_start: int = 0,
        warm_up_limit: float = 0.0,
    ) -> Plan:
        """Stack stages into a table; the loop and the suffix must not be empty."""
        if not loop or not suffix:
            raise ValueError('a plan needs at least one stage in its loop and in its suffix')
        stages = [*prefix, *loop, *suffix]
        return Plan(
            protocol=protocol,
            stage_names=tuple(stage.name for stage in stages),
            kind=np.array([int(stage.kind) for stage in stages]),
            mode=np.stack([stage.mode for stage in stages]),
            target=np.stack([stage.target for stage in stages]),
            awaited=np.stack([stage.awaited for stage in stages]),
            duration=np.array([stage.duration for stage in stages]),
            timeout=np.array([stage.timeout for stage in stages]),
            loop_start=len(prefix),
            loop_end=len(prefix) + len(loop),
            session_time=session_time,
            caps=caps,
            clock_start=clock_start,
            warm_up_limit=warm_up_limit,
        )


def never_rises(target: FloatArray, chains: Sequence[tuple[int, ...]]) -> bool:
    """Whether no stage has a higher target closer to the thigh; see `rising_chambers`."""
    return rising_chambers(target, chains) is None


def rising_chambers(
    target: FloatArray, chains: Sequence[tuple[int, ...]]
) -> tuple[int, int] | None:
    """Two chambers, distal first, of which the proximal has the higher target in some stage.

    Parameters
    ----------
    target : (S, N) array
        Targets [Pa]; chambers with 0 are left out of the comparison.
    chains : sequence of tuple of int
        Positions of each leg's chambers, distal to proximal.
    """
    for chain in chains:
        lowest = np.full(len(target), np.inf)
        below = np.zeros(len(target), dtype=int)
        for position in chain:
            pressure = target[:, position]
            rising = (pressure > 0.0) & (pressure > lowest + 1e-6)
            if np.any(rising):
                return int(below[np.argmax(rising)]), position
            lower = (pressure > 0.0) & (pressure < lowest)
            lowest, below = np.where(lower, pressure, lowest), np.where(lower, position, below)
    return None
