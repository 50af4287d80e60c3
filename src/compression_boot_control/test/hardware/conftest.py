"""Every backend, open and with boots behind it, for the tests that all of them pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Actuation
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.calibrated import CalibratedManifold
from compression_boot_control.hardware.calibration import Calibration
from compression_boot_control.hardware.emulated_device import SERIAL_NUMBER, EmulatedDevice
from compression_boot_control.hardware.emulated_server import EmulatedServer
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.hardware.manifold import Manifold, ManifoldSample
from compression_boot_control.hardware.modbus import ModbusManifold
from compression_boot_control.hardware.modbus_link import ModbusLink
from compression_boot_control.hardware.profile_file import ProfileFile, load_profile
from compression_boot_control.hardware.simulated import SimulatedManifold
from compression_boot_control.hardware.virtual_link import VirtualClock, VirtualLink

BACKENDS = ('sim', 'virtual', 'calibrated', 'tcp', 'rtu')


def patient(profile: ProfileFile, milliseconds: float = 200.0) -> ProfileFile:
    """The same profile with time for a computer that is busy with other tests."""
    timing = profile.timing.model_copy(
        update={
            'timeout_ms': milliseconds,
            'cycle_ms': max(profile.timing.cycle_ms, 10.0),
            'heartbeat_ms': 1000.0,
        }
    )
    return profile.model_copy(update={'timing': timing})


def link_to(server: EmulatedServer, profile: ProfileFile) -> ModbusLink:
    """A link to a server."""
    if profile.link.transport == 'tcp':
        update: dict[str, object] = {'port': server.port}
    else:
        update = {'device': server.address}
    return ModbusLink(profile.link.model_copy(update=update), profile.timing)


@dataclass
class Bench:
    """A backend and the time that it lives in."""

    manifold: Manifold
    wait: Callable[[float], None]

    def run(self, seconds: float, actuation: Actuation | None) -> ManifoldSample:
        """Take samples for a while, feeding the dead-man with a command if there is one."""
        period = self.manifold.sample_period
        for _ in range(max(round(seconds / period), 1)):
            if actuation is not None:
                self.manifold.write(actuation)
            self.wait(period)
            sample = self.manifold.read()
        return sample


def calibrated(inner: Manifold) -> Manifold:
    """The same manifold, with a calibration that changes little."""
    count = len(inner.garment)
    names, zero, ones = inner.garment.chamber_names, np.full(count, 0.2 * MMHG), np.ones(count)
    made = Calibration(date.today(), SERIAL_NUMBER, names, zero, ones, 0.0 * ones)
    return CalibratedManifold(inner, [made])


def make_bench(kind: str, garment: Garment, stack: ExitStack) -> Bench:
    """A backend of a kind, with its server if it needs one."""
    if kind == 'sim':
        return Bench(SimulatedManifold(garment), lambda _seconds: None)
    if kind in ('virtual', 'calibrated'):
        profile, clock = load_profile('generic_tcp'), VirtualClock()
        link = VirtualLink(EmulatedDevice(garment, profile), clock)
        inner = ModbusManifold(garment, profile, link, clock)
        return Bench(inner if kind == 'virtual' else calibrated(inner), clock.wait)
    # a network of this computer, and a time of its own: nothing depends on who else is busy
    profile, clock = patient(load_profile(f'generic_{kind}'), 5000.0), VirtualClock()
    device = EmulatedDevice(garment, profile)
    server = stack.enter_context(EmulatedServer(device, profile, clock=clock.now))
    return Bench(ModbusManifold(garment, profile, link_to(server, profile), clock), clock.wait)


@pytest.fixture
def garment() -> Garment:
    return load_garment('five_zone')


@pytest.fixture(params=BACKENDS)
def bench(request: pytest.FixtureRequest, garment: Garment) -> Iterator[Bench]:
    with ExitStack() as stack:
        made = make_bench(request.param, garment, stack)
        made.manifold.open()
        yield made
        made.manifold.close()
