"""The sequence: how a session walks its plan, is changed by people, and always ends vented."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compression_boot_control.core.plan import Plan, Stage, StageKind
from compression_boot_control.core.sequence import (
    DOSE_THRESHOLD,
    VENTED_PRESSURE,
    SequenceParameters,
    SequenceRequest,
    SequenceState,
    SequenceTable,
    SessionStatus,
)
from compression_boot_control.core.sequence_step import (
    sequence_step,
)
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.signals import Mode, Setpoints
from compression_boot_control.core.units import MMHG

DT = 0.125
"""A power of two, so that times add up exactly."""

VENT, TRACK, HOLD = int(Mode.VENT), int(Mode.TRACK), int(Mode.HOLD)
PARAMETERS = SequenceParameters()
CAPS = np.array([65.0, 65.0, 50.0]) * MMHG


def stage(
    kind: StageKind,
    name: str,
    modes: Sequence[int],
    targets: Sequence[float],
    *,
    awaited: Sequence[bool] = (False, False, False),
    duration: float = 0.0,
    timeout: float = 0.0,
) -> Stage:
    """Return a stage of three chambers, targets in mmHg."""
    return Stage(
        kind=kind,
        name=name,
        mode=np.array(modes),
        target=np.array(targets) * MMHG,
        awaited=np.array(awaited),
        duration=duration,
        timeout=timeout,
    )


def wave(label: str = '') -> list[Stage]:
    """Foot, then calf; the thigh stays vented. Dwell 2 s, release, rest 1 s."""
    everywhere = (True, True, True)
    return [
        stage(
            StageKind.INFLATE,
            f'{label}inflate foot',
            (TRACK, VENT, VENT),
            (40, 0, 0),
            awaited=(True, False, False),
            timeout=8.0,
        ),
        stage(
            StageKind.INFLATE,
            f'{label}inflate calf',
            (HOLD, TRACK, VENT),
            (40, 30, 0),
            awaited=(False, True, False),
            timeout=8.0,
        ),
        stage(StageKind.DWELL, f'{label}dwell', (HOLD, HOLD, VENT), (40, 30, 0), duration=2.0),
        stage(
            StageKind.RELEASE,
            f'{label}release',
            (VENT, VENT, VENT),
            (0, 0, 0),
            awaited=everywhere,
            timeout=6.0,
        ),
        stage(StageKind.REST, f'{label}rest', (VENT, VENT, VENT), (0, 0, 0), duration=1.0),
    ]


FINAL_RELEASE = stage(
    StageKind.RELEASE,
    'final release',
    (VENT, VENT, VENT),
    (0, 0, 0),
    awaited=(True, True, True),
    timeout=6.0,
)


def plan_of(
    prefix: Sequence[Stage] = (),
    loop: Sequence[Stage] | None = None,
    suffix: Sequence[Stage] = (FINAL_RELEASE,),
    session_time: float = 60.0,
    clock_start: int = 0,
    warm_up_limit: float = 300.0,
) -> Plan:
    """Return a plan whose loop is one wave unless another is given."""
    return Plan.of_stages(
        'wave', prefix, loop or wave(), suffix, session_time, CAPS, clock_start, warm_up_limit
    )


class Session:
    """A session on chambers that are where they should be a sample later.

    Parameters
    ----------
    plan : Plan
    slow : bool
        Chambers move by 10 mmHg a sample only.
    """

    def __init__(self, plan: Plan, *, slow: bool = False) -> None:
        self.plan = plan
        self.table = SequenceTable.of_plan(plan)
        self.state = SequenceState.initial((3,))
        self.request = SequenceRequest.nothing((3,))
        self.pressure = np.zeros(3)
        self.setpoints = Setpoints(np.full(3, VENT), np.zeros(3))
        self.most = 10.0 * MMHG if slow else math.inf
        self.time = 0.0

    def step(
        self, pressure: Sequence[float] | None = None, dt: float = DT, **asked: bool
    ) -> Setpoints:
        """Advance by a sample; pressures in mmHg instead of the chambers' own."""
        if pressure is None:
            change = self.setpoints.target - self.pressure
            self.pressure = self.pressure + np.clip(change, -self.most, self.most)
        else:
            self.pressure = np.array(pressure) * MMHG
        request = self.request._replace(**{name: np.array([yes]) for name, yes in asked.items()})
        self.state, self.setpoints = sequence_step(
            PARAMETERS, self.table, self.state, request, self.pressure, dt
        )
        self.time += dt
        return self.setpoints

    def run(
        self, until: Callable[[Session], bool], limit: float = 400.0, **given_values: Any
    ) -> float:
        """Step until something holds; the time that it took [s]."""
        begin = self.time
        while not until(self):
            assert self.time - begin < limit, f'still in {self.stage} after {limit} s'
            self.step(**given_values)
        return self.time - begin

    def go_to(self, name: str) -> None:
        """Step until a stage of this name begins."""
        self.run(lambda session: session.stage == name)

    def ask(self, **wishes: Any) -> None:
        """Ask for an intensity, for offsets [mmHg] or for chambers to skip, from now on."""
        if 'intensity' in wishes:
            self.request = self.request._replace(intensity=np.array([wishes['intensity']]))
        if 'offset' in wishes:
            self.request = self.request._replace(offset=np.array(wishes['offset']) * MMHG)
        if 'skip' in wishes:
            self.request = self.request._replace(skip=np.array(wishes['skip']))

    @property
    def stage(self) -> str:
        return self.plan.stage_names[int(self.state.stage[0])]

    @property
    def status(self) -> SessionStatus:
        return SessionStatus(int(self.state.status[0]))

    @property
    def error(self) -> SessionError:
        return SessionError(int(self.state.error[0]))

    @property
    def target(self) -> list[float]:
        """Targets [mmHg]."""
        return [float(value) for value in (self.setpoints.target / MMHG).round(9)]

    @property
    def is_vented(self) -> bool:
        """Whether every chamber is told to vent."""
        return set(self.setpoints.mode) == {VENT} and not self.setpoints.target.any()


