"""Checks the data of a YAML file against a pydantic model, and says what is wrong line by line."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import ErrorDetails, core_schema

from compression_boot_control.yaml_file import Document, FileError, Location, field_name

Model = TypeVar('Model', bound=BaseModel)

SHOWN_LENGTH = 40
"""A wrong value is cut to this many characters in a message."""


class FileModel(BaseModel):
    """A part of a file: fields are known, values keep their type and do not change."""

    model_config = ConfigDict(
        extra='forbid', frozen=True, strict=True, use_attribute_docstrings=True
    )


class PartError(ValueError):
    """What a validator raises to point at a part of the value that it was given."""

    def __init__(self, message: str, *parts: str | int) -> None:
        super().__init__(message)
        self.parts = parts


def a_number(value: object) -> float:
    """Refuse what pydantic would call a float and a person would not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f'{shown(value)} is not a number; allowed: a number without quotes')
    if not math.isfinite(value):
        raise ValueError(f'{shown(value)} is not finite; allowed: a number')
    return value


@dataclass(frozen=True)
class Range:
    """Allowed values of a field, in the unit that files use: ``Annotated[float, Range(0, 1)]``.

    Attributes
    ----------
    low, high : float
        Ends; the upper one is allowed.
    unit : str
        Empty for a plain number.
    above : bool
        Whether the lower end itself is not allowed.
    """

    low: float
    high: float
    unit: str = ''
    above: bool = False

    def holds(self, value: float) -> bool:
        """Whether `value` is allowed; NaN is not."""
        return (self.low < value if self.above else self.low <= value) and value <= self.high

    def nearest(self, value: float) -> float:
        """The allowed value that is nearest; the lower end counts even where it is not allowed."""
        return min(max(value, self.low), self.high)

    def __str__(self) -> str:
        low = f'more than {self.low:g} up' if self.above else f'{self.low:g}'
        return f'{low} to {self.high:g} {self.unit}'.rstrip()

    def _check(self, value: object) -> object:
        number = a_number(value)
        if not self.holds(number):
            raise ValueError(f'{number:g} is out of range; allowed: {self}')
        return value

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        # a message of pydantic's own constraints would name one end only
        return core_schema.no_info_before_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        lower = 'exclusiveMinimum' if self.above else 'minimum'
        return handler(schema) | {lower: self.low, 'maximum': self.high}


Word = Annotated[str, Field(pattern=r'^[a-z][a-z0-9_]{0,39}$')]
"""A name: lower-case letters, digits and underscores."""


def a_text(value: str) -> str:
    """Refuse what a terminal would not show as it is."""
    if not value.strip():
        raise ValueError('is empty; write something for a person to read')
    if not all(character.isprintable() or character == '\n' for character in value):
        raise ValueError('has a character that cannot be shown; remove it')
    return value.strip()


Text = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(a_text)]
"""Something for a person to read."""

FORMAT = 1
"""Version of the file formats that this program writes, and the newest that it reads."""


def a_known_format(value: object) -> object:
    """Tell a file of a newer program from a mistake."""
    if isinstance(value, int) and not isinstance(value, bool) and value > FORMAT:
        raise ValueError(
            f'{value} is newer than this program; update it, or write the file in format {FORMAT}'
        )
    if value != FORMAT or isinstance(value, bool):
        raise ValueError(f'{shown(value)} is not a format; allowed: {FORMAT}')
    return value


Format = Annotated[Literal[1], BeforeValidator(a_known_format)]
"""Version of a file's format."""


def shown(value: object) -> str:
    """Value as it is quoted in a message, on one line and not too long."""
    text = ' '.join(f'{value:g}'.split() if isinstance(value, float) else repr(value).split())
    return text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 3] + '...'


def near_name(name: str, known: Iterable[str]) -> str:
    """'; did you mean X?', or nothing when no known name is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f'; did you mean {near[0]}?' if near else ''


def validate(
    document: Document, model: type[Model], context: Mapping[str, Any] | None = None
) -> Model:
    """Make a model of a document's data.

    Parameters
    ----------
    document : Document
    model : type
        A pydantic model.
    context : mapping, optional
        What validators of the model may look at.

    Raises
    ------
    FileError
        With one line for each wrong field.
    """
    try:
        return model.model_validate(document.data, context=dict(context or {}))
    except ValidationError as error:
        details = error.errors(include_url=False)
        # every other message about a file of another format would mislead
        other_format = [
            detail
            for detail in details
            if detail['loc'] == ('format',) and detail['type'] == 'value_error'
        ]
        lines = [_line(document, model, detail) for detail in other_format or details]
    raise FileError(*dict.fromkeys(lines))


def _line(document: Document, model: type[BaseModel], detail: ErrorDetails) -> str:
    location = _location_in(document.data, detail['loc'])
    cause = detail.get('ctx', {}).get('error')
    if isinstance(cause, PartError):
        location += cause.parts
    place = document.place(location)
    return f'{place}:{field_name(location, document.data)}: {_message(model, detail)}'


def _location_in(data: object, loc: Location) -> Location:
    """Leave out of a pydantic location what is not in the file: the tags of unions."""
    found: list[str | int] = []
    for position, part in enumerate(loc):
        last = position == len(loc) - 1
        if isinstance(data, dict) and (part in data or last):
            found.append(part)
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            found.append(part)
            data = data[part]
    return tuple(found)


def _message(model: type[BaseModel], detail: ErrorDetails) -> str:
    """One line: what is wrong, and what is allowed."""
    kind, value = detail['type'], detail['input']
    bounds = detail.get('ctx', {})
    if kind == 'value_error':
        return ' '.join(str(bounds['error']).split())
    if kind == 'missing':
        return 'is missing; add it'
    if kind == 'extra_forbidden':
        name = str(detail['loc'][-1])
        return f'is not a known field{near_name(name, _field_names(model)) or "; remove it"}'
    if kind in ('literal_error', 'enum'):
        return f'{shown(value)} is not known; allowed: {bounds["expected"]}'
    if kind == 'union_tag_invalid':
        return f'{shown(bounds["tag"])} is not known; allowed: {bounds["expected_tags"]}'
    if kind == 'union_tag_not_found':
        return f'the field {bounds["discriminator"]!s} is missing; add it'
    if kind == 'string_pattern_mismatch':
        return (
            f'{shown(value)} is not a name; allowed: up to 40 lower-case letters, digits and '
            'underscores, the first a letter'
        )
    return f'{shown(value)} is wrong: {" ".join(detail["msg"].split())}'


@cache
def _field_names(model: type[BaseModel]) -> tuple[str, ...]:
    """Names of all fields of a model and of the models in it."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get('$defs', {}).values()]
    return tuple(sorted({name for part in parts for name in part.get('properties', {})}))
