"""The supervisor lets the experiment of `boots tune` pass on sound boots, and ends it on others."""

from __future__ import annotations

import pytest
import yaml

from compression_boot_control.analysis.control_bench import bench_batch
from compression_boot_control.analysis.control_tuning import hazards_told
from compression_boot_control.core.garment import Garment
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.faults import Fault, FaultKind
from compression_boot_control.resources import garment_directory

pytestmark = pytest.mark.timeout(600)  # the first run compiles

GARMENTS, SEED = 120, 11


@pytest.fixture(scope='module')
def sleeve(tmp_path_factory: pytest.TempPathFactory) -> Garment:
    """One sleeve of the smallest and the largest zone, which is soon measured."""
    data = yaml.safe_load((garment_directory() / 'five_zone.yaml').read_text(encoding='utf-8'))
    zones = [data['zones'][0], data['zones'][-1]]
    data |= {'name': 'short_sleeve', 'legs': ['left'], 'zones': zones}
    path = tmp_path_factory.mktemp('garment') / 'short_sleeve.yaml'
    path.write_text(yaml.safe_dump(data), encoding='utf-8')
    return load_garment(path)


@pytest.mark.parametrize('pump_l_per_min', [12.0, 25.0])
def test_no_hazard_is_told_of_sound_devices_and_legs(
    sleeve: Garment, pump_l_per_min: float
) -> None:
    batch = bench_batch(sleeve, pump_l_per_min, GARMENTS // 2, SEED)
    told = hazards_told(SimulatedBoots(batch.parameters, SEED), batch.believed)
    assert [(garment, chamber, hazard.id) for _, garment, chamber, hazard in told] == []


def test_each_fault_is_told_of_in_its_chamber_alone(sleeve: Garment) -> None:
    batch = bench_batch(sleeve, 25.0, 3, SEED)
    boots = SimulatedBoots(batch.parameters, SEED)
    boots.set_fault(Fault(FaultKind.HOSE_BURST, 0, batch=0), Fault(FaultKind.HOSE_KINK, 1, batch=1))
    told = hazards_told(boots, batch.believed)
    assert {(g, chamber, hazard.id) for _, g, chamber, hazard in told} == {
        (0, 0, 'SR-11'),
        (1, 1, 'SR-13'),
    }
