"""What several figures of one session share: cycles, fills, their limits by the pump."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from compression_boot_control.analysis import metrics
from compression_boot_control.analysis.cycles import ARRIVAL_BAND, Cycle, find_cycles
from compression_boot_control.analysis.fills import (
    HIGH_LEVEL,
    LOW_LEVEL,
    Fill,
    find_fills,
    grouped,
    pump_limit,
    stored_air,
)
from compression_boot_control.analysis.metrics import ChamberTrace, in_force, part
from compression_boot_control.analysis.session_data import SessionData
from compression_boot_control.analysis.wave_order import chains, on_plateau
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.signals import FloatArray


@dataclass(frozen=True)
class References:
    """What a session is compared with; None with a reason.

    Attributes
    ----------
    garment : Garment or None
    garment_reason : str
    plans : tuple of Plan
        Of the protocol, for both legs and for each.
    plan_reason : str
    """

    garment: Garment | None = None
    garment_reason: str = 'no garment file was given'
    plans: tuple[Plan, ...] = ()
    plan_reason: str = 'no protocol was given'


class Work:
    """What several metrics of one trace share."""

    def __init__(self, data: SessionData, trace: ChamberTrace, references: References) -> None:
        self.data, self.trace, self.references = data, trace, references
        self.names = trace.chamber_names
        self.cycles = find_cycles(trace)
        self.fills = find_fills(trace)
        self.legs = chains(self.names, data.sleeves)
        start, end = metrics.session_span(trace)
        self.span = (start, end + 1) if end else (0, len(trace.time))
        self.session_trace = part(trace, *self.span)
        self.plateau = on_plateau(trace)
        self.no_setpoints = data.gaps.get('setpoints', '')
        self.limits, self.rises, self.limit_reason = self._limits()

    def spans(self) -> list[tuple[int, int, int]]:
        """Number of each cycle, its first sample, and the first of the next one."""
        starts = [cycle.start for cycle in self.cycles]
        ends = [*starts[1:], self.span[1]][: len(starts)]
        spans = zip(range(1, len(starts) + 1), starts, ends, strict=True)
        return [span for span in spans if span[2] > span[1]]

    def cycle_of(self, sample: int) -> int:
        """Number of the cycle that a sample lies in, or after."""
        starts = [cycle.start for cycle in self.cycles]
        return int(np.searchsorted(starts, sample, side='right'))

    def at_samples(self, opening: FloatArray) -> FloatArray:
        """Openings of the device at the trace's samples."""
        assert self.data.valves is not None
        held = in_force(self.trace.time, self.data.valves.time, opening[:, None], np.nan)
        return np.asarray(held, float)[:, 0]

    def _limits(self) -> tuple[tuple[float, ...], list[float], str]:
        """Limit of each fill's group and of its own rise [s], and why they are unknown."""
        unknown = tuple(math.nan for _ in self.fills)
        layout, garment = self.data.pneumatics, self.references.garment
        if layout is None:
            return unknown, list(unknown), self.data.gaps.get('layout', '')
        if garment is None:
            return unknown, list(unknown), self.references.garment_reason
        limits: dict[Fill, float] = {}
        rises: dict[Fill, float] = {}
        for group in grouped(self.fills):
            own = [fill.chamber for fill in group]
            begin = np.array([fill.from_pressure for fill in group])
            goal = np.array([fill.target - ARRIVAL_BAND for fill in group])
            stored = stored_air(
                garment.supply.volume, self._supply_at(group[0].begin), float(goal.min())
            )
            pump = layout.pump_free_flow, layout.pump_shut_off_pressure
            volumes = layout.rest_volume[own], layout.compliance[own]
            limit = pump_limit(*volumes, begin, goal, *pump, stored)
            for place, fill in enumerate(group):
                step = fill.target - fill.from_pressure
                alone = (volumes[0][place : place + 1], volumes[1][place : place + 1])
                low = np.array([fill.from_pressure + LOW_LEVEL * step])
                high = np.array([fill.from_pressure + HIGH_LEVEL * step])
                limits[fill] = limit
                rises[fill] = pump_limit(*alone, low, high, *pump, stored)
        return (
            tuple(limits[fill] for fill in self.fills),
            [rises[fill] for fill in self.fills],
            '',
        )

    def _supply_at(self, time: float) -> float:
        supply = self.data.supply
        if supply is None or not len(supply.time):
            return 0.0
        place = max(int(np.searchsorted(supply.time, time, side='right')) - 1, 0)
        pressure = float(supply.pressure[place])
        return pressure if math.isfinite(pressure) else 0.0

    def wave_limit(self, cycle: Cycle) -> float:
        """Sum of the limits of a cycle's groups, and of the waits between them [s]."""
        inside = [
            (fill, limit)
            for fill, limit in zip(self.fills, self.limits, strict=True)
            if cycle.start <= fill.start < cycle.stop
        ]
        if not inside:
            return math.nan
        limit_of = {id(fill): limit for fill, limit in inside}
        total, arrived = 0.0, float(self.trace.time[cycle.start])
        seen: set[int] = set()
        for group in grouped([fill for fill, _ in inside]):
            fresh = [fill for fill in group if fill.chamber not in seen]
            if not fresh:
                continue  # a second target in one cycle, after the wave
            seen |= {fill.chamber for fill in group}
            total += max(group[0].begin - arrived, 0.0) + limit_of[id(group[0])]
            arrived = max(
                [arrived, *(f.begin + f.fill_time for f in group if math.isfinite(f.fill_time))]
            )
        return total
