"""Gains have the margins that they are said to have, and are as fast as those allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from compression_boot_control.core.chamber_record import Estimate, IdentifiedChamber
from compression_boot_control.core.control_design import (
    HIGHEST_KP,
    design,
    gains_of_speed,
    margins,
)
from compression_boot_control.core.control_parameters import DEFAULT_GAINS
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.loop_margins import (
    GAIN_MARGIN,
    PHASE_MARGIN,
    Gains,
    Uncertainty,
    quick_margins,
    weak_loops,
)
from compression_boot_control.core.units import CONDUCTANCE, LITRE, MILLILITRE_PER_MMHG
from compression_boot_control.hardware.garment_file import list_garments, load_garment


def chamber(response: float = 0.01, spread: float = 0.05) -> IdentifiedChamber:
    def known(value: float, share: float = spread) -> Estimate:
        return Estimate(value, share * value)

    return IdentifiedChamber(
        name='left_calf',
        rest_volume=known(1.2 * LITRE),
        compliance=known(2.5 * MILLILITRE_PER_MMHG),
        inlet_conductance=known(0.3 * CONDUCTANCE),
        exhaust_conductance=known(0.4 * CONDUCTANCE),
        valve_response=known(response),
        hose_factor=known(1.0),
        leak=Estimate(0.0, 0.0),
        rests=np.zeros((0, 2)),
    )


def test_design_has_six_decibels_and_forty_five_degrees() -> None:
    found = design(chamber())
    assert found.margins.gain >= GAIN_MARGIN
    assert found.margins.phase >= PHASE_MARGIN


def test_slow_valve_gets_slower_gains() -> None:
    slow, quick = design(chamber(response=0.08)), design(chamber(response=0.01))
    assert slow.gains.kp < quick.gains.kp == HIGHEST_KP
    assert slow.margins.sufficient


def test_what_is_known_badly_gets_slower_gains() -> None:
    vague, sure = (design(chamber(response=0.05, spread=s)) for s in (0.4, 0.02))
    assert vague.gains.kp < sure.gains.kp


@pytest.mark.parametrize('kp', [4.0, 12.0, 18.0])
def test_quick_margins_are_those_of_python_control(kp: float) -> None:
    uncertainty = Uncertainty((0.8, 1.2), (0.005, 0.02), 0.01)
    proven = margins(gains_of_speed(kp), uncertainty)
    gain, phase = quick_margins(gains_of_speed(kp), uncertainty)
    assert gain == pytest.approx(proven.gain, rel=0.03)
    assert phase == pytest.approx(proven.phase, abs=1.5)


def test_default_gains_keep_their_margins_on_legs_of_all_kinds() -> None:
    found = margins(Gains(*DEFAULT_GAINS), Uncertainty((0.6, 1.6), (0.005, 0.02), 0.01))
    assert found.sufficient


def each(garment: Garment, *gains: float) -> tuple[np.ndarray, ...]:
    return tuple(np.full(len(garment), gain) for gain in gains)


def test_shipped_gains_keep_their_margins_on_every_shipped_garment() -> None:
    for name in list_garments():
        garment = load_garment(name)
        assert weak_loops(garment, each(garment, *DEFAULT_GAINS)) == []


def test_gains_that_lose_their_margins_are_named_with_the_chamber(garment: Garment) -> None:
    found = weak_loops(garment, each(garment, 45.0, 20.0, 0.05))
    assert len(found) == len(garment)
    assert found[0].startswith('left_foot ')
    assert found[0].endswith(' deg')


def test_the_worst_of_weak_loops_comes_first(garment: Garment) -> None:
    kp, ki, kd = each(garment, 30.0, 2.0, 0.05)
    kp[3] = 45.0
    assert weak_loops(garment, (kp, ki, kd))[0].startswith(garment.chamber_names[3])


def test_gains_of_a_measured_garment_may_be_faster(garment: Garment) -> None:
    fast = each(garment, 18.0, 2.5, 0.05)
    measured = replace(garment, gains=fast)
    assert weak_loops(garment, fast) != []
    assert weak_loops(measured, fast) == []
