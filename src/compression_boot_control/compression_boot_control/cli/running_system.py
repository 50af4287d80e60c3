"""A system that a command starts, watches and brings down vented."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import typer

from compression_boot_control.cli.errors import CommandFailed
from compression_boot_control.cli.node_processes import NodeProcesses
from compression_boot_control.cli.readiness import occupied
from compression_boot_control.system import describe_system

if TYPE_CHECKING:
    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.system import SystemOptions

PATIENCE = 4.0
"""Reasons for not being ready are said only after this long: at a start they pass by [s]."""

SETTLE_TIME = 5.0
"""Longest wait for a session to end vented before the nodes are brought down [s]."""

LOSS_SETTLE_TIME = 3.0
"""The same after the loss of a node, which the others answer with a vent [s]."""

RESULT_TIME = 0.5
"""Time for the planner to answer the client of a session that was ended [s]."""

PLANNER = 'sequence_planner'
WITNESSES = ('manifold', 'safety_supervisor')
"""Without one of these nobody sees whether the boots are vented."""

BY_ITSELF = 'the hardware vents by itself'


class RunningSystem:
    """The nodes of a system as processes, and a client that hears them.

    Parameters
    ----------
    options : SystemOptions
    interruption : Interruption
    log_file : Path or None
        Takes what the nodes print; None: the terminal.

    Raises
    ------
    CommandFailed
        Another system runs in this domain and namespace.
    """

    def __init__(
        self,
        options: SystemOptions,
        interruption: Interruption,
        log_file: Path | None = None,
    ) -> None:
        from compression_boot_control.cli.client_ros import DISCOVERY_TIME, BootsClient

        self._interruption = interruption
        self._log_file = log_file
        self.client = BootsClient(options.namespace)
        self._nodes: NodeProcesses | None = None
        try:
            if self.client.wait_until(
                lambda: self.client.systems() > 0, DISCOVERY_TIME, interruption
            ):
                raise occupied(self.client)
            if not interruption:
                self._nodes = NodeProcesses(describe_system(options), log_file)
        except BaseException:
            self.client.close()
            raise

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by node."""
        return self._nodes.pids() if self._nodes else {}

    def check(self) -> None:
        """Raise CommandFailed if a node has ended by itself; tell of one that only shows."""
        if self._nodes is None:
            return
        for lost in self._nodes.lost_onlookers():
            typer.echo(lost.as_loss_of_a_view, err=True)
        ended = self._nodes.ended()
        if ended is None:
            return
        vented = self._settle(LOSS_SETTLE_TIME, ended.name)
        where = str(self._log_file) if self._log_file else 'the lines above'
        raise CommandFailed(
            f'{ended.name} {ended.how}; {vented}, and the system was brought down: see {where}'
        )

    def wait_ready(self, on_status: Callable[[str], None]) -> None:
        """Wait until a session could begin; or for an interruption."""
        started = time.monotonic()
        said = ''
        while not (self._interruption or self.client.ready):
            session = self.client.session
            status = session.status if session else 'the nodes are starting'
            if status != said and time.monotonic() - started > PATIENCE:
                on_status(status)
                said = status
            self.client.spin()
            self.check()

    def keep_up(self) -> None:
        """Watch until an interruption; then see to it that a session ends vented."""
        while not self._interruption:
            self.client.spin()
            self.check()
        self._settle(SETTLE_TIME)

    def _settle(self, seconds: float, lost: str = '') -> str:
        """End a session, and wait until the boots are vented if anybody can say so."""
        client, asked = self.client, self._interruption.count
        safety, session = client.safety, client.session
        if lost in WITNESSES or safety is None:
            return BY_ITSELF
        asked_to_stop = lost != PLANNER and session is not None and session.stage.occupied
        if asked_to_stop:
            try:
                client.stop_session()
            except CommandFailed:
                client.emergency_stop('the session does not stop')
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._interruption.count == asked:
            safety, session = client.safety, client.session
            if safety is None:
                break
            busy = session is not None and session.stage.occupied
            if safety.vented and (not busy or lost == PLANNER):
                if asked_to_stop:
                    # the result is on its way to whoever ran the session
                    client.wait_until(lambda: False, RESULT_TIME)
                return 'the boots are vented'
            client.spin()
        return BY_ITSELF

    def __enter__(self) -> RunningSystem:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._nodes is not None:
            self._nodes.stop()
        self.client.close()
