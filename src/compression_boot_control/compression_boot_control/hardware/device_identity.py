"""Asks a device who it is, and refuses one that does not suit the profile or the garment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from compression_boot_control.core.dead_man import PERMIT_AGE_LIMIT
from compression_boot_control.core.garment import Garment
from compression_boot_control.hardware.manifold import Identity, ManifoldError
from compression_boot_control.hardware.profile_file import ProfileFile, Register
from compression_boot_control.hardware.registers import Block, RegisterCodec, block_of


class Link(Protocol):
    """What carries blocks of words to a device."""

    @property
    def name(self) -> str:
        """Where the device is, for messages."""

    def open(self) -> None:
        """Connect, or raise ManifoldError."""

    def close(self) -> None:
        """Disconnect."""

    def read(self, block: Block) -> dict[int, int]:
        """Words by address, or ManifoldError."""

    def write(self, address: int, words: Sequence[int]) -> None:
        """Write consecutive words, or raise ManifoldError."""


def identify(link: Link, profile: ProfileFile, garment: Garment) -> Identity:
    """Ask a device who it is.

    Raises
    ------
    ManifoldError
        It does not answer, is of another kind, has a register map of another version, is connected
        to another garment, or has a dead-man that is too slow.
    """
    own, codec = profile.registers, RegisterCodec(profile, len(garment))
    known = (own.magic, own.map_version, own.chamber_count, own.serial_number)
    asked = [r for r in (*known, own.firmware_version, own.dead_man_ms) if r is not None]
    if not asked:
        return Identity()
    words = link.read(block_of([(register, 1) for register in asked]))

    def number(register: Register | None) -> int | None:
        return None if register is None else codec.raw(register, words)

    if own.magic is not None and number(own.magic) != own.magic.expect:
        raise ManifoldError(
            f'{link.name}: register {own.magic.address} holds {number(own.magic)}, not '
            f'{own.magic.expect}: this is no device for profile {profile.name}'
        )
    if own.map_version is not None and number(own.map_version) != own.map_version.expect:
        raise ManifoldError(
            f'{link.name}: register map of version {number(own.map_version)}, profile '
            f'{profile.name} is for {own.map_version.expect}: update firmware or profile'
        )
    connected = number(own.chamber_count)
    if connected is not None and connected != len(garment):
        raise ManifoldError(
            f'{link.name}: the device has {connected} chambers, garment {garment.name} '
            f'{len(garment)}: start with the garment that is connected (--garment)'
        )
    dead_man = number(own.dead_man_ms)
    if dead_man is not None and not 0 < dead_man <= PERMIT_AGE_LIMIT * 1000.0:
        raise ManifoldError(
            f'{link.name}: the dead-man of the device takes {dead_man} ms; allowed: up to '
            f'{PERMIT_AGE_LIMIT * 1000.0:g} ms: correct its firmware'
        )
    return Identity(
        number(own.serial_number),
        number(own.firmware_version),
        None if dead_man is None else dead_man / 1000.0,
    )
