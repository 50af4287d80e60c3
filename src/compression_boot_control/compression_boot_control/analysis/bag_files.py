"""Finds the files of a bag, also where its description is lost."""

from __future__ import annotations

from pathlib import Path

import yaml

from compression_boot_control.analysis.bag_metadata import METADATA_FILE
from compression_boot_control.analysis.errors import BagError


def bag_files(path: Path) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """MCAP files of a bag in their order, and notes on its ``metadata.yaml``.

    Raises
    ------
    BagError
        There is no bag, it may not be read, or its storage is not MCAP.
    """
    try:
        return _found_files(path)
    except OSError as error:
        raise BagError.from_os('cannot open', path, error) from error


def _found_files(path: Path) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    if path.is_file():
        return (path,), ()
    if not path.is_dir():
        raise BagError(f'there is no bag {path}; check the path')
    listed, notes = _listed_files(path)
    files = tuple(path / name for name in listed if (path / name).is_file())
    if len(files) < len(listed):
        notes += (f"{len(listed) - len(files)} of the bag's files are missing",)
    if not files:
        files = tuple(sorted(path.glob('*.mcap'), key=_file_number))
    if not files:
        raise BagError(f'{path} holds no MCAP file; name the folder of a rosbag2 recording')
    return files, notes


def _listed_files(folder: Path) -> tuple[list[str], tuple[str, ...]]:
    """File names in ``metadata.yaml``, and notes."""
    try:
        text = (folder / METADATA_FILE).read_text(encoding='utf-8')
    except FileNotFoundError:
        return [], (f'{METADATA_FILE} is missing: the recording was cut, or still goes on',)
    except UnicodeDecodeError:
        return [], (f'{METADATA_FILE} is damaged',)
    try:
        information = yaml.safe_load(text)['rosbag2_bagfile_information']
        storage, names = information['storage_identifier'], information['relative_file_paths']
        names = [str(name) for name in names]
    except (yaml.YAMLError, KeyError, TypeError):
        return [], (f'{METADATA_FILE} is damaged',)
    if storage != 'mcap' or information.get('compression_mode'):
        raise BagError(
            f'{folder} is stored as {information.get("compression_format") or storage}, '
            'not as plain MCAP; convert it with: ros2 bag convert'
        )
    return names, ()


def _file_number(path: Path) -> tuple[int, str]:
    """Order of a recording's files: ``name_2.mcap`` before ``name_10.mcap``."""
    number = path.stem.rpartition('_')[2]
    return (int(number) if number.isdecimal() else 0, path.name)
