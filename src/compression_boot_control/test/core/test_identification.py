"""Chambers are found as they are, and refused with the reason where they cannot be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from compression_boot_control.analysis.control_tuning import chamber_file
from compression_boot_control.core.chamber_record import (
    ChamberRecord,
    IdentifiedChamber,
    NotIdentifiable,
)
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.identification import identify
from compression_boot_control.core.units import MILLILITRE, MINUTE
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.plant.batch_run import beliefs
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.tuning_experiment import emptying, run_experiment

CHAMBER = 0


def record_of(worn: Garment, parameters: PlantParameters) -> ChamberRecord:
    nominal = PlantParameters.from_garment(worn, (1,))
    boots = SimulatedBoots(parameters, 1)
    position, records = next(run_experiment(boots, beliefs(worn, nominal)))
    assert position == CHAMBER
    return records[0]


def found_in(worn: Garment, parameters: PlantParameters) -> IdentifiedChamber:
    nominal = PlantParameters.from_garment(worn, (1,))
    file = chamber_file(beliefs(worn, nominal), 0, CHAMBER)
    return identify(record_of(worn, parameters), file)


@pytest.fixture(scope='module')
def worn() -> Garment:
    return load_garment('five_zone')


@pytest.fixture(scope='module')
def nominal(worn: Garment) -> PlantParameters:
    return PlantParameters.from_garment(worn, (1,))


def test_sound_chamber_is_found_within_its_intervals(
    worn: Garment, nominal: PlantParameters
) -> None:
    found = found_in(worn, nominal)
    truth = nominal.rest_volume[0, CHAMBER], nominal.compliance[0, CHAMBER]
    assert found.rest_volume.low < truth[0] < found.rest_volume.high
    assert found.compliance.low < truth[1] < found.compliance.high
    assert found.valve_response.value == pytest.approx(0.01, abs=0.003)


def test_valve_and_leg_that_the_file_does_not_know_are_found(
    worn: Garment, nominal: PlantParameters
) -> None:
    other = replace(
        nominal,
        inlet_conductance=1.3 * nominal.inlet_conductance,
        rest_volume=0.8 * nominal.rest_volume,
        compliance=1.8 * nominal.compliance,
        sensor_offset=nominal.sensor_offset + 400.0,
    )
    found = found_in(worn, other)
    assert found.inlet_conductance.value == pytest.approx(other.inlet_conductance[0, 0], rel=0.03)
    assert found.rest_volume.value == pytest.approx(other.rest_volume[0, 0], rel=0.05)
    assert found.compliance.value == pytest.approx(other.compliance[0, 0], rel=0.1)


def test_large_leak_is_refused(worn: Garment, nominal: PlantParameters) -> None:
    leaky = replace(nominal, leak=nominal.leak + 400.0 * MILLILITRE / MINUTE)
    with pytest.raises(NotIdentifiable, match=r'left_foot: leaks \d+ ml/min'):
        found_in(worn, leaky)


def test_kinked_hose_is_refused(worn: Garment, nominal: PlantParameters) -> None:
    kinked = replace(nominal, hose_bore=0.5 * nominal.hose_bore)
    with pytest.raises(NotIdentifiable, match='kinked'):
        found_in(worn, kinked)


def test_chamber_without_rise_is_refused(worn: Garment, nominal: PlantParameters) -> None:
    burst = replace(nominal, leak=np.full_like(nominal.leak, 1e-2))
    with pytest.raises(NotIdentifiable, match=r'no rise|leaks'):
        found_in(worn, burst)


def test_chamber_that_was_not_flat_is_refused(worn: Garment, nominal: PlantParameters) -> None:
    boots = SimulatedBoots(nominal, 1)
    believed = beliefs(worn, nominal)
    next(run_experiment(boots, believed))
    # what the first experiment has left in the rail would be another error
    for asked in emptying((1, len(worn)), SAMPLE_PERIOD):
        boots.step(asked.actuation, SAMPLE_PERIOD)
    _, (record,) = next(run_experiment(boots, believed))
    with pytest.raises(NotIdentifiable, match='left_foot: full of air before the experiment'):
        identify(record, chamber_file(believed, 0, CHAMBER))


def test_dead_valve_is_refused(worn: Garment, nominal: PlantParameters) -> None:
    dead = replace(nominal, inlet_conductance=1e-3 * nominal.inlet_conductance)
    with pytest.raises(NotIdentifiable, match='valve does not open'):
        found_in(worn, dead)
