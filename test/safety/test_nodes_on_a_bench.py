"""Supervisor and manifold node alone, with our clock and our messages: SR-04 to SR-07, SR-18,
SR-21, SR-23 to SR-25 as the nodes keep them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

import rclpy
from compression_boot_msgs.msg import ManifoldState, SafetyState, Setpoints, ValveCommand
from compression_boot_msgs.srv import EmergencyStop, ResetSafety
from rclpy.logging import LoggingSeverity, set_logger_level

from compression_boot_control.core.units import MMHG
from compression_boot_control.nodes.interfaces import (
    EMERGENCY_STOP,
    MANIFOLD_STATE,
    PERMITTED,
    PRESSURES,
    REQUESTED,
    RESET,
    SAFETY_STATE,
    SETPOINTS,
)
from compression_boot_control.nodes.manifold import ManifoldNode
from compression_boot_control.nodes.pressure_sensing import PressureSensingNode
from compression_boot_control.nodes.safety_parameters import CYCLE
from compression_boot_control.nodes.safety_supervisor import SafetySupervisorNode
from evidence.node_bench import Bench

NAMES = [
    f'{leg}_{zone}'
    for leg in ('left', 'right')
    for zone in ('foot', 'ankle', 'calf', 'knee', 'thigh')
]
TOPICS = (PERMITTED, REQUESTED, SETPOINTS, PRESSURES, MANIFOLD_STATE)


@pytest.fixture(scope='module')
def ros(domain: None) -> Iterator[None]:
    rclpy.init(args=[])
    for name in ('safety_supervisor', 'manifold'):
        set_logger_level(name, LoggingSeverity.FATAL)
    yield
    rclpy.try_shutdown()


class Supervisor:
    """A supervisor on a bench, and what it is told in the course of time."""

    def __init__(self) -> None:
        self.bench = Bench(SafetySupervisorNode)
        self._noise = np.random.default_rng(3)
        self._samples = 0
        self._requests = 0

    def sample(self, raw_mmhg: float = 5.0, *, sequence: int | None = None, **fields: Any) -> None:
        self._samples += 1
        pressure = (raw_mmhg + self._noise.uniform(-0.2, 0.2, 10)) * MMHG
        message = ManifoldState(
            sequence=self._samples if sequence is None else sequence,
            name=NAMES,
            pressure=pressure,
            supply_pressure=50.0 * MMHG,
        )
        for name, value in fields.items():
            setattr(message, name, value)
        self.bench.hear(MANIFOLD_STATE, message)

    def request(self, *, sequence: int | None = None, inlet: float = 0.5) -> None:
        self._requests += 1
        message = ValveCommand(
            sequence=self._requests if sequence is None else sequence,
            name=NAMES,
            inlet=[inlet] * 10,
            exhaust=[0.0] * 10,
            pump=1.0,
        )
        self.bench.hear(REQUESTED, message)

    def live(
        self, seconds: float, *, requests: bool = True, samples: bool = True, **fields: Any
    ) -> None:
        """Let time pass in cycles of 20 ms, with what a sound system sends."""
        for _ in range(round(seconds / CYCLE)):
            self.bench.now += CYCLE
            if samples:
                self.sample(**fields)
            if requests:
                self.request()
            self.bench.cycle(CYCLE)

    @property
    def permits(self) -> list[ValveCommand]:
        return self.bench.said[PERMITTED.name].messages

    @property
    def opens(self) -> bool:
        """Whether the last permit opens an inlet."""
        return bool(self.permits) and max(self.permits[-1].inlet) > 0.0

    @property
    def vents(self) -> bool:
        """Whether the last permit vents everything."""
        last = self.permits[-1]
        return max(last.inlet) == 0.0 and min(last.exhaust) == 1.0 and last.pump == 0.0

    @property
    def alarms(self) -> set[str]:
        return {alarm.id for alarm in self.told.alarms}

    @property
    def told(self) -> SafetyState:
        message: SafetyState = self.bench.said[SAFETY_STATE.name].messages[-1]
        return message


@pytest.fixture
def supervisor(ros: None) -> Iterator[Supervisor]:
    """A supervisor of a sound system, which lets requests through."""
    supervisor = Supervisor()
    supervisor.live(0.5)
    assert supervisor.opens
    yield supervisor
    supervisor.bench.close()


# -- the supervisor


def test_SR_25_nothing_opens_before_readings_and_a_request(ros: None) -> None:
    supervisor = Supervisor()
    supervisor.live(0.5, samples=False)
    assert supervisor.vents
    supervisor.bench.close()


def test_SR_04_readings_older_than_200_ms_vent(supervisor: Supervisor) -> None:
    supervisor.live(0.18, samples=False)
    assert supervisor.opens
    supervisor.live(0.06, samples=False)
    assert supervisor.vents
    assert 'SR-04' in supervisor.alarms


def test_SR_04_request_right_after_the_readings_went_stale_opens_nothing(
    supervisor: Supervisor,
) -> None:
    supervisor.bench.now += 0.21
    supervisor.request()
    assert supervisor.vents


def test_SR_05_request_older_than_200_ms_vents(supervisor: Supervisor) -> None:
    supervisor.live(0.18, requests=False)
    assert not supervisor.told.alarms
    supervisor.live(0.06, requests=False)
    assert supervisor.vents
    assert 'SR-05' in supervisor.alarms


def test_SR_05_garbage_does_not_keep_a_request_fresh(supervisor: Supervisor) -> None:
    for _ in range(20):
        supervisor.live(CYCLE, requests=False)
        supervisor.request(inlet=math.nan)
    assert supervisor.vents
    assert 'SR-05' in supervisor.alarms


def test_SR_24_request_that_comes_again_opens_nothing(supervisor: Supervisor) -> None:
    before = len(supervisor.permits)
    supervisor.request(sequence=1)
    assert len(supervisor.permits) == before


def test_SR_24_controller_that_starts_again_may_count_anew_after_a_silence(
    supervisor: Supervisor,
) -> None:
    supervisor.live(0.3, requests=False)
    supervisor.request(sequence=1)
    supervisor.live(CYCLE, requests=False)
    supervisor.request(sequence=2)
    assert supervisor.opens


def test_SR_04_sample_that_comes_again_does_not_count_as_fresh(supervisor: Supervisor) -> None:
    # one that counts lower may be a manifold that was started again, but only once
    for _ in range(25):
        supervisor.bench.now += CYCLE
        supervisor.sample(sequence=3)
        supervisor.request()
        supervisor.bench.cycle(CYCLE)
    assert supervisor.vents
    assert 'SR-04' in supervisor.alarms


def test_SR_04_manifold_that_starts_again_may_count_anew_after_a_silence(
    supervisor: Supervisor,
) -> None:
    supervisor.live(0.3, samples=False)
    assert supervisor.vents
    for sequence in (1, 2, 3):
        supervisor.bench.now += CYCLE
        supervisor.sample(sequence=sequence)
        supervisor.request()
        supervisor.bench.cycle(CYCLE)
    assert supervisor.opens


def test_SR_03_sample_without_a_chamber_vents_at_once(supervisor: Supervisor) -> None:
    supervisor.sample(name=NAMES[:9], pressure=[0.0] * 9)
    assert supervisor.vents
    assert 'SR-03' in supervisor.alarms


def test_SR_03_chambers_are_matched_by_name(supervisor: Supervisor) -> None:
    pressure = [200.0 * MMHG] + [5.0 * MMHG] * 9
    supervisor.live(0.4, name=NAMES[::-1], pressure=pressure)
    (alarm,) = (alarm for alarm in supervisor.told.alarms if alarm.id == 'SR-02')
    assert list(alarm.name) == [NAMES[-1]]


def test_SR_06_fault_of_the_device_vents_at_once(supervisor: Supervisor) -> None:
    supervisor.sample(fault=ManifoldState.FAULT_DEVICE)
    assert supervisor.vents
    assert 'SR-06' in supervisor.alarms


def test_SR_07_own_cycle_that_is_late_vents(supervisor: Supervisor) -> None:
    for _ in range(30):
        supervisor.bench.now += 0.01
        supervisor.sample()
        supervisor.request()
    assert supervisor.vents
    assert 'SR-07' in supervisor.alarms


def test_SR_02_over_pressure_vents_after_300_ms_and_not_before(supervisor: Supervisor) -> None:
    supervisor.live(0.28, raw_mmhg=126.0)
    assert 'SR-02' not in supervisor.alarms
    supervisor.live(0.04, raw_mmhg=126.0)
    assert supervisor.vents
    assert supervisor.told.state == SafetyState.STATE_TRIPPED


def test_SR_01_emergency_stop_vents_at_once_and_stays(supervisor: Supervisor) -> None:
    supervisor.bench.call(EMERGENCY_STOP, EmergencyStop.Request(reason='test'))
    assert supervisor.vents
    supervisor.live(1.0)
    assert supervisor.vents
    assert supervisor.told.state == SafetyState.STATE_TRIPPED


def test_SR_01_emergency_input_of_the_hardware_vents_at_once_and_stays(
    supervisor: Supervisor,
) -> None:
    supervisor.sample(emergency_input=True)
    assert supervisor.vents
    supervisor.live(1.0)
    assert supervisor.told.state == SafetyState.STATE_TRIPPED


def test_SR_23_reset_is_refused_while_the_emergency_input_is_pressed(
    supervisor: Supervisor,
) -> None:
    supervisor.live(0.1, emergency_input=True)
    answer = supervisor.bench.call(RESET, ResetSafety.Request(confirm=True))
    assert answer.error_code == ResetSafety.Response.ERROR_CAUSE_ACTIVE
    supervisor.live(0.1)
    answer = supervisor.bench.call(RESET, ResetSafety.Request(confirm=True))
    assert answer.error_code == ResetSafety.Response.ERROR_NONE


def test_SR_23_reset_is_refused_while_a_chamber_is_not_vented(supervisor: Supervisor) -> None:
    supervisor.bench.call(EMERGENCY_STOP, EmergencyStop.Request())
    supervisor.live(0.1, raw_mmhg=16.0)
    answer = supervisor.bench.call(RESET, ResetSafety.Request(confirm=True))
    assert answer.error_code == ResetSafety.Response.ERROR_NOT_VENTED
    assert supervisor.vents


def test_SR_23_reset_lets_requests_through_again(supervisor: Supervisor) -> None:
    supervisor.bench.call(EMERGENCY_STOP, EmergencyStop.Request())
    supervisor.live(0.1)
    supervisor.bench.call(RESET, ResetSafety.Request(confirm=True))
    supervisor.live(0.1)
    assert supervisor.opens


def test_SR_23_reset_is_refused_unless_a_person_confirms(supervisor: Supervisor) -> None:
    supervisor.bench.call(EMERGENCY_STOP, EmergencyStop.Request())
    supervisor.live(0.1)
    answer = supervisor.bench.call(RESET, ResetSafety.Request(confirm=False))
    assert answer.error_code == ResetSafety.Response.ERROR_NOT_CONFIRMED
    assert supervisor.vents


def test_SR_17_second_sensors_are_judged(supervisor: Supervisor) -> None:
    supervisor.live(1.2, second_pressure=[20.0 * MMHG] * 10)
    assert 'SR-17' in supervisor.alarms


@pytest.mark.parametrize('topic', TOPICS, ids=lambda topic: topic.name)
def test_SR_18_second_sender_on_the_way_to_the_valves_vents(
    supervisor: Supervisor, topic: Any
) -> None:
    supervisor.bench.senders[topic.name] = 2
    supervisor.bench.cycle(CYCLE)
    assert supervisor.vents
    supervisor.live(0.5)
    assert supervisor.vents
    assert 'SR-18' in supervisor.alarms


def test_SR_25_supervisor_repeats_its_vent_for_ever(supervisor: Supervisor) -> None:
    supervisor.live(1.0, samples=False, requests=False)
    before = len(supervisor.permits)
    supervisor.live(1.0, samples=False, requests=False)
    assert len(supervisor.permits) - before == round(1.0 / CYCLE)
    assert supervisor.vents


def test_SR_08_set_points_that_are_old_ask_for_nothing(supervisor: Supervisor) -> None:
    message = Setpoints(name=NAMES, mode=[Setpoints.MODE_TRACK] * 10, target=[40.0 * MMHG] * 10)
    supervisor.bench.hear(SETPOINTS, message)
    # from 40 mmHg the allowance falls for 3.6 s; then the excess must last for 1 s
    supervisor.live(3.5, raw_mmhg=30.0)
    assert 'SR-08' not in supervisor.alarms
    supervisor.live(3.0, raw_mmhg=30.0)
    assert 'SR-08' in supervisor.alarms


def test_callback_that_fails_vents(supervisor: Supervisor) -> None:
    supervisor.bench.hear(REQUESTED, None)
    assert supervisor.vents


# -- sensing


def test_SR_24_samples_count_anew_when_a_manifold_was_started_again_or_an_impostor_is_gone(
    ros: None,
) -> None:
    sensing = Bench(PressureSensingNode)

    def answered(sequence: int) -> bool:
        before = len(sensing.said[PRESSURES.name].messages)
        zeros = [0.0] * 10
        message = ManifoldState(
            sequence=sequence, name=NAMES, pressure=zeros, inlet=zeros, exhaust=[1.0] * 10
        )
        sensing.hear(MANIFOLD_STATE, message)
        return len(sensing.said[PRESSURES.name].messages) > before

    assert answered(2**63)
    assert not any(answered(500) for _ in range(100)), 'one old sample that comes again and again'
    assert not any(answered(sequence) for sequence in range(501, 520))
    assert any(answered(sequence) for sequence in range(520, 540))
    sensing.close()


# -- the manifold


class Manifold:
    """A manifold node on a bench, with simulated boots."""

    def __init__(self) -> None:
        self.bench = Bench(ManifoldNode)
        self._permits = 0

    def permit(self, *, sequence: int | None = None, inlet: float = 0.5) -> None:
        self._permits += 1
        message = ValveCommand(
            sequence=self._permits if sequence is None else sequence,
            name=NAMES,
            inlet=[inlet] * 10,
            exhaust=[0.0] * 10,
            pump=1.0,
        )
        self.bench.hear(PERMITTED, message)

    def live(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.01)):
            self.bench.now += 0.01
            self.bench.cycle(0.01)

    @property
    def state(self) -> ManifoldState:
        message: ManifoldState = self.bench.said[MANIFOLD_STATE.name].messages[-1]
        return message

    @property
    def vents(self) -> bool:
        state = self.state
        return max(state.inlet) == 0.0 and min(state.exhaust) == 1.0 and state.pump == 0.0


@pytest.fixture
def manifold(ros: None) -> Iterator[Manifold]:
    """A manifold that obeys a permit to fill."""
    manifold = Manifold()
    manifold.live(0.1)
    manifold.permit()
    manifold.live(0.02)
    assert not manifold.vents
    yield manifold
    manifold.bench.close()


def test_SR_25_manifold_vents_before_the_first_permit(ros: None) -> None:
    manifold = Manifold()
    manifold.live(0.1)
    assert manifold.vents
    manifold.bench.close()


def test_SR_21_permit_holds_for_250_ms_and_no_longer(manifold: Manifold) -> None:
    manifold.live(0.22)
    assert not manifold.vents
    manifold.live(0.03)
    assert manifold.vents


def test_SR_21_node_vents_the_hardware_itself_whatever_the_device_would_do(
    manifold: Manifold, monkeypatch: pytest.MonkeyPatch
) -> None:
    vents: list[float] = []
    hardware = manifold.bench.node._manifold
    monkeypatch.setattr(hardware, 'vent', lambda: vents.append(manifold.bench.now))
    begun = manifold.bench.now
    manifold.live(0.3)
    assert vents
    assert vents[0] - begun <= 0.25


def test_SR_21_garbage_does_not_feed_the_dead_man(manifold: Manifold) -> None:
    for _ in range(30):
        manifold.permit(inlet=math.nan)
        manifold.live(0.01)
    assert manifold.vents


def test_SR_24_permit_that_comes_again_does_not_feed_the_dead_man(manifold: Manifold) -> None:
    for _ in range(30):
        manifold.permit(sequence=1)
        manifold.live(0.01)
    assert manifold.vents


def test_SR_25_no_permit_is_obeyed_while_somebody_else_sends_them(manifold: Manifold) -> None:
    manifold.bench.senders[PERMITTED.name] = 2
    manifold.permit(sequence=2**63)
    manifold.live(0.02)
    assert manifold.vents
    manifold.bench.senders[PERMITTED.name] = 1
    manifold.permit(sequence=3)
    manifold.live(0.02)
    assert not manifold.vents


def test_SR_25_deactivated_manifold_obeys_nothing(manifold: Manifold) -> None:
    manifold.bench.node.trigger_deactivate()
    manifold.permit()
    manifold.bench.node.trigger_activate()
    manifold.live(0.02)
    assert manifold.vents


def test_callback_that_fails_vents_the_hardware(manifold: Manifold) -> None:
    manifold.bench.hear(PERMITTED, None)
    manifold.live(0.02)
    assert manifold.vents
