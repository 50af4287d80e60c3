"""Reads YAML of unknown origin into plain data, and remembers on which line everything stands.

Stricter than YAML: a mapping's keys are plain and not repeated, aliases expand within a budget,
tags are refused, and numbers are those of YAML 1.2, so that ``1:30`` is not 90 and ``off`` is not
False. Whatever the text is, the only exception is `FileError`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SIZE_LIMIT = 1_000_000
"""Longest file that is read [bytes]."""

NODE_LIMIT = 10_000
"""Most values that a file may hold, aliases expanded."""

DEPTH_LIMIT = 20
"""Deepest nesting."""

NUMBER_LENGTH_LIMIT = 40
"""Longest text that is taken for a number."""

KEY_LENGTH = 40
"""A longer key is cut in messages."""

NULL = re.compile(r'~|null|Null|NULL|')
BOOLEAN = re.compile(r'true|True|TRUE|false|False|FALSE')
INTEGER = re.compile(r'[-+]?[0-9]+')
REAL = re.compile(r'[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?')
INFINITE = re.compile(r'([-+]?)\.(inf|Inf|INF)')
NOT_A_NUMBER = re.compile(r'\.(nan|NaN|NAN)')

TOO_MANY = f'holds too many values (each use of an alias counts); allowed: up to {NODE_LIMIT}'

TOO_DEEP = f'is nested too deeply; allowed: up to {DEPTH_LIMIT} levels'

Location = tuple[str | int, ...]
"""Keys and indices that lead from the top of a document to a value."""


class FileError(Exception):
    """A file that cannot be used, with one line for each thing that is wrong with it.

    Attributes
    ----------
    lines : tuple of str
        Each ``file:line:field: what is wrong; what is allowed``.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__('\n'.join(lines))
        self.lines = lines


class MissingFileError(FileError):
    """There is no such file."""


@dataclass(frozen=True)
class Place:
    """Where a value stands: the name of its source, and the line from 1."""

    source: str
    line: int

    def __str__(self) -> str:
        return f'{self.source}:{self.line}'


@dataclass(frozen=True)
class Document:
    """A mapping read from YAML, and where its values stand.

    Attributes
    ----------
    source : str
        Name of the file, for messages.
    data : dict
        Plain dicts, lists, strings, numbers, booleans and None.
    places : mapping of `Location` to `Place`
        Of every value; a value in a mapping stands where its key does.
    """

    source: str
    data: dict[str, Any]
    places: Mapping[Location, Place] = field(repr=False)

    def place(self, location: Location) -> Place:
        """Where `location` stands, or the nearest thing around it that does exist."""
        while location and location not in self.places:
            location = location[:-1]
        return self.places.get(location, Place(self.source, 1))


def read_yaml(path: Path, *, source: str | None = None) -> Document:
    """Read a file; see `parse_yaml`.

    Raises
    ------
    FileError
        It cannot be read, is too large, or `parse_yaml` refuses it.
    """
    name = source or str(path)
    try:
        if not path.is_file():
            raise MissingFileError(f'{name}:1:file: no such file; check the name')
        size = path.stat().st_size
        if size > SIZE_LIMIT:
            raise FileError(
                f'{name}:1:file: {size / 1e6:.1f} MB is too large, it was not read; '
                f'allowed: up to {SIZE_LIMIT / 1e6:g} MB'
            )
        with path.open('rb') as stream:
            content = stream.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise FileError(f'{name}:1:file: cannot be read: {reason}; check its rights') from None
    try:
        text = content.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        line = content.count(b'\n', 0, error.start) + 1
        raise FileError(f'{name}:{line}:file: is not text; allowed: YAML in UTF-8') from None
    return parse_yaml(text, name)


def parse_yaml(text: str, source: str = 'text') -> Document:
    """Read one YAML document whose top is a mapping.

    Parameters
    ----------
    text : str
    source : str
        Name of the text in messages.

    Raises
    ------
    FileError
    """
    if len(text) > SIZE_LIMIT:
        raise FileError(f'{source}:1:file: is too large; allowed: up to {SIZE_LIMIT / 1e6:g} MB')
    try:
        _check_events(text, source)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = ' '.join(str(error.problem).split())
        raise FileError(f'{source}:{line}:file: is not YAML: {problem}') from None
    except yaml.reader.ReaderError as error:
        line = text.count('\n', 0, error.position) + 1
        raise FileError(f'{source}:{line}:file: is not YAML: a character is not allowed') from None
    except FileError:
        raise
    except Exception as error:  # noqa: BLE001 - PyYAML lets any error through for some texts
        problem = ' '.join(str(error).split())
        raise FileError(f'{source}:1:file: is not YAML: {problem}') from None
    if root is None or (isinstance(root, yaml.ScalarNode) and _scalar(root) is None):
        raise FileError(f'{source}:1:file: is empty; allowed: lines of "field: value"')
    if not isinstance(root, yaml.MappingNode):
        raise FileError(f'{source}:1:file: is not a mapping; allowed: lines of "field: value"')
    reader = _NodeReader(source)
    data = reader.value_of(root, (), root)
    if reader.problems:
        raise FileError(*reader.problems)
    return Document(source, data, reader.places)


