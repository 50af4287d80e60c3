"""The Modbus backends: a device with registers, over TCP or a serial line, as its profile says.

One block is read and one is written every cycle. What is read back must be what was written, the
device's heartbeat must beat, and its echo must be that of the last command; otherwise the sample
carries a fault. After a silence as long as the dead-man everything stays vented until `reset`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from compression_boot_control.core.dead_man import PERMIT_AGE_LIMIT
from compression_boot_control.core.garment import Garment
from compression_boot_control.core.signals import Actuation, FloatArray, Readings
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.clock import Clock, SteadyClock
from compression_boot_control.hardware.device_identity import Link, identify
from compression_boot_control.hardware.manifold import (
    Identity,
    LinkError,
    Manifold,
    ManifoldError,
    ManifoldFault,
    ManifoldSample,
)
from compression_boot_control.hardware.profile_file import ProfileFile, Register, Registers
from compression_boot_control.hardware.registers import WORD, Block, RegisterCodec, block_of

DISAGREEMENT = 10.0 * MMHG
"""Two sensors of a chamber further apart than this are both worth nothing [Pa] [P]."""

DISAGREEMENT_TIME = 1.0
"""How long they may be apart while a hose fills [s] [P]."""

READ_BACK_TOLERANCE = 0.02
"""Largest difference of an opening as written and as applied [-] [P]."""

VENTED_BY_ITSELF = (
    'the device has vented by itself and waits: look at the boots, then boots reset --confirm'
)

LOOK_TIME = 0.12
"""How long a device is watched for commands of others before the first own one [s] [P]."""

OPEN_TIME = 2.0
"""How long a device is asked again before it counts as one that does not answer [s] [P]."""

FOREIGN_TIME = 1.0
"""How long the command of another master is a fault [s] [P]: it will write again."""

ANOTHER_MASTER = 'the device has obeyed a command that is not ours: disconnect the other master'


class ModbusManifold(Manifold):
    """A device with registers.

    Parameters
    ----------
    garment : Garment
    profile : ProfileFile
    link : Link
    clock : Clock

    Attributes
    ----------
    fault_text : str
        One line on the fault of the last sample; empty without one.
    """

    def __init__(
        self,
        garment: Garment,
        profile: ProfileFile,
        link: Link,
        clock: Clock | None = None,
    ) -> None:
        if len(garment) > profile.channels:
            raise ManifoldError(
                f'garment {garment.name} has {len(garment)} chambers, and {profile.name} drives '
                f'{profile.channels}: use another profile'
            )
        self.garment = garment
        self.sample_period = profile.timing.cycle_ms / 1000.0
        self.fault_text = ''
        self._profile = profile
        self._map = profile.registers
        self._link = link
        self._clock = clock or SteadyClock()
        self._codec = RegisterCodec(profile, len(garment))
        self._second: Register | None = None
        self._input = self._input_block()
        self._output = self._output_block()
        self._heartbeat_limit = profile.timing.heartbeat_ms / 1000.0
        self._identity = Identity()
        self._sequence = 0
        self._limit = 0.0
        self._written: Actuation | None = None
        self._commanded_at: float | None = None
        self._needs_reset = False
        self._driven = False
        self._uncertain = False
        self._beat = -1
        self._beat_at = 0.0
        self._foreign_at = -np.inf
        self._apart_since: FloatArray = np.full(len(garment), np.inf)

    # -- what travels

    def _input_block(self) -> Block:
        own, count = self._map, len(self.garment)
        single = (own.state, own.faults, own.heartbeat, own.echo, own.supply_pressure, own.pump)
        each = (own.pressure, own.inlet, own.exhaust, self._second)
        found = [(register, 1) for register in single if register is not None]
        found += [(register, count) for register in each if register is not None]
        return block_of(found)

    def _find_second_sensors(self) -> None:
        """Read second sensors from now on if the device has any."""
        register, self._second = self._map.second_pressure, None
        if register is not None:
            words = self._link.read(block_of([(register, len(self.garment))]))
            if np.any(np.isfinite(self._codec.values(register, words))):
                self._second = register
        self._input = self._input_block()

    def _output_block(self) -> Block:
        own, count = self._map, len(self.garment)
        single = (own.command_sequence, own.command_dump, own.command_limit, own.command_pump)
        found = [(register, 1) for register in single if register is not None]
        found += [(own.command_inlet, count), (own.command_exhaust, count)]
        if own.command_constant is not None:
            found.append((own.command_constant, count))
        return block_of(found)

    # -- the interface

    def open(self) -> None:
        """Connect, ask who the device is, and leave the garment vented.

        Nothing is written to a device that another master drives: it would disturb a session.
        """
        deadline = self._clock.now() + OPEN_TIME
        while True:
            try:
                self._open()
                return
            except LinkError:
                self._link.close()
                if self._clock.now() > deadline:
                    raise
                # a lost answer is no reason not to begin, and a late one must have passed
                self._clock.wait(LOOK_TIME)
            except ManifoldError:
                self._link.close()
                raise

    def _open(self) -> None:
        self._commanded_at = None
        self._link.open()
        self._identity = identify(self._link, self._profile, self.garment)
        self._refuse_another_master()
        self._find_second_sensors()
        self._beat = -1
        self.reset()

    def read(self) -> ManifoldSample:
        """Read the state of the device."""
        words = self._link.read(self._input)
        own, codec = self._map, self._codec
        self.fault_text = self._fault_in(words)
        pressure = codec.values(own.pressure, words)
        if self._second is not None:
            pressure = self._agreed(pressure, codec.values(self._second, words))
        readings = Readings(
            pressure=pressure,
            inlet=self._reported(own.inlet, words, lambda actuation: actuation.inlet),
            exhaust=self._reported(own.exhaust, words, lambda actuation: actuation.exhaust),
            supply_pressure=self._single(own.supply_pressure, words),
            pump=self._single(own.pump, words),
        )
        return ManifoldSample(
            readings,
            watchdog_expired=self._dead_man_acts(words),
            fault=ManifoldFault.DEVICE if self.fault_text else ManifoldFault.NONE,
        )

    def write(self, actuation: Actuation) -> None:
        """Write a command, vented as long as a reset is due."""
        now = self._clock.now()
        silent = self._commanded_at is not None and now - self._commanded_at > PERMIT_AGE_LIMIT
        if silent and self._driven:
            self._needs_reset = True
        if self._needs_reset:
            actuation = Actuation.vented((len(self.garment),))
        self._driven = self._driven or bool(np.any(actuation.inlet > 0.0) or actuation.pump > 0.0)
        self._command(actuation)
        self._commanded_at = now

    def close(self) -> None:
        """Vent and disconnect; where no answer comes the device's dead-man vents."""
        try:
            if self._commanded_at is not None:
                self.vent()
        except ManifoldError:
            pass  # the device vents by itself
        finally:
            self._commanded_at = None
            self._link.close()

    def reset(self) -> None:
        """Obey again after a dead-man, a dump or a trip; leaves the garment vented."""
        own = self._map
        self._limit = 0.0
        if own.reset is not None:
            self._link.write(own.reset.address, [own.reset.value])
        self._follow_echo()
        self._command(Actuation.vented((len(self.garment),)))
        self._commanded_at = self._clock.now()
        self._needs_reset = False
        self._driven = False
        self._foreign_at = -np.inf
        self._apart_since = np.full(len(self.garment), np.inf)

    def identity(self) -> Identity:
        """Who the device says it is."""
        return self._identity

    def dump(self) -> bool:
        """Write the emergency stop of the device."""
        if self._map.command_dump is None:
            return False
        self._command(Actuation.vented((len(self.garment),)), dump=True)
        return True

    def limit_pressure(self, pressure: float | None) -> bool:
        """Lower the device's own limit from the next command on."""
        if self._map.command_limit is None:
            return False
        self._limit = 0.0 if pressure is None else pressure
        return True

    # -- commands

    def _refuse_another_master(self) -> None:
        register = self._map.echo
        if register is None:
            return
        block = block_of([(register, 1)])
        before = self._link.read(block)
        self._clock.wait(LOOK_TIME)
        if self._link.read(block) != before:
            raise ManifoldError(
                f'{self._link.name}: another master drives this device: end it first, be it '
                'boots up, boots device-test or a controller of somebody else'
            )

    def _command(self, actuation: Actuation, *, dump: bool = False) -> None:
        own, codec = self._map, self._codec
        if self._uncertain:
            self._follow_echo()
        words = dict.fromkeys(self._output.addresses, 0)
        self._sequence = (self._sequence + 1) % WORD
        if own.command_sequence is not None:
            codec.put_raw(own.command_sequence, words, self._sequence)
        if own.command_dump is not None:
            codec.put_raw(own.command_dump, words, int(dump))
        if own.command_limit is not None:
            codec.put(own.command_limit, words, self._limit)
        if own.command_pump is not None:
            codec.put(own.command_pump, words, _opening(float(actuation.pump), 0.0))
        for chamber in range(len(self.garment)):
            inlet = _opening(float(actuation.inlet[chamber]), 0.0)
            exhaust = _opening(float(actuation.exhaust[chamber]), 1.0)
            codec.put(own.command_inlet, words, inlet, chamber)
            codec.put(own.command_exhaust, words, exhaust, chamber)
            if own.command_constant is not None:
                codec.put_raw(own.command_constant, words, own.command_constant.value, chamber)
        self._written = None
        self._uncertain = True
        self._link.write(self._output.address, list(words.values()))
        self._uncertain = False
        self._written = None if dump else actuation

    def _follow_echo(self) -> None:
        """Take up the device's count: it refuses a sequence that it has just obeyed."""
        if self._map.echo is not None:
            words = self._link.read(self._input)
            self._sequence = self._codec.raw(self._map.echo, words)

    # -- checks

    def _fault_in(self, words: Mapping[int, int]) -> str:
        """One line on what is wrong in an answer; empty if nothing is."""
        own, codec = self._map, self._codec
        # after a lost answer nobody knows whether the command was obeyed
        known, now = self._written is not None, self._clock.now()
        if known and own.echo is not None and codec.raw(own.echo, words) != self._sequence:
            self._foreign_at = now
        if now - self._foreign_at < FOREIGN_TIME:
            return ANOTHER_MASTER
        if not self._tripped(words, own) and self._dead_man_acts(words):
            return VENTED_BY_ITSELF
        if own.faults is not None and (bits := codec.raw(own.faults, words)):
            return f'the device reports fault bits {bits:#06x}: see its register map'
        if not self._heart_beats(words):
            return 'the heartbeat of the device stands still: restart it'
        if self._dead_man_acts(words):
            return VENTED_BY_ITSELF
        if self._written is None:
            return ''
        for register, wanted in (
            (own.inlet, self._written.inlet),
            (own.exhaust, self._written.exhaust),
        ):
            if register is None:
                continue
            apart = np.abs(codec.values(register, words) - wanted)
            if np.any(apart > READ_BACK_TOLERANCE):
                name = self.garment.chamber_names[int(np.argmax(apart))]
                return f'valve of {name} is not driven as commanded: look at the device'
        return ''

    def _heart_beats(self, words: Mapping[int, int]) -> bool:
        if self._map.heartbeat is None:
            return True
        now, beat = self._clock.now(), self._codec.raw(self._map.heartbeat, words)
        if beat != self._beat:
            self._beat, self._beat_at = beat, now
        return now - self._beat_at <= self._heartbeat_limit

    def _state(self, words: Mapping[int, int]) -> int | None:
        register = self._map.state
        if register is None:
            return None
        return (self._codec.raw(register, words) >> register.shift) & register.mask

    def _tripped(self, words: Mapping[int, int], own: Registers) -> bool:
        return own.state is not None and self._state(words) in own.state.tripped

    def _dead_man_acts(self, words: Mapping[int, int]) -> bool:
        """Whether the device vents by itself or may not drive before a reset."""
        state = self._state(words)
        if self._map.state is None or state in self._map.state.running:
            return self._needs_reset
        # neither running nor known: as cautious as a trip
        return True

    # -- values

    def _single(self, register: Register | None, words: Mapping[int, int]) -> FloatArray:
        return np.asarray(np.nan if register is None else self._codec.value(register, words))

    def _reported(
        self,
        register: Register | None,
        words: Mapping[int, int],
        part: Callable[[Actuation], FloatArray],
    ) -> FloatArray:
        if register is not None:
            return self._codec.values(register, words)
        if self._written is None:
            return np.full(len(self.garment), np.nan)
        return part(self._written)

    def _agreed(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """NaN where two sensors have been apart for too long."""
        now = self._clock.now()
        apart = np.abs(first - second) > DISAGREEMENT
        self._apart_since = np.where(apart, np.minimum(self._apart_since, now), np.inf)
        return np.where(now - self._apart_since > DISAGREEMENT_TIME, np.nan, first)


def _opening(value: float, safe: float) -> float:
    """Cut to 0..1; NaN is the safe position."""
    return safe if np.isnan(value) else min(max(value, 0.0), 1.0)
