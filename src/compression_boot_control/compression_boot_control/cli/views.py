"""What a command knows of a system, as plain values; nothing here knows ROS.

Pressures in Pa, times in s, doses in Pa s, as on the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum


def minutes_text(time: float) -> str:
    """Write a time [s] as minutes and seconds."""
    minutes, seconds = divmod(round(max(time, 0.0)), 60)
    return f'{minutes}:{seconds:02d}'


class SessionStage(IntEnum):
    """The codes of ``SessionState.state``."""

    NOT_READY = 0
    IDLE = 1
    RUNNING = 2
    PAUSED = 3
    ENDING = 4

    @property
    def occupied(self) -> bool:
        """Whether a session is under way."""
        return self >= SessionStage.RUNNING


class Verdict(IntEnum):
    """The codes of ``SafetyState.state``."""

    STARTING = 0
    PERMITTING = 1
    RESTRICTED = 2
    VENTING = 3
    TRIPPED = 4


@dataclass(frozen=True)
class SessionView:
    """Where the session is; see ``SessionState.msg``."""

    stage: SessionStage
    status: str
    protocol: str
    phase: str
    cycle: int
    progress: float
    elapsed: float
    remaining: float
    intensity: float
    target: Mapping[str, float]
    pressure: Mapping[str, float]
    dose: Mapping[str, float]
    cycles_done: int = 0
    skipped: tuple[str, ...] = ()
    bench: bool = False
    warm_up: float = 0.0
    checking: bool = False
    presence_asked: bool = False
    presence_left: float = 0.0

    @property
    def fitting(self) -> bool:
        """Whether the session's clock waits for the warm-up, which fits filling to the legs."""
        return self.warm_up > 0.0 and self.elapsed <= 0.0 and self.stage != SessionStage.ENDING

    @property
    def under_way(self) -> float:
        """Time so far, with the warm-up [s]."""
        return self.warm_up + self.elapsed

    @property
    def time_text(self) -> str:
        """How much is left, and before that how long the boots have been fitting to the legs."""
        left = minutes_text(self.remaining)
        if self.fitting:
            return f'fitting to the legs {minutes_text(self.warm_up)}, then {left}'
        return f'{left} left'


@dataclass(frozen=True)
class AlarmView:
    """One alarm; see ``Alarm.msg``."""

    hazard_id: str
    text: str
    priority: int
    chamber_names: tuple[str, ...]
    active: bool
    latched: bool
    advice: str
    acknowledged: bool = False
    silence_left: float = 0.0
    announced: bool = True
    risen: bool = False


@dataclass(frozen=True)
class SafetyView:
    """The supervisor's verdict; see ``SafetyState.msg``."""

    verdict: Verdict
    reason: str
    vented: bool
    vented_names: tuple[str, ...]
    alarms: tuple[AlarmView, ...]


@dataclass(frozen=True)
class SleeveView:
    """Where the chambers are; see ``Layout.msg``."""

    garment: str
    backend: str
    legs: Mapping[str, str]
    zones: Mapping[str, str]
    zone_order: tuple[str, ...]


@dataclass(frozen=True)
class NodeView:
    """A node and what it says of itself; None where it says nothing."""

    name: str
    well: bool | None
    text: str


@dataclass(frozen=True)
class Snapshot:
    """A system at one moment; None for what is not heard, or not any more."""

    namespace: str
    nodes: tuple[NodeView, ...]
    session: SessionView | None
    safety: SafetyView | None
    sleeves: SleeveView | None


@dataclass(frozen=True)
class SessionRequest:
    """A goal; see ``RunSession.action``. `intensity` 0 means 1, `minutes` 0 the protocol's own."""

    protocol: str
    intensity: float = 0.0
    minutes: float = 0.0
    leg: str = 'both'
    bench: bool = False
    skip_check: bool = False


@dataclass(frozen=True)
class SessionResult:
    """What became of a goal; see ``RunSession.action``."""

    error_code: int
    error_text: str
    cycles: int
    elapsed: float
    peak: Mapping[str, float]
    dose: Mapping[str, float]
    vented: bool
    skipped: tuple[str, ...] = ()
    bench: bool = False
    warm_up: float = 0.0
