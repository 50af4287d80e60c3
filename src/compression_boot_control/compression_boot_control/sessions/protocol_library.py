"""Finds protocols by name, path or text, and joins each with the one that it extends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compression_boot_control.core.session_errors import ProtocolError
from compression_boot_control.file_validation import near_name, shown
from compression_boot_control.resources import protocol_directories, yaml_files
from compression_boot_control.sessions.protocol_file import Protocol, to_protocol
from compression_boot_control.yaml_file import (
    Document,
    FileError,
    Location,
    Place,
    field_name,
    parse_yaml,
    read_yaml,
)

EXTENDS_LIMIT = 8
"""Longest chain of protocols that extend each other."""

TEXT_LIMIT = 100_000
"""Longest protocol text that comes with a request [characters]: reading must not hold up a node."""


class UnknownProtocolError(FileError):
    """There is no protocol of this name in the library."""


@dataclass(frozen=True)
class LibraryEntry:
    """A protocol of the library, or the reason why it cannot be used.

    Attributes
    ----------
    name : str
        Name of the file without its extension.
    path : Path
    protocol : Protocol or None
    problems : tuple of str
        Lines of the `FileError`; empty when there is a protocol.
    """

    name: str
    path: Path
    protocol: Protocol | None
    problems: tuple[str, ...] = ()


def library_files() -> dict[str, Path]:
    """Files of the library by name; the project's own go before a person's."""
    found: dict[str, Path] = {}
    for directory in protocol_directories():
        found = yaml_files(directory) | found
    return found


def list_protocols() -> tuple[LibraryEntry, ...]:
    """All protocols of the library, also those that cannot be used."""
    entries = []
    for name, path in sorted(library_files().items()):
        try:
            entries.append(LibraryEntry(name, path, load_protocol(name, paths=False)))
        except FileError as error:
            entries.append(LibraryEntry(name, path, None, error.lines))
    return tuple(entries)


def load_protocol(
    name_or_path_or_text: str | Path,
    *,
    paths: bool = True,
    zone_order: Sequence[str] | None = None,
) -> Protocol:
    """Read a protocol.

    Parameters
    ----------
    name_or_path_or_text : str or Path
        A name in the library, a path (with a slash or ending in .yaml), or YAML text (with a
        line break or a colon and a space).
    paths : bool
        Whether a string may be a path: not when it comes over a network.
    zone_order : sequence of str, optional
        Zones of the garment that it is for, to check the protocol's zones on their lines.

    Raises
    ------
    UnknownProtocolError
        There is no protocol of this name.
    FileError
        It cannot be read, or is wrong.
    """
    return read_protocol(name_or_path_or_text, paths=paths, zone_order=zone_order)[0]


def read_protocol(
    name_or_path_or_text: str | Path,
    *,
    paths: bool = True,
    zone_order: Sequence[str] | None = None,
) -> tuple[Protocol, Document]:
    """As `load_protocol`, with the document that it stands in; see `on_its_line`."""
    document = extended(_document(name_or_path_or_text, paths))
    return to_protocol(document, zone_order), document


def on_its_line(error: ProtocolError, document: Document) -> str:
    """What a compiler has against a protocol, with the line and the field if one is to blame."""
    if not error.location:
        return error.message
    where = document.place(error.location)
    return f'{where}:{field_name(error.location, document.data)}: {error.message}'


def _document(wanted: str | Path, paths: bool) -> Document:
    if isinstance(wanted, Path):
        return read_yaml(wanted.expanduser())
    if '\n' in wanted or ': ' in wanted:
        if len(wanted) > TEXT_LIMIT:
            raise FileError(f'protocol:1:file: is too long; allowed: {TEXT_LIMIT} characters')
        return parse_yaml(wanted, 'protocol')
    if paths and ('/' in wanted or wanted.endswith(('.yaml', '.yml'))):
        return read_yaml(Path(wanted).expanduser())
    return _named(wanted, Place('protocol', 1), 'name')


def _named(name: str, asked_at: Place, field: str) -> Document:
    known = library_files()
    if name not in known:
        hint = near_name(name, known)
        raise UnknownProtocolError(
            f'{asked_at}:{field}: there is no protocol {shown(name)}{hint}; '
            f'allowed: {", ".join(known)}'
        )
    document = read_yaml(known[name])
    own_name = document.data.get('name')
    if own_name != name:
        # found by one name and recorded by another, a session could not be traced to its file
        raise FileError(
            f'{document.place(("name",))}:name: {shown(own_name)} is not the name of the file; '
            f'allowed: {name}'
        )
    return document


def extended(document: Document) -> Document:
    """Join a document with the protocols that it extends.

    Its fields replace theirs. A phase of the same name replaces only the fields that it names,
    unless it names a pattern; a new phase comes after the others.

    Raises
    ------
    FileError
        A protocol that is extended does not exist, or they extend each other in a circle.
    """
    chain = [document]
    seen = [document.data.get('name')]
    while (base := chain[-1].data.get('extends')) is not None:
        place = chain[-1].place(('extends',))
        if not isinstance(base, str):
            raise FileError(f'{place}:extends: {shown(base)} is no name; allowed: a protocol')
        if base in seen or len(chain) > EXTENDS_LIMIT:
            raise FileError(
                f'{place}:extends: {base} is this protocol or extends it; name another one'
            )
        seen.append(base)
        chain.append(_named(base, place, 'extends'))
    joined = chain.pop()
    while chain:
        joined = _joined(joined, chain.pop())
    return joined


def _joined(base: Document, change: Document) -> Document:
    data: dict[str, Any] = dict(base.data)
    places: dict[Location, Place] = {}
    _copy_places(base.places, (), (), places)
    for key, value in change.data.items():
        if key == 'phases' and isinstance(value, list) and isinstance(data.get(key), list):
            data[key] = _joined_phases(data[key], value, change.places, places)
            continue
        data[key] = value
        _forget(places, (key,))
        _copy_places(change.places, (key,), (key,), places)
    return Document(change.source, data, places)


def _joined_phases(
    base: list[Any],
    changes: list[Any],
    change_places: Mapping[Location, Place],
    places: dict[Location, Place],
) -> list[Any]:
    joined = list(base)
    names = [phase.get('name') if isinstance(phase, dict) else None for phase in joined]
    for index, phase in enumerate(changes):
        name = phase.get('name') if isinstance(phase, dict) else None
        if isinstance(name, str) and name in names:
            target = names.index(name)
            whole = 'pattern' in phase
            joined[target] = phase if whole else {**joined[target], **phase}
        else:
            target, whole = len(joined), True
            joined.append(phase)
            names.append(None)
        if whole:
            _forget(places, ('phases', target))
            _copy_places(change_places, ('phases', index), ('phases', target), places)
            continue
        for field in phase:
            _forget(places, ('phases', target, field))
            _copy_places(change_places, ('phases', index, field), ('phases', target, field), places)
    return joined


def _forget(places: dict[Location, Place], under: Location) -> None:
    for location in [one for one in places if one[: len(under)] == under]:
        del places[location]


def _copy_places(
    source: Mapping[Location, Place],
    start: Location,
    target: Location,
    places: dict[Location, Place],
) -> None:
    for location, place in source.items():
        if location[: len(start)] == start:
            places[target + location[len(start) :]] = place
