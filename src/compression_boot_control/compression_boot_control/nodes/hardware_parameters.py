"""The parameters that name the hardware, for every node that opens it, and the backend of them."""

from __future__ import annotations

from typing import Any

from compression_boot_control.hardware.backends import HardwareOptions, make_backend
from compression_boot_control.hardware.manifold import Manifold, ManifoldError
from compression_boot_control.hardware.simulated import SAMPLE_PERIOD
from compression_boot_control.nodes.garment_parameter import garment_of
from compression_boot_control.nodes.parameters import Parameter
from compression_boot_control.nodes.runtime import ConfigurationError
from compression_boot_control.yaml_file import FileError

HARDWARE = (
    Parameter('backend', 'sim', 'hardware: sim, modbus-tcp or modbus-rtu'),
    Parameter('hardware', '', 'hardware profile: a name in config/hardware, or a file'),
    Parameter('host', '', 'Modbus TCP: host of the device; empty: as the profile says'),
    Parameter('port', '', 'TCP port or serial device; empty: as the profile says'),
    Parameter('calibration', '', 'file with the calibrations of the sensors; empty: none'),
    Parameter(
        'seed', 0, 'simulated boots: draw of legs and noise; 0 is the garment as written', 0, 2**31
    ),
    Parameter(
        'sample_period',
        SAMPLE_PERIOD,
        'simulated boots: time from one sample to the next [s]',
        0.005,
        0.025,
    ),
)
"""Parameters of a node that opens the hardware, beside the garment."""


def make_manifold(settings: dict[str, Any]) -> Manifold:
    """Make the backend that the parameters name; it is not open yet.

    Raises
    ------
    ConfigurationError
        If there is no such backend, or its profile is wrong.
    """
    options = HardwareOptions(
        backend=settings['backend'],
        profile=settings['hardware'],
        host=settings['host'],
        port=settings['port'],
        calibration=settings['calibration'],
        seed=settings['seed'],
        sample_period=settings['sample_period'],
    )
    try:
        return make_backend(garment_of(settings['garment']), options)
    except (ManifoldError, FileError) as error:
        raise ConfigurationError(str(error)) from error
