"""Makes the arrays of a session from its messages, and notes why something is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from compression_boot_control.analysis.bag_stream import BagStream
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.metrics import ChamberTrace, in_force
from compression_boot_control.analysis.series import Series
from compression_boot_control.analysis.session_data import (
    AlarmTimes,
    MessageTimes,
    Pneumatics,
    SessionData,
    SupplyTrace,
    ValveTrace,
    VentOrders,
    vents,
)
from compression_boot_control.analysis.session_split import ROLES, SessionRecord, role_of
from compression_boot_control.analysis.session_trace import (
    in_order,
    increasing,
    sleeves_by_name,
    sleeves_of_layout,
)
from compression_boot_control.analysis.timing import COARSE, is_coarse
from compression_boot_control.core.signals import FloatArray, IntArray, Mode

SETPOINT_AGE = 0.3
"""A set-point that is not repeated for this long holds no more: the controller vents [s]."""


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
