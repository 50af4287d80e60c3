"""The protocol file, format 1: what a session is, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from compression_boot_control.file_validation import (
    FileModel,
    Format,
    PartError,
    Text,
    Word,
    near_name,
    validate,
)
from compression_boot_control.sessions.limits import (
    PROGRESS_SCALE,
    PROGRESS_SESSIONS,
    SESSION_TIME,
)
from compression_boot_control.sessions.phases import AnyPhase, Compression, Scaled
from compression_boot_control.yaml_file import Document


class Evidence(FileModel):
    """What studies have shown about such a session, and what they have not."""

    known: Text
    not_known: Text


class Progression(FileModel):
    """Progression over sessions: what a recommendation makes of the intensity."""

    start_scale: Annotated[float, PROGRESS_SCALE] = 0.8
    """Intensity of the first session."""

    sessions: Annotated[int, PROGRESS_SESSIONS] = 8
    """Comfortable sessions until full pressure."""


class Protocol(FileModel):
    """A compression protocol."""

    format: Format
    """Version of the file format."""

    name: Word
    """Name by which it is started; the file is called the same."""

    title: Text
    description: Text
    who_it_is_for: Text
    when: Text
    evidence: Evidence

    extends: Word | None = None
    """Protocol of the library from which this one takes what it does not say itself."""

    session_min: Annotated[float, SESSION_TIME]
    """Length of the session by its clock, which starts after the warm-up, cool-down included."""

    legs: Literal['together', 'alternate', 'left', 'right'] = 'together'
    """Alternate: one leg after the other in each cycle, for a small pump."""

    progression: Progression = Progression()
    """How the intensity grows from session to session."""

    phases: Annotated[list[AnyPhase], Field(min_length=1, max_length=20)]
    """In order. Those without repeats follow each other and repeat until the time is up; those
    before are the warm-up, those after the cool-down."""

    @field_validator('phases')
    @classmethod
    def _phases_fit_together(cls, phases: list[Any]) -> list[Any]:
        _check_names(phases)
        _check_references(phases)
        _check_filling(phases)
        _check_ramps(phases)
        return phases

    def compression(self, place: int) -> tuple[Compression, float]:
        """Pattern of the phase at `place`, and the scale on its pressures."""
        phase = self.phases[place]
        if not isinstance(phase, Scaled):
            return phase, 1.0
        for other in self.phases:
            if other.name == phase.of and not isinstance(other, Scaled):
                return phase.applied_to(other), phase.scale
        raise AssertionError(f'{phase.of} was checked to exist')

    def written_at(self, place: int, field: str) -> int:
        """Place of the phase that says `field` for the one at `place`: another's, if it is scaled.

        A field that none of them says has its default, and stands where the phase does.
        """
        phase = self.phases[place]
        if not isinstance(phase, Scaled) or getattr(phase, field, None) is not None:
            return place
        return [other.name for other in self.phases].index(phase.of)


def _check_names(phases: list[Any]) -> None:
    names = [phase.name for phase in phases]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise PartError(f'{name} is the name of two phases; rename one', position, 'name')


def _check_references(phases: list[Any]) -> None:
    known = [phase.name for phase in phases if not isinstance(phase, Scaled)]
    for position, phase in enumerate(phases):
        if isinstance(phase, Scaled) and phase.of not in known:
            raise PartError(
                f'{phase.of} is no phase that can be scaled{near_name(phase.of, known)}; '
                f'allowed: {", ".join(known) or "none here"}',
                position,
                'of',
            )


def _check_ramps(phases: list[Any]) -> None:
    filling = [position for position, phase in enumerate(phases) if phase.repeats is None]
    for position, phase in enumerate(phases):
        if getattr(phase, 'ramp', None) is not None and position != filling[0]:
            raise PartError(
                'a ramp belongs to the first phase that fills the time; remove it here, or the '
                'repeats',
                position,
                'ramp',
            )


def _check_filling(phases: list[Any]) -> None:
    filling = [position for position, phase in enumerate(phases) if phase.repeats is None]
    if not filling:
        raise ValueError("all have repeats; remove it from the one that fills the session's time")
    if filling[-1] - filling[0] >= len(filling):
        raise PartError(
            'fills the time, but so does an earlier phase, with others between them; '
            'give this one repeats',
            filling[-1],
        )


def to_protocol(document: Document, zone_order: Sequence[str] | None = None) -> Protocol:
    """Check a document, and make a protocol of it.

    Parameters
    ----------
    document : Document
    zone_order : sequence of str, optional
        Zones of the garment that it is for. Without it, zones with unusual names are only checked
        when the protocol is compiled.

    Raises
    ------
    FileError
        With one line for each thing that is wrong.
    """
    return validate(document, Protocol, {'zone_order': zone_order})
