"""Records a simulated session as a bag, as the nodes and their recorder would have left it.

Half an hour of session takes seconds. What the nodes compute comes from the compiled session; what
depends on processes and a network, delays, is drawn. Used by benchmarks, tests and the pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from compression_boot_control.analysis.bag_metadata import qos_text
from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.message_definitions import (
    MessageDefinition,
    message_definition,
)
from compression_boot_control.analysis.message_serializer import PACKAGE, MessageSerializer
from compression_boot_control.core.chamber_control import ControlParameters
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan
from compression_boot_control.core.sensing import SensingParameters
from compression_boot_control.core.sequence import (
    SequenceParameters,
    SequenceRequest,
    SequenceTable,
    SessionStatus,
)
from compression_boot_control.core.signals import FloatArray, IntArray
from compression_boot_control.hardware.simulated import wearer
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.boots import SimulatedBoots
from compression_boot_control.plant.closed_loop import SAMPLE_PERIOD, one_garment, zeroed
from compression_boot_control.plant.compiled_run import Trace, compiled_run
from compression_boot_control.plant.compiled_tick import TickMemory, TickModel

DELAYS = {'pressures': 0.4e-3, 'requested': 0.8e-3, 'permitted': 1.2e-3, 'recorded': 0.3e-3}
"""Mean time from the sample to each message, and from a message to its recording [s] [P]."""

SPREAD = 0.1
"""Part of a delay that is drawn anew for each message [-]."""

SETPOINTS_EVERY, SAFETY_EVERY, STATE_EVERY = 5, 10, 20
"""Samples from one message that only repeats to the next."""

TAIL = 100
"""Samples after the end of the session."""

BLOCK = 6000
"""Samples that are serialized together."""


@dataclass(frozen=True)
class SimulatedRecording:
    """What the nodes would have said: T samples of N chambers.

    Attributes
    ----------
    status, stage, cycle, cycles_done : (T,) array
        Of the sequence; see `SequenceState`.
    elapsed : (T,) array
        Session time [s].
    mode, target, pressure, raw, inlet, exhaust, dose : (T, N) array
        Set-points; estimated pressure, reading at the port [Pa]; openings as the device reports
        them [0..1]; dose so far [Pa s].
    wanted_inlet, wanted_exhaust : (T, N) array
        Openings as they were asked for, one sample ahead of the device [0..1].
    supply, pump, wanted_pump : (T,) array
        Rail [Pa], drive as the device has it and as it was asked for [0..1].
    """

    status: IntArray
    stage: IntArray
    cycle: IntArray
    cycles_done: IntArray
    elapsed: FloatArray
    mode: IntArray
    target: FloatArray
    pressure: FloatArray
    raw: FloatArray
    inlet: FloatArray
    exhaust: FloatArray
    dose: FloatArray
    wanted_inlet: FloatArray
    wanted_exhaust: FloatArray
    supply: FloatArray
    pump: FloatArray
    wanted_pump: FloatArray


def simulate_recording(garment: Garment, plan: Plan, seed: int) -> SimulatedRecording:
    """Step a session and keep what the nodes would publish at each sample."""
    boots = SimulatedBoots(wearer(garment, seed), seed)
    shape = (1, len(garment))
    model = TickModel(
        SensingParameters.from_garment(garment),
        ControlParameters.from_garment(garment),
        SequenceParameters(),
        SequenceTable.of_plan(plan),
    )
    memory = TickMemory.initial(shape)._replace(sensing=one_garment(zeroed(boots, garment)))
    request = SequenceRequest.nothing(shape)
    run = compiled_run(boots.memory.width)
    trace = Trace.empty(1, shape)
    cells = boots.memory.cells
    rows: list[tuple[ArrayLike, ...]] = []
    left = TAIL
    while left:
        noise = boots.draw_noise(BLOCK, SAMPLE_PERIOD).reshape(BLOCK, 1, 1, -1)
        for tick in noise:
            before = memory.inlet[0].copy(), memory.exhaust[0].copy(), memory.pump[0]
            run(
                model,
                memory,
                request,
                cells,
                boots.memory.neighbours,
                tick,
                boots.memory.substep,
                boots.substeps,
                SAMPLE_PERIOD,
                trace,
            )
            progress = memory.progress
            rows.append(
                (
                    progress.status[0, 0],
                    progress.stage[0, 0],
                    progress.cycle[0, 0],
                    progress.cycles_done[0, 0],
                    progress.session_time[0, 0],
                    memory.mode[0].copy(),
                    memory.target[0].copy(),
                    memory.pressure[0].copy(),
                    cells[0, 1:, at.READING, 0].copy(),
                    *before[:2],
                    memory.dose[0].copy(),
                    memory.inlet[0].copy(),
                    memory.exhaust[0].copy(),
                    trace.supply_pressure[0, 0],
                    before[2],
                    memory.pump[0],
                )
            )
            left -= progress.status[0, 0] == SessionStatus.DONE
            if not left:
                break
    return SimulatedRecording(*(np.array(column) for column in zip(*rows, strict=True)))


@dataclass(frozen=True)
class _Batch:
    """Messages of one topic in the order of their time [ns]."""

    topic: str
    log_time: IntArray
    publish_time: IntArray
    data: list[bytes]


def write_simulated_bag(
    folder: str | Path,
    garment: Garment,
    plan: Plan,
    *,
    seed: int = 0,
    start: float = 1.7e9,
    namespace: str = '/boots',
    definition_of: Callable[[str], MessageDefinition] = message_definition,
    recording: SimulatedRecording | None = None,
    sessions: int = 1,
) -> SimulatedRecording:
    """Write a bag of a simulated session.

    Parameters
    ----------
    folder : str or Path
        The bag; must not exist.
    garment : Garment
    plan : Plan
    seed : int
        Draws the wearer, the noise and the delays.
    start : float
        Stamp of the first sample [s].
    namespace : str
    definition_of : callable
        Gives the `MessageDefinition` of a type name.
    recording : SimulatedRecording, optional
        What to write, in the place of a new simulation.
    sessions : int
        How often the session is written, one after another.

    Returns
    -------
    SimulatedRecording
        What was written.
    """
    recording = recording or simulate_recording(garment, plan, seed)
    serializer = MessageSerializer(definition_of)
    rng = np.random.default_rng(seed)
    provenance = {
        'garment': garment.name,
        'protocol': plan.protocol,
        'seed': str(seed),
        'backend': 'sim',
        'speed': '1.0',
        'version': 'simulated',
    }
    with BagWriter(folder, provenance, definition_of=definition_of) as bag:
        for topic, kind, reliable, latched in TOPICS:
            qos = qos_text(reliable=reliable, transient_local=latched)
            bag.add_topic(f'{namespace}/{topic}', PACKAGE + kind, qos)
        count = len(recording.status)
        make = partial(_batches, serializer, garment, plan, recording)
        for session, first in product(range(sessions), range(0, count, BLOCK)):
            rows = np.arange(first, min(first + BLOCK, count))
            batches = list(make(rows, session * count, start, rng))
            order = np.concatenate([batch.log_time for batch in batches])
            owner = np.repeat(np.arange(len(batches)), [len(batch.data) for batch in batches])
            place = np.concatenate([np.arange(len(batch.data)) for batch in batches])
            for at_row in np.argsort(order, kind='stable').tolist():
                batch, row = batches[owner[at_row]], place[at_row]
                topic = f'{namespace}/{batch.topic}'
                times = int(batch.log_time[row]), int(batch.publish_time[row])
                bag.write(topic, batch.data[row], *times)
    return recording


TOPICS = (
    ('layout', 'Layout', True, True),
    ('manifold/state', 'ManifoldState', False, False),
    ('pressures', 'ChamberPressures', False, False),
    ('setpoints', 'Setpoints', True, False),
    ('valves/requested', 'ValveCommand', True, False),
    ('valves/permitted', 'ValveCommand', True, False),
    ('safety/state', 'SafetyState', True, True),
    ('session/state', 'SessionState', True, True),
)
"""Topic, type, and whether it is reliable and latched."""

SESSION_STATES = {
    SessionStatus.RUNNING: 2,
    SessionStatus.PAUSED: 3,
    SessionStatus.ENDING: 4,
    SessionStatus.DONE: 1,
}


def _batches(
    serializer: MessageSerializer,
    garment: Garment,
    plan: Plan,
    recording: SimulatedRecording,
    rows: IntArray,
    earlier: int,
    start: float,
    rng: np.random.Generator,
) -> Iterator[_Batch]:
    """Messages of all topics at some samples, before which so many have been written."""
    names = list(garment.chamber_names)
    sampled = round(start * 1e9) + np.rint(SAMPLE_PERIOD * 1e9 * (earlier + rows))
    stamp = sampled.astype(np.int64)
    none = np.zeros(len(names))
    codes = np.zeros(len(names), np.uint8)

    def delayed(name: str, count: int = len(rows)) -> IntArray:
        mean = DELAYS[name]
        extra = rng.exponential(SPREAD * mean, count)
        return np.rint(((1.0 - SPREAD) * mean + extra) * 1e9).astype(np.int64)

    def batch(topic: str, kind: str, sent: IntArray, own: dict[str, Any], fields: Any) -> _Batch:
        pattern = serializer.message(PACKAGE + kind, **fields)
        data = serializer.rows(PACKAGE + kind, pattern, own)
        return _Batch(topic, sent + delayed('recorded', len(sent)), own['header.stamp'], data)

    if earlier + rows[0] == 0:
        layout = {
            'garment': garment.name,
            'backend': 'sim',
            'name': names,
            'leg': list(garment.legs),
            'zone': list(garment.zones),
            'zone_order': list(garment.zone_order),
            'rest_volume': garment.rest_volume,
            'compliance': garment.compliance,
            'pump_free_flow': garment.pump.free_flow,
            'pump_shut_off_pressure': garment.pump.shut_off_pressure,
            'sample_period': SAMPLE_PERIOD,
        }
        yield batch('layout', 'Layout', stamp[:1], {'header.stamp': stamp[:1]}, layout)
    sequence = earlier + rows + 1
    yield batch(
        'manifold/state',
        'ManifoldState',
        stamp,
        {
            'header.stamp': stamp,
            'sequence': sequence,
            'pressure': recording.raw[rows],
            'inlet': recording.inlet[rows],
            'exhaust': recording.exhaust[rows],
            'supply_pressure': recording.supply[rows],
            'pump': recording.pump[rows],
            'permitted_sequence': sequence - 1,
        },
        {
            'sequence': 1,
            'name': names,
            'pressure': none,
            'inlet': none,
            'exhaust': none,
            'supply_pressure': 0.0,
            'pump': 0.0,
            'permitted_sequence': 0,
            'watchdog_expired': False,
            'emergency_input': False,
            'second_pressure': np.empty(0),
            'fault': 0,
        },
    )
    yield batch(
        'pressures',
        'ChamberPressures',
        stamp + delayed('pressures'),
        {
            'header.stamp': stamp,
            'sequence': sequence,
            'pressure': recording.pressure[rows],
            'rate': np.gradient(recording.pressure[rows], SAMPLE_PERIOD, axis=0),
            'supply_pressure': recording.supply[rows],
        },
        {
            'sequence': 1,
            'name': names,
            'pressure': none,
            'rate': none,
            'quality': codes,
            'reason': codes,
            'supply_pressure': 0.0,
        },
    )
    command = {
        'sequence': 1,
        'source_sequence': 1,
        'name': names,
        'inlet': none,
        'exhaust': none,
        'pump': 0.0,
    }
    wanted = {
        'sequence': sequence,
        'source_sequence': sequence,
        'inlet': recording.wanted_inlet[rows],
        'exhaust': recording.wanted_exhaust[rows],
        'pump': recording.wanted_pump[rows],
    }
    requested = stamp + delayed('requested')
    yield batch(
        'valves/requested', 'ValveCommand', requested, {'header.stamp': stamp, **wanted}, command
    )
    permitted = stamp + delayed('permitted')
    yield batch(
        'valves/permitted',
        'ValveCommand',
        permitted,
        {'header.stamp': permitted, **wanted},
        command,
    )
    changed = (np.diff(recording.mode, axis=0, prepend=-1) != 0).any(axis=1)
    changed |= (np.diff(recording.target, axis=0, prepend=-1.0) != 0.0).any(axis=1)
    spoken = rows[changed[rows] | (rows % SETPOINTS_EVERY == 0)]
    when = stamp[spoken - rows[0]] + delayed('pressures', len(spoken))
    numbers = np.cumsum(changed | (np.arange(len(changed)) % SETPOINTS_EVERY == 0))
    numbers += earlier // len(changed) * int(numbers[-1])
    yield batch(
        'setpoints',
        'Setpoints',
        when,
        {
            'header.stamp': when,
            'sequence': numbers[spoken],
            'mode': recording.mode[spoken],
            'target': recording.target[spoken],
        },
        {'sequence': 1, 'name': names, 'mode': codes, 'target': none},
    )
    spoken = rows[rows % SAFETY_EVERY == 0]
    when = stamp[spoken - rows[0]] + delayed('permitted', len(spoken))
    verdict = {'state': 1, 'reason': '', 'vented': False, 'vented_name': [], 'alarms': []}
    yield batch('safety/state', 'SafetyState', when, {'header.stamp': when}, verdict)
    yield from _session_states(serializer, garment, plan, recording, rows, stamp)


def _session_states(
    serializer: MessageSerializer,
    garment: Garment,
    plan: Plan,
    recording: SimulatedRecording,
    rows: IntArray,
    stamp: IntArray,
) -> Iterator[_Batch]:
    """``session/state``, in one batch for each stretch with the same words."""
    spoken = rows[rows % STATE_EVERY == 0]
    stage, status = recording.stage[spoken], recording.status[spoken]
    edges = np.flatnonzero((np.diff(stage) != 0) | (np.diff(status) != 0)) + 1
    kind = PACKAGE + 'SessionState'
    for first, last in pairwise([0, *edges.tolist(), len(spoken)]):
        own = spoken[first:last]
        if not len(own):
            continue
        running = recording.status[own[0]] != SessionStatus.DONE
        pattern = serializer.message(
            kind,
            state=SESSION_STATES[SessionStatus(int(recording.status[own[0]]))],
            status='',
            protocol=plan.protocol if running else '',
            phase=plan.stage_names[recording.stage[own[0]]] if running else '',
            cycle=0,
            progress=0.0,
            elapsed=0.0,
            remaining=0.0,
            intensity=1.0,
            name=list(garment.chamber_names),
            target=np.zeros(len(garment)),
            pressure=np.zeros(len(garment)),
            dose=np.zeros(len(garment)),
            skipped=[],
            cycles_done=0,
            bench=True,
        )
        when = stamp[own - rows[0]] + 500_000
        elapsed = recording.elapsed[own]
        data = serializer.rows(
            kind,
            pattern,
            {
                'header.stamp': when,
                'cycle': recording.cycle[own],
                'progress': np.minimum(elapsed / plan.session_time, 1.0),
                'elapsed': elapsed,
                'remaining': np.maximum(plan.session_time - elapsed, 0.0),
                'target': recording.target[own],
                'pressure': recording.pressure[own],
                'dose': recording.dose[own],
                'cycles_done': recording.cycles_done[own],
            },
        )
        yield _Batch('session/state', when + 300_000, when, data)
