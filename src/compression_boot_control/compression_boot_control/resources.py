"""Finds the configuration files: in a source tree, in a colcon install, or where a person says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from compression_boot_control.yaml_file import FileError

CONFIG_VARIABLE = 'COMPRESSION_BOOTS_CONFIG'
"""Environment variable that names the folder to use instead."""

SOURCE_TREE = Path(__file__).resolve().parents[3]
"""Root of the project, if this file lies in its source tree."""


def config_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Folder that holds garments/, protocols/ and schema/.

    Raises
    ------
    FileError
        There is none.
    """
    if chosen := environment.get(CONFIG_VARIABLE):
        if not Path(chosen).is_dir():
            raise FileError(f'{chosen}:1:file: no such folder; correct or unset {CONFIG_VARIABLE}')
        return Path(chosen)
    prefixes = environment.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    # a source tree goes with its own files, even where another version is installed
    candidates = [SOURCE_TREE / 'config']
    candidates += [Path(prefix) / 'share/compression_boots/config' for prefix in prefixes if prefix]
    for candidate in candidates:
        if (candidate / 'garments').is_dir():
            return candidate
    raise FileError(
        f'config:1:file: no configuration found; source the workspace, or set {CONFIG_VARIABLE}'
    )


def user_protocol_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Folder of a person's own protocols; it need not exist."""
    base = environment.get('XDG_CONFIG_HOME') or str(Path.home() / '.config')
    return Path(base) / 'compression_boots' / 'protocols'


def protocol_directories(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Folders with protocols; a name in an earlier one goes before the same in a later one."""
    return (config_directory(environment) / 'protocols', user_protocol_directory(environment))


def garment_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Folder with garments."""
    return config_directory(environment) / 'garments'


def yaml_files(directory: Path) -> dict[str, Path]:
    """YAML files of a folder by name without extension, sorted; empty if there is no folder."""
    if not directory.is_dir():
        return {}
    return {path.stem: path for path in sorted(directory.glob('*.yaml')) if path.is_file()}
