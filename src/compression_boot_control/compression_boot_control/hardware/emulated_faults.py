"""Faults of the emulated device as a person writes them: ``leak@left_calf=300``, ``late=30``."""

from __future__ import annotations

import re

from compression_boot_control.core.garment import Garment
from compression_boot_control.core.units import MILLILITRE, MINUTE, MMHG
from compression_boot_control.file_validation import near_name
from compression_boot_control.hardware.emulated_device import DeviceDefect
from compression_boot_control.hardware.emulated_server import EmulatedServer, LinkFault
from compression_boot_control.plant.faults import OF_THE_GARMENT, Fault, FaultKind

FORM = re.compile(r'(?P<kind>[a-z_]+)(@(?P<chamber>[a-z0-9_]+))?(=(?P<amount>[a-z0-9_.+-]+))?')

LATE = 'late'
"""Delays every answer [ms]."""

UNITS = {
    FaultKind.LEAK: MILLILITRE / MINUTE,
    FaultKind.SENSOR_OFFSET: MMHG,
    FaultKind.SENSOR_DRIFT: MMHG,
    FaultKind.SENSOR_NOISY: MMHG,
}
"""Unit of a magnitude as a person writes it; plain numbers otherwise."""

KINDS = (
    *(kind.value for kind in FaultKind),
    *(defect.value for defect in DeviceDefect),
    *(fault.value for fault in LinkFault),
    LATE,
)
"""All faults that there are."""


def fault_of(text: str, garment: Garment) -> Fault | DeviceDefect | LinkFault | float:
    """Read one fault; a number is a latency [s].

    Raises
    ------
    ValueError
        In one line, what is wrong and what is allowed.
    """
    found = FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'{text!r} is no fault; write KIND, KIND@CHAMBER or KIND@CHAMBER=AMOUNT')
    kind, chamber, amount = found['kind'], found['chamber'], found['amount']
    if kind not in KINDS:
        hint = near_name(kind, KINDS) or f'; allowed: {", ".join(KINDS)}'
        raise ValueError(f'there is no fault {kind!r}{hint}')
    if kind == LATE:
        return _number(amount, kind) / 1000.0
    for family in (DeviceDefect, LinkFault):
        if kind in {member.value for member in family}:
            return family(kind)
    return _pneumatic(FaultKind(kind), chamber, amount, garment)


def _pneumatic(kind: FaultKind, chamber: str | None, amount: str | None, garment: Garment) -> Fault:
    if (chamber is None) != (kind in OF_THE_GARMENT):
        needed = 'takes no chamber' if chamber else 'needs a chamber: write it after @'
        raise ValueError(f'{kind.value} {needed}')
    position = None if chamber is None else _chamber(chamber, garment)
    if kind is FaultKind.HOSES_SWAPPED:
        return Fault(kind, position, float(_chamber(amount or '', garment)))
    if amount is None:
        return Fault(kind, position)
    return Fault(kind, position, _number(amount, kind.value) * UNITS.get(kind, 1.0))


def _chamber(name: str, garment: Garment) -> int:
    if name not in garment.chamber_names:
        allowed = ', '.join(garment.chamber_names)
        raise ValueError(f'there is no chamber {name!r}; allowed: {allowed}')
    return garment.index(name)


def _number(text: str | None, kind: str) -> float:
    try:
        return float(text or '')
    except ValueError:
        raise ValueError(f'{kind} needs a number after =, not {text!r}') from None


def switch(server: EmulatedServer, text: str, *, on: bool = True) -> None:
    """Switch a fault of a served device on or off.

    Raises
    ------
    ValueError
    """
    device = server.device
    fault = fault_of(text, device.garment)
    with server.lock:
        if isinstance(fault, Fault):
            (device.boots.set_fault if on else device.boots.clear_faults)(fault)
        elif isinstance(fault, DeviceDefect):
            (device.defects.add if on else device.defects.discard)(fault)
        elif isinstance(fault, LinkFault):
            (server.link_faults.add if on else server.link_faults.discard)(fault)
        else:
            server.latency = fault if on else 0.0


def clear(server: EmulatedServer) -> None:
    """Switch all faults off."""
    with server.lock:
        server.device.boots.clear_faults()
        server.device.defects.clear()
        server.link_faults.clear()
        server.latency = 0.0
