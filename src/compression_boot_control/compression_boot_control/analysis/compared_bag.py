"""What a comparison needs of a bag: figures and typical cycles of one session, and not its data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from compression_boot_control.analysis.bag_analysis import AnalysisOptions, analyse_bag
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.findings import Finding
from compression_boot_control.analysis.report.figures import zone_colours
from compression_boot_control.analysis.report.sampling import cycle_curves
from compression_boot_control.analysis.session_analysis import SessionAnalysis
from compression_boot_control.analysis.wave_order import chains
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MMHG


@dataclass(frozen=True)
class TypicalCycle:
    """Median and spread of a session's cycles.

    Attributes
    ----------
    time : (G,) array
        Since the first set-point of the cycle [s].
    median, low, high : (N, G) array
        Median, 10th and 90th percentile of the pressure [mmHg].
    """

    time: FloatArray
    median: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class ComparedBag:
    """A session of a bag.

    Attributes
    ----------
    path : Path
    session, sessions : int
        Number of the session, and how many the bag has.
    protocols : tuple of str
    garment : str
    findings : tuple of Finding
    legs : tuple of tuple of str
        Chambers of each leg, from distal to proximal.
    colours : mapping of str to str
        By chamber.
    cycle : TypicalCycle or None
    chamber_names : tuple of str
        In the order of `cycle`.
    notes : tuple of str
    """

    path: Path
    session: int
    sessions: int
    protocols: tuple[str, ...]
    garment: str
    findings: tuple[Finding, ...]
    legs: tuple[tuple[str, ...], ...]
    colours: Mapping[str, str]
    cycle: TypicalCycle | None
    chamber_names: tuple[str, ...]
    notes: tuple[str, ...]


def compared_bag(path: Path, session: int, options: AnalysisOptions) -> ComparedBag:
    """Analyse one session of a bag.

    Raises
    ------
    BagError
        The bag cannot be read, or has no session of this number.
    """
    chosen: list[ComparedBag] = []
    count = 0

    def take(analysis: SessionAnalysis) -> None:
        nonlocal count
        count += 1
        if analysis.data.number == session:
            chosen.append(_compared(path, analysis))

    facts = analyse_bag(path, options, take)
    if not chosen:
        raise BagError(f'{path} has {count} sessions and none with the number {session}')
    own = chosen[0]
    return ComparedBag(**{**vars(own), 'sessions': count, 'notes': (*facts.notes, *own.notes)})


def _compared(path: Path, analysis: SessionAnalysis) -> ComparedBag:
    data = analysis.data
    names = data.chamber_names
    colours = zone_colours(data)
    return ComparedBag(
        path=path,
        session=data.number,
        sessions=0,
        protocols=data.protocols,
        garment=data.pneumatics.garment if data.pneumatics else '',
        findings=analysis.findings,
        legs=tuple(tuple(names[i] for i in leg) for leg in chains(names, data.sleeves)),
        colours={name: colours[data.sleeves.zones[name]] for name in names},
        cycle=_typical(analysis),
        chamber_names=names,
        notes=data.notes,
    )


def _typical(analysis: SessionAnalysis) -> TypicalCycle | None:
    trace = analysis.data.trace
    if trace is None or not analysis.cycles:
        return None
    time, curves = cycle_curves(trace, analysis.cycles)
    known = np.isfinite(curves).all(axis=1).mean(axis=0) >= 0.5  # as most cycles are
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)  # of columns without a value
        low, median, high = np.nanpercentile(curves / MMHG, (10.0, 50.0, 90.0), axis=0)
    time, median, low, high = time[known], median[:, known], low[:, known], high[:, known]
    return TypicalCycle(time, median, low, high)
