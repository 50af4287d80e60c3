"""Where the configuration is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from compression_boot_control import resources
from compression_boot_control.yaml_file import FileError


def installed(prefix: Path) -> Path:
    config = prefix / 'share/compression_boots/config'
    (config / 'garments').mkdir(parents=True)
    return config


def test_the_variable_goes_before_everything(tmp_path: Path) -> None:
    environment = {'COMPRESSION_BOOTS_CONFIG': str(tmp_path), 'AMENT_PREFIX_PATH': '/opt'}
    assert resources.config_directory(environment) == tmp_path


def test_a_wrong_variable_is_an_error_and_not_ignored(tmp_path: Path) -> None:
    with pytest.raises(FileError, match='correct or unset COMPRESSION_BOOTS_CONFIG'):
        resources.config_directory({'COMPRESSION_BOOTS_CONFIG': str(tmp_path / 'none')})


def test_a_source_tree_uses_its_own_files() -> None:
    assert (resources.config_directory({}) / 'protocols' / 'beginner.yaml').is_file()


def test_an_install_is_found_through_the_ament_prefix_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, 'SOURCE_TREE', tmp_path / 'none')
    config = installed(tmp_path / 'boots')
    environment = {'AMENT_PREFIX_PATH': f'{tmp_path}/other::{tmp_path}/boots'}
    assert resources.config_directory(environment) == config


def test_without_any_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, 'SOURCE_TREE', tmp_path / 'none')
    with pytest.raises(FileError, match='source the workspace, or set'):
        resources.config_directory({'AMENT_PREFIX_PATH': ''})


def test_own_protocols_lie_in_the_configuration_home() -> None:
    assert resources.user_protocol_directory({'XDG_CONFIG_HOME': '/x'}) == Path(
        '/x/compression_boots/protocols'
    )
    assert resources.user_protocol_directory({}).parts[-3:] == (
        '.config',
        'compression_boots',
        'protocols',
    )


def test_only_yaml_files_of_a_folder_count(tmp_path: Path) -> None:
    (tmp_path / 'b.yaml').touch()
    (tmp_path / 'a.yaml').touch()
    (tmp_path / 'c.txt').touch()
    (tmp_path / 'd.yaml').mkdir()
    assert list(resources.yaml_files(tmp_path)) == ['a', 'b']
    assert resources.yaml_files(tmp_path / 'none') == {}
