"""Writes the JSON Schemas of the files that people write: ``python tools/docs/schemas.py``.

With ``--check`` it writes nothing, and fails when a schema is out of date.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'src/compression_boot_control'))

from compression_boot_control.hardware.garment_file import garment_schema  # noqa: E402
from compression_boot_control.hardware.profile_file import profile_schema  # noqa: E402
from compression_boot_control.sessions.protocol_schema import protocol_schema  # noqa: E402

DIRECTORY = ROOT / 'config/schema'


def schema_texts() -> dict[Path, str]:
    """Text of each schema file by its path."""
    schemas = {
        'protocol': protocol_schema(),
        'garment': garment_schema(),
        'hardware': profile_schema(),
    }
    return {
        DIRECTORY / f'{name}.schema.json': json.dumps(schema, indent=2, ensure_ascii=False) + '\n'
        for name, schema in schemas.items()
    }


def outdated() -> list[Path]:
    """Schema files that differ from what the models say."""
    return [
        path
        for path, text in schema_texts().items()
        if not path.is_file() or path.read_text(encoding='utf-8') != text
    ]


def main() -> int:
    """Write or check the schemas."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--check', action='store_true', help='write nothing; fail if out of date')
    if parser.parse_args().check:
        for path in outdated():
            print(f'{path.relative_to(ROOT)} is out of date; run: python tools/docs/schemas.py')
        return 1 if outdated() else 0
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for path, text in schema_texts().items():
        path.write_text(text, encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