def done(session: Session) -> bool:
    return session.status == SessionStatus.DONE


@pytest.fixture
def session() -> Session:
    """A session that has just begun, on a plan of one wave."""
    return Session(plan_of())


# -- stages


def test_session_begins_with_the_first_stage(session: Session) -> None:
    session.step()
    assert session.stage == 'inflate foot'
    assert session.setpoints.mode.tolist() == [TRACK, VENT, VENT]
    assert session.target == [40.0, 0.0, 0.0]


def test_stages_come_in_the_order_of_the_plan() -> None:
    session = Session(plan_of(wave('warm up '), wave(), [*wave('cool down '), FINAL_RELEASE], 6.0))
    visited: list[str] = []
    while session.status == SessionStatus.RUNNING:
        if not visited or visited[-1] != session.stage:
            visited.append(session.stage)
        session.step()
    names = [part.name for part in wave()]
    assert visited == [
        *(f'warm up {name}' for name in names),
        *names[: visited.index('cool down inflate foot') - len(names)],
        *(f'cool down {name}' for name in names),
        'final release',
    ]


@pytest.mark.parametrize(('reading', 'arrived'), [(37.9, False), (38.0, True), (60.0, True)])
def test_inflation_is_over_within_the_arrival_band(
    session: Session, reading: float, arrived: bool
) -> None:
    session.step()
    session.step([reading, 0.0, 0.0])
    assert (session.stage == 'inflate calf') is arrived


def test_inflation_waits_for_the_awaited_chambers_only(session: Session) -> None:
    session.go_to('inflate calf')
    session.step([0.0, 30.0, 0.0])
    assert session.stage == 'dwell'


def test_dwell_lasts_its_duration(session: Session) -> None:
    session.go_to('dwell')
    assert session.run(lambda session: session.stage != 'dwell') == 2.0


@pytest.mark.parametrize(('reading', 'released'), [(10.0, False), (9.9, True), (-3.0, True)])
def test_release_is_over_when_every_chamber_is_vented(
    session: Session, reading: float, released: bool
) -> None:
    session.go_to('release')
    session.step([0.0, reading, 0.0])
    assert (session.stage == 'rest') is released


def test_unknown_pressure_is_not_released(session: Session) -> None:
    session.go_to('release')
    session.step([0.0, math.nan, 0.0])
    assert session.stage == 'release'


def test_duration_is_the_shortest_length_of_an_inflation() -> None:
    first = stage(
        StageKind.INFLATE,
        'inflate',
        (TRACK, VENT, VENT),
        (40, 0, 0),
        awaited=(True, False, False),
        duration=3.0,
        timeout=8.0,
    )
    session = Session(plan_of(loop=[first, *wave()]))
    session.step()
    assert session.run(lambda session: session.stage != 'inflate') == 3.0 - DT


# -- loop and end


def test_loop_repeats_until_the_time_is_up() -> None:
    session = Session(plan_of(session_time=20.0))
    session.run(lambda session: session.stage == 'final release')
    assert session.state.session_time[0] == 20.0


def test_time_up_leaves_the_loop_in_the_middle_of_a_stage() -> None:
    loop = [stage(StageKind.DWELL, 'dwell', (HOLD,) * 3, (40, 30, 20), duration=100.0)]
    session = Session(plan_of(loop=loop, session_time=5.0))
    assert session.run(lambda session: session.stage == 'final release') == 5.0
    assert session.is_vented


