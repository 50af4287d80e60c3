"""Two weeks of sessions in simulated time, through the journal: clocks and counters stay right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.session_errors import ProtocolError, SessionError
from compression_boot_control.core.signals import Mode
from compression_boot_control.core.units import MINUTE
from compression_boot_control.sessions.admission import Admission
from compression_boot_control.sessions.eligibility import HOUR
from compression_boot_control.sessions.journal_store import Journal
from compression_boot_control.sessions.last_run import Run
from compression_boot_control.sessions.live_session import LiveSession, SessionOrder
from compression_boot_control.sessions.recommendation import Situation, recommend
from compression_boot_control.sessions.screening import (
    DAY,
    SCREENING,
    TODAY,
    Question,
    answers_of,
)

MORNING = 1_800_000_000.0 - 1_800_000_000.0 % DAY + 8.0 * HOUR
DT = 2.0
DAYS = 14


class Runner:
    """A person with a journal and a clock, who does what is recommended."""

    def __init__(self, path: Path, garment: Garment) -> None:
        self.path = path
        self.garment = garment
        self.now = MORNING
        self.admission = Admission(path, lambda: self.now)
        self.answer(SCREENING)

    def answer(self, questions: tuple[Question, ...]) -> None:
        answers = answers_of(questions, {one.key: 'no' for one in questions}, self.now)
        with Journal(self.path) as journal:
            if questions == SCREENING:
                journal.add_screening(answers)
            else:
                journal.add_today(answers)

    def recommended(self) -> SessionOrder:
        with Journal(self.path) as journal:
            person = journal.person()
        advice = recommend(
            Situation(
                weekly_km=60.0,
                pressure_cap_mmhg=40.0 if not person.sessions else 65.0,
                now=self.now,
                run=Run.LONG,
                run_km=20.0,
                hours_since_run=0.5,
                sessions=person.sessions,
            )
        )
        return SessionOrder(advice.protocol, advice.intensity)

    def has_a_session(self, order: SessionOrder) -> LiveSession:
        """Let a session run to its end on chambers that are at their set-points at once."""
        self.answer(TODAY)
        session = LiveSession(order, self.garment, self.admission.check())
        session.record_id = self.admission.begin(session.new_record())
        pressure = np.zeros(len(self.garment))
        while not session.done:
            sent = session.step(pressure, DT)
            pressure = np.where(sent.mode == Mode.VENT, 0.0, sent.target)
            self.now += DT
            self.admission.keep_progress(session.record_id, session.end_record)
        self.admission.end(session.record_id, session.end_record())
        return session

    def refused(self) -> SessionError:
        self.answer(TODAY)
        with pytest.raises(ProtocolError) as caught:
            self.admission.check()
        return caught.value.error_code


def test_two_weeks_of_two_sessions_a_day(tmp_path: Path, five_zone: Garment) -> None:
    runner = Runner(tmp_path / 'journal.sqlite', five_zone)
    cycles, minutes, intensities = [], [], []
    for day in range(DAYS):
        for hour in (0.0, 10.0):
            runner.now = MORNING + day * DAY + hour * HOUR
            order = runner.recommended()
            session = runner.has_a_session(order)
            assert session.ending()[0] == SessionError.NONE
            cycles.append(session.cycles_done)
            minutes.append(session.under_way / MINUTE)
            intensities.append(order.intensity)
            assert runner.refused() == SessionError.TOO_MUCH
    with Journal(runner.path) as journal:
        rows = journal.tables()['sessions']
        person = journal.person()
    assert len(rows) == 2 * DAYS
    assert [row['cycles'] for row in rows] == cycles
    assert [row['minutes'] for row in rows] == pytest.approx(minutes)
    for row in rows:
        # nothing drifts: a session of the last day takes as long as one of the first
        assert row['ended_at'] - row['started_at'] == pytest.approx(60.0 * row['minutes'], abs=20.0)
        assert row['seen_at'] == row['ended_at']
    assert person.latest == rows[-1]['ended_at']
    # it began gently, was built up, and nothing was above the protocol's own pressure
    assert rows[0]['protocol'] == 'gentle_first_time'
    assert {row['protocol'] for row in rows[-4:]} == {'intermediate'}
    assert max(intensities) <= 1.0
    assert intensities[-1] > intensities[4]
    # a clock that was set back by a day is noticed
    runner.now -= DAY
    assert runner.refused() == SessionError.NOT_SCREENED
