"""Runs the experiment of `boots tune` as an action, in the place of sensing, planner and control.

It answers each raw sample with set-points and a request, which the safety supervisor judges as it
judges those of a session. Whatever happens, it asks for a vent, and gives its answer when the ports
show it: a cancel, a sample that it cannot use, and any chamber that the supervisor vents.
"""

from __future__ import annotations

import math

from compression_boot_msgs.action import RunTuning
from compression_boot_msgs.msg import Layout, ManifoldState, SafetyState, Setpoints
from rclpy.action.server import ServerGoalHandle

from compression_boot_control.core.chamber_order import ChamberOrder
from compression_boot_control.core.chamber_record import ChamberRecord
from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.signals import Actuation, Readings
from compression_boot_control.core.tuning_checks import unusable
from compression_boot_control.nodes.chamber_records import record_message
from compression_boot_control.nodes.conversions import (
    bytes_to_wire,
    command_message,
    readings_from,
    to_wire,
)
from compression_boot_control.nodes.garment_parameter import garment_of, mismatch
from compression_boot_control.nodes.goal_server import GoalServer
from compression_boot_control.nodes.interfaces import (
    LAYOUT,
    MANIFOLD_STATE,
    REQUESTED,
    SAFETY_STATE,
    SETPOINTS,
    TUNING,
)
from compression_boot_control.nodes.parameters import GARMENT
from compression_boot_control.nodes.runtime import SafeNode, run
from compression_boot_control.nodes.safety_words import trip_line
from compression_boot_control.plant.experiment_progress import Progress, progress_of
from compression_boot_control.plant.sampled_experiment import SampledExperiment, SamplesLost
from compression_boot_control.plant.tuning_experiment import ExperimentStep

PARAMETERS = (GARMENT,)

TURN = 0.05
"""Time from one look at what is missing, and at the end, to the next [s]."""

WATCHED_TIME = 6.0
"""Time vented before the experiment that the supervisor has watched [s]."""

START_TIME = 30.0
"""Longest wait for a manifold and a supervisor that permits [s]."""

SAFETY_AGE_LIMIT = 1.0
"""Without a word of the supervisor for longer the experiment ends [s]; it speaks at 10 Hz."""

REASON_TIME = 0.5
"""Time in which the supervisor says what it makes of a sample that cannot be used [s]."""

VENT_TIME = 10.0
"""Longest wait for vented ports before the answer is given [s]."""

Result = RunTuning.Result

ENDED = {
    Result.ERROR_CANCELLED: 'ended on request, and vented',
    Result.ERROR_SHUTDOWN: 'the node was shut down, and asks for a vent',
    Result.ERROR_INTERNAL: 'the experiment ended with an unexpected error: see the log of the node',
}