def test_time_up_leaves_the_prefix_too() -> None:
    prefix = [stage(StageKind.DWELL, 'warm up', (HOLD,) * 3, (40, 30, 20), duration=100.0)]
    session = Session(plan_of(prefix, session_time=5.0))
    assert session.run(lambda session: session.stage == 'final release') == 5.0


def test_suffix_runs_to_its_end_after_the_time_is_up() -> None:
    session = Session(plan_of(suffix=[*wave('cool down '), FINAL_RELEASE], session_time=5.0))
    session.run(lambda session: session.stage == 'cool down rest')
    assert session.status == SessionStatus.RUNNING


# -- warm-up


def warmed_up(**options: Any) -> Session:
    """A session with two waves before the loop, of which the first is its warm-up."""
    prefix = [*wave('warm up '), *wave('ramp ')]
    return Session(plan_of(prefix, clock_start=len(wave()), **options))


def test_clock_stands_still_in_the_warm_up() -> None:
    session = warmed_up()
    session.go_to('ramp inflate foot')
    assert session.state.session_time[0] == 0.0
    assert session.state.warm_up_time[0] == session.time > 0.0


def test_clock_runs_after_the_warm_up_for_the_whole_session_time() -> None:
    session = warmed_up(session_time=20.0)
    session.go_to('ramp inflate foot')
    assert session.run(lambda session: session.stage == 'final release') == 20.0
    assert session.state.session_time[0] == 20.0


def test_clock_runs_from_the_start_where_nothing_warms_up() -> None:
    session = Session(plan_of(wave('ramp ')))
    session.go_to('ramp dwell')
    assert session.state.session_time[0] == session.time
    assert session.state.warm_up_time[0] == 0.0


def test_clock_waits_for_the_warm_up_no_longer_than_its_limit() -> None:
    session = warmed_up(warm_up_limit=1.5)
    session.go_to('ramp inflate foot')
    assert session.state.warm_up_time[0] == 1.5
    assert session.state.session_time[0] == session.time - 1.5


def test_pause_stops_the_time_of_the_warm_up_too() -> None:
    session = warmed_up()
    session.go_to('warm up dwell')
    session.step(pause=True)
    before = session.state.warm_up_time[0]
    for _ in range(80):
        session.step()
    assert session.state.warm_up_time[0] == before
    assert session.state.session_time[0] == 0.0


def test_clock_still_stands_while_an_interrupted_warm_up_starts_over() -> None:
    session = warmed_up()
    session.go_to('warm up dwell')
    session.step(pause=True)
    session.step(resume=True)
    session.go_to('ramp inflate foot')
    assert session.state.session_time[0] == 0.0


def test_clock_that_runs_does_not_stop_for_a_warm_up_that_starts_over() -> None:
    session = warmed_up()
    session.go_to('ramp dwell')
    session.step(pause=True)
    session.step(resume=True)
    assert session.stage == 'warm up inflate foot'
    before = session.state.session_time[0]
    session.step()
    assert session.state.session_time[0] == before + DT


def test_stop_in_the_warm_up_ends_the_session_vented() -> None:
    session = warmed_up()
    session.go_to('warm up dwell')
    session.step(stop=True)
    assert session.is_vented
    session.run(done)
    assert session.error == SessionError.STOPPED
    assert session.state.session_time[0] == 0.0


def test_dose_counts_in_the_warm_up() -> None:
    session = warmed_up()
    session.go_to('ramp inflate foot')
    assert session.state.dose[0] > 0.0


def test_chamber_is_left_out_from_the_start_and_not_within_the_warm_up() -> None:
    session = warmed_up()
    session.ask(skip=[True, False, False])
    session.go_to('warm up dwell')
    assert session.target == [0.0, 30.0, 0.0]
    session.ask(skip=[False, False, False])
    session.step()
    assert session.target == [0.0, 30.0, 0.0]


def test_loop_of_one_stage_starts_its_time_again_each_time() -> None:
    loop = [stage(StageKind.REST, 'rest', (VENT,) * 3, (0, 0, 0), duration=1.0)]
    session = Session(plan_of(loop=loop))
    session.run(lambda session: session.time == 3.5)
    assert session.state.stage_time[0] == 0.5


def test_cycle_counts_from_one(session: Session) -> None:
    session.step()
    assert session.state.cycle[0] == 1


def test_cycle_begins_after_a_rest(session: Session) -> None:
    session.go_to('rest')
    assert session.state.cycle[0] == 1
    session.go_to('inflate foot')
    assert session.state.cycle[0] == 2


