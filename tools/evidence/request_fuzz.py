"""Garbage for the supervisor: whatever is sent as a request, what is not sound opens no inlet.

The real supervisor node and the real manifold node stand on a bench: each message goes through the
conversion of messages, the gate, the verdict and the permit to the hardware's interface. An oracle
of its own, plain Python, says which requests are sound.
"""

from __future__ import annotations

import math
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from compression_boot_msgs.msg import ManifoldState, ValveCommand
from compression_boot_msgs.srv import ResetSafety
from rclpy.serialization import deserialize_message, serialize_message

from compression_boot_control.core.signals import Actuation
from compression_boot_control.hardware.simulated import SimulatedManifold
from compression_boot_control.nodes.interfaces import MANIFOLD_STATE, PERMITTED, REQUESTED, RESET
from compression_boot_control.nodes.manifold import ManifoldNode
from compression_boot_control.nodes.safety_parameters import CYCLE
from compression_boot_control.nodes.safety_supervisor import SafetySupervisorNode
from evidence.node_bench import Bench

MMHG = 133.322
RESET_EVERY = 100
"""Messages from one reset to the next: what has tripped lets nothing through."""

STRANGE = (
    math.nan,
    math.inf,
    -math.inf,
    1e308,
    -1e308,
    5e-324,
    -5e-324,
    -0.0,
    2.0,
    -1.0,
    math.nextafter(1.0, 2.0),
    math.nextafter(0.0, -1.0),
)


class FuzzResult(NamedTuple):
    """What came of it.

    Attributes
    ----------
    messages : int
        Messages that were sent: requests and samples.
    garbage : int
        Requests among them that were not sound.
    opened_by_garbage : int
        Garbage after which an inlet was open that was not before: must be 0.
    opened_wrongly : int
        Openings of the hardware that no sound request had asked for: must be 0.
    opened : int
        Sound requests that opened an inlet; a run in which nothing opens proves nothing.
    """

    messages: int
    garbage: int
    opened_by_garbage: int
    opened_wrongly: int
    opened: int


class _Hardware(SimulatedManifold):
    """Boots that only remember what drives them."""

    last = Actuation.vented((10,))

    def write(self, actuation: Actuation) -> None:
        self.last = actuation

    def vent(self) -> None:
        self.last = Actuation.vented((10,))