def _check_events(text: str, source: str) -> None:
    """Refuse what would be slow or unsafe to compose; parsing to events needs no recursion."""
    depth = nodes = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        problem = None
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                problem = 'has a second document ("---"); allowed: one'
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.NodeEvent):
            nodes += 1
            if nodes > NODE_LIMIT:
                problem = TOO_MANY
            if getattr(event, 'tag', None) is not None:
                problem = f'tag {getattr(event, "tag", "")!r} is not allowed; remove it'
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > DEPTH_LIMIT:
                    problem = TOO_DEEP
        if problem is not None:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise FileError(f'{source}:{line}:file: {problem}')


class _NodeReader:
    """Turns composed nodes into plain data; notes places and problems."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.places: dict[Location, Place] = {}
        self.problems: list[str] = []
        self._open: list[yaml.Node] = []
        self._count = 0

    def value_of(self, node: yaml.Node, location: Location, standing_at: yaml.Node) -> Any:
        """Plain data of `node`, whose line is that of `standing_at`."""
        place = Place(self.source, standing_at.start_mark.line + 1)
        self.places[location] = place
        self._count += 1
        if self._count > NODE_LIMIT:
            raise FileError(f'{place}:file: {TOO_MANY}')
        if any(node is outer for outer in self._open):
            raise FileError(f'{place}:file: an anchor contains itself; write the value out')
        if len(self._open) > DEPTH_LIMIT:
            raise FileError(f'{place}:file: {TOO_DEEP}')
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        self._open.append(node)
        if isinstance(node, yaml.MappingNode):
            value: Any = self._mapping(node, location)
        else:
            value = [
                self.value_of(item, (*location, index), item)
                for index, item in enumerate(node.value)
            ]
        self._open.pop()
        return value

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = Place(self.source, key_node.start_mark.line + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(f'{place}:file: a key is not a word; allowed: "field: value"')
                continue
            key = key_node.value
            if key in data:
                first = self.places[(*location, key)].line
                self.problems.append(
                    f'{place}:{field_name((*location, key))}: is given twice, first on line '
                    f'{first}; remove one'
                )
                continue
            data[key] = self.value_of(value_node, (*location, key), key_node)
        return data


def field_name(location: Location, data: object = None) -> str:
    """Name a location as a person would: ``phases[main].dwell_s``.

    Parameters
    ----------
    location : Location
    data : object, optional
        What it leads into; items of its lists that have a name are called by it.
    """
    name = ''
    for part in location:
        if isinstance(part, int):
            data = data[part] if isinstance(data, list) and part < len(data) else None
            own_name = data.get('name') if isinstance(data, dict) else None
            name += f'[{_printable(own_name) if isinstance(own_name, str) else part}]'
        else:
            data = data.get(part) if isinstance(data, dict) else None
            name += f'.{_printable(part)}' if name else _printable(part)
    return name or 'file'


def _printable(key: str) -> str:
    """Text from a file, so that it neither breaks a line nor steers a terminal."""
    key = key if key.isprintable() else ascii(key)
    return key if len(key) <= KEY_LENGTH else key[:KEY_LENGTH] + '...'


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    """Value of a scalar by the core schema of YAML 1.2; quoted ones are text."""
    text: str = node.value
    if node.style is not None or len(text) > NUMBER_LENGTH_LIMIT:
        return text
    if NULL.fullmatch(text):
        return None
    if BOOLEAN.fullmatch(text):
        return text.lower() == 'true'
    if INTEGER.fullmatch(text):
        return int(text)
    if REAL.fullmatch(text):
        return float(text)
    if infinite := INFINITE.fullmatch(text):
        return float(infinite[1] + 'inf')
    if NOT_A_NUMBER.fullmatch(text):
        return float('nan')
    return text
