"""Arguments and options that several commands share, with their texts and checks."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option('--json', help='Print JSON, for scripts.')]

NamespaceOption = Annotated[
    str, typer.Option('--namespace', metavar='NS', help='Namespace of the system.')
]

GarmentOption = Annotated[
    str,
    typer.Option('--garment', metavar='F', help='Garment: a name in config/garments, or a file.'),
]

ProtocolArgument = Annotated[
    str, typer.Argument(metavar='PROTOCOL', help='Name in the library, or a YAML file.')
]

IntensityOption = Annotated[
    float,
    typer.Option(
        '--intensity', metavar='%', min=50.0, max=120.0, help="Scale on the protocol's pressures."
    ),
]

MinutesOption = Annotated[
    float | None,
    typer.Option(
        '--minutes',
        metavar='N',
        min=0.1,
        max=45.0,
        help='Session time, which begins after the warm-up, instead of its own.',
    ),
]

SeedOption = Annotated[
    int,
    typer.Option(
        '--seed',
        metavar='N',
        min=0,
        max=2**31,
        help='Simulated boots: another leg and workshop; 0 is the garment file as written.',
    ),
]

PlainOption = Annotated[
    bool, typer.Option('--plain', help='A line every few seconds instead of the live picture.')
]


class Leg(StrEnum):
    """Legs that a session inflates."""

    LEFT = 'left'
    RIGHT = 'right'
    BOTH = 'both'


LegOption = Annotated[Leg, typer.Option('--leg', help='Which leg to inflate.')]


class Backend(StrEnum):
    """Hardware behind the manifold."""

    SIM = 'sim'
    MODBUS_TCP = 'modbus-tcp'
    MODBUS_RTU = 'modbus-rtu'


BackendOption = Annotated[Backend, typer.Option('--backend', help='Hardware.')]

HardwareOption = Annotated[
    str,
    typer.Option(
        '--hardware', metavar='F', help='Hardware profile: a name in config/hardware, or a file.'
    ),
]

HostOption = Annotated[
    str, typer.Option('--host', metavar='H', help='Modbus TCP: host of the device.')
]

PortOption = Annotated[
    str,
    typer.Option('--port', metavar='N', help='TCP port, or serial device: /dev/ttyUSB0.'),
]

CalibrationOption = Annotated[
    Path | None,
    typer.Option(
        '--calibration',
        metavar='FILE',
        help="Calibrations of the device's sensors, as boots calibration make writes them.",
    ),
]


class LogLevel(StrEnum):
    """How much the nodes say."""

    DEBUG = 'debug'
    INFO = 'info'
    WARN = 'warn'
    ERROR = 'error'
    FATAL = 'fatal'


def is_file_name(protocol: str) -> bool:
    """Whether a PROTOCOL argument means a file rather than a name in the library."""
    return '/' in protocol or protocol.endswith(('.yaml', '.yml'))


def absolute(name_or_path: str) -> str:
    """A path that nodes in another folder find too; a name stays a name."""
    if is_file_name(name_or_path):
        return str(Path(name_or_path).expanduser().resolve())
    return name_or_path
