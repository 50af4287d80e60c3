"""Recommendations: one test for each row of the usual advice, which its name says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compression_boot_control.sessions.eligibility import PastSession
from compression_boot_control.sessions.last_run import Run
from compression_boot_control.sessions.progression import next_intensity
from compression_boot_control.sessions.protocol_library import load_protocol
from compression_boot_control.sessions.recommendation import (
    Recommendation,
    Situation,
    recommend,
)

NOW = 1_800_000_000.0
DAY = 86_400.0


def past(days: float, protocol: str = 'beginner', **changes: object) -> PastSession:
    start = NOW - days * DAY
    one = PastSession(start, start + 1200.0, 20.0, protocol, 40.0)
    return replace(one, **changes)  # type: ignore[arg-type]


TWELVE = tuple(past(40.0 - 3 * k) for k in range(12))


def advice(weekly_km: float, **changes: object) -> Recommendation:
    situation = Situation(weekly_km, 65.0, NOW, sessions=TWELVE)
    return recommend(replace(situation, **changes))  # type: ignore[arg-type]


def test_row_usual_dose() -> None:
    found = advice(60, run=Run.LONG, run_km=24, hours_since_run=0.5)
    assert found.when == 'within 30 to 60 minutes of the run'
    assert 20 <= found.minutes <= 30
    assert 40 <= found.pressure_mmhg <= 60


def test_row_beginner() -> None:
    found = advice(30, run=Run.LONG, run_km=15, hours_since_run=0.5)
    assert (found.protocol, found.minutes) == ('beginner', 20)
    assert found.pressure_mmhg <= 40
    assert advice(30, freshness=2).protocol == 'beginner'


@pytest.mark.parametrize('run', [Run.LONG, Run.QUALITY])
def test_row_intermediate(run: Run) -> None:
    found = advice(60, run=run, run_km=12, hours_since_run=0.5)
    assert (found.protocol, found.minutes) == ('intermediate', 30)
    assert found.follow_up == 'next_morning, 20 minutes'
    sessions = (*TWELVE, past(0.6, 'intermediate'))
    assert advice(60, hours_since_run=20, sessions=sessions).protocol == 'next_morning'


def test_row_advanced() -> None:
    for run, km in ((Run.QUALITY, 12), (Run.EASY, 30), (Run.EASY, 10)):
        found = advice(100, run=run, run_km=km, hours_since_run=0.5)
        assert (found.protocol, found.minutes) == ('advanced', 40)
    few = advice(100, run=Run.QUALITY, hours_since_run=0.5, sessions=TWELVE[:4])
    assert few.protocol == 'intermediate'


def test_row_soreness() -> None:
    first = advice(60, run=Run.LONG, hours_since_run=0.5, soreness=6)
    assert first.protocol == 'soreness_first'
    assert 'soreness_second at about 24 hours' in first.follow_up
    second = advice(60, run=Run.LONG, hours_since_run=24, soreness=6)
    assert (second.protocol, second.minutes) == ('soreness_second', 30)


def test_row_lymphatic() -> None:
    assert advice(60, freshness=3).protocol == 'lymphatic'
    main, _ = load_protocol('lymphatic').compression(1)
    pressures = main.zone_pressures(('foot', 'ankle', 'calf', 'knee', 'thigh'))
    assert (max(pressures), min(pressures)) == (60, 50)
    assert main.dwell_s >= 50


def test_row_trail_and_descents() -> None:
    found = advice(60, run=Run.DESCENT, hours_since_run=0.2)
    assert found.protocol == 'descent'
    assert 25 <= found.minutes <= 30
    assert 'right after' in found.when


def test_row_marathon_back_to_back_or_peak_week() -> None:
    assert advice(60, run=Run.RACE, run_km=42.2, hours_since_run=1).minutes == 45
    peak = advice(60, run=Run.LONG, run_km=30, hours_since_run=1, peak_week=True)
    assert peak.protocol == 'marathon'


def test_row_before_a_run() -> None:
    found = advice(60, before_run=True)
    assert (found.protocol, found.minutes) == ('pre_run', 15)
    assert 'secondary' in found.reasons[0]


def test_row_progression_comfort_before_pressure() -> None:
    protocol = load_protocol('beginner')
    assert next_intensity((), protocol, NOW)[0] == 0.8
    own = [past(9.0, intensity=0.8), past(6.0, intensity=0.8)]
    assert next_intensity(own, protocol, NOW)[0] == 0.85
    own.append(past(3.0, intensity=0.85, symptom='discomfort'))
    lower, reason = next_intensity(own, protocol, NOW)
    assert lower == 0.75
    assert 'comfort before pressure' in reason
    assert next_intensity([past(40.0, intensity=1.0)], protocol, NOW)[0] == 0.8


def test_row_progression_a_lighter_week_after_three_full_ones() -> None:
    full = [past(20.5 - 2 * k) for k in range(10)]
    intensity, reason = next_intensity(full, load_protocol('beginner'), NOW)
    assert intensity == 0.8
    assert 'lighter week' in reason


def test_row_consistency() -> None:
    assert 'regular comfortable use beats rare high pressure' in advice(60).reasons[0]


def test_the_first_session_is_gentle_whatever_was_run() -> None:
    found = advice(150, run=Run.RACE, run_km=42.2, hours_since_run=0.5, sessions=())
    assert found.protocol == 'gentle_first_time'
    assert found.pressure_mmhg == 30


def test_no_recommendation_is_above_the_limit_of_the_person() -> None:
    found = advice(60, run=Run.LONG, hours_since_run=0.5, pressure_cap_mmhg=40.0)
    assert found.pressure_mmhg <= 40
    assert any('your limit is 40 mmHg' in reason for reason in found.reasons)


def test_very_sore_legs_get_less() -> None:
    sore = advice(60, run=Run.LONG, hours_since_run=24, soreness=9)
    assert sore.intensity == pytest.approx(0.7)
