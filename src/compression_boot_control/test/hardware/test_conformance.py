"""What every backend does; a new one is added to the fixture `bench` and passes all of this."""

from __future__ import annotations

import numpy as np
import pytest

from compression_boot_control.core.dead_man import PERMIT_AGE_LIMIT
from compression_boot_control.core.signals import Actuation
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.manifold import ManifoldFault

from .conftest import Bench

SHUT = 0.0
OPEN = 1.0


def filling(count: int) -> Actuation:
    return Actuation(np.full(count, OPEN), np.full(count, SHUT), np.asarray(1.0))


def held(count: int) -> Actuation:
    return Actuation(np.full(count, SHUT), np.full(count, SHUT), np.asarray(0.0))


def test_it_opens_with_the_garment_vented(bench: Bench) -> None:
    sample = bench.run(0.1, None)
    assert np.all(sample.readings.inlet == SHUT)
    assert np.all(sample.readings.exhaust == OPEN)
    assert float(sample.readings.pump) == 0.0


def test_a_sample_has_a_finite_pressure_for_every_chamber_of_the_garment(bench: Bench) -> None:
    sample = bench.run(0.1, None)
    assert sample.readings.pressure.shape == (len(bench.manifold.garment),)
    assert np.all(np.abs(sample.readings.pressure) < 10.0 * MMHG)
    assert sample.fault == ManifoldFault.NONE


def test_it_reports_the_openings_that_were_written(bench: Bench) -> None:
    count = len(bench.manifold.garment)
    inlet = np.linspace(0.1, 0.9, count)
    sample = bench.run(0.1, Actuation(inlet, 1.0 - inlet, np.asarray(0.5)))
    np.testing.assert_allclose(sample.readings.inlet, inlet, atol=1e-3)
    np.testing.assert_allclose(sample.readings.exhaust, 1.0 - inlet, atol=1e-3)
    assert float(sample.readings.pump) == pytest.approx(0.5, abs=1e-3)


def test_chambers_keep_their_order(bench: Bench) -> None:
    count = len(bench.manifold.garment)
    inlet = np.zeros(count)
    inlet[3] = OPEN
    sample = bench.run(2.0, Actuation(inlet, 1.0 - inlet, np.asarray(1.0)))
    assert int(np.argmax(sample.readings.pressure)) == 3
    assert sample.readings.pressure[3] > 20.0 * MMHG
    assert np.all(np.delete(sample.readings.inlet, 3) == SHUT)


def test_a_command_that_is_not_a_number_is_the_safe_position(bench: Bench) -> None:
    count = len(bench.manifold.garment)
    nothing = Actuation(np.full(count, np.nan), np.full(count, np.nan), np.asarray(np.nan))
    sample = bench.run(0.1, nothing)
    assert not np.any(sample.readings.inlet > SHUT)
    assert not np.any(sample.readings.exhaust < OPEN)
    assert not float(sample.readings.pump) > 0.0


def test_the_dead_man_vents_when_commands_end(bench: Bench) -> None:
    bench.run(0.1, filling(len(bench.manifold.garment)))
    sample = bench.run(PERMIT_AGE_LIMIT + 0.05, None)
    assert sample.watchdog_expired
    assert np.all(sample.readings.inlet == SHUT)
    assert np.all(sample.readings.exhaust == OPEN)
    assert float(sample.readings.pump) == 0.0


def test_after_the_dead_man_a_reset_makes_it_obey_again(bench: Bench) -> None:
    count = len(bench.manifold.garment)
    bench.run(0.1, filling(count))
    bench.run(PERMIT_AGE_LIMIT + 0.05, None)
    bench.manifold.reset()
    sample = bench.run(0.1, held(count))
    assert not sample.watchdog_expired
    assert np.all(sample.readings.exhaust == SHUT)


def test_vent_opens_every_exhaust(bench: Bench) -> None:
    bench.run(0.1, filling(len(bench.manifold.garment)))
    bench.manifold.vent()
    sample = bench.run(0.05, None)
    assert np.all(sample.readings.exhaust == OPEN)
    assert np.all(sample.readings.inlet == SHUT)


def test_closing_twice_is_harmless_and_it_opens_again(bench: Bench) -> None:
    bench.manifold.close()
    bench.manifold.close()
    bench.manifold.open()
    assert np.all(bench.run(0.05, None).readings.exhaust == OPEN)
