"""Cuts a bag into its sessions while it is read, so that memory holds one session and not the bag.

A session is the stretch in which ``session/state`` says running, paused or ending. A bag without it
is cut by its set-points: a session lasts while a chamber is to be under pressure, pauses of up to
`LONGEST_REST` included. A bag with neither is one stretch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from compression_boot_control.analysis.bag_stream import BagStream, Piece
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.series import Series, joined
from compression_boot_control.core.signals import Mode

PACKAGE = 'compression_boot_msgs/msg/'

HEADER = 'header'

ROLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    'layout': (
        'Layout',
        (
            'garment',
            'backend',
            'name',
            'leg',
            'zone',
            'zone_order',
            'rest_volume',
            'compliance',
            'pump_free_flow',
            'pump_shut_off_pressure',
        ),
    ),
    'manifold/state': (
        'ManifoldState',
        (
            'sequence',
            'name',
            'inlet',
            'exhaust',
            'supply_pressure',
            'pump',
            'permitted_sequence',
        ),
    ),
    'pressures': ('ChamberPressures', ('sequence', 'name', 'pressure', 'quality')),
    'setpoints': ('Setpoints', ('sequence', 'name', 'mode', 'target')),
    'valves/requested': ('ValveCommand', ('sequence', 'source_sequence')),
    'valves/permitted': (
        'ValveCommand',
        ('sequence', 'source_sequence', 'name', 'inlet', 'exhaust'),
    ),
    'safety/state': ('SafetyState', ('state', 'alarms')),
    'session/state': (
        'SessionState',
        ('state', 'protocol', 'cycles_done', 'intensity', 'skipped', 'elapsed'),
    ),
}
"""What is read: relative topic, its type, and the fields that are decoded besides the header."""

ACTIVE_STATES = (2, 3, 4)
"""``SessionState``: running, paused, ending."""

BEFORE, AFTER = 3.0, 20.0
"""Time kept before and after a session [s]: a last vent is at most 15 s long."""

LONGEST_REST = 240.0
"""Without ``session/state``: a longer vent ends a session [s]; a pause is at most 120 s."""

LONGEST = 3600.0
"""A longer session is cut into parts [s]; the protocols' longest is 45 min."""

NANOSECONDS = 1e9


def wanted_fields() -> dict[str, tuple[str, ...]]:
    """What `BagStream` is to read: fields by type."""
    wanted: dict[str, tuple[str, ...]] = {}
    for kind, fields in ROLES.values():
        known = wanted.get(PACKAGE + kind, ())
        wanted[PACKAGE + kind] = tuple(dict.fromkeys((*known, HEADER, *fields)))
    return wanted


@dataclass(frozen=True)
class SessionRecord:
    """Messages of one session.

    Attributes
    ----------
    number : int
        From 1, in the order of the bag.
    start, end : float
        First and last moment of the session by its stamps [s]; NaN if the bag holds none.
    series : dict of str to Series
        By role, a key of `ROLES`, from `BEFORE` the start until `AFTER` the end.
    notes : tuple of str
        One line for each thing that a person should know.
    """

    number: int
    start: float
    end: float
    series: dict[str, Series]
    notes: tuple[str, ...]


def role_of(topic: str, type_name: str) -> tuple[str, str] | None:
    """Namespace and role of a topic; None if it has none.

    A remapped topic is known by its type, and its namespace is what is before its last part. The
    two topics of valve commands are told apart by their names only.
    """
    for role, (kind, _) in ROLES.items():
        if type_name == PACKAGE + kind and topic.endswith('/' + role):
            return topic.removesuffix('/' + role), role
    for role, (kind, _) in ROLES.items():
        if type_name == PACKAGE + kind and kind != 'ValveCommand':
            return topic.rpartition('/')[0], role
    return None


