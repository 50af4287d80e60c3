"""The compiler: which stages a protocol becomes, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan, StageKind
from compression_boot_control.core.session_errors import ProtocolError, SessionError
from compression_boot_control.core.signals import Mode
from compression_boot_control.core.units import LITRE_PER_MINUTE, MMHG
from compression_boot_control.hardware.garment_file import list_garments, load_garment
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import list_protocols, load_protocol

VENT, TRACK, HOLD = int(Mode.VENT), int(Mode.TRACK), int(Mode.HOLD)
WARM_UP = '  - {name: warm_up, pattern: scaled, of: main, scale: 0.7, dwell_s: 20, repeats: 2}\n'
COOL_DOWN = '  - {name: cool_down, pattern: scaled, of: main, scale: 0.5, repeats: 1}\n'


def loop_of(plan: Plan) -> slice:
    return slice(plan.loop_start, plan.loop_end)


def refusal(text: str, garment: Garment, **options: object) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        compile_protocol(load_protocol(text), garment, **options)  # type: ignore[arg-type]
    assert len(caught.value.message.splitlines()) == 1
    return caught.value


def test_a_wave_inflates_zone_by_zone_dwells_releases_and_rests(
    trial: str, five_zone: Garment
) -> None:
    plan = compile_protocol(load_protocol(trial), five_zone)
    kinds = [StageKind.INFLATE] * 5 + [StageKind.DWELL, StageKind.RELEASE, StageKind.REST]
    assert plan.kind[loop_of(plan)].tolist() == kinds
    assert plan.stage_names == (
        'inflate foot',
        'inflate ankle',
        'inflate calf',
        'inflate knee',
        'inflate thigh',
        'dwell',
        'release',
        'rest',
        'final release',
    )
    assert plan.mode[2].tolist() == [HOLD, HOLD, TRACK, VENT, VENT] * 2
    assert plan.awaited[2].tolist() == [False, False, True, False, False] * 2
    np.testing.assert_allclose(plan.target[2] / MMHG, [60, 55, 50, 0, 0] * 2)
    assert plan.mode[5].tolist() == [HOLD] * 10
    assert plan.duration[5] == 50
    assert plan.mode[6].tolist() == [VENT] * 10
    assert plan.awaited[6].all()
    assert plan.duration[7] == 15
    assert plan.session_time == 600


def test_every_plan_ends_with_a_release_of_everything(trial: str, five_zone: Garment) -> None:
    for leg in ('left', 'right', 'both'):
        plan = compile_protocol(load_protocol(trial), five_zone, leg=leg)
        assert plan.stage_names[-1] == 'final release'
        assert plan.kind[-1] == StageKind.RELEASE
        assert plan.awaited[-1].all()
        assert (plan.mode[-1] == VENT).all()


def test_a_warm_up_comes_before_and_a_cool_down_after_the_loop(
    trial: str, five_zone: Garment
) -> None:
    text = trial.replace('phases:\n', 'phases:\n' + WARM_UP) + COOL_DOWN
    plan = compile_protocol(load_protocol(text), five_zone)
    assert (plan.loop_start, plan.loop_end) == (16, 24)
    assert plan.stage_names[0] == 'warm up: inflate foot'
    assert plan.target[0, 0] == pytest.approx(42 * MMHG)
    assert plan.duration[5] == 20
    # the loop may be left with chambers inflated, so a cool-down begins with a release
    assert plan.stage_names[24:26] == ('release', 'cool down: inflate foot')
    assert plan.target[25, 0] == pytest.approx(30 * MMHG)
    assert plan.duration[30] == 50
    # and the whole keeps to the session's time
    assert 600 - 150 < plan.session_time < 600 - 50


@pytest.mark.parametrize('repeats', [1, 2, 3, 4])
def test_the_clock_starts_after_the_warm_up_or_after_three_cycles_of_it(
    trial: str, five_zone: Garment, repeats: int
) -> None:
    warm_up = WARM_UP.replace('repeats: 2', f'repeats: {repeats}')
    text = trial.replace('phases:\n', 'phases:\n' + warm_up)
    plan = compile_protocol(load_protocol(text), five_zone)
    before = plan.kind[: plan.clock_start]
    assert np.count_nonzero(before == StageKind.REST) == min(repeats, 3)
    assert before[-1] == StageKind.REST


def test_without_a_warm_up_the_clock_starts_at_once(trial: str, five_zone: Garment) -> None:
    text = trial + '    ramp: {from_scale: 0.7, cycles: 3}\n'
    assert compile_protocol(load_protocol(text), five_zone).clock_start == 0


@pytest.mark.parametrize(('minutes', 'seconds'), [(20.0, 300.0), (43.0, 120.0), (45.0, 0.0)])
def test_the_clock_waits_as_long_as_the_limit_on_the_whole_session_allows(
    trial: str, five_zone: Garment, minutes: float, seconds: float
) -> None:
    text = trial.replace('phases:\n', 'phases:\n' + WARM_UP)
    plan = compile_protocol(load_protocol(text), five_zone, minutes=minutes)
    assert plan.warm_up_limit == pytest.approx(seconds)


def test_a_session_shorter_than_its_cool_down_goes_without_it(
    trial: str, five_zone: Garment
) -> None:
    plan = compile_protocol(load_protocol(trial + COOL_DOWN), five_zone, minutes=1)
    assert plan.session_time == 60
    assert plan.stage_names[plan.loop_end :] == ('final release',)


def test_phases_without_repeats_share_the_loop(trial: str, five_zone: Garment) -> None:
    text = trial + '  - {name: second, pattern: scaled, of: main, scale: 0.5}\n'
    plan = compile_protocol(load_protocol(text), five_zone)
    assert plan.loop_end - plan.loop_start == 16
    assert plan.stage_names[plan.loop_start] == 'main: inflate foot'
    assert plan.stage_names[plan.loop_start + 8] == 'second: inflate foot'


def test_a_zone_at_0_is_left_out(trial: str, five_zone: Garment) -> None:
    text = trial.replace(
        '{foot_mmhg: 60, gradient_mmhg_per_zone: 5}',
        '{zones_mmhg: {foot: 50, ankle: 0, calf: 40, knee: 40, thigh: 30}}',
    )
    plan = compile_protocol(load_protocol(text), five_zone)
    assert not (plan.target[:, five_zone.index('left_ankle')] > 0).any()
    assert (plan.mode[:, five_zone.index('left_ankle')] == VENT).all()
    assert 'inflate ankle' not in plan.stage_names


def test_one_leg_leaves_the_other_vented(trial: str, five_zone: Garment) -> None:
    plan = compile_protocol(load_protocol(trial), five_zone, leg='right')
    left = list(five_zone.on_leg('left'))
    assert (plan.mode[:, left] == VENT).all()
    assert not plan.awaited[:, left][plan.kind == StageKind.INFLATE].any()
    assert plan.stage_names[0] == 'inflate right foot'


def test_alternate_legs_take_turns_and_rest_together(trial: str, five_zone: Garment) -> None:
    text = trial.replace('legs: together', 'legs: alternate')
    plan = compile_protocol(load_protocol(text), five_zone)
    left, right = list(five_zone.on_leg('left')), list(five_zone.on_leg('right'))
    inflated = plan.target > 0
    assert not (inflated[:, left].any(axis=1) & inflated[:, right].any(axis=1)).any()
    kinds = plan.kind[loop_of(plan)].tolist()
    assert kinds.count(StageKind.RELEASE) == 2
    assert kinds.count(StageKind.REST) == 1


def test_both_on_a_garment_with_one_leg_means_that_leg(trial: str, left_only: Garment) -> None:
    plan = compile_protocol(load_protocol(trial), left_only)
    assert plan.stage_names[0] == 'inflate foot'


def test_a_leg_that_the_garment_does_not_have_is_refused(trial: str, left_only: Garment) -> None:
    error = refusal(trial, left_only, leg='right')
    assert error.error_code == SessionError.NO_SUCH_LEG
    assert 'run it with leg left' in error.message
    error = refusal(trial.replace('legs: together', 'legs: right'), left_only)
    assert error.error_code == SessionError.NO_SUCH_LEG


@pytest.mark.parametrize('leg', ['', 'middle', 'LEFT', 'l\n'])
def test_a_leg_that_is_none_is_refused(trial: str, five_zone: Garment, leg: str) -> None:
    assert refusal(trial, five_zone, leg=leg).error_code == SessionError.NO_SUCH_LEG


def test_a_protocol_for_one_leg_does_not_run_on_the_other(trial: str, five_zone: Garment) -> None:
    text = trial.replace('legs: together', 'legs: left')
    assert refusal(text, five_zone, leg='right').error_code == SessionError.NO_SUCH_LEG
    plan = compile_protocol(load_protocol(text), five_zone)
    assert (plan.mode[:, list(five_zone.on_leg('right'))] == VENT).all()


def test_a_zone_that_is_not_in_the_garment_is_refused(trial: str, five_zone: Garment) -> None:
    pressure = '{foot_mmhg: 60, gradient_mmhg_per_zone: 5}'
    error = refusal(trial.replace(pressure, '{zones_mmhg: {foot: 50, hip: 40}}'), five_zone)
    assert error.error_code == SessionError.INVALID_PROTOCOL
    assert 'zone hip is not in the garment' in error.message
    error = refusal(trial.replace(pressure, '{zones_mmhg: {foot: 50}}'), five_zone)
    assert 'no pressure for zone ankle, calf, knee, thigh' in error.message


def test_a_reversed_gradient_of_unusual_zones_is_refused(trial: str) -> None:
    garment = load_garment('four_zone')
    garment = replace(garment, zone_order=('a', 'b', 'c', 'd'), zones=('a', 'b', 'c', 'd') * 2)
    text = trial.replace(
        '{foot_mmhg: 60, gradient_mmhg_per_zone: 5}', '{zones_mmhg: {d: 30, c: 40, b: 50, a: 40}}'
    )
    error = refusal(text, garment)
    assert error.error_code == SessionError.INVALID_PROTOCOL
    assert '50 is a reversed gradient: more than a below it' in error.message


def test_a_gradient_that_leaves_the_thigh_too_little_is_refused(
    trial: str, five_zone: Garment
) -> None:
    error = refusal(trial.replace('foot_mmhg: 60', 'foot_mmhg: 30'), five_zone)
    assert error.error_code == SessionError.INVALID_PROTOCOL
    assert 'thigh would get 10 mmHg; allowed: 20 to 110 mmHg' in error.message


def test_all_zones_at_0_are_refused(trial: str, left_only: Garment) -> None:
    text = trial.replace(
        '{foot_mmhg: 60, gradient_mmhg_per_zone: 5}', '{zones_mmhg: {foot: 0, calf: 0}}'
    )
    assert 'all zones are at 0' in refusal(text, left_only).message


def test_intensity_scales_the_targets(trial: str, five_zone: Garment) -> None:
    whole = compile_protocol(load_protocol(trial), five_zone)
    half = compile_protocol(load_protocol(trial), five_zone, intensity=0.5)
    np.testing.assert_allclose(half.target, whole.target * 0.5)


@pytest.mark.parametrize('intensity', [0.49, 1.21, 0.0, -1.0, float('nan'), float('inf')])
def test_an_intensity_out_of_range_is_refused(
    trial: str, five_zone: Garment, intensity: float
) -> None:
    error = refusal(trial, five_zone, intensity=intensity)
    assert error.error_code == SessionError.OVER_LIMIT
    assert 'allowed: 0.5 to 1.2' in error.message


@pytest.mark.parametrize('minutes', [0.0, -1.0, 45.1, float('nan'), float('inf')])
def test_minutes_out_of_range_are_refused(trial: str, five_zone: Garment, minutes: float) -> None:
    error = refusal(trial, five_zone, minutes=minutes)
    assert error.error_code == SessionError.OVER_LIMIT
    assert 'allowed: more than 0 up to 45 min' in error.message


def test_minutes_go_before_those_of_the_protocol(trial: str, five_zone: Garment) -> None:
    assert compile_protocol(load_protocol(trial), five_zone, minutes=45).session_time == 2700


def test_a_pressure_over_65_mmhg_needs_an_unlock(trial: str, five_zone: Garment) -> None:
    text = trial.replace('foot_mmhg: 60', 'foot_mmhg: 80')
    error = refusal(text, five_zone)
    assert error.error_code == SessionError.OVER_LIMIT
    assert 'left foot would get 80 mmHg, above the cap of 65 mmHg' in error.message
    assert 'lower the intensity to 0.81' in error.message
    compile_protocol(load_protocol(text), five_zone, intensity=0.81)
    unlocked = compile_protocol(load_protocol(text), five_zone, pressure_cap=90 * MMHG)
    np.testing.assert_allclose(unlocked.caps, 90 * MMHG)


def test_an_unlock_does_not_reach_above_the_device(trial: str, five_zone: Garment) -> None:
    text = trial.replace('foot_mmhg: 60', 'foot_mmhg: 110')
    plan = compile_protocol(load_protocol(text), five_zone, pressure_cap=500 * MMHG)
    np.testing.assert_allclose(plan.caps, 110 * MMHG)
    error = refusal(text, five_zone, pressure_cap=500 * MMHG, intensity=1.2)
    assert 'above the cap of 110 mmHg' in error.message


def test_intensity_over_the_cap_is_refused_with_one_that_fits(
    trial: str, five_zone: Garment
) -> None:
    error = refusal(trial, five_zone, intensity=1.2)
    assert error.error_code == SessionError.OVER_LIMIT
    assert 'lower the intensity to 1.08' in error.message
    compile_protocol(load_protocol(trial), five_zone, intensity=1.08)


def test_a_wave_that_keeps_a_zone_under_pressure_too_long_is_refused(trial: str) -> None:
    garment = load_garment('five_zone_small_pump')
    text = trial.replace('dwell_s: 50', 'dwell_s: 120')
    error = refusal(text, garment)
    assert error.error_code == SessionError.OVER_LIMIT
    assert 'without a release, above the limit of 160 s; shorten dwell_s to' in error.message
    assert 'one leg at a time' not in error.message
    assert refusal(text, garment, leg='left').error_code == SessionError.OVER_LIMIT
    cure = int(error.message.split('shorten dwell_s to ')[1].split(' s')[0])
    shorter = trial.replace('dwell_s: 50', f'dwell_s: {cure}')
    compile_protocol(load_protocol(shorter), garment)
    shorter = trial.replace('dwell_s: 50', 'dwell_s: 110')
    assert 'run one leg at a time' in refusal(shorter, garment).message
    compile_protocol(load_protocol(shorter), garment, leg='left')
    compile_protocol(load_protocol(shorter.replace('together', 'alternate')), garment)


@pytest.mark.parametrize('garment_name', list_garments())
@pytest.mark.parametrize('name', [entry.name for entry in list_protocols()])
def test_every_protocol_of_the_library_runs_on_every_garment(name: str, garment_name: str) -> None:
    garment = load_garment(garment_name)
    for leg in ('both', 'left'):
        plan = compile_protocol(load_protocol(name), garment, leg=leg)
        assert np.isfinite(plan.target).all()
        inflating = plan.kind == StageKind.INFLATE
        assert (plan.timeout[inflating] > 5.0).all()
        assert (plan.timeout[plan.kind == StageKind.RELEASE] == 15.0).all()


def with_pump(garment: Garment, litres_per_minute: float) -> Garment:
    pump = replace(garment.pump, free_flow=litres_per_minute * LITRE_PER_MINUTE)
    return replace(garment, pump=pump)


def test_a_pump_that_is_too_weak_is_told_by_how_much(trial: str, five_zone: Garment) -> None:
    error = refusal(trial, with_pump(five_zone, 3.0))
    assert 'l/min in the place of 3' in error.message
    needed = float(error.message.split('use a pump of ')[1].split(' l/min')[0])
    assert 3.0 < needed < 10.0
    compile_protocol(load_protocol(trial), with_pump(five_zone, needed))
    assert 'use a pump of' in refusal(trial, with_pump(five_zone, 0.95 * needed)).message


def test_only_what_is_enough_by_itself_is_advised(trial: str, five_zone: Garment) -> None:
    weak = with_pump(five_zone, 6.0)
    assert 'run one leg at a time' in refusal(trial, weak).message
    for leg in ('left', 'right'):
        compile_protocol(load_protocol(trial), weak, leg=leg)
    assert 'run one leg at a time' not in refusal(trial, with_pump(five_zone, 3.0)).message
    assert 'shorten' not in refusal(trial, with_pump(five_zone, 3.0)).message


def test_where_no_pump_would_do_the_hoses_are_named(trial: str, five_zone: Garment) -> None:
    thin = replace(five_zone, hose_bore=five_zone.hose_bore / 40.0)
    assert 'look at hose_bore_mm' in refusal(trial, thin).message
