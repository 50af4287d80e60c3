"""A system on two hosts, and what becomes of it while the link between them is bad.

A process reads its Fast DDS profile once, so whoever is a witness here cannot be one on the
loopback too: `in_a_process_of_its_own` runs a function where nothing has been read yet.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from evidence.live_system import LiveSystem, Reaction
from evidence.virtual_link import GOOD, HERE, THERE, Link, OtherHost

Result = TypeVar('Result')

CONTROL_COMPUTER = (
    'safety_supervisor',
    'chamber_control',
    'sequence_planner',
    'pressure_sensing',
)
"""All that decides; manifold and witness are on this host."""

BAD_TIME = 2.0
"""Time for which a link is bad [s]."""


def in_a_process_of_its_own(function: Callable[..., Result], *arguments: Any) -> Result:
    """Result of a function that is run in a new process."""
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


class HostsSystem(LiveSystem):
    """A system with nodes on another host."""

    def __init__(self, folder: Path, host: OtherHost, names: tuple[str, ...]) -> None:
        self.host = host
        super().__init__(folder, place=dict.fromkeys(names, host.prefix), addresses=(HERE, THERE))

    def recover(self, seconds: float = 60.0) -> None:
        """Mend the link, too."""
        self.host.set(GOOD)
        super().recover(seconds)

    def cut(self) -> Reaction:
        """Cut the link under pressure."""
        self.inflate()
        return self.reaction(lambda: self.host.set(Link(cut=True)))


@contextmanager
def on_two_hosts(folder: Path, names: tuple[str, ...]) -> Iterator[HostsSystem]:
    """Start a system whose named nodes are on another host."""
    with OtherHost() as host, HostsSystem(folder, host, names) as system:
        yield system


class BadTime(NamedTuple):
    """What the boots did while a link was bad.

    Attributes
    ----------
    highest : float
        Highest pressure in a chamber [Pa].
    opened : bool
        Whether all exhausts were open at some time.
    """

    highest: float
    opened: bool


class Scenario(NamedTuple):
    """What came of links that were cut and bad; after each the system was under pressure again."""

    cuts: list[Reaction]
    bad: dict[str, BadTime]


def scenario(cuts: int, links: Mapping[str, Link]) -> Scenario:
    """Cut the link some times, then make it bad in each of the ways."""
    with (
        tempfile.TemporaryDirectory() as folder,
        on_two_hosts(Path(folder), CONTROL_COMPUTER) as system,
    ):
        reactions = []
        for _ in range(cuts):
            system.recover()
            reactions.append(system.cut())
        return Scenario(reactions, {name: _bad_time(system, links[name]) for name in links})


def _bad_time(system: HostsSystem, link: Link) -> BadTime:
    system.recover()
    system.inflate()
    system.host.set(link)
    system.samples.clear()
    end = time.monotonic() + BAD_TIME
    system.wait(lambda: time.monotonic() > end and system.samples, 10.0, 'samples')
    found = BadTime(
        max(sample.highest for sample in system.samples),
        any(sample.open for sample in system.samples),
    )
    system.recover()
    system.inflate()
    return found
