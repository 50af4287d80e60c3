"""A process that works in real time is not held up by the collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from compression_boot_control.steady_memory import spare_what_stays


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_collector_passes_over_what_is_there_and_collects_what_comes() -> None:
    class Link:
        own: Link

    spare_what_stays()
    assert gc.get_freeze_count() > 1000
    assert len(gc.get_objects()) < gc.get_freeze_count() / 10
    gone = Link()
    gone.own = gone
    del gone
    assert gc.collect() >= 1
