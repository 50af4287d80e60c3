"""Finds the files of a bag, also where its description is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from compression_boot_control.analysis.bag_metadata import METADATA_FILE, VERSION
from compression_boot_control.analysis.errors import BagError

SUFFIXES = {'.mcap': 'mcap', '.db3': 'sqlite3'}
"""Storage by the suffix of a file."""

COMPRESSED_SUFFIX = '.zstd'
"""Added to the name of a file that is compressed as a whole."""


@dataclass(frozen=True)
class StoredBag:
    """Where a bag is, and how it is stored.

    Attributes
    ----------
    files : tuple of Path
        In the order of the recording.
    storage : str
        ``mcap`` or ``sqlite3``.
    compression : str
        ``file`` or ``message`` if all files or all messages are compressed by zstd, else empty.
        Chunks of an MCAP file may be compressed besides.
    notes : tuple of str
        One line for each thing that a person should know.
    """

    files: tuple[Path, ...]
    storage: str
    compression: str
    notes: tuple[str, ...]


def stored_bag(path: Path) -> StoredBag:
    """Find a bag.

    Raises
    ------
    BagError
        There is no bag, it may not be read, or its storage is not known.
    """
    try:
        return _found_bag(path)
    except OSError as error:
        raise BagError.from_os('cannot open', path, error) from error


def bag_files(path: Path) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """MCAP files of a bag in their order, and notes on its ``metadata.yaml``.

    Raises
    ------
    BagError
        There is no bag, it may not be read, or its storage is not plain MCAP.
    """
    bag = stored_bag(path)
    if bag.storage != 'mcap' or bag.compression:
        raise BagError(
            f'{path} is stored as {"zstd" if bag.compression else bag.storage}, '
            'not as plain MCAP; convert it with: ros2 bag convert'
        )
    return bag.files, bag.notes


def is_bag(path: Path) -> bool:
    """Whether a folder or file looks like one bag.

    A folder is one if it has a description, or if its files are numbered parts of one recording.
    """
    if path.is_file():
        return _storage_of(path) != ''
    if not path.is_dir():
        return False
    if (path / METADATA_FILE).is_file():
        return True
    files = _files_in(path)
    stems = {file.name.partition('.')[0].rpartition('_')[0] for file in files}
    return len(files) == 1 or (len(stems) == 1 and stems != {''})


def find_bags(folder: Path) -> list[Path]:
    """All bags in a folder and in those inside it, sorted; folders of bags are not looked into.

    Raises
    ------
    BagError
        The folder may not be read.
    """
    found: list[Path] = []
    try:
        for entry in sorted(folder.iterdir()):
            if entry.name.startswith('.'):
                continue
            if is_bag(entry):
                found.append(entry)
            elif entry.is_dir() and not entry.is_symlink():
                found += find_bags(entry)
    except OSError as error:
        raise BagError.from_os('cannot look into', folder, error) from error
    return found


def _found_bag(path: Path) -> StoredBag:
    if path.is_file():
        compression = 'file' if path.suffix == COMPRESSED_SUFFIX else ''
        return StoredBag((path,), _storage_of(path) or 'mcap', compression, ())
    if not path.is_dir():
        raise BagError(f'there is no bag {path}; check the path')
    information, notes = _information(path)
    compression = str(information.get('compression_mode') or '').lower().replace('none', '')
    kind = information.get('compression_format') or 'zstd'
    storage = str(information.get('storage_identifier', ''))
    if compression not in ('', 'file', 'message') or (compression and kind != 'zstd'):
        raise BagError(
            f'{path} is compressed as {kind} by {compression}, which is not known; '
            'convert it with: ros2 bag convert'
        )
    if storage and storage not in SUFFIXES.values():
        raise BagError(
            f'{path} is stored as {storage}, not as MCAP or SQLite; convert it with: '
            'ros2 bag convert'
        )
    listed = [path / str(name) for name in information.get('relative_file_paths', ())]
    files = tuple(present for name in listed if (present := _present(name)) is not None)
    if len(files) < len(listed):
        notes += (f"{len(listed) - len(files)} of the bag's files are missing",)
    if not files:
        files = _files_in(path)
        storage = _storage_of(files[0]) if files else ''
        compression = 'file' if files and files[0].suffix == COMPRESSED_SUFFIX else compression
    if not files:
        raise BagError(
            f'{path} holds no MCAP file, nor one of SQLite; name the folder of a rosbag2 recording'
        )
    return StoredBag(files, storage or 'mcap', compression, notes)


def _present(file: Path) -> Path | None:
    """A listed file as it is on the disk; None if it is not there."""
    compressed = file.with_name(file.name + COMPRESSED_SUFFIX)
    return next((path for path in (file, compressed) if path.is_file()), None)


def _files_in(folder: Path) -> tuple[Path, ...]:
    """Files of a bag without description; those of MCAP go before others."""
    for suffix in ('.mcap', '.db3', f'.mcap{COMPRESSED_SUFFIX}', f'.db3{COMPRESSED_SUFFIX}'):
        if files := sorted(folder.glob(f'*{suffix}'), key=_file_number):
            return tuple(files)
    return ()


def _storage_of(file: Path) -> str:
    """Storage of a file by its name; empty if it is none of a bag."""
    name = file.name.removesuffix(COMPRESSED_SUFFIX)
    return SUFFIXES.get(Path(name).suffix, '')


def _information(folder: Path) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Content of ``metadata.yaml``, empty if it cannot be used, and notes."""
    try:
        text = (folder / METADATA_FILE).read_text(encoding='utf-8')
    except FileNotFoundError:
        return {}, (f'{METADATA_FILE} is missing: the recording was cut, or still goes on',)
    except UnicodeDecodeError:
        return {}, (f'{METADATA_FILE} is damaged',)
    try:
        information = yaml.safe_load(text)['rosbag2_bagfile_information']
        if not isinstance(information['relative_file_paths'], list):
            raise TypeError
        version = int(information.get('version', VERSION))
    except (yaml.YAMLError, KeyError, TypeError, ValueError):
        return {}, (f'{METADATA_FILE} is damaged',)
    if version > VERSION:
        return information, (
            f'the bag has version {version}, and this program knows versions up to {VERSION}: '
            'it is read as far as it is understood',
        )
    return information, ()


def _file_number(path: Path) -> tuple[int, str]:
    """Order of a recording's files: ``name_2.mcap`` before ``name_10.mcap``."""
    number = path.name.partition('.')[0].rpartition('_')[2]
    return (int(number) if number.isdecimal() else 0, path.name)
