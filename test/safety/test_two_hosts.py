"""Two hosts with a link between them that is cut, slow or lossy, and comes back: SR-26, SR-21.

The hosts are network namespaces, the link is a program that carries their packets; see
``tools/evidence/virtual_link.py``. It takes the place of the kernel's netem, which many kernels
lack.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

from compression_boot_control.core.safety.limits import HARD_LIMITS
from evidence.live_system import LiveSystem
from evidence.virtual_link import GOOD, HERE, THERE, Link, OtherHost, why_not

if reason := why_not():
    pytest.skip(reason, allow_module_level=True)

pytestmark = [pytest.mark.system, pytest.mark.network_namespaces]

OVER_THERE = ('safety_supervisor', 'chamber_control', 'sequence_planner', 'pressure_sensing')
"""Nodes on the other host; the manifold and the witness are here."""

BAD_LINKS = {
    'slow': Link(delay=0.03),
    'out of order': Link(delay=0.01, jitter=0.05),
    'lossy': Link(loss=0.3),
    'slower than any limit': Link(delay=0.3),
    'hardly there': Link(loss=0.95),
}


@pytest.fixture(scope='module')
def other_host() -> Iterator[OtherHost]:
    with OtherHost() as host:
        yield host


@pytest.fixture(scope='module')
def hosts(
    stage: Any, other_host: OtherHost, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveSystem]:
    stage.clear()
    place = dict.fromkeys(OVER_THERE, other_host.prefix)
    folder = tmp_path_factory.mktemp('hosts')
    with LiveSystem(folder, place=place, addresses=(HERE, THERE)) as system:
        yield system


def test_SR_26_SR_21_link_that_is_cut_leaves_the_boots_vented(
    hosts: LiveSystem, other_host: OtherHost, assert_in_time: Callable[..., None]
) -> None:
    def cut() -> Any:
        other_host.set(GOOD)
        hosts.recover()
        hosts.inflate()
        return hosts.reaction(lambda: other_host.set(Link(cut=True)))

    assert_in_time(cut)
    other_host.set(GOOD)
    hosts.recover()
    hosts.inflate()


@pytest.mark.parametrize('link', BAD_LINKS.values(), ids=list(BAD_LINKS))
def test_SR_26_bad_link_keeps_the_limits_and_the_boots_come_back(
    hosts: LiveSystem, other_host: OtherHost, link: Link
) -> None:
    hosts.inflate()
    other_host.set(link)
    try:
        end = time.monotonic() + 2.0
        hosts.wait(lambda: time.monotonic() > end, 10.0, 'two seconds')
        assert max(sample.highest for sample in hosts.samples) < HARD_LIMITS.over_pressure
        if link in (BAD_LINKS['slower than any limit'], BAD_LINKS['hardly there']):
            assert any(sample.open for sample in hosts.samples)
    finally:
        other_host.set(GOOD)
    hosts.recover()
    hosts.inflate()