def split_sessions(stream: BagStream, namespace: str | None = None) -> Iterator[SessionRecord]:
    """Sessions of a bag, each as soon as it has been read.

    A bag without a session gives one record with what there is, of an hour at most.

    Parameters
    ----------
    stream : BagStream
        Of `wanted_fields`.
    namespace : str, optional
        Namespace of the garment, e.g. ``/boots``; needed only if the bag has several.

    Raises
    ------
    BagError
        The bag cannot be read, or has several garments.
    """
    buffer = SessionBuffer()
    chosen = None if namespace is None else namespace.rstrip('/')
    for piece in stream:
        chosen = _namespace(stream, chosen)
        buffer.add(_by_role(stream, piece, chosen))
        yield from buffer.finished()
    if namespace is not None and not buffer.seen:
        raise BagError(f'{stream.path} has nothing in the namespace {namespace}; check its name')
    yield from buffer.rest()


def _namespace(stream: BagStream, chosen: str | None) -> str | None:
    """The one namespace with a garment in it."""
    if chosen is not None:
        return chosen
    found = {
        role[0]: topic.name
        for topic in stream.topics.values()
        if topic.message_count
        and (role := role_of(topic.name, topic.type_name))
        and role[1] in ('pressures', 'manifold/state')
    }
    if len(found) > 1:
        names = ', '.join(sorted(found))
        raise BagError(f'{stream.path} has several garments, {names}; choose one by its namespace')
    return next(iter(found), None)


def _by_role(stream: BagStream, piece: Piece, chosen: str | None) -> dict[str, Series]:
    """A piece's series by role, of the chosen namespace."""
    found: dict[str, Series] = {}
    for topic, series in piece.items():
        role = role_of(topic, stream.topics[topic].type_name)
        if role and (chosen is None or role[0] == chosen) and role[1] not in found:
            # commands share a type, and of requests little is needed
            found[role[1]] = series.only((HEADER, *ROLES[role[1]][1]))
    return found


