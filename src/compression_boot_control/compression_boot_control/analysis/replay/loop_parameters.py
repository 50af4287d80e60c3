"""Parameters of sensing, control and supervisor: today's defaults, but for what was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from inspect import Parameter, signature
from typing import Any

from compression_boot_control.core.control_parameters import ControlParameters
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.safety.limits import HARD_LIMITS, SafetyLimits
from compression_boot_control.core.sensing_parameters import SensingParameters


def _keywords(function: Any) -> frozenset[str]:
    """Names of a function's keyword parameters."""
    rows = signature(function).parameters.values()
    return frozenset(row.name for row in rows if row.kind == Parameter.KEYWORD_ONLY)


PARAMETER_NAMES: Mapping[str, frozenset[str]] = {
    'pressure_sensing': _keywords(SensingParameters.from_garment),
    'chamber_control': _keywords(ControlParameters.from_garment),
    'safety_supervisor': frozenset(row.name for row in fields(SafetyLimits)),
}
"""Parameters of the laws, by node."""

GAINS = ('kp', 'ki', 'kd')


@dataclass(frozen=True)
class LoopParameters:
    """Parameters of the loop."""

    sensing: SensingParameters
    control: ControlParameters
    limits: SafetyLimits


def loop_parameters(garment: Garment, *given: Mapping[str, Mapping[str, Any]]) -> LoopParameters:
    """Parameters for a garment, with what the nodes are given; a later mapping wins.

    Parameters
    ----------
    garment : Garment
    *given : mapping of str to mapping
        Values of parameters, by node. What concerns no law, as the garment's name, is passed over.

    Raises
    ------
    ValueError
        A limit that would be loosened.
    """
    of: dict[str, dict[str, Any]] = {node: {} for node in PARAMETER_NAMES}
    for nodes in given:
        for node, known in PARAMETER_NAMES.items():
            values = nodes.get(node, {})
            of[node] |= {name: value for name, value in values.items() if name in known}
    # a negative gain is the garment's own
    control = {
        name: value
        for name, value in of['chamber_control'].items()
        if not (name in GAINS and value < 0.0)
    }
    return LoopParameters(
        SensingParameters.from_garment(garment, **of['pressure_sensing']),
        ControlParameters.from_garment(garment, **control),
        HARD_LIMITS.tightened(**of['safety_supervisor']),
    )