def test_cycle_is_done_once_it_is_released(session: Session) -> None:
    session.go_to('release')
    assert session.state.cycles_done[0] == 0
    session.go_to('rest')
    assert session.state.cycles_done[0] == 1


def test_cycle_that_the_time_cuts_off_is_not_done() -> None:
    session = Session(plan_of(session_time=1.0))
    session.run(done)
    assert session.state.cycles_done[0] == 0


def test_session_that_went_as_planned_ends_without_error() -> None:
    session = Session(plan_of(session_time=20.0))
    session.run(done)
    assert session.error == SessionError.NONE


def test_session_that_is_done_stays_done_and_vented() -> None:
    session = Session(plan_of(session_time=1.0))
    session.run(done)
    before = session.state
    for _ in range(20):
        session.step([40.0, 40.0, 40.0], resume=True, pause=True, stop=True)
        assert done(session)
        assert session.is_vented
    assert session.state.dose.tolist() == before.dose.tolist()
    assert session.state.peak.tolist() == before.peak.tolist()
    assert session.error == SessionError.NONE


# -- stop


@pytest.mark.parametrize('name', [part.name for part in wave()])
def test_stop_vents_with_the_same_sample(session: Session, name: str) -> None:
    session.go_to(name)
    session.step(stop=True)
    assert session.is_vented
    assert (session.status, session.error) == (SessionStatus.ENDING, SessionError.STOPPED)


def test_stop_works_in_a_pause(session: Session) -> None:
    session.go_to('dwell')
    session.step(pause=True)
    session.step(stop=True)
    assert (session.status, session.error) == (SessionStatus.ENDING, SessionError.STOPPED)


def test_stop_outranks_pause_and_resume(session: Session) -> None:
    session.go_to('dwell')
    session.step(stop=True, pause=True, resume=True)
    assert session.status == SessionStatus.ENDING


def test_stopped_session_is_done_once_it_is_vented(session: Session) -> None:
    session.go_to('dwell')
    session.step(stop=True)
    session.step([40.0, 10.0, 0.0])
    assert session.status == SessionStatus.ENDING
    session.step([9.9, 9.9, 0.0])
    assert done(session)
    assert session.error == SessionError.STOPPED


def test_resume_does_not_bring_back_a_session_that_ends(session: Session) -> None:
    session.go_to('dwell')
    session.step(stop=True)
    session.step([40.0, 30.0, 0.0], resume=True)
    assert session.status == SessionStatus.ENDING
    assert session.is_vented


def test_garment_that_does_not_vent_ends_the_session_after_15_s(session: Session) -> None:
    session.go_to('dwell')
    session.step(stop=True)
    taken = session.run(done, pressure=[40.0, 30.0, 0.0])
    assert taken == pytest.approx(15.0, abs=2.0 * DT)
    assert session.error == SessionError.NOT_VENTED


def test_garment_that_nobody_sees_ends_the_session_after_2_s(session: Session) -> None:
    session.go_to('dwell')
    session.step(stop=True)
    taken = session.run(done, pressure=[math.nan] * 3)
    assert taken == pytest.approx(2.0, abs=2.0 * DT)
    assert session.error == SessionError.NOT_VENTED


# -- pause


def test_pause_vents(session: Session) -> None:
    session.go_to('dwell')
    session.step(pause=True)
    assert session.status == SessionStatus.PAUSED
    assert session.is_vented


def test_paused_time_does_not_count(session: Session) -> None:
    session.go_to('dwell')
    session.step(pause=True)
    elapsed = session.state.session_time[0]
    for _ in range(80):
        session.step()
    assert session.state.session_time[0] == elapsed


def test_pause_stays_until_it_is_resumed(session: Session) -> None:
    session.go_to('dwell')
    session.step(pause=True)
    session.run(lambda session: session.time > 60.0)
    assert session.status == SessionStatus.PAUSED


@pytest.mark.parametrize('name', ['inflate calf', 'dwell', 'release', 'rest'])
def test_interrupted_cycle_starts_over(session: Session, name: str) -> None:
    session.go_to(name)
    session.step(pause=True)
    session.step(resume=True)
    assert session.status == SessionStatus.RUNNING
    assert session.stage == 'inflate foot'
    assert session.state.stage_time[0] == 0.0


def test_interrupted_prefix_starts_over() -> None:
    session = Session(plan_of(wave('warm up ')))
    session.go_to('warm up dwell')
    session.step(pause=True)
    session.step(resume=True)
    assert session.stage == 'warm up inflate foot'


