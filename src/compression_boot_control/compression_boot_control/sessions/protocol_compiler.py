"""Compiles a protocol for one garment into the table of stages that a session walks through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from compression_boot_control.core.garment import LEGS, Garment
from compression_boot_control.core.plan import Plan, Stage
from compression_boot_control.core.session_errors import ProtocolError, SessionError
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MINUTE, MMHG
from compression_boot_control.file_validation import PartError, shown
from compression_boot_control.sessions.limits import (
    INTENSITY,
    LOCKED_PRESSURE,
    PLANNED_ZONE_TIME,
    PRESSURE,
    SESSION_TIME,
    WARM_UP_CYCLES,
    WARM_UP_TIME,
)
from compression_boot_control.sessions.phases import Scaled
from compression_boot_control.sessions.plan_estimate import stage_times, zone_times
from compression_boot_control.sessions.protocol_file import Protocol
from compression_boot_control.sessions.pump_advice import remedies
from compression_boot_control.sessions.waves import (
    Legs,
    Wave,
    cycle_stages,
    release_stage,
    rest_stage,
)

ROUNDING = 1e-6
"""Share by which a pressure may exceed a cap from rounding alone."""

LegGroups = tuple[Legs, ...]
"""Groups of legs that take turns."""


def compile_protocol(
    protocol: Protocol,
    garment: Garment,
    *,
    intensity: float = 1.0,
    minutes: float | None = None,
    leg: str = 'both',
    pressure_cap: float = LOCKED_PRESSURE.high * MMHG,
) -> Plan:
    """Make the plan of a session.

    Parameters
    ----------
    protocol : Protocol
    garment : Garment
    intensity : float
        Scale on the protocol's pressures, 0.5 to 1.2.
    minutes : float, optional
        Length of the session, up to 45; the protocol's own if None.
    leg : str
        left, right, or both: every leg that the protocol and the garment have.
    pressure_cap : float
        Highest gauge pressure for this person [Pa]; above 65 mmHg only after an unlock.

    Raises
    ------
    ProtocolError
        It cannot be run like this; the message says what would help.
    """
    if not INTENSITY.holds(intensity):
        raise _over_limit(f'intensity {intensity:g} is out of range; allowed: {INTENSITY}')
    length = protocol.session_min if minutes is None else minutes
    if not SESSION_TIME.holds(length):
        raise _over_limit(f'a session of {length:g} min is out of range; allowed: {SESSION_TIME}')
    groups = leg_groups(protocol, garment, leg)
    caps = np.full(len(garment), min(pressure_cap, PRESSURE.high * MMHG))

    filling = [place for place, phase in enumerate(protocol.phases) if phase.repeats is None]
    start, end = filling[0], filling[-1] + 1
    plain = end - start == 1
    cycles = [
        _cycle(
            protocol,
            place,
            garment,
            groups,
            intensity,
            label='' if plain and place == start else f'{_shown_name(protocol, place)}: ',
        )
        for place in range(len(protocol.phases))
    ]
    prefix = _repeated(protocol, cycles, range(start))
    clock_start = _warm_up_stages(protocol, cycles, range(start))
    warm_up_limit = longest_warm_up(length) if clock_start else 0.0
    prefix += _ramp(protocol, start, garment, groups, intensity)
    loop = _repeated(protocol, cycles, range(start, end))
    cool_down = _repeated(protocol, cycles, range(end, len(cycles)))
    plan = Plan.of_stages(
        protocol.name,
        prefix,
        loop,
        _ending(garment, cool_down),
        length * MINUTE,
        caps,
        clock_start,
        warm_up_limit,
    )
    _check_caps(plan, garment, intensity)
    times = stage_times(plan, garment, empty=True)
    _check_zone_time(protocol, plan, garment, times, intensity)
    # the loop is left early enough for the cool-down to end with the session's time
    left_at = plan.session_time - float(times[plan.loop_end : -1].sum())
    if left_at <= 0.0:
        # a session as short as this goes without one
        return Plan.of_stages(
            protocol.name,
            prefix,
            loop,
            _ending(garment, []),
            length * MINUTE,
            caps,
            clock_start,
            warm_up_limit,
        )
    return replace(plan, session_time=left_at)


def longest_warm_up(minutes: float, longest: float = SESSION_TIME.high) -> float:
    """Time that a session's clock may wait for the warm-up [s].

    The time of the whole session is that of the person in it, so the warm-up is within its limit:
    a session that takes all of it has its clock run from the start.

    Parameters
    ----------
    minutes : float
        Session time [min].
    longest : float
        Limit on the whole session [min].
    """
    return max(min(WARM_UP_TIME.high, longest - minutes), 0.0) * MINUTE


def leg_groups(protocol: Protocol, garment: Garment, leg: str) -> LegGroups:
    """Legs that a session inflates, grouped by what is inflated at the same time.

    Raises
    ------
    ProtocolError
        There is no such leg.
    """
    if leg not in (*LEGS, 'both'):
        raise _no_such_leg(f'leg {shown(leg)} is not known; allowed: left, right, both')
    meant = {'left': ('left',), 'right': ('right',)}.get(protocol.legs, LEGS)
    asked = LEGS if leg == 'both' else (leg,)
    there = tuple(side for side in LEGS if side in garment.legs)
    if leg != 'both' and leg not in there:
        raise _no_such_leg(
            f'garment {garment.name} has no chamber on the {leg} leg; '
            f'run it with leg {" or ".join(there)}'
        )
    legs = tuple(side for side in LEGS if side in meant and side in asked and side in there)
    if not legs:
        raise _no_such_leg(
            f'protocol {protocol.name} is for the {protocol.legs} leg, which is not the one asked '
            f'for or not in garment {garment.name}; choose another protocol or leg'
        )
    return tuple((side,) for side in legs) if protocol.legs == 'alternate' else (legs,)


def _cycle(
    protocol: Protocol,
    place: int,
    garment: Garment,
    groups: LegGroups,
    intensity: float,
    *,
    label: str,
) -> list[Stage]:
    """Stages of one cycle of a phase."""
    pattern, phase_scale = protocol.compression(place)
    scale = intensity * phase_scale
    try:
        pressures = pattern.zone_pressures(garment.zone_order)
    except PartError as error:
        where = protocol.written_at(place, 'pressure')
        raise ProtocolError(
            SessionError.INVALID_PROTOCOL,
            f'protocol {protocol.name}, phase {pattern.name}, garment {garment.name}: {error}',
            ('phases', where, *error.parts),
        ) from None
    if not any(pressures):
        raise ProtocolError(
            SessionError.INVALID_PROTOCOL,
            f'protocol {protocol.name}, phase {pattern.name}: all zones are at 0; give one of '
            f'them {PRESSURE}',
            ('phases', protocol.written_at(place, 'pressure'), 'pressure'),
        )
    target = np.array(pressures)[garment.zone_rank] * MMHG * scale
    wave = Wave(garment, target, scale, pattern.dwell_s, label)
    stages = [stage for legs in groups for stage in cycle_stages(pattern, wave, legs)]
    return [*stages, rest_stage(garment, f'{label}rest', pattern.rest_s)]


def _ramp(
    protocol: Protocol, place: int, garment: Garment, groups: LegGroups, intensity: float
) -> list[Stage]:
    """Stages of the cycles in which a phase comes to its pressure."""
    phase = protocol.phases[place]
    if isinstance(phase, Scaled) or phase.ramp is None:
        return []
    label = f'{_shown_name(protocol, place)} ramp: '
    return [
        stage
        for scale in phase.ramp.scales()
        for stage in _cycle(protocol, place, garment, groups, intensity * scale, label=label)
    ]


def _shown_name(protocol: Protocol, place: int) -> str:
    return protocol.phases[place].name.replace('_', ' ')


def _repeated(protocol: Protocol, cycles: Sequence[list[Stage]], places: range) -> list[Stage]:
    return [
        stage
        for place in places
        for _ in range(protocol.phases[place].repeats or 1)
        for stage in cycles[place]
    ]


def _warm_up_stages(protocol: Protocol, cycles: Sequence[list[Stage]], places: range) -> int:
    """Count the first stages that warm up, while the session's clock stands still."""
    lengths = [
        len(cycles[place]) for place in places for _ in range(protocol.phases[place].repeats or 1)
    ]
    return sum(lengths[: int(WARM_UP_CYCLES.high)])


