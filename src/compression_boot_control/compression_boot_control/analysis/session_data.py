"""A session of a bag as the arrays that metrics work on, and why something is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compression_boot_control.analysis.bag_stream import BagStream
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.metrics import ChamberTrace, in_force
from compression_boot_control.analysis.series import Series
from compression_boot_control.analysis.session_split import ROLES, SessionRecord, role_of
from compression_boot_control.analysis.session_trace import (
    Sleeves,
    in_order,
    increasing,
    sleeves_by_name,
    sleeves_of_layout,
)
from compression_boot_control.analysis.timing import COARSE, is_coarse
from compression_boot_control.core.signals import BoolArray, FloatArray, IntArray, Mode

SHUT, WIDE = 0.01, 0.99
"""A chamber is vented with its inlet opened less and its exhaust more than this [-]."""

SETPOINT_AGE = 0.3
"""A set-point that is not repeated for this long holds no more: the controller vents [s]."""


@dataclass(frozen=True)
class MessageTimes:
    """When the M messages of a topic were sent and recorded, and their numbers.

    Attributes
    ----------
    sequence, source_sequence : (M,) array of int64, or None
        Own number, and number of the sample that is answered; None if the messages have none.
    stamp_ns, log_ns : (M,) array of int64
        By the header and by the recorder [ns].
    """

    sequence: IntArray | None
    source_sequence: IntArray | None
    stamp_ns: NDArray[np.int64]
    log_ns: NDArray[np.int64]


@dataclass(frozen=True)
class ValveTrace:
    """What the device did: M samples of N chambers.

    Attributes
    ----------
    time : (M,) array
        In the time of the session [s].
    inlet, exhaust : (M, N) array
        Openings [0..1].
    """

    time: FloatArray
    inlet: FloatArray
    exhaust: FloatArray


@dataclass(frozen=True)
class VentOrders:
    """Which chambers were to be vented: M commands for N chambers.

    Attributes
    ----------
    time : (M,) array
        In the time of the session [s].
    vents : (M, N) bool array
        Inlet shut and exhaust wide open.
    """

    time: FloatArray
    vents: BoolArray


@dataclass(frozen=True)
class SupplyTrace:
    """Pump and rail: M samples.

    Attributes
    ----------
    time : (M,) array
        In the time of the session [s].
    pressure : (M,) array
        Gauge pressure of the rail [Pa]; NaN where not measured.
    pump : (M,) array
        Drive [0..1].
    """

    time: FloatArray
    pressure: FloatArray
    pump: FloatArray


@dataclass(frozen=True)
class AlarmTimes:
    """An alarm of a session.

    Attributes
    ----------
    hazard_id, text, advice : str
    priority : int
        1 low, 2 medium, 3 high.
    chamber_names : tuple of str
        Chambers concerned; empty for the garment.
    since, told, ended : float
        When its condition was confirmed, when it was first published, and when it was first
        published without it, NaN if never [s].
    latched : bool
    """

    hazard_id: str
    text: str
    advice: str
    priority: int
    chamber_names: tuple[str, ...]
    since: float
    told: float
    ended: float
    latched: bool


@dataclass(frozen=True)
class Pneumatics:
    """What the layout says of the garment, in the order of the trace's chambers.

    Attributes
    ----------
    garment, backend : str
    rest_volume, compliance : (N,) array
        [m3], [m3/Pa]; NaN for chambers that the layout lacks.
    pump_free_flow, pump_shut_off_pressure : float
        [m3/s], [Pa]
    """

    garment: str
    backend: str
    rest_volume: FloatArray
    compliance: FloatArray
    pump_free_flow: float
    pump_shut_off_pressure: float


@dataclass(frozen=True)
class SessionData:
    """A session as arrays; None where the bag does not give them, with a reason in `gaps`.

    Attributes
    ----------
    number : int
    origin : float
        Stamp at which the session's time is 0 [s].
    trace : ChamberTrace or None
    quality : (T, N) array or None
        `Quality` of the trace's samples.
    sleeves : Sleeves
    valves : ValveTrace or None
        As the device reports them.
    permitted : VentOrders or None
    supply : SupplyTrace or None
    messages : mapping of str to MessageTimes
        By role; see `session_split.ROLES`.
    applied_sequence : (M,) array of int64, or None
        Number of the permit that each sample of the device reports as applied.
    simulated_clock : bool
        The clock stands still between messages, so it cannot time them.
    alarms : tuple of AlarmTimes or None
    pneumatics : Pneumatics or None
    protocols : tuple of str
    intensities : tuple of float
        That were in force while it ran.
    skipped : tuple of str
        Chambers that were left out at some time.
    cycles_done : int or None
        As the planner counted them.
    gaps : mapping of str to str
        Why a role is missing.
    notes : tuple of str
    """

    number: int
    origin: float
    trace: ChamberTrace | None
    quality: FloatArray | None
    sleeves: Sleeves
    valves: ValveTrace | None
    permitted: VentOrders | None
    supply: SupplyTrace | None
    messages: Mapping[str, MessageTimes]
    applied_sequence: IntArray | None
    simulated_clock: bool
    alarms: tuple[AlarmTimes, ...] | None
    pneumatics: Pneumatics | None
    protocols: tuple[str, ...]
    intensities: tuple[float, ...]
    skipped: tuple[str, ...]
    cycles_done: int | None
    gaps: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def chamber_names(self) -> tuple[str, ...]:
        """Chambers of the trace; none without one."""
        return () if self.trace is None else self.trace.chamber_names


@dataclass
class _Builder:
    """Takes arrays out of a record, and notes what is missing."""

    series_of: dict[str, Series]
    gaps: dict[str, str]
    notes: list[str]
    origin: float
    simulated_clock: bool
    names: tuple[str, ...] = ()

    def let_go(self, *roles: str) -> None:
        """Free the memory of messages that are not needed any more."""
        for role in roles:
            self.series_of.pop(role, None)

    def series(self, role: str, *fields: str) -> Series | None:
        """A role's messages, if they have these fields."""
        series = self.series_of.get(role)
        if series is None:
            return None
        for name in fields:
            if name not in series.columns:
                self.gaps[role] = (
                    f'{series.topic} has no field {name}: its definition is not the one of '
                    f'{series.type_name} that this program knows'
                )
                return None
        return series

    def by_chamber(self, series: Series, role: str, name: str) -> FloatArray | None:
        """A field's values in the order of the trace's chambers."""
        try:
            return in_order(series.chambers(name), self.names)
        except (BagError, ValueError) as error:
            self.gaps[role] = str(error)
            return None

    def trace(self) -> tuple[ChamberTrace | None, FloatArray | None]:
        pressures = self.series('pressures', 'name', 'pressure')
        if pressures is None or not len(pressures):
            return None, None
        pressures = pressures.rows(increasing(pressures.stamp))
        try:
            measured = pressures.chambers('pressure')
        except BagError as error:
            self.gaps['pressures'] = str(error)
            return None, None
        self.names = measured.chamber_names
        quality = None
        if 'quality' in pressures.columns:
            quality = self.by_chamber(pressures, 'pressures', 'quality')
        time = (pressures.stamp_ns - round(self.origin * 1e9)) / 1e9
        mode, target = self.orders(time)
        return ChamberTrace(self.names, time, measured.values, mode, target), quality

    def orders(self, time: FloatArray) -> tuple[IntArray, FloatArray]:
        """Mode and target in force at each time; vented where nobody says."""
        shape = (len(time), len(self.names))
        nothing = np.full(shape, Mode.VENT, np.int64), np.full(shape, np.nan)
        setpoints = self.series('setpoints', 'name', 'mode', 'target')
        if setpoints is None:
            return nothing
        mode = self.by_chamber(setpoints, 'setpoints', 'mode')
        target = self.by_chamber(setpoints, 'setpoints', 'target')
        if mode is None or target is None:
            return nothing
        spoken = (setpoints.stamp_ns - round(self.origin * 1e9)) / 1e9
        # a chamber that a set-point leaves out is not asked to be under pressure
        codes = np.where(np.isfinite(mode), mode, Mode.VENT).astype(np.int64)
        held = in_force(time, spoken, codes, Mode.VENT).astype(np.int64)
        wanted = in_force(time, spoken, target, np.nan).astype(np.float64)
        repeated = len(spoken) > 1 and float(np.median(np.diff(spoken))) < SETPOINT_AGE / 2.0
        if repeated and not self.simulated_clock:
            latest = np.maximum(np.searchsorted(spoken, time, side='right') - 1, 0)
            silent = time - spoken[latest] > SETPOINT_AGE
            held[silent] = Mode.VENT
            if silent.any() and time[silent].min() < spoken[-1]:
                self.notes.append(
                    'set-points were silent for longer than 0.3 s: counted as vented there'
                )
        return held, wanted

    def valves(self, role: str) -> ValveTrace | None:
        series = self.series(role, 'name', 'inlet', 'exhaust')
        if series is None or not self.names:
            return None
        inlet = self.by_chamber(series, role, 'inlet')
        exhaust = self.by_chamber(series, role, 'exhaust')
        if inlet is None or exhaust is None:
            return None
        return ValveTrace(self.times(series), inlet, exhaust)

    def permitted(self) -> VentOrders | None:
        """What the supervisor let through: little of it is needed."""
        valves = self.valves('valves/permitted')
        return None if valves is None else VentOrders(valves.time, vents(valves))

    def supply(self) -> SupplyTrace | None:
        series = self.series('manifold/state', 'supply_pressure', 'pump')
        if series is None:
            return None
        return SupplyTrace(
            self.times(series),
            np.asarray(series['supply_pressure'], float),
            np.asarray(series['pump'], float),
        )

    def times(self, series: Series) -> FloatArray:
        """Time of messages in the session's time [s]."""
        return (series.stamp_ns - round(self.origin * 1e9)) / 1e9

    def messages(self) -> dict[str, MessageTimes]:
        return {
            role: MessageTimes(
                _numbers(series, 'sequence'),
                _numbers(series, 'source_sequence'),
                series.stamp_ns,
                series.log_time,
            )
            for role, series in self.series_of.items()
            if role != 'layout'
        }

    def applied(self) -> IntArray | None:
        series = self.series_of.get('manifold/state')
        return None if series is None else _numbers(series, 'permitted_sequence')

    def alarms(self) -> tuple[AlarmTimes, ...] | None:
        safety = self.series('safety/state', 'alarms')
        if safety is None:
            return None
        time = self.times(safety)
        open_ones: dict[tuple[str, tuple[str, ...]], int] = {}
        found: list[AlarmTimes] = []
        ended: dict[int, float] = {}
        for moment, alarms in zip(time.tolist(), safety['alarms'], strict=True):
            now = {(alarm['id'], tuple(alarm['name'])): alarm for alarm in alarms}
            for key in [key for key in open_ones if key not in now]:
                ended[open_ones.pop(key)] = moment
            for key, alarm in now.items():
                if key not in open_ones:
                    open_ones[key] = len(found)
                    since = int(alarm['since']) / 1e9 - self.origin if alarm['since'] else moment
                    found.append(
                        AlarmTimes(
                            key[0],
                            alarm['text'],
                            alarm['advice'],
                            int(alarm['priority']),
                            key[1],
                            min(since, moment),
                            moment,
                            float('nan'),
                            bool(alarm['latched']),
                        )
                    )
        return tuple(
            AlarmTimes(**{**vars(alarm), 'ended': ended.get(i, float('nan'))})
            for i, alarm in enumerate(found)
        )

    def pneumatics(self) -> Pneumatics | None:
        layout = self.series(
            'layout',
            'garment',
            'name',
            'rest_volume',
            'compliance',
            'pump_free_flow',
            'pump_shut_off_pressure',
        )
        if layout is None:
            return None
        rest = self.by_chamber(layout, 'layout', 'rest_volume')
        compliance = self.by_chamber(layout, 'layout', 'compliance')
        if rest is None or compliance is None:
            return None
        backend = layout['backend'][-1] if 'backend' in layout.columns else ''
        return Pneumatics(
            garment=str(layout['garment'][-1]),
            backend=str(backend),
            rest_volume=rest[-1],
            compliance=compliance[-1],
            pump_free_flow=float(layout['pump_free_flow'][-1]),
            pump_shut_off_pressure=float(layout['pump_shut_off_pressure'][-1]),
        )


