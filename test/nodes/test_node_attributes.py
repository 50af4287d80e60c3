"""A node class must not overwrite what rclpy keeps in the same object."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

import rclpy
from rclpy.context import Context
from rclpy.node import Node

from compression_boot_control.system import EXECUTABLES, PLAYER, TUNER, VIEWS


def own_attributes(path: Path) -> set[str]:
    """Names that the classes of a file set on themselves."""
    return {
        target.attr
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        for target in [node]
        if isinstance(target.value, ast.Name) and target.value.id == 'self'
    }


@pytest.fixture(scope='module')
def attributes_of_rclpy() -> set[str]:
    context = Context()
    rclpy.init(context=context)
    node = Node('witness', context=context)
    try:
        return {name for name in vars(node) if not name.startswith('_Node__')} | set(dir(Node))
    finally:
        node.destroy_node()
        context.shutdown()


@pytest.mark.parametrize('name', [*EXECUTABLES, TUNER, VIEWS, PLAYER])
def test_node_overwrites_nothing_of_rclpy(name: str, attributes_of_rclpy: set[str]) -> None:
    spec = find_spec(f'compression_boot_control.nodes.{name}')
    assert spec is not None
    assert spec.origin is not None
    own = own_attributes(Path(spec.origin))
    assert own
    assert not own & attributes_of_rclpy
