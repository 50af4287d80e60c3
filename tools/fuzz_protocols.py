"""Writes protocol files at random, by the grammar of their language, and looks for one that breaks.

Run as ``python tools/fuzz_protocols.py --cases 100000``. Half of the files are valid by
construction, the others are spoiled a little. Whatever the file is, it must be refused in lines
that name a place, or be read; what is read must compile for a garment to a plan for which every
rule of the proof holds, or be refused in one line.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'src/compression_boot_control'))

from compression_boot_control.core.garment import Garment  # noqa: E402
from compression_boot_control.core.session_errors import ProtocolError  # noqa: E402
from compression_boot_control.hardware.garment_file import (  # noqa: E402
    list_garments,
    load_garment,
)
from compression_boot_control.sessions.limits import (  # noqa: E402
    BOOST,
    DWELL,
    GRADIENT,
    LOCKED_PRESSURE,
    OVERLAP,
    PRESSURE,
    PROGRESS_SCALE,
    PROGRESS_SESSIONS,
    PULSE_DEPTH,
    PULSE_TIME,
    PULSES,
    RAMP_CYCLES,
    REST,
    SCALE,
    SESSION_TIME,
    WINDOW,
    Limit,
)
from compression_boot_control.sessions.plan_estimate import estimate  # noqa: E402
from compression_boot_control.sessions.protocol_compiler import compile_protocol  # noqa: E402
from compression_boot_control.sessions.protocol_library import load_protocol  # noqa: E402
from compression_boot_control.sessions.protocol_proof import prove  # noqa: E402
from compression_boot_control.yaml_file import FileError  # noqa: E402

PATTERNS = ('sequential_gradient_hold', 'peristaltic', 'pulse', 'uniform')
LINE = re.compile(r'\S+:\d+:\S.*: .+')
"""``file:line:field: what is wrong``."""

SLOW = 2.0
"""A file must be judged within this time of the processor [s]."""

Data = dict[str, Any]


# -- valid by construction


def valid_protocol(random: Random, zone_order: Sequence[str]) -> Data:
    """Data of a protocol that the language allows; a garment may still be too much for it."""
    main = _compression(random, 'main', zone_order)
    phases = [main]
    if random.random() < 0.2:
        phases.append(_compression(random, 'second', zone_order))
    if random.random() < 0.2:
        main['ramp'] = {
            'from_scale': _value(random, SCALE),
            'cycles': random.randint(1, int(RAMP_CYCLES.high) // 3),
        }
    if random.random() < 0.5:
        phases.insert(0, _scaled(random, 'warm_up'))
    if random.random() < 0.3:
        phases.append(_scaled(random, 'cool_down'))
    data: Data = {
        'format': 1,
        'name': 'trial',
        **dict.fromkeys(('title', 'description', 'who_it_is_for', 'when'), 'For a trial.'),
        'evidence': {'known': 'Nothing.', 'not_known': 'Everything.'},
        'session_min': _value(random, SESSION_TIME),
        'legs': random.choice(['together', 'alternate', 'left', 'right']),
        'phases': phases,
    }
    if random.random() < 0.2:
        data['progression'] = {
            'start_scale': _value(random, PROGRESS_SCALE),
            'sessions': random.randint(1, int(PROGRESS_SESSIONS.high)),
        }
    return data


def _value(random: Random, limit: Limit, high: float | None = None) -> float:
    """A value in a range; its ends more often than by chance."""
    top = limit.high if high is None else high
    if random.random() < 0.1:
        return top
    if random.random() < 0.1 and not limit.above:
        return limit.low
    return round(limit.low + (top - limit.low) * (0.01 + 0.99 * random.random()), 3)


def _scaled(random: Random, name: str) -> Data:
    phase: Data = {'name': name, 'pattern': 'scaled', 'of': 'main', 'repeats': random.randint(1, 3)}
    phase['scale'] = _value(random, SCALE)
    if random.random() < 0.3:
        phase['dwell_s'] = _value(random, DWELL, 60.0)
    if random.random() < 0.3:
        phase['rest_s'] = _value(random, REST, 30.0)
    return phase


def _compression(random: Random, name: str, zone_order: Sequence[str]) -> Data:
    pattern = random.choice(PATTERNS)
    phase: Data = {
        'name': name,
        'pattern': pattern,
        'dwell_s': _value(random, DWELL, 80.0),
        'rest_s': _value(random, REST, 60.0),
    }
    if random.random() < 0.2:
        phase['release'] = 'full'
    if pattern == 'uniform':
        return phase | {'pressure_mmhg': _value(random, PRESSURE, LOCKED_PRESSURE.high)}
    if pattern == 'peristaltic':
        phase['window_zones'] = random.randint(int(WINDOW.low), int(WINDOW.high))
    elif pattern == 'pulse':
        phase |= {
            'pulses': random.randint(int(PULSES.low), 3),
            'pulse_depth_mmhg': _value(random, PULSE_DEPTH),
            'pulse_s': _value(random, PULSE_TIME),
        }
    elif random.random() < 0.4:
        phase['overlap_zones'] = random.randint(int(OVERLAP.low), int(OVERLAP.high))
    pressures = _falling(random, len(zone_order))
    phase['pressure'] = _pressure(random, pressures, zone_order)
    if random.random() < 0.2:
        # a boost from the foot on, and no further up, never turns the gradient
        last = random.randrange(len(zone_order))
        boost = _value(random, BOOST)
        phase['boost_mmhg'] = dict.fromkeys(zone_order[: last + 1], boost)
    if random.random() < 0.2:
        phase['skip_zones'] = random.sample(list(zone_order), random.randint(0, 2))
    return phase


def _falling(random: Random, zones: int) -> list[float]:
    """Pressures from foot to thigh that do not rise [mmHg]."""
    values = [_value(random, PRESSURE, LOCKED_PRESSURE.high) for _ in range(zones)]
    return sorted(values, reverse=True)


def _pressure(random: Random, falling: Sequence[float], zone_order: Sequence[str]) -> Data:
    way = random.choice(['zones', 'ends', 'gradient'])
    if way == 'ends':
        return {'foot_mmhg': falling[0], 'thigh_mmhg': falling[-1]}
    if way == 'gradient':
        steepest = (falling[0] - PRESSURE.low) / max(len(zone_order) - 1, 1)
        step = min(steepest, GRADIENT.high) * random.random()
        return {'foot_mmhg': falling[0], 'gradient_mmhg_per_zone': round(step, 3)}
    off = [random.random() < 0.1 for _ in falling]
    values = [0 if zero else value for value, zero in zip(falling, off, strict=True)]
    return {'zones_mmhg': dict(zip(zone_order, values, strict=True))}


# -- spoiled

JUNK: tuple[Callable[[Random], Any], ...] = (
    lambda random: random.choice(
        [None, True, '', 'main', 'scaled', 'beginner', 'left', '~', 'off']
    ),
    lambda random: random.choice([0, -1, -0.0, 400, 5333, 8000, 1e9, 10**30, float('nan')]),
    lambda random: random.choice([float('inf'), -float('inf'), 1e-300, '40', '40 mmHg', '1:30']),
    lambda random: random.choice(['\x00', '\x1b[31m', '\u202e', 'é' * 50, 'a' * 500, '{', ': ']),
    lambda random: [_junk(random)] * random.randint(0, 3),
    lambda random: {random.choice(['name', 'foot', 'of', 'dwell_s', '']): _junk(random)},
    lambda random: [{'name': 'main'}, {'name': 'main'}],
)


def _junk(random: Random) -> Any:
    return random.choice(JUNK)(random)


def _places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in nested data something stands."""
    found = [path] if path else []
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items if isinstance(data, dict | list) else ():
        found += _places(value, (*path, key)) if isinstance(value, dict | list) else [(*path, key)]
    return found


