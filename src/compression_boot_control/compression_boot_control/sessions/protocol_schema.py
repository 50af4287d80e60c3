"""JSON Schema of the protocol file, for editors."""

from __future__ import annotations

from typing import Any

from compression_boot_control.sessions.protocol_file import Protocol

DIALECT = 'https://json-schema.org/draft/2020-12/schema'


def protocol_schema() -> dict[str, Any]:
    """Schema of a protocol file.

    A file that extends another may leave out what that one has: any field but its name, and
    anything of a phase but its name.
    """
    schema = Protocol.model_json_schema()
    complete = schema['properties']['phases']
    parts = schema['$defs']
    patterns = list(complete['items']['discriminator']['mapping'].values())
    parts['ChangedPhase'] = _changed_phase([parts[one.rsplit('/', 1)[1]] for one in patterns])
    required = schema.pop('required')
    schema['required'] = ['format', 'name']
    schema['properties']['phases'] = {'title': 'Phases', 'type': 'array', 'minItems': 1}
    schema['if'] = {'required': ['extends']}
    changed = {'anyOf': [complete['items'], {'$ref': '#/$defs/ChangedPhase'}]}
    schema['then'] = {'properties': {'phases': {'items': changed}}}
    schema['else'] = {'properties': {'phases': complete}, 'required': required}
    return {'$schema': DIALECT, **schema}


def _changed_phase(patterns: list[dict[str, Any]]) -> dict[str, Any]:
    """Fields of any pattern, of which none but the name is needed."""
    fields: dict[str, Any] = {}
    for pattern in patterns:
        fields |= {name: part for name, part in pattern['properties'].items() if name != 'pattern'}
    return {
        'title': 'ChangedPhase',
        'description': 'What differs from the phase of this name in the extended protocol.',
        'type': 'object',
        'additionalProperties': False,
        'properties': fields,
        'required': ['name'],
    }
