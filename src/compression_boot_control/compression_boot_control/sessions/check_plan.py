"""Makes the plan of the pre-use check for a garment and the session that is to follow."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np

from compression_boot_control.core.garment import LEGS, Garment
from compression_boot_control.core.plan import Plan, Stage, StageKind
from compression_boot_control.core.pre_use_check import (
    VENT_LIMIT,
    CheckPlan,
    CheckStage,
    CheckStep,
)
from compression_boot_control.core.signals import FloatArray, IntArray, Mode
from compression_boot_control.core.units import MMHG
from compression_boot_control.sessions.fill_time import fill_time
from compression_boot_control.sessions.waves import rest_stage

CHECK_PRESSURE = 30.0 * MMHG
"""Pressure of the check, unless the session has less for a chamber [Pa] [P]."""

ZERO_TIME = 2.2
"""Time vented in which the zero is looked at [s]; sensing needs 2 s to find it."""

LEAK_TIME = 4.5
"""Time with all valves shut [s] [P]."""

VENT_TIME = 1.2
"""Shortest time for each vent [s]: the neighbours' answer must be there."""

FILL_FACTOR = 2.0
"""Share of the expected fill time after which a fill has failed [-] [P]."""

FILL_MARGIN = 5.0
"""Added to it, for the last bit of the approach [s] [P]."""

LEAD_TIME = 0.6
"""Time by which the left leg goes ahead in each zone [s] [P]."""

LABEL = 'pre-use check: '


def check_plan(garment: Garment, session: Plan) -> CheckPlan:
    """Plan the check of the chambers that a session inflates.

    No chamber gets more pressure than the session has for it, so the check's pressures do not rise
    towards the thigh either.
    """
    target = np.minimum(session.target.max(axis=0), CHECK_PRESSURE)
    groups = _groups(garment, target)
    zero = rest_stage(garment, f'{LABEL}zero', ZERO_TIME)
    rows: list[tuple[Stage, CheckStage]] = [(zero, CheckStage(CheckStep.ZERO, (), ()))]
    shut: tuple[int, ...] = ()
    for group in groups:
        ahead = group[:-1]
        if ahead:
            lead = _lead(garment, target, ahead, shut)
            rows.append((lead, CheckStage(CheckStep.FILL, ahead, shut)))
        rows.append((_fill(garment, target, group, shut), CheckStage(CheckStep.FILL, group, shut)))
        shut += group
    rows.append((_leak(garment, target, shut), CheckStage(CheckStep.LEAK, (), shut)))
    for chamber in reversed(shut):
        shut = shut[:-1]
        alone = (chamber,)
        rows.append((_vent(garment, target, alone, shut), CheckStage(CheckStep.VENT, alone, shut)))
    stages = [stage for stage, _ in rows]
    plan = Plan.of_stages(
        session.protocol, [], stages[:1], stages[1:], session_time=ZERO_TIME, caps=target
    )
    return CheckPlan(
        plan=plan,
        stages=tuple(purpose for _, purpose in rows),
        names=garment.chamber_names,
        target=target,
        touching=garment.neighbours() > 0.0,
        rest_volume=garment.rest_volume,
        compliance=garment.compliance,
    )


def _groups(garment: Garment, target: FloatArray) -> list[tuple[int, ...]]:
    """Chambers that are filled together: each zone, on both legs."""
    chains = [[i for i in garment.on_leg(leg) if target[i] > 0.0] for leg in LEGS]
    return [tuple(i for i in zone if i is not None) for zone in zip_longest(*chains)]


def _name(garment: Garment, action: str, group: tuple[int, ...]) -> str:
    return f'{LABEL}{action} ' + ' and '.join(
        garment.chamber_names[i].replace('_', ' ') for i in group
    )


def _modes(garment: Garment, tracking: tuple[int, ...], shut: tuple[int, ...]) -> IntArray:
    mode = np.full(len(garment), int(Mode.VENT))
    mode[list(tracking)] = int(Mode.TRACK)
    mode[list(shut)] = int(Mode.SHUT)
    return mode


def _members(garment: Garment, chambers: tuple[int, ...]) -> FloatArray:
    """1 for some chambers, 0 for the others; (N,)."""
    chosen = np.zeros(len(garment))
    chosen[list(chambers)] = 1.0
    return chosen


def _fill(
    garment: Garment, target: FloatArray, group: tuple[int, ...], shut: tuple[int, ...]
) -> Stage:
    expected = fill_time(garment, target * _members(garment, group))
    return Stage(
        kind=StageKind.INFLATE,
        name=_name(garment, 'fill', group),
        mode=_modes(garment, group, shut),
        target=target * _members(garment, group + shut),
        awaited=_members(garment, group) > 0.0,
        duration=0.0,
        timeout=FILL_FACTOR * expected + FILL_MARGIN,
    )


def _lead(
    garment: Garment, target: FloatArray, ahead: tuple[int, ...], shut: tuple[int, ...]
) -> Stage:
    """Open the inlet of one chamber a moment before that of its like, to see which port rises."""
    return Stage(
        kind=StageKind.INFLATE,
        name=_name(garment, 'fill', ahead),
        mode=_modes(garment, ahead, shut),
        target=target * _members(garment, ahead + shut),
        awaited=np.zeros(len(garment), dtype=np.bool_),
        duration=LEAD_TIME,
        timeout=FILL_MARGIN,
    )


def _leak(garment: Garment, target: FloatArray, shut: tuple[int, ...]) -> Stage:
    return Stage(
        kind=StageKind.DWELL,
        name=f'{LABEL}leaks',
        mode=_modes(garment, (), shut),
        target=target * _members(garment, shut),
        awaited=np.zeros(len(garment), dtype=np.bool_),
        duration=LEAK_TIME,
        timeout=0.0,
    )


def _vent(
    garment: Garment, target: FloatArray, group: tuple[int, ...], shut: tuple[int, ...]
) -> Stage:
    return Stage(
        kind=StageKind.RELEASE,
        name=_name(garment, 'vent', group),
        mode=_modes(garment, (), shut),
        target=target * _members(garment, shut),
        awaited=_members(garment, group) > 0.0,
        duration=VENT_TIME,
        timeout=VENT_LIMIT,
    )
