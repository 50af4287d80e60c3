"""Two hosts with a link between them that is cut, slow or lossy, and comes back: SR-26, SR-21.

The hosts are network namespaces, the link is a program that carries their packets; see
``tools/evidence/virtual_link.py``. It takes the place of the kernel's netem, which many kernels
lack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

from compression_boot_control.core.safety.limits import HARD_LIMITS
from evidence.two_hosts import Scenario, in_a_process_of_its_own, scenario
from evidence.virtual_link import Link, why_not

if reason := why_not():
    pytest.skip(reason, allow_module_level=True)

pytestmark = [pytest.mark.system, pytest.mark.network_namespaces]

BEARABLE = {
    'slow': Link(delay=0.03),
    'out of order': Link(delay=0.01, jitter=0.05),
    'lossy': Link(loss=0.3),
}
UNBEARABLE = {
    'slower than any limit': Link(delay=0.3),
    'hardly there': Link(loss=0.95),
}
CUTS = 3


@pytest.fixture(scope='module')
def happened(stage: Any) -> Scenario:
    """Everything that was done to the link; the boots were under pressure again after each."""
    stage.clear()
    return in_a_process_of_its_own(scenario, CUTS, BEARABLE | UNBEARABLE)


def test_SR_26_SR_21_link_that_is_cut_leaves_the_boots_vented(
    happened: Scenario, assert_in_time: Callable[..., None]
) -> None:
    assert len(happened.cuts) == CUTS
    assert_in_time(iter(happened.cuts).__next__)


@pytest.mark.parametrize('name', [*BEARABLE, *UNBEARABLE])
def test_SR_26_bad_link_lets_no_pressure_beyond_its_limit(happened: Scenario, name: str) -> None:
    assert happened.bad[name].highest < HARD_LIMITS.over_pressure


@pytest.mark.parametrize('name', UNBEARABLE)
def test_SR_26_link_that_is_too_bad_vents(happened: Scenario, name: str) -> None:
    assert happened.bad[name].opened
