"""Lets today's supervisor hear a recording, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import NamedTuple

import numpy as np

from compression_boot_control.analysis.replay.loop_laws import Asked
from compression_boot_control.analysis.replay.recorded_loop import (
    RecordedCommands,
    RecordedLoop,
    RecordedSamples,
    SafetyEvent,
    Verdict,
)
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.safety.gate import Command, RefusedCommand
from compression_boot_control.core.safety.hazards import HAZARDS
from compression_boot_control.core.safety.limits import SafetyLimits
from compression_boot_control.core.safety.supervision import (
    RawSample,
    Supervision,
    SupervisorStep,
)
from compression_boot_control.core.safety.supervisor import SafetyStatus, status
from compression_boot_control.core.signals import Actuation, FloatArray

CYCLE = 0.02
"""Period of the supervisor's own timer in a silence [s]."""

CYCLE_KEPT = 0.1
"""The same while samples come: each is judged itself, so that the timer finds nothing new [s]."""


class Permitted(NamedTuple):
    """What was permitted of each request that answers a sample; see `Asked`."""

    inlet: FloatArray
    exhaust: FloatArray
    pump: FloatArray


Happening = tuple[float, int, int]
"""One thing that the supervisor hears: when [s], what kind, and which row of its kind."""

STOP_OR_RESET, SETPOINTS, SAMPLE, REQUEST, VENT_REQUEST = range(5)
"""Kinds, in the order in which they are heard at one time."""


