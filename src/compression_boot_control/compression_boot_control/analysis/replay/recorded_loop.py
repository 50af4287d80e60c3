"""Takes the loop's inputs and decisions out of a bag, as arrays in the garment's order.

Messages of the loop are matched by the numbers that they carry, not by their times: a pressure and
a request name the sample that they answer, and a request names the set-points that it followed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compression_boot_control.analysis.bag_reader import Bag
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.series import Series
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray

MESSAGES = 'compression_boot_msgs/msg/'
MANIFOLD_STATE = MESSAGES + 'ManifoldState'
PRESSURES = MESSAGES + 'ChamberPressures'
SETPOINTS = MESSAGES + 'Setpoints'
COMMAND = MESSAGES + 'ValveCommand'
SAFETY_STATE = MESSAGES + 'SafetyState'
LAYOUT = MESSAGES + 'Layout'
EMERGENCY_STOP = 'compression_boot_msgs/srv/EmergencyStop_Event'
RESET = 'compression_boot_msgs/srv/ResetSafety_Event'

NEEDED_TYPES = (
    MANIFOLD_STATE,
    PRESSURES,
    SETPOINTS,
    COMMAND,
    SAFETY_STATE,
    LAYOUT,
    EMERGENCY_STOP,
    RESET,
)
"""Types of the messages that a replay reads, for `bag_reader.open_bag`."""

RESTARTED = 1 << 40
"""Added to the count of a sender each time that it was started again."""

NANOSECOND = 1e-9
REQUEST_RECEIVED = 1
"""Kind of a service event: the server has received a request (service_msgs/ServiceEventInfo)."""


@dataclass(frozen=True)
class RecordedSamples:
    """M raw samples of N chambers, in the order of their count.

    Attributes
    ----------
    number : (M,) array
        Count, unique also when the manifold was started again.
    sequence : (M,) array
        Count as the message has it.
    stamp, received : (M,) array
        When it was taken, and when it came [s]; both from the beginning of the bag.
    pressure, inlet, exhaust, second : (M, N) array
        See ``ManifoldState``.
    supply : (M,) array
    device_fault, emergency_input : (M,) bool array
    """

    number: IntArray
    sequence: IntArray
    stamp: FloatArray
    received: FloatArray
    pressure: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    second: FloatArray | None
    supply: FloatArray
    device_fault: BoolArray
    emergency_input: BoolArray


@dataclass(frozen=True)
class RecordedPressures:
    """P estimates: the sample that each follows from, and (P, N) arrays as ``ChamberPressures``."""

    number: IntArray
    pressure: FloatArray
    rate: FloatArray
    quality: FloatArray
    reason: FloatArray
    zero: FloatArray | None
    supply: FloatArray


@dataclass(frozen=True)
class RecordedSetpoints:
    """S set-points: their count, when they came [s], and (S, N) arrays as ``Setpoints``."""

    sequence: IntArray
    received: FloatArray
    mode: FloatArray
    target: FloatArray


@dataclass(frozen=True)
class RecordedCommands:
    """C commands: the sample that each answers, when it came [s], and openings.

    `number` is 0 for a command that answers no sample; `followed` is the count of the set-points
    that the controller had, or None in a bag that does not say.
    """

    number: IntArray
    received: FloatArray
    followed: IntArray | None
    inlet: FloatArray
    exhaust: FloatArray
    pump: FloatArray

    def answers(self) -> RecordedCommands:
        """Those that answer a sample, the last for each, in the order of the samples."""
        rows = np.flatnonzero(self.number)
        _, last = np.unique(self.number[rows][::-1], return_index=True)
        return self.chosen(rows[::-1][last])

    def chosen(self, rows: NDArray[Any]) -> RecordedCommands:
        """Those of some rows."""
        return RecordedCommands(
            self.number[rows],
            self.received[rows],
            None if self.followed is None else self.followed[rows],
            self.inlet[rows],
            self.exhaust[rows],
            self.pump[rows],
        )


@dataclass(frozen=True)
class Verdict:
    """A verdict from `time` on [s]: its state, who is vented, and which hazards are told."""

    time: float
    state: int
    vented: frozenset[str]
    alarms: frozenset[str]

    @property
    def in_order(self) -> tuple[float, int, tuple[str, ...], tuple[str, ...]]:
        """The same with names in order, which a set has none of."""
        return self.time, self.state, tuple(sorted(self.vented)), tuple(sorted(self.alarms))


@dataclass(frozen=True)
class SafetyEvent:
    """Somebody stopped or reset at a time [s]; `confirmed` is of a reset."""

    time: float
    stop: bool
    confirmed: bool = False


@dataclass(frozen=True)
class RecordedLoop:
    """The loop of one garment, as a bag has it; what is missing is None.

    Attributes
    ----------
    samples : RecordedSamples
    pressures, setpoints, requested, permitted, verdicts
        What the nodes said.
    events : tuple of SafetyEvent
    start_ns : int
        Beginning of the bag, from which times count [ns].
    simulated_time : bool
        The boots were simulated and their time was not real.
    parameters : mapping of str to mapping
        What the nodes were given, by node.
    notes : tuple of str
        One line for each thing that a person should know.
    """

    samples: RecordedSamples
    pressures: RecordedPressures | None
    setpoints: RecordedSetpoints | None
    requested: RecordedCommands | None
    permitted: RecordedCommands | None
    verdicts: tuple[Verdict, ...]
    events: tuple[SafetyEvent, ...]
    start_ns: int
    simulated_time: bool
    parameters: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...]


def recorded_loop(bag: Bag, garment: Garment, namespace: str | None = None) -> RecordedLoop:
    """Take the loop out of an opened bag.

    Parameters
    ----------
    bag : Bag
    garment : Garment
        Its chambers are the columns.
    namespace : str, optional
        Namespace of the garment, e.g. ``/boots``; needed only if the bag has several.

    Raises
    ------
    BagError
        The bag has no raw samples, those of several garments, or of other chambers.
    """
    topics = _LoopTopics(bag, namespace)
    start = bag.start_ns or 0
    raw = topics.one('manifold/state', MANIFOLD_STATE)
    if raw is None:
        raise BagError(f'{bag.path} has no raw readings (manifold/state): it cannot be replayed')
    columns = _Columns(garment.chamber_names, start)
    samples = columns.samples(raw)
    pressures = topics.one('pressures', PRESSURES)
    setpoints = topics.one('setpoints', SETPOINTS)
    requested = topics.one('valves/requested', COMMAND)
    permitted = topics.one('valves/permitted', COMMAND)
    safety = topics.one('safety/state', SAFETY_STATE)
    missing = {
        'pressures': pressures,
        'setpoints': setpoints,
        'valves/requested': requested,
        'valves/permitted': permitted,
        'safety/state': safety,
    }
    return RecordedLoop(
        samples=samples,
        pressures=None if pressures is None else columns.pressures(pressures),
        setpoints=None if setpoints is None else columns.setpoints(setpoints),
        requested=None if requested is None else columns.commands(requested),
        permitted=None if permitted is None else columns.commands(permitted),
        verdicts=() if safety is None else _verdicts(safety, start),
        events=_events(topics, safety, start),
        start_ns=start,
        simulated_time=_simulated_time(bag),
        parameters=given_parameters(bag),
        notes=tuple(
            f'the bag has no {name}: that decision is not compared'
            for name, series in missing.items()
            if series is None
        ),
    )


def recorded_events(bag: Bag, namespace: str | None = None) -> tuple[SafetyEvent, ...]:
    """Stops and resets of a bag, with times from its beginning."""
    topics = _LoopTopics(bag, namespace)
    return _events(topics, topics.one('safety/state', SAFETY_STATE), bag.start_ns or 0)


def given_parameters(bag: Bag) -> Mapping[str, Mapping[str, Any]]:
    """What the nodes of a bag were given, by node; nothing in bags of others."""
    try:
        given = json.loads(bag.provenance.get('parameters', '{}'))
    except json.JSONDecodeError:
        return {}
    if not isinstance(given, dict):
        return {}
    return {node: values for node, values in given.items() if isinstance(values, dict)}


def recorded_garment(bag: Bag) -> str:
    """Name or file of the garment of a bag; empty if it does not say."""
    if name := bag.provenance.get('garment', ''):
        return name
    layouts = [topic for topic in bag.topics_of(LAYOUT) if bag.topics[topic].messages]
    return str(bag.series(layouts[0])['garment'][-1]) if layouts else ''


def unwrapped(sequence: IntArray) -> IntArray:
    """Counts that go on where a sender was started again and counts from 1."""
    restarts = np.concatenate(([0], np.cumsum(np.diff(sequence) < 0))).astype(np.int64)
    return sequence + restarts * RESTARTED


def _simulated_time(bag: Bag) -> bool:
    speed = bag.provenance.get('speed', '1.0')
    try:
        return bag.provenance.get('backend', 'sim') == 'sim' and float(speed) != 1.0
    except ValueError:
        return False


class _LoopTopics:
    """Finds the topics of one garment in a bag."""

    def __init__(self, bag: Bag, namespace: str | None) -> None:
        self._bag = bag
        states = [topic for topic in bag.topics_of(MANIFOLD_STATE) if bag.topics[topic].messages]
        prefixes = [topic.removesuffix('manifold/state') for topic in states]
        if namespace is not None:
            wanted = '/' + namespace.strip('/') + '/'
            prefixes = [prefix for prefix in prefixes if prefix == wanted]
        if len(prefixes) > 1:
            raise BagError(
                f'{bag.path} has several garments, {", ".join(prefixes)}; choose one by its '
                'namespace'
            )
        self._prefix = prefixes[0] if prefixes else ''

    def one(self, name: str, type_name: str) -> Series | None:
        """Messages of a topic; None if there are none."""
        topic = self._bag.topics.get(self._prefix + name)
        if topic is None or not topic.messages:
            return None
        if topic.type_name != type_name:
            raise BagError(f'{topic.name} in {self._bag.path} is no {type_name}')
        return self._bag.series(topic.name)


class _Columns:
    """Makes arrays in the garment's order."""

    def __init__(self, names: tuple[str, ...], start_ns: int) -> None:
        self._names = names
        self._start = start_ns

    def samples(self, series: Series) -> RecordedSamples:
        sequence = np.asarray(series['sequence'], np.int64)
        second = None
        if any(len(row) for row in series['second_pressure']):
            second = self.of(series, 'second_pressure')
        return RecordedSamples(
            number=unwrapped(sequence),
            sequence=sequence,
            stamp=series.stamp - self._start * NANOSECOND,
            received=self.received(series),
            pressure=self.of(series, 'pressure'),
            inlet=self.of(series, 'inlet'),
            exhaust=self.of(series, 'exhaust'),
            second=second,
            supply=np.asarray(series['supply_pressure'], float),
            device_fault=np.asarray(series['fault']) != 0,
            emergency_input=np.asarray(series['emergency_input'], np.bool_),
        )

    def pressures(self, series: Series) -> RecordedPressures:
        return RecordedPressures(
            number=unwrapped(np.asarray(series['sequence'], np.int64)),
            pressure=self.of(series, 'pressure'),
            rate=self.of(series, 'rate'),
            quality=self.of(series, 'quality'),
            reason=self.of(series, 'reason'),
            zero=self.of(series, 'zero') if 'zero' in series.columns else None,
            supply=np.asarray(series['supply_pressure'], float),
        )

    def setpoints(self, series: Series) -> RecordedSetpoints:
        return RecordedSetpoints(
            sequence=unwrapped(np.asarray(series['sequence'], np.int64)),
            received=self.received(series),
            mode=self.of(series, 'mode'),
            target=self.of(series, 'target'),
        )

    def commands(self, series: Series) -> RecordedCommands:
        source = np.asarray(series['source_sequence'], np.int64)
        number = np.zeros_like(source)
        answering = source > 0
        if answering.any():
            number[answering] = unwrapped(source[answering])
        followed = None
        if 'setpoints_sequence' in series.columns:
            followed = np.asarray(series['setpoints_sequence'], np.int64)
        return RecordedCommands(
            number=number,
            received=self.received(series),
            followed=followed,
            inlet=self.of(series, 'inlet'),
            exhaust=self.of(series, 'exhaust'),
            pump=np.asarray(series['pump'], float),
        )

    def received(self, series: Series) -> FloatArray:
        """When messages came, from the beginning of the bag [s]."""
        return np.asarray((series.log_time - self._start) * NANOSECOND, np.float64)

    def of(self, series: Series, field: str) -> FloatArray:
        """A field in the garment's order; NaN for chambers that a message lacks."""
        found = series.chambers(field)
        if found.chamber_names == self._names:
            return found.values
        if set(found.chamber_names) != set(self._names):
            raise BagError(
                f'{series.topic} has the chambers {", ".join(found.chamber_names)}, not those of '
                f'the garment: {", ".join(self._names)}; give the right one with --garment'
            )
        order = [found.chamber_names.index(name) for name in self._names]
        return found.values[:, order]


