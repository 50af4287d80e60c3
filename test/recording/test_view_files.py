"""The views in config/ fit the programs that load them, and the system that they show.

RViz and Foxglove cannot be run here. What they know is written down below, as their sources have
it: RViz skips a property that it does not know, and Foxglove a key, without a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

from rclpy.qos import DurabilityPolicy, HistoryPolicy, ReliabilityPolicy

from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.nodes.interfaces import MARKERS, PRESSURES, TOPICS
from compression_boot_control.nodes.leg_markers import PARAMETERS, SHOWN
from compression_boot_control.resources import config_directory
from compression_boot_control.system import SystemOptions

OPTIONS = SystemOptions()
GARMENT = load_garment(OPTIONS.garment)
SHOWN_TOPICS = {f'/{OPTIONS.namespace}/{MARKERS.name}': MARKERS.type} | {
    topic.name if topic.name.startswith('/') else f'/{OPTIONS.namespace}/{topic.name}': topic.type
    for topic in TOPICS
}
FRAME = next(parameter.default for parameter in PARAMETERS if parameter.name == 'frame')

RVIZ = yaml.safe_load((config_directory() / 'boots.rviz').read_text())
LAYOUT = json.loads((config_directory() / 'foxglove_layout.json').read_text())

# -- RViz: the classes of its plugins, and the properties of each, of Jazzy

RVIZ_DISPLAYS = {
    'rviz_default_plugins/Grid': {
        'Reference Frame',
        'Plane Cell Count',
        'Normal Cell Count',
        'Cell Size',
        'Line Style',
        'Color',
        'Alpha',
        'Plane',
        'Offset',
    },
    'rviz_default_plugins/MarkerArray': {'Topic', 'Namespaces'},
}
OF_EVERY_DISPLAY = {'Class', 'Name', 'Enabled', 'Value'}
RVIZ_TOPIC = {
    'Value',
    'Depth',
    'History Policy',
    'Reliability Policy',
    'Durability Policy',
}
RVIZ_ORBIT = {
    'Class',
    'Name',
    'Distance',
    'Focal Point',
    'Focal Shape Size',
    'Focal Shape Fixed Size',
    'Yaw',
    'Pitch',
    'Near Clip Distance',
    'Target Frame',
    'Value',
}
RVIZ_GLOBAL_OPTIONS = {'Fixed Frame', 'Background Color', 'Frame Rate'}
RVIZ_PANELS = {'rviz_common/Displays', 'rviz_common/Views', 'rviz_common/Time'}
RVIZ_TOOLS = {'rviz_default_plugins/MoveCamera', 'rviz_default_plugins/Interact'}
RVIZ_POLICIES = {
    'History Policy': {HistoryPolicy.KEEP_LAST: 'Keep Last'},
    'Reliability Policy': {ReliabilityPolicy.RELIABLE: 'Reliable'},
    'Durability Policy': {DurabilityPolicy.TRANSIENT_LOCAL: 'Transient Local'},
}


def displays(kind: str) -> list[dict[str, Any]]:
    found = RVIZ['Visualization Manager']['Displays']
    return [display for display in found if display['Class'] == f'rviz_default_plugins/{kind}']


def test_rviz_knows_every_class_and_property() -> None:
    manager = RVIZ['Visualization Manager']
    for display in manager['Displays']:
        assert set(display) <= RVIZ_DISPLAYS[display['Class']] | OF_EVERY_DISPLAY
    assert {panel['Class'] for panel in RVIZ['Panels']} <= RVIZ_PANELS
    assert {tool['Class'] for tool in manager['Tools']} <= RVIZ_TOOLS
    assert set(manager['Global Options']) <= RVIZ_GLOBAL_OPTIONS
    view = manager['Views']['Current']
    assert view['Class'] == 'rviz_default_plugins/Orbit'
    assert set(view) <= RVIZ_ORBIT
    for colour in (manager['Global Options']['Background Color'], displays('Grid')[0]['Color']):
        assert re.fullmatch(r'\d{1,3}; \d{1,3}; \d{1,3}', colour)


def test_rviz_shows_the_markers_in_their_frame_and_hears_them() -> None:
    (legs,) = displays('MarkerArray')
    topic = legs['Topic']
    assert set(topic) <= RVIZ_TOPIC
    assert SHOWN_TOPICS[topic['Value']] is MARKERS.type
    assert topic['Depth'] == MARKERS.qos.depth
    for policy, told in (
        ('History Policy', MARKERS.qos.history),
        ('Reliability Policy', MARKERS.qos.reliability),
        ('Durability Policy', MARKERS.qos.durability),
    ):
        assert topic[policy] == RVIZ_POLICIES[policy][told]
    # no transforms are published: the fixed frame has to be the markers' own
    assert RVIZ['Visualization Manager']['Global Options']['Fixed Frame'] == FRAME
    assert legs['Namespaces'] == dict.fromkeys(SHOWN, True)


# -- Foxglove: the types of its panels, and the keys of each

TITLES = {'foxglovePanelTitle', 'lichtblickPanelTitle'}
PANELS = {
    '3D': {'cameraState', 'followTf', 'followMode', 'scene', 'publish', 'transforms', 'topics'}
    | {'layers', 'imageMode'},
    'Plot': {'paths', 'minXValue', 'maxXValue', 'minYValue', 'maxYValue', 'showLegend', 'isSynced'}
    | {'legendDisplay', 'showPlotValuesInLegend', 'showXAxisLabels', 'showYAxisLabels'}
    | {'xAxisVal', 'xAxisPath', 'xAxisLabel', 'yAxisLabel', 'followingViewWidth'}
    | {'sidebarDimension'},
    'RawMessages': {'topicPath', 'diffEnabled', 'diffMethod', 'diffTopicPath', 'expansion'}
    | {'showFullMessageForDiff', 'fontSize'},
    'DiagnosticSummary': {'minLevel', 'pinnedIds', 'topicToRender', 'hardwareIdFilter'}
    | {'sortByLevel', 'secondsUntilStale'},
    'RosOut': {'searchTerms', 'minLogLevel', 'topicToRender', 'nameFilter'},
    'StateTransitions': {'isSynced', 'paths', 'xAxisMaxValue', 'xAxisMinValue', 'xAxisRange'}
    | {'showPoints'},
}
PATH_KEYS = {'value', 'enabled', 'label', 'color', 'timestampMethod', 'showLine', 'lineSize'}
LAYOUT_KEYS = {'configById', 'layout', 'globalVariables', 'playbackConfig', 'userNodes', 'version'}
MESSAGE_PATH = re.compile(r'(?P<topic>/[\w/]+)(?:\.(?P<field>\w+)(?:\[(?P<index>\d+)\])?)?')


def panels(kind: str) -> list[dict[str, Any]]:
    return [config for key, config in LAYOUT['configById'].items() if key.split('!')[0] == kind]


def placed(node: str | dict[str, Any]) -> Iterator[str]:
    """Panels of a mosaic; each split has a direction, two sides and a share."""
    if isinstance(node, str):
        yield node
        return
    assert set(node) <= {'direction', 'first', 'second', 'splitPercentage'}
    assert node['direction'] in ('row', 'column')
    assert 0 < node.get('splitPercentage', 50) < 100
    yield from placed(node['first'])
    yield from placed(node['second'])


def paths() -> list[dict[str, Any]]:
    """Every path of a panel that draws."""
    return [
        path
        for kind in ('Plot', 'StateTransitions')
        for each in panels(kind)
        for path in each['paths']
    ]


def test_foxglove_knows_every_panel_and_key() -> None:
    assert set(LAYOUT) <= LAYOUT_KEYS
    for key, config in LAYOUT['configById'].items():
        kind, separator, name = key.partition('!')
        assert separator
        assert name
        assert set(config) <= PANELS[kind] | TITLES, key
    for path in paths():
        assert set(path) <= PATH_KEYS
        assert path['timestampMethod'] in ('receiveTime', 'headerStamp')


def test_foxglove_places_every_panel_once() -> None:
    assert sorted(placed(LAYOUT['layout'])) == sorted(LAYOUT['configById'])


@pytest.mark.parametrize('value', [path['value'] for path in paths()])
def test_foxglove_draws_fields_that_there_are(value: str) -> None:
    found = MESSAGE_PATH.fullmatch(value)
    assert found is not None
    fields = SHOWN_TOPICS[found['topic']].get_fields_and_field_types()
    assert found['field'] in fields
    assert fields[found['field']].startswith('sequence') == (found['index'] is not None)
    if found['index'] is not None:
        assert int(found['index']) < len(GARMENT)


def test_foxglove_names_each_chamber_as_the_garment_does() -> None:
    labels = {
        path['value']: path['label']
        for each in panels('Plot')
        for path in each['paths']
        if PRESSURES.name in path['value']
    }
    assert labels == {
        f'/{OPTIONS.namespace}/{PRESSURES.name}.pressure[{place}]': name
        for place, name in enumerate(GARMENT.chamber_names)
    }


def test_foxglove_shows_topics_that_there_are() -> None:
    for panel in panels('RawMessages'):
        assert panel['topicPath'] in SHOWN_TOPICS
    for panel in panels('3D'):
        assert {SHOWN_TOPICS[topic] for topic in panel['topics']} == {MARKERS.type}
        assert panel['followTf'] == FRAME
    assert {panel['topicToRender'] for panel in panels('DiagnosticSummary')} <= set(SHOWN_TOPICS)
    assert {panel['topicToRender'] for panel in panels('RosOut')} == {'/rosout'}
