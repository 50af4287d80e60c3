"""The one main of all nodes: signals, the loop, callbacks that fail safe, and a clean way out.

What the wheels of rclpy do on their own loses the last message: their signal handlers invalidate
the context before a node can publish, and an exception in any callback ends the loop. So here the
handlers only set a flag, the loop has a finite timeout, and each callback is guarded.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from types import FrameType
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy._rclpy_pybind11 import RCLError
from rclpy.clock import Clock, ClockType
from rclpy.experimental import EventsExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.service_introspection import ServiceIntrospectionState
from rclpy.signals import SignalHandlerOptions
from rclpy.subscription import Subscription
from rclpy.timer import Timer

from compression_boot_control.nodes.interfaces import DIAGNOSTICS, EVENTS, HEALTH, Service, Topic
from compression_boot_control.nodes.parameters import ConfigurationError, Parameter, declare
from compression_boot_control.steady_memory import spare_what_stays
from compression_boot_control.system import STARTER_PID

SPIN_TIMEOUT = 0.2
"""Longest time before the loop looks at its flags again [s]."""


WALL_CLOCK_PERIOD = 0.05
"""Period of looking whether the wall clock was set back, and the least step that counts [s]."""


class SafeNode(Node):
    """A node whose callbacks fail safe and that reports its health.

    A subclass implements `make_safe`, which must leave the garment venting as far as this node can
    bring that about, and `health`.
    """

    def __init__(self, name: str, parameters: tuple[Parameter, ...] = (), **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.settings: dict[str, Any] = declare(self, parameters)
        self.steady_clock = Clock(clock_type=ClockType.STEADY_TIME)
        self.end_reason = ''
        self._failure = ''
        self._diagnostics = self.create_publisher(DIAGNOSTICS.type, DIAGNOSTICS.name, HEALTH)
        self.every(1.0, self._report_health)

    def make_safe(self, reason: str) -> None:
        """Vent, as far as this node can."""
        raise NotImplementedError

    def health(self) -> tuple[bool, str, dict[str, str]]:
        """Whether all is well, one line, and values for a table."""
        return True, 'running', {}

    @property
    def steady_time(self) -> float:
        """Reading of the steady clock [s]."""
        return time.monotonic()

    def end(self, reason: str) -> None:
        """Leave the loop, vented; for a node that cannot do what it is there for."""
        self.end_reason = reason

    def guard(self, callback: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a callback so that an exception vents and reports, and the node lives on."""

        def guarded(*args: Any) -> Any:
            try:
                return callback(*args)
            except Exception as error:  # noqa: BLE001  the one edge where all are caught
                self._failure = f'{callback.__name__}: {type(error).__name__}: {error}'
                self.get_logger().error(f'vented after an error in {self._failure}')
                self.make_safe(self._failure)
                return None

        return guarded

    def advertise(self, topic: Topic) -> Publisher:
        """Create the publisher of a topic."""
        return self.create_publisher(topic.type, topic.name, topic.qos)

    def listen(self, topic: Topic, callback: Callable[[Any], None]) -> Subscription:
        """Subscribe to a topic."""
        return self.create_subscription(topic.type, topic.name, self.guard(callback), topic.qos)

    def serve(self, service: Service, callback: Callable[[Any, Any], Any]) -> None:
        """Offer a service."""

        def answer(request: Any, response: Any) -> Any:
            guarded = self.guard(callback)(request, response)
            return response if guarded is None else guarded

        created = self.create_service(service.type, service.name, answer)
        # each call is published, so that a recording has what people did
        created.configure_introspection(
            self.get_clock(), EVENTS, ServiceIntrospectionState.CONTENTS
        )

    def every(self, period: float, callback: Callable[[], None]) -> Timer:
        """Call back on the steady clock, whatever simulated time does."""
        return self.create_timer(period, self.guard(callback), clock=self.steady_clock)

    def _report_health(self) -> None:
        well, text, values = self.health()
        if self._failure:
            well, text = False, f'vented after an error in {self._failure}'
        status = DiagnosticStatus(
            level=DiagnosticStatus.OK if well else DiagnosticStatus.ERROR,
            name=self.get_fully_qualified_name(),
            message=text,
            values=[KeyValue(key=key, value=value) for key, value in values.items()],
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)


