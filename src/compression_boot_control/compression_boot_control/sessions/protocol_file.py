"""The protocol file, format 1: what a session is, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from compression_boot_control.file_validation import (
    FileModel,
    Number,
    PartError,
    Text,
    Word,
    near_name,
    shown,
    validate,
)
from compression_boot_control.sessions.limits import SESSION_TIME
from compression_boot_control.sessions.phases import AnyPhase, CompressionPhase, Scaled
from compression_boot_control.yaml_file import Document, FileError

FORMAT = 1
"""Version of the format that this program writes and the newest that it reads."""


def a_known_format(value: object) -> object:
    """Tell a file of a newer program from a mistake."""
    if isinstance(value, int) and not isinstance(value, bool) and value > FORMAT:
        raise ValueError(
            f'{value} is newer than this program; update it, or write the file in format {FORMAT}'
        )
    if value != FORMAT or isinstance(value, bool):
        raise ValueError(f'{shown(value)} is not a format; allowed: {FORMAT}')
    return value


class Evidence(FileModel):
    """What studies have shown about such a session, and what they have not."""

    known: Text
    not_known: Text


class Protocol(FileModel):
    """A compression protocol.

    Attributes
    ----------
    format : int
        Version of the file format.
    name : str
        By which it is started; the file is called the same.
    title, description, who_it_is_for, when : str
        For a person who chooses.
    evidence : Evidence
    extends : str or None
        Protocol in the library whose fields this one has taken over.
    session_min : float
        Length of the session [min].
    legs : str
        together; alternate: one leg after the other in each cycle, for a small pump; left; right.
    phases : list
        In order. Those without `repeats` follow each other and repeat until the time is up; those
        before are the warm-up, those after the cool-down.
    """

    format: Annotated[Literal[1], BeforeValidator(a_known_format)]
    name: Word
    title: Text
    description: Text
    who_it_is_for: Text
    when: Text
    evidence: Evidence
    extends: Word | None = None
    session_min: Annotated[Number, Field(gt=SESSION_TIME.low, le=SESSION_TIME.high)]
    legs: Literal['together', 'alternate', 'left', 'right'] = 'together'
    phases: Annotated[list[AnyPhase], Field(min_length=1, max_length=20)]

    @field_validator('phases')
    @classmethod
    def _phases_fit_together(cls, phases: list[Any]) -> list[Any]:
        _check_names(phases)
        _check_references(phases)
        _check_filling(phases)
        return phases

    def phase(self, name: str) -> CompressionPhase:
        """Phase of this name that is not itself a scaled one."""
        for phase in self.phases:
            if phase.name == name and not isinstance(phase, Scaled):
                return phase
        raise KeyError(name)


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
    newest = document.data.get('format')
    if isinstance(newest, int) and newest > FORMAT:
        # every other message about a file of the future would mislead
        raise FileError(f'{document.place(("format",))}:format: {_format_problem(newest)}')
    return validate(document, Protocol, {'zone_order': zone_order})


def _format_problem(value: object) -> str:
    try:
        a_known_format(value)
    except ValueError as error:
        return str(error)
    return ''
