"""A domain of its own for the tests of the `boots` command."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

FIRST_DOMAIN = 80


@pytest.fixture(scope='session', autouse=True)
def domain() -> Iterator[None]:
    worker = int(re.sub(r'\D', '', os.environ.get('PYTEST_XDIST_WORKER', '0')) or 0)
    before = os.environ.get('ROS_DOMAIN_ID')
    os.environ['ROS_DOMAIN_ID'] = str(FIRST_DOMAIN + worker)
    yield
    del os.environ['ROS_DOMAIN_ID']
    if before is not None:
        os.environ['ROS_DOMAIN_ID'] = before
