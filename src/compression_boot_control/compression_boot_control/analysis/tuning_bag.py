"""The experiment of `boots tune` in a bag: gone through again, on the samples that were recorded.

The bag is an ordinary one, of the nodes that ran. Nothing in it says which phase a sample belongs
to: the experiment runs once more on the samples that the tuner answered, and asks for the very
commands that it requested, or the bag is not of this experiment on this garment.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from compression_boot_control.analysis.bag_reader import Bag, open_bag
from compression_boot_control.analysis.errors import BagError
from compression_boot_control.analysis.message_serializer import PACKAGE
from compression_boot_control.analysis.series import Series
from compression_boot_control.core.chamber_record import ChamberRecord
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import FloatArray, IntArray, Readings
from compression_boot_control.plant.sampled_experiment import SampledExperiment, SamplesLost
from compression_boot_control.plant.tuning_experiment import ExperimentStep

EXPERIMENT = 'experiment', 'boots tune'
"""Entry of the provenance by which such a bag is known."""

LAYOUT, STATE, COMMAND = (PACKAGE + kind for kind in ('Layout', 'ManifoldState', 'ValveCommand'))
OF_THE_LAYOUT, REQUESTED = 'layout', 'valves/requested'


def recorded_experiment(path: Path, garment: Garment) -> list[ChamberRecord]:
    """Go through a recorded experiment; the records of all chambers.

    Parameters
    ----------
    path : Path
        The bag.
    garment : Garment
        What was measured.

    Raises
    ------
    BagError
        The bag cannot be read, has no whole experiment of `boots tune`, or one of another garment.
    """
    bag = open_bag(path, (LAYOUT, STATE, COMMAND))
    if bag.provenance.get(EXPERIMENT[0]) != EXPERIMENT[1]:
        raise BagError(
            f'{path} has no experiment of boots tune in it: the waves of a session do not tell '
            'volumes from valves; record one with boots tune --record'
        )
    recording = _Recording(bag, garment)
    experiment = SampledExperiment(garment, recording.sample_period)
    for row, sequence in enumerate(recording.answered.tolist()):
        readings = recording.readings(sequence)
        if readings is None:
            continue  # lost on its way into the bag: bridged like one that the tuner has lost
        try:
            asked = experiment.take(sequence, readings)
        except SamplesLost as error:
            raise BagError(f'{path}: {error}') from error
        if not recording.requests(row, asked):
            seconds = row * recording.sample_period
            raise BagError(
                f'{path}: from {seconds:.0f} s on its valves do not move as the experiment moves '
                f'those of {garment.name}: the garment file has changed since; give the one of '
                'then with --garment'
            )
        if experiment.done:
            return experiment.records
    seconds = len(recording.answered) * recording.sample_period
    raise BagError(
        f'{path} ends after {seconds:.0f} s, before the experiment was through: measure again '
        'with boots tune --record'
    )


class _Recording:
    """Samples, and the requests of the experiment that answer them.

    Attributes
    ----------
    sample_period : float
        [s]
    answered : (T,) array
        Sequence of the sample that each request answers.
    """

    def __init__(self, bag: Bag, garment: Garment) -> None:
        self._path = bag.path
        self._garment = garment
        layout = next(iter(bag.topics_of(LAYOUT)), OF_THE_LAYOUT)
        state = next(iter(bag.topics_of(STATE)), STATE)
        self.sample_period = self._checked_layout(bag, layout)
        asked = bag.series(layout.removesuffix(OF_THE_LAYOUT) + REQUESTED)
        requests = self._columns(asked, ('inlet', 'exhaust'), ('pump',))
        of_experiment = self._of_the_experiment(np.asarray(asked['setpoints_sequence'], int))
        self._requests = {name: values[of_experiment] for name, values in requests.items()}
        self.answered = np.asarray(asked['source_sequence'], int)[of_experiment]
        sampled = bag.series(state)
        self._samples = self._columns(
            sampled, ('pressure', 'inlet', 'exhaust'), ('supply_pressure', 'pump')
        )
        sequences = np.asarray(sampled['sequence'], int).tolist()
        self._sample_of = {sequence: row for row, sequence in enumerate(sequences)}

    def readings(self, sequence: int) -> Readings | None:
        """Return a sample, of arrays (N,); None if the bag lacks it."""
        row = self._sample_of.get(sequence)
        if row is None:
            return None
        return Readings(**{name: np.asarray(column[row]) for name, column in self._samples.items()})

    def requests(self, row: int, asked: ExperimentStep) -> bool:
        """Whether a request is what the experiment asks for."""
        return all(
            np.array_equal(column[row], getattr(asked.actuation, name))
            for name, column in self._requests.items()
        )

    def _of_the_experiment(self, setpoints: IntArray) -> IntArray:
        """Rows of the first experiment: requests with set-points of it, which count from 1."""
        rows = np.flatnonzero(setpoints > 0)
        if not len(rows) or setpoints[rows[0]] != 1:
            raise BagError(
                f'{self._path} lacks the beginning of the experiment: measure again with boots '
                'tune --record'
            )
        again = np.flatnonzero(np.diff(setpoints[rows]) <= 0)
        return rows[: again[0] + 1] if len(again) else rows

    def _checked_layout(self, bag: Bag, topic: str) -> float:
        """Sample period of the device, if it was of this garment [s]."""
        layout = bag.series(topic)
        name, chambers = str(layout['garment'][0]), tuple(layout['name'][0])
        if name != self._garment.name or chambers != self._garment.chamber_names:
            raise BagError(
                f'{self._path} is of garment {name} with {len(chambers)} chambers, not of '
                f'{self._garment.name} with {len(self._garment)}: give its file with --garment'
            )
        return float(layout['sample_period'][0])

    def _columns(
        self, series: Series, of_chambers: tuple[str, ...], plain: tuple[str, ...]
    ) -> dict[str, FloatArray]:
        found = {name: np.asarray(series[name], float) for name in plain}
        for name in of_chambers:
            columns = series.chambers(name)
            if columns.chamber_names != self._garment.chamber_names:
                raise BagError(
                    f'{self._path}: the chambers in {series.topic} are not those of its layout'
                )
            found[name] = columns.values
        return found
