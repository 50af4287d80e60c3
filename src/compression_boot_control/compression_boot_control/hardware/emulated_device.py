"""The emulated device: a manifold with the generic register map, and simulated boots behind it.

It does what a firmware has to do, and nothing of it is shared with the host's side: its own
dead-man, its own pressure limit, its own checks of a command. It has no clock; whoever runs it
says what time it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum, IntEnum

import numpy as np

from compression_boot_control.core.dead_man import PERMIT_AGE_LIMIT
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Actuation, Readings
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.profile_file import ProfileFile, Register
from compression_boot_control.hardware.registers import WORD, RegisterCodec
from compression_boot_control.hardware.simulated import wearer
from compression_boot_control.plant import layout as at
from compression_boot_control.plant.boots import SimulatedBoots

DEVICE_PERIOD = 0.005
"""Time from one turn of the device to the next [s]."""

PRESSURE_LIMIT = 135.0 * MMHG
"""Pressure at which the device vents by itself [Pa] [P]: above the host's, below relief."""

LIMIT_TIME = 0.1
"""How long the pressure must stay there [s] [P]."""

LONGEST_JUMP = 2.0
"""The boots are stepped at most this far at once, after a halt of the computer [s]."""

SEQUENCE_WINDOW = 100
"""A command whose sequence is not this little ahead of the last one is from another master."""

SERIAL_NUMBER = 20_260_001
FIRMWARE_VERSION = 1


class DeviceState(IntEnum):
    """Values of the state register of the generic map."""

    VENTED = 0
    RUNNING = 1
    DEAD_MAN = 2
    OVER_PRESSURE = 3
    DUMPED = 4


class FaultBit(IntEnum):
    """Bits of the fault register of the generic map."""

    OVER_PRESSURE = 1
    SENSOR = 2
    VALVE_DRIVER = 4
    PUMP_DRIVER = 8
    REFUSED_COMMAND = 16


class DeviceDefect(Enum):
    """What can be wrong with the device itself, beside the pneumatics."""

    NO_DEAD_MAN = 'no_dead_man'
    """The dead-man does not act."""
    SLOW_DEAD_MAN = 'slow_dead_man'
    """The dead-man acts after four times its limit."""
    NO_PRESSURE_LIMIT = 'no_pressure_limit'
    """The device does not vent at its own limit."""
    NO_DUMP = 'no_dump'
    """The emergency stop does nothing."""
    FROZEN_HEARTBEAT = 'frozen_heartbeat'
    """The device answers and does not work."""
    COMMANDS_IGNORED = 'commands_ignored'
    """The device confirms what is written and does not do it."""
    FOREIGN_MASTER = 'foreign_master'
    """Another master writes commands."""
    VALVE_DRIVER_FAULT = 'valve_driver_fault'
    """The device reports a fault of its valve driver."""
    WRONG_MAP_VERSION = 'wrong_map_version'
    """The device has a register map of another version."""


class IllegalAddress(LookupError):
    """There is no such register, or it cannot be written."""


