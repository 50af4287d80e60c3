"""One session while it runs: the compiled plan, the sequence's state, and what people ask of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from compression_boot_msgs.action import RunSession
from compression_boot_msgs.msg import SessionState
from rclpy.action.server import ServerGoalHandle

from compression_boot_control.core.garment import LEGS, Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.sequence import (
    VENTED_PRESSURE,
    SequenceParameters,
    SequenceState,
    SequenceTable,
    SessionStatus,
)
from compression_boot_control.core.sequence_step import (
    scaled_target,
    sequence_step,
)
from compression_boot_control.core.session_errors import ProtocolError, SessionError
from compression_boot_control.core.signals import BoolArray, FloatArray, Setpoints
from compression_boot_control.core.units import MINUTE, MMHG
from compression_boot_control.sessions.eligibility import Eligibility
from compression_boot_control.sessions.journal_store import NewSession, SessionEnd
from compression_boot_control.sessions.limits import LOCKED_PRESSURE, SESSION_TIME
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import (
    UnknownProtocolError,
    load_protocol,
)
from compression_boot_control.sessions.session_changes import (
    ChangeError,
    ChangeRefused,
    SessionChanges,
    never_rising,
)
from compression_boot_control.yaml_file import FileError

LOST_ZONES = 1
"""Zones of one leg that the supervisor may take away before the session ends [P]."""

ENDINGS = {
    SessionError.NONE: '',
    SessionError.STOPPED: 'stopped',
    SessionError.PRESSURES_LOST: 'no usable pressures: check the manifold and pressure_sensing',
    SessionError.NOT_REACHED: 'did not reach its pressure in time: check pump, hoses and zips',
    SessionError.NOT_VENTED: 'not below 10 mmHg in time: open the zips, pull the hoses',
    SessionError.PAUSED_TOO_LONG: 'paused longer than 120 s: start a new session',
}

STATES = {
    SessionStatus.RUNNING: SessionState.STATE_RUNNING,
    SessionStatus.PAUSED: SessionState.STATE_PAUSED,
    SessionStatus.ENDING: SessionState.STATE_ENDING,
    SessionStatus.DONE: SessionState.STATE_ENDING,
}


class SessionRefused(Exception):
    """A goal that is not run; `error` is its code, the text says what to do."""

    def __init__(self, error: SessionError, text: str) -> None:
        super().__init__(text)
        self.error = error


class RunningSession:
    """A session from its goal to its result.

    Parameters
    ----------
    goal : RunSession.Goal
    garment : Garment
    allowance : Eligibility, optional
        Of the person in the boots; None on a bench.

    Attributes
    ----------
    minutes : float
        Length that is planned now.
    changes : SessionChanges
    bench : bool
        Nobody is in the boots.
    record_id : str
        Of its record in the journal; empty if it has none.
    symptom : str
        What was reported.

    Raises
    ------
    SessionRefused
        If the protocol is unknown, malformed or unsafe, or the goal asks for what is not allowed.
    """

    def __init__(
        self, goal: RunSession.Goal, garment: Garment, allowance: Eligibility | None = None
    ) -> None:
        longest = SESSION_TIME.high if allowance is None else allowance.minutes
        cap = LOCKED_PRESSURE.high if allowance is None else allowance.pressure_cap_mmhg
        try:
            protocol = load_protocol(goal.protocol, paths=False)
            self.minutes = goal.minutes if goal.minutes != 0.0 else protocol.session_min
            self.plan: Plan = compile_protocol(
                protocol,
                garment,
                intensity=goal.intensity if goal.intensity != 0.0 else 1.0,
                minutes=self.minutes,
                leg=goal.leg or 'both',
                pressure_cap=cap * MMHG,
            )
        except UnknownProtocolError as error:
            raise SessionRefused(SessionError.UNKNOWN_PROTOCOL, error.lines[0]) from error
        except FileError as error:
            raise SessionRefused(SessionError.INVALID_PROTOCOL, error.lines[0]) from error
        except ProtocolError as error:
            why = (
                allowance.cap_reason
                if allowance and f'cap of {cap:g} mmHg' in error.message
                else ''
            )
            text = f'{error.message} ({why})' if why else error.message
            raise SessionRefused(error.error_code, text) from error
        if self.minutes > longest:
            raise SessionRefused(
                SessionError.TOO_MUCH,
                f'{longest:.0f} min are left for these 24 hours: ask for --minutes {longest:.0f}',
            )
        self.bench = bool(goal.bench)
        self.record_id = ''
        self.symptom = ''
        self._longest = longest
        self._intensity = goal.intensity if goal.intensity != 0.0 else 1.0
        self._leg = goal.leg or 'both'
        self.goal: ServerGoalHandle | None = None
        self._garment = garment
        self._parameters = SequenceParameters()
        self._table = SequenceTable.of_plan(self.plan)
        self._chains = tuple(chain for chain in map(garment.on_leg, LEGS) if chain)
        shape = (len(garment),)
        self._state = SequenceState.initial(shape)
        self._pausing = self._resuming = False
        inflated = np.flatnonzero((self.plan.target > 0.0).any(axis=0))
        self._inflated = tuple(garment.chamber_names[i] for i in inflated)
        self.changes = SessionChanges(self.plan, garment)
        self._end: tuple[SessionError, str] | None = None

    # -- what people ask

    def fail(self, error: SessionError, text: str) -> None:
        """End the session for this reason; the first reason stands."""
        if self._end is None and not self.ended_by_itself:
            self._end = (error, text)

    def pause(self) -> bool:
        """Pause at the next step; False if the session is not running."""
        if self.status != SessionStatus.RUNNING:
            return False
        self._pausing = True
        return True

    def resume(self) -> bool:
        """Go on at the next step; False if the session is not paused."""
        if self.status != SessionStatus.PAUSED:
            return False
        self._resuming = True
        return True

    def extend(self, minutes: float) -> float:
        """Add time, or take some away; what is left then [s].

        Raises
        ------
        ChangeRefused
            The session is past its cycles, or would get too long or too short.
        """
        if self.ended_by_itself or int(self._state.stage[0]) >= self._table.loop_end:
            raise ChangeRefused(ChangeError.WRONG_STATE, 'the session is about to end already')
        length = self.minutes + minutes
        left = self._table.session_time + minutes * MINUTE - self._elapsed
        if not math.isfinite(minutes) or left <= 0.0:
            raise ChangeRefused(
                ChangeError.OUT_OF_RANGE,
                f'{minutes:g} min would leave no time: end the session with boots stop',
            )
        if length > self._longest * (1.0 + 1e-9):
            raise ChangeRefused(
                ChangeError.OVER_LIMIT,
                f'the session would be {length:g} min long; allowed: up to {self._longest:g} min',
            )
        self.minutes = length
        self._table = self._table._replace(session_time=self._table.session_time + minutes * MINUTE)
        return left

    def report_symptom(self, name: str) -> None:
        """Keep what was reported for the record."""
        self.symptom = ', '.join(filter(None, (self.symptom, name)))

    def follow_supervisor(self, vented_names: Sequence[str]) -> tuple[str, ...]:
        """Go on without a chamber that the supervisor vents; names of those that are new.

        One lost zone is left out for the rest of the session; more of them on a leg end it.
        """
        if self.ended_by_itself:
            return ()
        taken = [name for name in vented_names if name in self._inflated]
        new = self.changes.lose(taken)
        # the sequence leaves a chamber out between cycles; a lost one is left out at once
        self._state = self._state._replace(skip=self._state.skip | self.changes.lost)
        for chain in self._chains:
            if np.count_nonzero(self.changes.lost[list(chain)]) > LOST_ZONES:
                lost = ', '.join(self._named(self.changes.lost))
                self.fail(
                    SessionError.SAFETY,
                    f'the supervisor vents {lost}: see boots status, and check hoses and zips',
                )
                break
        return new

    # -- progress

    @property
    def status(self) -> SessionStatus:
        """Where in its life the session is."""
        return SessionStatus(int(self._state.status[0]))

    @property
    def done(self) -> bool:
        """Whether the result can be given."""
        return self.status == SessionStatus.DONE

    @property
    def ended_by_itself(self) -> bool:
        """Whether it is past the point where anything else could end it."""
        return self.status in (SessionStatus.ENDING, SessionStatus.DONE)

    @property
    def _elapsed(self) -> float:
        return float(self._state.session_time[0])

    @property
    def skipped(self) -> tuple[str, ...]:
        """Chambers that are left out of the present cycle."""
        return self._named(self._state.skip)

    def _named(self, chosen: BoolArray) -> tuple[str, ...]:
        return tuple(self._garment.chamber_names[i] for i in np.flatnonzero(chosen))

    def step(self, pressure: FloatArray, dt: float) -> Setpoints:
        """Advance by one sample."""
        request = self.changes.request(
            stop=self._end is not None, pause=self._pausing, resume=self._resuming
        )
        self._state, setpoints = sequence_step(
            self._parameters, self._table, self._state, request, pressure, dt
        )
        self._pausing = self._resuming = False
        return Setpoints(setpoints.mode, never_rising(setpoints.target, self._chains))

    def status_text(self) -> str:
        """One line for a person."""
        if self.status == SessionStatus.PAUSED:
            left = self._parameters.pause_limit - float(self._state.status_time[0])
            return f'paused, vented; ends in {max(left, 0.0):.0f} s unless resumed'
        if self.ended_by_itself:
            return 'venting'
        return self.plan.stage_names[int(self._state.stage[0])]

    def state_message(self) -> SessionState:
        """Session part of the state message."""
        state = self._state
        elapsed = float(state.session_time[0])
        total = self._table.session_time
        return SessionState(
            state=STATES[self.status],
            protocol=self.plan.protocol,
            phase=self.plan.stage_names[int(state.stage[0])],
            cycle=int(state.cycle[0]),
            progress=min(elapsed / total, 1.0),
            elapsed=elapsed,
            remaining=max(total - elapsed, 0.0),
            intensity=float(state.intensity[0]),
            dose=state.dose.tolist(),
            skipped=list(self.skipped),
            cycles_done=int(state.cycles_done[0]),
            bench=self.bench,
        )

    def new_record(self) -> NewSession:
        """What the journal keeps of its beginning."""
        return NewSession(
            protocol=self.plan.protocol,
            garment=self._garment.name,
            leg=self._leg,
            intensity=self._intensity,
            planned_minutes=self.minutes,
        )

    def end_record(self) -> SessionEnd:
        """What the journal keeps of its end, or of how far it is."""
        error, text = self._ending()
        if error == SessionError.NONE and not self.done and self._end is not None:
            error, text = self._end
        state, names = self._state, self._garment.chamber_names
        dose = state.dose / MMHG / MINUTE
        return SessionEnd(
            minutes=self._elapsed / MINUTE,
            cycles=int(state.cycles_done[0]),
            error=error,
            error_text=text,
            symptom=self.symptom,
            peak_mmhg=dict(zip(names, np.round(state.peak / MMHG, 1).tolist(), strict=True)),
            dose_mmhg_min=dict(zip(names, np.round(dose, 2).tolist(), strict=True)),
        )

    def result(self, pressure: FloatArray) -> RunSession.Result:
        """Result of a session that is done."""
        error, text = self._ending()
        state = self._state
        return RunSession.Result(
            error_code=int(error),
            error_msg=text,
            cycles=int(state.cycles_done[0]),
            elapsed=float(state.session_time[0]),
            name=list(self._garment.chamber_names),
            peak=state.peak.tolist(),
            dose=state.dose.tolist(),
            vented=bool((pressure < VENTED_PRESSURE).all()),
            skipped=list(self.skipped),
            bench=self.bench,
        )

    def _ending(self) -> tuple[SessionError, str]:
        error = SessionError(int(self._state.error[0]))
        if error == SessionError.STOPPED and self._end is not None:
            return self._end
        text = ENDINGS[error]
        if error == SessionError.NOT_REACHED:
            text = f'{self._laggards()} {text}'
        return error, text

    def _laggards(self) -> str:
        """Name the chambers that were awaited, with what was asked of them."""
        row = int(self._state.stage[0])
        state, table = self._state, self._table
        target = scaled_target(table.target[row], state.intensity, state.offset, table.caps)
        awaited = np.flatnonzero(self._table.awaited[row] & ~self._state.skip)
        return ' and '.join(
            f'{self._garment.chamber_names[i]} ({target[i] / MMHG:.0f} mmHg)' for i in awaited
        )
