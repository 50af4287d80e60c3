"""A file of parameters is taken as ROS 2 has it, and what is wrong in it is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from compression_boot_control.parameter_file import load_parameters
from compression_boot_control.system import SystemOptions, describe_system
from compression_boot_control.yaml_file import FileError

KNOWN = {
    'chamber_control': {'kp': float, 'force_gains': bool},
    'session_recorder': {'split_size': int, 'directory': str},
}


def written(folder: Path, text: str) -> Path:
    file = folder / 'parameters.yaml'
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    'text',
    [
        'chamber_control: {kp: 8, force_gains: true}',
        '/boots/chamber_control: {ros__parameters: {kp: 8.0, force_gains: true}}',
    ],
)
def test_both_forms_are_taken_and_a_whole_number_serves_as_a_number(
    tmp_path: Path, text: str
) -> None:
    found = load_parameters(written(tmp_path, text), KNOWN)
    assert found == {'chamber_control': {'kp': 8.0, 'force_gains': True}}
    assert type(found['chamber_control']['kp']) is float


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('chamber_contrl: {kp: 1.0}', 'did you mean chamber_control'),
        ('chamber_control: {kpp: 1.0}', "no parameter 'kpp'"),
        ('chamber_control: {kp: fast}', "'fast' is no number"),
        ('chamber_control: {kp: true}', 'True is no number'),
        ('chamber_control: {kp: .nan}', 'nan is not finite'),
        ('chamber_control: {force_gains: 1}', '1 is neither true nor false'),
        ('session_recorder: {split_size: 1.5}', '1.5 is no whole number'),
        ('session_recorder: {directory: 7}', '7 is no text'),
        ('chamber_control: 3', 'no mapping'),
    ],
)
def test_wrong_parameter_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(FileError, match=said):
        load_parameters(written(tmp_path, text), KNOWN)


def test_parameters_go_to_their_node_and_into_the_provenance() -> None:
    options = SystemOptions(parameters={'chamber_control': {'kp': 8.0}})
    nodes = {node.executable: node for node in describe_system(options)}
    assert nodes['chamber_control'].parameters['kp'] == 8.0
    assert 'kp' not in nodes['pressure_sensing'].parameters
    assert '8.0' in str(nodes['session_recorder'].parameters['provenance'])
