"""Parameters of the nodes: type, default, range and text in one place.

Each node lists its `Parameter` rows; they declare the ROS parameters and make their documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node


class ConfigurationError(RuntimeError):
    """A node cannot work with what it was given; the text is one line with cause and cure."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a node; read-only while it runs.

    Attributes
    ----------
    name : str
    default : bool, int, float or str
        Its type is the parameter's.
    text : str
        What it is, with its unit.
    low, high : float or None
        Allowed range of a number.
    """

    name: str
    default: bool | int | float | str
    text: str
    low: float | None = None
    high: float | None = None

    def descriptor(self) -> ParameterDescriptor:
        """Descriptor that makes rclpy check the range."""
        descriptor = ParameterDescriptor(description=self.text, read_only=True)
        if self.low is None or self.high is None:
            return descriptor
        if isinstance(self.default, float):
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=self.low, to_value=self.high)
            ]
        else:
            descriptor.integer_range = [
                IntegerRange(from_value=int(self.low), to_value=int(self.high))
            ]
        return descriptor

    @property
    def allowed(self) -> str:
        """What a value must be, for a person."""
        kind = KINDS[type(self.default)]
        if self.low is None or self.high is None:
            return kind
        return f'{kind} from {self.low:g} to {self.high:g}'


KINDS: dict[type, str] = {
    bool: 'true or false',
    int: 'a whole number',
    float: 'a number with a decimal point',
    str: 'text, in quotes if it looks like a number',
}
"""Types of parameters in words; ROS does not take 2 for 2.0, nor 502 for '502'."""

GARMENT = Parameter('garment', 'five_zone', 'garment: a name in config/garments, or a file')


def keyword_default(function: Callable[..., Any], name: str) -> Any:
    """Return the default of a keyword of a core function, so that it is written there only."""
    return inspect.signature(function).parameters[name].default


def declare(node: Node, parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """Declare parameters on a node and return their values.

    Raises
    ------
    ConfigurationError
        If a file or the command line gives a value of another type, or out of range.
    """
    return {row.name: _declared(node, row) for row in parameters}


def _declared(node: Node, row: Parameter) -> Any:
    """Declare one parameter and return its value."""
    try:
        return node.declare_parameter(row.name, row.default, row.descriptor()).value
    except (InvalidParameterTypeException, InvalidParameterValueException) as error:
        # the text of rclpy has the value, which is to be had nowhere else
        raise ConfigurationError(f'parameter {row.name} must be {row.allowed}: {error}') from error
