"""The phases of a protocol file: one model for each compression pattern."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from compression_boot_control.file_validation import FileModel, PartError, Word
from compression_boot_control.sessions.limits import (
    BOOST,
    DWELL,
    OVERLAP,
    PULSE_DEPTH,
    PULSE_TIME,
    PULSES,
    RAMP_CYCLES,
    REPEATS,
    REST,
    SCALE,
    WINDOW,
)
from compression_boot_control.sessions.zone_pressures import (
    Pressure,
    ZonePressures,
    changed_zones,
)

Dwell = Annotated[float, DWELL]
Rest = Annotated[float, REST]


class Phase(FileModel):
    """What all phases have."""

    name: Word
    """Unique in its protocol, e.g. warm_up, main, cool_down."""

    repeats: Annotated[int, REPEATS] | None = None
    """Number of cycles; without it the phase fills the session's time."""


class Ramp(FileModel):
    """Progression over cycles: the first ones at a part of the pressure."""

    from_scale: Annotated[float, SCALE]
    """Scale of the first cycle; those after it grow in equal steps up to the phase's own."""

    cycles: Annotated[int, RAMP_CYCLES]
    """Cycles that are below the phase's own pressure."""

    def scales(self) -> tuple[float, ...]:
        """Scale of each of these cycles."""
        step = (1.0 - self.from_scale) / self.cycles
        return tuple(self.from_scale + step * place for place in range(self.cycles))


class Compression(Phase):
    """A cycle of compression: every pattern ends with a full release and a rest."""

    dwell_s: Dwell
    """Time under pressure after an inflation: the last one, or each of a peristaltic wave."""

    release: Literal['full'] = 'full'
    """All zones vent to below 10 mmHg."""

    rest_s: Rest
    """Time vented before the next cycle."""

    ramp: Ramp | None = None
    """Only for a phase that fills the time and comes first of those that do."""

    def zone_pressures(self, zone_order: Sequence[str]) -> tuple[float, ...]:
        """Pressure of each zone of a garment, distal to proximal [mmHg]; 0 for a vented one.

        Raises
        ------
        PartError
            They do not fit the garment's zones.
        """
        raise NotImplementedError


class Graded(Compression):
    """A pattern whose pressure falls from foot to thigh."""

    pressure: ZonePressures
    """Pressure of each zone; it never rises towards the thigh."""

    boost_mmhg: dict[Word, Annotated[float, BOOST]] | None = None
    """More pressure on single zones, as far as it does not rise towards the thigh."""

    skip_zones: list[Word] | None = None
    """Zones that stay vented."""

    def zone_pressures(self, zone_order: Sequence[str]) -> tuple[float, ...]:
        """See `Compression`."""
        try:
            pressures = self.pressure.along(zone_order)
        except PartError as error:
            raise PartError(str(error), 'pressure', *error.parts) from None
        return changed_zones(
            pressures,
            zone_order,
            self.boost_mmhg or {},
            self.skip_zones or (),
        )


class SequentialGradientHold(Graded):
    """Zones inflate from foot to thigh and hold until all are up, dwell, and release together."""

    pattern: Literal['sequential_gradient_hold']

    overlap_zones: Annotated[int, OVERLAP] = 0
    """So many next zones begin to fill together with a zone."""


class Peristaltic(Graded):
    """A window of inflated zones moves from foot to thigh; the zones behind it release."""

    pattern: Literal['peristaltic']

    window_zones: Annotated[int, WINDOW] = 2
    """Zones that are under pressure at the same time."""


class Pulse(Graded):
    """As sequential gradient hold, with an oscillation on the zone that was just inflated."""

    pattern: Literal['pulse']

    pulses: Annotated[int, PULSES] = 3
    """Oscillations of each zone."""

    pulse_depth_mmhg: Annotated[float, PULSE_DEPTH] = 8.0
    """Drop below the zone's pressure, which it never exceeds."""

    pulse_s: Annotated[float, PULSE_TIME] = 1.0
    """Time at the lower pressure."""


class Uniform(Compression):
    """All zones inflate together to the same pressure."""

    pattern: Literal['uniform']
    pressure_mmhg: Pressure
    """Pressure of every zone."""

    def zone_pressures(self, zone_order: Sequence[str]) -> tuple[float, ...]:
        """See `Compression`."""
        return (self.pressure_mmhg,) * len(zone_order)


class Scaled(Phase):
    """Another phase at a part of its pressure: a warm-up or a cool-down."""

    pattern: Literal['scaled']

    of: Word
    """Name of the other phase."""

    scale: Annotated[float, SCALE]
    """The other phase's pressures are multiplied by this."""

    dwell_s: Dwell | None = None
    """Instead of the other phase's own."""

    rest_s: Rest | None = None
    """Instead of the other phase's own."""

    def applied_to(self, other: Compression) -> Compression:
        """Return the other phase with this one's times; its pressures are not scaled yet."""
        times = {'dwell_s': self.dwell_s, 'rest_s': self.rest_s}
        return other.model_copy(update={key: t for key, t in times.items() if t is not None})


AnyPhase = Annotated[
    SequentialGradientHold | Peristaltic | Pulse | Uniform | Scaled,
    Field(discriminator='pattern'),
]
"""What may stand in a protocol file's phases."""
