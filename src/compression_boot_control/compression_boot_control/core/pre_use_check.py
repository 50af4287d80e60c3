"""The pre-use check: what the pressures at the start of a session say of boots and hardware.

The check is a plan of its own that the sequence walks through: everything vented, then the
chambers filled zone by zone, the right leg a moment after the left one, all valves shut, then
vented one after another. This module knows what each stage is for, and judges it when it is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import NamedTuple

import numpy as np

from compression_boot_control.core.hose_order import hose_order
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.signals import BoolArray, FloatArray
from compression_boot_control.core.units import MILLILITRE, MINUTE, MMHG

ATMOSPHERE = 101_325.0
"""Pressure of the room [Pa]."""

ZERO_LIMIT = 5.0 * MMHG
"""Largest reading of a vented chamber [Pa] [P]."""

CLOSED_LIMIT = 8.0 * MMHG
"""Largest rise of a vented chamber while another one fills [Pa] [P]."""

PRESSED_LIMIT = 15.0 * MMHG
"""Largest change of a shut chamber while its neighbour fills or vents [Pa] [P]."""

SUPPLY_MARGIN = 10.0 * MMHG
"""The pump brings the rail this far above the check's pressure, at the least [Pa] [P]."""

SUPPLY_LIMIT = 165.0 * MMHG
"""Highest supply: the relief valve opens at 140 to 150 mmHg [Pa] [P]."""

SETTLE_TIME = 2.0
"""Part of the leak-down that is not judged: the air cools, the limb yields [s] [P]."""

LEAK_LIMIT = 300.0 * MILLILITRE / MINUTE
"""Largest leak that so short a look may take for cooling and creep [m3/s] [P]."""

FILLED_SHARE = 0.3
"""Share of its target that a shut chamber has when the leak-down has settled, at the least [-] [P].
"""

BLIND_FILLED_SHARE = 0.2
"""The same where the supply has no sensor: the hose's drop stays in the estimate, and a fill ends
early [-] [P]."""

KEPT_SHARE = 0.6
"""Share of that pressure that it still has at the end [-] [P]."""

VENTED = 15.0 * MMHG
"""Below this a chamber counts as vented [Pa]."""

VENT_LIMIT = 10.0
"""Longest time in which a chamber is vented [s] [P]."""

MOST_NAMED = 3
"""Swaps that are named where several look alike."""

MEAN_TIME = 0.3
"""End of a stage over which the pressures are averaged [s]."""


class CheckStep(Enum):
    """What a stage of the check is for."""

    ZERO = 'zero'
    FILL = 'fill'
    LEAK = 'leak'
    VENT = 'vent'


class Verdict(IntEnum):
    """Values of ``CheckItem.msg``."""

    PASSED = 0
    FAILED = 1
    NOT_JUDGED = 2


class CheckStage(NamedTuple):
    """A stage of the check: its step, the chambers that move in it, and those that are shut."""

    step: CheckStep
    moving: tuple[int, ...]
    shut: tuple[int, ...]


@dataclass(frozen=True)
class CheckPlan:
    """The check of one garment.

    Attributes
    ----------
    plan : Plan
        Walked through by the sequence.
    stages : tuple of CheckStage
        One for each of the plan's.
    names : tuple of str
        Chambers of the garment.
    target : (N,) array
        Pressure that each chamber is brought to [Pa]; 0 for those that are left out.
    touching : (N, N) bool array
        Neighbours on a leg.
    rest_volume, compliance : (N,) array
        Of the garment [m3], [m3/Pa].
    """

    plan: Plan
    stages: tuple[CheckStage, ...]
    names: tuple[str, ...]
    target: FloatArray
    touching: BoolArray
    rest_volume: FloatArray
    compliance: FloatArray