def test_interrupted_suffix_starts_over() -> None:
    suffix = [FINAL_RELEASE, *wave('cool down '), FINAL_RELEASE]
    session = Session(plan_of(suffix=suffix, session_time=1.0))
    session.go_to('cool down dwell')
    session.step(pause=True)
    session.step(resume=True)
    assert session.setpoints.mode.tolist() == [VENT, VENT, VENT]
    assert session.state.stage[0] == session.plan.loop_end


def test_cycle_that_was_interrupted_is_not_done(session: Session) -> None:
    session.go_to('dwell')
    session.step(pause=True)
    session.step(resume=True)
    session.go_to('dwell')
    assert session.state.cycles_done[0] == 0


def test_pause_of_120_s_is_borne(session: Session) -> None:
    session.step()
    session.step(pause=True)
    session.run(lambda session: session.state.status_time[0] == 120.0)
    session.step()
    assert session.status == SessionStatus.PAUSED


def test_longer_pause_ends_the_session(session: Session) -> None:
    session.step()
    session.step(pause=True)
    taken = session.run(done)
    assert taken == pytest.approx(120.0, abs=4.0 * DT)
    assert session.error == SessionError.PAUSED_TOO_LONG


def test_pause_that_is_too_long_cannot_be_resumed(session: Session) -> None:
    session.step()
    session.step(pause=True)
    session.run(lambda session: session.state.status_time[0] > 120.0)
    session.step(resume=True)
    assert session.status == SessionStatus.ENDING


def test_every_pause_has_its_own_limit(session: Session) -> None:
    for _ in range(3):
        session.step()
        session.step(pause=True)
        session.run(lambda session: session.state.status_time[0] == 100.0)
        session.step(resume=True)
    assert session.status == SessionStatus.RUNNING


# -- lost pressures


@pytest.mark.parametrize('name', [part.name for part in wave()])
def test_lost_pressures_end_the_session(session: Session, name: str) -> None:
    session.go_to(name)
    for _ in range(3):
        session.step([math.nan, 0.0, 0.0])
    assert (session.status, session.error) == (SessionStatus.ENDING, SessionError.PRESSURES_LOST)
    assert session.is_vented


def test_lost_pressures_end_a_pause(session: Session) -> None:
    session.step()
    session.step(pause=True)
    for _ in range(3):
        session.step([math.nan, 0.0, 0.0])
    assert session.error == SessionError.PRESSURES_LOST


def test_pressures_may_be_lost_for_a_quarter_of_a_second(session: Session) -> None:
    session.step()
    for _ in range(2):
        session.step([math.nan, 0.0, 0.0])
    assert session.status == SessionStatus.RUNNING


def test_time_without_pressures_starts_again_when_they_come_back(session: Session) -> None:
    session.step()
    for _ in range(10):
        session.step([math.nan] * 3)
        session.step([math.nan] * 3)
        session.step([0.0] * 3)
    assert session.status == SessionStatus.RUNNING


def test_reason_for_an_end_outlives_a_vent_that_nobody_sees(session: Session) -> None:
    session.step()
    session.run(done, pressure=[math.nan] * 3)
    assert session.error == SessionError.PRESSURES_LOST


# -- timeouts


def test_chamber_that_does_not_fill_ends_the_session(session: Session) -> None:
    session.step()
    taken = session.run(
        lambda session: session.status == SessionStatus.ENDING, pressure=[20.0, 0.0, 0.0]
    )
    assert taken == pytest.approx(8.0, abs=2.0 * DT)
    assert session.error == SessionError.NOT_REACHED


def test_chamber_that_does_not_release_ends_the_session(session: Session) -> None:
    session.go_to('release')
    taken = session.run(
        lambda session: session.status == SessionStatus.ENDING, pressure=[20.0, 0.0, 0.0]
    )
    assert taken == pytest.approx(6.0, abs=2.0 * DT)
    assert session.error == SessionError.NOT_VENTED


def test_stage_by_time_has_no_timeout(session: Session) -> None:
    session.go_to('rest')
    session.run(lambda session: session.stage == 'inflate foot', pressure=[20.0, 20.0, 20.0])
    assert session.status == SessionStatus.RUNNING


# -- intensity


def test_intensity_takes_effect_by_5_percent_a_second(session: Session) -> None:
    session.go_to('dwell')
    session.ask(intensity=0.5)
    for _ in range(8):
        session.step()
    assert session.target == [38.0, 28.5, 0.0]


def test_intensity_arrives(session: Session) -> None:
    session.ask(intensity=0.8)
    session.run(lambda session: session.time > 10.0)
    session.go_to('dwell')
    assert session.target == pytest.approx([32.0, 24.0, 0.0])