@dataclass
class SessionBuffer:
    """What has been read and is still needed: add pieces, and take finished sessions out."""

    parts: dict[str, list[Series]] = field(default_factory=dict)
    latest: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    spans: list[list[float]] = field(default_factory=list)
    active: bool = False
    now: float = -np.inf
    emitted: int = 0
    last_end: float = -np.inf
    seen: bool = False
    by_setpoints: bool = True

    def add(self, piece: Mapping[str, Series]) -> None:
        """Take messages by role that follow those of the last piece."""
        for role, series in piece.items():
            self.seen = True
            kept = self._increasing(role, series)
            if role == 'layout':
                self.parts[role] = [kept if len(kept) else series]
            elif len(kept):
                self.parts.setdefault(role, []).append(kept)
                self.now = max(self.now, float(kept.stamp[-1]))
                self._follow(role, kept)

    @property
    def held(self) -> int:
        """Messages in memory."""
        return sum(len(part) for parts in self.parts.values() for part in parts)

    def _increasing(self, role: str, series: Series) -> Series:
        """Messages that are later than all before them; of others it is counted how many."""
        stamp = series.stamp_ns
        before = self.latest.get(role, -1)
        highest = np.maximum.accumulate(np.concatenate(([before], stamp)))
        keep = (
            stamp > highest[:-1]
            if role in ('manifold/state', 'pressures')
            else (stamp >= highest[:-1])
        )
        self.latest[role] = int(highest[-1])
        lost = int(len(keep) - keep.sum())
        if lost:
            self.dropped[role] = self.dropped.get(role, 0) + lost
            return series.rows(keep)
        return series

    def _follow(self, role: str, series: Series) -> None:
        """Note where sessions begin and end."""
        if role == 'session/state' and 'state' in series.columns:
            if self.by_setpoints:
                self.by_setpoints = False
                self.spans, self.active = [], False
            self._mark(series.stamp, np.isin(series['state'], ACTIVE_STATES), 0.0)
        elif role == 'setpoints' and self.by_setpoints and 'mode' in series.columns:
            mode = series['mode']
            if mode.dtype == object:
                pressed = np.array([bool(np.any(row != Mode.VENT)) for row in mode])
            else:
                pressed = (mode != Mode.VENT).any(axis=1)
            self._mark(series.stamp, pressed, LONGEST_REST)

    def _mark(self, stamp: np.ndarray, on: np.ndarray, pause: float) -> None:
        edges = np.diff(np.concatenate(([False], on, [False])).astype(np.int8))
        starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        for first, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            start = float(stamp[first])
            joins = self.spans and (
                (first == 0 and self.active) or start - self.spans[-1][1] <= pause
            )
            if joins:
                self.spans[-1][1] = float(stamp[stop - 1])
            else:
                self.spans.append([start, float(stamp[stop - 1])])
        self.active = bool(on[-1])

    def finished(self) -> Iterator[SessionRecord]:
        """Sessions of which nothing more will come; what nobody needs any more is let go."""
        margin = AFTER + (LONGEST_REST if self.by_setpoints else 0.0)
        records = []
        while self.spans:
            start, end = self.spans[0]
            going = self.active and len(self.spans) == 1
            if self.now - start > LONGEST + margin and (going or end - start > LONGEST):
                self.spans[0][0] = start + LONGEST
                records.append(self._record(start, start + LONGEST, cut=True))
            elif not going and self.now > end + margin:
                self.spans.pop(0)
                records.append(self._record(start, end, cut=False))
            else:
                break
        keep_from = self.spans[0][0] - BEFORE if self.spans else self.now - BEFORE
        if not self.spans and not self.emitted:
            keep_from = self.now - LONGEST  # perhaps there is no session at all
        elif not self.spans:
            keep_from -= LONGEST_REST if self.by_setpoints else 1.0
        for role, parts in self.parts.items():
            if role != 'layout':
                self.parts[role] = _from(parts, keep_from)
        while records:
            yield records.pop(0)

    def rest(self) -> Iterator[SessionRecord]:
        """What is left at the end of the bag."""
        if not self.spans and not self.emitted and self.seen:
            self.spans = [[np.nan, np.nan]]
        while self.spans:
            start, end = self.spans.pop(0)
            cut = end - start > LONGEST
            if cut:
                self.spans.insert(0, [start + LONGEST, end])
            record = self._record(start, start + LONGEST if cut else end, cut=cut)
            if not self.spans:
                self.parts.clear()
            yield record

    def _record(self, start: float, end: float, *, cut: bool) -> SessionRecord:
        self.emitted += 1
        following = self.spans[0][0] if self.spans and self.spans[0][0] > end else np.inf
        first = max(start - BEFORE, self.last_end) if np.isfinite(start) else -np.inf
        last = min(end + AFTER, following) if np.isfinite(end) and not cut else end
        last = np.inf if np.isnan(last) else last
        series = {}
        for role, parts in self.parts.items():
            if not parts:
                continue
            whole = joined(parts)
            parts[:] = [whole]  # the pieces are let go before the next role is joined
            if role != 'layout':
                begin, stop = np.searchsorted(whole.stamp, (first, last))
                whole = whole.rows(slice(int(begin), int(stop)))
            if len(whole):
                series[role] = whole
        notes = [
            f'{count} messages of {role} with a stamp that does not increase are left out: '
            'the clock jumped back, or the bag holds them twice'
            for role, count in self.dropped.items()
        ]
        if cut:
            notes.append(f'the session is longer than {LONGEST / 60:.0f} min and is cut into parts')
        self.dropped = {}
        self.last_end = end if np.isfinite(end) else self.last_end
        return SessionRecord(self.emitted, start, end, series, tuple(notes))


def _from(parts: list[Series], start: float) -> list[Series]:
    """What of the parts is not before a time; copied where a part is cut, so that the rest goes."""
    kept = []
    for part in parts:
        begin = int(np.searchsorted(part.stamp, start))
        if begin == 0:
            kept.append(part)
        elif begin < len(part):
            kept.append(part.rows(np.arange(begin, len(part))))
    return kept
