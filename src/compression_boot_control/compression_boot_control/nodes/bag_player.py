"""Plays the raw readings and set-points of a bag to live nodes, with ``/clock``.

The nodes sense, control and supervise as if the boots were there; what they permit goes nowhere.
So no manifold may run in this namespace: the player looks for one, and ends when it finds it.
"""

from __future__ import annotations

import signal
from pathlib import Path

from compression_boot_msgs.srv import EmergencyStop, ResetSafety
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rclpy.time import Time
from rosgraph_msgs.msg import Clock

from compression_boot_control.analysis.bag_reader import open_bag
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.replay.played_messages import PlayedBag, played_bag
from compression_boot_control.nodes.interfaces import (
    EMERGENCY_STOP,
    LAYOUT,
    MANIFOLD_STATE,
    PERMITTED,
    RESET,
    SETPOINTS,
)
from compression_boot_control.nodes.parameters import Parameter
from compression_boot_control.nodes.runtime import ConfigurationError, SafeNode, run

PARAMETERS = (
    Parameter('bag', '', 'folder of the bag, or a file of it'),
    Parameter('rate', 1.0, 'time runs this much faster than it did', 0.05, 50.0),
    Parameter('listeners', 2, 'nodes that must listen to the readings before it begins', 0, 20),
)

PERIOD = 0.002
"""Period in which what is due is sent [s]."""

SETTLE_TIME = 1.0
"""Time for the last answers before the player ends [s]."""

PLAYED = (LAYOUT, MANIFOLD_STATE, SETPOINTS)


class BagPlayerNode(SafeNode):
    """The player node; see the module."""

    def __init__(self) -> None:
        super().__init__('bag_player', PARAMETERS)
        self._played = self._load()
        self._rate = float(self.settings['rate'])
        self._place = 0
        self._began_at: float | None = None
        self._senders: dict[str, Publisher] = {
            topic.name: self.advertise(topic) for topic in PLAYED
        }
        self._time = self.create_publisher(Clock, '/clock', QoSProfile(depth=1))
        self._stop = self.create_client(EmergencyStop, EMERGENCY_STOP.name)
        self._reset = self.create_client(ResetSafety, RESET.name)
        self.every(PERIOD, self._send_due)
        self.every(0.2, self._look_for_manifold)

    def make_safe(self, reason: str) -> None:
        """Send nothing any more: silence vents."""
        self._place = len(self._played.messages)

    def health(self) -> tuple[bool, str, dict[str, str]]:
        """Report how far it is."""
        count = len(self._played.messages)
        return True, 'playing', {'sent': f'{self._place} of {count} messages'}

    def _load(self) -> PlayedBag:
        if not self.settings['bag']:
            raise ConfigurationError('parameter bag names no bag: give its folder')
        try:
            names = {topic.name: topic.type for topic in PLAYED}
            return played_bag(open_bag(Path(self.settings['bag'])), tuple(names))
        except BagError as error:
            raise ConfigurationError(str(error)) from error

    def _look_for_manifold(self) -> None:
        """Find hardware that would obey what the nodes permit."""
        senders = self.count_publishers(MANIFOLD_STATE.name)
        obeying = [
            end.node_name
            for end in self.get_subscriptions_info_by_topic(self.resolve_topic_name(PERMITTED.name))
        ]
        if senders > 1 or 'manifold' in obeying:
            self.end(
                f'a manifold runs in {self.get_namespace()}, and would obey what a recording '
                'leads to: stop that system, or replay in another namespace'
            )

    def _send_due(self) -> None:
        now = self.steady_time
        if self._began_at is None:
            heard = self.count_subscribers(MANIFOLD_STATE.name)
            if heard < self.settings['listeners']:
                return
            self._began_at = now + SETTLE_TIME  # the other links are about to be there too
            self._send_clock(self._played.messages[0].time)
        played = (now - self._began_at) * self._rate
        messages = self._played.messages
        while self._place < len(messages) and messages[self._place].after <= played:
            message = messages[self._place]
            self._place += 1
            if message.name == MANIFOLD_STATE.name:
                self._send_clock(message.time)
            if message.name in self._senders:
                self._senders[message.name].publish(message.data)
            elif message.name == EMERGENCY_STOP.name:
                self._stop.call_async(EmergencyStop.Request(reason='as recorded'))
            else:
                self._reset.call_async(ResetSafety.Request(confirm=True))
        if played > messages[-1].after + SETTLE_TIME * self._rate:
            self.get_logger().info('played to its end')
            signal.raise_signal(signal.SIGTERM)

    def _send_clock(self, time: int) -> None:
        self._time.publish(Clock(clock=Time(nanoseconds=time).to_msg()))


def main() -> None:
    """Run the node."""
    run(BagPlayerNode)
