"""What is allowed in a protocol but worth a second thought."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from compression_boot_control.sessions.limits import LOCKED_PRESSURE, LYMPH_DWELL, STEP
from compression_boot_control.sessions.phases import Compression, Pulse, SequentialGradientHold
from compression_boot_control.sessions.protocol_file import Protocol


def advise(protocol: Protocol, zone_order: Sequence[str]) -> tuple[str, ...]:
    """One line for each thing worth a second thought, on a garment with these zones.

    Raises
    ------
    ValueError
        The protocol does not fit the garment's zones.
    """
    lines = []
    for place, phase in enumerate(protocol.phases):
        pattern, _ = protocol.compression(place)
        if pattern.name != phase.name:
            continue
        lines += [f'phase {phase.name}: {line}' for line in _of_phase(pattern, zone_order)]
    return tuple(lines)


def _of_phase(pattern: Compression, zone_order: Sequence[str]) -> list[str]:
    lines = []
    zones = [
        (zone, pressure)
        for zone, pressure in zip(zone_order, pattern.zone_pressures(zone_order), strict=True)
        if pressure > 0.0
    ]
    for (distal, high), (proximal, low) in pairwise(zones):
        if not STEP.holds(round(high - low, 6)):
            lines.append(
                f'from {distal} to {proximal} the pressure falls by {high - low:g} mmHg; '
                f'steps of 5 to {STEP.high:g} mmHg did best'
            )
    highest = max((pressure for _, pressure in zones), default=0.0)
    if highest > LOCKED_PRESSURE.high:
        lines.append(f'{highest:g} mmHg is above {LOCKED_PRESSURE.high:g} mmHg: needs an unlock')
    holds = isinstance(pattern, SequentialGradientHold | Pulse)
    if holds and pattern.repeats is None and pattern.dwell_s < LYMPH_DWELL:
        lines.append(
            f'a dwell of {pattern.dwell_s:g} s is short: lymph moved with about {LYMPH_DWELL:g} s, '
            'not with 20 s'
        )
    return lines
