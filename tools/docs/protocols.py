"""Writes docs/protocols.md and the pictures in docs/figures/protocols/ from the library.

Run as ``python tools/docs/protocols.py``. With ``--check`` it writes nothing, and fails when the
page is out of date.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'src/compression_boot_control'))

from compression_boot_control.cli.protocol_plot import plot_protocol, predict  # noqa: E402
from compression_boot_control.core.units import MINUTE  # noqa: E402
from compression_boot_control.hardware.garment_file import load_garment  # noqa: E402
from compression_boot_control.resources import config_directory, yaml_files  # noqa: E402
from compression_boot_control.sessions.limits import (  # noqa: E402
    ALL_LIMITS,
    SESSION_TIME,
    WARM_UP_CYCLES,
    WARM_UP_TIME,
)
from compression_boot_control.sessions.plan_estimate import PlanEstimate, estimate  # noqa: E402
from compression_boot_control.sessions.protocol_compiler import compile_protocol  # noqa: E402
from compression_boot_control.sessions.protocol_file import Protocol  # noqa: E402
from compression_boot_control.sessions.protocol_library import load_protocol  # noqa: E402
from compression_boot_control.sessions.protocol_proof import prove  # noqa: E402

PAGE = ROOT / 'docs' / 'protocols.md'
FIGURES = ROOT / 'docs' / 'figures' / 'protocols'

HEADING = f"""# Protocols

Made by `make docs` from `config/protocols/`; do not edit it here.

A protocol says what a session does: pressures, times, and for whom. `boots protocols list` names
them, `show` tells about one, `check FILE` proves that a file is safe, `plot` draws it,
`boots simulate` predicts it on a garment.

A picture shows one cycle with all zones, set-points thin and predicted pressures thick, and below
it the session with a lane for each zone, set-points as lines and predicted pressures filled. It is
what `boots protocols plot` draws, predicted in the simulated boots of seed 0.

The project is a research prototype, not a medical device. Compression can lower perceived soreness
a little; effects on performance, creatine kinase and heart rate variability are not established.
Stop at discomfort, numbness or tingling. One-sided swelling, warmth, redness or pain is for a
doctor at once.

Marks: [S] usual dose of consumer compression boots, [L] literature or a device's manual, [P] a
proposal of this project. Pressures are those in the chambers; 60 to 80 % arrives at the skin [L].

## Warm-up and session time

A warm-up fits filling to the legs. The session's clock stands still in its first
{WARM_UP_CYCLES.high:g} cycles, for {WARM_UP_TIME.high:g} minutes at most, and once it runs only a
pause stops it. `session_min` and `--minutes` are time by that clock, a cool-down within it.

Warm-up and session together keep to the limit of {SESSION_TIME.high:g} minutes: the clock waits for
no longer than the session leaves of it, so one of {SESSION_TIME.high:g} minutes has its clock run
from the start, as has a protocol without a warm-up. Limits on a person's use and the journal count
both.

## Writing one

```yaml
# yaml-language-server: $schema=../schema/protocol.schema.json
format: 1
name: my_evening
extends: beginner              # takes over what is not said here
session_min: 25
progression: {{start_scale: 0.8, sessions: 8}}   # what boots journal recommend makes of intensity
phases:
  - name: main                 # changes the fields that it names
    boost_mmhg: {{foot: 5, ankle: 5}}
    skip_zones: [knee]
    overlap_zones: 1           # the next zone begins to fill together with this one
    ramp: {{from_scale: 0.7, cycles: 3}}
```

Patterns: `sequential_gradient_hold`, `peristaltic`, `uniform`, `pulse`, and `scaled` for a warm-up
or cool-down. Pressures: `zones_mmhg`, or `foot_mmhg` with `thigh_mmhg` or
`gradient_mmhg_per_zone`. `legs`: together, alternate, left or right. Phases without `repeats` fill
the session's time; phases before them are the warm-up. An own file in
`~/.config/compression_boots/protocols/` is in the library.
"""


def protocols() -> list[Protocol]:
    """Protocols of the project, gentle ones first."""
    names = yaml_files(config_directory() / 'protocols')
    return [load_protocol(name, paths=False) for name in names]


def limits() -> list[str]:
    """Table of limits."""
    lines = ['## Limits', '', '| what | allowed | mark | why |', '|---|---|---|---|']
    for name, limit in ALL_LIMITS.items():
        lines.append(f'| {name} | {limit} | [{limit.mark}] | {limit.meaning} |')
    return [*lines, '']


def section(protocol: Protocol) -> list[str]:
    """One protocol."""
    garment = load_garment()
    plan = compile_protocol(protocol, garment)
    expected = estimate(plan, garment)
    lines = [
        f'### {protocol.title}: `{protocol.name}`',
        '',
        protocol.description,
        '',
        f'- For: {protocol.who_it_is_for}',
        f'- When: {protocol.when}',
        f'- Known: {protocol.evidence.known} [L]',
        f'- Not known: {protocol.evidence.not_known}',
        f'- About {expected.cycles} cycles in {protocol.session_min:g} minutes'
        f'{after_warm_up(expected)} on {garment.name}.',
        '',
        f'![{protocol.title}](figures/protocols/{protocol.name}.png)',
        '',
        '| rule | figure |',
        '|---|---|',
    ]
    lines += [f'| {proof.rule} | {proof.figure} |' for proof in prove(plan, garment, expected)]
    return [*lines, '']


def after_warm_up(expected: PlanEstimate) -> str:
    """What comes before the session's time, in words; empty if nothing does."""
    minutes = expected.warm_up_time / MINUTE
    return f' after a warm-up of about {minutes:.1f} minutes' if minutes > 0.0 else ''


def page() -> str:
    """The whole page."""
    found = protocols()
    lines = [*HEADING.splitlines(), '', '## The library', '']
    lines += ['| name | minutes | for |', '|---|---|---|']
    lines += [f'| `{one.name}` | {one.session_min:g} | {one.who_it_is_for} |' for one in found]
    lines.append('')
    for protocol in found:
        lines += section(protocol)
    return '\n'.join([*lines, *limits()]).rstrip() + '\n'


def draw(protocol: Protocol) -> None:
    """Set-points and predicted pressures over one cycle and the session."""
    garment = load_garment()
    plan = compile_protocol(protocol, garment)
    path = FIGURES / f'{protocol.name}.png'
    plot_protocol(protocol.title, plan, garment, predict(plan, garment)).savefig(path, dpi=80)
    with Image.open(path) as picture:
        picture.convert('RGB').quantize(64).save(path, optimize=True)
    print(f'wrote {path.relative_to(ROOT)}')


def main() -> int:
    """Write page and pictures, or check that the page is up to date."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--check', action='store_true', help='only tell whether it is up to date')
    text = page()
    if parser.parse_args().check:
        current = PAGE.read_text(encoding='utf-8') if PAGE.exists() else ''
        if current != text:
            print('docs/protocols.md is not up to date: run make docs', file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(text, encoding='utf-8')
    print(f'wrote {PAGE.relative_to(ROOT)}')
    FIGURES.mkdir(parents=True, exist_ok=True)
    for protocol in protocols():
        draw(protocol)
    return 0


if __name__ == '__main__':
    sys.exit(main())
