"""One session while it runs: the compiled plan, the sequence's state, and what people ask of it.

Everything that the planner sends comes from here; it knows no clock and no messages, so that a test
or a campaign can run the very same session.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from compression_boot_control.core.garment import LEGS, Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceState,
    SequenceTable,
    SessionStatus,
)
from compression_boot_control.core.sequence_step import scaled_target, sequence_step
from compression_boot_control.core.session_errors import ProtocolError, SessionError
from compression_boot_control.core.signals import BoolArray, FloatArray, Setpoints
from compression_boot_control.core.units import MINUTE, MMHG
from compression_boot_control.sessions.eligibility import Eligibility
from compression_boot_control.sessions.journal_store import NewSession, SessionEnd
from compression_boot_control.sessions.limits import LOCKED_PRESSURE, SESSION_TIME
from compression_boot_control.sessions.protocol_compiler import compile_protocol, longest_warm_up
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

PARAMETERS = SequenceParameters()

ENDINGS = {
    SessionError.NONE: '',
    SessionError.STOPPED: 'stopped',
    SessionError.PRESSURES_LOST: 'no usable pressures: check the manifold and pressure_sensing',
    SessionError.NOT_REACHED: 'did not reach its pressure in time: check pump, hoses and zips',
    SessionError.NOT_VENTED: 'not below 10 mmHg in time: open the zips, pull the hoses',
    SessionError.PAUSED_TOO_LONG: (
        f'paused longer than {PARAMETERS.pause_limit:g} s: start a new session'
    ),
}


class SessionRefused(Exception):
    """A goal that is not run; `error` is its code, the text says what to do."""

    def __init__(self, error: SessionError, text: str) -> None:
        super().__init__(text)
        self.error = error


@dataclass(frozen=True)
class SessionOrder:
    """What is asked for.

    Attributes
    ----------
    protocol : str
        Name in the library, or the text of a protocol.
    intensity : float
        Scale on its pressures.
    minutes : float or None
        Session time, without the warm-up [min]; None for the protocol's own.
    leg : str
        left, right or both.
    bench : bool
        Nobody is in the boots.
    skip_check : bool
        Begin without the pre-use check.
    """

    protocol: str
    intensity: float = 1.0
    minutes: float | None = None
    leg: str = 'both'
    bench: bool = False
    skip_check: bool = False


class LiveSession:
    """A session from its order to its record.

    Parameters
    ----------
    order : SessionOrder
    garment : Garment
    allowance : Eligibility, optional
        Of the person in the boots; None on a bench.

    Attributes
    ----------
    order : SessionOrder
    garment : Garment
    plan : Plan
    minutes : float
        Session time that is planned now, without the warm-up.
    changes : SessionChanges
    state : SequenceState
    record_id : str
        Of its record in the journal; empty if it has none.
    symptom : str
        What was reported.

    Raises
    ------
    SessionRefused
        If the protocol is unknown, malformed or unsafe, or the order asks for what is not allowed.
    """

    def __init__(
        self, order: SessionOrder, garment: Garment, allowance: Eligibility | None = None
    ) -> None:
        self._longest = _longest(allowance)
        self.order = order
        self.garment = garment
        self.plan, self.minutes = _compiled(order, garment, allowance)
        if self.minutes > self._longest:
            raise SessionRefused(
                SessionError.TOO_MUCH,
                f'{self._longest:.0f} min are left for these 24 hours: ask for '
                f'--minutes {self._longest:.0f}',
            )
        self.record_id = ''
        self.symptom = ''
        self.changes = SessionChanges(self.plan, garment, order.intensity)
        self.state = SequenceState.initial((len(garment),))
        self._table = SequenceTable.of_plan(self.plan)
        self._chains = tuple(chain for chain in map(garment.on_leg, LEGS) if chain)
        self._pausing = self._resuming = False
        inflated = np.flatnonzero((self.plan.target > 0.0).any(axis=0))
        self._inflated = tuple(garment.chamber_names[i] for i in inflated)
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
        if self.ended_by_itself or int(self.state.stage[0]) >= self._table.loop_end:
            raise ChangeRefused(ChangeError.WRONG_STATE, 'the session is about to end already')
        length = self.minutes + minutes
        whole = length + self.warm_up / MINUTE
        left = self._table.session_time + minutes * MINUTE - self.elapsed
        if not math.isfinite(minutes) or left <= 0.0:
            raise ChangeRefused(
                ChangeError.OUT_OF_RANGE,
                f'{minutes:g} min would leave no time: end the session with boots stop',
            )
        if whole > self._longest * (1.0 + 1e-9):
            raise ChangeRefused(
                ChangeError.OVER_LIMIT,
                f'the session would be {whole:.4g} min long, its warm-up included; allowed: up to '
                f'{self._longest:g} min',
            )
        self.minutes = length
        self._table = self._table._replace(
            session_time=self._table.session_time + minutes * MINUTE,
            warm_up_limit=longest_warm_up(length, self._longest),
        )
        return self.remaining

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
        self.state = self.state._replace(skip=self.state.skip | self.changes.lost)
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
        return SessionStatus(int(self.state.status[0]))

    @property
    def done(self) -> bool:
        """Whether the result can be given."""
        return self.status == SessionStatus.DONE

    @property
    def ended_by_itself(self) -> bool:
        """Whether it is past the point where anything else could end it."""
        return self.status in (SessionStatus.ENDING, SessionStatus.DONE)

    @property
    def elapsed(self) -> float:
        """Session time so far, warm-up and pauses left out [s]."""
        return float(self.state.session_time[0])

    @property
    def warm_up(self) -> float:
        """Time for which the session's clock waited for the warm-up, pauses left out [s]."""
        return float(self.state.warm_up_time[0])

    @property
    def under_way(self) -> float:
        """Time so far, with the warm-up, pauses left out: what the person's limits count [s]."""
        return self.warm_up + self.elapsed

    @property
    def remaining(self) -> float:
        """Session time that is left, with the cool-down [s]."""
        return max(self.minutes * MINUTE - self.elapsed, 0.0)

    @property
    def progress(self) -> float:
        """Part of the session's time that is done, 0 to 1."""
        return min(self.elapsed / (self.minutes * MINUTE), 1.0)

    @property
    def intensity(self) -> float:
        """Scale on the protocol's pressures that is in force."""
        return float(self.state.intensity[0]) * self.order.intensity

    @property
    def cycles_done(self) -> int:
        """Full cycles so far."""
        return int(self.state.cycles_done[0])

    @property
    def stage_name(self) -> str:
        """What the plan is at, for a person."""
        return self.plan.stage_names[int(self.state.stage[0])]

    @property
    def skipped(self) -> tuple[str, ...]:
        """Chambers that are left out of the present cycle."""
        return self._named(self.state.skip)

    def _named(self, chosen: BoolArray) -> tuple[str, ...]:
        return tuple(self.garment.chamber_names[i] for i in np.flatnonzero(chosen))

    def step(self, pressure: FloatArray, dt: float) -> Setpoints:
        """Advance by one sample; what each chamber is to do.

        Parameters
        ----------
        pressure : (N,) array
            Pressure in each chamber [Pa]; NaN where unknown.
        dt : float
            Time since the last step [s].
        """
        request = self.changes.request(
            stop=self._end is not None, pause=self._pausing, resume=self._resuming
        )
        self.state, setpoints = sequence_step(
            PARAMETERS, self._table, self.state, request, pressure, dt
        )
        self._pausing = self._resuming = False
        return Setpoints(setpoints.mode, never_rising(setpoints.target, self._chains))

    def status_text(self) -> str:
        """One line for a person."""
        if self.status == SessionStatus.PAUSED:
            left = PARAMETERS.pause_limit - float(self.state.status_time[0])
            return f'paused, vented; ends in {max(left, 0.0):.0f} s unless resumed'
        return 'venting' if self.ended_by_itself else self.stage_name

    # -- its record

    def new_record(self) -> NewSession:
        """What the journal keeps of its beginning."""
        return NewSession(
            protocol=self.plan.protocol,
            garment=self.garment.name,
            leg=self.order.leg,
            intensity=self.order.intensity,
            planned_minutes=min(
                self.minutes + self._table.warm_up_limit / MINUTE, SESSION_TIME.high
            ),
        )

    def end_record(self) -> SessionEnd:
        """What the journal keeps of its end, or of how far it is."""
        error, text = self.ending()
        if error == SessionError.NONE and not self.done and self._end is not None:
            error, text = self._end
        names = self.garment.chamber_names
        dose = self.state.dose / MMHG / MINUTE
        return SessionEnd(
            minutes=self.under_way / MINUTE,
            cycles=self.cycles_done,
            error=error,
            error_text=text,
            symptom=self.symptom,
            peak_mmhg=dict(zip(names, np.round(self.state.peak / MMHG, 1).tolist(), strict=True)),
            dose_mmhg_min=dict(zip(names, np.round(dose, 2).tolist(), strict=True)),
        )

    def ending(self) -> tuple[SessionError, str]:
        """Why it ended, and what to do; NONE while it runs and when it ended as planned."""
        error = SessionError(int(self.state.error[0]))
        cause = self._cause(error)
        if cause is not None:
            return cause
        text = ENDINGS[error]
        if error == SessionError.NOT_REACHED:
            text = f'{self._laggards()} {text}'
        return error, text

    def _cause(self, error: SessionError) -> tuple[SessionError, str] | None:
        """What ended it, where the sequence knows only that it was stopped; None if it knows."""
        if self._end is None:
            return None
        why, text = self._end
        if error == SessionError.NOT_VENTED and why == SessionError.SAFETY:
            # with the readings gone nobody can see the vent, and the cause is what helps
            return why, f'{text}; that the boots are vented could not be confirmed'
        return self._end if error == SessionError.STOPPED else None

    def _laggards(self) -> str:
        """Name the chambers that were awaited, with what was asked of them."""
        row = int(self.state.stage[0])
        state, table = self.state, self._table
        target = scaled_target(table.target[row], state.intensity, state.offset, table.caps)
        return ' and '.join(
            f'{self.garment.chamber_names[i]} ({target[i] / MMHG:.0f} mmHg)'
            for i in np.flatnonzero(table.awaited[row] & ~state.skip)
        )