def vents(valves: ValveTrace) -> BoolArray:
    """Which chambers the valves vent at each sample; (M, N)."""
    return np.asarray((valves.inlet < SHUT) & (valves.exhaust > WIDE))


def session_data(record: SessionRecord, stream: BagStream) -> SessionData:
    """Make arrays of a session's messages.

    Parameters
    ----------
    record : SessionRecord
        Its messages are taken out of it, so that they need not be in memory twice.
    stream : BagStream
        That it came from; says why topics are missing.
    """
    builder = _Builder(
        record.series,
        _gaps(record, stream),
        list(record.notes),
        _origin(record),
        _is_simulated(record, stream.provenance),
    )
    messages = builder.messages()
    builder.let_go('valves/requested')
    trace, quality = builder.trace()
    builder.let_go('pressures', 'setpoints')
    permitted = builder.permitted()
    builder.let_go('valves/permitted')
    valves, supply, applied = builder.valves('manifold/state'), builder.supply(), builder.applied()
    builder.let_go('manifold/state')
    state = builder.series('session/state', 'state', 'protocol')
    layout = builder.series('layout', 'name', 'leg', 'zone', 'zone_order')
    sleeves = (
        sleeves_by_name(builder.names)
        if layout is None
        else sleeves_of_layout(layout, builder.names)
    )
    return SessionData(
        number=record.number,
        origin=builder.origin,
        trace=trace,
        quality=quality,
        sleeves=sleeves,
        valves=valves,
        permitted=permitted,
        supply=supply,
        messages=messages,
        applied_sequence=applied,
        simulated_clock=builder.simulated_clock,
        alarms=builder.alarms(),
        pneumatics=builder.pneumatics(),
        protocols=() if state is None else tuple(dict.fromkeys(filter(None, state['protocol']))),
        intensities=_intensities(state),
        skipped=_skipped(state),
        cycles_done=None
        if state is None or 'cycles_done' not in state.columns
        else int(np.max(state['cycles_done'])),
        gaps=builder.gaps,
        notes=tuple(builder.notes),
    )


