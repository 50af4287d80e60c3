"""The experiment of `boots tune` on numbered samples: lost ones are bridged, within reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Mode, Readings
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.plant.experiment_progress import progress_of
from compression_boot_control.plant.sampled_experiment import (
    LONGEST_LOSS,
    SampledExperiment,
    SamplesLost,
)
from compression_boot_control.plant.tuning_experiment import (
    EMPTYING_TIME,
    LOWEST_SET_POINT,
    STEPS,
    ZERO_TIME,
    Experiment,
)

DT = 0.01
EMPTIED = round(EMPTYING_TIME / DT)
"""Samples until the rail is empty."""

BEFORE = EMPTIED + round(ZERO_TIME / DT)
"""Samples until the first chamber is under test."""


@pytest.fixture(scope='module')
def garment() -> Garment:
    return load_garment('five_zone')


@pytest.fixture
def experiment(garment: Garment) -> SampledExperiment:
    return SampledExperiment(garment, DT)


@pytest.fixture
def flat(garment: Garment) -> Readings:
    """Readings of vented boots."""
    none = np.zeros(len(garment))
    return Readings(none, none, none + 1.0, np.array(0.0), np.array(0.0))


def test_rail_is_emptied_through_open_exhausts_first(
    experiment: SampledExperiment, flat: Readings
) -> None:
    for sequence in range(1, EMPTIED + 1):
        asked = experiment.take(sequence, flat)
        assert (asked.actuation.inlet == 1.0).all()
        assert (asked.actuation.exhaust == 1.0).all()
        assert asked.actuation.pump == 0.0
        assert (asked.setpoints.mode == Mode.VENT).all()


def test_all_is_vented_while_zeros_are_measured(
    experiment: SampledExperiment, flat: Readings
) -> None:
    for sequence in range(1, EMPTIED + 1):
        experiment.take(sequence, flat)
    for sequence in range(EMPTIED + 1, BEFORE + 1):
        asked = experiment.take(sequence, flat)
        assert asked.chamber is None
        assert (asked.actuation.inlet == 0.0).all()
        assert (asked.actuation.exhaust == 1.0).all()
        assert (asked.setpoints.mode == Mode.VENT).all()
    assert experiment.take(BEFORE + 1, flat).chamber == 0


def test_lost_samples_count_as_time(experiment: SampledExperiment, flat: Readings) -> None:
    taken = [1, 2, *range(10, BEFORE + 1)]
    for sequence in taken:
        assert experiment.take(sequence, flat).chamber is None
    assert experiment.take(BEFORE + 1, flat).chamber == 0


def test_the_first_sample_may_have_any_number(
    experiment: SampledExperiment, flat: Readings
) -> None:
    assert experiment.take(5000, flat).chamber is None


def test_too_many_lost_in_a_row_are_not_bridged(
    experiment: SampledExperiment, flat: Readings
) -> None:
    experiment.take(1, flat)
    experiment.take(2 + round(LONGEST_LOSS / DT), flat)
    with pytest.raises(SamplesLost, match='16 samples in a row are lost'):
        experiment.take(19 + round(LONGEST_LOSS / DT), flat)


def test_samples_that_begin_anew_are_of_another_manifold(
    experiment: SampledExperiment, flat: Readings
) -> None:
    experiment.take(7, flat)
    with pytest.raises(SamplesLost, match='started again'):
        experiment.take(7, flat)


def test_chamber_under_test_has_a_set_point_that_is_judged_and_the_others_are_vented(
    garment: Garment, flat: Readings
) -> None:
    experiment = SampledExperiment(garment, DT)
    charged = replace(flat, supply_pressure=np.array(100.0 * MMHG))
    levels = []
    for sequence in range(1, BEFORE + 2000):
        pressure = np.zeros(len(garment))
        # the chamber follows its set-point at once
        pressure[0] = 60.0 * MMHG if levels and levels[-1] > 0.0 else 0.0
        asked = experiment.take(sequence, replace(charged, pressure=pressure))
        levels.append(asked.level)
        assert (asked.setpoints.target[1:] == 0.0).all()
        assert (asked.actuation.exhaust[1:] == 1.0).all()
        if asked.actuation.inlet[0] > 0.0 and asked.actuation.pump > 0.0:
            assert asked.setpoints.target[0] >= LOWEST_SET_POINT
    assert [level for level in dict.fromkeys(levels) if level > 0.0] == list(STEPS)


def test_progress_never_falls_and_names_chamber_and_step(garment: Garment, flat: Readings) -> None:
    experiment = SampledExperiment(garment, DT)
    shares, texts = [], []
    pressure = np.zeros(len(garment))
    for sequence in range(1, 6000):
        asked = experiment.take(sequence, replace(flat, pressure=pressure.copy()))
        pressure[0] = asked.level * 1.1
        progress = progress_of(asked, garment.chamber_names)
        shares.append(progress.share)
        texts.append((progress.chamber, progress.text))
    assert shares == sorted(shares)
    assert 0.0 <= shares[0] <= shares[-1] <= 1.0
    assert ('left_foot', 'filled to 30 mmHg') in texts


def test_experiment_that_is_done_takes_no_more(garment: Garment) -> None:
    experiment = Experiment(garment, dt=0.1)
    none = np.zeros((1, len(garment)))
    while not experiment.done:
        experiment.step(Readings(none + 1e5, none, none, np.zeros(1), np.zeros(1)))
    assert len(experiment.records) == len(garment)
    with pytest.raises(ValueError, match='takes no more samples'):
        experiment.step(Readings(none, none, none, np.zeros(1), np.zeros(1)))
