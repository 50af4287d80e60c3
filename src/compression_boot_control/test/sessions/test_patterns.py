"""The compression patterns, stage by stage, and what holds for all of them."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from compression_boot_control.core.garment import LEGS, Garment
from compression_boot_control.core.plan import Plan, StageKind
from compression_boot_control.core.session_errors import ProtocolError, SessionError
from compression_boot_control.core.signals import Mode
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import list_garments, load_garment
from compression_boot_control.sessions.limits import (
    LOCKED_PRESSURE,
    PLANNED_ZONE_TIME,
    SESSION_TIME,
)
from compression_boot_control.sessions.plan_estimate import estimate
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol

VENT, TRACK, HOLD = int(Mode.VENT), int(Mode.TRACK), int(Mode.HOLD)
GARMENTS = {name: load_garment(name) for name in list_garments()}


def plan_of(trial: str, garment: Garment, pattern: str) -> Plan:
    start = trial.index('    pattern')
    return compile_protocol(load_protocol(trial[:start] + pattern), garment, leg='left')


def test_a_peristaltic_window_moves_and_what_it_has_left_vents(
    trial: str, five_zone: Garment
) -> None:
    pattern = """\
    pattern: peristaltic
    pressure: {foot_mmhg: 60, gradient_mmhg_per_zone: 5}
    window_zones: 2
    dwell_s: 5
    rest_s: 10
"""
    plan = plan_of(trial, five_zone, pattern)
    inflated = [
        [zone for zone in range(5) if plan.mode[row, zone] != VENT] for row in range(plan.loop_end)
    ]
    places = [[0], [0, 1], [1, 2], [2, 3], [3, 4]]
    assert inflated == [place for place in places for _ in range(2)] + [[], []]
    assert plan.mode[4, :5].tolist() == [VENT, HOLD, TRACK, VENT, VENT]
    assert plan.awaited[4, :5].tolist() == [False, False, True, False, False]


def test_a_window_of_one_zone_holds_none(trial: str, five_zone: Garment) -> None:
    pattern = """\
    pattern: peristaltic
    pressure: {foot_mmhg: 60, gradient_mmhg_per_zone: 5}
    window_zones: 1
    dwell_s: 5
    rest_s: 10
"""
    plan = plan_of(trial, five_zone, pattern)
    inflating = plan.kind == StageKind.INFLATE
    assert ((plan.mode[inflating] != VENT).sum(axis=1) == 1).all()


def test_uniform_inflates_all_zones_at_once_to_one_pressure(trial: str, five_zone: Garment) -> None:
    pattern = """\
    pattern: uniform
    pressure_mmhg: 40
    dwell_s: 50
    rest_s: 10
"""
    plan = plan_of(trial, five_zone, pattern)
    assert plan.kind.tolist() == [0, 1, 2, 3, 2]
    np.testing.assert_allclose(plan.target[0, :5], 40 * MMHG)
    assert plan.awaited[0, :5].all()


def test_a_pulse_dips_below_the_target_and_comes_back(trial: str, five_zone: Garment) -> None:
    pattern = """\
    pattern: pulse
    pressure: {foot_mmhg: 60, gradient_mmhg_per_zone: 5}
    pulses: 2
    pulse_depth_mmhg: 8
    pulse_s: 1.5
    dwell_s: 50
    rest_s: 10
"""
    plan = plan_of(trial, five_zone, pattern)
    ankle = slice(5, 10)
    np.testing.assert_allclose(plan.target[ankle, 1] / MMHG, [55, 47, 55, 47, 55])
    assert (plan.mode[ankle, 1] == TRACK).all()
    assert plan.duration[ankle].tolist() == [0, 1.5, 0, 1.5, 0]
    assert plan.target.max() / MMHG == pytest.approx(60)


def test_a_scaled_pulse_is_scaled_in_depth_too(trial: str, five_zone: Garment) -> None:
    pattern = """\
    pattern: pulse
    pressure: {foot_mmhg: 60, gradient_mmhg_per_zone: 5}
    pulse_depth_mmhg: 10
    dwell_s: 50
    rest_s: 10
  - {name: cool_down, pattern: scaled, of: main, scale: 0.5, repeats: 1}
