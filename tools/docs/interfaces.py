"""Writes docs/interfaces.md from the message files, the topic table and the parameter tables.

Run as ``python tools/docs/interfaces.py``. With ``--check`` it writes nothing, and fails when the
page is out of date.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from compression_boot_control.nodes import interfaces
from compression_boot_control.nodes.interfaces import Service, Topic
from compression_boot_control.nodes.parameters import Parameter
from compression_boot_control.system import DEVICE_TEST, EXECUTABLES, PLAYER, TUNER, VIEWS

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = ROOT / 'src' / 'compression_boot_msgs'
PAGE = ROOT / 'docs' / 'interfaces.md'

HEADING = """# Interfaces

Made by `make docs` from the message files, `nodes/interfaces.py` and the parameter tables of the
nodes; do not edit it here.

All names are relative: with the default namespace, `pressures` is `/boots/pressures`. Units are SI
on the wire (Pa, s, kg, m3); screens and files for people use mmHg, minutes and litres. Receivers
match chambers by name, never by position.
"""


def qos_words(qos: QoSProfile) -> str:
    """Quality of service in a few words."""
    words = [
        'reliable' if qos.reliability == ReliabilityPolicy.RELIABLE else 'best effort',
        f'depth {qos.depth}',
    ]
    if qos.durability == DurabilityPolicy.TRANSIENT_LOCAL:
        words.append('latched')
    if 0 < qos.deadline.nanoseconds < 10**12:
        words.append(f'deadline {qos.deadline.nanoseconds / 1e9:g} s')
    return ', '.join(words)


def type_name(kind: type) -> str:
    """Package and name of a message type, as in a message file."""
    return f'{kind.__module__.split(".")[0]}/{kind.__name__}'


def of_kind(kind: type) -> list[object]:
    """All tables' entries of one class, in the order in which they are written."""
    return [value for value in vars(interfaces).values() if isinstance(value, kind)]


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Markdown table."""
    names = list(header)
    lines = [f'| {" | ".join(names)} |', '|' + '---|' * len(names)]
    return [*lines, *(f'| {" | ".join(row)} |' for row in rows), '']


def topics() -> list[str]:
    """Table of topics."""
    entries = [entry for entry in of_kind(Topic) if isinstance(entry, Topic)]
    rows = [
        (f'`{entry.name}`', f'`{type_name(entry.type)}`', qos_words(entry.qos), entry.text)
        for entry in entries
    ]
    return ['## Topics', '', *table(('topic', 'type', 'quality of service', 'carries'), rows)]


def services() -> list[str]:
    """Table of services and actions."""
    entries = [entry for entry in of_kind(Service) if isinstance(entry, Service)]
    rows = [(f'`{entry.name}`', f'`{type_name(entry.type)}`', entry.text) for entry in entries]
    return ['## Services and actions', '', *table(('name', 'type', 'does'), rows)]


def limits(parameter: Parameter) -> str:
    """Range of a parameter in words."""
    if parameter.low is None or parameter.high is None:
        return ''
    return f'{parameter.low:g} to {parameter.high:g}'


def parameters() -> list[str]:
    """One table of parameters for each node."""
    lines = [
        '## Parameters',
        '',
        'All are read-only while a node runs. `boots up --parameters FILE` and the argument',
        '`parameters:=FILE` of `launch/boots.launch.py` give them to the nodes of a system, except',
        'those that have an option of their own:',
        '',
        '    chamber_control:',
        '      ros__parameters:',
        '        kp: 8.0',
        '',
    ]
    for executable in (*EXECUTABLES, DEVICE_TEST, TUNER, VIEWS, PLAYER):
        module = import_module(f'compression_boot_control.nodes.{executable}')
        rows = [
            (
                f'`{row.name}`',
                type(row.default).__name__,
                f'`{row.default!r}`',
                limits(row),
                row.text,
            )
            for row in module.PARAMETERS
        ]
        header = ('parameter', 'type', 'default', 'range', 'text')
        lines += [f'### {executable}', '', *table(header, rows)]
    return lines


def definitions() -> list[str]:
    """Every message file as it is."""
    lines = ['## Messages, services and actions', '']
    for folder in ('msg', 'srv', 'action'):
        for path in sorted((MESSAGES / folder).glob(f'*.{folder}')):
            text = path.read_text(encoding='utf-8').rstrip()
            lines += [f'### {folder}/{path.stem}', '', '```', text, '```', '']
    return lines


def page() -> str:
    """The whole page."""
    parts = [HEADING.splitlines(), [''], topics(), services(), parameters(), definitions()]
    return '\n'.join(line for part in parts for line in part).rstrip() + '\n'


def main() -> int:
    """Write the page, or check that it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--check', action='store_true', help='only tell whether it is up to date')
    text = page()
    if parser.parse_args().check:
        current = PAGE.read_text(encoding='utf-8') if PAGE.exists() else ''
        if current != text:
            print('docs/interfaces.md is not up to date: run make docs', file=sys.stderr)
            return 1
        return 0
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding='utf-8')
    print(f'wrote {PAGE.relative_to(ROOT)}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
