"""Topic, service and action names with their types and quality of service, written once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compression_boot_msgs.action import RunDeviceTest, RunSession, RunTuning
from compression_boot_msgs.msg import (
    ChamberPressures,
    Layout,
    ManifoldState,
    PreUseCheck,
    SafetyState,
    SessionState,
    Setpoints,
    ValveCommand,
)
from compression_boot_msgs.srv import (
    AcknowledgeAlarm,
    AdjustZone,
    ConfirmPresence,
    EmergencyStop,
    ExtendSession,
    PauseSession,
    ReportSymptom,
    ResetSafety,
    ResumeSession,
    SetIntensity,
    SilenceAlarm,
    StartRecording,
    StopRecording,
    StopSession,
)
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from visualization_msgs.msg import MarkerArray

LATCHED = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
"""State that a late joiner must have: the last value, reliably."""

COMMAND = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
    deadline=Duration(seconds=0.25),
)
"""Commands: the newest, reliably, with a deadline as second witness of silence."""

SENSOR = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.BEST_EFFORT,
    durability=DurabilityPolicy.VOLATILE,
)
"""Samples: the newest; a lost one is replaced by the next."""

EVENTS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=10,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
)
"""Diagnostics, as they are heard, and calls of services, published for a recording."""

HEALTH = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=10,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
    deadline=Duration(seconds=2.0),
)
"""Diagnostics, as they are sent: a deadline that is kept wakes the timers of DDS.

They wait on the wall clock. Where that was set back by a day they would let the node be forgotten,
and nobody would hear it any more.
"""


@dataclass(frozen=True)
class Topic:
    """A topic: relative name, message type, quality of service, and what it carries."""

    name: str
    type: type[Any]
    qos: QoSProfile
    text: str


@dataclass(frozen=True)
class Service:
    """A service or action: relative name, type, and what it does."""

    name: str
    type: type[Any]
    text: str


LAYOUT = Topic('layout', Layout, LATCHED, 'the garment on the hardware')
MANIFOLD_STATE = Topic('manifold/state', ManifoldState, SENSOR, 'raw sample of the hardware')
PRESSURES = Topic('pressures', ChamberPressures, SENSOR, 'pressure in each chamber')
SETPOINTS = Topic('setpoints', Setpoints, COMMAND, 'what each chamber is to do')
REQUESTED = Topic('valves/requested', ValveCommand, COMMAND, 'what the controller asks for')
PERMITTED = Topic('valves/permitted', ValveCommand, COMMAND, 'what the supervisor lets through')
SAFETY_STATE = Topic('safety/state', SafetyState, LATCHED, 'verdict and alarms')
SESSION_STATE = Topic('session/state', SessionState, LATCHED, 'where the session is')
SESSION_CHECK = Topic('session/check', PreUseCheck, LATCHED, 'result of the pre-use check')
DIAGNOSTICS = Topic('/diagnostics', DiagnosticArray, EVENTS, 'health of each node, at 1 Hz')

RUN_SESSION = Service('run_session', RunSession, 'runs one compression session')
PAUSE = Service('session/pause', PauseSession, 'vents, and stops the session clock')
RESUME = Service('session/resume', ResumeSession, 'goes on after a pause')
STOP = Service('session/stop', StopSession, 'ends the session and vents')
SET_INTENSITY = Service('session/set_intensity', SetIntensity, 'scales the pressures')
ADJUST_ZONE = Service('session/adjust_zone', AdjustZone, 'boosts, lowers or skips a zone')
EXTEND = Service('session/extend', ExtendSession, 'adds time to the session, or takes it away')
REPORT_SYMPTOM = Service('session/report_symptom', ReportSymptom, 'the person feels something')
CONFIRM_PRESENCE = Service(
    'session/confirm_presence', ConfirmPresence, 'the person is awake and well'
)
EMERGENCY_STOP = Service('emergency_stop', EmergencyStop, 'vents at once and latches')
RESET = Service('safety/reset', ResetSafety, 'takes a latched trip back')
ACKNOWLEDGE = Service('safety/acknowledge', AcknowledgeAlarm, 'somebody has seen an alarm')
SILENCE = Service('safety/silence', SilenceAlarm, 'keeps an alarm quiet for a time')
MANIFOLD_RESET = Service('manifold/reset', ResetSafety, 'lets a device obey that vented by itself')
START_RECORDING = Service('recorder/start', StartRecording, 'starts a bag')
DEVICE_TEST = Service('run_device_test', RunDeviceTest, 'tests the device, with nobody in it')
TUNING = Service('run_tuning', RunTuning, 'runs the experiment that identifies the chambers')
STOP_RECORDING = Service('recorder/stop', StopRecording, 'closes the bag')

TOPICS = tuple(value for value in list(vars().values()) if isinstance(value, Topic))
"""All topics above; a new one is recorded without further ado."""

MARKERS = Topic(
    'legs/markers', MarkerArray, LATCHED, 'the legs as markers; not recorded, as it follows'
)

SERVICES = tuple(
    value
    for value in list(vars().values())
    if isinstance(value, Service) and hasattr(value.type, 'Event')
)
"""All services above; those that run something are actions."""
