"""The gate for commands: what a command must be before anything acts on it.

The supervisor lets requests through it and the manifold lets permits through it, so neither acts
on a command that is malformed, old, repeated or for another garment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compression_boot_control.core.signals import Actuation, BoolArray, FloatArray


@dataclass(frozen=True)
class Command:
    """A command as received, chambers by name.

    Attributes
    ----------
    sequence : int
        The sender's count.
    names : sequence of str
    inlet, exhaust : (M,) array
        In the order of `names` [0..1].
    pump : float
        Drive [0..1].
    """

    sequence: int
    names: Sequence[str]
    inlet: FloatArray
    exhaust: FloatArray
    pump: float


class RefusedCommand(ValueError):
    """A command that must not be acted on; the text says why."""


@dataclass(frozen=True)
class CommandGate:
    """Checks commands for one garment; the state is the last accepted sequence number.

    Attributes
    ----------
    chamber_names : tuple of str
        The garment's chambers, in the order of the arrays.
    last_sequence : int
        Sequence number of the last accepted command; 0 before the first.
    spent_sequence : int
        One that is refused besides; see `renewed`.
    """

    chamber_names: tuple[str, ...]
    last_sequence: int = 0
    spent_sequence: int = 0

    def renewed(self) -> CommandGate:
        """Return the gate after a silence: a sender that was started again counts from 1 again.

        The last command is still refused, or one message that is sent for ever would pass again
        after each silence.
        """
        return CommandGate(self.chamber_names, 0, self.last_sequence or self.spent_sequence)

    def admit(self, command: Command) -> tuple[CommandGate, Actuation]:
        """Accept a command and put its chambers into the garment's order.

        Raises
        ------
        RefusedCommand
            If it is old or repeated, lacks or repeats a chamber, or has a value that is not a
            number from 0 to 1.
        """
        if command.sequence <= self.last_sequence or command.sequence == self.spent_sequence:
            last = self.last_sequence or self.spent_sequence
            raise RefusedCommand(
                f'sequence {command.sequence} is not after {last}: old or repeated'
            )
        names = tuple(command.names)
        if not len(names) == len(command.inlet) == len(command.exhaust):
            raise RefusedCommand(
                f'{len(names)} names, {len(command.inlet)} inlets, {len(command.exhaust)} exhausts'
            )
        values = np.concatenate([command.inlet, command.exhaust, [command.pump]])
        # written so that NaN is refused
        if not (values.min() >= 0.0 and values.max() <= 1.0):
            raise RefusedCommand('an opening or the pump drive is not a number from 0 to 1')
        gate = CommandGate(self.chamber_names, command.sequence)
        if names == self.chamber_names:
            return gate, Actuation(
                np.asarray(command.inlet), np.asarray(command.exhaust), np.asarray(command.pump)
            )
        if len(set(names)) != len(names) or set(names) != set(self.chamber_names):
            raise RefusedCommand(
                f'chambers {sorted(names)} are not those of the garment '
                f'{sorted(self.chamber_names)}'
            )
        order = [names.index(own) for own in self.chamber_names]
        return gate, Actuation(
            np.asarray(command.inlet)[order],
            np.asarray(command.exhaust)[order],
            np.asarray(command.pump),
        )


def restricted(wanted: Actuation, vent: BoolArray) -> Actuation:
    """What is left of a command where chambers must be vented; the pump stops when all must.

    Parameters
    ----------
    wanted : Actuation
        Of arrays (..., N) and (...).
    vent : (..., N) bool array
        Chambers whose inlet is shut and whose exhaust is opened.
    """
    return Actuation(
        inlet=np.where(vent, 0.0, wanted.inlet),
        exhaust=np.where(vent, 1.0, wanted.exhaust),
        pump=np.where(vent.all(axis=-1), 0.0, wanted.pump),
    )