def _origin(record: SessionRecord) -> float:
    """Start of the session; of the first pressures if the bag has no session."""
    if np.isfinite(record.start):
        return record.start
    series = record.series.get('pressures') or next(iter(record.series.values()), None)
    return float(series.stamp[0]) if series is not None and len(series) else 0.0


def _is_simulated(record: SessionRecord, provenance: Mapping[str, str]) -> bool:
    """Whether the clock is that of simulated boots, which steps on with the samples.

    The bag says so, or the nodes' own stamps stand still from message to message, or the recorder
    received samples at the very moment of their stamps.
    """
    if provenance.get('speed', '1.0') not in ('1.0', '1', ''):
        return True
    own = [
        record.series[role].stamp_ns
        for role in ('valves/permitted', 'setpoints', 'safety/state')
        if role in record.series
    ]
    if any(is_coarse(stamps) for stamps in own):
        return True
    pressures = record.series.get('pressures')
    if pressures is None or 'header.stamp' not in pressures.columns:
        return False
    return float((pressures.log_time == pressures.stamp_ns).mean()) > COARSE


def _gaps(record: SessionRecord, stream: BagStream) -> dict[str, str]:
    """Why roles are missing."""
    gaps = {}
    for role, (kind, _) in ROLES.items():
        if role in record.series:
            continue
        problems = [
            problem
            for topic, problem in stream.problems.items()
            if (own := role_of(topic, stream.topics[topic].type_name)) and own[1] == role
        ]
        counts = [
            topic.message_count
            for topic in stream.topics.values()
            if (own := role_of(topic.name, topic.type_name)) and own[1] == role
        ]
        if problems:
            gaps[role] = problems[0]
        elif any(counts):
            gaps[role] = f'no message of {role} within the session'
        else:
            gaps[role] = f'the bag has no {role} ({kind})'
    return gaps


def _numbers(series: Series, name: str) -> IntArray | None:
    column = series.columns.get(name)
    return None if column is None else np.asarray(column).astype(np.int64)


def _intensities(state: Series | None) -> tuple[float, ...]:
    if state is None or 'intensity' not in state.columns:
        return ()
    running = np.asarray(state['intensity'], float)[np.isin(state['state'], (2, 3))]
    return tuple(dict.fromkeys(np.round(running, 4).tolist()))


def _skipped(state: Series | None) -> tuple[str, ...]:
    if state is None or 'skipped' not in state.columns:
        return ()
    return tuple(dict.fromkeys(name for names in state['skipped'] for name in names))
