"""A session is followed to its end, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from compression_boot_control.cli import readiness, session_run
from compression_boot_control.cli.errors import CommandFailed
from compression_boot_control.cli.interruption import Interruption
from compression_boot_control.cli.views import (
    SafetyView,
    SessionRequest,
    SessionResult,
    SessionStage,
    SessionView,
    Verdict,
)

REQUEST = SessionRequest('beginner')
DONE = SessionResult(0, '', 3, 60.0, {}, {}, vented=True)
CANCELLED = SessionResult(110, 'cancelled: both legs were vented', 0, 5.0, {}, {}, vented=True)


class Clock:
    """Time that passes only when the client turns its loop."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@dataclass
class Goal:
    result: SessionResult | None = None
    cancelled: int = 0

    def cancel(self) -> None:
        self.cancelled += 1


@dataclass
class Client:
    """A system as a script of what happens at which turn."""

    clock: Clock
    events: dict[int, Callable[[Any], None]] = field(default_factory=dict)
    goal: Goal = field(default_factory=Goal)
    session: SessionView | None = None
    safety: SafetyView | None = None
    seen_vented: bool = False
    namespace: str = '/boots'
    asked: list[str] = field(default_factory=list)
    count: int = 1
    turn: int = 0

    def systems(self) -> int:
        return self.count

    def spin(self) -> None:
        self.turn += 1
        self.clock.now += 0.1
        if self.turn in self.events:
            self.events[self.turn](self)

    def wait_until(self, condition: Callable[[], bool], seconds: float, *_: Any) -> bool:
        deadline = self.clock.now + seconds
        while not condition():
            if self.clock.now >= deadline:
                return False
            self.spin()
        return True

    def start_session(self, request: SessionRequest) -> Goal:
        self.asked.append(request.protocol)
        return self.goal

    def emergency_stop(self, reason: str) -> None:
        self.asked.append(f'emergency: {reason}')


def session(stage: SessionStage, status: str = '') -> SessionView:
    return SessionView(stage, status, '', '', 1, 0.5, 1.0, 1.0, 1.0, {}, {}, {})


def safety(verdict: Verdict) -> SafetyView:
    return SafetyView(verdict, 'a reason', vented=True, vented_names=(), alarms=())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(session_run, 'time', clock)
    monkeypatch.setattr(readiness, 'time', clock)
    return clock


def run(client: Client, interruption: Interruption, **kwargs: Any) -> SessionResult:
    return session_run.run_session(client, REQUEST, interruption, lambda: None, **kwargs)  # type: ignore[arg-type]


def running(clock: Clock, events: dict[int, Callable[[Any], None]]) -> Client:
    return Client(clock, events, session=session(SessionStage.RUNNING))


def end_with(result: SessionResult) -> Callable[[Client], None]:
    return lambda client: setattr(client.goal, 'result', result)


def test_result_is_given(clock: Clock) -> None:
    client = running(clock, {50: end_with(DONE)})
    assert run(client, Interruption()) == DONE
    assert client.asked == ['beginner']


def test_interruption_cancels_once_and_waits_for_the_result(clock: Clock) -> None:
    interruption = Interruption()
    client = running(
        clock, {5: lambda _: setattr(interruption, 'count', 1), 100: end_with(CANCELLED)}
    )
    assert run(client, interruption) == CANCELLED
    assert client.goal.cancelled == 1


def test_second_interruption_is_an_emergency_stop(clock: Clock) -> None:
    interruption = Interruption()
    client = running(
        clock,
        {
            5: lambda _: setattr(interruption, 'count', 1),
            8: lambda _: setattr(interruption, 'count', 2),
            12: lambda client: setattr(client, 'seen_vented', True),
        },
    )
    with pytest.raises(CommandFailed, match=r'interrupted twice: .* the boots are vented; .*reset'):
        run(client, interruption)
    assert client.asked[1:] == ['emergency: boots run: interrupted twice']


def test_cancelled_session_that_does_not_end_is_an_emergency(clock: Clock) -> None:
    interruption = Interruption()
    interruption.count = 1
    client = running(clock, {})
    with pytest.raises(CommandFailed, match='open the zips'):
        run(client, interruption)
    assert client.asked[1:] == ['emergency: boots run: a cancelled session did not end']


@pytest.mark.parametrize('vented', [True, False])
def test_planner_that_falls_silent_is_noticed(clock: Clock, *, vented: bool) -> None:
    def fall_silent(client: Client) -> None:
        client.session, client.seen_vented = None, vented

    expected = 'the boots are vented' if vented else 'could not be confirmed'
    with pytest.raises(CommandFailed, match=expected):
        run(running(clock, {10: fall_silent}), Interruption())
    assert clock.now < 10.0


def test_check_may_give_up(clock: Clock) -> None:
    def check() -> None:
        raise CommandFailed('a node ended')

    with pytest.raises(CommandFailed, match='a node ended'):
        run(running(clock, {}), Interruption(), check=check)


def wait(client: Client, interruption: Interruption | None = None) -> list[str]:
    said: list[str] = []
    readiness.wait_ready(client, 15.0, interruption or Interruption(), said.append)  # type: ignore[arg-type]
    return said


def test_ready_system_is_not_waited_for(clock: Clock) -> None:
    assert wait(Client(clock, session=session(SessionStage.IDLE))) == []
    assert clock.now == 0.0


def test_what_is_waited_for_is_said_once(clock: Clock) -> None:
    client = Client(
        clock,
        {100: lambda client: setattr(client, 'session', session(SessionStage.IDLE))},
        session=session(SessionStage.NOT_READY, 'finding the zero'),
    )
    assert wait(client) == ['finding the zero']


def test_no_system_is_said_soon(clock: Clock) -> None:
    with pytest.raises(CommandFailed, match='boots up'):
        wait(Client(clock, count=0))
    assert clock.now < 5.0


def test_system_that_does_not_get_ready_says_why(clock: Clock) -> None:
    client = Client(clock, session=session(SessionStage.NOT_READY, 'no pressures'))
    with pytest.raises(CommandFailed, match='not ready after 15 s: no pressures'):
        wait(client)


def test_tripped_system_is_not_waited_for(clock: Clock) -> None:
    client = Client(clock, session=session(SessionStage.NOT_READY), safety=safety(Verdict.TRIPPED))
    with pytest.raises(CommandFailed, match='boots reset'):
        wait(client)
    assert clock.now == 0.0


def test_interruption_ends_the_wait(clock: Clock) -> None:
    interruption = Interruption()
    interruption.count = 1
    assert wait(Client(clock, count=0), interruption) == []
