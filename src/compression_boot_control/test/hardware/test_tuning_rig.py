"""The rig of `boots tune`: drives a manifold sample by sample, and stops vented."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Actuation
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.manifold import (
    ManifoldError,
    ManifoldFault,
    ManifoldSample,
)
from compression_boot_control.hardware.simulated import SimulatedManifold
from compression_boot_control.hardware.tuning_rig import PORT_LIMIT, TuningRig, TuningStopped
from compression_boot_control.hardware.virtual_link import VirtualClock

DT = 0.01


class SpoiledManifold(SimulatedManifold):
    """Simulated boots whose samples a test changes."""

    clock: VirtualClock
    closed = False
    silent = False
    reading = supply = 0.0
    fault = ManifoldFault.NONE
    emergency = False

    def read(self) -> ManifoldSample:
        """Take a sample, and spoil it."""
        if self.silent:
            raise ManifoldError('nobody answers')
        sample = super().read()
        pressure = sample.readings.pressure.copy()
        pressure[3] += self.reading
        readings = replace(
            sample.readings,
            pressure=pressure,
            supply_pressure=sample.readings.supply_pressure + self.supply,
        )
        return replace(sample, readings=readings, fault=self.fault, emergency_input=self.emergency)

    def close(self) -> None:
        """Note it."""
        self.closed = True
        super().close()


@pytest.fixture
def manifold(garment: Garment) -> SpoiledManifold:
    return SpoiledManifold(garment)


def stepped(manifold: SpoiledManifold, steps: int = 1, *, aborted: bool = False) -> TuningRig:
    """Drive the third chamber for some samples."""
    count = len(manifold.garment)
    inlet, exhaust = np.zeros((1, count)), np.ones((1, count))
    inlet[0, 3], exhaust[0, 3] = 1.0, 0.0
    asked = False
    with TuningRig(manifold, VirtualClock(), lambda: asked) as rig:
        asked = aborted
        for _ in range(steps):
            rig.step(Actuation(inlet, exhaust, np.ones(1)), DT)
    return rig


def test_readings_are_those_of_a_batch_of_one(manifold: SpoiledManifold) -> None:
    rig = stepped(manifold, 50)
    assert rig.readings().pressure.shape == (1, len(manifold.garment))
    assert rig.readings().supply_pressure[0] > 1.0 * MMHG
    assert manifold.closed


@pytest.mark.parametrize(
    ('spoil', 'says'),
    [
        ({'reading': np.nan}, 'left_knee: its sensor reads nothing'),
        ({'reading': 1.1 * PORT_LIMIT}, 'left_knee: reads 110 mmHg'),
        ({'supply': np.nan}, 'the pressure of the rail is not measured'),
        ({'fault': ManifoldFault.DEVICE}, 'the device does not obey'),
        ({'emergency': True}, 'the emergency stop is pressed'),
    ],
)
def test_experiment_stops_vented_when_something_is_wrong(
    manifold: SpoiledManifold, spoil: dict[str, object], says: str
) -> None:
    vars(manifold).update(spoil)
    with pytest.raises(TuningStopped, match=says):
        stepped(manifold)
    assert manifold.closed


def test_experiment_ends_on_request(manifold: SpoiledManifold) -> None:
    with pytest.raises(TuningStopped, match='on request'):
        stepped(manifold, aborted=True)
    assert manifold.closed


def heard_again(manifold: SpoiledManifold, silence: float) -> None:
    """Step through a silence of the device, and one sample further."""
    count = len(manifold.garment)
    vented = Actuation(np.zeros((1, count)), np.ones((1, count)), np.zeros(1))
    with TuningRig(manifold, VirtualClock(), lambda: False) as rig:
        manifold.silent = True
        for _ in range(round(silence / DT)):
            rig.step(vented, DT)
        manifold.silent = False
        rig.step(vented, DT)


def test_one_lost_answer_is_a_lost_sample(manifold: SpoiledManifold) -> None:
    heard_again(manifold, DT)
    assert manifold.closed


def test_silence_ends_the_experiment(manifold: SpoiledManifold) -> None:
    with pytest.raises(TuningStopped, match='nobody answers'):
        heard_again(manifold, 0.3)
    assert manifold.closed


def test_the_witness_sees_every_command_and_what_ended_the_experiment(
    manifold: SpoiledManifold,
) -> None:
    seen: list[ManifoldSample | None] = []
    count = len(manifold.garment)
    vented = Actuation(np.zeros((1, count)), np.ones((1, count)), np.zeros(1))
    with TuningRig(manifold, VirtualClock(), lambda: False, lambda _, s: seen.append(s)) as rig:
        manifold.silent = True
        rig.step(vented, DT)
        manifold.silent, manifold.emergency = False, True
        with pytest.raises(TuningStopped):
            rig.step(vented, DT)
    assert [sample and sample.emergency_input for sample in seen] == [False, None, True]
