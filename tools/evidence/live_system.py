"""A system in its own processes, and a witness that hears what its hardware reports."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import rclpy
from compression_boot_msgs.action import RunSession
from compression_boot_msgs.msg import ManifoldState, SafetyState, SessionState
from compression_boot_msgs.srv import ResetSafety, StopSession
from rclpy.action import ActionClient
from rclpy.context import Context
from rclpy.experimental import EventsExecutor
from rclpy.qos import HistoryPolicy, QoSProfile
from rclpy.signals import SignalHandlerOptions

from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.nodes.interfaces import (
    MANIFOLD_RESET,
    MANIFOLD_STATE,
    RESET,
    RUN_SESSION,
    SAFETY_STATE,
    SESSION_STATE,
    STOP,
    Service,
)
from compression_boot_control.system import (
    NodeDescription,
    SystemOptions,
    describe_system,
)
from evidence.dds_profile import write_profile
from evidence.node_fleet import NodeFleet
from evidence.samples import Chambers, Sample, sample_of

AGAIN = 0.3
"""Time after which what was asked for in vain is asked for again [s]."""

FAR_AHEAD = 2**40
"""No manifold has taken so many samples."""

PROTOCOL = """
format: 1
name: long_hold
title: Long hold
description: A wave that is held for long, so that a fault strikes under pressure.
who_it_is_for: Nobody; for tests on a bench.
when: In tests.
evidence: {known: Nothing., not_known: Everything.}
session_min: 45
legs: together
phases:
  - name: main
    pattern: sequential_gradient_hold
    pressure: {foot_mmhg: 40, thigh_mmhg: 30}
    dwell_s: 60
    release: full
    rest_s: 5