def _spoil(random: Random, data: Data) -> None:
    """Change one thing in the data."""
    path = random.choice(_places(data))
    holder: Any = data
    for key in path[:-1]:
        holder = holder[key]
    key, kind = path[-1], random.randrange(6)
    value = holder[key]
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict) and isinstance(key, str):
        letters = list(key)
        random.shuffle(letters)
        holder[''.join(letters)] = holder.pop(key)
    elif kind == 2 and isinstance(value, int | float):
        holder[key] = value * random.choice([-1, 0, 10, 133.322, 1e6])
    elif kind == 3 and isinstance(holder, dict):
        holder[random.choice(['extends', 'ramp', 'repeats', 'zones_mmhg', 'of'])] = _junk(random)
    elif kind == 4 and isinstance(value, dict):
        holder[key] = dict(reversed(list(value.items())))
    else:
        holder[key] = _junk(random)


SCRAPS = (
    *('*a ', '&a ', '&a [*a, *a]', '<<: *a\n', '!!python/object:os.system ', '!tag ', '---\n'),
    *('\t', '\n', '  ', '- ', ': ', '{', '}', '[', ']', '"', "'", '|\n', '>\n', '?', '#', '...\n'),
    *('%YAML 9.9\n', '\x00', '\ufeff', '\ud800', '🦵', '.nan', '1e400', '0x1F', '1_000'),
    *('- ' * 60, '[' * 60),
)


