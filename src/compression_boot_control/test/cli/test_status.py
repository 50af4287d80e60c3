"""`boots status` misses the nodes of what runs: a system, or the experiment of `boots tune`."""

from __future__ import annotations

import pytest

from compression_boot_control.cli.status import missing_nodes
from compression_boot_control.cli.views import NodeView, Snapshot
from compression_boot_control.system import EXECUTABLES, TUNED


def seen(names: tuple[str, ...]) -> Snapshot:
    """A namespace with these nodes."""
    nodes = tuple(NodeView(name, True, 'running') for name in names)
    return Snapshot('/boots', nodes, None, None, None)


@pytest.mark.parametrize('whole', [EXECUTABLES, TUNED], ids=['system', 'experiment'])
def test_nothing_misses_where_all_is_there(whole: tuple[str, ...]) -> None:
    assert missing_nodes(seen(whole)) == ()


@pytest.mark.parametrize('whole', [EXECUTABLES, TUNED], ids=['system', 'experiment'])
def test_supervisor_that_is_gone_is_missed(whole: tuple[str, ...]) -> None:
    left = tuple(name for name in whole if name != 'safety_supervisor')
    assert missing_nodes(seen(left)) == ('safety_supervisor',)
