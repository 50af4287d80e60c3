"""The JSON Schemas agree with the models, and with the files of the project."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from compression_boot_control.resources import SOURCE_TREE
from compression_boot_control.sessions.protocol_schema import protocol_schema

CONFIG = SOURCE_TREE / 'config'


@pytest.fixture(scope='module')
def writer() -> ModuleType:
    path = SOURCE_TREE / 'tools/docs/schemas.py'
    if not path.is_file():
        pytest.skip('not in a source tree')
    spec = importlib.util.spec_from_file_location('schemas', path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_schema_files_are_up_to_date(writer: ModuleType) -> None:
    assert writer.outdated() == [], 'run: python tools/docs/schemas.py'


def check(schema: dict[str, Any], data: object) -> list[str]:
    jsonschema = pytest.importorskip('jsonschema')
    validator = jsonschema.Draft202012Validator(schema)
    return [error.message for error in validator.iter_errors(data)]


@pytest.mark.parametrize(
    'path', sorted((CONFIG / 'protocols').glob('*.yaml')), ids=lambda p: p.stem
)
def test_every_protocol_fits_the_schema(path: Path) -> None:
    assert check(protocol_schema(), yaml.safe_load(path.read_text('utf-8'))) == []


def test_an_extension_may_leave_out_fields_and_another_may_not(trial: str) -> None:
    extension: dict[str, Any] = {'format': 1, 'name': 'x', 'extends': 'beginner'}
    extension['phases'] = [{'name': 'main', 'dwell_s': 40}]
    assert check(protocol_schema(), extension) == []
    del extension['extends']
    assert check(protocol_schema(), extension) != []


@pytest.mark.parametrize(
    ('old', 'new'),
    [('dwell_s: 50', 'dwell_s: 0'), ('foot_mmhg: 60', 'foot_mmhg: 5333'), ('name: m', 'nam: m')],
)
def test_the_schema_refuses_what_the_program_refuses(trial: str, old: str, new: str) -> None:
    assert check(protocol_schema(), yaml.safe_load(trial)) == []
    assert check(protocol_schema(), yaml.safe_load(trial.replace(old, new))) != []
