"""Defects to plant in an emulated device, and what the device test must say of each.

This proves the device test: on a device without a network and without a clock it takes a few
seconds, and what is planted has to be found and named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from compression_boot_control.core.garment import Garment
from compression_boot_control.hardware.device_test.procedure import run_device_test
from compression_boot_control.hardware.device_test.results import DeviceTestReport, Verdict
from compression_boot_control.hardware.emulated_device import DeviceDefect, EmulatedDevice
from compression_boot_control.hardware.modbus import ModbusManifold
from compression_boot_control.hardware.profile_file import ProfileFile, load_profile
from compression_boot_control.hardware.virtual_link import VirtualClock, VirtualLink
from compression_boot_control.plant.faults import OF_THE_GARMENT, Fault, FaultKind

SLOW_VALVE = 0.2
"""Time constant of a slow valve [s]; a good one has 5 to 20 ms."""

OF_THE_DEVICE = {
    DeviceDefect.NO_DEAD_MAN: 'no_dead_man',
    DeviceDefect.SLOW_DEAD_MAN: 'slow_dead_man',
    DeviceDefect.NO_PRESSURE_LIMIT: 'no_pressure_limit',
    DeviceDefect.NO_DUMP: 'no_dump',
    DeviceDefect.FROZEN_HEARTBEAT: 'the heartbeat of the device stands still',
    DeviceDefect.COMMANDS_IGNORED: 'not driven as commanded',
    DeviceDefect.FOREIGN_MASTER: 'another master drives this device',
    DeviceDefect.VALVE_DRIVER_FAULT: 'fault bits 0x0004',
    DeviceDefect.WRONG_MAP_VERSION: 'register map of version 2',
}
"""What the test says of a defect of the device itself."""


@dataclass(frozen=True)
class Defect:
    """One defect to plant.

    Attributes
    ----------
    name : str
    words : str
        What a failed check must say: its finding, or a part of its advice.
    chamber : str
        Chamber that must be named with it, and no other; empty for a defect of the whole.
    plant : callable
        Makes the device that has it, from its garment, profile and seed.
    """

    name: str
    words: str
    chamber: str
    plant: Callable[[Garment, ProfileFile, int], EmulatedDevice]

    def found_in(self, report: DeviceTestReport) -> bool:
        """Whether a report finds and names it, and accuses no other chamber."""
        failed = [check for check in report.checks if check.verdict is Verdict.FAIL]
        named = any(
            self.words in f'{check.finding}: {check.advice}' and self.chamber in check.subject
            for check in failed
        )
        return named and (
            not self.chamber or all(self.chamber in check.subject for check in failed)
        )


def good_device(garment: Garment, profile: ProfileFile, seed: int) -> EmulatedDevice:
    """Make a device without a defect; a seed draws legs, workshop and noise."""
    return EmulatedDevice(garment, profile, seed)


def defects_of(garment: Garment, position: int = 1) -> Mapping[str, Defect]:
    """All defects that can be planted, those of a chamber in the one at a position."""
    chamber = garment.chamber_names[position]
    found = [_of_a_chamber(kind, garment, position) for kind in FaultKind]
    found += [
        Defect(defect.value, words, '', _with_defect(defect))
        for defect, words in OF_THE_DEVICE.items()
    ]
    found.append(Defect('valve_slow', 'valve_slow', chamber, _with_slow_valve(position)))
    return {defect.name: defect for defect in found}


def examine(
    garment: Garment,
    plant: Callable[[Garment, ProfileFile, int], EmulatedDevice] = good_device,
    seed: int = 0,
    progress: Callable[[str, str], None] = lambda _step, _text: None,
    aborted: Callable[[], bool] = lambda: False,
) -> tuple[DeviceTestReport, EmulatedDevice]:
    """Run the device test on an emulated device in simulated time; the report, and the device."""
    profile, clock = load_profile('generic_rtu'), VirtualClock()
    device = plant(garment, profile, seed)
    manifold = ModbusManifold(garment, profile, VirtualLink(device, clock), clock)
    subject = {'garment': garment.name}
    return run_device_test(manifold, subject, clock, progress, aborted), device


def _of_a_chamber(kind: FaultKind, garment: Garment, position: int) -> Defect:
    of_all = kind in OF_THE_GARMENT
    other = (position + len(garment) // 2) % len(garment)
    magnitude = float(other) if kind is FaultKind.HOSES_SWAPPED else None
    fault = Fault(kind, None if of_all else position, magnitude)

    def plant(garment: Garment, profile: ProfileFile, seed: int) -> EmulatedDevice:
        device = EmulatedDevice(garment, profile, seed)
        device.boots.set_fault(fault)
        return device

    chamber = '' if of_all else garment.chamber_names[position]
    return Defect(kind.value, kind.value, chamber, plant)


def _with_defect(defect: DeviceDefect) -> Callable[[Garment, ProfileFile, int], EmulatedDevice]:
    def plant(garment: Garment, profile: ProfileFile, seed: int) -> EmulatedDevice:
        device = EmulatedDevice(garment, profile, seed)
        device.defects.add(defect)
        return device

    return plant


def _with_slow_valve(position: int) -> Callable[[Garment, ProfileFile, int], EmulatedDevice]:
    def plant(garment: Garment, profile: ProfileFile, _seed: int) -> EmulatedDevice:
        response = garment.valve_response.copy()
        response[position] = SLOW_VALVE
        # seed 0: a draw of the workshop would draw the valves anew
        return EmulatedDevice(replace(garment, valve_response=np.asarray(response)), profile, 0)

    return plant
