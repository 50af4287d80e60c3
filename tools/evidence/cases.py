"""Faults whose reaction time is measured, each with its goal and the system that it strikes."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from compression_boot_msgs.srv import EmergencyStop

from compression_boot_control.core.safety.limits import HARD_LIMITS
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.emulated_faults import clear, switch
from compression_boot_control.nodes.interfaces import EMERGENCY_STOP
from compression_boot_control.plant.faults import Fault, FaultKind
from evidence.device_system import DeviceSystem
from evidence.live_system import LiveSystem, Reaction
from evidence.two_hosts import CONTROL_COMPUTER, on_two_hosts
from evidence.virtual_link import why_not

Attempt = Callable[[Any], Reaction]


class Unavailable(RuntimeError):
    """A case cannot be measured on this machine; the text says why."""


class Case(NamedTuple):
    """One fault.

    Attributes
    ----------
    name : str
    ids : tuple of str
        Requirements whose reaction it shows.
    goal : float
        Longest time to open exhausts [s].
    stage : str
        Key of `STAGES`: the system that it strikes.
    attempt : callable
        Strikes a sound system once.
    tries : int
        That make the evidence; fewer where a process or a device must be started anew for each.
    """

    name: str
    ids: tuple[str, ...]
    goal: float
    stage: str
    attempt: Attempt
    tries: int = 100


@contextmanager
def simulated(folder: Path) -> Iterator[LiveSystem]:
    """All nodes here, with simulated boots."""
    with LiveSystem(folder) as system:
        yield system


@contextmanager
def on_a_device(folder: Path) -> Iterator[LiveSystem]:
    """All nodes here, on an emulated Modbus device that is watched itself."""
    with DeviceSystem(folder) as system:
        yield system


@contextmanager
def supervisor_elsewhere(folder: Path) -> Iterator[LiveSystem]:
    """Put the supervisor alone on another host."""
    with _hosts(folder, ('safety_supervisor',)) as system:
        yield system


@contextmanager
def manifold_elsewhere(folder: Path) -> Iterator[LiveSystem]:
    """Put the manifold on this host, and all that decides on another."""
    with _hosts(folder, CONTROL_COMPUTER) as system:
        yield system


def _hosts(folder: Path, names: tuple[str, ...]) -> AbstractContextManager[LiveSystem]:
    if reason := why_not():
        raise Unavailable(reason)
    return on_two_hosts(folder, names)


STAGES = {
    'simulated': simulated,
    'device': on_a_device,
    'supervisor elsewhere': supervisor_elsewhere,
    'manifold elsewhere': manifold_elsewhere,
}


@contextmanager
def stage(name: str) -> Iterator[LiveSystem]:
    """Start the system of a stage; nothing of it is left afterwards.

    Raises
    ------
    Unavailable
    """
    with tempfile.TemporaryDirectory() as folder, STAGES[name](Path(folder)) as system:
        yield system


# -- attempts


def _signal(name: str, number: signal.Signals) -> Attempt:
    return lambda system: system.strike(name, number)


def _press_stop(system: Any) -> Reaction:
    client = system.node.create_client(EMERGENCY_STOP.type, EMERGENCY_STOP.name)
    system.wait(client.service_is_ready, 10.0, 'the emergency stop is there')
    system.inflate()
    reaction: Reaction = system.reaction(
        lambda: client.call_async(EmergencyStop.Request(reason='measured'))
    )
    system.node.destroy_client(client)
    return reaction


def _cut_hosts(system: Any) -> Reaction:
    reaction: Reaction = system.cut()
    return reaction


def _cut_device(system: Any) -> Reaction:
    system.inflate()
    reaction: Reaction = system.reaction(lambda: switch(system.server, 'cut'))
    clear(system.server)
    return reaction


def _over_pressure(system: Any) -> Reaction:
    """Let the sensor of a slack chamber read 128 mmHg: under control it would not last."""
    boots = system.server.device.boots
    lie = Fault(FaultKind.SENSOR_OFFSET, len(system.server.device.garment) - 1, 128.0 * MMHG)

    def rise() -> None:
        with system.server.lock:
            boots.set_fault(lie)

    system.inflate()
    reaction: Reaction = system.reaction(rise)
    clear(system.server)
    if reaction.opened < HARD_LIMITS.over_pressure_time:
        # a machine that is too busy has vented for a reason of its own
        system.recover()
        return _over_pressure(system)
    return reaction._replace(opened=reaction.opened - HARD_LIMITS.over_pressure_time)


_PROCESSES = {
    'supervisor': ('safety_supervisor', ('SR-21', 'SR-26')),
    'controller': ('chamber_control', ('SR-05', 'SR-26')),
    'sensing': ('pressure_sensing', ('SR-26',)),
    'planner': ('sequence_planner', ('SR-26',)),
}

CASES = (
    *(
        Case(f'{name} {how}', ids, 0.3, 'simulated', _signal(node, number), tries)
        for name, (node, ids) in _PROCESSES.items()
        for how, number, tries in (('hung', signal.SIGSTOP, 100), ('killed', signal.SIGKILL, 40))
    ),
    Case('supervisor cut off', ('SR-21',), 0.3, 'supervisor elsewhere', _cut_hosts),
    Case('manifold cut off from the others', ('SR-21',), 0.3, 'manifold elsewhere', _cut_hosts),
    Case('manifold node hung', ('SR-22',), 0.3, 'device', _signal('manifold', signal.SIGSTOP), 60),
    Case(
        'manifold node killed', ('SR-22',), 0.3, 'device', _signal('manifold', signal.SIGKILL), 40
    ),
    Case('link to the device cut', ('SR-22',), 0.3, 'device', _cut_device, 60),
    Case(
        'over-pressure, after its debounce of 300 ms',
        ('SR-02',),
        0.03,
        'device',
        _over_pressure,
        60,
    ),
    Case('emergency stop', ('SR-01',), 0.3, 'simulated', _press_stop),
)
"""In the order of the table."""