def test_intensity_does_not_lift_a_target_above_its_cap(session: Session) -> None:
    session.ask(intensity=5.0)
    session.run(lambda session: session.time > 100.0 or done(session))
    assert session.state.peak / MMHG == pytest.approx([65.0, 65.0, 0.0])


def test_inflation_waits_for_the_target_that_is_in_force() -> None:
    session = Session(plan_of())
    session.ask(intensity=0.5)
    session.run(lambda session: session.time > 20.0)
    session.go_to('inflate foot')
    session.step([18.0, 0.0, 0.0])
    assert session.stage == 'inflate calf'


@pytest.mark.parametrize('intensity', [math.nan, -1.0, 0.0])
def test_intensity_that_is_none_gives_no_pressure(session: Session, intensity: float) -> None:
    session.ask(intensity=intensity)
    session.run(lambda session: session.time > 30.0 or done(session))
    for _ in range(100):
        session.step()
        assert not (session.setpoints.target > 0.0).any()


# -- offsets


def test_offset_takes_effect_by_2_mmhg_a_second(session: Session) -> None:
    session.go_to('dwell')
    session.ask(offset=[-10.0, 5.0, 0.0])
    for _ in range(8):
        session.step()
    assert session.target == [38.0, 32.0, 0.0]


def test_offset_does_not_lift_a_target_above_its_cap(session: Session) -> None:
    session.ask(offset=[0.0, 200.0, 0.0])
    session.run(lambda session: session.time > 50.0)
    session.go_to('dwell')
    assert session.target == [40.0, 65.0, 0.0]


def test_offset_does_not_inflate_a_chamber_that_the_plan_vents(session: Session) -> None:
    session.ask(offset=[0.0, 0.0, 10.0])
    session.run(lambda session: session.time > 10.0)
    session.go_to('dwell')
    assert session.setpoints.mode[2] == VENT
    assert session.target[2] == 0.0


def test_offset_below_the_target_leaves_none(session: Session) -> None:
    session.ask(offset=[0.0, -60.0, 0.0])
    session.run(lambda session: session.time > 40.0)
    session.go_to('dwell')
    assert session.target == [40.0, 0.0, 0.0]


# -- skip


def test_chamber_is_not_skipped_while_it_is_inflated(session: Session) -> None:
    session.go_to('dwell')
    session.ask(skip=[False, True, False])
    session.step()
    assert session.target == [40.0, 30.0, 0.0]


def test_chamber_is_skipped_from_its_next_inflation_on(session: Session) -> None:
    session.go_to('dwell')
    session.ask(skip=[True, False, False])
    session.go_to('rest')
    session.go_to('dwell')
    assert session.setpoints.mode.tolist() == [VENT, HOLD, VENT]
    assert session.target == [0.0, 30.0, 0.0]


def test_nobody_waits_for_a_skipped_chamber(session: Session) -> None:
    session.ask(skip=[True, False, False])
    session.step()
    session.step([0.0, 0.0, 0.0])
    assert session.stage == 'inflate calf'


def test_skipped_chamber_comes_back_after_a_release(session: Session) -> None:
    session.ask(skip=[True, False, False])
    session.go_to('dwell')
    session.ask(skip=[False, False, False])
    session.step()
    assert session.setpoints.mode[0] == VENT
    session.go_to('rest')
    session.go_to('dwell')
    assert session.target == [40.0, 30.0, 0.0]


def test_session_with_every_chamber_skipped_still_ends() -> None:
    session = Session(plan_of(session_time=20.0))
    session.ask(skip=[True, True, True])
    session.run(done)
    assert session.error == SessionError.NONE


# -- dose and peak


def test_dose_is_the_integral_of_the_excess_over_15_mmhg(session: Session) -> None:
    readings = [[40.0, 15.0, 14.9], [20.0, 16.0, math.nan], [-5.0, 0.0, 0.0]]
    for reading in readings:
        session.step(reading)
    assert session.state.dose / MMHG == pytest.approx([(25.0 + 5.0) * DT, 1.0 * DT, 0.0])


def test_dose_counts_in_a_pause_and_while_ending(session: Session) -> None:
    session.step(pause=True)
    session.step([25.0, 0.0, 0.0])
    session.step([25.0, 0.0, 0.0], stop=True)
    session.step([25.0, 0.0, 0.0])
    assert session.state.dose[0] / MMHG == pytest.approx(3.0 * 10.0 * DT)


def test_peak_is_the_highest_pressure(session: Session) -> None:
    for reading in ([40.0, 10.0, -1.0], [30.0, 20.0, math.nan], [0.0, 0.0, math.inf]):
        session.step(reading)
    assert session.state.peak / MMHG == pytest.approx([40.0, 20.0, 0.0])


