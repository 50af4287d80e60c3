"""A session while it runs: what people do to it, and what it sends whatever they do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random

import numpy as np
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from compression_boot_control.core.garment import LEGS, Garment
from compression_boot_control.core.plan import StageKind, never_rises
from compression_boot_control.core.sequence import SequenceParameters, SessionStatus
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.signals import FloatArray, Mode, Setpoints
from compression_boot_control.core.units import MINUTE, MMHG
from compression_boot_control.hardware.garment_file import list_garments, load_garment
from compression_boot_control.sessions.eligibility import Eligibility
from compression_boot_control.sessions.limits import PLANNED_ZONE_TIME, SESSION_TIME, WARM_UP_TIME
from compression_boot_control.sessions.live_session import (
    LiveSession,
    SessionOrder,
    SessionRefused,
)
from compression_boot_control.sessions.protocol_library import list_protocols
from compression_boot_control.sessions.session_changes import ChangeError, ChangeRefused
from fuzz_protocols import valid_protocol

GARMENTS = {name: load_garment(name) for name in list_garments()}
NAMES = [entry.name for entry in list_protocols()]
DT = 0.5
PARAMETERS = SequenceParameters()


class IdealBoots:
    """Chambers that are at their set-points one step later, and vented two steps later."""

    def __init__(self, session: LiveSession) -> None:
        self.session = session
        self.pressure = np.zeros(len(session.garment))

    def step(self, dt: float = DT) -> Setpoints:
        sent = self.session.step(self.pressure, dt)
        vented = sent.mode == Mode.VENT
        self.pressure = np.where(vented, self.pressure * 0.1, sent.target)
        return sent

    def run_until(self, condition: Callable[[], bool], longest: float = 3000.0) -> None:
        for _ in range(round(longest / DT)):
            if condition():
                return
            self.step()
        raise AssertionError('it did not come to that')

    def run_for(self, seconds: float) -> None:
        for _ in range(round(seconds / DT)):
            self.step()


def begun(order: SessionOrder, garment: Garment) -> tuple[LiveSession, IdealBoots]:
    session = LiveSession(order, garment)
    return session, IdealBoots(session)


@pytest.fixture
def running(five_zone: Garment) -> tuple[LiveSession, IdealBoots]:
    session, boots = begun(SessionOrder('intermediate'), five_zone)
    boots.run_until(lambda: session.elapsed > 60.0)
    return session, boots


Running = tuple[LiveSession, IdealBoots]


# -- beginning


def test_a_session_that_is_left_alone_ends_as_planned(five_zone: Garment) -> None:
    session, boots = begun(SessionOrder('beginner'), five_zone)
    boots.run_until(lambda: session.done)
    assert session.ending() == (SessionError.NONE, '')
    assert session.elapsed == pytest.approx(20.0 * MINUTE, abs=15.0)
    record = session.end_record()
    assert record.error == SessionError.NONE
    assert record.cycles == session.cycles_done > 10
    assert record.peak_mmhg['left_foot'] == pytest.approx(40.0, abs=0.1)
    assert set(record.dose_mmhg_min) == set(five_zone.chamber_names)


@pytest.mark.parametrize(
    ('order', 'error', 'expected'),
    [
        (SessionOrder('beginer'), SessionError.UNKNOWN_PROTOCOL, 'did you mean beginner'),
        (SessionOrder('format: 1\n'), SessionError.INVALID_PROTOCOL, 'is missing'),
        (SessionOrder('beginner', intensity=2.0), SessionError.OVER_LIMIT, 'allowed: 0.5 to 1.2'),
        (SessionOrder('beginner', minutes=46.0), SessionError.OVER_LIMIT, 'up to 45 min'),
        (SessionOrder('beginner', minutes=-1.0), SessionError.OVER_LIMIT, 'up to 45 min'),
        (SessionOrder('beginner', leg='middle'), SessionError.NO_SUCH_LEG, 'left, right, both'),
        (SessionOrder('/etc/passwd'), SessionError.UNKNOWN_PROTOCOL, 'no protocol'),
    ],
)
def test_an_order_that_cannot_be_is_refused(
    five_zone: Garment, order: SessionOrder, error: SessionError, expected: str
) -> None:
    with pytest.raises(SessionRefused, match=expected) as caught:
        LiveSession(order, five_zone)
    assert caught.value.error == error


def test_a_first_session_over_40_mmhg_is_refused_with_the_reason(five_zone: Garment) -> None:
    first = Eligibility(SessionError.NONE, (), 40.0, 'a first session goes up to 40 mmHg', 45.0)
    with pytest.raises(SessionRefused, match=r'intensity.*\(a first session goes up to 40 mmHg\)'):
        LiveSession(SessionOrder('intermediate'), five_zone, first)
    LiveSession(SessionOrder('gentle_first_time'), five_zone, first)


def test_minutes_beyond_what_is_left_of_the_day_are_refused(five_zone: Garment) -> None:
    little = Eligibility(SessionError.NONE, (), 65.0, '', 12.0)
    with pytest.raises(SessionRefused, match='--minutes 12') as caught:
        LiveSession(SessionOrder('beginner'), five_zone, little)
    assert caught.value.error == SessionError.TOO_MUCH
    LiveSession(SessionOrder('beginner', minutes=12.0), five_zone, little)


# -- pause


def test_paused_time_does_not_count_and_the_garment_is_vented(running: Running) -> None:
    session, boots = running
    before = session.elapsed
    assert session.pause()
    for _ in range(100):
        sent = boots.step()
        assert (sent.mode == Mode.VENT).all()
    assert session.status == SessionStatus.PAUSED
    assert session.elapsed == pytest.approx(before, abs=DT)
    assert 'unless resumed' in session.status_text()
    assert not session.pause()
    assert session.resume()
    boots.run_for(30.0)
    assert session.elapsed == pytest.approx(before + 30.0, abs=2 * DT)


def test_a_pause_beyond_its_limit_ends_the_session(running: Running) -> None:
    session, boots = running
    session.pause()
    boots.run_until(lambda: session.done, PARAMETERS.pause_limit + 20.0)
    error, text = session.ending()
    assert error == SessionError.PAUSED_TOO_LONG
    assert text == 'paused longer than 120 s: start a new session'


# -- time


def test_what_is_left_counts_the_cool_down_too(five_zone: Garment) -> None:
    session, boots = begun(SessionOrder('lymphatic'), five_zone)
    assert session.remaining == 30.0 * MINUTE
    boots.run_until(lambda: session.stage_name.startswith('cool down'))
    assert session.progress < 1.0
    assert 20.0 < session.remaining < 120.0


def test_a_session_is_extended_up_to_45_minutes_and_shortened_again(running: Running) -> None:
    session, _ = running
    left = session.remaining
    assert session.extend(10.0) == pytest.approx(left + 10.0 * MINUTE)
    with pytest.raises(ChangeRefused, match='allowed: up to 45 min') as caught:
        session.extend(6.0)
    assert caught.value.error == ChangeError.OVER_LIMIT
    assert session.extend(-10.0) == pytest.approx(left)


@pytest.mark.parametrize('minutes', [-30.0, float('nan'), float('-inf')])
def test_an_extension_that_leaves_no_time_is_refused(running: Running, minutes: float) -> None:
    with pytest.raises(ChangeRefused, match='boots stop'):
        running[0].extend(minutes)


def test_what_is_extended_is_what_is_run(running: Running) -> None:
    session, boots = running
    session.extend(-20.0)
    boots.run_until(lambda: session.done)
    assert session.elapsed == pytest.approx(10.0 * MINUTE, abs=15.0)
    assert session.ending()[0] == SessionError.NONE


def test_about_to_end_a_session_is_not_extended(running: Running) -> None:
    session, boots = running
    session.fail(SessionError.STOPPED, 'stopped on request')
    boots.step()
    with pytest.raises(ChangeRefused, match='about to end'):
        session.extend(5.0)


# -- warm-up


def allowed(minutes: float) -> Eligibility:
    return Eligibility(SessionError.NONE, (), 65.0, '', minutes)


def test_the_clock_of_the_session_stands_still_in_the_warm_up(five_zone: Garment) -> None:
    session, boots = begun(SessionOrder('beginner'), five_zone)
    while session.stage_name.startswith('warm up'):
        assert (session.elapsed, session.progress) == (0.0, 0.0)
        assert session.remaining == 20.0 * MINUTE
        boots.step()
    began = session.warm_up
    assert began > 0.0
    boots.run_for(60.0)
    assert session.warm_up == began
    assert session.elapsed == pytest.approx(60.0, abs=DT)


def test_a_protocol_without_a_warm_up_has_its_clock_run_from_the_start(five_zone: Garment) -> None:
    session, boots = begun(SessionOrder('demonstration'), five_zone)
    boots.run_for(10.0)
    assert (session.warm_up, session.elapsed) == (0.0, 10.0)


def test_a_pause_moves_no_clock_of_the_warm_up(five_zone: Garment) -> None:
    session, boots = begun(SessionOrder('beginner'), five_zone)
    boots.run_for(10.0)
    session.pause()
    boots.step()
    before = session.warm_up
    boots.run_for(30.0)
    assert (session.warm_up, session.elapsed) == (before, 0.0)


def test_a_stop_in_the_warm_up_is_kept_with_the_time_that_it_took(five_zone: Garment) -> None:
    session, boots = begun(SessionOrder('beginner'), five_zone)
    boots.run_for(20.0)
    session.fail(SessionError.STOPPED, 'stopped on request')
    boots.run_until(lambda: session.done)
    assert session.elapsed == 0.0
    record = session.end_record()
    assert record.error == SessionError.STOPPED
    assert record.minutes == session.warm_up / MINUTE >= 20.0 / 60.0
    assert record.dose_mmhg_min['left_foot'] > 0.0


@pytest.mark.parametrize('minutes', [45.0, 44.5, 30.0])
def test_a_session_and_its_warm_up_are_never_longer_than_45_minutes(
    five_zone: Garment, minutes: float
) -> None:
    session, boots = begun(SessionOrder('beginner', minutes=minutes), five_zone)
    boots.run_until(lambda: session.done)
    assert session.elapsed == pytest.approx(minutes * MINUTE, abs=15.0)
    assert session.under_way <= SESSION_TIME.high * MINUTE + 15.0


def test_the_warm_up_is_within_what_is_left_of_the_day(five_zone: Garment) -> None:
    session = LiveSession(SessionOrder('beginner', minutes=12.0), five_zone, allowed(12.5))
    boots = IdealBoots(session)
    boots.run_until(lambda: session.elapsed > 0.0)
    assert session.warm_up == 30.0
    with pytest.raises(ChangeRefused, match=r'allowed: up to 12\.5 min'):
        session.extend(0.1)


def test_an_extension_counts_the_warm_up_that_was(running: Running) -> None:
    session, _ = running
    room = SESSION_TIME.high - session.minutes - session.warm_up / MINUTE
    with pytest.raises(ChangeRefused, match='its warm-up included'):
        session.extend(room + 0.1)
    session.extend(room - 0.1)


def test_an_extension_in_the_warm_up_leaves_it_the_room_that_there_is(five_zone: Garment) -> None:
    session, boots = begun(SessionOrder('beginner'), five_zone)
    boots.run_for(10.0)
    session.extend(24.5)
    boots.run_until(lambda: session.elapsed > 0.0)
    assert session.warm_up == 30.0


@pytest.mark.parametrize(('name', 'warm_up'), [('beginner', WARM_UP_TIME.high), ('marathon', 0.0)])
def test_a_session_is_planned_with_the_longest_warm_up_that_it_may_have(
    five_zone: Garment, name: str, warm_up: float
) -> None:
    session = LiveSession(SessionOrder(name), five_zone)
    assert session.new_record().planned_minutes == session.minutes + warm_up


# -- what goes wrong


def test_the_first_reason_for_an_end_stands(running: Running) -> None:
    session, boots = running
    session.report_symptom('numbness')
    session.fail(SessionError.STOPPED, 'numbness reported')
    session.fail(SessionError.SAFETY, 'the supervisor vents')
    assert (boots.step().mode == Mode.VENT).all()
    boots.run_until(lambda: session.done)
    record = session.end_record()
    assert (record.error, record.error_text) == (SessionError.STOPPED, 'numbness reported')
    assert record.symptom == 'numbness'


def test_one_lost_zone_is_left_out_and_two_end_the_session(running: Running) -> None:
    session, boots = running
    boots.run_until(lambda: session.stage_name == 'dwell')
    assert session.follow_supervisor(['left_calf']) == ('left_calf',)
    sent = boots.step()
    calf = session.garment.index('left_calf')
    assert sent.mode[calf] == Mode.VENT
    assert np.count_nonzero(sent.target) == 9
    assert session.follow_supervisor(['left_calf']) == ()
    session.follow_supervisor(['left_knee'])
    boots.run_until(lambda: session.done)
    assert session.ending() == (
        SessionError.SAFETY,
        'the supervisor vents left_calf, left_knee: see boots status, and check hoses and zips',
    )


def test_the_cause_of_an_end_stays_where_no_reading_can_confirm_the_vent(
    running: Running,
) -> None:
    session, _ = running
    session.fail(SessionError.SAFETY, 'the supervisor vents')
    unknown = np.full(len(session.garment), np.nan)
    for _ in range(500):
        session.step(unknown, 0.01)
    assert session.done
    assert session.ending() == (
        SessionError.SAFETY,
        'the supervisor vents; that the boots are vented could not be confirmed',
    )


def test_one_lost_zone_on_each_leg_is_no_reason_to_end(running: Running) -> None:
    session, boots = running
    session.follow_supervisor(['left_calf', 'right_foot'])
    boots.run_until(lambda: session.done)
    assert session.ending()[0] == SessionError.NONE
    assert session.skipped == ('left_calf', 'right_foot')


def test_a_zone_that_stays_limp_is_named(five_zone: Garment) -> None:
    session = LiveSession(SessionOrder('beginner'), five_zone)
    pressure = np.zeros(len(five_zone))
    for _ in range(400):
        session.step(pressure, DT)
    assert session.done
    error, text = session.ending()
    assert error == SessionError.NOT_REACHED
    assert text.startswith('left_foot (28 mmHg) and right_foot (28 mmHg) did not reach')


def test_changes_that_take_effect_at_different_speeds_do_not_turn_the_gradient(
    trial: str, five_zone: Garment
) -> None:
    session, boots = begun(SessionOrder(trial), five_zone)
    for zone, offset in (('knee', -5.0), ('calf', -10.0), ('ankle', -15.0), ('foot', -20.0)):
        session.changes.adjust_zone(zone, 'both', offset * MMHG, skip=False)
    boots.run_for(20.0)
    boots.run_until(lambda: session.stage_name == 'dwell')
    # all zones are alike now; each offset takes another time to come to a half
    session.changes.set_intensity(0.5)
    for _ in range(40):
        assert never_rises(boots.step().target[None], ((0, 1, 2, 3, 4), (5, 6, 7, 8, 9)))


# -- whatever happens

EVENT = st.one_of(
    st.tuples(st.just('intensity'), st.floats(0.4, 1.3)),
    st.tuples(st.just('offset'), st.tuples(st.integers(0, 5), st.floats(-25, 15))),
    st.tuples(st.just('skip'), st.tuples(st.integers(0, 5), st.booleans())),
    st.tuples(st.just('lose'), st.integers(0, 11)),
    st.tuples(st.just('extend'), st.floats(-50, 50)),
    st.sampled_from([(name, 0) for name in ('ease', 'pause', 'resume', 'stop', 'symptom')]),
)
EVENTS = st.lists(st.tuples(EVENT, st.integers(1, 100)), max_size=12)


def apply(session: LiveSession, kind: str, value: object) -> None:
    zones = session.garment.zone_order
    with suppress(ChangeRefused):
        match kind, value:
            case 'intensity', float(intensity):
                session.changes.set_intensity(intensity)
            case 'offset', (int(place), float(offset)):
                zone = zones[place % len(zones)]
                session.changes.adjust_zone(zone, 'both', offset * MMHG, skip=False)
            case 'skip', (int(place), bool(skip)):
                session.changes.adjust_zone(zones[place % len(zones)], 'left', 0.0, skip=skip)
            case 'lose', int(chamber):
                names = session.garment.chamber_names
                session.follow_supervisor([names[chamber % len(names)]])
            case 'extend', float(minutes):
                session.extend(minutes)
            case 'ease', _:
                session.changes.ease()
            case 'pause', _:
                session.pause()
            case 'resume', _:
                session.resume()
            case 'symptom', _:
                session.report_symptom('tingling')
                session.fail(SessionError.STOPPED, 'tingling reported')
            case _:
                session.fail(SessionError.STOPPED, 'stopped')


class Invariants:
    """What holds of everything that a session sends."""

    def __init__(self, session: LiveSession) -> None:
        self._session = session
        garment, plan = session.garment, session.plan
        self._chains = tuple(chain for chain in map(garment.on_leg, LEGS) if chain)
        self._ever = (plan.target > 0.0).any(axis=0)
        self._steepest = (
            PARAMETERS.intensity_ramp * plan.target.max() + PARAMETERS.offset_ramp
        ) * DT
        self._last: tuple[int, FloatArray] | None = None
        self._under_pressure = np.zeros(len(garment))

    def check(self, sent: Setpoints) -> None:
        session, target, vented = self._session, sent.target, sent.mode == Mode.VENT
        assert never_rises(target[None], self._chains)
        assert np.isfinite(target).all()
        assert (target[~vented] >= 0.0).all()
        assert (target <= session.plan.caps * (1.0 + 1e-9)).all()
        assert (target[vented] == 0.0).all()
        assert vented[~self._ever].all()
        assert vented[session.changes.lost].all()
        assert vented.all() or session.status == SessionStatus.RUNNING
        assert session.minutes <= 45.0
        self._check_no_jump(target, vented)
        self._check_zone_time(vented)

    def _check_no_jump(self, target: FloatArray, vented: FloatArray) -> None:
        """A change takes effect by its ramp: within a stage no set-point moves faster."""
        stage = int(self._session.state.stage[0])
        if self._last is not None and self._last[0] == stage:
            both = ~vented & (self._last[1] > 0.0)
            moved = np.abs(target - self._last[1])[both]
            assert (moved <= self._steepest * (1.0 + 1e-9)).all()
        self._last = stage, np.where(vented, 0.0, target)

    def _check_zone_time(self, vented: FloatArray) -> None:
        self._under_pressure = np.where(vented, 0.0, self._under_pressure + DT)
        assert self._under_pressure.max() <= PLANNED_ZONE_TIME.high + 10.0


def check_whatever_happens(
    order: SessionOrder, garment: Garment, events: list[tuple[tuple[str, object], int]]
) -> None:
    try:
        session, boots = begun(order, garment)
    except SessionRefused as refusal:
        assume(refusal.error not in (SessionError.OVER_LIMIT, SessionError.INVALID_PROTOCOL))
        raise
    invariants = Invariants(session)
    for (kind, value), steps in events:
        apply(session, kind, value)
        for _ in range(steps):
            invariants.check(boots.step())
            record = session.end_record()
            # the cool-down is within the time, the release at the end comes on top
            whole = min(session.minutes + session.warm_up / MINUTE, SESSION_TIME.high)
            assert record.minutes <= whole + 1.0
    session.fail(SessionError.STOPPED, 'stopped')
    invariants.check(boots.step())
    boots.run_until(lambda: session.done, 60.0)
    assert (boots.pressure < 10.0 * MMHG).all()


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(sorted(GARMENTS)), EVENTS)
def test_whatever_interrupts_a_protocol_of_the_library_what_is_sent_keeps_every_invariant(
    name: str, garment_name: str, events: list[tuple[tuple[str, object], int]]
) -> None:
    check_whatever_happens(SessionOrder(name), GARMENTS[garment_name], events)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32), st.sampled_from(sorted(GARMENTS)), st.sampled_from([0.5, 1, 1.2]), EVENTS
)
def test_whatever_interrupts_any_valid_protocol_what_is_sent_keeps_every_invariant(
    seed: int, garment_name: str, intensity: float, events: list[tuple[tuple[str, object], int]]
) -> None:
    garment = GARMENTS[garment_name]
    text = yaml.safe_dump(valid_protocol(Random(seed), garment.zone_order))
    check_whatever_happens(SessionOrder(text, intensity), garment, events)


def test_the_ideal_boots_dwell_as_planned(five_zone: Garment) -> None:
    session, boots = begun(SessionOrder('intermediate'), five_zone)
    dwells = session.plan.duration[session.plan.kind == StageKind.DWELL]
    boots.run_until(lambda: session.stage_name == 'dwell')
    before = session.elapsed
    boots.run_until(lambda: session.stage_name == 'release')
    assert session.elapsed - before == pytest.approx(dwells[-1], abs=2 * DT)
