"""Publishes the two legs with their chambers as markers, for RViz, Foxglove and the like."""

from __future__ import annotations

import math

import numpy as np
from compression_boot_msgs.msg import ChamberPressures, Layout, SafetyState
from geometry_msgs.msg import Point, Pose, Quaternion, Vector3
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from compression_boot_control.nodes.interfaces import LAYOUT, MARKERS, PRESSURES, SAFETY_STATE
from compression_boot_control.nodes.parameters import Parameter
from compression_boot_control.nodes.runtime import ConfigurationError, SafeNode, run
from compression_boot_control.views.posture import Posture
from compression_boot_control.views.sleeve_geometry import (
    Known,
    SleeveChamber,
    Tube,
    sleeve_chambers,
    tube,
)

PARAMETERS = (
    Parameter('frame', 'boots', 'frame of the markers; its origin is between the hips'),
    Parameter('posture', 'lying', 'how the person rests: lying or seated'),
    Parameter('knee_angle', 90.0, 'seated: angle by which the knees are bent [deg]', 0.0, 140.0),
)

CHAMBERS, PRESSURE, STATUS = SHOWN = 'chambers', 'pressure', 'status'
"""Namespaces of the markers, by which a viewer can hide some: tubes, numbers, and the verdict."""

PERIOD = 0.1
"""Time from one picture to the next [s]."""

STALE_AFTER = 0.5
"""Pressures older than this are shown as stale [s]."""

UNKNOWN_AFTER = 3.0
"""Pressures older than this are not shown as numbers any more [s]."""

STATES = {
    SafetyState.STATE_STARTING: 'starting, vented',
    SafetyState.STATE_PERMITTING: 'permitting',
    SafetyState.STATE_RESTRICTED: 'restricted',
    SafetyState.STATE_VENTING: 'venting',
    SafetyState.STATE_TRIPPED: 'TRIPPED',
}


class LegMarkersNode(SafeNode):
    """The node; see the module. It commands nothing."""

    def __init__(self) -> None:
        super().__init__('leg_markers', PARAMETERS)
        self._posture = _posture(self.settings['posture'], self.settings['knee_angle'])
        self._chambers: tuple[SleeveChamber, ...] = ()
        self._pressure: dict[str, float] = {}
        self._pressures_at = -math.inf
        self._safety: SafetyState | None = None
        self._safety_at = -math.inf
        self._markers = self.advertise(MARKERS)
        self.listen(LAYOUT, self._on_layout)
        self.listen(PRESSURES, self._on_pressures)
        self.listen(SAFETY_STATE, self._on_safety)
        self.every(PERIOD, self._publish)

    def make_safe(self, reason: str) -> None:
        """Do nothing: a view moves no valve."""

    def health(self) -> tuple[bool, str, dict[str, str]]:
        """Report whether there is something to show."""
        if not self._chambers:
            return False, 'no layout from the manifold yet', {}
        return True, 'running', {}

    def _on_layout(self, message: Layout) -> None:
        self._chambers = sleeve_chambers(
            message.name,
            message.leg,
            message.zone,
            message.zone_order,
            message.rest_volume,
            message.compliance,
        )

    def _on_pressures(self, message: ChamberPressures) -> None:
        self._pressure = dict(zip(message.name, message.pressure, strict=False))
        self._pressures_at = self.steady_time

    def _on_safety(self, message: SafetyState) -> None:
        self._safety = message
        self._safety_at = self.steady_time

    def _known(self) -> Known:
        age = self.steady_time - self._pressures_at
        if age > UNKNOWN_AFTER:
            return Known.UNKNOWN
        return Known.STALE if age > STALE_AFTER else Known.FRESH

    def _status(self) -> str:
        if self._safety is None or self.steady_time - self._safety_at > UNKNOWN_AFTER:
            return 'supervisor: unknown'
        text = f'supervisor: {STATES.get(self._safety.state, "unknown")}'
        return f'{text}: {self._safety.reason}' if self._safety.reason else text

    def _publish(self) -> None:
        known = self._known()
        tubes = [
            tube(chamber, self._pressure.get(chamber.name, math.nan), known, self._posture)
            for chamber in self._chambers
        ]
        markers = [self._text(STATUS, 0, self._status(), (0.3, 0.0, 0.55), 0.06)]
        for i, each in enumerate(tubes):
            markers.append(self._cylinder(i, each))
            x, y, z = each.position
            markers.append(
                self._text(PRESSURE, i, each.label, (x, y, z + each.radius + 0.05), 0.04)
            )
        self._markers.publish(MarkerArray(markers=markers))

    def _marker(self, kind: int, namespace: str, number: int) -> Marker:
        marker = Marker(type=kind, ns=namespace, id=number, action=Marker.ADD)
        marker.header.frame_id = self.settings['frame']
        marker.header.stamp = self.get_clock().now().to_msg()
        # a view whose node is gone must not go on showing a pressure
        marker.lifetime.sec = 2
        return marker

    def _cylinder(self, number: int, shown: Tube) -> Marker:
        marker = self._marker(Marker.CYLINDER, CHAMBERS, number)
        w, x, y, z = shown.orientation
        marker.pose = Pose(
            position=_point(shown.position), orientation=Quaternion(w=w, x=x, y=y, z=z)
        )
        marker.scale = Vector3(x=2.0 * shown.radius, y=2.0 * shown.radius, z=shown.length)
        marker.color = ColorRGBA(**dict(zip('rgba', shown.colour, strict=True)))
        marker.text = shown.name
        return marker

    def _text(
        self,
        namespace: str,
        number: int,
        text: str,
        position: tuple[float, float, float],
        height: float,
    ) -> Marker:
        marker = self._marker(Marker.TEXT_VIEW_FACING, namespace, number)
        marker.pose.position = _point(position)
        marker.pose.orientation.w = 1.0
        marker.scale.z = height
        marker.color = ColorRGBA(r=0.95, g=0.95, b=0.95, a=1.0)
        marker.text = text
        return marker


def _point(position: tuple[float, float, float]) -> Point:
    return Point(**dict(zip('xyz', position, strict=True)))


def _posture(name: str, knee_angle: float) -> Posture:
    if name == 'lying':
        return Posture.lying()
    if name == 'seated':
        return Posture.seated(float(np.radians(knee_angle)))
    raise ConfigurationError(f'posture {name!r} is not known: lying or seated')


def main() -> None:
    """Run the node."""
    run(LegMarkersNode)
