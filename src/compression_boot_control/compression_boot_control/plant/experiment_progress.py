"""How far the experiment of `boots tune` on one garment is, for a person who waits."""

from __future__ import annotations

from typing import NamedTuple

from compression_boot_control.core.chamber_record import DISCHARGE, END, FILL, RELAX, VENT
from compression_boot_control.core.units import MMHG
from compression_boot_control.plant.tuning_experiment import STEPS, ExperimentStep

COURSE = (
    (END, STEPS[0]),
    (DISCHARGE, STEPS[0]),
    *((phase, level) for level in STEPS for phase in (FILL, RELAX)),
    (VENT, 0.0),
)
"""What is done to a chamber, in its order: phase, and level [Pa]."""

WORDS = {
    END: 'the rail is charged',
    DISCHARGE: 'the rail empties into it',
    FILL: 'filled to {level:.0f} mmHg',
    RELAX: 'rests at {level:.0f} mmHg',
    VENT: 'vents',
}


class Progress(NamedTuple):
    """Chamber under test, share of the experiment that is done [0..1], and what is done."""

    chamber: str
    share: float
    text: str


def progress_of(asked: ExperimentStep, names: tuple[str, ...]) -> Progress:
    """Tell how far it is.

    Parameters
    ----------
    asked : ExperimentStep
        With arrays (N,).
    names : tuple of str
        Of the garment's chambers.
    """
    if asked.chamber is None:
        return Progress('', 0.0, 'the rail is emptied, and the zeros of the sensors are measured')
    phase = int(asked.phase)
    done = COURSE.index((phase, asked.level)) / len(COURSE)
    return Progress(
        names[asked.chamber],
        (asked.chamber + done) / len(names),
        WORDS[phase].format(level=asked.level / MMHG),
    )