class EmulatedDevice:
    """A manifold that exists as registers and equations.

    Parameters
    ----------
    garment : Garment
        What is connected.
    profile : ProfileFile
        The register map; one with the registers of the generic map.
    seed : int
        Draws legs, workshop and noise, as for the simulated backend.
    second_sensors : bool
        Whether each chamber has a second sensor, which is then without a fault.

    Attributes
    ----------
    boots : SimulatedBoots
        Take the faults of pneumatics and sensors.
    defects : set of DeviceDefect
        May be changed at any time.
    """

    def __init__(
        self,
        garment: Garment,
        profile: ProfileFile,
        seed: int = 0,
        *,
        second_sensors: bool = False,
    ) -> None:
        if len(garment) > profile.channels:
            raise ValueError(
                f'garment {garment.name} has {len(garment)} chambers, and {profile.name} drives '
                f'{profile.channels}: use another profile'
            )
        self.garment = garment
        self.boots = SimulatedBoots(wearer(garment, seed), seed)
        self.defects: set[DeviceDefect] = set()
        self._map = profile.registers
        self._codec = RegisterCodec(profile, len(garment))
        self._vented = Actuation.vented((len(garment),))
        self._actuation = self._vented
        self._second_sensors = second_sensors
        self._state = DeviceState.VENTED
        self._driven = False
        self._faults = 0
        self._heartbeat = 0
        self._echo = 0
        self._limit = PRESSURE_LIMIT
        self._above_limit = 0.0
        self._fed_at = -math.inf
        self._now: float | None = None
        self._readings: Readings = self.boots.readings()
        self._words: dict[int, int] = {}
        self._writable: set[int] = set()
        self._fill_registers()

    @property
    def state(self) -> DeviceState:
        """What the device does."""
        return self._state

    @property
    def applied(self) -> Actuation:
        """What drives valves and pump."""
        return self._actuation

    # -- time

    def advance(self, now: float) -> None:
        """Let the device and the boots come up to a time of a steady clock [s]."""
        if self._now is None or now - self._now > LONGEST_JUMP:
            self._now = now
        while now - self._now >= DEVICE_PERIOD * (1.0 - 1e-9):
            self._now += DEVICE_PERIOD
            self._turn()

    def _turn(self) -> None:
        assert self._now is not None
        self._watch(self._now)
        self._readings = self.boots.step(self._actuation, DEVICE_PERIOD)
        if DeviceDefect.FROZEN_HEARTBEAT not in self.defects:
            self._heartbeat = (self._heartbeat + 1) % WORD
        if DeviceDefect.FOREIGN_MASTER in self.defects and self._heartbeat % 20 == 0:
            self._echo = (self._echo + 7) % WORD
        pressure = self._readings.pressure
        # a sensor that gives nothing is no sign of a low pressure
        above = bool(np.any(~(pressure <= self._limit)))
        self._above_limit = self._above_limit + DEVICE_PERIOD if above else 0.0
        if self._above_limit >= LIMIT_TIME and np.nanmax(pressure, initial=0.0) > self._limit:
            self._faults |= FaultBit.OVER_PRESSURE
            if DeviceDefect.NO_PRESSURE_LIMIT not in self.defects:
                self._vent(DeviceState.OVER_PRESSURE)

    def _watch(self, now: float) -> None:
        """Act as the dead-man."""
        limit = PERMIT_AGE_LIMIT * (4.0 if DeviceDefect.SLOW_DEAD_MAN in self.defects else 1.0)
        idle = self._state is not DeviceState.RUNNING or DeviceDefect.NO_DEAD_MAN in self.defects
        # half a period early: a turn later would be later than promised
        if not idle and now - self._fed_at > limit - DEVICE_PERIOD:
            # what only ever vented may go on by itself when the host is back
            self._vent(DeviceState.DEAD_MAN if self._driven else DeviceState.VENTED)

    def _vent(self, state: DeviceState) -> None:
        self._actuation = self._vented
        if self._state in (DeviceState.VENTED, DeviceState.RUNNING):
            self._state = state

    # -- registers

    def read(self, address: int, count: int) -> list[int]:
        """Words of consecutive registers.

        Raises
        ------
        IllegalAddress
            There is no such register.
        """
        self._fill_registers()
        try:
            return [self._words[place] for place in range(address, address + count)]
        except KeyError as error:
            raise IllegalAddress(f'no register {error}') from error

    def write(self, address: int, words: Sequence[int]) -> None:
        """Take a command or a reset.

        Raises
        ------
        IllegalAddress
            A register does not exist or cannot be written.
        """
        places = range(address, address + len(words))
        if not self._writable.issuperset(places):
            raise IllegalAddress(f'registers {address} to {places[-1]} cannot all be written')
        self._words.update(zip(places, words, strict=True))
        reset = self._map.reset
        if reset is not None and reset.address in places:
            if self._words[reset.address] == reset.value:
                self._reset()
            self._words[reset.address] = 0
        sequence = self._map.command_sequence
        if sequence is not None and sequence.address in places:
            self._command()

    def _reset(self) -> None:
        self._state = DeviceState.VENTED
        self._driven = False
        self._actuation = self._vented
        self._faults = 0
        self._above_limit = 0.0

    def _command(self) -> None:
        """Check and obey the command that stands in the registers."""
        codec, own, words = self._codec, self._map, self._words
        assert own.command_sequence is not None
        assert own.command_pump is not None
        sequence = codec.raw(own.command_sequence, words)
        inlet = codec.values(own.command_inlet, words)
        exhaust = codec.values(own.command_exhaust, words)
        pump = codec.value(own.command_pump, words)
        ahead = (sequence - self._echo) % WORD
        if ahead == 0 or ahead >= WORD - SEQUENCE_WINDOW:
            return  # one that was late on the line, or came twice
        if ahead > SEQUENCE_WINDOW or max(inlet.max(), exhaust.max(), pump) > 1.0:
            self._faults |= FaultBit.REFUSED_COMMAND
            return
        self._echo = sequence
        if own.command_limit is not None:
            limit = codec.value(own.command_limit, words)
            self._limit = min(limit, PRESSURE_LIMIT) if limit > 0.0 else PRESSURE_LIMIT
        if own.command_dump is not None and codec.raw(own.command_dump, words):
            if DeviceDefect.NO_DUMP not in self.defects:
                self._vent(DeviceState.DUMPED)
            return
        if self._state not in (DeviceState.VENTED, DeviceState.RUNNING):
            return
        self._fed_at = -math.inf if self._now is None else self._now
        self._state = DeviceState.RUNNING
        self._driven = self._driven or bool(inlet.any()) or pump > 0.0
        if DeviceDefect.COMMANDS_IGNORED not in self.defects:
            self._actuation = Actuation(inlet, exhaust, np.asarray(pump))

    def _fill_registers(self) -> None:
        """Bring the registers that can be read up to date."""
        own, put = self._map, self._put
        readings, applied = self._readings, self._actuation
        second = np.full(len(self.garment), np.nan)
        if self._second_sensors:
            second = self.boots.memory.chamber(at.PORT_PRESSURE)
        for register in (own.magic, own.map_version):
            if register is not None:
                put(register, register.expect)
        if own.map_version is not None and DeviceDefect.WRONG_MAP_VERSION in self.defects:
            put(own.map_version, own.map_version.expect + 1)
        faults = self._faults
        if DeviceDefect.VALVE_DRIVER_FAULT in self.defects:
            faults |= FaultBit.VALVE_DRIVER
        put(own.chamber_count, len(self.garment))
        put(own.serial_number, SERIAL_NUMBER)
        put(own.firmware_version, FIRMWARE_VERSION)
        put(own.dead_man_ms, PERMIT_AGE_LIMIT * 1000.0)
        put(own.state, self._state)
        put(own.faults, faults)
        put(own.heartbeat, self._heartbeat)
        put(own.echo, self._echo)
        put(own.supply_pressure, float(readings.supply_pressure))
        put(own.pump, float(applied.pump))
        for chamber in range(len(self.garment)):
            put(own.pressure, float(readings.pressure[chamber]), chamber)
            put(own.inlet, float(applied.inlet[chamber]), chamber)
            put(own.exhaust, float(applied.exhaust[chamber]), chamber)
            put(own.second_pressure, float(second[chamber]), chamber)
        if not self._writable:
            self._make_writable()

    def _put(self, register: Register | None, value: float, index: int = 0) -> None:
        if register is not None:
            self._codec.put(register, self._words, value, index)

    def _make_writable(self) -> None:
        own = self._map
        single = (own.command_sequence, own.command_dump, own.command_limit, own.command_pump)
        for register in (*single, own.reset):
            if register is not None:
                self._writable.add(register.address)
        for register in (own.command_inlet, own.command_exhaust):
            for chamber in range(len(self.garment)):
                self._writable.add(register.address + chamber * register.stride)
        for address in self._writable:
            self._words.setdefault(address, 0)
