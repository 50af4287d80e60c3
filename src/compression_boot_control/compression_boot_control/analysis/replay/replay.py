"""Runs a recording through today's sensing, control and supervisor, and compares the decisions.

The raw readings go through sensing, what it says through control, and what that asks for through
the supervisor. Set-points, stops and resets are taken from the record. There is no clock: times
are those of the recording, and the same bag gives the same bits each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compression_boot_control.analysis.bag_reader import open_bag
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.replay.comparison import (
    SIMULATED_VERDICT_TOLERANCE,
    VERDICT_TOLERANCE,
    Compared,
    compared_messages,
    compared_verdicts,
)
from compression_boot_control.analysis.replay.loop_laws import (
    Asked,
    ControlRun,
    LoopLaws,
    Sensed,
    SensingRun,
    compiled,
    interpreted,
)
from compression_boot_control.analysis.replay.loop_parameters import (
    LoopParameters,
    loop_parameters,
)
from compression_boot_control.analysis.replay.recorded_loop import (
    NEEDED_TYPES,
    RecordedCommands,
    RecordedLoop,
    recorded_garment,
    recorded_loop,
    unwrapped,
)
from compression_boot_control.analysis.replay.replayed_safety import Permitted, ReplayedSafety
from compression_boot_control.core.control_inputs import HeldSetpoints
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.safety.supervisor import SafetyStatus
from compression_boot_control.core.sample_interval import SampleInterval
from compression_boot_control.core.sensing import told as to_others
from compression_boot_control.core.signals import Mode, Pressures, Reason
from compression_boot_control.hardware.garment_file import load_garment

COMPILED_FROM = 30_000
"""Samples from which on the laws are compiled; shorter recordings are done sooner without."""

WARM_UP = 3.0
"""Time at the beginning, and after missing samples, in which sensing is told what it said then:
what it had learned before is not in the record [s]."""


@dataclass(frozen=True)
class Replay:
    """What a replay found.

    Attributes
    ----------
    garment : str
    samples : int
        Raw samples in the bag.
    duration : float
        From the first to the last [s].
    topics : tuple of Compared
    notes : tuple of str
        One line for each thing that could not be compared, or that a person should know.
    verdict_tolerance : float
        See `comparison.VERDICT_TOLERANCE` [s].
    digest : str
        Of all that the nodes would tell each other now, to the last bit.
    """

    garment: str
    samples: int
    duration: float
    topics: tuple[Compared, ...]
    notes: tuple[str, ...]
    verdict_tolerance: float
    digest: str

    @property
    def same(self) -> bool:
        """Whether everything was decided again as it was."""
        return not any(topic.differences for topic in self.topics)


def replay_bag(
    path: str | Path,
    *,
    garment: str = '',
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    namespace: str | None = None,
    laws: LoopLaws | None = None,
) -> Replay:
    """Replay a bag.

    Parameters
    ----------
    path : str or Path
        Folder of the bag, or a file of it.
    garment : str
        Name or file; empty: the one that the bag names.
    parameters : mapping, optional
        Values by node that count before those of the recording.
    namespace : str, optional
        Namespace of the garment; needed only if the bag has several.
    laws : LoopLaws, optional
        Form of the laws; by default the one that is done sooner.

    Raises
    ------
    BagError
        The bag cannot be read, or is none of this garment.
    """
    bag = open_bag(path, NEEDED_TYPES)
    name = garment or recorded_garment(bag)
    if not name:
        raise BagError(f'{bag.path} does not say which garment it is of: give it with --garment')
    worn = load_garment(name)
    recorded = recorded_loop(bag, worn, namespace)
    given = recorded.parameters
    settings = loop_parameters(worn, given, parameters or {})
    if laws is None:
        laws = compiled() if len(recorded.samples.number) >= COMPILED_FROM else interpreted()
    return _Run(recorded, worn, settings, laws).result((*bag.notes, *recorded.notes))


class _Run:
    """One replay, stage by stage."""

    def __init__(
        self,
        recorded: RecordedLoop,
        garment: Garment,
        parameters: LoopParameters,
        laws: LoopLaws,
    ) -> None:
        self._recorded = recorded
        self._garment = garment
        self._parameters = parameters
        self._laws = laws
        self._notes: list[str] = []
        self._decided = hashlib.sha256()
        samples = recorded.samples
        self._sample_time = samples.stamp if recorded.simulated_time else samples.received

    def result(self, notes: tuple[str, ...]) -> Replay:
        samples = self._recorded.samples
        rows, told = self._sensed_rows()
        sensed = self._sense(rows, told)
        topics = [self._compared_pressures(rows, told, sensed)]
        requests, place = self._requests(rows)
        asked = self._ask(requests, place, rows, sensed)
        if asked is not None:
            self._note_decided(asked)
            topics.append(self._compared_requests(requests, asked, bool(told[:1].any())))
            topics += self._supervise(requests, asked)
        return Replay(
            garment=self._garment.name,
            samples=len(samples.number),
            duration=float(self._sample_time[-1] - self._sample_time[0]),
            topics=tuple(topic for topic in topics if topic is not None),
            notes=(*notes, *self._notes),
            verdict_tolerance=self._verdict_tolerance,
            digest=self._decided.hexdigest(),
        )

    def _note_decided(self, columns: Iterable[NDArray[Any]]) -> None:
        for column in columns:
            self._decided.update(column.tobytes())

    @property
    def _verdict_tolerance(self) -> float:
        simulated = self._recorded.simulated_time
        return SIMULATED_VERDICT_TOLERANCE if simulated else VERDICT_TOLERANCE

    # -- sensing

    def _sensed_rows(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Samples that sensing took, and where it is told what it said of them.

        A node may have missed a sample that the recorder has; the next one then covers a longer
        time. Which they were follows from what the node answered.
        """
        number = self._recorded.samples.number
        answered = self._answered()
        if not len(answered):
            return np.arange(len(number)), np.zeros(len(number), np.bool_)
        rows = np.flatnonzero(np.isin(number, answered) | (number > answered[-1]))
        lost = np.flatnonzero(np.diff(number) > 1) + 1
        begins = np.unique(np.searchsorted(rows, np.concatenate(([0], lost))))
        begins = begins[begins < len(rows)]
        time = self._sample_time[rows]
        told = np.zeros(len(rows), np.bool_)
        for begin in begins:
            told |= (time >= time[begin]) & (time < time[begin] + WARM_UP)
        if len(begins) > 1:
            self._notes.append(
                f'samples are missing in {len(begins) - 1} places, the first at '
                f'{time[begins[1]]:.2f} s: the {WARM_UP:g} s after each are not compared'
            )
        if self._recorded.pressures is None:
            told[:] = False
        return rows, told

    def _answered(self) -> NDArray[np.int64]:
        """Numbers of the samples that any node answered, rising."""
        recorded = self._recorded
        numbers = [
            source.number
            for source in (recorded.pressures, recorded.requested, recorded.permitted)
            if source is not None
        ]
        known = np.unique(np.concatenate([*numbers, np.zeros(1, np.int64)]))
        return known[known > 0]

    def _sense(self, rows: NDArray[np.int64], told: NDArray[np.bool_]) -> Sensed:
        samples, said = self._recorded.samples, self._recorded.pressures
        shape = (len(rows), len(self._garment))
        known = np.full((3, *shape), np.nan)
        zeroed = np.zeros(shape, np.bool_)
        if said is not None:
            place = np.searchsorted(said.number, samples.number[rows])
            place = np.minimum(place, len(said.number) - 1)
            there = said.number[place] == samples.number[rows]
            told &= there
            known[0][there] = said.pressure[place[there]]
            known[1][there] = said.rate[place[there]]
            if said.zero is not None:
                known[2][there] = said.zero[place[there]]
            zeroed[there] = said.reason[place[there]] != Reason.NOT_ZEROED
        sensed = self._laws.sense(
            self._parameters.sensing,
            SensingRun(
                samples.pressure[rows],
                samples.inlet[rows],
                samples.exhaust[rows],
                samples.supply[rows],
                self._intervals(rows),
                told,
                known[0],
                known[1],
                known[2],
                zeroed,
            ),
        )
        estimate = Pressures(*sensed, samples.supply[rows])
        wire = to_others(estimate)
        # the compiled law differs from the node's in the last digit of what is not told to others
        self._note_decided((wire.pressure, wire.rate, sensed.quality, sensed.reason))
        return sensed._replace(pressure=wire.pressure, rate=wire.rate)

    def _intervals(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Time from sample to sample, as a node takes it [s]."""
        samples, interval = self._recorded.samples, SampleInterval()
        stamps, counts = samples.stamp[rows].tolist(), samples.sequence[rows].tolist()
        steps = [interval.next(*of) for of in zip(stamps, counts, strict=True)]
        return np.array([0.0 if step is None else step for step in steps])

    def _compared_pressures(
        self, rows: NDArray[np.int64], told: NDArray[np.bool_], sensed: Sensed
    ) -> Compared | None:
        said = self._recorded.pressures
        if said is None:
            return None
        number = self._recorded.samples.number[rows]
        _, then, now = np.intersect1d(said.number, number, return_indices=True)
        free = ~told[now]
        then, now = then[free], now[free]
        return compared_messages(
            'pressure_sensing',
            'pressures',
            self._garment.chamber_names,
            self._sample_time[rows[now]],
            [
                ('pressure', said.pressure[then], sensed.pressure[now]),
                ('rate', said.rate[then], sensed.rate[now]),
                ('quality', said.quality[then], sensed.quality[now].astype(float)),
                ('reason', said.reason[then], sensed.reason[now].astype(float)),
            ],
        )

    # -- control

    def _requests(self, rows: NDArray[np.int64]) -> tuple[RecordedCommands, NDArray[np.int64]]:
        """Requests that answer a sample, and their places in `rows`; without a record, of all."""
        number = self._recorded.samples.number[rows]
        recorded = self._recorded.requested
        if recorded is None:
            nothing = np.full((len(rows), len(self._garment)), np.nan)
            time = self._sample_time[rows]
            every = RecordedCommands(number, time, None, nothing, nothing, nothing[:, 0])
            return every, np.arange(len(rows))
        answers = recorded.answers()
        _, own, place = np.intersect1d(answers.number, number, return_indices=True)
        return answers.chosen(own), place

    def _ask(
        self,
        requests: RecordedCommands,
        place: NDArray[np.int64],
        rows: NDArray[np.int64],
        sensed: Sensed,
    ) -> Asked | None:
        """What today's control asks for; what was asked then where there are no set-points."""
        setpoints = self._recorded.setpoints
        if setpoints is None:
            if self._recorded.requested is None:
                return None
            return Asked(requests.inlet, requests.exhaust, requests.pump)
        mode, target = self._followed(requests, self._sample_time[rows[place]])
        return self._laws.control(
            self._parameters.control,
            ControlRun(
                sensed.pressure[place],
                sensed.rate[place],
                self._recorded.samples.supply[rows[place]],
                self._intervals(rows[place]),
                mode,
                target,
                self._rests(requests),
            ),
        )

    def _followed(
        self, requests: RecordedCommands, time: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Set-points in force at each request."""
        recorded = self._recorded.setpoints
        assert recorded is not None
        shape = (len(time), len(self._garment))
        mode, target = np.full(shape, int(Mode.VENT), np.int64), np.zeros(shape)
        if requests.followed is not None:
            heard = np.searchsorted(recorded.sequence, unwrapped(requests.followed), side='right')
        else:
            heard = np.searchsorted(recorded.received, time, side='right')
        held, last = HeldSetpoints(len(self._garment)), 0
        for row, (now, upto) in enumerate(zip(time.tolist(), heard.tolist(), strict=True)):
            if upto > last:
                came = now if self._recorded.simulated_time else float(recorded.received[upto - 1])
                held.hear(came, upto, recorded.mode[upto - 1], recorded.target[upto - 1])
                last = upto
            in_force = held.in_force(now)
            mode[row], target[row] = in_force.mode, in_force.target
        return mode, target

    def _rests(self, requests: RecordedCommands) -> NDArray[np.bool_]:
        """Where control starts over: at the first, and after a vent that it asked for by itself."""
        rests = np.zeros(len(requests.number), np.bool_)
        rests[:1] = True
        recorded = self._recorded.requested
        if recorded is not None:
            answers = recorded.number > 0
            after = np.flatnonzero(answers[1:] & ~answers[:-1]) + 1
            rests[np.isin(requests.number, recorded.number[after])] = True
        return rests

    def _compared_requests(
        self, requests: RecordedCommands, asked: Asked, joined: bool
    ) -> Compared | None:
        if self._recorded.requested is None or self._recorded.setpoints is None:
            return None
        begin = 0
        if joined:
            # what the controller knew before is not in the record: from its first rest on it is
            resting = (requests.inlet == 0.0).all(1) & (requests.exhaust == 1.0).all(1)
            begin = int(np.argmax(resting)) if resting.any() else len(resting)
            if begin:
                self._notes.append(
                    f'requests are compared from {requests.received[begin - 1]:.2f} s on: the '
                    'recording begins under pressure'
                )
        return compared_messages(
            'chamber_control',
            'valves/requested',
            self._garment.chamber_names,
            requests.received[begin:],
            [
                (name, getattr(requests, name)[begin:], getattr(asked, name)[begin:])
                for name in Asked._fields
            ],
        )

    # -- supervisor

    def _supervise(self, requests: RecordedCommands, asked: Asked) -> list[Compared]:
        recorded = self._recorded
        safety = ReplayedSafety(
            recorded, self._garment, self._parameters.limits, self._laws.make_supervisor()
        )
        vents = requests.chosen(np.zeros(0, np.int64))
        if recorded.requested is not None:
            vents = recorded.requested.chosen(np.flatnonzero(recorded.requested.number == 0))
        permitted = safety.run(requests, asked, vents)
        self._note_decided(permitted)
        self._decided.update(repr([verdict.in_order for verdict in safety.verdicts]).encode())
        found = []
        window = self._compared_window()
        if recorded.permitted is not None:
            found.append(self._compared_permits(requests, permitted, safety, window))
        if recorded.verdicts:
            found.append(
                compared_verdicts(
                    self._garment.chamber_names,
                    recorded.verdicts,
                    safety.verdicts,
                    window,
                    self._verdict_tolerance,
                    lambda state: SafetyStatus(state).name,
                )
            )
        return found

    def _compared_window(self) -> tuple[float, float]:
        """Times between which verdicts are compared [s]."""
        first = float(self._sample_time[0])
        verdicts = self._recorded.verdicts
        if verdicts:
            first = max(first, verdicts[0].time)
        return first + WARM_UP, float(self._sample_time[-1])

    def _compared_permits(
        self,
        requests: RecordedCommands,
        permitted: Permitted,
        safety: ReplayedSafety,
        window: tuple[float, float],
    ) -> Compared:
        """Compare permits; those close to a change of the verdict are judged by that alone."""
        assert self._recorded.permitted is not None
        then = self._recorded.permitted.answers()
        _, own, place = np.intersect1d(then.number, requests.number, return_indices=True)
        time = then.received[own]
        clear = (time >= window[0]) & (time <= window[1])
        for verdict in (*self._recorded.verdicts, *safety.verdicts):
            clear &= np.abs(time - verdict.time) > self._verdict_tolerance
        own, place = own[clear], place[clear]
        return compared_messages(
            'safety_supervisor',
            'valves/permitted',
            self._garment.chamber_names,
            then.received[own],
            [
                (name, getattr(then, name)[own], getattr(permitted, name)[place])
                for name in Permitted._fields
            ],
        )
