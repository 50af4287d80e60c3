"""The commands' own node: hears a system, sends it goals, calls its services.

It has no signal handlers and no wait without an end: a command keeps the loop in its own hands,
and turns it with `BootsClient.spin`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import rclpy
from compression_boot_msgs.srv import (
    AcknowledgeAlarm,
    ConfirmPresence,
    EmergencyStop,
    ResetSafety,
    SilenceAlarm,
    StopSession,
)
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.action import ActionClient
from rclpy.context import Context
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from compression_boot_control.cli.errors import CommandFailed
from compression_boot_control.cli.interruption import Interruption
from compression_boot_control.cli.session_goal_ros import SessionGoal
from compression_boot_control.cli.views import (
    NodeView,
    SafetyView,
    SessionRequest,
    SessionStage,
    SessionView,
    SleeveView,
    Snapshot,
)
from compression_boot_control.cli.views_ros import (
    goal_message,
    safety_view,
    session_view,
    sleeve_view,
)
from compression_boot_control.nodes.interfaces import (
    ACKNOWLEDGE,
    CONFIRM_PRESENCE,
    DIAGNOSTICS,
    EMERGENCY_STOP,
    LAYOUT,
    MANIFOLD_RESET,
    PERMITTED,
    RESET,
    RUN_SESSION,
    SAFETY_STATE,
    SESSION_STATE,
    SILENCE,
    STOP,
    Service,
    Topic,
)

TURN = 0.1
"""Longest time in one turn of the loop [s]."""

STALE_AGE = 2.0
"""A state that was heard longer ago says nothing any more [s]; both come at 5 Hz or more."""

DISCOVERY_TIME = 1.5
"""Time in which systems that run on this machine have made themselves known [s]."""

ANSWER_TIME = 5.0
"""Longest wait for the answer of a service [s]."""


class BootsClient:
    """A system as a command sees it.

    Parameters
    ----------
    namespace : str
        Of the system.
    """

    def __init__(self, namespace: str) -> None:
        self.namespace = f'/{namespace.strip("/")}'
        self._context = Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node = Node(
            f'boots_command_{os.getpid()}',
            namespace=self.namespace,
            context=self._context,
            use_global_arguments=False,
            enable_rosout=False,
            start_parameter_services=False,
        )
        self._executor = EventsExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._heard_at: dict[str, float] = {}
        self._session: SessionView | None = None
        self._safety: SafetyView | None = None
        self.sleeves: SleeveView | None = None
        self._health: dict[str, NodeView] = {}
        self._actions = ActionClient(self._node, RUN_SESSION.type, RUN_SESSION.name)
        self._services: dict[str, Any] = {}
        self._listen(SESSION_STATE, self._on_session_state)
        self._listen(SAFETY_STATE, self._on_safety_state)
        self._listen(LAYOUT, self._on_layout)
        self._listen(DIAGNOSTICS, self._on_diagnostics)

    def close(self) -> None:
        """Leave the graph; harmless when done twice."""
        if not self._context.ok():
            return
        self._executor.remove_node(self._node)
        self._node.destroy_node()
        self._context.try_shutdown()

    def __enter__(self) -> BootsClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def node(self) -> Node:
        """The node, for a goal of another kind."""
        return self._node

    # -- the loop

    def spin(self, seconds: float = TURN) -> None:
        """Take what has come, for at most this long."""
        self._executor.spin_once(timeout_sec=seconds)

    def wait_until(
        self,
        condition: Callable[[], bool],
        seconds: float,
        interruption: Interruption | None = None,
    ) -> bool:
        """Turn the loop until the condition holds; False if time is up, or on an interruption."""
        deadline = time.monotonic() + seconds
        while not condition():
            if interruption or time.monotonic() >= deadline:
                return False
            self.spin()
        return True

    # -- what is heard

    @property
    def session(self) -> SessionView | None:
        """Newest session/state; None if there is none that is fresh."""
        return self._session if self._fresh(SESSION_STATE) else None

    @property
    def safety(self) -> SafetyView | None:
        """Newest safety/state; None if there is none that is fresh."""
        return self._safety if self._fresh(SAFETY_STATE) else None

    @property
    def ready(self) -> bool:
        """Whether a session could begin now."""
        return self.session is not None and self.session.stage == SessionStage.IDLE

    @property
    def seen_vented(self) -> bool:
        """Whether the supervisor says, now, that every chamber is vented."""
        return self.safety is not None and self.safety.vented

    def systems(self) -> int:
        """Systems in this domain and namespace, by who commands the valves."""
        return int(self._node.count_publishers(PERMITTED.name))

    def nodes(self) -> tuple[NodeView, ...]:
        """Nodes of the namespace, with what they say of themselves."""
        own = self._node.get_name()
        names = sorted(
            name
            for name, namespace in self._node.get_node_names_and_namespaces()
            if namespace == self.namespace and not name.startswith(('boots_command_', own))
        )
        return tuple(self._health.get(name, NodeView(name, None, '')) for name in names)

    def snapshot(self) -> Snapshot:
        """Everything that is known now."""
        return Snapshot(self.namespace, self.nodes(), self.session, self.safety, self.sleeves)

    # -- what is asked for

    def start_session(self, request: SessionRequest) -> SessionGoal:
        """Send a goal; the answer comes while the loop turns."""
        if not self.wait_until(self._actions.server_is_ready, ANSWER_TIME):
            raise CommandFailed(
                f'the planner in {self.namespace} takes no goals: restart the system with boots up'
            )
        return SessionGoal(self._actions.send_goal_async(goal_message(request)))

    def stop_session(self) -> None:
        """End the session, if there is one, and vent."""
        self.call(STOP, StopSession.Request())

    def emergency_stop(self, reason: str) -> None:
        """Vent everything at once, and latch."""
        self.call(EMERGENCY_STOP, EmergencyStop.Request(reason=reason))

    def reset_safety(self, *, confirm: bool) -> None:
        """Take a latched trip back, of the supervisor and of the device.

        Raises
        ------
        CommandFailed
            The supervisor refuses; the text says why.
        """
        untripped = ResetSafety.Response.ERROR_NOT_TRIPPED
        device = self.call(MANIFOLD_RESET, ResetSafety.Request(confirm=confirm))
        if device.error_code not in (0, untripped):
            raise CommandFailed(device.error_msg)
        answer = self.call(RESET, ResetSafety.Request(confirm=confirm))
        if answer.error_code == untripped and not device.error_code:
            return  # it was the device alone that waited
        if answer.error_code:
            raise CommandFailed(answer.error_msg)

    def acknowledge_alarm(self, hazard_id: str) -> None:
        """Say that somebody has seen an alarm; CommandFailed if it is refused."""
        self._call_well(ACKNOWLEDGE, AcknowledgeAlarm.Request(id=hazard_id))

    def silence_alarm(self, hazard_id: str, seconds: float) -> None:
        """Keep an alarm from being announced for a time [s]; CommandFailed if it is refused."""
        self._call_well(SILENCE, SilenceAlarm.Request(id=hazard_id, seconds=seconds))

    def confirm_presence(self) -> float:
        """Say that the person is awake and well; time until the next prompt [s], 0 for never.

        Raises
        ------
        CommandFailed
            No session is running.
        """
        answer = self._call_well(CONFIRM_PRESENCE, ConfirmPresence.Request())
        return float(answer.next_prompt)

    def ask(self, service: Service, request: Any) -> Any:
        """Call a service without waiting; a future, which the loop fulfils."""
        return self._client_of(service).call_async(request)

    def call(self, service: Service, request: Any) -> Any:
        """Call a service, and wait for its answer.

        Raises
        ------
        CommandFailed
            Nobody offers it, or no answer comes.
        """
        client = self._client_of(service)
        if not self.wait_until(client.service_is_ready, ANSWER_TIME):
            raise CommandFailed(
                f'nobody offers {self.namespace}/{service.name}: is the system whole? see '
                'boots status'
            )
        future = client.call_async(request)
        if not self.wait_until(future.done, ANSWER_TIME):
            raise CommandFailed(
                f'{self.namespace}/{service.name} does not answer: see boots status; to be sure '
                'that the boots are vented, open the zips or pull the hoses'
            )
        return future.result()

    # -- inside

    def _call_well(self, service: Service, request: Any) -> Any:
        """Call a service, and raise CommandFailed with its words if it refuses."""
        answer = self.call(service, request)
        if answer.error_code:
            raise CommandFailed(answer.error_msg)
        return answer

    def _client_of(self, service: Service) -> Any:
        if service.name not in self._services:
            self._services[service.name] = self._node.create_client(service.type, service.name)
        return self._services[service.name]

    def _listen(self, topic: Topic, callback: Callable[[Any], None]) -> None:
        self._node.create_subscription(topic.type, topic.name, callback, topic.qos)

    def _fresh(self, topic: Topic) -> bool:
        age = time.monotonic() - self._heard_at.get(topic.name, float('-inf'))
        return age <= STALE_AGE

    def _on_session_state(self, message: Any) -> None:
        self._session = session_view(message)
        self._heard_at[SESSION_STATE.name] = time.monotonic()

    def _on_safety_state(self, message: Any) -> None:
        self._safety = safety_view(message)
        self._heard_at[SAFETY_STATE.name] = time.monotonic()

    def _on_layout(self, message: Any) -> None:
        self.sleeves = sleeve_view(message)

    def _on_diagnostics(self, message: Any) -> None:
        for status in message.status:
            namespace, _, name = status.name.rpartition('/')
            if namespace == self.namespace:
                well = status.level == DiagnosticStatus.OK
                self._health[name] = NodeView(name, well, status.message)
