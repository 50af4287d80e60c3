"""Turns the words of registers into numbers and back, as a profile says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from compression_boot_control.core.signals import FloatArray
from compression_boot_control.hardware.profile_file import UNITS, ProfileFile, Register

WORD = 65536

BLOCK_LIMIT = 125
"""Most words that one Modbus request reads; it writes 123 at most."""


@dataclass(frozen=True)
class Block:
    """Words that travel in one transaction: address of the first, and how many."""

    address: int
    count: int

    @property
    def addresses(self) -> range:
        """Addresses of all words."""
        return range(self.address, self.address + self.count)


def block_of(registers: Sequence[tuple[Register, int]]) -> Block:
    """Smallest block around registers, each with its number of values.

    Raises
    ------
    ValueError
        It is too long for one transaction.
    """
    first = min(register.address for register, _ in registers)
    end = max(register.address + register.word_count(count) for register, count in registers)
    if end - first > BLOCK_LIMIT:
        raise ValueError(
            f'registers {first} to {end - 1} are more than the {BLOCK_LIMIT} words of one '
            'transaction: put them closer together'
        )
    return Block(first, end - first)


class RegisterCodec:
    """Reads and writes values in the words of a block.

    Parameters
    ----------
    profile : ProfileFile
    chambers : int
        Values of a register that has one for each chamber.
    """

    def __init__(self, profile: ProfileFile, chambers: int) -> None:
        self.chambers = chambers
        self._little = profile.word_order == 'little'

    def raw(self, register: Register, words: Mapping[int, int], index: int = 0) -> int:
        """Integer that stands in a register."""
        first = register.address + index * register.stride
        if register.words == 1:
            word = words[first]
            return word - WORD if register.signed and word >= WORD // 2 else word
        parts = [words[first + offset] for offset in range(register.words)]
        if self._little:
            parts.reverse()
        value = 0
        for part in parts:
            value = value * WORD + part
        top: int = WORD**register.words
        return value - top if register.signed and value >= top // 2 else value

    def value(self, register: Register, words: Mapping[int, int], index: int = 0) -> float:
        """Value in SI units; NaN where the device has none."""
        raw = self.raw(register, words, index)
        if register.missing is not None and raw == register.missing:
            return float('nan')
        return raw * register.scale * UNITS[register.unit]

    def values(self, register: Register, words: Mapping[int, int]) -> FloatArray:
        """(N,) values of all chambers."""
        return np.array([self.value(register, words, i) for i in range(self.chambers)])

    def put_raw(self, register: Register, words: dict[int, int], raw: int, index: int = 0) -> None:
        """Write an integer, in its two's complement if it is negative."""
        if register.words == 1:
            words[register.address + index * register.stride] = raw % WORD
            return
        rest = raw % WORD**register.words
        parts = []
        for _ in range(register.words):
            rest, part = divmod(rest, WORD)
            parts.append(part)
        if not self._little:
            parts.reverse()
        for offset, part in enumerate(parts):
            words[register.address + index * register.stride + offset] = part

    def put(self, register: Register, words: dict[int, int], value: float, index: int = 0) -> None:
        """Write a value in SI units, cut to what the register can hold; NaN as missing."""
        if math.isnan(value):
            if register.missing is None:
                raise ValueError('this register has no way to say that a value is missing')
            self.put_raw(register, words, register.missing, index)
            return
        top: int = WORD**register.words
        low, high = (-top // 2 + 1, top // 2 - 1) if register.signed else (0, top - 1)
        raw = round(value / (register.scale * UNITS[register.unit]))
        self.put_raw(register, words, min(max(raw, low), high), index)
