"""Tuner, supervisor and manifold together, with our clock: what ends the experiment of `boots tune`
leaves nothing under pressure, as SR-04 to SR-06, SR-11 and SR-21 ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

import rclpy
from compression_boot_msgs.action import RunTuning
from compression_boot_msgs.msg import ManifoldState
from compression_boot_msgs.srv import EmergencyStop
from rclpy.logging import LoggingSeverity, set_logger_level

from compression_boot_control.analysis.control_tuning import chamber_file
from compression_boot_control.core.chamber_record import IdentifiedChamber, NotIdentifiable
from compression_boot_control.core.dead_man import PERMIT_AGE_LIMIT
from compression_boot_control.core.identification import identify
from compression_boot_control.core.pneumatics import ATMOSPHERE
from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.signals import Actuation
from compression_boot_control.core.units import MILLILITRE, MINUTE, MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.hardware.simulated import SAMPLE_PERIOD
from compression_boot_control.nodes.chamber_records import record_of
from compression_boot_control.nodes.interfaces import (
    EMERGENCY_STOP,
    LAYOUT,
    MANIFOLD_STATE,
    PERMITTED,
    REQUESTED,
    SAFETY_STATE,
    SETPOINTS,
    Topic,
)
from compression_boot_control.nodes.manifold import ManifoldNode
from compression_boot_control.nodes.safety_parameters import CYCLE
from compression_boot_control.nodes.safety_supervisor import SafetySupervisorNode
from compression_boot_control.nodes.tuner import SAFETY_AGE_LIMIT, TURN, TunerNode
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.faults import Fault, FaultKind
from compression_boot_control.plant.parameters import PlantParameters
from compression_boot_control.plant.tuning_experiment import FILL_LIMIT, run_experiment
from compression_boot_control.resources import garment_directory
from evidence.node_bench import Bench

Result = RunTuning.Result

PRESSED = 25.0 * MMHG
"""A chamber that reads more is under pressure [Pa]."""

LONGEST = 120.0
"""No experiment on one chamber, and no end of it, takes that long [s]."""


@pytest.fixture(scope='module')
def garment_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One sleeve of one zone, which is soon measured."""
    data = yaml.safe_load((garment_directory() / 'five_zone.yaml').read_text(encoding='utf-8'))
    data |= {'name': 'foot_only', 'legs': ['left'], 'zones': data['zones'][:1]}
    path = tmp_path_factory.mktemp('garment') / 'foot_only.yaml'
    path.write_text(yaml.safe_dump(data), encoding='utf-8')
    return path


@pytest.fixture(scope='module')
def ros(domain: None, garment_path: Path) -> Iterator[None]:
    rclpy.init(args=['--ros-args', '-p', f'garment:={garment_path}'])
    for name in ('safety_supervisor', 'manifold', 'tuner'):
        set_logger_level(name, LoggingSeverity.FATAL)
    yield
    rclpy.try_shutdown()


class Goal:
    """What the action server hands to the node."""

    is_active = True
    is_cancel_requested = False

    def __init__(self) -> None:
        self.said: list[str] = []
        self.result: Result | None = None

    def publish_feedback(self, feedback: RunTuning.Feedback) -> None:
        self.said.append(feedback.text)

    def execute(self, callback: Callable[[Goal], Result]) -> None:
        self.result = callback(self)

    def succeed(self) -> None:
        self.is_active = False

    canceled = abort = succeed


