"""Taking the points of a calibration on an emulated device, in simulated time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.calibration import CalibrationError, calibrate
from compression_boot_control.hardware.calibration_bench import take_points
from compression_boot_control.hardware.device_test.test_bench import Aborted, TestBench
from compression_boot_control.hardware.emulated_device import EmulatedDevice
from compression_boot_control.hardware.garment_file import parse_garment
from compression_boot_control.hardware.modbus import ModbusManifold
from compression_boot_control.hardware.profile_file import load_profile
from compression_boot_control.hardware.virtual_link import VirtualClock, VirtualLink
from compression_boot_control.plant.faults import Fault, FaultKind

POINTS = [0.0, 50.0 * MMHG, 100.0 * MMHG]
REST = 2.0
CALF = 1

SMALL = """\
format: 1
name: small
description: One sleeve of two zones, quick to fill
pump: {free_flow_l_per_min: 25, shut_off_mmhg: 400}
supply: {volume_l: 0.1, relief_mmhg: 145}
legs: [left]
zones:
  - {name: foot, rest_volume_l: 0.6, compliance_ml_per_mmhg: 1.2}
  - {name: calf, rest_volume_l: 0.9, compliance_ml_per_mmhg: 2.0}
"""


@pytest.fixture
def garment() -> Garment:
    return parse_garment(SMALL)


class Gauge:
    """Reads the true pressure of the chambers, once they have been at rest for a while."""

    def __init__(self, device: EmulatedDevice, clock: VirtualClock) -> None:
        self._device, self._clock = device, clock
        self._asked, self._since = -1.0, 0.0

    def __call__(self, target: float) -> float | None:
        if target != self._asked:
            self._asked, self._since = target, self._clock.now()
        if self._clock.now() - self._since < REST:
            return None
        return float(self._device.boots.true_pressure.mean())


def bench_of(
    garment: Garment, aborted: Callable[[], bool] = lambda: False
) -> tuple[TestBench, EmulatedDevice, VirtualClock]:
    profile, clock = load_profile('generic_rtu'), VirtualClock()
    device = EmulatedDevice(garment, profile)
    manifold = ModbusManifold(garment, profile, VirtualLink(device, clock), clock)
    manifold.open()
    return TestBench(manifold, clock, aborted=aborted), device, clock


def test_an_offset_is_found_against_the_gauge_and_the_others_stay_near_zero(
    garment: Garment,
) -> None:
    bench, device, clock = bench_of(garment)
    device.boots.set_fault(Fault(FaultKind.SENSOR_OFFSET, CALF, 4.0 * MMHG))
    points = take_points(bench, POINTS, Gauge(device, clock))
    made = calibrate(points.readings, points.reference, bench.names, 7, date(2026, 5, 1))
    expected = np.zeros(len(garment))
    expected[CALF] = 4.0
    np.testing.assert_allclose(made.zero / MMHG, expected, atol=0.5)
    np.testing.assert_allclose(made.span, 1.0, atol=0.01)
    assert made.residual.max() < 0.5 * MMHG
    assert device.applied.exhaust.min() == 1.0


def test_a_pressure_that_is_not_reached_is_said(
    garment: Garment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('compression_boot_control.hardware.calibration_bench.FILL_TIME', 5.0)
    bench, device, clock = bench_of(garment)
    device.boots.set_fault(Fault(FaultKind.PUMP_DEAD))
    with pytest.raises(CalibrationError, match='50 mmHg was not reached'):
        take_points(bench, POINTS, Gauge(device, clock))


def test_a_pressure_that_still_moves_is_refused(
    garment: Garment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('compression_boot_control.hardware.calibration_bench.SETTLE_TIME', 10.0)
    bench, device, _ = bench_of(garment)
    device.boots.set_fault(Fault(FaultKind.LEAK, CALF))
    with pytest.raises(CalibrationError, match='the pressure still moves'):
        take_points(bench, POINTS, lambda target: target)


def test_a_point_above_what_is_allowed_is_refused(garment: Garment) -> None:
    bench, _, _ = bench_of(garment)
    with pytest.raises(CalibrationError, match='allowed: up to 110'):
        take_points(bench, [0.0, 130.0 * MMHG], lambda target: target)


def test_nobody_at_the_gauge_ends_it(garment: Garment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('compression_boot_control.hardware.calibration_bench.PATIENCE', 5.0)
    bench, _, _ = bench_of(garment)
    with pytest.raises(CalibrationError, match='nobody has read the reference'):
        take_points(bench, POINTS, lambda _target: None)


def test_it_can_be_aborted_at_any_moment(garment: Garment) -> None:
    bench, _, clock = bench_of(garment, lambda: clock.now() > 8.0)
    with pytest.raises(Aborted):
        take_points(bench, POINTS, lambda _target: None)