def _verdicts(series: Series, start_ns: int) -> tuple[Verdict, ...]:
    """Verdicts of a ``SafetyState`` series, one for each change."""
    verdicts: list[Verdict] = []
    rows = zip(
        ((series.log_time - start_ns) * NANOSECOND).tolist(),
        series['state'].tolist(),
        series['vented_name'],
        series['alarms'],
        strict=True,
    )
    for time, state, vented, alarms in rows:
        now = Verdict(
            time, int(state), frozenset(vented), frozenset(alarm['id'] for alarm in alarms)
        )
        if not verdicts or now != _at(verdicts[-1], time):
            verdicts.append(now)
    return tuple(verdicts)


def _at(verdict: Verdict, time: float) -> Verdict:
    return Verdict(time, verdict.state, verdict.vented, verdict.alarms)


EMERGENCY_ID = 'SR-01'
TRIPPED = 4


def _events(topics: _LoopTopics, safety: Series | None, start_ns: int) -> tuple[SafetyEvent, ...]:
    """Stops and resets: the calls themselves, or in bags without them what they left behind."""
    stops = topics.one('emergency_stop/_service_event', EMERGENCY_STOP)
    resets = topics.one('safety/reset/_service_event', RESET)
    found = []
    if stops is not None:
        found += [SafetyEvent(time, stop=True) for time, _ in _received(stops, start_ns)]
    elif safety is not None:
        found += _told_stops(safety, start_ns)
    if resets is not None:
        found += [
            SafetyEvent(time, stop=False, confirmed=bool(request and request[0]['confirm']))
            for time, request in _received(resets, start_ns)
        ]
    elif safety is not None:
        found += _told_resets(safety, start_ns)
    return tuple(sorted(found, key=lambda event: event.time))


def _received(series: Series, start_ns: int) -> list[tuple[float, Any]]:
    times = ((series.log_time - start_ns) * NANOSECOND).tolist()
    rows = zip(times, series['info.event_type'].tolist(), series['request'], strict=True)
    return [(time, request) for time, kind, request in rows if kind == REQUEST_RECEIVED]


def _told_stops(safety: Series, start_ns: int) -> list[SafetyEvent]:
    told = np.array(
        [any(alarm['id'] == EMERGENCY_ID for alarm in alarms) for alarms in safety['alarms']]
    )
    begins = np.flatnonzero(told & ~np.concatenate(([False], told[:-1])))
    times = (safety.log_time[begins] - start_ns) * NANOSECOND
    return [SafetyEvent(float(time), stop=True) for time in times]


def _told_resets(safety: Series, start_ns: int) -> list[SafetyEvent]:
    tripped = np.asarray(safety['state']) == TRIPPED
    ends = np.flatnonzero(~tripped[1:] & tripped[:-1]) + 1
    times = (safety.log_time[ends] - start_ns) * NANOSECOND
    return [SafetyEvent(float(time), stop=False, confirmed=True) for time in times]
