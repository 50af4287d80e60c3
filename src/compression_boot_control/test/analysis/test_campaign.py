"""Campaigns: the supervisor stops what is broken and leaves alone what is sound."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from compression_boot_control.analysis import campaign_run
from compression_boot_control.analysis.campaign import (
    PART,
    Campaign,
    campaign_part,
    code_digest,
    counted,
)
from compression_boot_control.analysis.campaign_claims import CLAIMS
from compression_boot_control.analysis.campaign_draw import draw_devices, flow_range
from compression_boot_control.analysis.campaign_judgement import SCHEMA, judged
from compression_boot_control.analysis.campaign_report import write_report
from compression_boot_control.analysis.campaign_run import (
    GARMENTS,
    LEGS,
    PATTERNS,
    ZONE_TIME,
    PartOutcome,
    Shape,
    campaign_plan,
    run_part,
)
from compression_boot_control.core.plan import StageKind
from compression_boot_control.core.safety.hazards import HAZARDS
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.plant.faults import Fault, FaultKind
from compression_boot_control.sessions.plan_estimate import longest_zone_time, stage_times


@pytest.fixture(scope='module')
def short_part() -> PartOutcome:
    """Two sound sessions that were cut short; tests take copies and change them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(campaign_run, 'LONGEST', 3.0)
        patch.setattr(campaign_run, 'TAIL', 1.0)
        return run_part(5, 0, 2, faults=False)


def row(outcome: PartOutcome, **changes: Any) -> dict[str, Any]:
    """Judgement of the first session of an outcome, after changes."""
    judgement: dict[str, Any] = judged(replace(outcome, **changes), 0).to_pylist()[0]
    return judgement


def struck(outcome: PartOutcome, *faults: FaultKind, strike: float = 10.0) -> dict[str, Any]:
    """Changes that make the first session one that faults struck."""
    drawn = tuple(Fault(kind, 0) for kind in faults)
    draw = replace(
        outcome.draw,
        faults=(drawn, ()),
        strike=np.array([strike if faults else np.inf, np.inf]),
    )
    return {'draw': draw}


def seen(hazard: str, time: float) -> dict[str, Any]:
    first = np.full((2, len(HAZARDS)), np.inf)
    first[0, [one.id for one in HAZARDS].index(hazard)] = time
    return {'first': first}


# -- whole sessions


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_sound_sessions_trip_nothing() -> None:
    table = campaign_part(2, 0, 128, False, 2)
    result = counted(Campaign(128, 2, False), {'0': table}, {})
    assert result.ok, result.failures
    assert result.highest_mmhg < 80.0


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_struck_sessions_break_no_limit_and_show_their_faults() -> None:
    table = campaign_part(1, 0, 128, True, 2)
    result = counted(Campaign(128, 1, True), {'0': table}, {})
    assert result.ok, result.failures
    assert result.faulted == 128


@pytest.mark.timeout(400)
def test_part_of_a_seed_is_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign_run, 'LONGEST', 4.0)
    monkeypatch.setattr(campaign_run, 'TAIL', 1.0)
    first, again = (judged(run_part(5, 3, 4, faults=True), 3) for _ in range(2))
    assert first.equals(again)
    assert not first.equals(judged(run_part(6, 3, 4, faults=True), 3))


# -- what is drawn


def test_every_fault_is_claimed_but_swapped_hoses() -> None:
    assert set(CLAIMS) == set(FaultKind) - {FaultKind.HOSES_SWAPPED}


def test_every_claim_names_hazards_that_there_are() -> None:
    known = {hazard.id for hazard in HAZARDS}
    assert all(set(claim.hazards) <= known for claim in CLAIMS.values())


def test_devices_of_a_seed_are_always_the_same() -> None:
    garment = load_garment('five_zone')
    draws = [
        draw_devices(garment, flow_range('left', 0), 5, np.random.default_rng(3))[0]
        for _ in range(2)
    ]
    np.testing.assert_array_equal(draws[0].hose_bore, draws[1].hose_bore)
    np.testing.assert_array_equal(draws[0].pump.free_flow, draws[1].pump.free_flow)


@pytest.mark.parametrize('leg', LEGS)
@pytest.mark.parametrize('pattern', PATTERNS)
def test_dwells_leave_room_for_the_slowest_pump(leg: str, pattern: str) -> None:
    garment = load_garment(GARMENTS[2])
    plan = campaign_plan(Shape(GARMENTS[2], leg, pattern, 50.0, 10.0, 0), garment)
    slowest = replace(garment, pump=replace(garment.pump, free_flow=flow_range(leg, 0)[0]))
    assert longest_zone_time(plan, stage_times(plan, slowest, empty=True)) <= ZONE_TIME
    assert (plan.duration[plan.kind == StageKind.DWELL] >= 1.0).all()


def test_parts_make_up_the_campaign_whatever_its_size() -> None:
    tasks = Campaign(2 * PART + 3, 7, True).tasks()
    assert [arguments[2] for arguments in tasks.values()] == [PART, PART, 3]
    # a larger campaign has the same sessions first
    longer = Campaign(3 * PART, 7, True).tasks()
    assert longer['000001'] == tasks['000001']


