"""The pre-use check while it runs: the sequence walks through its plan, and the judge looks on."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from compression_boot_control.core.pre_use_check import (
    CheckItem,
    CheckPlan,
    CheckStep,
    PreUseCheck,
)
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceRequest,
    SequenceState,
    SequenceTable,
    SessionStatus,
)
from compression_boot_control.core.sequence_step import sequence_step
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.signals import BoolArray, FloatArray, Setpoints


class CheckOutcome(IntEnum):
    """What became of a check; the values of ``PreUseCheck.msg``."""

    RUNNING = 0
    PASSED = 1
    FAILED = 2
    SKIPPED = 3
    ENDED = 4


FOUND = (SessionError.NOT_REACHED, SessionError.NOT_VENTED)
"""Ends of the sequence that are findings of the check."""

LOOKED_AT_TWICE = (CheckStep.LEAK, CheckStep.VENT)
"""Steps in which a short loss of a link, which vents all by design, looks like a finding."""


class CheckRun:
    """A check from its first sample to its outcome.

    A finding among shut or venting chambers is looked at once more, from the beginning: a moment
    without a permit vents everything, and says nothing of the boots.

    Parameters
    ----------
    check : CheckPlan
    parameters : SequenceParameters
    """

    def __init__(self, check: CheckPlan, parameters: SequenceParameters) -> None:
        self._check = check
        self._parameters = parameters
        self._table = SequenceTable.of_plan(check.plan)
        self._nothing = SequenceRequest.nothing((len(check.names),))
        self._judge = PreUseCheck(check)
        self._state = SequenceState.initial((len(check.names),))
        self._again = False
        self._earlier = 0.0

    def step(
        self,
        pressure: FloatArray,
        supply: float,
        zeroed: BoolArray,
        dt: float,
        *,
        stop: bool,
        pause: bool,
        resume: bool,
    ) -> Setpoints:
        """Advance by one sample; see `PreUseCheck.sample` and `SequenceRequest`."""
        if self._status == SessionStatus.RUNNING:
            self._judge.sample(int(self._state.stage[0]), pressure, supply, zeroed, dt)
            self._look_again()
        request = self._nothing._replace(
            stop=np.array([stop or bool(self.failure)]),
            pause=np.array([pause]),
            resume=np.array([resume]),
        )
        before = self._status
        self._state, setpoints = sequence_step(
            self._parameters, self._table, self._state, request, pressure, dt
        )
        ended = before == SessionStatus.RUNNING and self._status == SessionStatus.ENDING
        # a last stage that was cut short by something else says nothing
        if ended and self.error in (SessionError.NONE, *FOUND):
            self._judge.close(late=self.error in FOUND)
            self._look_again()
        return setpoints

    def _look_again(self) -> None:
        """Begin anew after a first finding that a second look may not confirm."""
        doubtful = self._judge.failed_step in LOOKED_AT_TWICE
        if self._again or not doubtful:
            return
        self._again = True
        self._earlier = self._judge.duration
        self._judge = PreUseCheck(self._check)
        fresh = SequenceState.initial((len(self._check.names),))
        self._state = fresh._replace(dose=self.dose, peak=self.peak)

    @property
    def _status(self) -> SessionStatus:
        return SessionStatus(int(self._state.status[0]))

    @property
    def error(self) -> SessionError:
        """Why the sequence ended; NONE while it runs and when it ended as planned."""
        return SessionError(int(self._state.error[0]))

    @property
    def passed(self) -> bool:
        """Whether it is over, and the session may begin."""
        done = self._status == SessionStatus.DONE
        return done and self.error == SessionError.NONE and not self.failure

    @property
    def status(self) -> SessionStatus:
        """Where the session is, of which this is the beginning."""
        well = self.error == SessionError.NONE and not self.failure
        if well and self._status >= SessionStatus.ENDING:
            return SessionStatus.RUNNING
        return self._status

    @property
    def failure(self) -> str:
        """What was found and what to do, in one line; empty if nothing was."""
        if self.error in FOUND and not self._judge.failure:
            return f'{self.phase}: it took too long; check pump, hoses and zips'
        return self._judge.failure

    @property
    def outcome(self) -> CheckOutcome:
        """What has become of it so far."""
        if self.failure:
            return CheckOutcome.FAILED
        if self.error != SessionError.NONE:
            return CheckOutcome.ENDED
        return CheckOutcome.PASSED if self.passed else CheckOutcome.RUNNING

    @property
    def phase(self) -> str:
        """Name of the present stage."""
        again = ', once more' if self._again else ''
        return f'{self._check.plan.stage_names[int(self._state.stage[0])]}{again}'

    @property
    def pause_left(self) -> float:
        """Time after which a pause ends the session [s]."""
        return max(self._parameters.pause_limit - float(self._state.status_time[0]), 0.0)

    @property
    def dose(self) -> FloatArray:
        """Integral of the pressure above 15 mmHg so far [Pa s]; (N,)."""
        return self._state.dose

    @property
    def peak(self) -> FloatArray:
        """Highest pressure so far [Pa]; (N,)."""
        return self._state.peak

    @property
    def count(self) -> int:
        """Number of judgements so far, those of a first look left out."""
        return self._judge.count

    @property
    def items(self) -> tuple[CheckItem, ...]:
        """All judgements so far, those of a first look left out."""
        return self._judge.items

    @property
    def duration(self) -> float:
        """Time that it has taken so far, pauses left out [s]."""
        return self._earlier + self._judge.duration
