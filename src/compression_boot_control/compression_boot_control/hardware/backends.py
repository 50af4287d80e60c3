"""The backends by name: adding one is a file of its own and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from compression_boot_control.core.garment import Garment
from compression_boot_control.hardware.manifold import Manifold, ManifoldError
from compression_boot_control.hardware.simulated import SAMPLE_PERIOD, SimulatedManifold


@dataclass(frozen=True)
class HardwareOptions:
    """What a person says about the hardware; empty or 0: as the profile says.

    Attributes
    ----------
    backend : str
        One of `BACKENDS`.
    profile : str
        Name or file of a hardware profile; empty: the generic one of the backend.
    host : str
        Modbus TCP: host of the device.
    port : str
        Modbus TCP: port of the device; Modbus RTU: serial device.
    calibration : str
        File with the calibrations of the device's sensors; empty: none.
    seed : int
        Simulated boots: draw of legs and noise.
    sample_period : float
        Simulated boots: time from one sample to the next [s].
    """

    backend: str = 'sim'
    profile: str = ''
    host: str = ''
    port: str = ''
    calibration: str = ''
    seed: int = 0
    sample_period: float = SAMPLE_PERIOD


def _simulated(garment: Garment, options: HardwareOptions) -> Manifold:
    return SimulatedManifold(garment, options.seed, options.sample_period)


def _modbus_tcp(garment: Garment, options: HardwareOptions) -> Manifold:
    return _modbus(garment, options, 'tcp')


def _modbus_rtu(garment: Garment, options: HardwareOptions) -> Manifold:
    return _modbus(garment, options, 'rtu')


def _modbus(
    garment: Garment, options: HardwareOptions, transport: Literal['tcp', 'rtu']
) -> Manifold:
    # pymodbus and pydantic take their time to import, and the simulated backend needs neither
    from compression_boot_control.hardware.modbus import ModbusManifold
    from compression_boot_control.hardware.modbus_link import ModbusLink
    from compression_boot_control.hardware.profile_file import load_profile

    profile = load_profile(options.profile or f'generic_{transport}')
    if profile.link.transport != transport:
        raise ManifoldError(
            f'profile {profile.name} is for {profile.link.transport}: use another profile, or '
            f'--backend modbus-{profile.link.transport}'
        )
    link = profile.link
    if options.host:
        link = link.model_copy(update={'host': options.host})
    if options.port and transport == 'rtu':
        link = link.model_copy(update={'device': options.port})
    elif options.port:
        link = link.model_copy(update={'port': _tcp_port(options.port)})
    return ModbusManifold(garment, profile, ModbusLink(link, profile.timing, profile.read_table))


def _tcp_port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ManifoldError(f'port {text!r} is not a TCP port; allowed: 1 to 65535')
    return int(text)


BACKENDS: Mapping[str, Callable[[Garment, HardwareOptions], Manifold]] = {
    'sim': _simulated,
    'modbus-tcp': _modbus_tcp,
    'modbus-rtu': _modbus_rtu,
}
"""What makes each backend."""


def make_backend(garment: Garment, options: HardwareOptions) -> Manifold:
    """Make a backend; it is not open yet.

    Raises
    ------
    ManifoldError
        There is no such backend, or it does not suit the garment.
    FileError
        The profile or the calibration file is wrong.
    """
    make = BACKENDS.get(options.backend)
    if make is None:
        raise ManifoldError(
            f'backend {options.backend!r} is not known; allowed: {", ".join(BACKENDS)}'
        )
    manifold = make(garment, options)
    if not options.calibration:
        return manifold
    if options.backend == 'sim':
        raise ManifoldError('simulated boots need no calibration: leave --calibration out')
    from compression_boot_control.hardware.calibrated import CalibratedManifold
    from compression_boot_control.hardware.calibration_file import load_calibrations

    return CalibratedManifold(manifold, load_calibrations(Path(options.calibration)))
