"""Records a simulated session as a bag, as the nodes and their recorder would have left it.

Half an hour of session takes seconds. Used by benchmarks, tests and the pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np

from compression_boot_control.analysis.bag_metadata import qos_text
from compression_boot_control.analysis.bag_writer import BagWriter
from compression_boot_control.analysis.message_definitions import (
    MessageDefinition,
    message_definition,
)
from compression_boot_control.analysis.message_serializer import PACKAGE, MessageSerializer
from compression_boot_control.analysis.simulated_messages import TOPICS, SimulatedMessages
from compression_boot_control.analysis.simulated_recording import (
    SimulatedRecording,
    simulate_recording,
)
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.plan import Plan

BLOCK = 6000
"""Samples that are serialized together."""


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
    messages = SimulatedMessages(
        MessageSerializer(definition_of),
        garment,
        plan,
        recording,
        start,
        np.random.default_rng(seed),
    )
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
        for session, first in product(range(sessions), range(0, count, BLOCK)):
            rows = np.arange(first, min(first + BLOCK, count))
            batches = list(messages.batches(rows, session))
            order = np.concatenate([batch.log_time for batch in batches])
            owner = np.repeat(np.arange(len(batches)), [len(batch.data) for batch in batches])
            place = np.concatenate([np.arange(len(batch.data)) for batch in batches])
            for at_row in np.argsort(order, kind='stable').tolist():
                batch, row = batches[owner[at_row]], place[at_row]
                topic = f'{namespace}/{batch.topic}'
                times = int(batch.log_time[row]), int(batch.publish_time[row])
                bag.write(topic, batch.data[row], *times)
    return recording