@dataclass(frozen=True)
class CheckItem:
    """One judgement.

    Attributes
    ----------
    step : str
        zero, supply, valves, hoses, leak or vent.
    subject : str
        Chamber, or what else was judged.
    verdict : Verdict
    measured, limit : float
        In `unit`; NaN where there is no figure.
    unit : str
    text : str
        What is wrong and what to do, or why it was not judged; empty when passed.
    """

    step: str
    subject: str
    verdict: Verdict
    measured: float = np.nan
    limit: float = np.nan
    unit: str = ''
    text: str = ''


class StageSamples(NamedTuple):
    """Samples of one stage: time since its start (T,) [s], pressures (T, N), supply (T,) [Pa]."""

    time: FloatArray
    pressure: FloatArray
    supply: FloatArray

    def end(self) -> FloatArray:
        """(N,) mean pressure at the end [Pa]."""
        late = self.time >= self.time[-1] - MEAN_TIME
        mean: FloatArray = self.pressure[late].mean(axis=0)
        return mean


def judged(
    step: str, subject: str, measured: float, limit: float, unit: str, text: str
) -> CheckItem:
    """Judge a figure against its upper limit; a figure that is not a number is beyond it."""
    well = measured <= limit
    verdict = Verdict.PASSED if well else Verdict.FAILED
    return CheckItem(step, subject, verdict, measured, limit, unit, '' if well else text)


def judge_zero(check: CheckPlan, samples: StageSamples, zeroed: BoolArray) -> list[CheckItem]:
    """Everything vented: each sensor has found its zero, and reads about nothing."""
    items = []
    for chamber, name in enumerate(check.names):
        figure = float(abs(samples.end()[chamber])) if zeroed[chamber] else float('nan')
        cure = 'open the zips and let the sleeve empty; if that does not help, have it calibrated'
        what = 'reads a pressure while vented' if zeroed[chamber] else 'does not find its zero'
        items.append(judged('zero', name, figure, ZERO_LIMIT, 'Pa', f'{name} {what}: {cure}'))
    return items


def judge_fill(
    check: CheckPlan, stage: int, samples: StageSamples, *, late: bool
) -> list[CheckItem]:
    """Some chambers filled: they alone have risen, and in time.

    Parameters
    ----------
    check : CheckPlan
    stage : int
    samples : StageSamples
    late : bool
        The stage's timeout is over.
    """
    moving = check.stages[stage].moving
    end, supply = samples.end(), samples.supply
    rise = samples.pressure.max(axis=0) - samples.pressure[0]
    most = np.full(len(check.names), CLOSED_LIMIT)
    most[list(check.stages[stage].shut)] = PRESSED_LIMIT
    most[list(moving)] = np.inf
    strangers = [int(i) for i in np.flatnonzero(~(rise <= most))]
    laggards = [i for i in moving if not end[i] >= 0.9 * check.target[i]]
    items = []
    for i in strangers:
        others = ' or '.join(check.names[j] for j in (laggards or moving))
        text = (
            f'{check.names[i]} rises while {others} is filled: its inlet valve does not shut, or '
            'their valve cables or hoses are swapped'
        )
        items.append(judged('valves', check.names[i], float(rise[i]), float(most[i]), 'Pa', text))
    timeout = float(check.plan.timeout[stage])
    pump_dead = np.isfinite(supply).any() and not (
        np.nanmax(supply) >= check.target[list(moving)].max() + SUPPLY_MARGIN
    )
    for i in np.flatnonzero(check.plan.awaited[stage]).tolist():
        name = check.names[i]
        text = f'{name} does not fill: check its hose, its zip, and its valves'
        if late and pump_dead:
            text = f'the pump builds no pressure, {name} does not fill: check its power and filter'
        figure = float(samples.time[-1]) if i not in laggards or not late else float('nan')
        items.append(judged('valves', name, figure, timeout, 's', text))
    return items


