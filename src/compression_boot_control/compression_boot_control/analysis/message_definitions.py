"""Definitions of message types, as a bag carries them.

A bag explains itself: each topic has the full text of its type and of every type inside it (the
``ros2msg`` form of MCAP), and the type's RIHS01 hash. Both come from the interface files that every
interface package installs into its share folder, and that a source tree has as well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rosbags.interfaces import Nodetype
from rosbags.interfaces.typing import Typesdict
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.base import TypesysError
from rosbags.typesys.store import Typestore

from compression_boot_control.analysis.errors import BagError

SEPARATOR = '=' * 80

ACTION_SUFFIXES = {'_Goal': 0, '_Result': 1, '_Feedback': 2}
"""Types that an action file defines itself, and their part between its ``---`` lines."""

SERVICE_SUFFIXES = {'_Request': 0, '_Response': 1}
"""The same of a service file."""


@dataclass(frozen=True)
class MessageDefinition:
    """A type with everything that it is made of.

    Attributes
    ----------
    type_name : str
        For example ``std_msgs/msg/Header``.
    text : str
        Definition with its dependencies appended, in the ``ros2msg`` form of MCAP.
    type_hash : str
        RIHS01 hash, as ROS 2 computes it; empty for what an action or a service implies.
    """

    type_name: str
    text: str
    type_hash: str


def share_folders() -> tuple[Path, ...]:
    """Share folders of the sourced ROS 2 workspaces, the overlay first."""
    prefixes = os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    return tuple(Path(prefix) / 'share' for prefix in prefixes if prefix)


def message_definition(type_name: str, folders: Sequence[Path] | None = None) -> MessageDefinition:
    """Look a type up and put its definition together.

    Parameters
    ----------
    type_name : str
        ``package/msg/Type``, or a message that an action or a service implies, such as
        ``package/action/Type_FeedbackMessage`` or ``package/srv/Type_Event``.
    folders : sequence of Path, optional
        Folders that hold packages, searched in this order; default `share_folders`. Types of the
        standard packages that are in none of them are those of ROS 2 Jazzy.

    Raises
    ------
    BagError
        The type, or one inside it, is unknown or malformed.
    """
    return _definition(type_name, tuple(share_folders() if folders is None else folders))


@cache
def _definition(type_name: str, folders: tuple[Path, ...]) -> MessageDefinition:
    texts: dict[str, str] = {}
    parsed = {}
    waiting = [type_name]
    while waiting:
        name = waiting.pop(0)
        if name in texts:
            continue
        texts[name] = _own_text(name, folders)
        # rosbags knows no types of services, and would take them for something else
        known_as = as_message(name)
        try:
            types = get_types_from_msg(as_message(texts[name]), known_as)
        except TypesysError as error:
            raise BagError(f'the definition of {name} is malformed; correct its file') from error
        parsed.update(types)
        waiting.extend(_source_name(name, found) for found in _named_types(types[known_as][1]))
    first, *others = texts
    sections = [_short_references(texts[first])]
    sections += [f'MSG: {_short(name)}\n{_short_references(texts[name])}' for name in others]
    if type_name.split('/')[1] == 'msg':
        type_hash = _installed_hash(type_name, folders) or _own_hash(type_name, parsed)
    else:
        # `ros2msg` knows no folder but msg, so a reader that checks would get another hash
        type_hash = ''
    return MessageDefinition(type_name, f'{SEPARATOR}\n'.join(sections), type_hash)


def _own_hash(type_name: str, types: Typesdict) -> str:
    store = get_typestore(Stores.EMPTY)
    store.register(types)
    return store.hash_rihs01(type_name)


def _installed_hash(type_name: str, folders: tuple[Path, ...]) -> str | None:
    """RIHS01 hash that ROS 2's generator left beside an installed interface file, if any."""
    package, kind, name = type_name.split('/')
    for file in (f'{name}.json', f'{name.rpartition("_")[0]}.json'):
        text = _file_text(folders, package, kind, file)
        if text is not None:
            hashes = json.loads(text)['type_hashes']
            return next((h['hash_string'] for h in hashes if h['type_name'] == type_name), None)
    return None