def _ending(garment: Garment, cool_down: list[Stage]) -> list[Stage]:
    """What comes after the loop, which may be left with chambers inflated."""
    final = release_stage(garment, 'final release')
    return [release_stage(garment, 'release'), *cool_down, final] if cool_down else [final]


def _check_caps(plan: Plan, garment: Garment, intensity: float) -> None:
    excess: FloatArray = (plan.target / plan.caps).max(axis=0)
    chamber = int(np.argmax(excess))
    if excess[chamber] <= 1.0 + ROUNDING:
        return
    cap = plan.caps[chamber] / MMHG
    fitting = np.floor(intensity / excess[chamber] * 100.0) / 100.0
    cure = f'lower the intensity to {fitting:g}, or ' if fitting >= INTENSITY.low else ''
    raise _over_limit(
        f'{garment.chamber_names[chamber].replace("_", " ")} would get '
        f'{plan.target[:, chamber].max() / MMHG:g} mmHg, above the cap of {cap:g} mmHg; '
        f'{cure}choose a gentler protocol'
    )


def _check_zone_time(
    protocol: Protocol, plan: Plan, garment: Garment, times: FloatArray, intensity: float
) -> None:
    under_pressure = zone_times(plan, times)
    row = int(np.argmax(under_pressure))
    longest = float(under_pressure[row])
    if longest > PLANNED_ZONE_TIME.high:
        place = _phase_of(protocol, plan.stage_names[row])
        pattern, _ = protocol.compression(place)
        raise _over_limit(
            f'a zone would stay under pressure for {longest:.0f} s without a release, above the '
            f'limit of {PLANNED_ZONE_TIME.high:g} s; '
            + remedies(plan, garment, pattern.dwell_s, intensity),
            ('phases', protocol.written_at(place, 'dwell_s'), 'dwell_s'),
        )


def _phase_of(protocol: Protocol, stage_name: str) -> int:
    """Place of the phase that a stage belongs to, by the label that the stage's name begins with.

    A phase that fills the time alone has none.
    """
    for place in range(len(protocol.phases)):
        name = _shown_name(protocol, place)
        if stage_name.startswith((f'{name}: ', f'{name} ramp: ')):
            return place
    return [phase.repeats for phase in protocol.phases].index(None)


def _over_limit(message: str, location: tuple[str | int, ...] = ()) -> ProtocolError:
    return ProtocolError(SessionError.OVER_LIMIT, message, location)


def _no_such_leg(message: str) -> ProtocolError:
    return ProtocolError(SessionError.NO_SUCH_LEG, message)
