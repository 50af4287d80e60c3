"""The phases of a protocol file: one model for each compression pattern."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from compression_boot_control.file_validation import FileModel, Number, Word
from compression_boot_control.sessions.limits import DWELL, REPEATS, REST, SCALE
from compression_boot_control.sessions.zone_pressures import ZonePressures

Dwell = Annotated[Number, Field(ge=DWELL.low, le=DWELL.high)]
Rest = Annotated[Number, Field(ge=REST.low, le=REST.high)]
Repeats = Annotated[int, Field(ge=int(REPEATS.low), le=int(REPEATS.high))]


class Phase(FileModel):
    """What all phases have.

    Attributes
    ----------
    name : str
        Unique in its protocol, e.g. warm_up, main, cool_down.
    repeats : int or None
        Number of cycles; None fills the session's time.
    """

    name: Word
    repeats: Repeats | None = None


class SequentialGradientHold(Phase):
    """Zones inflate from foot to thigh and hold until all are up, dwell, release together, rest."""

    pattern: Literal['sequential_gradient_hold']
    pressure: ZonePressures
    dwell_s: Dwell
    release: Literal['full'] = 'full'
    rest_s: Rest


class Scaled(Phase):
    """Another phase at a part of its pressure: a warm-up or a cool-down.

    Attributes
    ----------
    of : str
        Name of the other phase.
    scale : float
        Its pressures are multiplied by this.
    dwell_s, rest_s : float or None
        Instead of the other phase's own, if given.
    """

    pattern: Literal['scaled']
    of: Word
    scale: Annotated[Number, Field(ge=SCALE.low, le=SCALE.high)]
    dwell_s: Dwell | None = None
    rest_s: Rest | None = None


CompressionPhase = SequentialGradientHold
"""Phases that say themselves what they do; a union as patterns are added."""

AnyPhase = Annotated[SequentialGradientHold | Scaled, Field(discriminator='pattern')]
"""What may stand in a protocol file's phases."""
