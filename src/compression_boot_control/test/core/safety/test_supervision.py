from __future__ import annotations

import math

import numpy as np
import pytest

from compression_boot_control.core.safety.gate import Command, RefusedCommand
from compression_boot_control.core.safety.hazards import HAZARDS, OVER_PRESSURE
from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.safety.supervision import RawSample, Supervision
from compression_boot_control.core.safety.supervisor import ResetRefusal, SafetyStatus, status
from compression_boot_control.core.signals import Mode
from compression_boot_control.hardware.garment_file import load_garment

GARMENT = load_garment('five_zone')
COUNT = len(GARMENT)
HIGH = 1.1 * HARD_LIMITS.over_pressure


class Live:
    """A supervision that hears a sample and a request every 10 ms."""

    def __init__(self, *, simulated_time: bool = False, speed: float = 1.0) -> None:
        self.supervision = Supervision(GARMENT, HARD_LIMITS, 0.0, simulated_time=simulated_time)
        self.now = 0.0
        self.speed = speed
        self.sequence = 0
        self.permitted = self.supervision.vent()

    def sample(self, pressure: float = 0.0, **changes: object) -> RawSample:
        sample = RawSample(
            sequence=self.sequence,
            time=self.now * self.speed,
            pressure=np.full(COUNT, pressure),
            second=None,
            supply=20_000.0,
            device_fault=False,
            emergency_input=False,
        )
        return sample._replace(**changes)

    def request(self) -> Command:
        """Ask for open exhausts, as in a rest."""
        return Command(
            self.sequence, GARMENT.chamber_names, np.zeros(COUNT), np.ones(COUNT), pump=0.5
        )

    def tick(self, pressure: float = 0.0, **changes: object) -> bool:
        self.now += 0.01
        self.sequence += 1
        new = self.supervision.hear_state(self.now, self.sample(pressure, **changes))
        self.permitted = self.supervision.hear_request(self.now, self.request())
        self.supervision.cycle(self.now)
        return new

    def run(self, seconds: float, pressure: float = 0.0) -> None:
        for _ in range(round(seconds / 0.01)):
            self.tick(pressure)

    @property
    def status(self) -> SafetyStatus:
        return status(self.supervision.state)


@pytest.fixture
def live() -> Live:
    running = Live()
    running.run(0.1)
    assert running.status == SafetyStatus.PERMITTING
    return running


def test_sound_request_is_permitted_as_it_is(live: Live) -> None:
    assert float(live.permitted.pump) == 0.5


def test_SR_04_old_samples_permit_nothing_even_before_the_verdict(live: Live) -> None:
    late = live.now + 1.01 * HARD_LIMITS.state_age
    live.sequence += 1
    permitted = live.supervision.hear_request(late, live.request())
    assert float(permitted.pump) == 0.0
    assert (permitted.exhaust == 1.0).all()


def test_SR_05_silence_of_the_controller_vents_on_the_own_timer(live: Live) -> None:
    for _ in range(25):
        live.now += 0.01
        live.sequence += 1
        live.supervision.hear_state(live.now, live.sample())
        venting = live.supervision.cycle(live.now)
    assert venting
    assert live.status == SafetyStatus.VENTING


def test_SR_02_over_pressure_is_told_at_the_sample_that_confirms_it(live: Live) -> None:
    told = [live.tick(HIGH) for _ in range(40)]
    assert told.count(True) == 1
    assert told.index(True) == pytest.approx(HARD_LIMITS.over_pressure_time / 0.01, abs=1)
    assert live.status == SafetyStatus.TRIPPED
    assert float(live.permitted.pump) == 0.0


def test_over_pressure_of_fast_boots_is_timed_by_their_own_time() -> None:
    live = Live(simulated_time=True, speed=10.0)
    live.run(0.1)
    ticks = 0
    row = HAZARDS.index(OVER_PRESSURE)
    while not live.supervision.state.latch[:, row].any():
        live.tick(HIGH)
        ticks += 1
    assert ticks * 0.1 == pytest.approx(HARD_LIMITS.over_pressure_time, abs=0.11)


def test_SR_01_emergency_stop_vents_at_once_and_latches(live: Live) -> None:
    permitted = live.supervision.emergency_stop(live.now, '')
    assert (permitted.exhaust == 1.0).all()
    assert live.status == SafetyStatus.TRIPPED
    live.run(0.1)
    assert live.status == SafetyStatus.TRIPPED
    assert float(live.permitted.pump) == 0.0


def test_SR_01_hardware_input_holds_as_long_as_it_is_pressed(live: Live) -> None:
    live.tick(emergency_input=True)
    assert live.supervision.reset(live.now, confirmed=True) == ResetRefusal.CAUSE_ACTIVE
    live.tick()
    live.tick()
    assert live.supervision.reset(live.now, confirmed=True) == ResetRefusal.NONE
    assert live.status == SafetyStatus.PERMITTING


def test_SR_23_reset_needs_a_confirmation(live: Live) -> None:
    live.supervision.emergency_stop(live.now, 'test')
    live.tick()
    assert live.supervision.reset(live.now, confirmed=False) == ResetRefusal.NOT_CONFIRMED
    assert live.status == SafetyStatus.TRIPPED


def test_repeated_sample_is_not_judged_again(live: Live) -> None:
    repeated = live.sample(math.nan)
    assert not live.supervision.hear_state(live.now + 0.01, repeated)
    assert np.isfinite(live.supervision.raw).all()


def test_manifold_that_was_started_again_is_heard_after_a_silence(live: Live) -> None:
    later = live.now + 1.01 * HARD_LIMITS.state_age
    live.supervision.hear_state(later, live.sample(500.0, sequence=1))
    assert (live.supervision.raw == 500.0).all()


def test_controller_that_was_started_again_is_heard_after_a_silence(live: Live) -> None:
    live.sequence = 1
    with pytest.raises(RefusedCommand, match='old or repeated'):
        live.supervision.hear_request(live.now, live.request())
    live.supervision.hear_request(live.now + 1.01 * HARD_LIMITS.request_age, live.request())


def test_rival_on_the_safety_path_vents(live: Live) -> None:
    live.supervision.rival = 'valves/permitted'
    assert live.supervision.cycle(live.now)


def test_old_set_points_ask_for_nothing(live: Live) -> None:
    """A chamber under pressure that nobody asks for is no longer allowed its set-point."""
    supervision = live.supervision
    supervision.hear_setpoints(live.now, np.full(COUNT, int(Mode.TRACK)), np.full(COUNT, 4000.0))
    live.tick(4000.0)
    fresh = supervision.state.watch.target
    live.now += 1.0
    live.tick(4000.0)
    assert fresh.tolist() == [4000.0] * COUNT
    assert supervision.state.watch.target.tolist() == [0.0] * COUNT
