"""One session while it runs: the compiled plan, the sequence's state, and what people ask of it."""

from __future__ import annotations

import math

import numpy as np
from compression_boot_msgs.action import RunSession
from compression_boot_msgs.msg import SessionState
from compression_boot_msgs.srv import AdjustZone, SetIntensity
from rclpy.action.server import ServerGoalHandle

from compression_boot_control.core.garment import LEGS, Garment
from compression_boot_control.core.plan import Plan, never_rises
from compression_boot_control.core.sequence import (
    VENTED_PRESSURE,
    SequenceParameters,
    SequenceRequest,
    SequenceState,
    SequenceTable,
    SessionStatus,
    scaled_target,
    sequence_step,
)
from compression_boot_control.core.session_errors import ProtocolError, SessionError
from compression_boot_control.core.signals import FloatArray, Setpoints
from compression_boot_control.core.units import MMHG
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import (
    UnknownProtocolError,
    load_protocol,
)
from compression_boot_control.yaml_file import FileError

INTENSITY_RANGE = (0.5, 1.2)
OFFSET_RANGE = (-20.0 * MMHG, 10.0 * MMHG)

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

    Raises
    ------
    SessionRefused
        If the protocol is unknown, malformed or unsafe, or the goal asks for what is not allowed.
    """

    def __init__(self, goal: RunSession.Goal, garment: Garment) -> None:
        try:
            protocol = load_protocol(goal.protocol, paths=False)
            self.plan: Plan = compile_protocol(
                protocol,
                garment,
                intensity=goal.intensity if goal.intensity != 0.0 else 1.0,
                minutes=goal.minutes if goal.minutes != 0.0 else None,
                leg=goal.leg or 'both',
            )
        except UnknownProtocolError as error:
            raise SessionRefused(SessionError.UNKNOWN_PROTOCOL, error.lines[0]) from error
        except FileError as error:
            raise SessionRefused(SessionError.INVALID_PROTOCOL, error.lines[0]) from error
        except ProtocolError as error:
            raise SessionRefused(error.error_code, error.message) from error
        self.goal: ServerGoalHandle | None = None
        self._garment = garment
        self._parameters = SequenceParameters()
        self._table = SequenceTable.of_plan(self.plan)
        self._chains = tuple(chain for chain in map(garment.on_leg, LEGS) if chain)
        shape = (len(garment),)
        self._state = SequenceState.initial(shape)
        self._request = SequenceRequest.nothing(shape)
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
        self._request = self._request._replace(pause=np.array([True]))
        return True

    def resume(self) -> bool:
        """Go on at the next step; False if the session is not paused."""
        if self.status != SessionStatus.PAUSED:
            return False
        self._request = self._request._replace(resume=np.array([True]))
        return True

    def set_intensity(self, intensity: float) -> tuple[int, str]:
        """Scale the pressures from now on; error code and text."""
        low, high = INTENSITY_RANGE
        if not low <= intensity <= high:
            return (
                SetIntensity.Response.ERROR_OUT_OF_RANGE,
                f'intensity {intensity:g} is not within {low:g} to {high:g}',
            )
        targets = self._table.target * intensity + self._request.offset
        if self._over_cap(targets):
            return (
                SetIntensity.Response.ERROR_OVER_LIMIT,
                f'at intensity {intensity:g} a zone would exceed its cap: choose less',
            )
        self._request = self._request._replace(intensity=np.array([intensity]))
        return SetIntensity.Response.ERROR_NONE, ''

    def adjust_zone(self, zone: str, leg: str, offset: float, *, skip: bool) -> tuple[int, str]:
        """Change or skip one zone from its next inflation on; error code and text."""
        legs = LEGS if leg in ('both', '') else (leg,)
        chosen = [
            i
            for i, (own_zone, own_leg) in enumerate(
                zip(self._garment.zones, self._garment.legs, strict=True)
            )
            if own_zone == zone and own_leg in legs
        ]
        if not chosen:
            return (
                AdjustZone.Response.ERROR_UNKNOWN_ZONE,
                f'no zone {zone!r} on leg {leg!r}: zones are '
                f'{", ".join(self._garment.zone_order)}, legs left, right and both',
            )
        low, high = OFFSET_RANGE
        if not skip and not (math.isfinite(offset) and low <= offset <= high):
            return (
                AdjustZone.Response.ERROR_OUT_OF_RANGE,
                f'offset {offset / MMHG:g} mmHg is not within {low / MMHG:g} to {high / MMHG:g}',
            )
        offsets = self._request.offset.copy()
        skips = self._request.skip.copy()
        skips[chosen] = skip
        if not skip:
            offsets[chosen] = offset
            targets = self._table.target * self.wanted_intensity + offsets
            targets = np.where(self._table.target > 0.0, targets, 0.0)
            if self._over_cap(targets) or not never_rises(targets, self._chains):
                return (
                    AdjustZone.Response.ERROR_OVER_LIMIT,
                    'a pressure would exceed its cap or rise towards the thigh: choose less',
                )
        self._request = self._request._replace(offset=offsets, skip=skips)
        return AdjustZone.Response.ERROR_NONE, ''

    def _over_cap(self, targets: FloatArray) -> bool:
        return bool((np.where(self._table.target > 0.0, targets, 0.0) > self._table.caps).any())

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
    def wanted_intensity(self) -> float:
        """Scale that was asked for last."""
        return float(self._request.intensity[0])

    def step(self, pressure: FloatArray, dt: float) -> Setpoints:
        """Advance by one sample."""
        request = self._request._replace(stop=np.array([self._end is not None]))
        self._state, setpoints = sequence_step(
            self._parameters, self._table, self._state, request, pressure, dt
        )
        never = np.array([False])
        self._request = self._request._replace(pause=never, resume=never)
        return setpoints

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
        total = self.plan.session_time
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