def _longest(allowance: Eligibility | None) -> float:
    """Limit on the whole session [min]."""
    return SESSION_TIME.high if allowance is None else allowance.minutes


def _compiled(
    order: SessionOrder, garment: Garment, allowance: Eligibility | None
) -> tuple[Plan, float]:
    """Plan of a session and its length [min], within what the person is allowed."""
    cap = LOCKED_PRESSURE.high if allowance is None else allowance.pressure_cap_mmhg
    try:
        protocol = load_protocol(order.protocol, paths=False)
        minutes = protocol.session_min if order.minutes is None else order.minutes
        plan = compile_protocol(
            protocol,
            garment,
            intensity=order.intensity,
            minutes=minutes,
            leg=order.leg,
            pressure_cap=cap * MMHG,
        )
    except UnknownProtocolError as error:
        raise SessionRefused(SessionError.UNKNOWN_PROTOCOL, error.lines[0]) from error
    except FileError as error:
        raise SessionRefused(SessionError.INVALID_PROTOCOL, error.lines[0]) from error
    except ProtocolError as error:
        capped = allowance is not None and f'cap of {cap:g} mmHg' in error.message
        why = f' ({allowance.cap_reason})' if allowance is not None and capped else ''
        raise SessionRefused(error.error_code, error.message + why) from error
    warm_up = min(plan.warm_up_limit, longest_warm_up(minutes, _longest(allowance)))
    return replace(plan, warm_up_limit=warm_up), minutes