class TunedSystem:
    """The three nodes, and the messages between them."""

    def __init__(self) -> None:
        self.manifold = Bench(ManifoldNode)
        self.supervisor = Bench(SafetySupervisorNode)
        self.tuner = Bench(TunerNode)
        self.benches = [self.manifold, self.supervisor, self.tuner]
        self.lost: set[Bench] = set()
        self.spoil: Callable[[ManifoldState], ManifoldState | None] = lambda message: message
        self.state = ManifoldState()
        self._ticks = 0
        self.goal = Goal()
        self._pass_on(self.manifold, LAYOUT, self.tuner)
        self.tuner.node._on_accepted(self.goal)

    def tick(self) -> None:
        """Let one sample period pass."""
        self._ticks += 1
        for bench in self.benches:
            bench.now += SAMPLE_PERIOD
        self._cycle(self.manifold, SAMPLE_PERIOD)
        self._cycle(self.supervisor, CYCLE)
        self._cycle(self.tuner, TURN)
        for message in self.manifold.said[MANIFOLD_STATE.name].taken():
            heard = self.spoil(message)
            if heard is not None:
                self._hand(MANIFOLD_STATE, heard, self.supervisor, self.tuner)
            self.state = message
        self._pass_on(self.supervisor, SAFETY_STATE, self.tuner)
        self._pass_on(self.tuner, SETPOINTS, self.supervisor)
        self._pass_on(self.tuner, REQUESTED, self.supervisor)
        self._pass_on(self.supervisor, PERMITTED, self.manifold)

    def until(self, condition: Callable[[], bool], seconds: float = LONGEST) -> float:
        """Let time pass until something is so; the time that it took [s]."""
        for tick in range(round(seconds / SAMPLE_PERIOD)):
            if condition():
                return tick * SAMPLE_PERIOD
            self.tick()
        pytest.fail(f'not so after {seconds} s')

    def under_pressure(self) -> bool:
        return max(self.state.pressure, default=0.0) > PRESSED

    def vents(self) -> bool:
        """Whether the device says that everything vents."""
        state = self.state
        return max(state.inlet) == 0.0 and min(state.exhaust) == 1.0 and state.pump == 0.0

    def ended(self) -> bool:
        return self.goal.result is not None

    def why(self) -> tuple[int, str]:
        """Code and line with which the experiment has ended, all vented."""
        self.until(self.ended)
        assert self.vents()
        assert max(self.state.pressure) < HARD_LIMITS.vented_pressure
        assert self.goal.result is not None
        return self.goal.result.error_code, self.goal.result.error_msg

    def strike(self, kind: FaultKind, magnitude: float | None = None) -> None:
        self.manifold.node._manifold.boots.set_fault(Fault(kind, 0, magnitude))

    def close(self) -> None:
        for bench in self.benches:
            bench.close()

    def _cycle(self, bench: Bench, period: float) -> None:
        if bench not in self.lost and self._ticks % round(period / SAMPLE_PERIOD) == 0:
            bench.cycle(period)

    def _pass_on(self, sender: Bench, topic: Topic, *hearers: Bench) -> None:
        for message in sender.said[topic.name].taken():
            if sender not in self.lost:
                self._hand(topic, message, *hearers)

    def _hand(self, topic: Topic, message: Any, *hearers: Bench) -> None:
        for bench in hearers:
            if bench not in self.lost:
                bench.hear(topic, message)


@pytest.fixture
def system(ros: None) -> Iterator[TunedSystem]:
    """A system that has been asked for the experiment."""
    system = TunedSystem()
    yield system
    system.close()


@pytest.fixture
def pressed(system: TunedSystem) -> TunedSystem:
    """A system in the middle of the experiment, its chamber under pressure."""
    system.until(system.under_pressure)
    return system


def identified(path: Path, system: TunedSystem) -> IdentifiedChamber:
    """What the experiment tells of the chamber."""
    system.until(system.ended)
    assert system.goal.result is not None
    assert system.goal.result.error_msg == ''
    (message,) = system.goal.result.records
    return identify(record_of(message), chamber_file(load_garment(path), 0))


def test_through_the_nodes_a_chamber_is_found_as_without_them(
    system: TunedSystem, garment_path: Path
) -> None:
    garment = load_garment(garment_path)
    boots = SimulatedBoots(PlantParameters.from_garment(garment, (1,)))
    ((_, (record,)),) = run_experiment(boots, garment)
    direct = identify(record, chamber_file(garment, 0))
    found = identified(garment_path, system)
    for name in ('rest_volume', 'compliance', 'inlet_conductance', 'valve_response'):
        assert getattr(found, name).low <= getattr(direct, name).value <= getattr(found, name).high
    assert 'the zeros of the sensors are measured' in system.goal.said[0]
    assert system.goal.said[-1] == 'vents'


def test_air_that_is_left_in_the_rail_is_let_out_first(
    system: TunedSystem, garment_path: Path
) -> None:
    boots = system.manifold.node._manifold.boots
    charging = replace(Actuation.vented((1,)), pump=np.asarray(1.0))
    for _ in range(50):
        boots.step(charging, SAMPLE_PERIOD)
    system.tick()
    assert system.state.supply_pressure > PRESSED
    garment = load_garment(garment_path)
    in_the_rail = system.state.supply_pressure / ATMOSPHERE * garment.supply.volume
    found = identified(garment_path, system).rest_volume
    # the only chamber has taken what did not leave through its exhaust
    assert found.low - in_the_rail <= garment.rest_volume[0] <= found.high + in_the_rail


def test_samples_that_are_lost_now_and_then_are_bridged(
    system: TunedSystem, garment_path: Path
) -> None:
    system.spoil = lambda message: None if message.sequence % 97 == 0 else message
    found = identified(garment_path, system)
    truth = float(load_garment(garment_path).rest_volume[0])
    assert found.rest_volume.low <= truth <= found.rest_volume.high


def test_many_samples_that_are_lost_end_the_experiment(pressed: TunedSystem) -> None:
    gap = range(pressed.state.sequence, pressed.state.sequence + 18)
    pressed.spoil = lambda message: None if message.sequence in gap else message
    code, text = pressed.why()
    assert code == Result.ERROR_ENDED_EARLY
    assert 'samples in a row are lost' in text


def test_SR_05_tuner_that_dies_under_pressure_leaves_a_vented_garment(
    pressed: TunedSystem,
) -> None:
    pressed.lost.add(pressed.tuner)
    assert pressed.until(pressed.vents) <= HARD_LIMITS.request_age + 2 * CYCLE