"""
    plan = plan_of(trial, five_zone, pattern)
    row = plan.stage_names.index('cool down: pulse left foot')
    assert plan.target[row, 0] / MMHG == pytest.approx(25)


TIMES = {'dwell_s': st.floats(1, 150), 'rest_s': st.floats(1, 300)}


@st.composite
def pressures(draw: st.DrawFn, zones: tuple[str, ...]) -> dict[str, object]:
    kind = draw(st.sampled_from(['zones', 'gradient', 'ends']))
    if kind == 'zones':
        values = sorted(
            draw(st.lists(st.floats(20, 80), min_size=len(zones), max_size=len(zones))),
            reverse=True,
        )
        off = draw(st.lists(st.booleans(), min_size=len(zones), max_size=len(zones)))
        return {
            'zones_mmhg': {
                zone: 0 if zero else value
                for zone, value, zero in zip(zones, values, off, strict=True)
            }
        }
    foot = draw(st.floats(20, 80))
    if kind == 'gradient':
        return {'foot_mmhg': foot, 'gradient_mmhg_per_zone': draw(st.floats(0, 20))}
    return {'foot_mmhg': foot, 'thigh_mmhg': draw(st.floats(20, foot))}


@st.composite
def phases(draw: st.DrawFn, zones: tuple[str, ...], name: str) -> dict[str, object]:
    phase: dict[str, object] = {
        'name': name,
        'pattern': draw(
            st.sampled_from(['sequential_gradient_hold', 'peristaltic', 'pulse', 'uniform'])
        ),
        **{field: draw(values) for field, values in TIMES.items()},
    }
    if phase['pattern'] == 'uniform':
        return phase | {'pressure_mmhg': draw(st.floats(20, 80))}
    if phase['pattern'] == 'peristaltic':
        phase['window_zones'] = draw(st.integers(1, 4))
    if phase['pattern'] == 'pulse':
        phase['pulses'] = draw(st.integers(1, 4))
        phase['pulse_depth_mmhg'] = draw(st.floats(3, 20))
    return phase | {'pressure': draw(pressures(zones))}


@st.composite
def protocols(draw: st.DrawFn, garment: Garment) -> str:
    listed = [draw(phases(garment.zone_order, 'main'))]
    if draw(st.booleans()):
        listed.append(draw(phases(garment.zone_order, 'second')))
    for name in draw(st.sampled_from([(), ('warm_up',), ('warm_up', 'cool_down')])):
        scaled = {'name': name, 'pattern': 'scaled', 'of': 'main', 'repeats': 2}
        scaled['scale'] = draw(st.floats(0.3, 1.0))
        listed.insert(0 if name == 'warm_up' else len(listed), scaled)
    return yaml.safe_dump(
        {
            'format': 1,
            'name': 'trial',
            **dict.fromkeys(('title', 'description', 'who_it_is_for', 'when'), 'For tests.'),
            'evidence': {'known': 'Nothing.', 'not_known': 'Everything.'},
            'session_min': draw(st.floats(0.5, 45)),
            'legs': draw(st.sampled_from(['together', 'alternate', 'left', 'right'])),
            'phases': listed,
        }
    )


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from(sorted(GARMENTS)), st.floats(0.5, 1.2))
def test_any_valid_protocol_compiles_to_a_safe_plan(
    data: st.DataObject, garment_name: str, intensity: float
) -> None:
    garment = GARMENTS[garment_name]
    protocol = load_protocol(data.draw(protocols(garment)))
    try:
        plan = compile_protocol(protocol, garment, intensity=intensity)
    except ProtocolError as error:
        assume(error.error_code not in (SessionError.OVER_LIMIT, SessionError.INVALID_PROTOCOL))
        raise
    assert np.isfinite(plan.target).all()
    assert (plan.target >= 0.0).all()
    assert_never_rises_towards_the_thigh(plan, garment)
    assert_within_caps(plan)
    assert_releases_in_every_cycle(plan)
    assert_consistent(plan)
    expected = estimate(plan, garment)
    assert expected.zone_time <= PLANNED_ZONE_TIME.high
    # the final release comes on top
    assert expected.session_time <= protocol.session_min * 60.0 + 15.0
    whole = expected.warm_up_time + expected.session_time
    assert whole <= SESSION_TIME.high * 60.0 + 15.0


def assert_never_rises_towards_the_thigh(plan: Plan, garment: Garment) -> None:
    for leg in LEGS:
        for row in plan.target[:, list(garment.on_leg(leg))]:
            inflated = row[row > 0.0]
            assert (np.diff(inflated) <= 1e-6).all()


def assert_within_caps(plan: Plan) -> None:
    assert (plan.caps <= LOCKED_PRESSURE.high * MMHG + 1e-6).all()
    assert (plan.target <= plan.caps * (1.0 + 1e-6)).all()


def assert_releases_in_every_cycle(plan: Plan) -> None:
    loop = slice(plan.loop_start, plan.loop_end)
    inflated = (plan.target[loop] > 0.0).any(axis=1)
    assert inflated.any()
    released = plan.kind[loop] == StageKind.RELEASE
    assert released.any()
    assert plan.awaited[loop][released].all()
    # nothing is under pressure from one cycle into the next
    assert plan.kind[plan.loop_end - 1] == StageKind.REST
    assert (plan.mode[plan.loop_end - 1] == VENT).all()
    assert plan.kind[-1] == StageKind.RELEASE


def assert_consistent(plan: Plan) -> None:
    assert (plan.target[plan.mode == VENT] == 0.0).all()
    assert (plan.target[plan.mode != VENT] > 0.0).all()
    inflating = plan.kind == StageKind.INFLATE
    assert plan.awaited[inflating].any(axis=1).all()
    assert (plan.mode[inflating][plan.awaited[inflating]] == TRACK).all()
    assert (plan.timeout[inflating] > 5.0).all()
    assert np.isfinite(plan.timeout).all()
    timed = (plan.kind == StageKind.DWELL) | (plan.kind == StageKind.REST)
    assert (plan.duration[timed] > 0.0).all()
    assert not plan.awaited[timed].any()
