"""What can go wrong between host and device: named, vented, and over in time."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from compression_boot_control.core.dead_man import PERMIT_AGE_LIMIT
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Actuation
from compression_boot_control.hardware.backends import HardwareOptions, make_backend
from compression_boot_control.hardware.emulated_device import DeviceDefect, EmulatedDevice
from compression_boot_control.hardware.emulated_faults import KINDS, fault_of
from compression_boot_control.hardware.emulated_server import EmulatedServer, LinkFault
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.hardware.manifold import ManifoldError, ManifoldFault
from compression_boot_control.hardware.modbus import ModbusManifold
from compression_boot_control.hardware.profile_file import load_profile, parse_profile
from compression_boot_control.hardware.virtual_link import VirtualClock, VirtualLink
from compression_boot_control.resources import config_directory
from compression_boot_control.yaml_file import FileError

from .conftest import link_to, patient


@pytest.fixture
def server(garment: Garment) -> Iterator[EmulatedServer]:
    profile = patient(load_profile('generic_tcp'))
    with EmulatedServer(EmulatedDevice(garment, profile), profile) as running:
        yield running


def connected(server: EmulatedServer) -> ModbusManifold:
    profile = patient(load_profile('generic_tcp'))
    return ModbusManifold(server.device.garment, profile, link_to(server, profile))


def driving(count: int) -> Actuation:
    return Actuation(np.ones(count), np.zeros(count), np.asarray(1.0))


def open_error(garment: Garment, **options: str) -> str:
    begun = time.monotonic()
    with pytest.raises(ManifoldError) as caught:
        make_backend(garment, HardwareOptions(**options)).open()
    assert time.monotonic() - begun < 5.0
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_a_wrong_port_is_named(garment: Garment) -> None:
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = str(free.getsockname()[1])
        assert 'nobody answers' in open_error(garment, backend='modbus-tcp', port=port)


@pytest.mark.parametrize('port', ['0', '70000', 'dev', '-1'])
def test_a_port_that_is_none_is_named(garment: Garment, port: str) -> None:
    assert 'not a TCP port' in open_error(garment, backend='modbus-tcp', port=port)


def test_a_missing_serial_device_is_named(garment: Garment, tmp_path: Path) -> None:
    error = open_error(garment, backend='modbus-rtu', port=str(tmp_path / 'ttyUSB0'))
    assert 'no such serial device' in error
    assert '--port' in open_error(garment, backend='modbus-rtu')


def test_a_file_in_the_place_of_a_serial_device_is_named(garment: Garment, tmp_path: Path) -> None:
    (tmp_path / 'tty').write_text('')
    error = open_error(garment, backend='modbus-rtu', port=str(tmp_path / 'tty'))
    assert 'cannot be opened as a serial line' in error


def test_a_serial_device_of_others_is_named_with_the_cure(
    garment: Garment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = tmp_path / 'ttyUSB0'
    device.write_text('')
    # whoever runs the tests may be allowed everything
    monkeypatch.setattr('os.access', lambda path, mode: path != str(device))
    error = open_error(garment, backend='modbus-rtu', port=str(device))
    assert 'permission denied' in error
    assert 'dialout' in error


def test_an_unknown_backend_and_a_profile_for_another_line_are_named(garment: Garment) -> None:
    assert 'allowed: sim, modbus-tcp' in open_error(garment, backend='modbus')
    error = open_error(garment, backend='modbus-tcp', profile='generic_rtu')
    assert '--backend modbus-rtu' in error


def test_another_garment_than_the_one_connected_is_refused(server: EmulatedServer) -> None:
    error = open_error(load_garment('four_zone'), backend='modbus-tcp', port=str(server.port))
    assert 'the device has 10 chambers' in error


def test_a_profile_of_another_device_is_refused(server: EmulatedServer) -> None:
    error = open_error(
        load_garment('four_zone'),
        backend='modbus-tcp',
        profile='festo_vtem',
        port=str(server.port),
    )
    assert 'no such registers: use the profile of this device' in error


def test_a_map_of_another_version_is_refused(server: EmulatedServer) -> None:
    server.device.defects.add(DeviceDefect.WRONG_MAP_VERSION)
    with pytest.raises(ManifoldError, match='register map of version 2'):
        connected(server).open()


@pytest.mark.parametrize('fault', [fault for fault in LinkFault if fault is not LinkFault.CUT])
def test_a_wrong_answer_is_an_error_and_never_a_value(
    server: EmulatedServer, fault: LinkFault
) -> None:
    manifold = connected(server)
    manifold.open()
    server.link_faults.add(fault)
    with pytest.raises(ManifoldError):
        manifold.read()
    server.link_faults.clear()
    manifold.reset()
    assert manifold.read().fault is ManifoldFault.NONE


def test_a_late_answer_is_an_error(server: EmulatedServer) -> None:
    manifold = connected(server)
    manifold.open()
    server.latency = 0.4
    begun = time.monotonic()
    with pytest.raises(ManifoldError, match='no right answer within'):
        manifold.read()
    assert time.monotonic() - begun < 0.39


def test_a_cut_link_leaves_the_device_vented_until_a_reset(garment: Garment) -> None:
    profile, clock = load_profile('generic_tcp'), VirtualClock()
    device = EmulatedDevice(garment, profile)
    link = VirtualLink(device, clock)
    manifold = ModbusManifold(garment, profile, link, clock)
    manifold.open()
    for cut in range(100):
        # at every phase of the cycle
        for _ in range(5):
            manifold.write(driving(len(garment)))
            clock.wait(0.01)
            assert manifold.read().fault is ManifoldFault.NONE
        link.cut = True
        clock.wait(cut * 1e-4)
        device.advance(clock.now())
        assert device.applied.exhaust.max() == 0.0
        clock.wait(PERMIT_AGE_LIMIT - cut * 1e-4)
        device.advance(clock.now())
        assert device.applied.exhaust.min() == 1.0
        with pytest.raises(ManifoldError):
            manifold.read()
        link.cut = False
        manifold.write(driving(len(garment)))
        sample = manifold.read()
        assert sample.watchdog_expired
        assert 'boots reset' in manifold.fault_text
        assert device.applied.exhaust.min() == 1.0
        manifold.reset()


class DrivenClock(VirtualClock):
    """Another master goes on with its commands while time passes."""

    def __init__(self, master: ModbusManifold, command: Actuation) -> None:
        super().__init__()
        self._master, self._command = master, command

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.01)):
            super().wait(0.01)
            self._master.write(self._command)


def test_a_device_that_another_master_drives_is_not_opened_and_not_disturbed(
    garment: Garment,
) -> None:
    profile, own_clock = load_profile('generic_tcp'), VirtualClock()
    device = EmulatedDevice(garment, profile)
    first = ModbusManifold(garment, profile, VirtualLink(device, own_clock), own_clock)
    first.open()
    clock = DrivenClock(first, driving(len(garment)))
    clock.wait(0.05)
    second = ModbusManifold(garment, profile, VirtualLink(device, clock), clock)
    with pytest.raises(ManifoldError, match='another master drives this device'):
        second.open()
    second.close()
    clock.wait(0.05)
    assert first.read().fault is ManifoldFault.NONE
    assert device.applied.inlet.min() == 1.0


@pytest.mark.parametrize(
    ('defect', 'text'),
    [
        (DeviceDefect.FOREIGN_MASTER, 'other master'),
        (DeviceDefect.FROZEN_HEARTBEAT, 'heartbeat'),
        (DeviceDefect.COMMANDS_IGNORED, 'not driven as commanded'),
        (DeviceDefect.VALVE_DRIVER_FAULT, 'fault bits'),
    ],
)
def test_a_device_that_does_not_do_as_told_is_a_fault(
    garment: Garment, defect: DeviceDefect, text: str
) -> None:
    profile, clock = load_profile('generic_tcp'), VirtualClock()
    device = EmulatedDevice(garment, profile)
    manifold = ModbusManifold(garment, profile, VirtualLink(device, clock), clock)
    manifold.open()
    device.defects.add(defect)
    texts = set()
    for _ in range(40):
        clock.wait(0.01)
        if manifold.read().fault is not ManifoldFault.NONE:
            texts.add(manifold.fault_text)
        manifold.write(driving(len(garment)))
    assert any(text in found for found in texts)


def test_every_profile_that_comes_along_is_right() -> None:
    for path in sorted((config_directory() / 'hardware').glob('*.yaml')):
        profile = load_profile(path.stem)
        assert profile.name == path.stem


def test_a_timeout_that_does_not_fit_the_cycle_is_refused() -> None:
    text = (config_directory() / 'hardware/generic_tcp.yaml').read_text(encoding='utf-8')
    with pytest.raises(FileError, match='less than cycle_ms'):
        parse_profile(text.replace('retries: 0', 'retries: 1'))


@pytest.mark.parametrize(
    'text', ['', 'leek@left_calf', 'leak', 'leak@calf', 'late', 'late=soon', 'pump_dead@left_calf']
)
def test_a_fault_that_is_none_is_named(garment: Garment, text: str) -> None:
    with pytest.raises(ValueError, match=r'fault|chamber|number'):
        fault_of(text, garment)
    assert len(KINDS) > 25
