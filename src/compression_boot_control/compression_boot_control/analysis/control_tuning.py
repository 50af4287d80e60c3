"""Identifies and tunes a batch of simulated boots, as `boots tune` does one garment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from compression_boot_control.core.chamber_record import (
    ChamberFile,
    IdentifiedChamber,
    NotIdentifiable,
)
from compression_boot_control.core.control_design import quick_design
from compression_boot_control.core.control_parameters import ControlParameters
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.identification import identify
from compression_boot_control.core.safety.hazards import HAZARDS, Hazard
from compression_boot_control.core.signals import Actuation, FloatArray
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.supervised_boots import SupervisedBoots
from compression_boot_control.plant.tuning_experiment import (
    CHARGE_TIME,
    Experiment,
    ExperimentStep,
    emptying,
    run_experiment,
    vented_step,
)

MEASURED = (
    'rest_volume',
    'compliance',
    'inlet_conductance',
    'exhaust_conductance',
    'valve_response',
    'leak',
    'hose_bore',
)
"""What of a garment an identification gives."""


@dataclass(frozen=True)
class TunedBatch:
    """Beliefs and gains of a batch after identification.

    Attributes
    ----------
    believed : Garment
        Arrays (B, N); what could not be identified is as it was.
    control : ControlParameters
    volume_error, compliance_error : (K,) array
        Relative errors against the truth.
    refused : tuple of str
        Why chambers could not be identified.
    """

    believed: Garment
    control: ControlParameters
    volume_error: FloatArray
    compliance_error: FloatArray
    refused: tuple[str, ...]


def chamber_file(believed: Garment, *place: int) -> ChamberFile:
    """What a garment with arrays (N,), or (B, N), says of the chamber at a place in them."""
    return ChamberFile(
        name=believed.chamber_names[place[-1]],
        inlet_conductance=float(believed.inlet_conductance[place]),
        exhaust_conductance=float(believed.exhaust_conductance[place]),
        dead_band=float(believed.valve_dead_band[place]),
        hose_length=float(believed.hose_length[place]),
        hose_bore=float(believed.hose_bore[place]),
        rail_volume=believed.supply.volume,
    )


def hose_bore_of(bore: float, factor: float) -> float:
    """Bore that explains a factor on the drop, which goes about with its fourth power [m]."""
    return float(bore * np.clip(factor, 0.3, 3.0) ** -0.22)


def tuned_batch(parameters: PlantParameters, believed: Garment, seed: int = 0) -> TunedBatch:
    """Run the experiment on all boots, identify all chambers, design all gains."""
    found: dict[str, Any] = {name: np.array(getattr(believed, name)) for name in MEASURED}
    defaults = ControlParameters.from_garment(believed)
    gains = [np.array(np.broadcast_to(k, parameters.shape)) for k in defaults[6:9]]
    volume, compliance, refused = [], [], []
    for i, records in run_experiment(SimulatedBoots(parameters, seed), believed):
        for g, record in enumerate(records):
            try:
                chamber = identify(record, chamber_file(believed, g, i))
            except NotIdentifiable as reason:
                refused.append(str(reason))
                continue
            _write(found, chamber, g, i)
            design = quick_design(chamber)
            for array, value in zip(gains, (design.kp, design.ki, design.kd), strict=True):
                array[g, i] = value
            volume.append(chamber.rest_volume.value / parameters.rest_volume[g, i] - 1.0)
            compliance.append(chamber.compliance.value / parameters.compliance[g, i] - 1.0)
    tuned = replace(believed, **found)
    control = ControlParameters.from_garment(tuned)._replace(kp=gains[0], ki=gains[1], kd=gains[2])
    return TunedBatch(tuned, control, np.array(volume), np.array(compliance), tuple(refused))


def hazards_told(
    boots: SimulatedBoots, believed: Garment
) -> tuple[tuple[ExperimentStep, int, int, Hazard], ...]:
    """Run the experiment under the safety supervisor, after one that left air in the rail.

    Parameters
    ----------
    boots : SimulatedBoots
        A batch, vented.
    believed : Garment

    Returns
    -------
    tuple of (ExperimentStep, int, int, Hazard)
        What was asked for, garment, chamber and hazard; each hazard of a chamber once.
    """
    supervised = SupervisedBoots(boots, believed)
    before = np.zeros((*boots.parameters.shape, len(HAZARDS)), dtype=np.bool_)
    told = []
    for asked in _asked_of(boots, believed):
        supervised.step(asked.actuation, asked.setpoints.target, SAMPLE_PERIOD)
        found = supervised.safety.active | supervised.safety.latch
        new = np.argwhere(found & ~before).tolist()
        told += [(asked, garment, chamber, HAZARDS[row]) for garment, chamber, row in new]
        before |= found
    return tuple(told)


def _asked_of(boots: SimulatedBoots, believed: Garment) -> Iterator[ExperimentStep]:
    """What is asked for until the experiment is through, by what the boots read."""
    shape = boots.parameters.shape[0], boots.parameters.shape[1]
    vented = Actuation.vented(shape)
    charging = Actuation(vented.inlet, vented.exhaust, np.full(shape[0], 0.5))
    for _ in range(round(CHARGE_TIME / SAMPLE_PERIOD)):
        yield vented_step(shape)._replace(actuation=charging)
    yield from emptying(shape, SAMPLE_PERIOD)
    experiment = Experiment(believed, shape[0])
    while not experiment.done:
        yield experiment.step(boots.readings())


def _write(found: dict[str, Any], chamber: IdentifiedChamber, g: int, i: int) -> None:
    for name in ('rest_volume', 'compliance', 'inlet_conductance', 'exhaust_conductance'):
        found[name][g, i] = getattr(chamber, name).value
    found['valve_response'][g, i] = chamber.valve_response.value
    found['leak'][g, i] = chamber.leak.value
    found['hose_bore'][g, i] = hose_bore_of(found['hose_bore'][g, i], chamber.hose_factor.value)
