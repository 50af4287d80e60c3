"""Writes the register map into docs/hardware.md: ``python tools/docs/register_map.py``.

The map is data, ``config/hardware/generic_tcp.yaml``. With ``--check`` it writes nothing, and fails
when the page is out of date.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'src/compression_boot_control'))

from compression_boot_control.hardware.profile_file import (  # noqa: E402
    ProfileFile,
    Register,
    load_profile,
)

PAGE = ROOT / 'docs/hardware.md'
BEGIN, END = '<!-- register map: begin -->\n', '<!-- register map: end -->\n'
EACH_CHAMBER = ('pressure', 'inlet', 'exhaust', 'second_pressure', 'command_inlet')
SIGNIFICANT = {'mmhg': 'mmHg', 'mbar': 'mbar', 'pa': 'Pa', 'one': ''}


def table(profile: ProfileFile) -> str:
    """Table of all registers, by address."""
    lines = ['| address | name | access | type | step | meaning |', '|---|---|---|---|---|---|']
    found: list[tuple[str, Register]] = [
        (name, register) for name, register in profile.registers if register is not None
    ]
    for name, register in sorted(found, key=lambda pair: pair[1].address):
        each = name in EACH_CHAMBER or name == 'command_exhaust'
        address = f'{register.address}'
        if each:
            address += f' + {register.stride}·i' if register.stride > 1 else ' + i'
        kind = f'{"int" if register.signed else "uint"}{16 * register.words}'
        step = f'{register.scale:g} {SIGNIFICANT[register.unit]}'.strip()
        text = register.text
        if register.missing is not None:
            text += f'; {register.missing} where there is none'
        access = 'write' if name.startswith('command') or name == 'reset' else 'read'
        lines.append(f'| {address} | {name} | {access} | {kind} | {step} | {text} |')
    return '\n'.join(lines) + '\n'


def page_text() -> str:
    """The page with the map as it should be."""
    before, rest = PAGE.read_text(encoding='utf-8').split(BEGIN)
    return before + BEGIN + table(load_profile('generic_tcp')) + END + rest.split(END)[1]


def main() -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--check', action='store_true', help='write nothing; fail if out of date')
    text = page_text()
    if parser.parse_args().check:
        if text != PAGE.read_text(encoding='utf-8'):
            print('docs/hardware.md is out of date; run: python tools/docs/register_map.py')
            return 1
        return 0
    PAGE.write_text(text, encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