def test_identity_holds_all_that_decides() -> None:
    identity = Campaign(10, 7, True, 4).identity()
    assert identity['code'] == code_digest()
    assert {identity[name] for name in ('sessions', 'seed', 'cycles')} == {10, 7, 4}


# -- how sessions are judged


def test_sound_session_that_nothing_stopped_keeps_every_promise(short_part: PartOutcome) -> None:
    judgement = row(short_part)
    assert not judgement['false_trip']
    assert not judgement['violation']
    assert judgement['undetected'] is None


def test_hazard_without_a_fault_is_a_false_trip(short_part: PartOutcome) -> None:
    assert row(short_part, **seen('SR-12', 2.0))['false_trip']


def test_hazard_before_the_fault_is_a_false_trip_and_no_detection(short_part: PartOutcome) -> None:
    judgement = row(
        short_part, **struck(short_part, FaultKind.PUMP_DEAD, strike=10.0), **seen('SR-11', 9.0)
    )
    assert judgement['false_trip']
    assert judgement['undetected'] is None


def test_hazard_after_the_fault_is_its_detection(short_part: PartOutcome) -> None:
    judgement = row(
        short_part, **struck(short_part, FaultKind.PUMP_DEAD, strike=10.0), **seen('SR-11', 14.0)
    )
    assert judgement['detection_s'] == 4.0
    assert judgement['undetected'] is False


def test_hazard_after_the_stated_time_is_no_detection(short_part: PartOutcome) -> None:
    late = row(short_part, **struck(short_part, FaultKind.SENSOR_NAN), **seen('SR-03', 10.3))
    in_time = row(short_part, **struck(short_part, FaultKind.SENSOR_NAN), **seen('SR-03', 10.1))
    assert (late['undetected'], in_time['undetected']) == (True, False)


def test_fault_without_a_hazard_is_undetected(short_part: PartOutcome) -> None:
    assert row(short_part, **struck(short_part, FaultKind.PUMP_DEAD))['undetected']


def test_two_faults_together_are_judged_by_the_limits_alone(short_part: PartOutcome) -> None:
    both = struck(short_part, FaultKind.PUMP_DEAD, FaultKind.LEAK)
    assert row(short_part, **both)['undetected'] is None


@pytest.mark.parametrize(
    ('what', 'borne', 'broken'),
    [('over', 0.3, 0.31), ('held', 180.9, 181.1), ('late', 11.9, 12.1)],
)
def test_pressure_beyond_its_time_is_a_violation(
    short_part: PartOutcome, what: str, borne: float, broken: float
) -> None:
    assert not row(short_part, **{what: np.array([borne, 0.0])})['violation']
    assert row(short_part, **{what: np.array([broken, 0.0])})['violation']


def test_air_that_a_stuck_exhaust_keeps_in_is_counted_apart(short_part: PartOutcome) -> None:
    judgement = row(
        short_part,
        late=np.array([20.0, 0.0]),
        **struck(short_part, FaultKind.EXHAUST_STUCK_SHUT),
    )
    assert judgement['beyond_valves']
    assert not judgement['violation']


# -- how they are counted, and reported


def count_of(short_part: PartOutcome, faults: bool = True, **changes: Any) -> Any:
    table = judged(replace(short_part, **changes), 0)
    return counted(Campaign(2, 5, faults), {'000000': table}, {}), {'000000': table}


def test_missed_fault_fails_the_campaign(short_part: PartOutcome) -> None:
    result, _ = count_of(short_part, **struck(short_part, FaultKind.PUMP_DEAD))
    assert (result.undetected, result.undetected_exempt, result.ok) == (1, 0, False)
    assert result.failures[0]['problems'] == ['undetected']


def test_missed_fault_that_is_listed_does_not_fail_it(short_part: PartOutcome) -> None:
    result, _ = count_of(short_part, **struck(short_part, FaultKind.INLET_STUCK_OPEN))
    assert (result.undetected, result.undetected_exempt, result.ok) == (0, 1, True)


def test_part_that_failed_fails_the_campaign() -> None:
    result = counted(Campaign(2, 5, False), {}, {'000000': 'MemoryError'})
    assert not result.ok


def test_report_shows_figures_picture_and_broken_promises(
    short_part: PartOutcome, tmp_path: Path
) -> None:
    changes = struck(short_part, FaultKind.PUMP_DEAD) | {'highest': np.full(2, 40.0 * MMHG)}
    result, tables = count_of(short_part, **changes)
    page, picture = write_report(tmp_path, result, tables)
    text = page.read_text()
    assert 'Promises were broken' in text
    assert 'part 0, place 0: undetected' in text
    assert picture.stat().st_size < 150_000
    summary = json.loads((tmp_path / 'summary.json').read_text())
    assert (summary['violations'], summary['undetected'], summary['false_trips']) == (0, 1, 0)
    assert pq.read_table(tmp_path / 'sessions.parquet').schema.names == SCHEMA.names


def test_report_of_nothing_can_be_written(tmp_path: Path) -> None:
    result = counted(Campaign(2, 5, False), {}, {'000000': 'MemoryError'})
    page, _ = write_report(tmp_path, result, {})
    assert 'part 000000 failed: MemoryError' in page.read_text()
