"""The experiment of `boots tune` on one garment whose samples are numbered, and may be lost."""

from __future__ import annotations

from compression_boot_control.core.chamber_record import ChamberRecord
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Actuation, Readings, Setpoints
from compression_boot_control.plant.tuning_experiment import Experiment, ExperimentStep, emptying

LONGEST_LOSS = 0.15
"""Time without a sample that the experiment bridges [s]; after 0.2 s the supervisor vents."""


class SamplesLost(Exception):
    """More samples are missing in a row than can be bridged; one line for a person."""


class SampledExperiment:
    """The experiment on one garment, sample by sample as they come; before it the rail is emptied.

    A lost sample is taken to be as the one before it.

    Parameters
    ----------
    believed : Garment
        What the garment file says; arrays (N,).
    dt : float
        Time from one sample to the next [s].
    """

    def __init__(self, believed: Garment, dt: float) -> None:
        self._experiment = Experiment(believed, dt=dt)
        self._before = emptying((1, len(believed)), dt)
        self._dt = dt
        self._sequence = 0
        self._readings: Readings | None = None

    @property
    def done(self) -> bool:
        """Whether all chambers are through."""
        return self._experiment.done

    @property
    def records(self) -> list[ChamberRecord]:
        """Of the chambers that are through, in their order."""
        return [record for (record,) in self._experiment.records]

    def take(self, sequence: int, readings: Readings) -> ExperimentStep:
        """Take a sample; what to do until the next one, with arrays (N,).

        Parameters
        ----------
        sequence : int
            The sender's count.
        readings : Readings
            Of arrays (N,).

        Raises
        ------
        SamplesLost
        ValueError
            The experiment is done.
        """
        before = self._readings
        lost = 0 if before is None else sequence - self._sequence - 1
        if lost < 0:
            raise SamplesLost('the samples begin anew: the manifold was started again')
        if lost * self._dt > LONGEST_LOSS:
            raise SamplesLost(
                f'{lost} samples in a row are lost: close other programs, or look at the '
                "device's connection"
            )
        missed = [] if before is None else [before] * lost
        self._sequence, self._readings = sequence, readings
        for sample in (*missed, readings):
            asked = self._advance(sample)
            if self.done:
                break
        return first_garment(asked)

    def _advance(self, readings: Readings) -> ExperimentStep:
        if self._before:
            return self._before.pop()
        return self._experiment.step(batch_of_one(readings))


def batch_of_one(readings: Readings) -> Readings:
    """Give readings of arrays (N,) the shape (1, N)."""
    return Readings(
        pressure=readings.pressure[None],
        inlet=readings.inlet[None],
        exhaust=readings.exhaust[None],
        supply_pressure=readings.supply_pressure[None],
        pump=readings.pump[None],
    )


def first_garment(asked: ExperimentStep) -> ExperimentStep:
    """Take what is asked of the first garment of a batch, with arrays (N,)."""
    actuation, setpoints = asked.actuation, asked.setpoints
    return asked._replace(
        phase=asked.phase[0],
        actuation=Actuation(actuation.inlet[0], actuation.exhaust[0], actuation.pump[0]),
        setpoints=Setpoints(setpoints.mode[0], setpoints.target[0]),
    )