"""
"""The session that runs while faults strike."""


class Reaction(NamedTuple):
    """Times from a fault to open exhausts, and to all chambers below 15 mmHg [s]."""

    opened: float
    vented: float


class LiveSystem:
    """A system of real processes; see the module.

    Parameters
    ----------
    folder : Path
        For its log and its DDS profile.
    options : SystemOptions
        What to start; nothing is recorded.
    environment : mapping
        Variables for the nodes alone.
    place : mapping
        Where nodes run, as for `NodeFleet`.
    addresses : sequence of str
        Of all hosts; none: the loopback alone.
    """

    def __init__(
        self,
        folder: Path,
        options: SystemOptions | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        place: Mapping[str, Sequence[str]] | None = None,
        addresses: Sequence[str] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.options = options or SystemOptions(
            namespace='evidence', record=False, log_level='error'
        )
        self.log_file = folder / 'nodes.log'
        self.garment = load_garment(self.options.garment)
        self._chambers = Chambers(self.garment)
        self.samples: list[Sample] = []
        self.state: ManifoldState | None = None
        self.safety: SafetyState | None = None
        self.session: SessionState | None = None
        self.refusal = ''
        profile = write_profile(folder, addresses)
        self._before = {name: os.environ.get(name) for name in profile}
        os.environ.update(profile)
        self._context = Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node(
            'witness', namespace=self.options.namespace, context=self._context
        )
        self._executor = EventsExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._listen()
        self._goals = ActionClient(self.node, RUN_SESSION.type, RUN_SESSION.name)
        self._clients = {
            service.name: self.node.create_client(service.type, service.name)
            for service in (RESET, STOP, MANIFOLD_RESET)
        }
        self._asked_at = self._obeys_at = 0.0
        self.fleet = NodeFleet(self.nodes(), self.log_file, environment or {}, place or {})

    def nodes(self) -> list[NodeDescription]:
        """What is started: all but the recorder."""
        return [n for n in describe_system(self.options) if n.executable != 'session_recorder']

    # -- what it hears

    def _listen(self) -> None:
        # nothing is lost while the witness does something else for a moment
        deep = QoSProfile(
            history=HistoryPolicy.KEEP_LAST,
            depth=100,
            reliability=MANIFOLD_STATE.qos.reliability,
            durability=MANIFOLD_STATE.qos.durability,
        )
        for topic, hear, qos in (
            (MANIFOLD_STATE, self._on_state, deep),
            (SAFETY_STATE, self._on_safety, SAFETY_STATE.qos),
            (SESSION_STATE, self._on_session, SESSION_STATE.qos),
        ):
            self.node.create_subscription(topic.type, topic.name, hear, qos)

    def _on_state(self, message: ManifoldState) -> None:
        if self.from_the_manifold(message):
            self.state = message
            self.samples.append(sample_of(message, self._chambers))

    def from_the_manifold(self, message: ManifoldState) -> bool:
        """Tell a message of the manifold from one of an impostor, who has counted far ahead."""
        lengths = {len(column) for column in (message.name, message.pressure, message.exhaust)}
        return message.sequence < FAR_AHEAD and lengths == {len(self.garment)}

    def _on_safety(self, message: SafetyState) -> None:
        self.safety = message

    def _on_session(self, message: SessionState) -> None:
        self.session = message

    @property
    def alarms(self) -> set[str]:
        """Ids of the present alarms."""
        return {alarm.id for alarm in self.safety.alarms} if self.safety else set()

    @property
    def pressed(self) -> bool:
        """Whether a chamber is under pressure."""
        return bool(self.samples) and self.samples[-1].pressed

    @property
    def open(self) -> bool:
        """Whether the boots are venting."""
        return bool(self.samples) and self.samples[-1].open

    def describe(self) -> str:
        """Tell how the system stands, for a test that fails."""
        safety, session = self.safety, self.session
        alarms = [
            f'{alarm.id} {"latched" if alarm.latched else ""} {alarm.text} {list(alarm.name)}'
            for alarm in (safety.alarms if safety else ())
        ]
        ended = [name for name in self.fleet.names if not self.fleet.running(name)]
        log = self.log_file.read_text(errors='replace').splitlines()[-8:]
        return (
            f'safety {safety.state if safety else None}, alarms {alarms}; session '
            f'{session.state if session else None} {session.status if session else ""!r}; '
            f'last refusal {self.refusal!r}; ended {ended}; log {log}'
        )

    # -- what it does

    def turn(self, seconds: float = 0.005) -> None:
        """Handle what has come in."""
        self._executor.spin_once(timeout_sec=seconds)

    def wait(self, condition: Callable[[], Any], seconds: float, what: str) -> None:
        """Turn the loop until a condition holds.

        Raises
        ------
        TimeoutError
            It does not hold in time; the text says how the system stands.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f'not within {seconds:g} s: {what}; {self.describe()}')
            self.turn()

    def call(self, service: Service, request: Any, seconds: float = 10.0) -> Any:
        """Answer of a service."""
        client = self._clients.get(service.name)
        if client is None:
            client = self._clients[service.name] = self.node.create_client(
                service.type, service.name
            )
        self.wait(client.service_is_ready, seconds, f'{service.name} is there')
        answer = client.call_async(request)
        self.wait(answer.done, seconds, f'{service.name} answers')
        return answer.result()

    def inflate(self, seconds: float = 60.0) -> None:
        """See to it that a session runs and a chamber is under pressure."""
        self.samples.clear()

        def pressed() -> bool:
            self._ask_for_a_session()
            self._let_the_device_obey()
            return self.pressed

        self.wait(pressed, seconds, 'a chamber under pressure')

    def _ask_for_a_session(self) -> None:
        idle = self.session is not None and self.session.state == SessionState.STATE_IDLE
        now = time.monotonic()
        if not idle or now - self._asked_at < AGAIN or not self._goals.server_is_ready():
            return
        self._asked_at = now
        goal = RunSession.Goal(protocol=PROTOCOL, bench=True)
        if hasattr(goal, 'skip_check'):
            goal.skip_check = True
        self._goals.send_goal_async(goal).add_done_callback(self._on_goal)

    def _on_goal(self, future: Any) -> None:
        handle = future.result()
        if handle is not None and handle.accepted:
            handle.get_result_async().add_done_callback(self._on_result)

    def _on_result(self, future: Any) -> None:
        self.refusal = future.result().result.error_msg

    def recover(self, seconds: float = 60.0) -> None:
        """Bring the system back after a fault: everything runs, nothing is tripped or alarmed."""
        deadline = time.monotonic() + seconds
        # what was heard before says nothing any more
        self.safety = self.session = None
        self.fleet.revive()
        helped = time.monotonic()
        while not self._sound():
            if time.monotonic() > deadline:
                raise TimeoutError(f'not sound again within {seconds:g} s; {self.describe()}')
            self.turn()
            if time.monotonic() - helped > AGAIN:
                helped = time.monotonic()
                # one that was started too soon after a kill has found its own ghost, and ended
                self.fleet.revive()
                self._reset_the_supervisor()
                self._let_the_device_obey()

    def _sound(self) -> bool:
        safety = self.safety
        return (
            safety is not None
            and safety.state == SafetyState.STATE_PERMITTING
            and not safety.alarms
            and self.session is not None
            and self.session.state in (SessionState.STATE_IDLE, SessionState.STATE_RUNNING)
        )

    def _reset_the_supervisor(self) -> None:
        client = self._clients[RESET.name]
        latched = self.safety and any(alarm.latched for alarm in self.safety.alarms)
        if latched and client.service_is_ready():
            client.call_async(ResetSafety.Request(confirm=True))

    def _let_the_device_obey(self) -> None:
        """Reset a device that has vented by itself, as one does when the machine was too busy."""
        client = self._clients[MANIFOLD_RESET.name]
        waits = self.state is not None and self.state.watchdog_expired
        if waits and time.monotonic() - self._obeys_at > AGAIN and client.service_is_ready():
            self._obeys_at = time.monotonic()
            client.call_async(ResetSafety.Request(confirm=True))

    def stop_session(self) -> None:
        """End the session that runs, if any, and wait until all is vented."""
        self.call(STOP, StopSession.Request())
        self.wait(lambda: self.samples and self.samples[-1].vented, 30.0, 'below 15 mmHg')

    def reaction(
        self, fault: Callable[[], Any], meanwhile: Callable[[], Any] | None = None
    ) -> Reaction:
        """Time from a fault to open exhausts, and to all chambers below 15 mmHg.

        By the times at which the samples were taken, so that it does not matter how busy the
        witness is.

        Parameters
        ----------
        fault : callable
            What goes wrong now.
        meanwhile : callable or None
            What is done again and again until the exhausts are open.
        """
        struck = time.time()
        fault()

        def first(found: Callable[[Sample], bool]) -> float | None:
            times = (s.taken for s in self.samples if s.taken > struck and found(s))
            return next(times, None)

        def is_open() -> bool:
            if meanwhile is not None:
                meanwhile()
            return first(lambda sample: sample.open) is not None

        self.wait(is_open, 10.0, 'open exhausts')
        self.wait(lambda: first(lambda sample: sample.vented), 20.0, 'below 15 mmHg')
        opened, vented = first(lambda s: s.open), first(lambda s: s.vented)
        assert opened is not None
        assert vented is not None
        return Reaction(opened - struck, vented - struck)

    def strike(self, name: str, number: signal.Signals) -> Reaction:
        """Send a signal to a node under pressure; the times to open and vented."""
        self.inflate()
        return self.reaction(lambda: self.fleet.signal(name, number))

    # -- end

    def close(self) -> None:
        """End all processes."""
        self.fleet.close()
        self._executor.remove_node(self.node)
        self.node.destroy_node()
        self._context.try_shutdown()
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    def __enter__(self) -> LiveSystem:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
