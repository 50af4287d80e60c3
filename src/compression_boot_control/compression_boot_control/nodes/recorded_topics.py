"""What is recorded: every topic of the system, and what ROS 2 itself says of it.

The list follows from `interfaces`: its topics, the feedback and status of its action, and each
call of its services, which ROS 2 publishes on a topic of its own (service introspection).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from action_msgs.msg import GoalStatusArray
from rcl_interfaces.msg import Log, ParameterEvent
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock

from compression_boot_control.analysis.bag_metadata import qos_text
from compression_boot_control.nodes.interfaces import (
    EVENTS,
    LATCHED,
    RUN_SESSION,
    SENSOR,
    SERVICES,
    TOPICS,
)

QUEUE = 2000
"""Messages that wait for the recorder, some seconds of traffic: a slow disk loses none."""

ENCAPSULATION = 4
"""Bytes before a serialized message; alignment counts from their end."""

LOG = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1000,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
"""As rcl offers /rosout."""

PARAMETER_EVENTS = '/parameter_events'
SIMULATED_CLOCK = '/clock'


@dataclass(frozen=True)
class RecordedTopic:
    """A topic, and where its messages have what a recorder looks at.

    Attributes
    ----------
    name : str
    type : type
        Message class.
    offered : QoSProfile
        As the sender offers it.
    stamp_at : int or None
        Byte at which a serialized message has its stamp; None: it has none.
    counted : bool
        It has one sender, so that a jump in the middleware's count is a message that is missing.
    """

    name: str
    type: type[Any]
    offered: QoSProfile
    stamp_at: int | None
    counted: bool = False

    @property
    def type_name(self) -> str:
        """``package/msg/Type``."""
        package, kind, _ = self.type.__module__.split('.')
        return f'{package}/{kind}/{self.type.__name__}'

    @property
    def latched(self) -> bool:
        """Its last message holds on."""
        return self._kept and self.offered.depth == 1

    @property
    def _kept(self) -> bool:
        return bool(self.offered.durability == DurabilityPolicy.TRANSIENT_LOCAL)

    @property
    def qos(self) -> QoSProfile:
        """As the recorder subscribes: what the sender offers, with room for what waits."""
        return QoSProfile(
            history=HistoryPolicy.KEEP_LAST,
            depth=QUEUE,
            reliability=self.offered.reliability,
            durability=self.offered.durability,
        )

    @property
    def qos_text(self) -> str:
        """The sender's quality of service, as a bag has it."""
        return qos_text(
            reliable=self.offered.reliability == ReliabilityPolicy.RELIABLE,
            transient_local=self._kept,
            depth=self.offered.depth,
        )


def _own(topic: Any) -> RecordedTopic:
    # every node sends on the topics of ROS itself, which have no namespace
    counted = not topic.name.startswith('/')
    return RecordedTopic(topic.name, topic.type, topic.qos, ENCAPSULATION, counted)


RECORDED_TOPICS = (
    *(_own(topic) for topic in TOPICS),
    RecordedTopic(
        f'{RUN_SESSION.name}/_action/feedback', RUN_SESSION.type.Impl.FeedbackMessage, EVENTS, None
    ),
    RecordedTopic(f'{RUN_SESSION.name}/_action/status', GoalStatusArray, LATCHED, None),
    *(
        # an event begins with a byte that says its kind, then comes the stamp
        RecordedTopic(
            f'{service.name}/_service_event', service.type.Event, EVENTS, ENCAPSULATION + 4
        )
        for service in SERVICES
    ),
    RecordedTopic('/rosout', Log, LOG, ENCAPSULATION),
    RecordedTopic(PARAMETER_EVENTS, ParameterEvent, EVENTS, ENCAPSULATION),
    RecordedTopic(SIMULATED_CLOCK, Clock, SENSOR, ENCAPSULATION),
)
"""What the recorder subscribes to."""
