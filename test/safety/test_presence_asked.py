"""The presence prompt of a person's session on real processes, answered once, then not. SR-31."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: source env.sh')

from compression_boot_control.cli.client_ros import BootsClient
from compression_boot_control.cli.views import SessionRequest
from compression_boot_control.core.session_errors import SessionError
from compression_boot_control.sessions.journal_schema import DATA_VARIABLE
from compression_boot_control.system import NodeDescription, SystemOptions
from evidence.live_system import LiveSystem

pytestmark = pytest.mark.system

PRESENCE = {'presence_every': 10.0, 'presence_grace': 60.0}
"""The person is asked this soon, in time of the session, which is ten times as fast [s]."""

PATIENCE = 150.0
"""The check before the session takes a minute and a half of its time [s]."""


class AskingSystem(LiveSystem):
    """A system in which the person is asked soon."""

    def nodes(self) -> list[NodeDescription]:
        return [
            replace(node, parameters={**node.parameters, **PRESENCE})
            if node.executable == 'sequence_planner'
            else node
            for node in super().nodes()
        ]


@pytest.fixture
def asking(
    stage: Any, boots: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LiveSystem]:
    """A system, and a person who has been screened today."""
    stage.clear()
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / 'person'))
    for questions in ('screening', 'today'):
        assert boots('journal', questions, '--no-to-all').ends() == 0
    options = SystemOptions(
        namespace='evidence_asking',
        record=False,
        log_level='error',
        speed=10.0,
        sample_period=0.02,
    )
    with AskingSystem(tmp_path / 'system', options) as system:
        system.recover()
        yield system


@pytest.mark.slow
def test_SR_31_person_who_answers_is_left_alone_until_the_next_prompt_and_silence_ends_vented(
    asking: LiveSystem, boots: Any
) -> None:
    namespace = asking.options.namespace

    def asked() -> bool:
        return asking.session is not None and asking.session.presence_asked

    with BootsClient(namespace) as client:
        assert client.wait_until(lambda: client.ready, PATIENCE)
        goal = client.start_session(SessionRequest('gentle_first_time'))
        asking.wait(asked, PATIENCE, 'the first prompt')
        assert boots('confirm', '--namespace', namespace).ends() == 0
        asking.wait(lambda: not asked(), PATIENCE, 'the answer')
        asking.wait(asked, PATIENCE, 'the second prompt')
        assert client.wait_until(lambda: goal.result is not None, PATIENCE)
    assert goal.result.error_code == SessionError.NO_ANSWER
    assert goal.result.vented