class ReplayedSafety:
    """Today's supervisor on a recording.

    Parameters
    ----------
    recorded : RecordedLoop
    garment : Garment
    limits : SafetyLimits
    step : SupervisorStep
    """

    def __init__(
        self, recorded: RecordedLoop, garment: Garment, limits: SafetyLimits, step: SupervisorStep
    ) -> None:
        self._recorded = recorded
        self._names = garment.chamber_names
        self._limits = limits
        times = recorded.samples.stamp if recorded.simulated_time else recorded.samples.received
        self._sample_times = np.maximum.accumulate(times)
        self._cycle_at = float(self._sample_times[0]) - CYCLE
        self._supervision = Supervision(
            garment,
            limits,
            self._cycle_at,
            simulated_time=recorded.simulated_time,
            step=step,
        )
        self._samples = _raw_samples(recorded.samples)
        self._count = 0
        self._told = b''
        self.verdicts: list[Verdict] = []

    def run(self, requests: RecordedCommands, asked: Asked, vents: RecordedCommands) -> Permitted:
        """Let it hear everything.

        Parameters
        ----------
        requests : RecordedCommands
            Requests that answer a sample, for their numbers and times; (R,).
        asked : Asked
            What today's control asks for in their place; (R, N).
        vents : RecordedCommands
            Requests of the controller's own timer, which ask for a vent.
        """
        permitted = Permitted(*(np.full_like(column, np.nan) for column in asked))
        for time, kind, row in self._happenings(requests, vents):
            self._cycles_until(time)
            if kind == SAMPLE:
                self._hear_sample(time, row)
            elif kind == REQUEST:
                answer = self._answer(
                    time, Actuation(asked.inlet[row], asked.exhaust[row], asked.pump[row])
                )
                if answer is not None:
                    permitted.inlet[row], permitted.exhaust[row] = answer.inlet, answer.exhaust
                    permitted.pump[row] = answer.pump
            elif kind == SETPOINTS:
                setpoints = self._recorded.setpoints
                assert setpoints is not None
                self._supervision.hear_setpoints(time, setpoints.mode[row], setpoints.target[row])
            elif kind == VENT_REQUEST:
                self._answer(time, Actuation.vented((len(self._names),)))
            else:
                self._stop_or_reset(time, self._recorded.events[row])
        return permitted

    def _happenings(
        self, requests: RecordedCommands, vents: RecordedCommands
    ) -> Iterator[Happening]:
        """Everything in the order in which it happened.

        Where time is simulated, a received message says little of the order, since the clock stands
        still between its ticks; there a request happens at its sample, and set-points happen at
        the first sample for which the controller had them.
        """
        recorded = self._recorded
        sample_times = self._sample_times
        simulated = recorded.simulated_time
        answered = np.searchsorted(recorded.samples.number, requests.number)
        answered = np.minimum(answered, len(sample_times) - 1)
        request_times = requests.received
        if simulated:
            request_times = sample_times[answered]
        else:
            request_times = np.maximum(request_times, sample_times[answered])
        columns = [
            (SAMPLE, sample_times),
            (REQUEST, request_times),
            (VENT_REQUEST, vents.received),
            (STOP_OR_RESET, np.array([event.time for event in recorded.events])),
        ]
        if recorded.setpoints is not None:
            times = recorded.setpoints.received
            if simulated and requests.followed is not None:
                first = np.searchsorted(requests.followed, recorded.setpoints.sequence)
                used = first < len(request_times)
                times = np.where(used, request_times[np.minimum(first, len(used) - 1)], times)
            columns.append((SETPOINTS, np.maximum.accumulate(times)))
        time = np.concatenate([times for _, times in columns])
        kind = np.concatenate([np.full(len(times), kind) for kind, times in columns])
        row = np.concatenate([np.arange(len(times)) for _, times in columns])
        order = np.lexsort((row, kind, time))
        columns_in_order = (time[order].tolist(), kind[order].tolist(), row[order].tolist())
        return zip(*columns_in_order, strict=True)

    def _cycles_until(self, time: float) -> None:
        """Let the supervisor's own timer run up to a time."""
        if time - self._cycle_at < CYCLE_KEPT:
            return
        heard = self._supervision.ages(time)
        silent = max(heard['state_age'], heard['request_age']) > CYCLE_KEPT
        period = CYCLE if silent else CYCLE_KEPT
        while self._cycle_at + period < time:
            self._cycle_at += period
            if self._supervision.cycle(self._cycle_at):
                self._supervision.vent()
            self._tell(self._cycle_at)

    def _hear_sample(self, time: float, row: int) -> None:
        if self._supervision.hear_state(time, self._samples[row]):
            self._supervision.permit(time, self._supervision.ordered)
        self._tell(time)

    def _answer(self, time: float, asked: Actuation) -> Actuation | None:
        self._count += 1
        command = Command(self._count, self._names, asked.inlet, asked.exhaust, float(asked.pump))
        try:
            return self._supervision.hear_request(time, command)
        except RefusedCommand:
            return None

    def _stop_or_reset(self, time: float, event: SafetyEvent) -> None:
        if event.stop:
            self._supervision.emergency_stop(time, 'as recorded')
        else:
            self._supervision.reset(time, confirmed=event.confirmed)
        self._tell(time)

    def _tell(self, time: float) -> None:
        """Note the verdict where it changes."""
        state = self._supervision.state
        told = state.vent.tobytes() + state.active.tobytes() + state.latch.tobytes()
        if told == self._told:
            return
        self._told = told
        binding = (state.active | state.latch).any(axis=0)
        verdict = status(state)
        # while it starts, what has not been heard yet is no alarm
        rows = np.flatnonzero(binding & (verdict != SafetyStatus.STARTING))
        self.verdicts.append(
            Verdict(
                time,
                int(verdict),
                frozenset(self._names[i] for i in np.flatnonzero(state.vent)),
                frozenset(HAZARDS[i].id for i in rows),
            )
        )


def _raw_samples(samples: RecordedSamples) -> list[RawSample]:
    """The samples as the supervisor takes them."""
    count = len(samples.sequence)
    second = repeat(None, count) if samples.second is None else samples.second
    columns = zip(
        samples.sequence.tolist(),
        samples.stamp.tolist(),
        samples.pressure,
        second,
        samples.supply.tolist(),
        samples.device_fault.tolist(),
        samples.emergency_input.tolist(),
        strict=True,
    )
    return [RawSample(*values) for values in columns]
