"""SR-22: the simulated device vents by its own dead-man, whatever the node above it does."""

from __future__ import annotations

import numpy as np

from compression_boot_control.core.dead_man import PERMIT_AGE_LIMIT
from compression_boot_control.core.signals import Actuation
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.hardware.simulated import SAMPLE_PERIOD, SimulatedManifold


def test_SR_22_device_without_commands_shuts_inlets_and_opens_exhausts() -> None:
    manifold = SimulatedManifold(load_garment('five_zone'))
    manifold.open()
    open_inlets = Actuation(np.ones(10), np.zeros(10), np.asarray(1.0))
    manifold.write(open_inlets)
    held = round(PERMIT_AGE_LIMIT / SAMPLE_PERIOD)
    samples = [manifold.read() for _ in range(held + 3)]
    assert samples[0].readings.inlet.min() == 1.0
    assert not samples[held - 2].watchdog_expired
    last = samples[-1]
    assert last.watchdog_expired
    assert last.readings.inlet.max() == 0.0
    assert last.readings.exhaust.min() == 1.0
    assert last.readings.pump == 0.0
