"""How long a session `boots demo` asks for."""

from __future__ import annotations

import pytest

from compression_boot_control.cli.demo import whole_minutes
from compression_boot_control.core.units import MINUTE
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.hardware.simulated import wearer
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol

pytest.importorskip('numba')


@pytest.mark.parametrize('name', ['beginner', 'pre_run'])
def test_session_and_warm_up_of_a_demo_take_the_minutes_of_the_protocol(name: str) -> None:
    from compression_boot_control.plant.boots import SimulatedBoots
    from compression_boot_control.plant.closed_loop import simulate_session

    garment, protocol = load_garment(), load_protocol(name)
    plan = compile_protocol(protocol, garment, minutes=whole_minutes(name, garment))
    run = simulate_session(SimulatedBoots(wearer(garment, 0), 0), garment, plan)
    assert run.warm_up_time > 0.0
    assert run.time[-1] == pytest.approx(protocol.session_min * MINUTE, abs=30.0)


@pytest.mark.parametrize('name', ['demonstration', 'marathon'])
def test_demo_whose_clock_waits_for_no_warm_up_takes_the_minutes_as_they_are(name: str) -> None:
    assert whole_minutes(name, load_garment()) == load_protocol(name).session_min


def test_demo_of_a_protocol_that_is_hardly_longer_than_its_warm_up_keeps_half_its_minutes() -> None:
    text = (
        'format: 1\nname: short\nextends: beginner\ntitle: Short\nsession_min: 2\n'
        'phases: [{name: main, dwell_s: 20}]\n'
    )
    assert whole_minutes(text, load_garment()) == 1.0