def test_dose_threshold_is_above_what_counts_as_vented() -> None:
    assert VENTED_PRESSURE < DOSE_THRESHOLD


# -- time

CLOCKS = ('stage_time', 'session_time', 'warm_up_time', 'status_time', 'lost_time', 'intensity')


@pytest.mark.parametrize('dt', [0.0, -1.0, -math.inf, math.nan, math.inf])
def test_interval_that_is_none_does_not_move_the_clocks(session: Session, dt: float) -> None:
    session.go_to('dwell')
    session.ask(intensity=0.5, offset=[5.0, 5.0, 5.0])
    before = session.state
    session.step(dt=dt)
    for name in CLOCKS:
        assert getattr(session.state, name) == getattr(before, name), name
    assert session.state.dose.tolist() == before.dose.tolist()
    assert session.target == [40.0, 30.0, 0.0]


# -- arrays


def test_batch_of_different_states_equals_single_sessions() -> None:
    table = SequenceTable.of_plan(plan_of(wave('warm up '), session_time=20.0, clock_start=5))
    rng = np.random.default_rng(4)
    count, steps = 4, 160
    batch = SequenceState.initial((count, 3))
    singles = [SequenceState.initial((3,)) for _ in range(count)]
    pressure = np.zeros((count, 3))
    for step in range(steps):
        request = SequenceRequest(
            stop=(np.arange(count)[:, None] == 1) & (step > 100),
            pause=rng.random((count, 1)) < 0.02,
            resume=rng.random((count, 1)) < 0.1,
            intensity=rng.uniform(0.5, 1.2, (count, 1)),
            offset=rng.uniform(-10.0, 10.0, (count, 3)) * MMHG,
            skip=rng.random((count, 3)) < 0.1,
        )
        batch, together = sequence_step(PARAMETERS, table, batch, request, pressure, DT)
        for i, single in enumerate(singles):
            own = SequenceRequest(*(values[i] for values in request))
            singles[i], alone = sequence_step(PARAMETERS, table, single, own, pressure[i], DT)
            np.testing.assert_array_equal(together.mode[i], alone.mode)
            np.testing.assert_array_equal(together.target[i], alone.target)
            for name, values in zip(batch._fields, batch, strict=True):
                np.testing.assert_array_equal(values[i], getattr(singles[i], name), err_msg=name)
        pressure = np.where(rng.random((count, 1)) < 0.01, np.nan, together.target)
    assert len(np.unique(batch.stage)) > 1


def test_step_writes_into_none_of_its_inputs() -> None:
    table = SequenceTable.of_plan(plan_of())
    state, request = SequenceState.initial((3,)), SequenceRequest.nothing((3,))
    pressure = np.full(3, 40.0 * MMHG)
    for array in (*state, *request, pressure, table.target, table.mode):
        array.setflags(write=False)
    after, _ = sequence_step(PARAMETERS, table, state, request, pressure, DT)
    assert (after.dose > state.dose).all()


# -- properties

EXAMPLES = settings(derandomize=True, deadline=None, max_examples=40)

number = st.one_of(st.floats(-2.0, 3.0), st.floats(allow_nan=True, allow_infinity=True))
reading = st.one_of(
    st.none(),
    st.lists(st.one_of(st.floats(-10.0, 150.0), st.just(math.nan)), min_size=3, max_size=3),
)
event = st.fixed_dictionaries(
    {
        'stop': st.sampled_from([False] * 9 + [True]),
        'pause': st.booleans(),
        'resume': st.booleans(),
        'intensity': st.one_of(st.floats(0.0, 2.0), number),
        'offset': st.lists(st.one_of(st.floats(-60.0, 60.0), number), min_size=3, max_size=3),
        'skip': st.lists(st.booleans(), min_size=3, max_size=3),
        'pressure': reading,
        'steps': st.integers(1, 10),
    }
)
sane_event = st.fixed_dictionaries(
    {
        'pause': st.booleans(),
        'resume': st.booleans(),
        'intensity': st.floats(0.5, 1.2),
        'offset': st.lists(st.floats(-20.0, 10.0), min_size=3, max_size=3),
        'steps': st.integers(1, 10),
    }
)


def disturb(session: Session, happening: dict[str, Any]) -> list[tuple[int, Setpoints]]:
    """Let one thing happen for some samples; stages and set-points."""
    flags = {key: happening[key] for key in ('stop', 'pause', 'resume') if key in happening}
    wishes = {key: happening[key] for key in ('intensity', 'offset', 'skip') if key in happening}
    given_out = []
    with np.errstate(all='ignore'):
        session.ask(**wishes)
        for _ in range(happening['steps']):
            setpoints = session.step(happening.get('pressure'), **flags)
            given_out.append((int(session.state.stage[0]), setpoints))
    return given_out


