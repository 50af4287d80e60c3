"""Reads hardware profiles: how a device is reached, and what stands in which of its registers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from compression_boot_control.core.units import MMHG
from compression_boot_control.file_validation import (
    FileModel,
    Format,
    Range,
    Text,
    Word,
    near_name,
    shown,
    validate,
)
from compression_boot_control.resources import config_directory, yaml_files
from compression_boot_control.yaml_file import MissingFileError, parse_yaml, read_yaml

UNITS = {'mmhg': MMHG, 'mbar': 100.0, 'pa': 1.0, 'one': 1.0}
"""One of each unit of a register, in SI."""

Address = Annotated[int, Range(0, 65535)]
WordValue = Annotated[int, Range(0, 65535)]
Codes = Annotated[tuple[int, ...], Field(strict=False)]
Milliseconds = Annotated[float, Range(0, 10_000, 'ms', above=True)]


class Register(FileModel):
    """One value in the device, or one for each chamber."""

    address: Address
    """Address of the first word, from 0 as on the wire."""

    stride: Annotated[int, Range(1, 100)] = 1
    """Words from one chamber's value to the next."""

    words: Annotated[int, Range(1, 2)] = 1
    """Words of a value."""

    signed: bool = False
    """Whether a value can be negative, in two's complement."""

    scale: Annotated[float, Range(0, 1e6, above=True)] = 1.0
    """What one step is worth, in the unit."""

    unit: Literal['mmhg', 'mbar', 'pa', 'one'] = 'one'
    """Unit of the value."""

    missing: int | None = None
    """What stands there when there is no value, which is then NaN and never 0."""

    text: str = ''
    """For the register map in the documentation."""

    def word_count(self, values: int) -> int:
        """Words from the first one of the first value to the last one of the last."""
        return (values - 1) * self.stride + self.words


class StateRegister(Register):
    """What the device does, as a number."""

    shift: Annotated[int, Range(0, 15)] = 0
    """Lowest bit of the number."""

    mask: WordValue = 65535
    """Which bits remain after the shift."""

    running: Codes
    """The device obeys."""

    dead_man: Codes = ()
    """The device's own dead-man acts."""

    tripped: Codes = ()
    """The device has vented by itself and waits for a reset."""


class ExpectedRegister(Register):
    """A value that says that this is the right device."""

    expect: Annotated[int, Range(0, 4_294_967_295)]
    """What must stand there."""


class ResetRegister(Register):
    """Takes back a trip of the device."""

    value: WordValue
    """What to write."""


class ConstantRegister(Register):
    """What a device wants to find beside every chamber's command."""

    value: WordValue
    """What to write."""


class Registers(FileModel):
    """What stands where; what a device does not have is left out."""

    magic: ExpectedRegister | None = None
    map_version: ExpectedRegister | None = None
    chamber_count: Register | None = None
    serial_number: Register | None = None
    firmware_version: Register | None = None
    dead_man_ms: Register | None = None

    state: StateRegister | None = None
    faults: Register | None = None
    heartbeat: Register | None = None
    echo: Register | None = None
    supply_pressure: Register | None = None
    pump: Register | None = None
    pressure: Register
    inlet: Register | None = None
    exhaust: Register | None = None
    second_pressure: Register | None = None

    command_sequence: Register | None = None
    command_dump: Register | None = None
    command_limit: Register | None = None
    command_pump: Register | None = None
    command_inlet: Register
    command_exhaust: Register
    command_constant: ConstantRegister | None = None
    reset: ResetRegister | None = None


class LinkPart(FileModel):
    """How the device is reached."""

    transport: Literal['tcp', 'rtu']
    unit_id: Annotated[int, Range(0, 255)] = 1
    """Modbus address of the device."""

    host: str = '127.0.0.1'
    port: Annotated[int, Range(1, 65535)] = 502
    """TCP port."""

    device: str = ''
    """Serial device, e.g. /dev/ttyUSB0."""

    baud: Annotated[int, Range(1200, 4_000_000)] = 115200
    parity: Literal['N', 'E', 'O'] = 'N'
    stop_bits: Annotated[int, Range(1, 2)] = 1


class TimingPart(FileModel):
    """Times of the link."""

    cycle_ms: Milliseconds = 10.0
    """From one sample to the next."""

    timeout_ms: Milliseconds = 8.0
    """Longest wait for an answer; with all retries it stays below the cycle."""

    retries: Annotated[int, Range(0, 5)] = 0
    back_off_ms: Milliseconds = 20.0
    """Wait before the first new connection after a loss; it doubles."""

    back_off_max_ms: Milliseconds = 2000.0
    heartbeat_ms: Milliseconds = 150.0
    """Longest time for which the device's heartbeat may stand still."""

    @model_validator(mode='after')
    def _answer_within_the_cycle(self) -> TimingPart:
        longest = self.timeout_ms * (self.retries + 1)
        if longest >= self.cycle_ms:
            raise ValueError(
                f'timeout_ms x (retries + 1) is {longest:g} ms; allowed: less than '
                f'cycle_ms, {self.cycle_ms:g}'
            )
        return self


class ProfileFile(FileModel):
    """A device: link, timing and registers."""

    format: Format
    """Version of the file format."""

    name: Word
    description: Text
    link: LinkPart
    timing: TimingPart = TimingPart()
    channels: Annotated[int, Range(1, 64)]
    """Chambers that the device can drive."""

    read_table: Literal['holding', 'input'] = 'holding'
    """Where the values that are read stand: function code 3 or 4."""

    word_order: Literal['big', 'little'] = 'big'
    """Order of the words of a value of two."""

    own_dead_man: Annotated[str, Field(min_length=5)] = 'register dead_man_ms'
    """What vents the garment when nobody commands; no device is used without one."""

    registers: Registers


def profile_directory() -> Path:
    """Folder of the profiles that come with the project."""
    return config_directory() / 'hardware'


def load_profile(name_or_path: str | Path) -> ProfileFile:
    """Read a profile by name or by path.

    Raises
    ------
    MissingFileError
        There is no such profile.
    FileError
        Its file is wrong.
    """
    text = str(name_or_path)
    if '/' in text or text.endswith(('.yaml', '.yml')):
        return validate(read_yaml(Path(text).expanduser()), ProfileFile)
    known = yaml_files(profile_directory())
    if text not in known:
        hint = near_name(text, known) or f'; allowed: {", ".join(known)}, or a path'
        raise MissingFileError(f'profile:1:name: there is no profile {shown(text)}{hint}')
    return validate(read_yaml(known[text]), ProfileFile)


def parse_profile(text: str, source: str = 'profile') -> ProfileFile:
    """Read a profile from YAML text.

    Raises
    ------
    FileError
    """
    return validate(parse_yaml(text, source), ProfileFile)


def profile_schema() -> dict[str, Any]:
    """JSON Schema of the profile file, for editors."""
    return {'$schema': 'https://json-schema.org/draft/2020-12/schema'} | (
        ProfileFile.model_json_schema()
    )