class SafeLifecycleNode(SafeNode, LifecycleNode):
    """A managed node with the same promises.

    rclpy lets a transition that is not possible in the present state, which any client may ask
    for, raise out of the loop and end the node. Here it is answered with ``success=False``.
    """

    # the name that rclpy's own class registers for its service, mangled by Python
    def _LifecycleNodeMixin__on_change_state(self, request: Any, response: Any) -> Any:  # noqa: N802
        try:
            return super()._LifecycleNodeMixin__on_change_state(request, response)  # type: ignore[misc]
        except RCLError as error:
            self.get_logger().warning(f'transition refused: {error}')
            response.success = False
            return response


Transition = Callable[[Any, LifecycleState], TransitionCallbackReturn]


def logged_transition(callback: Transition) -> Transition:
    """Wrap a lifecycle callback: rclpy swallows its exceptions, so vent and log them here."""

    @wraps(callback)
    def guarded(node: SafeLifecycleNode, state: LifecycleState) -> TransitionCallbackReturn:
        result = node.guard(callback)(node, state)
        return TransitionCallbackReturn.ERROR if result is None else result

    return guarded


class _Flag:
    """Set by a signal; the loop ends at its next turn."""

    def __init__(self) -> None:
        self.signal_number: int | None = None

    def set(self, signal_number: int, _frame: FrameType | None) -> None:
        self.signal_number = signal_number


def _orphaned(starter: int | None) -> bool:
    return starter is not None and os.getppid() != starter


def _wake_timers_when_the_wall_clock_is_set_back(node: Node, ended: threading.Event) -> None:
    """Start all timers of a node again whenever the wall clock has been set back.

    The wheels' C++ library waits for the next timer on the wall clock, whatever clock the timer is
    of: set back by an hour, it would sleep for an hour, and the device would stay vented.
    """
    ahead = time.time() - time.monotonic()
    while not ended.is_set():
        # not on a lock: some Pythons wait for those on the wall clock too
        time.sleep(WALL_CLOCK_PERIOD)
        before, ahead = ahead, time.time() - time.monotonic()
        if ahead < before - WALL_CLOCK_PERIOD:
            for timer in node.timers:
                timer.reset()


def run(make_node: Callable[[], SafeNode]) -> None:
    """Run a node until a signal or until its starter is gone; then vent, report and leave.

    The process ends with 0 after a signal, and with 1 and one line when the node cannot be made or
    ends by itself.
    """
    flag = _Flag()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, flag.set)
    starter = int(os.environ[STARTER_PID]) if STARTER_PID in os.environ else None
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = make_node()
    except ConfigurationError as error:
        print(f'error: {error}', file=sys.stderr)
        rclpy.try_shutdown()
        sys.exit(1)
    executor = EventsExecutor()
    executor.add_node(node)
    ended = threading.Event()
    watch = threading.Thread(
        target=_wake_timers_when_the_wall_clock_is_set_back, args=(node, ended), daemon=True
    )
    watch.start()
    spare_what_stays()
    try:
        while flag.signal_number is None and not node.end_reason and not _orphaned(starter):
            executor.spin_once(timeout_sec=SPIN_TIMEOUT)
        node.make_safe('shut down')
    finally:
        ended.set()
        with suppress(KeyboardInterrupt):
            watch.join()
            executor.remove_node(node)
            node.destroy_node()
            rclpy.try_shutdown()
    if node.end_reason:
        print(f'error: {node.end_reason}', file=sys.stderr)
        sys.exit(1)