def spoiled_text(random: Random, text: str) -> str:
    """Change some characters of a text."""
    for _ in range(random.randint(1, 4)):
        start = random.randrange(len(text) + 1)
        end = min(start + random.choice([0, 0, 1, 3, 20]), len(text))
        text = text[:start] + random.choice(SCRAPS) + text[end:]
    return text


def any_text(random: Random, zone_order: Sequence[str]) -> str:
    """Text of a protocol, valid or not."""
    data = valid_protocol(random, zone_order)
    how = random.random()
    if how < 0.5:
        return _written(data)
    for _ in range(random.randint(1, 3)):
        _spoil(random, data)
    text = _written(data)
    return spoiled_text(random, text) if how > 0.75 else text


def _written(data: Data) -> str:
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    return text


# -- the oracle


class Broken(Exception):
    """What a protocol must never lead to."""


def judge(text: str, garment: Garment, intensity: float = 1.0) -> str:
    """What becomes of a text: unreadable, does not fit, or safe.

    Raises
    ------
    Broken
        It is refused in words that do not help, or is read and not safe.
    """
    try:
        protocol = load_protocol(text, paths=False, zone_order=garment.zone_order)
    except FileError as error:
        unclear = [one for one in error.lines if not LINE.fullmatch(one) or not one.isprintable()]
        if unclear or not error.lines:
            raise Broken(f'refused in words that do not help: {unclear}') from error
        return 'unreadable'
    try:
        plan = compile_protocol(protocol, garment, intensity=intensity)
    except ProtocolError as error:
        if len(error.message.splitlines()) != 1:
            raise Broken(f'not one line: {error.message!r}') from error
        return 'does not fit'
    for proof in prove(plan, garment, estimate(plan, garment)):
        if not proof.holds:
            raise Broken(f'{proof.rule}: {proof.figure}')
    return 'safe'


def main() -> int:
    """Judge so many files; 1 at the first that breaks something."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--cases', type=int, default=100_000)
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args()
    garments = [load_garment(name) for name in list_garments()]
    counts: Counter[str] = Counter()
    slowest, began = 0.0, time.monotonic()
    for case in range(options.cases):
        random = Random(f'{options.seed}/{case}')
        garment = random.choice(garments)
        text = any_text(random, garment.zone_order)
        started = time.process_time()
        try:
            counts[judge(text, garment, random.choice([1.0, 0.5, 1.2]))] += 1
        except Exception as error:  # noqa: BLE001  whatever it is, it is what is looked for
            print(f'seed {options.seed}, case {case}, {garment.name}: {error!r}\n{text}')
            return 1
        slowest = max(slowest, time.process_time() - started)
    print(
        f'{options.cases} files in {time.monotonic() - began:.0f} s, the slowest {slowest:.2f} s: '
        + ', '.join(f'{count} {what}' for what, count in sorted(counts.items()))
    )
    return 0 if slowest < SLOW else 1


if __name__ == '__main__':
    sys.exit(main())