def judge_supply(check: CheckPlan, supply: FloatArray) -> CheckItem:
    """The rail over all fills: fed by the pump, and kept in bounds by its relief valve."""
    if not np.isfinite(supply).any():
        why = 'the supply has no sensor'
        return CheckItem('supply', 'supply', Verdict.NOT_JUDGED, text=why)
    highest = float(np.nanmax(supply))
    text = 'the relief valve of the supply does not open: do not use the boots, have it replaced'
    return judged('supply', 'supply', highest, SUPPLY_LIMIT, 'Pa', text)


def judge_leak(check: CheckPlan, stage: int, samples: StageSamples) -> list[CheckItem]:
    """All valves shut: what each chamber loses, beyond what cooling and creep can explain."""
    settled = samples.time >= SETTLE_TIME
    slope = np.polyfit(samples.time[settled], samples.pressure[settled], 1)[0]
    end = samples.end()
    volume = check.rest_volume + check.compliance * end
    capacity = check.compliance + volume / (ATMOSPHERE + end)
    least = FILLED_SHARE if np.isfinite(samples.supply).any() else BLIND_FILLED_SHARE
    items = []
    for i in check.stages[stage].shut:
        figure = max(float(-slope[i] * capacity[i]), 0.0)
        cure = 'check its hose, connectors and zip'
        start = samples.pressure[settled, i][0]
        if not (start >= least * check.target[i] and end[i] >= KEPT_SHARE * start):
            figure = float('nan')
            cure += ', and its exhaust valve'
        text = f'{check.names[i]} does not keep its air: {cure}'
        items.append(judged('leak', check.names[i], figure, LEAK_LIMIT, 'm3/s', text))
    return items


def judge_vent(
    check: CheckPlan, stage: int, samples: StageSamples, before: FloatArray
) -> list[CheckItem]:
    """Some chambers vented: they are empty in time, and no other one is."""
    _, moving, shut = check.stages[stage]
    items = []
    for i in moving:
        below = samples.pressure[:, i] < VENTED
        figure = float(samples.time[int(np.argmax(below))]) if below.any() else float('nan')
        text = (
            f'{check.names[i]} does not vent: open its zip and pull its hose; its exhaust valve or '
            'its hose is blocked'
        )
        items.append(judged('vent', check.names[i], figure, VENT_LIMIT, 's', text))
    fall = before - samples.end()
    for i in shut:
        if not fall[i] <= PRESSED_LIMIT:
            others = ' or '.join(check.names[j] for j in moving)
            text = (
                f'{check.names[i]} empties while {others} is vented: their valve cables are '
                'swapped, or it leaks'
            )
            items.append(
                judged('valves', check.names[i], float(fall[i]), PRESSED_LIMIT, 'Pa', text)
            )
    return items


def judge_hoses(check: CheckPlan, settled: FloatArray) -> CheckItem:
    """Who answered whom over all vents: each hose is on its own port.

    Parameters
    ----------
    check : CheckPlan
    settled : (S, N) array
        Pressures at the end of each stage [Pa].
    """
    vents = [row for row, stage in enumerate(check.stages) if stage.step == CheckStep.VENT]
    count = len(check.names)
    vented = np.zeros((len(vents), count), dtype=np.bool_)
    falls = np.full((len(vents), count), np.nan)
    for row, stage in enumerate(vents):
        shut = list(check.stages[stage].shut)
        vented[row, list(check.stages[stage].moving)] = True
        falls[row, shut] = settled[stage - 1, shut] - settled[stage, shut]
    found = hose_order(vented, falls, check.touching)
    if not found.answered:
        why = 'no chamber answers its neighbours: are the sleeves on and zipped?'
        return CheckItem('hoses', 'hoses', Verdict.NOT_JUDGED, found.score, unit='Pa', text=why)
    if not found.swapped:
        return CheckItem('hoses', 'hoses', Verdict.PASSED, found.score, unit='Pa')
    pairs = [' and '.join(check.names[i] for i in pair) for pair in found.swapped[:MOST_NAMED]]
    either = ', or of '.join(pairs)
    text = f'the hoses of {either} are swapped: plug each into its own port'
    return CheckItem('hoses', pairs[0], Verdict.FAILED, found.score, unit='Pa', text=text)


