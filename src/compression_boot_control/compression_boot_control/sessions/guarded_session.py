"""A session with what guards the person in it: the check before it, and the question in between."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.presence import Presence
from compression_boot_control.core.sequence import SessionStatus
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.signals import BoolArray, FloatArray, Setpoints
from compression_boot_control.sessions.check_plan import check_plan
from compression_boot_control.sessions.check_run import CheckRun
from compression_boot_control.sessions.eligibility import Eligibility
from compression_boot_control.sessions.live_session import (
    ENDINGS,
    PARAMETERS,
    LiveSession,
    SessionOrder,
    SessionRefused,
)


class GuardedSession(LiveSession):
    """A session that begins with the pre-use check, and asks for a sign of presence.

    Parameters
    ----------
    order : SessionOrder
    garment : Garment
    allowance : Eligibility, optional
        Of the person in the boots; None on a bench.
    presence : Presence, optional
        How the person is asked whether they are awake and well; on a bench nobody is.

    Attributes
    ----------
    check : CheckRun or None
        The check before the session proper; None if it was left out.
    presence : Presence or None

    Raises
    ------
    SessionRefused
        As for `LiveSession`, and if the check is to be left out with a person in the boots.
    """

    def __init__(
        self,
        order: SessionOrder,
        garment: Garment,
        allowance: Eligibility | None = None,
        presence: Presence | None = None,
    ) -> None:
        if order.skip_check and not order.bench:
            raise SessionRefused(
                SessionError.CHECK_NEEDED,
                'the pre-use check is left out only with nobody in the boots: leave skip_check off',
            )
        super().__init__(order, garment, allowance)
        self.presence = None if order.bench else presence
        self.check: CheckRun | None = None
        if not order.skip_check:
            self.check = CheckRun(check_plan(garment, self.plan), PARAMETERS)

    # -- what people ask

    def confirm_presence(self) -> float:
        """Take a sign of presence; time until the next prompt [s], 0 if there is none."""
        if self.presence is None:
            return 0.0
        self.presence = self.presence.confirmed()
        return self.presence.next_prompt

    def follow_supervisor(self, vented_names: Sequence[str]) -> tuple[str, ...]:
        """Go on without a chamber that the supervisor vents; the check needs them all."""
        if not self.checking:
            return super().follow_supervisor(vented_names)
        taken = [name for name in vented_names if name in self._inflated]
        if taken:
            self.fail(
                SessionError.SAFETY,
                f'the supervisor vents {", ".join(taken)} during the pre-use check: see boots '
                'status, and check hoses and zips',
            )
        return ()

    # -- progress

    @property
    def checking(self) -> bool:
        """Whether the pre-use check is under way, or has ended the session."""
        return self._present_check is not None

    @property
    def _present_check(self) -> CheckRun | None:
        """The check, unless it was passed or left out."""
        return None if self.check is None or self.check.passed else self.check

    @property
    def status(self) -> SessionStatus:
        """Where in its life the session is."""
        check = self._present_check
        return super().status if check is None else check.status

    @property
    def stage_name(self) -> str:
        """What the session is at, for a person."""
        check = self._present_check
        return super().stage_name if check is None else check.phase

    def step(
        self,
        pressure: FloatArray,
        dt: float,
        supply: float = math.nan,
        zeroed: BoolArray | None = None,
    ) -> Setpoints:
        """Advance by one sample; what each chamber is to do.

        Parameters
        ----------
        pressure : (N,) array
            Pressure in each chamber [Pa]; NaN where unknown.
        dt : float
            Time since the last step [s].
        supply : float
            Pressure of the supply [Pa]; NaN if not measured.
        zeroed : (N,) bool array or None
            Sensors that have found their zero; None: all of them.
        """
        check = self._present_check
        if check is None:
            self._ask_the_person(dt)
            return super().step(pressure, dt)
        if zeroed is None:
            zeroed = np.ones(len(pressure), dtype=np.bool_)
        setpoints = check.step(
            pressure,
            supply,
            zeroed,
            dt,
            stop=self._end is not None,
            pause=self._pausing,
            resume=self._resuming,
        )
        self._pausing = self._resuming = False
        if check.failure and self._end is None:
            self._end = (SessionError.CHECK_FAILED, check.failure)
        # what the check does to the legs counts, its time does not
        self.state = self.state._replace(dose=check.dose, peak=check.peak)
        return setpoints

    def _ask_the_person(self, dt: float) -> None:
        """Let time pass for the presence prompt; nobody answering ends the session."""
        if self.presence is None:
            return
        self.presence = self.presence.step(dt)
        if self.presence.unanswered:
            self.fail(
                SessionError.NO_ANSWER,
                f'nobody answered within {self.presence.grace:.0f} s whether all is well: see to '
                'the person, then start a new session',
            )

    def status_text(self) -> str:
        """One line for a person."""
        check = self._present_check
        if check is not None and self.status == SessionStatus.PAUSED:
            return f'paused, vented; ends in {check.pause_left:.0f} s unless resumed'
        if self.presence is not None and self.presence.asked and not self.ended_by_itself:
            left = self.presence.left
            return f'are you awake and well? answer within {left:.0f} s: boots confirm'
        return super().status_text()

    def ending(self) -> tuple[SessionError, str]:
        """Why it ended, and what to do; NONE while it runs and when it ended as planned."""
        check = self._present_check
        if check is None:
            return super().ending()
        if self._end is not None and self._end[0] == SessionError.CHECK_FAILED:
            return self._end
        return self._cause(check.error) or (check.error, ENDINGS[check.error])
