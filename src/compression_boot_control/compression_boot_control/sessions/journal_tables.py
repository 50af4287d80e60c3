"""Tables of the journal; times in seconds since 1970, UTC. No names, no addresses."""

from __future__ import annotations

from sqlalchemy import JSON, Float, Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Of all tables."""


class AnswersRow(Base):
    """Answers to the screening, or to the questions of the day."""

    __tablename__ = 'answers'
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[float] = mapped_column(Float)
    kind: Mapped[str] = mapped_column(String(16))
    yes: Mapped[list[str]] = mapped_column(JSON)
    cleared_until: Mapped[dict[str, float]] = mapped_column(JSON)


class SessionRow(Base):
    """A session: written when it begins and now and then, completed when it ends."""

    __tablename__ = 'sessions'
    __table_args__ = (Index('sessions_started_at', 'started_at'),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    started_at: Mapped[float] = mapped_column(Float)
    ended_at: Mapped[float | None] = mapped_column(Float)
    seen_at: Mapped[float | None] = mapped_column(Float)
    protocol: Mapped[str] = mapped_column(String(40))
    garment: Mapped[str] = mapped_column(String(40))
    leg: Mapped[str] = mapped_column(String(8))
    intensity: Mapped[float] = mapped_column(Float)
    planned_minutes: Mapped[float] = mapped_column(Float)
    minutes: Mapped[float | None] = mapped_column(Float)
    cycles: Mapped[int | None] = mapped_column(Integer)
    error_code: Mapped[int | None] = mapped_column(Integer)
    error_text: Mapped[str] = mapped_column(Text, default='')
    symptom: Mapped[str] = mapped_column(Text, default='')
    peak_mmhg: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)
    dose_mmhg_min: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)


class RatingRow(Base):
    """How the legs are before a training session, and what was run."""

    __tablename__ = 'ratings'
    __table_args__ = (Index('ratings_at', 'at'),)
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[float] = mapped_column(Float)
    soreness: Mapped[int | None] = mapped_column(Integer)
    freshness: Mapped[int | None] = mapped_column(Integer)
    run_km: Mapped[float | None] = mapped_column(Float)
    run_minutes: Mapped[float | None] = mapped_column(Float)
    effort: Mapped[int | None] = mapped_column(Integer)
    rmssd_ms: Mapped[float | None] = mapped_column(Float)
    sleep_h: Mapped[float | None] = mapped_column(Float)
    note: Mapped[str] = mapped_column(Text, default='')


class UnlockRow(Base):
    """A deliberate choice of a pressure above the usual limit."""

    __tablename__ = 'unlocks'
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[float] = mapped_column(Float)
    pressure_mmhg: Mapped[float] = mapped_column(Float)


TABLES = (AnswersRow, SessionRow, RatingRow, UnlockRow)
"""All of them, in the order in which they are exported."""
