"""A few garments of the benchmark of control keep its bounds."""

from __future__ import annotations

import numpy as np
import pytest

from compression_boot_control.analysis.control_baselines import OnOff, run_baseline
from compression_boot_control.analysis.control_bench import (
    CYCLES,
    Batch,
    bench_batch,
    bench_plan,
    figures_of,
)
from compression_boot_control.analysis.control_figures import ControlFigures, control_figures
from compression_boot_control.analysis.control_tuning import TunedBatch, tuned_batch
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import load_garment

GARMENTS, SEED, PRESSURE = 8, 5, 60.0

pytestmark = pytest.mark.timeout(600)  # the first run compiles


@pytest.fixture(scope='module')
def garment() -> Garment:
    return load_garment('five_zone')


@pytest.fixture(scope='module')
def batch(garment: Garment) -> Batch:
    return bench_batch(garment, 25.0, GARMENTS, SEED)


@pytest.fixture(scope='module')
def defaults(batch: Batch, garment: Garment) -> ControlFigures:
    return figures_of(batch, garment, PRESSURE)[0]


@pytest.fixture(scope='module')
def tuning(batch: Batch) -> TunedBatch:
    return tuned_batch(batch.parameters, batch.believed)


def p95(values: np.ndarray) -> float:
    return float(np.percentile(values, 95))


def test_every_chamber_of_every_leg_gets_there(defaults: ControlFigures) -> None:
    assert np.isfinite(defaults.overshoot).all()


def test_defaults_overshoot_little(defaults: ControlFigures) -> None:
    assert np.median(defaults.overshoot) < 1.0 * MMHG
    assert p95(defaults.overshoot) < 3.0 * MMHG


def test_defaults_hold_the_plateau(defaults: ControlFigures) -> None:
    assert p95(defaults.plateau_rms) < 1.0 * MMHG


def test_hold_is_not_lost_when_a_neighbour_fills(defaults: ControlFigures) -> None:
    assert p95(defaults.hold_error) < 2.0 * MMHG


def test_wave_takes_about_as_long_as_physics_needs(defaults: ControlFigures) -> None:
    assert (np.median(defaults.wave_ratio, axis=1) < 1.10).all()


def test_vent_takes_about_as_long_as_the_valve_needs(defaults: ControlFigures) -> None:
    assert p95(defaults.vent_ratio) < 1.05


def test_volumes_are_found(tuning: TunedBatch) -> None:
    assert not tuning.refused
    assert p95(np.abs(tuning.volume_error)) < 0.05
    assert np.median(np.abs(tuning.compliance_error)) < 0.05


def test_tuned_boots_are_no_worse(
    tuning: TunedBatch, batch: Batch, garment: Garment, defaults: ControlFigures
) -> None:
    known = Batch(batch.parameters, tuning.believed)
    tuned, _ = figures_of(known, garment, PRESSURE, tuning.control)
    assert p95(tuned.overshoot) < 1.5 * MMHG
    assert np.median(tuned.wave_ratio[1]) < np.median(defaults.wave_ratio[1]) + 0.01


def test_on_off_loses_its_hold_where_this_law_keeps_it(
    batch: Batch, garment: Garment, defaults: ControlFigures
) -> None:
    plan = bench_plan(garment, PRESSURE)
    run = run_baseline(OnOff, batch.parameters, batch.believed, plan, CYCLES)
    other = control_figures(run, plan, batch.parameters, garment.neighbours())
    assert p95(other.hold_error) > 2.0 * p95(defaults.hold_error)
