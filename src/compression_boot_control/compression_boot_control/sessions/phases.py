"""The phases of a protocol file: one model for each compression pattern."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from compression_boot_control.file_validation import FileModel, Word, in_range
from compression_boot_control.sessions.limits import (
    DWELL,
    PULSE_DEPTH,
    PULSE_TIME,
    PULSES,
    REPEATS,
    REST,
    SCALE,
    WINDOW,
)
from compression_boot_control.sessions.zone_pressures import Pressure, ZonePressures

Dwell = Annotated[float, BeforeValidator(in_range(DWELL)), Field(ge=DWELL.low, le=DWELL.high)]
Rest = Annotated[float, BeforeValidator(in_range(REST)), Field(ge=REST.low, le=REST.high)]
Repeats = Annotated[int, BeforeValidator(in_range(REPEATS)), Field(ge=REPEATS.low, le=REPEATS.high)]


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


class Compression(Phase):
    """A cycle of compression: every pattern ends with a full release and a rest.

    Attributes
    ----------
    dwell_s : float
        Time under pressure after the last inflation [s].
    release : str
        Always full: all zones vent to below 10 mmHg.
    rest_s : float
        Time vented before the next cycle [s].
    """

    dwell_s: Dwell
    release: Literal['full'] = 'full'
    rest_s: Rest

    def zone_pressures(self, zone_order: Sequence[str]) -> tuple[float, ...]:
        """Pressure of each zone of a garment, distal to proximal [mmHg]; 0 for a vented one.

        Raises
        ------
        ValueError
            They do not fit the garment's zones.
        """
        raise NotImplementedError


class Graded(Compression):
    """A pattern whose pressure falls from foot to thigh."""

    pressure: ZonePressures

    def zone_pressures(self, zone_order: Sequence[str]) -> tuple[float, ...]:
        """See `Compression`."""
        return self.pressure.along(zone_order)


class SequentialGradientHold(Graded):
    """Zones inflate from foot to thigh and hold until all are up, dwell, and release together."""

    pattern: Literal['sequential_gradient_hold']


class Peristaltic(Graded):
    """A window of inflated zones moves from foot to thigh; the zones behind it release.

    Attributes
    ----------
    window_zones : int
        Zones that are under pressure at the same time.
    dwell_s : float
        Time that the window stays at each place [s].
    """

    pattern: Literal['peristaltic']
    window_zones: Annotated[
        int, BeforeValidator(in_range(WINDOW)), Field(ge=WINDOW.low, le=WINDOW.high)
    ] = 2


class Pulse(Graded):
    """As sequential gradient hold, with a short oscillation on the zone that was just inflated.

    Attributes
    ----------
    pulses : int
        Oscillations of each zone.
    pulse_depth_mmhg : float
        Drop below the zone's pressure, never above it [mmHg].
    pulse_s : float
        Time at the lower pressure [s].
    """

    pattern: Literal['pulse']
    pulses: Annotated[
        int, BeforeValidator(in_range(PULSES)), Field(ge=PULSES.low, le=PULSES.high)
    ] = 3
    pulse_depth_mmhg: Annotated[
        float,
        BeforeValidator(in_range(PULSE_DEPTH)),
        Field(ge=PULSE_DEPTH.low, le=PULSE_DEPTH.high),
    ] = 8.0
    pulse_s: Annotated[
        float, BeforeValidator(in_range(PULSE_TIME)), Field(ge=PULSE_TIME.low, le=PULSE_TIME.high)
    ] = 1.0


class Uniform(Compression):
    """All zones inflate together to the same pressure."""

    pattern: Literal['uniform']
    pressure_mmhg: Pressure

    def zone_pressures(self, zone_order: Sequence[str]) -> tuple[float, ...]:
        """See `Compression`."""
        return (self.pressure_mmhg,) * len(zone_order)


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
    scale: Annotated[float, BeforeValidator(in_range(SCALE)), Field(ge=SCALE.low, le=SCALE.high)]
    dwell_s: Dwell | None = None
    rest_s: Rest | None = None

    def applied_to(self, other: Compression) -> Compression:
        """Return the other phase with this one's times; its pressures are not scaled yet."""
        times = {'dwell_s': self.dwell_s, 'rest_s': self.rest_s}
        return other.model_copy(update={key: t for key, t in times.items() if t is not None})


AnyPhase = Annotated[
    SequentialGradientHold | Peristaltic | Pulse | Uniform | Scaled,
    Field(discriminator='pattern'),
]
"""What may stand in a protocol file's phases."""