class TunerNode(SafeNode):
    """The node of the experiment; see the module."""

    def __init__(self) -> None:
        super().__init__('tuner', PARAMETERS)
        self._garment = garment_of(self.settings['garment'])
        self._names = list(self._garment.chamber_names)
        self._order = ChamberOrder(self._garment.chamber_names)
        self._vented = Actuation.vented((len(self._garment),))
        self._layout: Layout | None = None
        self._safety: SafetyState | None = None
        self._safety_at = -math.inf
        self._flat = False
        self._first_sample = self._last_sample = 0
        self._goal: ServerGoalHandle | None = None
        self._accepted_at = 0.0
        self._experiment: SampledExperiment | None = None
        self._progress: Progress | None = None
        self._end: Result | None = None
        self._ended_at = 0.0
        self._requests = self._setpoints_count = 0
        self._setpoints = self.advertise(SETPOINTS)
        self._requested = self.advertise(REQUESTED)
        self.listen(LAYOUT, self._on_layout)
        self.listen(SAFETY_STATE, self._on_safety)
        self.listen(MANIFOLD_STATE, self._on_state)
        succeeded = (Result.ERROR_NONE,)
        self._goals = GoalServer(self, TUNING, self._on_accepted, self._on_cancel, succeeded)
        self.every(TURN, self._on_turn)

    def make_safe(self, reason: str) -> None:
        """Ask for a vent, and end the experiment."""
        shut_down = reason == 'shut down'
        self._end_early(Result.ERROR_SHUTDOWN if shut_down else Result.ERROR_INTERNAL)
        self._request(self._vented, 0)
        if shut_down and self._goal is not None and self._end is not None:
            self._conclude(self._goal, self._end)

    def health(self) -> tuple[bool, str, dict[str, str]]:
        """Report whether an experiment runs."""
        if self._goal is None:
            return True, 'ready: asks for a vent', {}
        return True, 'tuning' if self._experiment else 'waiting', {}

    # -- what it hears

    def _on_layout(self, message: Layout) -> None:
        self._layout = message

    def _on_safety(self, message: SafetyState) -> None:
        self._safety, self._safety_at = message, self.steady_time
        if message.state == SafetyState.STATE_PERMITTING:
            return
        if self._experiment is not None:
            self._end_early(Result.ERROR_SUPERVISOR, trip_line(message))
        unexplained = self._end is not None and self._end.error_code == Result.ERROR_ENDED_EARLY
        if unexplained and message.alarms:
            # what the supervisor has found explains the sample that could not be used
            self._end = _result(Result.ERROR_SUPERVISOR, trip_line(message))

    def _on_state(self, message: ManifoldState) -> None:
        if not self._first_sample or message.sequence <= self._last_sample:
            self._first_sample = message.sequence  # of a manifold that was started just now
        self._last_sample = message.sequence
        readings = readings_from(message, self._order)
        self._flat = bool((readings.pressure < HARD_LIMITS.vented_pressure).all())
        asked = self._answer(message, readings)
        if asked is None:
            self._request(self._vented, message.sequence)
            return
        self._setpoints_count += 1
        self._publish_setpoints(asked, message)
        self._request(asked.actuation, message.sequence, self._setpoints_count)
        self._report(progress_of(asked, self._garment.chamber_names))

    def _on_accepted(self, goal: ServerGoalHandle) -> None:
        if self._goal is not None:
            text = 'the experiment is running: wait for its end, or cancel it'
            self._goals.conclude(goal, _result(Result.ERROR_BUSY, text))
            return
        self._goal, self._accepted_at = goal, self.steady_time
        self._end = self._progress = None
        self._setpoints_count = 0

    def _on_cancel(self, goal: ServerGoalHandle) -> None:
        if goal is self._goal:
            self._end_early(Result.ERROR_CANCELLED)

    # -- the experiment

    def _answer(self, message: ManifoldState, readings: Readings) -> ExperimentStep | None:
        """What the experiment asks for at a sample; None where there is none, or no longer."""
        if self._goal is None or self._end is not None:
            return None
        if self._experiment is None:
            if self._missing() or self._layout is None:
                return None
            self._experiment = SampledExperiment(self._garment, self._layout.sample_period)
        reason = unusable(
            self._names,
            readings,
            faulty=message.fault != ManifoldState.FAULT_NONE,
            dead_man_acts=message.watchdog_expired,
            emergency_input=message.emergency_input,
        )
        if reason:
            self._end_early(Result.ERROR_ENDED_EARLY, reason)
            return None
        try:
            asked = self._experiment.take(message.sequence, readings)
        except SamplesLost as error:
            self._end_early(Result.ERROR_ENDED_EARLY, str(error))
            return None
        if self._experiment.done:
            self._finish(self._experiment.records)
        return asked

    def _missing(self) -> str:
        """What is missing before the experiment can begin; empty if nothing is."""
        if self._layout is None:
            return 'no manifold has told its layout: see that its node runs'
        if wrong := mismatch(self._garment, self._layout):
            return wrong
        safety = self._safety
        if safety is None or self.steady_time - self._safety_at > SAFETY_AGE_LIMIT:
            return 'nothing is heard of the safety supervisor: see that its node runs'
        if safety.state != SafetyState.STATE_PERMITTING:
            return trip_line(safety)
        watched = (self._last_sample - self._first_sample) * self._layout.sample_period
        if watched < WATCHED_TIME:
            return 'too few samples have come: look at the connection of the device'
        return '' if self._flat else 'a chamber is not flat: open its zip, and close it again'

    def _finish(self, records: list[ChamberRecord]) -> None:
        self._experiment = None
        self._end = Result(
            error_code=Result.ERROR_NONE,
            records=[
                record_message(name, record)
                for name, record in zip(self._names, records, strict=True)
            ],
        )
        self._ended_at = self.steady_time

    def _end_early(self, error: int, text: str = '') -> None:
        """End the experiment; from now on vents are asked for."""
        self._experiment = None
        if self._goal is not None and self._end is None:
            self._end = _result(error, text or ENDED[error])
            self._ended_at = self.steady_time

    def _on_turn(self) -> None:
        goal, now = self._goal, self.steady_time
        if goal is None:
            return
        if self._end is not None:
            if self._over(self._end, now - self._ended_at):
                self._conclude(goal, self._end)
        elif self._experiment is None:
            missing = self._missing()
            tripped = self._safety is not None and self._safety.state == SafetyState.STATE_TRIPPED
            if missing and (tripped or now - self._accepted_at > START_TIME):
                self._end_early(Result.ERROR_NOT_READY, missing)
        elif now - self._safety_at > SAFETY_AGE_LIMIT:
            text = 'the safety supervisor is silent, so that the device vents by itself'
            self._end_early(Result.ERROR_ENDED_EARLY, text)

    def _over(self, end: Result, since: float) -> bool:
        """Whether the answer can be given: the ports show a vent, and all is said."""
        if end.error_code == Result.ERROR_ENDED_EARLY and since < REASON_TIME:
            return False
        return self._flat or since > VENT_TIME

    def _conclude(self, goal: ServerGoalHandle, end: Result) -> None:
        self._goal = self._end = None
        if end.error_code and not self._flat:
            end.error_msg += '; a chamber is not seen vented: open its zip or pull its hose'
        self.get_logger().info(f'tuning ended: {end.error_msg or "all chambers are through"}')
        self._goals.conclude(goal, end)

    # -- what it says

    def _publish_setpoints(self, asked: ExperimentStep, sample: ManifoldState) -> None:
        message = Setpoints(
            sequence=self._setpoints_count,
            name=self._names,
            mode=bytes_to_wire(asked.setpoints.mode),
            target=to_wire(asked.setpoints.target),
        )
        message.header.stamp = sample.header.stamp
        self._setpoints.publish(message)

    def _request(
        self, actuation: Actuation, source_sequence: int, setpoints_sequence: int = 0
    ) -> None:
        self._requests += 1
        stamp = self.get_clock().now().to_msg()
        self._requested.publish(
            command_message(
                stamp,
                self._requests,
                source_sequence,
                self._names,
                actuation,
                setpoints_sequence,
            )
        )

    def _report(self, progress: Progress) -> None:
        if progress == self._progress or self._goal is None or not self._goal.is_active:
            return
        self._progress = progress
        chamber, share, text = progress
        self._goal.publish_feedback(RunTuning.Feedback(chamber=chamber, progress=share, text=text))


def _result(error: int, text: str) -> Result:
    return Result(error_code=error, error_msg=text)


def main() -> None:
    """Run the node."""
    run(TunerNode)
