"""The journal: what one runner answered, did and felt, kept in a file of their own.

Another person takes another folder, by ``COMPRESSION_BOOTS_DATA``. A session is written when it
begins, now and then, and when it ends, so that one that was cut off is there too, and counts.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.core.units import MINUTE
from compression_boot_control.sessions.eligibility import PastSession, PersonRecord, Unlock
from compression_boot_control.sessions.journal_schema import (
    Durability,
    JournalError,
    damaged,
    journal_path,
    open_engine,
    unusable,
)
from compression_boot_control.sessions.journal_tables import (
    TABLES,
    AnswersRow,
    Base,
    RatingRow,
    SessionRow,
    UnlockRow,
)
from compression_boot_control.sessions.limits import RATING
from compression_boot_control.sessions.screening import Answers

PATIENCE = 5.0
"""Longest wait for another process that writes [s]."""

SCREENING_KIND = 'screening'
TODAY_KIND = 'today'


@dataclass(frozen=True)
class NewSession:
    """A session that begins.

    Attributes
    ----------
    protocol, garment, leg : str
    intensity : float
        Scale on the protocol's pressures.
    planned_minutes : float
        Longest time that it may take, with the warm-up and without pauses.
    """

    protocol: str
    garment: str
    leg: str
    intensity: float
    planned_minutes: float


@dataclass(frozen=True)
class SessionEnd:
    """What became of a session.

    Attributes
    ----------
    minutes : float
        Time under way: with the warm-up, without pauses.
    cycles : int
    error : SessionError
    error_text, symptom : str
    peak_mmhg, dose_mmhg_min : mapping of str to float
        By chamber.
    """

    minutes: float
    cycles: int
    error: SessionError
    error_text: str
    symptom: str
    peak_mmhg: Mapping[str, float]
    dose_mmhg_min: Mapping[str, float]


@dataclass(frozen=True)
class Rating:
    """How the legs are, and what was run; None for what is not known.

    Attributes
    ----------
    soreness, freshness, effort : int or None
        1 to 10; effort is the session's rated exertion.
    run_km, run_minutes : float or None
    rmssd_ms, sleep_h : float or None
        From a wearable.
    note : str
    """

    soreness: int | None = None
    freshness: int | None = None
    run_km: float | None = None
    run_minutes: float | None = None
    effort: int | None = None
    rmssd_ms: float | None = None
    sleep_h: float | None = None
    note: str = ''

    def __post_init__(self) -> None:
        for name in ('soreness', 'freshness', 'effort'):
            value = getattr(self, name)
            if value is not None and not RATING.holds(value):
                raise ValueError(f'{name} {value:g} is out of range; allowed: {RATING}')
        ranges = {'run_km': 300.0, 'run_minutes': 2880.0, 'rmssd_ms': 400.0, 'sleep_h': 24.0}
        for name, high in ranges.items():
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= high:
                raise ValueError(f'{name} {value:g} is out of range; allowed: 0 to {high:g}')


@dataclass(frozen=True)
class RatedAt:
    """A rating and its time [s since 1970, UTC]."""

    at: float
    rating: Rating


class Journal:
    """The journal of one person.

    Parameters
    ----------
    path : Path, optional
        By default in the person's data folder.
    patience : float
        Longest wait for another process that writes [s].
    durability : Durability

    Raises
    ------
    JournalError
        It cannot be opened; every method may raise it too.
    """

    def __init__(
        self,
        path: Path | None = None,
        patience: float = PATIENCE,
        durability: Durability = Durability.FULL,
    ) -> None:
        self.path = path or journal_path()
        self._engine = open_engine(self.path, patience, durability)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        try:
            with Session(self._engine) as session, session.begin():
                yield session
        except DatabaseError as error:
            raise unusable(self.path, error) from error
        except (ValueError, TypeError) as error:
            raise damaged(self.path, ' '.join(str(error).split())) from error

    # -- writing

    def add_screening(self, answers: Answers) -> None:
        """Keep answers to the screening."""
        self._add_answers(SCREENING_KIND, answers)

    def add_today(self, answers: Answers) -> None:
        """Keep answers to the questions before a session."""
        self._add_answers(TODAY_KIND, answers)

    def _add_answers(self, kind: str, answers: Answers) -> None:
        row = AnswersRow(
            at=answers.at,
            kind=kind,
            yes=sorted(answers.yes),
            cleared_until=dict(answers.cleared_until),
        )
        with self._transaction() as session:
            session.add(row)

    def add_rating(self, rating: Rating, at: float) -> None:
        """Keep a rating."""
        with self._transaction() as session:
            session.add(RatingRow(at=at, **asdict(rating)))

    def add_unlock(self, unlock: Unlock) -> None:
        """Keep a choice of a higher pressure."""
        with self._transaction() as session:
            session.add(UnlockRow(at=unlock.at, pressure_mmhg=unlock.pressure_mmhg))

    def begin_session(
        self, new: NewSession, at: float, check: Callable[[PersonRecord], None] = lambda _: None
    ) -> str:
        """Write down that a session begins; its id.

        Parameters
        ----------
        new : NewSession
        at : float
            [s since 1970, UTC]
        check : callable
            Raises if the session must not begin, of what the journal says at this very moment: of
            two programs that begin at once, the second one sees the session of the first.
        """
        row = SessionRow(id=str(uuid.uuid4()), started_at=at, seen_at=at, **asdict(new))
        with self._transaction() as session:
            check(_person(session))
            session.add(row)
            return row.id

    def keep_progress(self, session_id: str, so_far: SessionEnd, at: float) -> None:
        """Bring the record of a session that goes on up to date."""
        self._write_session(session_id, so_far, seen_at=at)

    def end_session(self, session_id: str, end: SessionEnd, at: float) -> None:
        """Complete the record of a session."""
        self._write_session(session_id, end, seen_at=at, ended_at=at)

    def _write_session(self, session_id: str, end: SessionEnd, **times: float) -> None:
        with self._transaction() as session:
            row = session.get(SessionRow, session_id)
            if row is None:
                raise JournalError(f'{self.path} has lost a session: was it moved or replaced?')
            for name, at in times.items():
                setattr(row, name, at)
            row.minutes = end.minutes
            row.cycles = end.cycles
            row.error_code = int(end.error)
            row.error_text = end.error_text
            row.symptom = end.symptom
            row.peak_mmhg = dict(end.peak_mmhg)
            row.dose_mmhg_min = dict(end.dose_mmhg_min)

    # -- reading

    def person(self) -> PersonRecord:
        """Everything that limits look at."""
        with self._transaction() as session:
            return _person(session)

    def ratings(self) -> tuple[RatedAt, ...]:
        """All ratings, oldest first."""
        with self._transaction() as session:
            rows = session.scalars(select(RatingRow).order_by(RatingRow.at, RatingRow.id))
            names = Rating.__dataclass_fields__
            return tuple(
                RatedAt(row.at, Rating(**{name: getattr(row, name) for name in names}))
                for row in rows
            )

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Everything, as plain values: rows of each table by its name, oldest first."""
        with self._transaction() as session:
            return {
                table.__tablename__: [
                    {column.name: getattr(row, column.name) for column in table.__table__.columns}
                    for row in session.scalars(select(table).order_by(_time_column(table)))
                ]
                for table in TABLES
            }

    def add_tables(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> int:
        """Add rows that are not there yet; how many were added.

        All are added or none.
        """
        added = 0
        with self._transaction() as session:
            for table in TABLES:
                own = {column.name for column in table.__table__.columns}
                known = {
                    _content(table, {name: getattr(row, name) for name in own})
                    for row in session.scalars(select(table))
                }
                for row in tables.get(table.__tablename__, ()):
                    if _content(table, row) in known:
                        continue
                    known.add(_content(table, row))
                    values = {key: row[key] for key in own if key in row}
                    if table is not SessionRow:
                        values.pop('id', None)
                    session.add(table(**values))
                    added += 1
        return added


def _time_column(table: type[Base]) -> Any:
    columns = table.__table__.columns
    return columns['started_at' if 'started_at' in columns else 'at']


def _content(table: type[Base], row: Mapping[str, Any]) -> str:
    """What makes two rows the same one."""
    if table is SessionRow:
        return str(row.get('id'))
    # an export keeps times to the microsecond
    values = {
        key: round(value, 6) if isinstance(value, float) else value for key, value in row.items()
    }
    return repr(sorted((key, value) for key, value in values.items() if key != 'id'))


def _person(session: Session) -> PersonRecord:
    rows = session.scalars(select(SessionRow).order_by(SessionRow.started_at)).all()
    unlock = session.scalars(select(UnlockRow).order_by(UnlockRow.at.desc()).limit(1)).first()
    times = [session.scalar(select(func.max(_time_column(table)))) for table in TABLES]
    times.append(session.scalar(select(func.max(SessionRow.seen_at))))
    times.append(session.scalar(select(func.max(SessionRow.ended_at))))
    return PersonRecord(
        screening=_newest(session, SCREENING_KIND),
        today=_newest(session, TODAY_KIND),
        sessions=tuple(_past(row) for row in rows),
        unlock=None if unlock is None else Unlock(unlock.at, unlock.pressure_mmhg),
        latest=max((float(time) for time in times if time is not None), default=0.0),
    )


def _newest(session: Session, kind: str) -> Answers | None:
    row = session.scalars(
        select(AnswersRow)
        .where(AnswersRow.kind == kind)
        .order_by(AnswersRow.at.desc(), AnswersRow.id.desc())
        .limit(1)
    ).first()
    return None if row is None else Answers(row.at, frozenset(row.yes), dict(row.cleared_until))


def _past(row: SessionRow) -> PastSession:
    unfinished = row.ended_at is None
    minutes = row.planned_minutes if row.minutes is None else row.minutes
    if unfinished:
        # one that is under way, or was cut off, counts as what was planned, or more if it was made
        # longer
        minutes = max(minutes, row.planned_minutes)
    latest_end = row.seen_at or row.started_at + minutes * MINUTE
    return PastSession(
        started_at=row.started_at,
        ended_at=latest_end if row.ended_at is None else row.ended_at,
        minutes=minutes,
        protocol=row.protocol,
        pressure_mmhg=max(row.peak_mmhg.values(), default=0.0),
        error=SessionError.INTERNAL if unfinished else SessionError(row.error_code or 0),
        symptom=row.symptom,
        intensity=row.intensity,
    )
