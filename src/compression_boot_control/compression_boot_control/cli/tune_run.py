"""Runs the experiment of `boots tune` once: starts its nodes, follows them, and ends them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from compression_boot_control.cli.errors import CommandFailed
from compression_boot_control.cli.node_processes import NodeProcesses
from compression_boot_control.system import describe_tuning

if TYPE_CHECKING:
    from compression_boot_control.cli.client_ros import BootsClient
    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.cli.tune_ros import TuningGoal
    from compression_boot_control.core.chamber_record import ChamberRecord
    from compression_boot_control.system import SystemOptions

START_TIME = 30.0
"""Longest wait for the nodes to take a goal and to record [s]; a busy machine takes its time."""

RECORDER = 'session_recorder'
RECORDS = 'recording'
"""What the recorder says of itself once it does."""

ERROR = 'error: '
"""With this a node begins the line in which it says why it ends."""

NOTHING = 'nothing is written: '


def run_experiment(
    options: SystemOptions,
    interruption: Interruption,
    on_progress: Callable[[str, float, str], None],
) -> list[ChamberRecord]:
    """Measure the boots that the options name; the records of all chambers.

    The first interruption cancels the experiment, which vents; a second one ends the nodes, and the
    device vents by itself.

    Parameters
    ----------
    options : SystemOptions
    interruption : Interruption
    on_progress : callable
        Gets the chamber under test, the share that is done, and what is done.

    Raises
    ------
    CommandFailed
        A system runs already, a node has ended, or the experiment ended early.
    """
    from compression_boot_control.cli.client_ros import DISCOVERY_TIME, BootsClient
    from compression_boot_control.cli.tune_ros import TuningGoal

    with BootsClient(options.namespace) as client:
        goal = TuningGoal(client.node, on_progress)
        if client.wait_until(lambda: client.systems() > 0, DISCOVERY_TIME, interruption):
            raise CommandFailed(
                f'a system runs in {client.namespace}, and a device has one master: end it first, '
                'with Ctrl-C where it was started'
            )
        _go_on_unless(interruption)
        with _nodes(options) as check:
            _wait_ready(client, goal, interruption, check, recorded=options.record)
            return _measured(client, goal, interruption, check)


@contextmanager
def _nodes(options: SystemOptions) -> Iterator[Callable[[], None]]:
    """Start the nodes; gives a function that fails with what a node said when it ended."""
    with TemporaryDirectory() as folder:
        log = Path(folder) / 'nodes.log'
        with NodeProcesses(describe_tuning(options), log) as processes:
            yield lambda: _check(processes, log)


def _check(processes: NodeProcesses, log: Path) -> None:
    ended = processes.ended()
    if ended is None:
        return
    text = log.read_text(encoding='utf-8', errors='replace')
    said = [line for line in text.splitlines() if line.startswith(ERROR)]
    if said:
        raise CommandFailed(f'{NOTHING}{ended.name} {ended.how}: {said[-1].removeprefix(ERROR)}')
    sys.stderr.write(text)
    raise CommandFailed(f'{NOTHING}{ended.name} {ended.how}, and the device vents by itself')


def _wait_ready(
    client: BootsClient,
    goal: TuningGoal,
    interruption: Interruption,
    check: Callable[[], None],
    *,
    recorded: bool,
) -> None:
    """Wait until the experiment can be asked for, and nothing of it would miss in the bag."""
    deadline = time.monotonic() + START_TIME
    while not (goal.ready and (_records(client) or not recorded)):
        _go_on_unless(interruption)
        check()
        if time.monotonic() > deadline:
            raise CommandFailed(
                f'{NOTHING}the nodes in {client.namespace} were not ready after {START_TIME:.0f} '
                's: close other programs, and tune again'
            )
        client.spin()


def _records(client: BootsClient) -> bool:
    return any(node.name == RECORDER and node.text == RECORDS for node in client.nodes())


def _measured(
    client: BootsClient,
    goal: TuningGoal,
    interruption: Interruption,
    check: Callable[[], None],
) -> list[ChamberRecord]:
    """Send the goal and follow it to its end."""
    goal.send()
    while (answer := goal.answer) is None:
        client.spin()
        if interruption:
            goal.cancel()
        if interruption.count > 1:
            raise CommandFailed(f'{NOTHING}interrupted twice; the nodes are ended, and vent')
        check()
    if answer.error_text:
        raise CommandFailed(f'{NOTHING}{answer.error_text}')
    return answer.records


def _go_on_unless(interruption: Interruption) -> None:
    if interruption:
        raise CommandFailed(f'{NOTHING}interrupted before the experiment began')
