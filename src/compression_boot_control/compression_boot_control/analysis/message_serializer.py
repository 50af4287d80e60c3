"""Makes messages as bytes from their definitions, for those who write bags without ROS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from rosbags.interfaces import Nodetype
from rosbags.interfaces.typing import FieldDesc
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from compression_boot_control.analysis.cdr_rows import encode_rows
from compression_boot_control.analysis.message_definitions import (
    MessageDefinition,
    message_definition,
)

PACKAGE = 'compression_boot_msgs/msg/'
"""Where the project's own message types are."""


class MessageSerializer:
    """Serializes messages by their definitions; no ROS is needed.

    Parameters
    ----------
    definition_of : callable
        Gives the `MessageDefinition` of a type name.
    """

    def __init__(
        self, definition_of: Callable[[str], MessageDefinition] = message_definition
    ) -> None:
        self._definition_of = definition_of
        self._types: dict[str, Any] = {}

    def types(self, type_name: str) -> Any:
        """Typestore of a type and of those inside it."""
        if type_name not in self._types:
            store = get_typestore(Stores.EMPTY)
            store.register(get_types_from_msg(self._definition_of(type_name).text, type_name))
            self._types[type_name] = store
        return self._types[type_name]

    def message(self, type_name: str, **fields: Any) -> bytes:
        """One message with a header of time 0."""
        store = self.types(type_name)
        time = store.types['builtin_interfaces/msg/Time'](0, 0)
        header = store.types['std_msgs/msg/Header'](time, '')
        known = {name: _blank(kind) for name, kind in store.fielddefs[type_name][1]}
        message = store.types[type_name](**(known | {'header': header} | fields))
        return bytes(store.serialize_cdr(message, type_name))

    def rows(self, type_name: str, pattern: bytes, columns: Mapping[str, ArrayLike]) -> list[bytes]:
        """Messages like a pattern; see `encode_rows`."""
        return encode_rows(pattern, type_name, self.types(type_name).fielddefs, columns)


def _blank(kind: FieldDesc) -> Any:
    """Value of a field that the simulation knows nothing of: zero, or empty."""
    if kind[0] == Nodetype.BASE:
        return {'string': '', 'bool': False}.get(kind[1][0], 0)
    if kind[0] == Nodetype.SEQUENCE:
        element = kind[1][0]
        plain = element[0] == Nodetype.BASE and element[1][0] != 'string'
        return np.empty(0, element[1][0]) if plain else []
    return None