class PreUseCheck:
    """Judges a check while it runs; all that it keeps are samples and judgements.

    Parameters
    ----------
    check : CheckPlan

    Attributes
    ----------
    duration : float
        Time so far [s].
    """

    def __init__(self, check: CheckPlan) -> None:
        self._check = check
        self.duration = 0.0
        count = len(check.names)
        self._settled = np.full((len(check.stages), count), np.nan)
        self._items: dict[int, list[CheckItem]] = {}
        self._supply: dict[int, FloatArray] = {}
        self._stage = 0
        self._samples: list[tuple[float, FloatArray, float]] = []
        self._zeroed = np.zeros(count, dtype=np.bool_)

    @property
    def items(self) -> tuple[CheckItem, ...]:
        """All judgements so far, in their order."""
        return tuple(item for stage in sorted(self._items) for item in self._items[stage])

    @property
    def count(self) -> int:
        """Number of judgements so far."""
        return sum(len(items) for items in self._items.values())

    @property
    def failure(self) -> str:
        """What is wrong and what to do, in one line; empty if nothing is."""
        failed = [item.text for item in self.items if item.verdict == Verdict.FAILED]
        return failed[0] if failed else ''

    @property
    def failed_step(self) -> CheckStep | None:
        """Step of the first stage with a finding; None if there is none."""
        for stage in sorted(self._items):
            if any(item.verdict == Verdict.FAILED for item in self._items[stage]):
                return self._check.stages[stage].step
        return None

    def sample(
        self,
        stage: int,
        pressure: FloatArray,
        supply: float,
        zeroed: BoolArray,
        dt: float,
    ) -> None:
        """Take a sample of a stage; the first one of another stage has the last one judged.

        Parameters
        ----------
        stage : int
            Row of the plan that the sequence was in.
        pressure : (N,) array
            Chamber pressures [Pa]; a sample with unknown ones is left out.
        supply : float
            [Pa]; NaN if not measured.
        zeroed : (N,) bool array
            Sensors that have found their zero.
        dt : float
            Time since the last sample [s].
        """
        self.duration += dt
        if stage > self._stage:
            self.close()
        if stage < self._stage:
            # after a pause the sequence begins again, and so do the judgements
            self._items = {row: kept for row, kept in self._items.items() if row < stage}
        if stage != self._stage:
            self._stage, self._samples = stage, []
        if np.isfinite(pressure).all():
            time = self._samples[-1][0] + dt if self._samples else 0.0
            self._samples.append((time, pressure, supply))
        self._zeroed = zeroed

    def close(self, *, late: bool = False) -> None:
        """Judge the present stage; `late` where it has run into its timeout."""
        if not self._samples or self._stage in self._items:
            return
        times, pressures, supplies = zip(*self._samples, strict=True)
        samples = StageSamples(np.array(times), np.array(pressures), np.array(supplies))
        self._settled[self._stage] = samples.end()
        self._supply[self._stage] = samples.supply
        self._items[self._stage] = self._judge(samples, late=late)

    def _judge(self, samples: StageSamples, *, late: bool) -> list[CheckItem]:
        check, stage = self._check, self._stage
        match check.stages[stage].step:
            case CheckStep.ZERO:
                return judge_zero(check, samples, self._zeroed)
            case CheckStep.FILL:
                return judge_fill(check, stage, samples, late=late)
            case CheckStep.LEAK:
                rail = np.concatenate([self._supply[row] for row in sorted(self._supply)])
                return [judge_supply(check, rail), *judge_leak(check, stage, samples)]
            case CheckStep.VENT:
                items = judge_vent(check, stage, samples, self._settled[stage - 1])
                if stage == len(check.stages) - 1:
                    items.append(judge_hoses(check, self._settled))
                return items