class Fuzz:
    """One run; ROS 2 must be initialised.

    Parameters
    ----------
    seed : int
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._supervisor = Bench(SafetySupervisorNode)
        self._manifold = Bench(ManifoldNode)
        node = self._manifold.node
        self._hardware = _Hardware(node._garment)
        node._manifold = self._hardware
        self._names: list[str] = list(node._garment.chamber_names)
        self._sequence = 0
        self._highest = 0
        self._last_sound_at = -math.inf
        self._state_sequence = 0
        self._wanted: list[dict[str, float]] = []

    def close(self) -> None:
        """Take the nodes away."""
        self._supervisor.close()
        self._manifold.close()

    def run(self, messages: int) -> FuzzResult:
        """Send this many messages."""
        garbage = by_garbage = wrongly = opened = 0
        for count in range(messages):
            self._let_time_pass()
            if count % RESET_EVERY == 0:
                self._supervisor.call(RESET, ResetSafety.Request(confirm=True))
            if self._random.random() < 0.2:
                self._send_sample()
                by_sound = None
            else:
                before = self._openings()
                by_sound = self._send_request()
                after = self._openings()
                grew = any(after[name] > before[name] for name in self._names)
                garbage += not by_sound
                by_garbage += grew and not by_sound
                opened += grew and by_sound
            wrongly += not self._asked_for()
        return FuzzResult(messages, garbage, by_garbage, wrongly, opened)

    # -- what is sent

    def _let_time_pass(self) -> None:
        passed = self._random.choice((0.0, 0.0, 0.001, 0.005, 0.01, 0.02))
        if self._random.random() < 0.001:
            passed = self._random.choice((0.15, 0.21, 0.26, 1.0))
        for bench in (self._supervisor, self._manifold):
            bench.now += passed
        if passed >= 0.005:
            self._supervisor.cycle(CYCLE)
            self._pass_permits_on()
        if passed >= 0.01:
            self._manifold.cycle(self._manifold.node._tick_period())

    def _send_sample(self) -> None:
        self._state_sequence += 1
        # low, and never still: nothing here may trip the supervisor for long
        pressure = [self._random.uniform(4.7, 5.3) * MMHG for _ in self._names]
        message = ManifoldState(
            sequence=self._state_sequence, name=self._names, pressure=pressure, pump=0.0
        )
        if self._random.random() < 0.01:
            message.pressure = [self._random.choice(STRANGE) for _ in self._names]
        self._supervisor.hear(MANIFOLD_STATE, message)
        self._pass_permits_on()

    def _send_request(self) -> bool:
        """Send a request, sound or not; whether it is sound."""
        self._sequence += 1
        message = self._sound_request()
        if self._random.random() < 0.8:
            self._random.choice(DAMAGES)(self._random, message)
        if self._random.random() < 0.1:
            flipped = self._with_flipped_bytes(message)
            if flipped is None:
                return False
            message = flipped
        sound = self._is_sound(message)
        if sound:
            self._highest = message.sequence
            self._last_sound_at = self._supervisor.now
            self._wanted = [dict(zip(message.name, message.inlet, strict=True))]
        self._supervisor.hear(REQUESTED, message)
        self._pass_permits_on()
        return sound

    def _sound_request(self) -> ValveCommand:
        names = self._names[:]
        self._random.shuffle(names)
        return ValveCommand(
            sequence=self._sequence,
            name=names,
            inlet=[self._random.random() for _ in names],
            exhaust=[self._random.choice((0.0, 1.0)) for _ in names],
            pump=self._random.random(),
        )

    def _with_flipped_bytes(self, message: ValveCommand) -> ValveCommand | None:
        """Damage a message on its way; None where the middleware itself refuses it."""
        data = bytearray(serialize_message(message))
        for _ in range(self._random.randint(1, 8)):
            data[self._random.randrange(4, len(data))] = self._random.randrange(256)
        try:
            return deserialize_message(bytes(data), ValveCommand)
        except Exception:  # noqa: BLE001  whatever it raises, nothing has come through
            return None

    def _is_sound(self, message: ValveCommand) -> bool:
        if self._supervisor.now - self._last_sound_at > 0.2:
            self._highest = 0  # a sender that was silent may count anew
        values = [*message.inlet, *message.exhaust, message.pump]
        return (
            message.sequence > self._highest
            and sorted(message.name) == sorted(self._names)
            and len(message.inlet) == len(message.exhaust) == len(self._names)
            and all(0.0 <= value <= 1.0 for value in values)
        )

    # -- what comes of it

    def _pass_permits_on(self) -> None:
        for permit in self._supervisor.said[PERMITTED.name].taken():
            self._manifold.hear(PERMITTED, permit)
        for bench in (self._supervisor, self._manifold):
            for outbox in bench.said.values():
                outbox.messages.clear()

    def _openings(self) -> dict[str, float]:
        return dict(zip(self._names, self._hardware.last.inlet.tolist(), strict=True))

    def _asked_for(self) -> bool:
        """Whether every open inlet is as the last sound request has asked."""
        wanted = self._wanted[-1] if self._wanted else {}
        return all(
            opening == 0.0 or opening == wanted.get(name)
            for name, opening in self._openings().items()
        )


# -- damages


def _strange_value(rng: random.Random, message: ValveCommand) -> None:
    field = rng.choice(('inlet', 'exhaust', 'pump'))
    if field == 'pump':
        message.pump = rng.choice(STRANGE)
        return
    values = list(getattr(message, field))
    values[rng.randrange(len(values))] = rng.choice(STRANGE)
    setattr(message, field, values)


def _all_strange(rng: random.Random, message: ValveCommand) -> None:
    message.inlet = [rng.choice(STRANGE) for _ in message.inlet]


def _old_sequence(rng: random.Random, message: ValveCommand) -> None:
    message.sequence = rng.choice((0, max(message.sequence - rng.randint(1, 1000), 0)))


def _wrong_length(rng: random.Random, message: ValveCommand) -> None:
    field = rng.choice(('inlet', 'exhaust', 'name'))
    values: Sequence[Any] = getattr(message, field)
    kept = list(values[: rng.randrange(len(values))])
    setattr(message, field, kept if rng.random() < 0.5 else [*values, values[0]])


def _other_name(rng: random.Random, message: ValveCommand) -> None:
    names = list(message.name)
    names[rng.randrange(len(names))] = rng.choice(('', 'left_foot', 'LEFT_FOOT', 'x' * 1000, '\n'))
    message.name = names


def _empty(_rng: random.Random, message: ValveCommand) -> None:
    message.name, message.inlet, message.exhaust = [], [], []


def _huge(rng: random.Random, message: ValveCommand) -> None:
    count = rng.choice((100, 1000))
    message.inlet = [1.0] * count


DAMAGES: tuple[Callable[[random.Random, ValveCommand], None], ...] = (
    _strange_value,
    _all_strange,
    _old_sequence,
    _wrong_length,
    _other_name,
    _empty,
    _huge,
)
"""What can be wrong with a request."""


def fuzz(messages: int, seed: int = 1) -> FuzzResult:
    """Run the fuzz on nodes of its own; ROS 2 must be initialised."""
    run = Fuzz(seed)
    try:
        # infinite pressures overflow, as they must
        with _silent_middleware(), np.errstate(all='ignore'):
            return run.run(messages)
    finally:
        run.close()


@contextmanager
def _silent_middleware() -> Iterator[None]:
    """Keep the middleware from printing a line on every message that it refuses."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
