"""How fast an alarm was acted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compression_boot_control.analysis.metrics import DOSE_THRESHOLD, ChamberTrace
from compression_boot_control.analysis.session_data import ValveTrace, VentOrders, vents
from compression_boot_control.core.signals import FloatArray


@dataclass(frozen=True)
class Reaction:
    """Times from the moment that an alarm's condition was confirmed; NaN if not seen [s].

    Attributes
    ----------
    permit : float
        To the permitted command that vents all chambers concerned.
    valves : float
        To the device's report that their exhausts are open and their inlets shut.
    vented : float
        To the sample in which all of them are below 15 mmHg.
    """

    permit: float
    valves: float
    vented: float


def reaction(
    since: float,
    chambers: Sequence[int],
    permitted: VentOrders | None,
    valves: ValveTrace | None,
    trace: ChamberTrace,
) -> Reaction:
    """Reaction to an alarm.

    Parameters
    ----------
    since : float
        When its condition was confirmed [s].
    chambers : sequence of int
        Chambers concerned.
    permitted : VentOrders or None
        Commands of the supervisor.
    valves : ValveTrace or None
        Reports of the device.
    trace : ChamberTrace
    """
    own = list(chambers)
    low = (trace.pressure[:, own] < DOSE_THRESHOLD).all(axis=-1)
    nan = float('nan')
    return Reaction(
        permit=nan
        if permitted is None
        else _first_after(since, permitted.time, permitted.vents[:, own].all(axis=-1)),
        valves=nan
        if valves is None
        else _first_after(since, valves.time, vents(valves)[:, own].all(axis=-1)),
        vented=_first_after(since, trace.time, low),
    )


def _first_after(since: float, time: FloatArray, state: Any) -> float:
    """Time from `since` to the first moment in a state; 0 if it is in it at `since`."""
    place = int(np.searchsorted(time, since, side='right')) - 1
    if place >= 0 and state[place]:
        return 0.0
    later = np.flatnonzero(state[place + 1 :])
    return float(time[place + 1 + later[0]] - since) if len(later) else float('nan')