def test_SR_21_supervisor_that_dies_under_pressure_leaves_a_vented_garment(
    pressed: TunedSystem,
) -> None:
    pressed.lost.add(pressed.supervisor)
    assert pressed.until(pressed.vents) <= PERMIT_AGE_LIMIT + 2 * SAMPLE_PERIOD


def test_experiment_ends_when_the_supervisor_is_silent(pressed: TunedSystem) -> None:
    def without_dead_man(message: ManifoldState) -> ManifoldState:
        message.watchdog_expired = False
        return message

    pressed.spoil = without_dead_man
    pressed.lost.add(pressed.supervisor)
    assert pressed.until(pressed.ended) >= SAFETY_AGE_LIMIT
    assert 'the safety supervisor is silent' in pressed.why()[1]


def test_SR_04_manifold_that_falls_silent_ends_the_experiment(pressed: TunedSystem) -> None:
    silent = pressed.state.sequence
    pressed.spoil = lambda message: None if message.sequence < silent + 40 else message
    code, text = pressed.why()
    assert code == Result.ERROR_SUPERVISOR
    assert text.startswith('SR-04: no fresh readings from the manifold;')


def test_SR_01_emergency_stop_ends_the_experiment(pressed: TunedSystem) -> None:
    pressed.supervisor.call(EMERGENCY_STOP, EmergencyStop.Request(reason='test'))
    pressed.tick()
    pressed.tick()
    assert pressed.vents()
    code, text = pressed.why()
    assert code == Result.ERROR_SUPERVISOR
    assert text == 'SR-01: emergency stop; see to the person, then reset on purpose'


@pytest.mark.parametrize(
    ('spoiled', 'says'),
    [
        ({'pressure': [np.nan]}, 'SR-03: a pressure reading is missing or impossible'),
        ({'fault': ManifoldState.FAULT_DEVICE}, 'SR-06: the manifold reports a fault'),
        ({'emergency_input': True}, 'SR-01: emergency stop'),
    ],
)
def test_what_the_supervisor_makes_of_a_sample_is_told(
    pressed: TunedSystem, spoiled: dict[str, Any], says: str
) -> None:
    def spoil(message: ManifoldState) -> ManifoldState:
        copy = ManifoldState(
            header=message.header,
            sequence=message.sequence,
            name=message.name,
            pressure=message.pressure,
            inlet=message.inlet,
            exhaust=message.exhaust,
            supply_pressure=message.supply_pressure,
            pump=message.pump,
        )
        for name, value in spoiled.items():
            setattr(copy, name, value)
        pressed.spoil = lambda sound: sound
        return copy

    pressed.spoil = spoil
    code, text = pressed.why()
    assert code == Result.ERROR_SUPERVISOR
    assert text.startswith(says)


def test_rail_that_is_not_measured_any_more_ends_the_experiment(pressed: TunedSystem) -> None:
    pressed.manifold.node._manifold.boots.set_fault(Fault(FaultKind.SUPPLY_SENSOR_NAN))
    code, text = pressed.why()
    assert code == Result.ERROR_ENDED_EARLY
    assert text.startswith('the pressure of the rail is not measured')


def test_SR_11_hose_that_comes_off_ends_the_experiment(system: TunedSystem) -> None:
    system.strike(FaultKind.HOSE_BURST)
    system.until(lambda: 'filled to 15 mmHg' in system.goal.said)
    assert system.until(system.ended) < FILL_LIMIT / 2.0
    code, text = system.why()
    assert code == Result.ERROR_SUPERVISOR
    assert text.startswith('SR-11: a chamber does not inflate (left foot); check the hose')


def test_leak_is_told_of_by_what_was_measured(system: TunedSystem, garment_path: Path) -> None:
    system.strike(FaultKind.LEAK, 400.0 * MILLILITRE / MINUTE)
    with pytest.raises(NotIdentifiable, match='left_foot: leaks '):
        identified(garment_path, system)


def test_cancel_vents_at_once_and_is_answered_when_all_is_vented(pressed: TunedSystem) -> None:
    pressed.tuner.node._on_cancel(pressed.goal)
    pressed.tick()
    pressed.tick()
    assert pressed.vents()
    assert not pressed.ended()
    assert pressed.why() == (Result.ERROR_CANCELLED, 'ended on request, and vented')


def test_a_second_goal_is_refused(pressed: TunedSystem) -> None:
    other = Goal()
    pressed.tuner.node._on_accepted(other)
    assert other.result is not None
    assert other.result.error_code == Result.ERROR_BUSY
    assert not pressed.ended()


def test_error_in_the_node_vents(pressed: TunedSystem) -> None:
    pressed.tuner.hear(MANIFOLD_STATE, None)
    code, text = pressed.why()
    assert code == Result.ERROR_INTERNAL
    assert 'see the log' in text
