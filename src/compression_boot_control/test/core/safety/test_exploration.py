"""SR-25: every course of events, to the last state that can be reached, of the permit's whole way.

Supervisor, gate and dead-man as the nodes chain them, for two chambers on two legs. Time is in
steps of 0.15 s, of which two are longer than any age that is borne. Proved for every state: no
inlet is open without a fresh permit, and what has tripped stays vented until a reset (SR-23).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from compression_boot_control.core.dead_man import DeadMan
from compression_boot_control.core.safety.gate import (
    Command,
    CommandGate,
    RefusedCommand,
    restricted,
)
from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.safety.supervisor import (
    ResetRefusal,
    SafetyInputs,
    SafetyState,
    SafetyTable,
    reset,
    supervisor_step,
)
from compression_boot_control.core.signals import Actuation

MMHG = 133.322
NAMES = ('left_foot', 'right_foot')
TABLE = SafetyTable.build(HARD_LIMITS, ('left', 'right'))
STEP = 0.15
LONG_AGO, NEVER = 2, 3
READINGS = {
    'vented': (2.0, 2.0),
    'inflated': (50.0, 40.0),
    'over': (130.0, 40.0),
    'missing': (math.nan, 40.0),
}


@dataclass(frozen=True)
class World:
    """The chain at one moment; ages in steps."""

    safety: SafetyState
    reading: str = 'vented'
    state_age: int = NEVER
    request_age: int = NEVER
    permit_age: int = NEVER
    inlet: float = 0.0
    cycle_age: int = 0

    def key(self) -> tuple[Any, ...]:
        """What tells this state from others; a timer beyond its debounce is as good as at it."""
        safety = self.safety
        timer = np.minimum(np.round(safety.timer, 2), 0.3)
        latch = safety.latch.tobytes()
        seen = (safety.active.tobytes(), safety.vent.tobytes(), safety.started.tobytes())
        ages = (self.state_age, self.request_age, self.permit_age, self.cycle_age)
        return (timer.tobytes(), latch, *seen, *ages, self.reading, self.inlet)


def judged(world: World, dt: float = 0.0, *, emergency: bool = False) -> World:
    def age(steps: int) -> np.ndarray:
        return np.array([math.inf if steps >= NEVER else steps * STEP])

    inputs = SafetyInputs(
        raw=np.array(READINGS[world.reading]) * MMHG,
        state_age=age(world.state_age),
        request_age=age(world.request_age),
        cycle_age=age(world.cycle_age),
        emergency=np.array([emergency]),
        device_fault=np.array([False]),
    )
    return replace(world, safety=supervisor_step(TABLE, world.safety, inputs, dt))


def permitted(world: World, wanted: Actuation) -> World:
    allowed = restricted(
        wanted, world.safety.vent | (world.state_age * STEP > HARD_LIMITS.state_age)
    )
    return replace(world, permit_age=0, inlet=float(np.max(allowed.inlet)))


VENTED = Actuation.vented((2,))


def sample(reading: str) -> Callable[[World], World]:
    def event(world: World) -> World:
        after = judged(replace(world, reading=reading, state_age=0))
        newly = (after.safety.vent & ~world.safety.vent).any()
        return permitted(after, VENTED) if newly else after

    return event


def request(sequence: int, inlet: float) -> Callable[[World], World]:
    def event(world: World) -> World:
        command = Command(sequence, NAMES, np.array([inlet, 0.0]), np.zeros(2), 1.0)
        try:
            _, wanted = CommandGate(NAMES, 10).admit(command)
        except RefusedCommand:
            return world
        return permitted(replace(world, request_age=0), wanted)

    return event


def passed(world: World) -> World:
    older = {
        name: max(min(getattr(world, name) + 1, LONG_AGO), getattr(world, name))
        for name in ('state_age', 'request_age', 'permit_age', 'cycle_age')
    }
    dead_man = DeadMan(last_permit=0.0)
    expired = older['permit_age'] >= NEVER or dead_man.expired(older['permit_age'] * STEP)
    return replace(world, **older, inlet=0.0 if expired else world.inlet)


def cycle(world: World) -> World:
    after = replace(judged(passed(world), STEP), cycle_age=0)
    return permitted(after, VENTED) if after.safety.vent.all() else after


def stop(world: World) -> World:
    return permitted(judged(world, emergency=True), VENTED)


def granted(world: World) -> World:
    raw = np.array(READINGS[world.reading]) * MMHG
    before = judged(world)
    safety, refusal = reset(TABLE, before.safety, raw, confirmed=True)
    assert refusal != ResetRefusal.NONE or world.reading == 'vented'
    return judged(replace(before, safety=safety))


EVENTS: dict[str, Callable[[World], World]] = {
    **{f'sample {name}': sample(name) for name in READINGS},
    'request': request(11, 1.0),
    'request NaN': request(11, math.nan),
    'request replayed': request(10, 1.0),
    'cycle': cycle,
    'hang': passed,
    'stop': stop,
    'reset': granted,
}


def test_SR_25_no_course_of_events_opens_an_inlet_without_a_fresh_permit_or_after_a_trip() -> None:
    start = World(SafetyState.initial((2,)))
    seen = {start.key()}
    waiting = deque([start])
    opened = 0
    while waiting:
        world = waiting.popleft()
        for name, event in EVENTS.items():
            after = event(world)
            if after.inlet > 0.0:
                opened += 1
                assert after.permit_age < LONG_AGO, (name, world, after)
                assert not after.safety.latch.any(), (name, world, after)
            if name.startswith(('request NaN', 'request replayed')):
                assert after == world or after.key() == world.key()
            if world.safety.latch.any() and name != 'reset':
                assert after.safety.latch.any()
                assert after.safety.vent.all()
            if after.key() not in seen:
                seen.add(after.key())
                waiting.append(after)
    assert opened, 'a model that never inflates proves nothing'
    assert len(seen) > 100
