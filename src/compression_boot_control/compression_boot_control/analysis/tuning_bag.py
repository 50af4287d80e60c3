"""The experiment of `boots tune` as a bag: written while it runs, and gone through again.

The bag has the commands and the raw samples, in the project's own messages. Nothing in it says
which phase a sample belongs to: the experiment runs once more, on the recorded samples, and asks
for the very commands that are in the bag, or the bag is not of this experiment on this garment.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import numpy as np

from compression_boot_control.analysis.bag_metadata import qos_text
from compression_boot_control.analysis.bag_reader import Bag, open_bag
from compression_boot_control.analysis.bag_writer import FLUSH_PERIOD, BagWriter
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.message_serializer import PACKAGE, MessageSerializer
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Actuation, FloatArray, Readings
from compression_boot_control.hardware.clock import Clock
from compression_boot_control.hardware.garment_layout import layout_fields
from compression_boot_control.hardware.manifold import Manifold, ManifoldSample

EXPERIMENT = 'experiment', 'boots tune'
"""Entry of the provenance by which such a bag is known."""

NAMESPACE = '/boots'
LAYOUT, STATE, PERMITTED = (
    f'{NAMESPACE}/{topic}' for topic in ('layout', 'manifold/state', 'valves/permitted')
)
TYPES = {LAYOUT: 'Layout', STATE: 'ManifoldState', PERMITTED: 'ValveCommand'}

NANOSECONDS = 1_000_000_000


class TuningRecorder:
    """Writes a bag of the experiment; a `Witness` of `TuningRig`.

    Parameters
    ----------
    folder : str or Path
        The bag; must not exist.
    manifold : Manifold
    backend : str
    clock : Clock
        By which the samples come.
    provenance : mapping of str to str

    Raises
    ------
    BagError
        The folder exists or cannot be written, or the disk is full; here, and while it runs.
    """

    def __init__(
        self,
        folder: str | Path,
        manifold: Manifold,
        backend: str,
        clock: Clock,
        provenance: Mapping[str, str],
    ) -> None:
        self._clock = clock
        self._serializer = MessageSerializer()
        self._count = self._samples = 0
        self._waiting: dict[str, list[tuple[int, dict[str, object]]]] = {STATE: [], PERMITTED: []}
        self._block = max(round(FLUSH_PERIOD / manifold.sample_period), 1)
        garment = manifold.garment
        names, none = list(garment.chamber_names), np.zeros(len(garment))
        layout = self._serializer.message(
            PACKAGE + TYPES[LAYOUT],
            **layout_fields(garment, backend, manifold.sample_period),
        )
        valves = {'name': names, 'inlet': none, 'exhaust': none}
        self._patterns = {
            STATE: self._serializer.message(PACKAGE + TYPES[STATE], pressure=none, **valves),
            PERMITTED: self._serializer.message(PACKAGE + TYPES[PERMITTED], **valves),
        }
        self._writer = BagWriter(folder, dict(provenance) | dict([EXPERIMENT]))
        for topic, kind in TYPES.items():
            latched = topic == LAYOUT
            qos = qos_text(reliable=topic != STATE, transient_local=latched)
            self._writer.add_topic(topic, PACKAGE + kind, qos, latched=latched)
        self._ahead = time.time_ns() - round(clock.now() * NANOSECONDS)
        self._writer.write(LAYOUT, layout, self._now(), self._now())

    def __call__(self, actuation: Actuation, sample: ManifoldSample | None) -> None:
        """Take a command, and the sample after it if one came."""
        self._count += 1
        now = self._now()
        self._take(
            PERMITTED,
            now,
            sequence=self._count,
            source_sequence=self._samples,
            inlet=actuation.inlet,
            exhaust=actuation.exhaust,
            pump=float(actuation.pump),
        )
        if sample is not None:
            self._samples += 1
            readings = sample.readings
            self._take(
                STATE,
                now,
                sequence=self._samples,
                pressure=readings.pressure,
                inlet=readings.inlet,
                exhaust=readings.exhaust,
                supply_pressure=float(readings.supply_pressure),
                pump=float(readings.pump),
                permitted_sequence=self._count,
                watchdog_expired=sample.watchdog_expired,
                emergency_input=sample.emergency_input,
                fault=int(sample.fault),
            )
        if self._count % self._block == 0:
            self._write()

    def __enter__(self) -> TuningRecorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._writer.closed:
            self._write()
            self._writer.close()

    def _now(self) -> int:
        return self._ahead + round(self._clock.now() * NANOSECONDS)

    def _take(self, topic: str, now: int, **fields: object) -> None:
        self._waiting[topic].append((now, fields))

    def _write(self) -> None:
        """Write what waits; messages of one topic are made together, which is much quicker."""
        messages = []
        for topic, waiting in self._waiting.items():
            if waiting:
                times = [now for now, _ in waiting]
                columns = {
                    name: np.array([fields[name] for _, fields in waiting])
                    for name in waiting[0][1]
                }
                type_name = PACKAGE + TYPES[topic]
                rows = self._serializer.rows(
                    type_name, self._patterns[topic], {'header.stamp': np.array(times), **columns}
                )
                messages += [
                    (now, topic == STATE, topic, data)
                    for now, data in zip(times, rows, strict=True)
                ]
                waiting.clear()
        # a command goes before the sample that it led to
        for now, _, topic, data in sorted(messages, key=lambda message: message[:2]):
            self._writer.write(topic, data, now, now)


class RecordedRig:
    """The boots of a recorded experiment: they do what they did.

    Parameters
    ----------
    path : Path
        The bag.
    garment : Garment
        What was measured.

    Attributes
    ----------
    sample_period : float
        [s]

    Raises
    ------
    BagError
        The bag cannot be read, has no experiment of `boots tune`, or one of another garment.
    """

    def __init__(self, path: Path, garment: Garment) -> None:
        self._path = path
        self._garment = garment
        bag = open_bag(path, tuple(TYPES))
        if bag.provenance.get(EXPERIMENT[0]) != EXPERIMENT[1]:
            raise BagError(
                f'{path} has no experiment of boots tune in it: the waves of a session do not tell '
                'volumes from valves; record one with boots tune --record'
            )
        self.sample_period = self._checked_layout(bag)
        self._commands = self._columns(bag, PERMITTED, ('inlet', 'exhaust'), ('pump', 'sequence'))
        self._samples = self._columns(
            bag,
            STATE,
            ('pressure', 'inlet', 'exhaust'),
            ('supply_pressure', 'pump', 'permitted_sequence'),
        )
        answered = self._samples['permitted_sequence'].astype(int).tolist()
        self._sample_of = {command: row for row, command in enumerate(answered)}
        self._at = -1
        self._last = self._advance()

    def readings(self) -> Readings:
        """Return the last sample, of shape (1, N)."""
        return self._last

    def step(self, actuation: Actuation, dt: float) -> Readings:
        """Take the sample that came after this command.

        Raises
        ------
        BagError
            The recording ends here, or its command was another.
        """
        following = self._at + 1
        if following < len(self._commands['pump']):
            asked = actuation.inlet[0], actuation.exhaust[0], actuation.pump[0]
            for name, wanted in zip(('inlet', 'exhaust', 'pump'), asked, strict=True):
                if not np.array_equal(self._commands[name][following], wanted):
                    raise BagError(
                        f'{self._path}: from {following * dt:.0f} s on its valves do not move as '
                        f'the experiment moves those of {self._garment.name}: the garment file '
                        'has changed since; give the one of then with --garment'
                    )
        self._last = self._advance()
        return self._last

    def _advance(self) -> Readings:
        self._at += 1
        if self._at >= len(self._commands['pump']):
            seconds = self._at * self.sample_period
            raise BagError(
                f'{self._path} ends after {seconds:.0f} s, before the experiment was through: '
                'measure again with boots tune --record'
            )
        row = self._sample_of.get(int(self._commands['sequence'][self._at]))
        if row is None:
            # a single lost answer is a lost sample
            return self._last
        samples = self._samples
        return Readings(
            pressure=samples['pressure'][row][None],
            inlet=samples['inlet'][row][None],
            exhaust=samples['exhaust'][row][None],
            supply_pressure=samples['supply_pressure'][row][None],
            pump=samples['pump'][row][None],
        )

    def _checked_layout(self, bag: Bag) -> float:
        """Sample period of the device, if it was of this garment [s]."""
        layout = bag.series(LAYOUT)
        name, chambers = str(layout['garment'][0]), tuple(layout['name'][0])
        if name != self._garment.name or chambers != self._garment.chamber_names:
            raise BagError(
                f'{self._path} is of garment {name} with {len(chambers)} chambers, not of '
                f'{self._garment.name} with {len(self._garment)}: give its file with --garment'
            )
        return float(layout['sample_period'][0])

    def _columns(
        self, bag: Bag, topic: str, of_chambers: tuple[str, ...], plain: tuple[str, ...]
    ) -> dict[str, FloatArray]:
        series = bag.series(topic)
        found = {name: np.asarray(series[name], float) for name in plain}
        for name in of_chambers:
            columns = series.chambers(name)
            if columns.chamber_names != self._garment.chamber_names:
                raise BagError(f'{self._path}: the chambers in {topic} are not those of its layout')
            found[name] = columns.values
        return found