@EXAMPLES
@given(st.lists(event, min_size=1, max_size=12))
def test_whatever_happens_no_target_is_above_its_cap(events: list[dict[str, Any]]) -> None:
    session = Session(plan_of(wave('warm up ')))
    for happening in events:
        for _, setpoints in disturb(session, happening):
            assert not (setpoints.target > CAPS).any()


@EXAMPLES
@given(st.lists(event, min_size=1, max_size=12))
def test_whatever_happens_no_chamber_is_inflated_that_the_plan_vents(
    events: list[dict[str, Any]],
) -> None:
    session = Session(plan_of(wave('warm up ')))
    for happening in events:
        for row, setpoints in disturb(session, happening):
            vented = session.plan.mode[row] == VENT
            assert set(setpoints.mode[vented]) <= {VENT}
            assert not setpoints.target[vented].any()


@EXAMPLES
@given(st.lists(event, min_size=1, max_size=12))
def test_whatever_happens_only_a_running_session_asks_for_pressure(
    events: list[dict[str, Any]],
) -> None:
    session = Session(plan_of(wave('warm up ')))
    for happening in events:
        for _, setpoints in disturb(session, happening | {'steps': 1}):
            running = session.status == SessionStatus.RUNNING
            assert running or not (setpoints.mode != VENT).any()


@EXAMPLES
@given(st.lists(event, min_size=1, max_size=12), st.lists(reading, min_size=1, max_size=8))
def test_whatever_happened_a_stop_ends_the_session_in_time(
    events: list[dict[str, Any]], readings: list[list[float] | None]
) -> None:
    session = Session(plan_of(wave('warm up ')))
    for happening in events:
        disturb(session, happening)
    session.step(stop=True)
    begin = session.time
    while not done(session):
        assert session.time - begin <= PARAMETERS.vent_limit + 2.0 * DT
        session.step(readings[int((session.time - begin) / DT) % len(readings)])
        assert session.is_vented


@EXAMPLES
@given(st.lists(event, min_size=1, max_size=12))
def test_session_is_done_only_vented_or_with_an_error(events: list[dict[str, Any]]) -> None:
    session = Session(plan_of(session_time=5.0))
    for happening in events:
        for _ in range(happening['steps']):
            before = session.status
            disturb(session, happening | {'steps': 1})
            if done(session) and before != SessionStatus.DONE:
                vented = bool((session.pressure < VENTED_PRESSURE).all())
                assert vented or session.error != SessionError.NONE


@EXAMPLES
@given(st.lists(sane_event, min_size=1, max_size=12))
def test_set_points_move_no_faster_than_the_ramps_while_inflated(
    events: list[dict[str, Any]],
) -> None:
    session = Session(plan_of(session_time=1000.0), slow=True)
    ramp = (PARAMETERS.intensity_ramp * session.plan.target.max() + PARAMETERS.offset_ramp) * DT
    row, before = int(session.state.stage[0]), session.setpoints
    for happening in events:
        for next_row, setpoints in disturb(session, happening):
            inflated = (setpoints.mode != VENT) & (before.mode != VENT) & (next_row == row)
            change = np.abs(setpoints.target - before.target)
            assert (change[inflated] <= ramp * (1.0 + 1e-9)).all()
            row, before = next_row, setpoints


@EXAMPLES
@given(st.lists(sane_event, min_size=1, max_size=12))
def test_session_that_is_left_alone_ends(events: list[dict[str, Any]]) -> None:
    session = Session(plan_of(wave('warm up '), session_time=20.0), slow=True)
    for happening in events:
        disturb(session, happening)
    session.run(done, limit=20.0 + PARAMETERS.pause_limit + 20.0, dt=0.5)
    assert session.is_vented


@EXAMPLES
@given(st.lists(event, min_size=1, max_size=12), st.floats(0.0, 20.0))
def test_every_running_sample_is_of_the_warm_up_or_of_the_sessions_clock(
    events: list[dict[str, Any]], limit: float
) -> None:
    session = warmed_up(session_time=20.0, warm_up_limit=limit)
    for happening in events:
        for _ in range(happening['steps']):
            before, running = session.state, session.status == SessionStatus.RUNNING
            disturb(session, happening | {'steps': 1})
            after = session.state
            passed = after.session_time - before.session_time
            waited = after.warm_up_time - before.warm_up_time
            assert passed + waited == pytest.approx(DT if running else 0.0)
            assert waited == 0.0 or before.session_time == 0.0
            assert after.warm_up_time <= limit