def _named_types(fields: Sequence[tuple[str, tuple[Nodetype, object]]]) -> Iterator[str]:
    """Types of the fields that are messages, alone or in arrays."""
    for _, (node, detail) in fields:
        while node in (Nodetype.ARRAY, Nodetype.SEQUENCE):
            node, detail = detail[0]  # type: ignore[index]
        if node == Nodetype.NAME:
            yield str(detail)


def as_message(text: str) -> str:
    """Names of a service's types as those of messages, by which `rosbags` parses them."""
    return text.replace('/srv/', '/msg/')


def _source_name(outer: str, found: str) -> str:
    """Name of a type found in another one, by which its file is looked up."""
    if '/srv/' in outer and found.endswith(tuple(SERVICE_SUFFIXES)):
        return found.replace('/msg/', '/srv/')
    return found


def _short(type_name: str) -> str:
    """``package/Type``, the name that the ``ros2msg`` form uses."""
    package, _, name = type_name.split('/')
    return f'{package}/{name}'


def _short_references(text: str) -> str:
    """Text in which types of actions and services are named as messages are: ``package/Type``."""
    return text.replace('/action/', '/').replace('/srv/', '/')


def _own_text(type_name: str, folders: tuple[Path, ...]) -> str:
    """Text of one type without its dependencies, ended by a line break."""
    try:
        package, kind, name = type_name.split('/')
    except ValueError:
        raise BagError(f'{type_name!r} is no type name; use package/msg/Type') from None
    if kind == 'action':
        text = _action_text(package, name, folders)
    elif kind == 'srv':
        text = _service_text(package, name, folders)
    else:
        text = _file_text(folders, package, kind, f'{name}.msg') or _standard_text(type_name)
    if text is None:
        raise BagError(
            f'no definition of {type_name} found; source the workspace that has {package}'
        )
    return text if text.endswith('\n') else text + '\n'


def _action_text(package: str, name: str, folders: tuple[Path, ...]) -> str | None:
    """Text of a message that an action file implies.

    The wrappers follow the design of ROS 2 actions: feedback carries the goal's id beside the
    part of the action file.
    """
    action = name.removesuffix('_FeedbackMessage')
    if action != name:
        return f'unique_identifier_msgs/UUID goal_id\n{package}/action/{action}_Feedback feedback\n'
    return _part_text(package, 'action', name, ACTION_SUFFIXES, folders)


def _service_text(package: str, name: str, folders: tuple[Path, ...]) -> str | None:
    """Text of a message that a service file implies.

    The event follows the design of ROS 2 service introspection (REP 2012).
    """
    service = name.removesuffix('_Event')
    if service != name:
        return (
            'service_msgs/ServiceEventInfo info\n'
            f'{package}/srv/{service}_Request[<=1] request\n'
            f'{package}/srv/{service}_Response[<=1] response\n'
        )
    return _part_text(package, 'srv', name, SERVICE_SUFFIXES, folders)


def _part_text(
    package: str,
    kind: str,
    name: str,
    suffixes: Mapping[str, int],
    folders: tuple[Path, ...],
) -> str | None:
    """Text of a type that is a part of an interface file."""
    for suffix, part in suffixes.items():
        if name.endswith(suffix):
            text = _file_text(folders, package, kind, f'{name.removesuffix(suffix)}.{kind}')
            return None if text is None else _file_part(text, part)
    return None


def _file_part(text: str, part: int) -> str:
    """One of the parts between the ``---`` lines of an interface file."""
    parts: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip() == '---':
            parts.append([])
        else:
            parts[-1].append(line)
    return '\n'.join(parts[part]) + '\n'


def _file_text(folders: tuple[Path, ...], package: str, kind: str, file: str) -> str | None:
    for folder in folders:
        path = folder / package / kind / file
        if path.is_file():
            return path.read_text(encoding='utf-8')
    return None


@cache
def _standard_types() -> Typestore:
    return get_typestore(Stores.ROS2_JAZZY)


def _standard_text(type_name: str) -> str | None:
    """Text of a type of ROS 2 Jazzy's standard packages, without comments."""
    store = _standard_types()
    if type_name not in store.fielddefs:
        return None
    text, _ = store.generate_msgdef(type_name, ros_version=2)
    return text.split(SEPARATOR + '\n', 1)[0]
